package bench

import (
	"context"
	"fmt"

	"foyer/internal/app"
	"foyer/internal/bench/load"
	"foyer/internal/catalog"
	"foyer/internal/doctor"
	"foyer/internal/doctor/doctordb"
	"foyer/internal/journal"
	"foyer/internal/journal/journaldb"
	"foyer/internal/seating"
	"foyer/internal/seating/seatingdb"
)

// examine is the coherence check over an installation that serves, boards included.
func examine(ctx context.Context, a *app.App, sessions []load.Session, progress func(int)) (
	*doctor.Report, error,
) {
	d := doctor.Doctor{Book: doctordb.New(a.DB), Lanes: lanes{a},
		Boards: boards{a, sessions}, Progress: progress}
	return d.Check(ctx)
}

// lanes verifies the journal for the doctor.
type lanes struct{ app *app.App }

// Verify reads every row of every lane.
func (l lanes) Verify(ctx context.Context) (rows int64, problems []string, err error) {
	r, err := journal.Verify(ctx, journaldb.New(l.app.DB), l.app.Ring)
	if err != nil {
		return 0, nil, err
	}
	for _, p := range r.Problems {
		problems = append(problems, fmt.Sprintf("lane %d, row %d: %s", p.Lane, p.N, p.What))
	}
	return r.Rows, problems, nil
}

// boards compares the pictures of the sessions that were sold with the book.
type boards struct {
	app      *app.App
	sessions []load.Session
}

// Compare reads digests of both; they are equal once nothing is written any more.
func (b boards) Compare(ctx context.Context) (n int, problems []string, err error) {
	book := seatingdb.New(b.app.DB)
	for _, s := range b.sessions {
		id, err := b.app.Codec.Decode(catalog.KindSession, s.ID)
		if err != nil {
			return n, nil, err
		}
		sold, err := b.app.Catalog.Sellable(ctx, id)
		if err != nil {
			return n, nil, err
		}
		ref := seating.Ref{Session: id, Map: sold.SeatMapVersionID}
		have, err := b.app.Board.Sum(ctx, ref)
		if err != nil {
			return n, nil, err
		}
		want, err := book.Verdict(ctx, id)
		if err != nil {
			return n, nil, err
		}
		if have != want.Sum {
			problems = append(problems, fmt.Sprintf("session %s: the board has %+v, the book %+v",
				s.ID, have, want.Sum))
		}
		n++
	}
	return n, problems, nil
}
