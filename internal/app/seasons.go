package app

import (
	"foyer/internal/order/orderdb"
	"foyer/internal/order/season"
)

// newSeasons joins what sells a run of sessions together.
func (a *App) newSeasons() *season.Seasons {
	return season.New(season.Config{DB: a.DB, Store: orderdb.NewSeasons(a.DB), Sessions: a.Catalog,
		Seats: a.Seating, Orders: a.Orders, Journal: a.Journal, IDs: a.IDs, Clock: a.Clock,
		Public: a.Codec.Encode})
}
