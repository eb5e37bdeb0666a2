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
	"foyer/internal/fault"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/payment"
	"foyer/internal/ticket"
)

// easy rules let everything be changed often: 10 % until an hour before.
func easy() catalog.ChangeRules {
	return catalog.ChangeRules{MaxPerUnit: 20, OtherEvent: true, OtherVenue: true,
		Ladder: []catalog.Rung{{UntilBefore: 1440}, {UntilBefore: 60, FeePercent: 1000}}}
}

// second is another session of the house, whose prices are the world's plus more.
func second(t *testing.T, w *World, more money.Minor) *catalog.Session {
	t.Helper()
	list := catalog.PriceList{Meta: catalog.Meta{Organization: w.House.Org.ID},
		PriceListInfo: w.Prices.PriceListInfo}
	list.Cells = slices.Clone(list.Cells)
	for i := range list.Cells {
		list.Cells[i].Amount = max(list.Cells[i].Amount+more, 0)
	}
	made := catalogtest.Must[*catalog.PriceList](t)(w.Catalog.CreatePriceList(
		context.Background(), actor.SystemActor, list))
	s := w.OnSale(t, func(s *catalog.Session) { s.PriceListID = made.ID })
	w.Catalog.CatchUp()
	return s
}

func adult(w *World, places ...int32) []order.LineAsk {
	return []order.LineAsk{Seats(w.Types.Adult, places...)}
}

// claimedIn fails unless the order has exactly these seats in a session.
func claimedIn(t *testing.T, w *World, session int64, o *order.Order, want ...int32) {
	t.Helper()
	probe := *o
	probe.Session = session
	claimed(t, w, &probe, want...)
}

// TestChangeSettlesTheDifference: dearer, cheaper, equal; at once or when it is paid; the
// old ticket is whole until then; and the rest of the order stays as it was.
func TestChangeSettlesTheDifference(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		w.Changeable(t, easy())
		dear, cheap := second(t, w, 1500), second(t, w, -700)
		me := Member(1)
		o := w.Buy(t, me, Seats(w.Types.Adult, 1, 2))
		c, err := w.Exchange(me, o.ID, To(dear.ID, adult(w, 7), ref(1, 1)))
		if err != nil || c.State != order.ChangePending || c.Due != 1500 || c.Back != 0 {
			t.Fatalf("the dearer change is %+v, %v", c, err)
		}
		if n := len(tickets(t, w, o.ID)); n != 2 {
			t.Errorf("%d live tickets before the difference is paid", n)
		}
		sound(t, w)
		if p := w.Pay(t, me, o.ID); p.Result != payment.Paid || p.Amount != 1500 {
			t.Fatalf("the difference's payment is %+v", p)
		}
		o = w.Find(t, o.ID)
		if o.Change != 0 || o.Total != 11500 || o.Captured != 11500 || len(o.Lines) != 2 {
			t.Fatalf("after the change the order is %+v", o)
		}
		claimedIn(t, w, w.Session.ID, o, 2)
		claimedIn(t, w, dear.ID, o, 7)
		if n := len(tickets(t, w, o.ID)); n != 2 {
			t.Errorf("%d live tickets after the change", n)
		}
		sound(t, w)
		c, err = w.Exchange(me, o.ID, To(cheap.ID, adult(w, 9), ref(2, 1)))
		if err != nil || c.State != order.ChangeDone || c.Back != 2200 || c.Due != 0 {
			t.Fatalf("the cheaper change is %+v, %v", c, err)
		}
		c, err = w.Exchange(me, o.ID, To(w.Session.ID, adult(w, 5), ref(1, 2)))
		if err != nil || c.State != order.ChangeDone || c.Back != 0 || c.Due != 0 {
			t.Fatalf("another seat at the same price is %+v, %v", c, err)
		}
		w.Settle(t)
		if sent := w.Till.Sent(); sent != 2200 {
			t.Errorf("%d went back, want 2200", sent)
		}
		sound(t, w)
		r, err := w.Return(me, o.ID)
		if err != nil || r.Quote.Refund != 5000+4300 {
			t.Fatalf("all that is left brings %d, %v", r.Quote.Refund, err)
		}
		if v := order.ViewOf(w.Find(t, o.ID)); v != order.ViewRefunded {
			t.Errorf("the order is seen as %s", v)
		}
		w.Settle(t)
		sound(t, w)
	})
}

// changing is an order with a change brought to a state.
type changing struct {
	w    *World
	me   actor.Actor
	o    *order.Order
	c    *order.Change
	pay  *payment.Payment
	dear *catalog.Session
}

