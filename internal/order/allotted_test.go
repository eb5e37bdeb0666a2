package order_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/order"
	"foyer/internal/order/ordertest"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// keep allots places and standing units of the world's session, as the house does.
func keep(t *testing.T, w *ordertest.World, c seating.Channel, falls time.Time, units int,
	places ...int32,
) seating.Allotment {
	t.Helper()
	a := seating.Allotment{ID: w.IDs.Next(), Organization: w.House.Org.ID, Session: w.Session.ID,
		Channel: c, Reason: "团", FallsBackAt: falls, CreatedAt: w.Clock.Now()}
	claim := seating.Claim{Session: a.Session, Owner: a.Owner(), State: a.State(), Places: places}
	if units > 0 {
		claim.Areas = []seating.AreaQty{{Area: ordertest.Standing, N: units}}
	}
	err := w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		if err := w.Places.InsertAllotment(tx, a); err != nil {
			return err
		}
		if err := w.Book.Claim(tx, claim); err != nil {
			return err
		}
		_, err := w.Catalog.RaiseSession(tx, a.Organization, a.Session)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Catalog.CatchUp()
	return a
}

// owner is whose a place is; zero when nobody's.
func owner(t *testing.T, w *ordertest.World, place int32) seating.Owner {
	t.Helper()
	p, err := w.Places.Picture(context.Background(), w.Session.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range p.Claims {
		if e.Place == place {
			return e.Owner
		}
	}
	return seating.Owner{}
}

// TestOrdersSellFromAllotments: only the channel sells its allotment; what a lapsed order
// had of it goes back there; at the very time of falling back everybody may buy, whether
// or not the job has run, and an instant before nobody may.
func TestOrdersSellFromAllotments(t *testing.T) {
	t.Parallel()
	ordertest.Each(t, func(t *testing.T, w *ordertest.World) {
		falls := w.Clock.Now().Add(2 * time.Hour)
		a := keep(t, w, seating.Counter, falls, 45, 1, 2)
		try := func(who actor.Actor, c order.Channel, lines ...order.LineAsk) (*order.Order,
			error,
		) {
			ask := w.Ask(lines...)
			ask.Channel = c
			o, _, err := w.Try(who, ask)
			return o, err
		}
		y := w.Types
		_, err := try(ordertest.Member(1), order.ChannelH5, ordertest.Seats(y.Adult, 1))
		if !errors.Is(err, seating.ErrPlaceTaken) {
			t.Errorf("a buyer online got the counter's seat: %v", err)
		}
		_, err = try(ordertest.Member(1), order.ChannelH5, ordertest.Units(y.Adult,
			ordertest.Standing, 6))
		if !errors.Is(err, seating.ErrAreaFull) {
			t.Errorf("a buyer online got the counter's units: %v", err)
		}
		sold, err := try(w.Clerk(), order.ChannelCounter, ordertest.Seats(y.Adult, 1, 3),
			ordertest.Units(y.Adult, ordertest.Standing, 47))
		if err != nil {
			t.Fatal(err)
		}
		if got := owner(t, w, 1); got.ID != sold.ID {
			t.Errorf("seat 1 belongs to %+v", got)
		}
		w.Lapse(t, sold)
		if got := owner(t, w, 1); got != a.Owner() {
			t.Errorf("seat 1 did not go back to its allotment but to %+v", got)
		}
		if got := owner(t, w, 3); got.Kind != 0 {
			t.Errorf("seat 3 went to %+v", got)
		}
		if _, err = try(ordertest.Member(1), order.ChannelH5, ordertest.Units(y.Adult,
			ordertest.Standing, 6)); !errors.Is(err, seating.ErrAreaFull) {
			t.Errorf("the units did not go back to their allotment: %v", err)
		}
		w.Fake.Set(falls.Add(-time.Millisecond))
		if _, err = try(ordertest.Member(2), order.ChannelH5,
			ordertest.Seats(y.Adult, 2)); !errors.Is(err, seating.ErrPlaceTaken) {
			t.Errorf("an instant before the fall-back: %v", err)
		}
		w.Fake.Set(falls)
		o, err := try(ordertest.Member(2), order.ChannelH5, ordertest.Seats(y.Adult, 2),
			ordertest.Units(y.Adult, ordertest.Standing, 40))
		if err != nil {
			t.Fatalf("at the fall-back, before its job: %v", err)
		}
		w.Lapse(t, o)
		if got := owner(t, w, 2); got.Kind != 0 {
			t.Errorf("after the fall-back a lapsed seat goes to everybody, not to %+v", got)
		}
		w.Verify(t)
	})
}
