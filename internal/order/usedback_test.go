package order_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/ticket"
)

// refundUsed is staff giving used tickets of the world's session back.
func refundUsed(w *World, who actor.Actor, id int64, units ...ticket.UnitRef) (
	r order.Returned, err error,
) {
	_, err = w.Orders.RefundUsed(context.Background(), who, order.UsedAsk{
		Organization: w.House.Org.ID, Session: w.Session.ID, Order: id, Units: units, Expect: -1,
		Reason: "放映中断"}, nil, func(got order.Returned) (journal.Answer, error) {
		r = got
		return journal.Answer{Status: 201, Body: []byte("{}")}, nil
	})
	return r, err
}

// TestUsedTicketsOfACancelledSession: by hand, in full, once; unused ones go by themselves.
func TestUsedTicketsOfACancelledSession(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		o := w.Buy(t, Member(1), Seats(w.Types.Adult, 1, 2, 3))
		free := w.Buy(t, Member(2), Seats(w.Types.Guest, 9, 10))
		for _, u := range []ticket.UnitRef{ref(1, 1), ref(1, 2)} {
			enter(t, w, o.ID, u)
		}
		enter(t, w, free.ID, ref(1, 1))
		if _, err := refundUsed(w, w.Clerk(), o.ID); !errors.Is(err, order.ErrNotCalledOff) {
			t.Errorf("of a session that goes on: %v", err)
		}
		callOff(t, w)
		runGiveBack(t, w, w.Orders, w.Session.ID, 50)
		for name, c := range map[string]struct {
			who   actor.Actor
			units []ticket.UnitRef
			want  error
		}{
			"a member":        {Member(1), nil, fault.Missing},
			"without a right": {staffWith(w, order.PermView), nil, fault.NotAllowed},
			"given back":      {w.Clerk(), []ticket.UnitRef{ref(1, 3)}, order.ErrUnitReturned},
			"no such unit":    {w.Clerk(), []ticket.UnitRef{ref(1, 9)}, order.ErrUnit},
			"one of them twice": {w.Clerk(), []ticket.UnitRef{ref(1, 1), ref(1, 1)},
				order.ErrUnit},
		} {
			if _, err := refundUsed(w, c.who, o.ID, c.units...); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		one, err := refundUsed(w, w.Clerk(), o.ID, ref(1, 1))
		if err != nil || one.Quote.Refund != 5000 || len(one.Refunds) != 1 {
			t.Fatalf("one of two: %+v, %v", one.Quote, err)
		}
		if _, err := refundUsed(w, w.Clerk(), o.ID, ref(1, 1)); !errors.Is(err,
			order.ErrUnitReturned) {
			t.Errorf("the same again: %v", err)
		}
		rest, err := refundUsed(w, w.Clerk(), o.ID)
		if err != nil || rest.Quote.Refund != 5000 {
			t.Fatalf("the other: %+v, %v", rest.Quote, err)
		}
		if gone, err := refundUsed(w, w.Clerk(), free.ID); err != nil || gone.Quote.Refund != 0 {
			t.Errorf("what cost nothing: %+v, %v", gone.Quote, err)
		}
		w.Settle(t)
		told, err := w.Orders.GiveBackOf(context.Background(), w.Clerk(), w.House.Org.ID,
			w.Session.ID)
		if err != nil || len(told.Used) != 0 || told.Asked != 15_000 ||
			told.ArrivedMinor != 15_000 || w.Till.Sent() != 15_000 {
			t.Errorf("staff are told %+v, %d sent, %v", told, w.Till.Sent(), err)
		}
		for _, v := range tickets(t, w, o.ID) {
			t.Errorf("ticket %d opens something still", v.ID)
		}
		sound(t, w)
	})
}

// staffWith is somebody of the house with these permissions alone.
func staffWith(w *World, p ...actor.Permission) actor.Actor {
	return actor.Actor{Kind: actor.Staff, ID: 7777, Name: "员工", Grants: []actor.Grant{
		{Organization: w.House.Org.ID, Permissions: p}}}
}

// TestUsedTicketsTakeTwo: over the amount by another person, once however many agree.
func TestUsedTicketsTakeTwo(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		d := openDesk(t, w)
		d.require(t, order.ApproveRefund, 6000)
		o := w.Buy(t, Member(1), Seats(w.Types.Adult, 1, 2))
		enter(t, w, o.ID, ref(1, 1))
		enter(t, w, o.ID, ref(1, 2))
		callOff(t, w)
		runGiveBack(t, w, w.Orders, w.Session.ID, 50)
		_, err := refundUsed(w, d.clerk, o.ID)
		r := askedOf(t, err)
		if r.Amount != 10_000 || len(r.Doc.Changes) != 2 || w.Find(t, o.ID).Refunded != 0 {
			t.Errorf("asked: %+v", r.Doc)
		}
		var yes atomic.Int64
		var all sync.WaitGroup
		for i := range 4 {
			who := d.people.Hire(int64(300+i), w.House.Org.ID, actor.Everything)
			all.Go(func() {
				_, err := d.gate.Agree(context.Background(), who, d.scope, r.ID, "")
				if err == nil {
					yes.Add(1)
				}
			})
		}
		all.Wait()
		w.Settle(t)
		if yes.Load() != 1 || w.Find(t, o.ID).Refunded != 10_000 || w.Till.Sent() != 10_000 {
			t.Errorf("%d carried it out, %d sent", yes.Load(), w.Till.Sent())
		}
		sound(t, w)
	})
}