func changeIn(t *testing.T, w *World, state order.ChangeState) *changing {
	t.Helper()
	w.Changeable(t, easy())
	s := &changing{w: w, me: Member(1), dear: second(t, w, 1000)}
	s.o = w.Buy(t, s.me, Seats(w.Types.Adult, 1, 2))
	var err error
	if s.c, err = w.Exchange(s.me, s.o.ID, To(s.dear.ID, adult(w, 7), ref(1, 1))); err != nil {
		t.Fatal(err)
	}
	open := func() {
		if s.pay, err = w.OpenPayment(s.me, s.o.ID); err != nil {
			t.Fatal(err)
		}
	}
	switch state {
	case order.ChangePending:
	case order.ChangeClosing:
		open()
		s.cancel(t)
	case order.ChangeDone:
		open()
		w.PayAt(t, s.pay)
	case order.ChangeExpired:
		open()
		s.lapse(t)
		w.EndChange(t, s.c)
	case order.ChangeCancelled:
		open()
		s.cancel(t)
		w.EndChange(t, s.c)
	case order.ChangeFailed:
		open()
		enter(t, w, s.o.ID, ref(1, 1))
		w.PayAt(t, s.pay)
	}
	if got := w.ChangeNow(t, s.c.ID).State; got != state {
		t.Fatalf("brought to %s instead of %s", got, state)
	}
	return s
}

func (s *changing) cancel(t *testing.T) {
	_, err := s.w.Orders.CancelChange(context.Background(), s.me, s.o.ID)
	if err != nil && !errors.Is(err, order.ErrNoChangeOpen) {
		t.Error(err)
	}
}

func (s *changing) lapse(t *testing.T) {
	s.w.Fake.Advance(time.Duration(s.c.HoldSeconds)*time.Second + time.Millisecond)
	s.w.EndChange(t, s.c)
}

func (s *changing) open(t *testing.T) {
	var err error
	if s.pay, err = s.w.OpenPayment(s.me, s.o.ID); err != nil {
		t.Fatal(err)
	}
}

func (s *changing) pays(t *testing.T) {
	if s.pay == nil {
		s.open(t)
	}
	s.w.PayAt(t, s.pay)
}

// TestEveryEdgeOfAChange is the state machine of a change, one row an edge; what is not
// listed as a change of state changes nothing.
func TestEveryEdgeOfAChange(t *testing.T) {
	t.Parallel()
	refund := func(t *testing.T, s *changing) {
		if _, err := s.w.Return(s.me, s.o.ID, ref(1, 1)); err != nil {
			t.Error(err)
		}
	}
	usedThenPaid := func(t *testing.T, s *changing) {
		enter(t, s.w, s.o.ID, ref(1, 1))
		s.pays(t)
	}
	wrong := func(t *testing.T, s *changing) {
		s.open(t)
		s.w.Till.Take(s.pay.Number(), 999, s.pay.Currency)
		s.w.Look(t, s.pay)
	}
	offThenPaid := func(t *testing.T, s *changing) {
		s.open(t)
		old := s.w.Session
		s.w.Session = s.dear
		callOff(t, s.w)
		s.w.Session = old
		s.w.Catalog.CatchUp()
		s.pays(t)
	}
	opened := func(then func(*testing.T, *changing)) func(*testing.T, *changing) {
		return func(t *testing.T, s *changing) { s.open(t); then(t, s) }
	}
	end := func(t *testing.T, s *changing) { s.w.EndChange(t, s.c) }
	cancel, lapse := (*changing).cancel, (*changing).lapse
	for _, tc := range []struct {
		name string
		from order.ChangeState
		do   func(*testing.T, *changing)
		to   order.ChangeState
	}{
		{"paid", order.ChangePending, func(t *testing.T, s *changing) { s.pays(t) },
			order.ChangeDone},
		{"time is over", order.ChangePending, func(t *testing.T, s *changing) { lapse(s, t) },
			order.ChangeExpired},
		{"given up", order.ChangePending, func(t *testing.T, s *changing) { cancel(s, t) },
			order.ChangeCancelled},
		{"its unit is refunded", order.ChangePending, refund, order.ChangeCancelled},
		{"its unit is refunded while paying", order.ChangePending, opened(refund),
			order.ChangeClosing},
		{"time is over while paying", order.ChangePending,
			opened(func(t *testing.T, s *changing) { lapse(s, t) }), order.ChangeClosing},
		{"given up while paying", order.ChangePending,
			opened(func(t *testing.T, s *changing) { cancel(s, t) }), order.ChangeClosing},
		{"asked too early", order.ChangePending, end, order.ChangePending},
		{"a wrong sum", order.ChangePending, wrong, order.ChangePending},
		{"used meanwhile", order.ChangePending, usedThenPaid, order.ChangeFailed},
		{"the new session is off", order.ChangePending, offThenPaid, order.ChangeFailed},
		{"paid after all", order.ChangeClosing, func(t *testing.T, s *changing) { s.pays(t) },
			order.ChangeDone},
		{"closed without money", order.ChangeClosing, end, order.ChangeCancelled},
		{"used and paid when closing", order.ChangeClosing, usedThenPaid, order.ChangeFailed},
		{"given up again", order.ChangeClosing,
			func(t *testing.T, s *changing) { cancel(s, t) }, order.ChangeClosing},
		{"late money", order.ChangeExpired, func(t *testing.T, s *changing) { s.pays(t) },
			order.ChangeExpired},
		{"late money when given up", order.ChangeCancelled,
			func(t *testing.T, s *changing) { s.pays(t) }, order.ChangeCancelled},
		{"the same money again", order.ChangeDone,
			func(t *testing.T, s *changing) { s.w.Look(t, s.pay) }, order.ChangeDone},
		{"end when done", order.ChangeDone, end, order.ChangeDone},
		{"end when failed", order.ChangeFailed, end, order.ChangeFailed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			Each(t, func(t *testing.T, w *World) {
				s := changeIn(t, w, tc.from)
				tc.do(t, s)
				if got := w.ChangeNow(t, s.c.ID).State; got != tc.to {
					t.Fatalf("%s → %s, want %s", tc.from, got, tc.to)
				}
				s.coherent(t)
			})
		})
	}
}

