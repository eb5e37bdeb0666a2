package app

import (
	"foyer/internal/order/season"
	"foyer/internal/order/seasondb"
)

// newSeasons joins what sells a run of sessions together.
func (a *App) newSeasons() *season.Seasons {
	return season.New(season.Config{DB: a.DB, Store: seasondb.New(a.DB), Sessions: a.Catalog,
		Seats: a.Seating, Orders: a.Orders, Journal: a.Journal, IDs: a.IDs, Clock: a.Clock,
		Public: a.Codec.Encode})
}