// TestManyAtOnceGiveUsedTicketsBack: without a second person too, each goes back once.
func TestManyAtOnceGiveUsedTicketsBack(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		o := w.Buy(t, Member(1), Seats(w.Types.Adult, 1, 2))
		enter(t, w, o.ID, ref(1, 1))
		callOff(t, w)
		runGiveBack(t, w, w.Orders, w.Session.ID, 50)
		var yes atomic.Int64
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if _, err := refundUsed(w, w.Clerk(), o.ID); err == nil {
					yes.Add(1)
				}
			})
		}
		all.Wait()
		w.Settle(t)
		if yes.Load() != 1 || w.Till.Sent() != 10_000 {
			t.Errorf("%d gave it back, %d sent", yes.Load(), w.Till.Sent())
		}
		sound(t, w)
	})
}

// TestManySmallRefundsTakeTwo: what one person sends back within a day adds up, over orders
// and over refunds and changes; another person and another day begin anew.
func TestManySmallRefundsTakeTwo(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		d := openDesk(t, w)
		d.require(t, order.ApproveRefund, 9000)
		w.Changeable(t, easy())
		cheap := second(t, w, -2000)
		first := w.Buy(t, Member(1), Seats(w.Types.Adult, 1))
		changed := w.Buy(t, Member(2), Seats(w.Types.Adult, 2))
		last := w.Buy(t, Member(3), Seats(w.Types.Adult, 3))
		r, err := w.Return(d.clerk, first.ID)
		if err != nil {
			t.Fatalf("the first: %v", err)
		}
		c, err := w.Exchange(d.clerk, changed.ID, To(cheap.ID, adult(w, 2), ref(1, 1)))
		if err != nil || c.Back == 0 {
			t.Fatalf("a change that brings money back: %+v, %v", c, err)
		}
		if sum := r.Quote.Refund + c.Back; sum > 9000 || sum+r.Quote.Refund <= 9000 {
			t.Fatalf("the sums do not test anything: %d", sum)
		}
		_, err = w.Return(d.clerk, last.ID)
		if asked := askedOf(t, err); asked.Amount != r.Quote.Refund {
			t.Errorf("the request is about %d", asked.Amount)
		}
		if _, err := w.Return(d.second, last.ID); err != nil {
			t.Errorf("another person: %v", err)
		}
		next := w.Buy(t, Member(4), Seats(w.Types.Adult, 4))
		if _, err := w.Return(d.clerk, next.ID); err == nil {
			t.Error("the day is not over")
		}
		w.Fake.Advance(24*time.Hour + time.Millisecond)
		if _, err := w.Return(d.clerk, next.ID); err != nil {
			t.Errorf("a day later: %v", err)
		}
		w.Settle(t)
		healthy(t, w)
	})
}

// TestAChangeThatBringsMuchBackTakesTwo: it is done for the very places once agreed to.
func TestAChangeThatBringsMuchBackTakesTwo(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		d, ctx := openDesk(t, w), context.Background()
		d.require(t, order.ApproveRefund, 1000)
		w.Changeable(t, easy())
		cheap := second(t, w, -2000)
		o := w.Buy(t, Member(1), Seats(w.Types.Adult, 1, 2))
		_, err := w.Exchange(d.clerk, o.ID, To(cheap.ID, adult(w, 7), ref(1, 1)))
		r := askedOf(t, err)
		if r.Amount != 2000 || w.Find(t, o.ID).Refunded != 0 {
			t.Errorf("asked: %+v", r.Doc)
		}
		if _, err := d.gate.Agree(ctx, d.second, d.scope, r.ID, ""); err != nil {
			t.Fatal(err)
		}
		now := w.Find(t, o.ID)
		if now.Refunded != 2000 || !now.Unit(1, 1).Changed {
			t.Errorf("the order: %+v", now)
		}
		if _, err := w.Exchange(Member(1), o.ID, To(cheap.ID, adult(w, 8), ref(1, 2))); err != nil {
			t.Errorf("the buyer is never asked: %v", err)
		}
		w.Settle(t)
		healthy(t, w)
	})
}

// TestABatchHasSoManyCodes: no more codes than two people agreed to.
func TestABatchHasSoManyCodes(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		ctx := context.Background()
		b, err := w.Catalog.CreateBatch(ctx, actor.SystemActor, catalog.CodeBatch{
			Meta: catalog.Meta{Organization: w.House.Org.ID}, CodeBatchInfo: catalog.CodeBatchInfo{
				Name: "团", Types: []int64{w.Types.Adult}, MostCodes: 50}})
		if err != nil {
			t.Fatal(err)
		}
		make := func(n int) error {
			_, err := w.Orders.MakeCodes(ctx, w.Clerk(), w.House.Org.ID, b.ID, n, "")
			return err
		}
		if err := make(51); !errors.Is(err, order.ErrCodesFull) {
			t.Errorf("one too many: %v", err)
		}
		if err := make(45); err != nil {
			t.Error(err)
		}
		if err := make(6); fault.Of(err).Details["left"] != int64(5) {
			t.Errorf("five are left: %v", err)
		}
		if err := make(5); err != nil {
			t.Error(err)
		}
	})
}
