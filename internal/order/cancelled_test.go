package order_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/ticket/ticketdb"
)

// callOff is the house cancelling the world's session.
func callOff(t *testing.T, w *World) {
	t.Helper()
	s, err := w.Catalog.Sellable(context.Background(), w.Session.ID)
	if err != nil {
		t.Fatal(err)
	}
	catalogtest.Must[*catalog.Session](t)(w.Catalog.SetSessionState(context.Background(),
		w.Clerk(), s.Session.Meta, catalog.SessionCancelled))
}

// TestACancelledSessionGivesAllBack: whatever the policy kept or refused, and however late.
func TestACancelledSessionGivesAllBack(t *testing.T) {
	t.Parallel()
	w := Open(t)
	me, ctx := Member(1), context.Background()
	o := w.Buy(t, me, Seats(w.Types.Adult, 1, 2))
	w.Fake.Advance(w.Session.StartsAt.Sub(w.Clock.Now()) + time.Minute)
	if _, err := w.Orders.Quote(ctx, me, o.ID, nil); !errors.Is(err, order.ErrNoRefund) {
		t.Fatalf("after the start the policy answers %v", err)
	}
	callOff(t, w)
	q, err := w.Orders.Quote(ctx, me, o.ID, nil)
	if err != nil || q.Refund != o.Total || q.Fee != 0 || !q.Until.IsZero() || q.Next != nil {
		t.Errorf("the quote of a cancelled session is %+v, %v", q, err)
	}
	if r, err := w.Return(me, o.ID); err != nil || r.Quote.Refund != o.Total {
		t.Errorf("gave %d back, %v", r.Quote.Refund, err)
	}
	w.Settle(t)
	if sent := w.Till.Sent(); sent != o.Total {
		t.Errorf("%d went back, want %d", sent, o.Total)
	}
	healthy(t, w)
}

// TestNobodyPaysForACancelledSession: no payment is opened, and money on its way goes back.
func TestNobodyPaysForACancelledSession(t *testing.T) {
	t.Parallel()
	w := Open(t)
	idle, paying := Member(1), Member(2)
	waits := w.Place(t, idle, Seats(w.Types.Adult, 1))
	o := w.Place(t, paying, Seats(w.Types.Adult, 2))
	p, err := w.OpenPayment(paying, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	callOff(t, w)
	if _, err := w.OpenPayment(idle, waits.ID); !errors.Is(err, catalog.ErrNotOnSale) {
		t.Errorf("opening a payment: %v", err)
	}
	w.Till.Take(p.Number(), p.Amount, p.Currency)
	w.Look(t, p)
	w.Settle(t)
	now := w.Find(t, o.ID)
	if now.State != order.Cancelled || now.EndedBy != order.EndedByHouse || now.Captured != 0 {
		t.Errorf("the order is %s by %s with %d captured", now.State, now.EndedBy, now.Captured)
	}
	if sent := w.Till.Sent(); sent != o.Total {
		t.Errorf("%d went back, want %d", sent, o.Total)
	}
	if live := tickets(t, w, o.ID); len(live) > 0 {
		t.Errorf("%d tickets of a cancelled session", len(live))
	}
	claimed(t, w, now)
	healthy(t, w)
}

// TestAQuoteKnowsWhatWasUsed: what is promised is what is given.
func TestAQuoteKnowsWhatWasUsed(t *testing.T) {
	t.Parallel()
	w := Open(t)
	me, ctx := Member(1), context.Background()
	o := w.Buy(t, me, Seats(w.Types.Adult, 1, 2, 3))
	enter(t, w, o.ID, ref(1, 2))
	both := []ticket.UnitRef{ref(1, 1), ref(1, 2)}
	if _, err := w.Orders.Quote(ctx, me, o.ID, both); !errors.Is(err, ticket.ErrUsed) {
		t.Errorf("a quote for a used unit: %v", err)
	}
	q, err := w.Orders.Quote(ctx, me, o.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.Return(me, o.ID)
	if err != nil || r.Quote.Refund != q.Refund {
		t.Fatalf("promised %d, gave %d, %v", q.Refund, r.Quote.Refund, err)
	}
	var units []ticket.UnitRef
	for _, u := range r.Quote.Units {
		units = append(units, u.UnitRef)
	}
	if want := []ticket.UnitRef{ref(1, 1), ref(1, 3)}; !slices.Equal(units, want) {
		t.Errorf("gave %v back, want %v", units, want)
	}
	if _, err := w.Orders.Quote(ctx, me, o.ID, nil); !errors.Is(err, ticket.ErrUsed) {
		t.Errorf("only a used unit is left, and the quote says %v", err)
	}
}

// enter lets somebody in with a unit of an order.
func enter(t *testing.T, w *World, id int64, unit ticket.UnitRef) {
	t.Helper()
	list, err := w.Tickets.OfOrder(context.Background(), actor.SystemActor, id)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(list, func(v *ticket.View) bool {
		return v.Line == unit.Line && v.Unit == unit.Unit
	})
	if at < 0 {
		t.Fatalf("no ticket of %v", unit)
	}
	v := list[at]
	err = w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		ok, err := ticketdb.New(w.DB).EnterIfAllowed(tx, ticket.Use{Organization: v.Organization,
			Ticket: v.ID, Number: v.Entitlements[0].Number, CodeVersion: v.CodeVersion, N: 1})
		if err == nil && !ok {
			err = errors.New("not let in")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
