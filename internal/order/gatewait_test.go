package order_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"foyer/internal/journal"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/ticket"
)

// gateInDoubt is a gate that is not heard of until a moment; the zero moment: it is.
type gateInDoubt struct {
	mu    sync.Mutex
	venue int64
	until time.Time
}

func (g *gateInDoubt) InDoubt(context.Context, int64, int64, []ticket.UnitRef, time.Time) (
	int64, time.Time, error,
) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.venue, g.until, nil
}

func (g *gateInDoubt) hears(until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until = until
}

// lost is a world whose gate is not heard of for so long.
func lost(w *World, d time.Duration) *gateInDoubt {
	g := &gateInDoubt{venue: 77, until: w.Clock.Now().Add(d)}
	w.Orders.Gates = g
	return g
}

// look does what the job does.
func look(t *testing.T, w *World, wait *order.GateWait) (*order.GateWait, time.Duration) {
	t.Helper()
	again, err := w.Orders.RunGateWait(context.Background(), journal.Job{ObjectID: wait.ID})
	if err != nil {
		t.Fatal(err)
	}
	now, err := w.Orders.Store.GateWait(context.Background(), wait.ID)
	if err != nil {
		t.Fatal(err)
	}
	return now, again
}

// TestARefundWaitsForAGate: nothing goes back while the gate may tell of an entry; then it
// is booked once, for the sums of the moment in which it was asked for.
func TestARefundWaitsForAGate(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		me, ctx := Member(1), context.Background()
		o := w.Buy(t, me, Seats(w.Types.Adult, 1, 2))
		rung := w.Session.StartsAt.Add(-24 * time.Hour).Sub(w.Clock.Now())
		w.Fake.Advance(rung - time.Minute) // a minute before a fee begins
		quote, err := w.Orders.Quote(ctx, me, o.ID, nil)
		if err != nil || quote.Fee != 0 {
			t.Fatal(quote, err)
		}
		g := lost(w, 2*time.Hour)
		r, err := w.Return(me, o.ID, ref(1, 1))
		if err != nil || r.Wait == nil || len(r.Refunds) != 0 || len(tickets(t, w, o.ID)) != 2 {
			t.Fatalf("%+v %v", r, err)
		}
		if _, err := w.Return(me, o.ID, ref(1, 2)); !errors.Is(err, order.ErrRefundWaits) {
			t.Fatal("a second refund of the order:", err)
		}
		now, again := look(t, w, r.Wait)
		if again == 0 || now.State != order.WaitsForGate || now.Venue != 77 {
			t.Fatalf("%+v, again in %v", now, again)
		}
		w.Fake.Advance(time.Hour) // the fee has begun
		g.hears(time.Time{})
		var all sync.WaitGroup
		for range 4 { // the job and reports of gates at one instant
			all.Go(func() { w.Orders.GateReported(ctx, o.Organization, 77) })
			all.Go(func() {
				_, _ = w.Orders.RunGateWait(ctx, journal.Job{ObjectID: r.Wait.ID})
			})
		}
		all.Wait()
		now, again = look(t, w, r.Wait)
		if again != 0 || now.State != order.WaitBooked || len(now.Refunds) != 1 ||
			now.Refund != quote.Refund/2 {
			t.Fatalf("%+v, again in %v", now, again)
		}
		w.Settle(t)
		if sent := w.Till.Sent(); sent != quote.Refund/2 || w.Find(t, o.ID).Refunded != sent {
			t.Fatalf("%d went back, %d was quoted for both", sent, quote.Refund)
		}
		claimed(t, w, w.Find(t, o.ID), 2)
		sound(t, w)
	})
}

// TestAWaitingRefundOfAUsedTicketIsRefused: the gate tells of an entry; the ticket stays and
// nothing goes back.
func TestAWaitingRefundOfAUsedTicketIsRefused(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		me := Member(1)
		o := w.Buy(t, me, Seats(w.Types.Adult, 1))
		lost(w, time.Hour)
		r, err := w.Return(me, o.ID)
		if err != nil || r.Wait == nil {
			t.Fatal(r, err)
		}
		enter(t, w, o.ID, ref(1, 1))
		now, again := look(t, w, r.Wait) // known to be used: nobody is waited for
		if again != 0 || now.State != order.WaitRefused || now.Code != ticket.ErrUsed.Code {
			t.Fatalf("%+v, again in %v", now, again)
		}
		w.Settle(t)
		if len(tickets(t, w, o.ID)) != 1 || w.Till.Sent() != 0 {
			t.Fatal("a used ticket went back")
		}
		if _, err := w.Return(me, o.ID); !errors.Is(err, ticket.ErrUsed) {
			t.Fatal(err)
		}
	})
}

// TestStaffNeedNotWaitAndBuyersMayKeep: staff book with words, a buyer withdraws, and a
// change waits for the gate too.
func TestStaffNeedNotWaitAndBuyersMayKeep(t *testing.T) {
	t.Parallel()
	w := Open(t)
	w.Changeable(t, easy())
	dear := second(t, w, 1000)
	me, ctx := Member(1), context.Background()
	o := w.Buy(t, me, Seats(w.Types.Adult, 1, 2))
	lost(w, time.Hour)
	if _, err := w.Exchange(me, o.ID, To(dear.ID, adult(w, 5), ref(1, 1))); !errors.Is(err,
		order.ErrGateInDoubt) {
		t.Fatal("a change does not wait:", err)
	}
	if _, err := w.Orders.WithdrawRefund(ctx, me, o.ID); !errors.Is(err, order.ErrNoWait) {
		t.Fatal(err)
	}
	r, err := w.Return(me, o.ID, ref(1, 1))
	if err != nil || r.Wait == nil {
		t.Fatal(r, err)
	}
	kept, err := w.Orders.WithdrawRefund(ctx, me, o.ID)
	if err != nil || kept.State != order.WaitWithdrawn {
		t.Fatal(kept, err)
	}
	if r, err = w.Return(me, o.ID, ref(1, 1)); err != nil || r.Wait == nil {
		t.Fatal(r, err)
	}
	if _, err := w.Orders.BookWithoutGate(ctx, w.Clerk(), o.ID, " "); !errors.Is(err,
		order.ErrWords) {
		t.Fatal(err)
	}
	if _, err := w.Orders.BookWithoutGate(ctx, me, o.ID, "快"); err == nil {
		t.Fatal("a buyer does not wait")
	}
	booked, err := w.Orders.BookWithoutGate(ctx, w.Clerk(), o.ID, "闸机当日未开")
	if err != nil || booked.State != order.WaitBooked || booked.Words == "" ||
		booked.EndedBy.ID != w.Clerk().ID {
		t.Fatal(booked, err)
	}
	list, err := w.Orders.GateWaits(ctx, me, o.ID)
	if err != nil || len(list) != 2 || list[1].State != order.WaitWithdrawn {
		t.Fatal(list, err)
	}
	if _, err := w.Orders.GateWaits(ctx, Member(2), o.ID); !errors.Is(err, order.ErrNotFound) {
		t.Fatal("a stranger reads it:", err)
	}
	sound(t, w)
}