// coherent fails unless tickets, places and money are what the change's state says.
func (s *changing) coherent(t *testing.T) {
	t.Helper()
	w := s.w
	sound(t, w)
	if c := w.ChangeNow(t, s.c.ID); c.State == order.ChangeClosing {
		w.EndChange(t, s.c)
	}
	w.Settle(t)
	c, o := w.ChangeNow(t, s.c.ID), w.Find(t, s.o.ID)
	old := []int32{1, 2}
	if o.Unit(1, 1).Returned {
		old = []int32{2}
	}
	claimedIn(t, w, w.Session.ID, o, old...)
	var fresh []int32
	if c.State == order.ChangeDone {
		fresh = []int32{7}
	}
	claimedIn(t, w, s.dear.ID, o, fresh...)
	if n := len(tickets(t, w, o.ID)); n != len(old)+len(fresh) {
		t.Errorf("%d live tickets for %d units", n, len(old)+len(fresh))
	}
	if b := w.Balance(t, o.ID, ledger.RefundPayable); b != 0 {
		t.Errorf("%d is still owed", b)
	}
	sound(t, w)
}

// TestChangeRefusals: each by its own code, and the order stays as it was.
func TestChangeRefusals(t *testing.T) {
	t.Parallel()
	w := Open(t)
	me, ctx := Member(1), context.Background()
	never := w.Buy(t, Member(2), Seats(w.Types.Adult, 31))
	w.Changeable(t, catalog.ChangeRules{MaxPerUnit: 1, Ladder: []catalog.Rung{{UntilBefore: 60}}})
	other := second(t, w, 0)
	o := w.Buy(t, me, Seats(w.Types.Adult, 1, 2), Units(w.Types.Adult, Standing, 1))
	try := func(who actor.Actor, id int64, ask order.ChangeAsk) error {
		_, err := w.Orders.QuoteChange(ctx, who, id, ask)
		_, again := w.Exchange(who, id, ask)
		if (err == nil) != (again == nil) || err != nil && !errors.Is(again, fault.Of(err).Def) {
			t.Errorf("the quote says %v, the command %v", err, again)
		}
		return err
	}
	for name, tc := range map[string]struct {
		who  actor.Actor
		id   int64
		ask  order.ChangeAsk
		want error
	}{
		"another's": {Member(9), o.ID, To(other.ID, adult(w, 7), ref(1, 1)), order.ErrNotFound},
		"never agreed": {Member(2), never.ID, To(other.ID, adult(w, 7), ref(1, 1)),
			order.ErrNoChange},
		"no unit":      {me, o.ID, To(other.ID, adult(w, 7)), order.ErrUnit},
		"unknown unit": {me, o.ID, To(other.ID, adult(w, 7), ref(1, 3)), order.ErrUnit},
		"twice": {me, o.ID, To(other.ID, adult(w, 7, 8), ref(1, 1), ref(1, 1)),
			order.ErrUnit},
		"more places": {me, o.ID, To(other.ID, adult(w, 7, 8), ref(1, 1)), order.ErrChangeCount},
		"no session":  {me, o.ID, To(4711, adult(w, 7), ref(1, 1)), fault.Missing},
	} {
		if err := try(tc.who, tc.id, tc.ask); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	if c, err := w.Exchange(me, o.ID, To(other.ID, adult(w, 7), ref(1, 1))); err != nil {
		t.Fatalf("%+v %v", c, err)
	}
	if err := try(me, o.ID, To(w.Session.ID, adult(w, 1), ref(3, 1))); !errors.Is(err,
		order.ErrChangeLimit) {
		t.Errorf("a second change of one ticket: %v", err)
	}
	w.Fake.Set(w.Session.StartsAt.Add(-59 * time.Minute))
	if err := try(me, o.ID, To(other.ID, adult(w, 8), ref(1, 2))); !errors.Is(err,
		order.ErrChangeLate) {
		t.Errorf("an hour before: %v", err)
	}
	sound(t, w)
}

// whole are the units that an order still has.
func whole(o *order.Order) (list []ticket.UnitRef) {
	for _, u := range all(o) {
		if !o.Unit(u.Line, u.Unit).Returned {
			list = append(list, u)
		}
	}
	return list
}
