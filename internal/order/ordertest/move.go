package ordertest

import (
	"context"
	"fmt"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/journal"
	"foyer/internal/order"
	"foyer/internal/seating"
	"foyer/internal/seating/seatmap"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// moveParts joins what moves a session; who was told is kept for the test.
func (w *World) moveParts() order.MoveParts {
	return order.MoveParts{Catalog: w.Catalog, Seats: w.stock, Tickets: w.Tickets,
		Halls: w.Catalog.Stores().Halls, Tell: func(_ context.Context, n order.MovedNews) {
			w.Told = append(w.Told, n)
		}}
}

// Upstairs is another hall of the house: eight rows of eight seats in zone A, a couple pair, and
// standing room for 20. Its places are numbered from 1 as well, and mean other seats.
func (w *World) Upstairs(t testing.TB) *catalog.Hall {
	t.Helper()
	h := catalogtest.Must[*catalog.Hall](t)(w.Catalog.CreateHall(context.Background(),
		actor.SystemActor, catalog.Hall{Meta: w.meta(), VenueID: w.House.Venue.ID,
			HallInfo: catalog.HallInfo{Name: "楼上厅"}}))
	m := &seatmap.Map{Name: "upstairs", Stage: seatmap.Stage{Focal: seatmap.Point{X: 200}},
		Zones: []seatmap.Zone{{Key: "A", Name: "A"}, {Key: "C", Name: "情侣"},
			{Key: "G", Name: "站席"}}}
	sec := seatmap.Section{Name: "池座"}
	for r := range 8 {
		row := seatmap.Row{Label: fmt.Sprint(r + 1)}
		for i := range 8 {
			row.Seats = append(row.Seats, seat(r, i, "A", 0, 0))
		}
		sec.Rows = append(sec.Rows, row)
	}
	sec.Rows = append(sec.Rows, seatmap.Row{Label: "9", Seats: []seatmap.Seat{
		seat(8, 0, "C", seatmap.Couple, 1), seat(8, 1, "C", seatmap.Couple, 1)}})
	m.Floors = []seatmap.Floor{{Name: "2", Sections: []seatmap.Section{sec},
		Areas: []seatmap.Area{
			{GUID: "up", Name: "回廊", Kind: seatmap.Standing, Zone: "G", Capacity: 20}}}}
	check(t, seatmap.Assign(nil, m))
	blob, err := seatmap.Encode(m)
	check(t, err)
	v := seating.Version{ID: w.IDs.Next(), Organization: w.House.Org.ID, Hall: h.ID,
		Number: 1, Seats: m.SeatCount(), Digest: "up", PublishedAt: w.Clock.Now()}
	check(t, w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		if err := w.Places.SaveSheet(tx, actor.Scope{Organization: v.Organization},
			seating.Sheet{Hall: v.Hall, Latest: v.ID, Number: 1, NextPlace: 1000, Revision: 1,
				UpdatedAt: tx.Now}, 0); err != nil {
			return err
		}
		return w.Places.InsertVersion(tx, v, blob)
	}))
	return h
}

// Move previews a move and carries it out as it was shown.
func (w *World) Move(who actor.Actor, ask order.MoveAsk) (*order.MovePreview, error) {
	ctx := context.Background()
	ask.Organization = w.House.Org.ID
	p, err := w.Orders.PreviewMove(ctx, who, ask)
	if err != nil {
		return nil, err
	}
	ask.Digest = p.Digest
	_, err = w.Orders.MoveSession(ctx, who, ask)
	return p, err
}

// RunMove does one run of the job of a session's last move, by a process of its own, and
// says whether it comes again.
func (w *World) RunMove(t testing.TB, o *order.Orders, session int64) bool {
	t.Helper()
	s, err := w.Catalog.Sellable(context.Background(), session)
	check(t, err)
	again, err := o.RunMove(context.Background(), journal.Job{Kind: order.JobMove,
		ObjectID: s.Session.Moved, Tries: 1})
	check(t, err)
	return again > 0
}

// TellMoved runs the job until everybody was told.
func (w *World) TellMoved(t testing.TB, session int64) {
	t.Helper()
	for range 200 {
		w.RunMove(t, w.Orders, session)
		m, err := w.Orders.MoveOf(context.Background(), w.Clerk(), w.House.Org.ID, session)
		check(t, err)
		if m.State != order.MoveRunning {
			return
		}
	}
	t.Fatal("the move never ends")
}

// Silence lets the deadline pass and runs the job to its end.
func (w *World) Silence(t testing.TB, m *order.MoveTold) {
	t.Helper()
	w.Fake.Advance(m.Deadline.Sub(w.Clock.Now()))
	for range 200 {
		if !w.RunMove(t, w.Orders, m.Session) {
			return
		}
		w.Settle(t)
	}
	t.Fatal("the default never ends")
}

// BackByMove gives units of a moved session back in full; none means all.
func (w *World) BackByMove(who actor.Actor, id int64, units ...ticket.UnitRef) (
	r order.Returned, err error,
) {
	_, err = w.Orders.RefundMove(context.Background(), who, id, order.MoveAnswer{Units: units}, nil,
		func(got order.Returned) (journal.Answer, error) {
			r = got
			return journal.Answer{Status: 201, Body: []byte("{}")}, nil
		})
	return r, err
}
