package order_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/approval/approvaltest"
	"foyer/internal/money"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
)

// desk is a world whose house wants two people for free orders and refunds.
type desk struct {
	*World
	gate          *approval.Gate
	people        *approvaltest.People
	clerk, second actor.Actor
	scope         actor.Scope
}

func openDesk(t *testing.T, w *World) *desk {
	t.Helper()
	d := &desk{World: w, scope: actor.Scope{Organization: w.House.Org.ID}}
	d.gate, d.people = approvaltest.New(t, w.Bundle)
	d.gate.Register(approval.Spec{Kind: order.ApproveFree, Permission: order.PermSell,
		Carry: w.Orders.CarryFree})
	d.gate.Register(approval.Spec{Kind: order.ApproveRefund, Permission: order.PermRefund,
		Sums: true, Carry: w.Orders.CarryRefund})
	w.Orders.Approvals = d.gate
	d.clerk = d.people.Hire(100, w.House.Org.ID, actor.Everything)
	d.second = d.people.Hire(200, w.House.Org.ID, actor.Everything)
	return d
}

func (d *desk) require(t *testing.T, k approval.Kind, over money.Minor) {
	t.Helper()
	_, err := d.gate.SetRule(context.Background(), d.clerk, approval.Rule{
		Organization: d.House.Org.ID, Kind: k, Enabled: true, Over: over})
	if err != nil {
		t.Fatal(err)
	}
}

func askedOf(t *testing.T, err error) *approval.Request {
	t.Helper()
	var a *approval.Asked
	if !errors.As(err, &a) {
		t.Fatalf("it was not asked for: %v", err)
	}
	return a.Request
}

// A complimentary order by staff waits for a second person and is then placed for the very
// places; buyers get what costs nothing as ever.
func TestFreeOrderTakesTwo(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		d, ctx := openDesk(t, w), context.Background()
		d.require(t, order.ApproveFree, 0)
		ask := w.Ask(Seats(w.Types.Guest, 7, 8))
		ask.Channel = order.ChannelCounter
		_, _, err := w.Try(d.clerk, ask)
		r := askedOf(t, err)
		if len(r.Doc.Changes) != 2 {
			t.Errorf("what is asked for: %+v", r.Doc)
		}
		if o := w.Buy(t, Member(1), Seats(w.Types.Guest, 9)); o.State != order.Paid {
			t.Errorf("a buyer's free order is %s", o.State)
		}
		if o := w.Place(t, Member(2), Seats(w.Types.Adult, 10)); o.State != order.Pending {
			t.Errorf("a paid order is %s", o.State)
		}
		got, err := d.gate.Agree(ctx, d.second, d.scope, r.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		o := w.Find(t, got.Made.ID)
		claimed(t, w, o, 7, 8)
		if o.State != order.Paid || o.Channel != order.ChannelCounter ||
			len(tickets(t, w, o.ID)) != 2 {
			t.Errorf("the order: %+v", o)
		}
		healthy(t, w)
	})
}

// What was asked for and is somebody else's by now is not done in another way.
func TestFreeOrderWhosePlacesAreGone(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		d, ctx := openDesk(t, w), context.Background()
		d.require(t, order.ApproveFree, 0)
		_, _, err := w.Try(d.clerk, w.Ask(Seats(w.Types.Guest, 7)))
		r := askedOf(t, err)
		w.Place(t, Member(1), Seats(w.Types.Adult, 7))
		if _, err := d.gate.Agree(ctx, d.second, d.scope, r.ID, ""); !errors.Is(err,
			approval.ErrStale) {
			t.Errorf("agreed: %v", err)
		}
		now, err := d.gate.Get(ctx, d.second, d.scope, r.ID)
		if err != nil || now.State != approval.Stale || now.Problem != "place_taken" {
			t.Errorf("the request: %+v, %v", now, err)
		}
		healthy(t, w)
	})
}

// Refunds up to the amount are one person's; all that goes back of an order counts, and the
// buyer himself is never asked.
func TestRefundOverAnAmountTakesTwo(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		d, ctx := openDesk(t, w), context.Background()
		d.require(t, order.ApproveRefund, 6000)
		o := w.Buy(t, Member(1), Seats(w.Types.Adult, 7, 8, 9))
		if _, err := w.Return(d.clerk, o.ID, ref(1, 1)); err != nil {
			t.Fatalf("a small refund: %v", err)
		}
		_, err := w.Return(d.clerk, o.ID, ref(1, 2))
		r := askedOf(t, err)
		if last := r.Doc.Changes[len(r.Doc.Changes)-1]; r.Amount != 5000 ||
			last.What != "refunded" || last.Before != "5000" || last.After != "10000" {
			t.Errorf("the request is about %d, and says %+v", r.Amount, r.Doc.Changes)
		}
		if w.Find(t, o.ID).Refunded > 6000 {
			t.Error("it went back already")
		}
		if _, err := d.gate.Agree(ctx, d.second, d.scope, r.ID, ""); err != nil {
			t.Fatal(err)
		}
		if now := w.Find(t, o.ID); !now.Unit(1, 2).Returned || now.Unit(1, 3).Returned {
			t.Errorf("what went back: %+v", now.Lines)
		}
		if _, err := w.Return(Member(1), o.ID, ref(1, 3)); err != nil {
			t.Errorf("the buyer's own refund: %v", err)
		}
		w.Settle(t)
		healthy(t, w)
	})
}

// Two people agree at once to give the same units back: they go back once.
func TestTwoAgreeToOneRefund(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		d := openDesk(t, w)
		d.require(t, order.ApproveRefund, 0)
		o := w.Buy(t, Member(1), Seats(w.Types.Adult, 7, 8))
		_, err := w.Return(d.clerk, o.ID, ref(1, 1))
		r := askedOf(t, err)
		var yes, decided atomic.Int64
		var all sync.WaitGroup
		for i := range 6 {
			who := d.people.Hire(int64(300+i), w.House.Org.ID, actor.Everything)
			all.Go(func() {
				_, err := d.gate.Agree(context.Background(), who, d.scope, r.ID, "")
				switch {
				case err == nil:
					yes.Add(1)
				case errors.Is(err, approval.ErrDecided):
					decided.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if yes.Load() != 1 || decided.Load() != 5 {
			t.Errorf("%d carried it out, %d were late", yes.Load(), decided.Load())
		}
		w.Settle(t)
		if back := w.Find(t, o.ID).Refunded; w.Till.Sent() != back || back == 0 {
			t.Errorf("%d went back, the order says %d", w.Till.Sent(), back)
		}
		healthy(t, w)
	})
}

// A refund that the buyer made meanwhile makes the request stale.
func TestRefundOfAnOrderThatChanged(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		d := openDesk(t, w)
		d.require(t, order.ApproveRefund, 0)
		o := w.Buy(t, Member(1), Seats(w.Types.Adult, 7, 8))
		_, err := w.Return(d.clerk, o.ID, ref(1, 1))
		r := askedOf(t, err)
		if _, err := w.Return(Member(1), o.ID, ref(1, 2)); err != nil {
			t.Fatal(err)
		}
		if _, err := d.gate.Agree(context.Background(), d.second, d.scope, r.ID, ""); !errors.Is(
			err, approval.ErrStale) {
			t.Errorf("agreed: %v", err)
		}
		if w.Find(t, o.ID).Unit(1, 1).Returned {
			t.Error("it went back all the same")
		}
		healthy(t, w)
	})
}
