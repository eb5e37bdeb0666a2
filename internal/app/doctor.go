package app

import (
	"context"

	"foyer/internal/doctor"
	"foyer/internal/journal/journaldb"
	"foyer/internal/seating"
	"foyer/internal/seating/seatingdb"
	"foyer/internal/sqldb"
)

// Doctor is the coherence check from within the process that serves: unlike Inspect it also
// compares the pictures in memory with the book. progress hears of the orders checked so
// far; it may be nil.
func (a *App) Doctor(progress func(orders int)) *doctor.Doctor {
	return &doctor.Doctor{Book: a.doctorBook, Lanes: lanes{journaldb.New(a.DB), a.Ring},
		Boards: seating.Audit{Board: a.Board, Truth: seatingdb.New(a.DB), Loaded: a.Board.Refs,
			Settle: func(ctx context.Context) error {
				return a.DB.InTx(ctx, func(*sqldb.Tx) error { return nil })
			}},
		Progress: progress}
}
