package order_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/journal"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/ticket"
)

// sellsAtGate lets the house's policy sell upgrades, for orders from now on.
func sellsAtGate(t *testing.T, w *World, rules catalog.GateRules) {
	t.Helper()
	next := *w.Policy
	next.AtGate = &rules
	w.Policy = catalogtest.Must[*catalog.RefundPolicy](t)(w.Catalog.UpdateRefundPolicy(
		context.Background(), actor.SystemActor, next))
	w.Catalog.CatchUp()
}

func upgrade(w *World, who actor.Actor, id int64, ask order.UpgradeAsk) (c *order.Change,
	err error,
) {
	_, err = w.Orders.Upgrade(context.Background(), who, id, ask, nil,
		func(got *order.Change, _ *order.Order) (journal.Answer, error) {
			mine := *got
			c = &mine
			return journal.Answer{Status: 201, Body: []byte("{}")}, nil
		})
	return c, err
}

// TestUpgradeInTheSamePlace: a child's ticket becomes an adult's after the start, the
// difference and the fee are paid, the seat never leaves the order, and all of it goes back
// to the fen.
func TestUpgradeInTheSamePlace(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		me, ctx := Member(1), context.Background()
		plain := w.Buy(t, me, Seats(w.Types.Child, 9))
		ask := order.UpgradeAsk{Units: []ticket.UnitRef{ref(1, 1)}, TicketType: w.Types.Adult}
		if _, err := w.Orders.QuoteUpgrade(ctx, w.Clerk(), plain.ID, ask); !errors.Is(err,
			order.ErrNoUpgrade) {
			t.Fatal("the policy sells nothing at the gate:", err)
		}
		sellsAtGate(t, w, catalog.GateRules{Fee: 200})
		o := w.Buy(t, Member(2), Seats(w.Types.Child, 1, 2))
		if _, err := w.Orders.QuoteUpgrade(ctx, Member(2), o.ID, ask); err == nil {
			t.Fatal("a buyer raises his ticket by himself")
		}
		w.Fake.Advance(w.Session.StartsAt.Sub(w.Clock.Now()) + time.Minute)
		const adult = 5000
		child := o.Unit(1, 1).Amount
		q, err := w.Orders.QuoteUpgrade(ctx, w.Clerk(), o.ID, ask)
		if err != nil || q.Due != adult-child+200 || q.Back != 0 || q.Fee != 200 {
			t.Fatalf("%+v %v", q.Change, err)
		}
		c, err := upgrade(w, w.Clerk(), o.ID, ask)
		if err != nil || c.State != order.ChangePending || len(tickets(t, w, o.ID)) != 2 {
			t.Fatal(c, err)
		}
		sound(t, w)
		p, err := w.OpenPayment(w.Clerk(), o.ID)
		if err != nil || p.Amount != q.Due {
			t.Fatal(p, err)
		}
		w.Till.Take(p.Number(), p.Amount, p.Currency)
		w.Look(t, p)
		if now := w.ChangeNow(t, c.ID); now.State != order.ChangeDone {
			t.Fatal(now)
		}
		list := tickets(t, w, o.ID)
		if len(list) != 2 || list[1].Type != w.House.Adult.Name {
			t.Fatalf("%+v", list)
		}
		now := w.Find(t, o.ID)
		if u := now.Unit(2, 1); u == nil || u.Amount != adult || u.Places[0] != 1 {
			t.Fatalf("%+v", now.Lines)
		}
		claimed(t, w, now, 1, 2)
		sound(t, w)
		callOff(t, w)
		runGiveBack(t, w, w.Orders, w.Session.ID, 50)
		w.Settle(t)
		if left := w.Find(t, o.ID); left.Captured-left.Refunded != 200 {
			t.Fatalf("%d of %d went back, all but the fee should", left.Refunded, left.Captured)
		}
		sound(t, w)
	})
}

// TestGivenUpUpgrade: nothing is paid in time, and the old ticket is as it was.
func TestGivenUpUpgrade(t *testing.T) {
	t.Parallel()
	w := Open(t)
	sellsAtGate(t, w, catalog.GateRules{})
	o := w.Buy(t, Member(1), Seats(w.Types.Child, 1))
	c, err := upgrade(w, w.Clerk(), o.ID, order.UpgradeAsk{Units: []ticket.UnitRef{ref(1, 1)},
		TicketType: w.Types.Adult})
	if err != nil || c.State != order.ChangePending {
		t.Fatal(c, err)
	}
	w.Fake.Advance(c.Until.Sub(w.Clock.Now()) + time.Second)
	w.EndChange(t, c)
	if now := w.ChangeNow(t, c.ID); now.State != order.ChangeExpired {
		t.Fatal(now)
	}
	claimed(t, w, w.Find(t, o.ID), 1)
	if len(tickets(t, w, o.ID)) != 1 {
		t.Fatal("the old ticket is gone")
	}
	sound(t, w)
}

// TestMissedSlot: after its session a ticket goes to another one for a fee, as long as the
// policy says, and not to its own.
func TestMissedSlot(t *testing.T) {
	t.Parallel()
	w := Open(t)
	next := w.OnSale(t, func(s *catalog.Session) {
		s.StartsAt = w.Session.EndsAt.Add(time.Hour)
		s.EndsAt = s.StartsAt.Add(2 * time.Hour)
	})
	sellsAtGate(t, w, catalog.GateRules{MissedMinutes: 30, MissedFee: 300})
	o := w.Buy(t, Member(1), Seats(w.Types.Adult, 1))
	w.Fake.Advance(w.Session.EndsAt.Sub(w.Clock.Now()) + 10*time.Minute)
	to := To(next.ID, adult(w, 7), ref(1, 1))
	ask := order.UpgradeAsk{Units: to.Units, To: to.To}
	q, err := w.Orders.QuoteUpgrade(context.Background(), w.Clerk(), o.ID, ask)
	if err != nil || q.Due != 300 || q.Fee != 300 {
		t.Fatalf("%+v %v", q.Change, err)
	}
	c, err := upgrade(w, w.Clerk(), o.ID, ask)
	if err != nil || c.State != order.ChangePending {
		t.Fatal(c, err)
	}
	w.Pay(t, w.Clerk(), o.ID)
	if now := w.ChangeNow(t, c.ID); now.State != order.ChangeDone {
		t.Fatal(now)
	}
	sound(t, w)
}
