package order_test

import (
	"context"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/payment"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// TestMoneyThatComesWrong: whatever comes that the order cannot take goes back with its
// reason, to the fen, and what the order is stays as it was.
func TestMoneyThatComesWrong(t *testing.T) {
	t.Parallel()
	other := Member(50)
	for name, tc := range map[string]struct {
		state  order.State
		by     order.EndedBy
		before func(*testing.T, *World, *stage)
		amount money.Minor
		cur    money.Currency
		to     order.State
		cause  payment.Cause
	}{
		"too little": {state: order.Closing, by: order.EndedByTime, amount: 4999,
			to: order.Expired, cause: payment.CauseWrongAmount},
		"hundredfold": {state: order.Closing, by: order.EndedByTime, amount: 500_000,
			to: order.Expired, cause: payment.CauseWrongAmount},
		"other currency": {state: order.Closing, by: order.EndedByTime, amount: 5000,
			cur: "USD", to: order.Expired, cause: payment.CauseWrongAmount},
		"wrong after cancel": {state: order.Closing, by: order.EndedByBuyer, amount: 1,
			to: order.Cancelled, cause: payment.CauseWrongAmount},
		"cancelled": {state: order.Cancelled, by: order.EndedByBuyer, amount: 5000,
			to: order.Cancelled, cause: payment.CauseCancelled},
		"late and gone": {state: order.Expired, by: order.EndedByTime, amount: 5000,
			before: func(t *testing.T, w *World, _ *stage) {
				w.Place(t, other, Seats(w.Types.Adult, 1))
			}, to: order.Expired, cause: payment.CauseLate},
		"late and paused": {state: order.Expired, by: order.EndedByTime, amount: 5000,
			before: func(t *testing.T, w *World, s *stage) { pause(t, w, s.o.Session) },
			to:     order.Expired, cause: payment.CauseLate},
		"late and over the limit": {state: order.Expired, by: order.EndedByTime, amount: 5000,
			before: func(t *testing.T, w *World, s *stage) {
				me := actor.Actor{Kind: actor.Member, ID: s.o.Member}
				w.Buy(t, me, Seats(w.Types.Adult, 11, 12, 13, 14))
			}, to: order.Expired, cause: payment.CauseLate},
		"late, at new prices": {state: order.Expired, by: order.EndedByTime, amount: 5000,
			before: func(t *testing.T, w *World, _ *stage) { raise(t, w) }, to: order.Paid},
		// He has chosen others meanwhile; what he paid for is free, so he has both.
		"late beside a live order": {state: order.Expired, by: order.EndedByTime, amount: 5000,
			before: func(t *testing.T, w *World, s *stage) {
				me := actor.Actor{Kind: actor.Member, ID: s.o.Member}
				w.Place(t, me, Seats(w.Types.Adult, 12))
			}, to: order.Paid},
		"late in a cool-down": {state: order.Expired, by: order.EndedByTime, amount: 5000,
			before: func(t *testing.T, w *World, s *stage) {
				me := actor.Actor{Kind: actor.Member, ID: s.o.Member}
				for range 2 {
					w.Lapse(t, w.Place(t, me, Seats(w.Types.Adult, 12)))
				}
				if _, _, err := w.Try(me, w.Ask(Seats(w.Types.Adult, 12))); !errors.Is(err,
					order.ErrCoolDown) {
					t.Errorf("no cool-down: %v", err)
				}
			}, to: order.Paid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Each(t, func(t *testing.T, w *World) {
				w.Session = w.OnSale(t, func(s *catalog.Session) { s.MaxPerMember = 4 })
				s := in(t, w, 1, tc.state, tc.by)
				if tc.before != nil {
					tc.before(t, w, s)
				}
				cur := tc.cur
				if cur == "" {
					cur = money.CNY
				}
				w.Till.Take(s.pay.Number(), tc.amount, cur)
				s.pay = w.Look(t, s.pay)
				if got := s.now(t); got.State != tc.to || s.pay.State != payment.Captured {
					t.Fatalf("the order is %s, the payment %s", got.State, s.pay.State)
				}
				if tc.cause != "" {
					if b := w.Balance(t, s.o.ID, ledger.RefundPayable); b != -tc.amount {
						t.Errorf("%d is owed to the buyer", b)
					}
				}
				w.Settle(t)
				want := money.Minor(0)
				if tc.cause != "" {
					want = tc.amount
				}
				if w.Till.Sent() != want {
					t.Errorf("%d went back, want %d", w.Till.Sent(), want)
				}
				healthy(t, w)
			})
		})
	}
}

func pause(t *testing.T, w *World, session int64) {
	t.Helper()
	s, err := w.Catalog.Sellable(context.Background(), session)
	if err != nil {
		t.Fatal(err)
	}
	catalogtest.Must[*catalog.Session](t)(w.Catalog.SetSessionState(context.Background(),
		actor.SystemActor, s.Session.Meta, catalog.SessionPaused))
}

func raise(t *testing.T, w *World) {
	t.Helper()
	dearer := *w.Prices
	dearer.Cells = slices.Clone(dearer.Cells)
	dearer.Cells[0].Amount += 1000
	w.Prices = catalogtest.Must[*catalog.PriceList](t)(w.Catalog.UpdatePriceList(
		context.Background(), actor.SystemActor, dearer))
}

// TestPaidTwice: of two payments of one order the second goes back whole.
func TestPaidTwice(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		me := Member(1)
		o := w.Place(t, me, Seats(w.Types.Adult, 1, 2))
		var list []*payment.Payment
		for range 3 {
			p, err := w.OpenPayment(me, o.ID)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, p)
		}
		if _, err := w.OpenPayment(me, o.ID); !errors.Is(err, order.ErrTooManyPayments) {
			t.Errorf("a fourth payment: %v", err)
		}
		for _, p := range list {
			w.Till.Take(p.Number(), p.Amount, p.Currency)
			w.Look(t, p)
			w.Look(t, p)
		}
		w.Settle(t)
		got := w.Find(t, o.ID)
		if got.State != order.Paid || got.OpenPayments != 0 || w.Till.Sent() != 20000 ||
			len(tickets(t, w, o.ID)) != 2 {
			t.Errorf("%+v; %d went back", got, w.Till.Sent())
		}
		if b := w.Balance(t, o.ID, ledger.Clearing(ProviderName)); b != 10000 {
			t.Errorf("the provider holds %d", b)
		}
		healthy(t, w)
	})
}

// TestOpenPaymentsOfAPaidOrderEnd: what was open beside the money that bought the order is
// counted down, and nothing else changes.
func TestOpenPaymentsOfAPaidOrderEnd(t *testing.T) {
	t.Parallel()
	w := Open(t)
	me := Member(1)
	o := w.Place(t, me, Seats(w.Types.Adult, 1))
	left, err := w.OpenPayment(me, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.Pay(t, me, o.ID)
	if n := w.Find(t, o.ID).OpenPayments; n != 1 {
		t.Errorf("%d open payments", n)
	}
	w.Fake.Advance(11 * time.Minute)
	if now := w.Look(t, left); now.State != payment.Closed {
		t.Errorf("the other payment is %s", now.State)
	}
	if got := w.Find(t, o.ID); got.OpenPayments != 0 || got.State != order.Paid {
		t.Errorf("%+v", got)
	}
	healthy(t, w)
}

func TestASilentProviderKeepsThePlaces(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		s := in(t, w, 1, order.Closing, order.EndedByTime)
		w.Till.Silence(true)
		for range 5 {
			again, err := w.Orders.Close(context.Background(),
				journal.Job{Kind: order.JobClose, ObjectID: s.o.ID, Tries: 3})
			if err != nil || again <= 0 {
				t.Fatalf("closing is tried again after %v: %v", again, err)
			}
			w.Fake.Advance(again)
		}
		if got := s.now(t).State; got != order.Closing {
			t.Fatalf("without an answer the order is %s", got)
		}
		claimed(t, w, s.o, 1)
		w.Till.Silence(false)
		closeOut(t, s)
		if got := s.now(t).State; got != order.Expired {
			t.Fatalf("after the answer the order is %s", got)
		}
		settled(t, s)
	})
}

// TestRefundArrivesOnce: asking about a refund again and again books it once.
func TestRefundArrivesOnce(t *testing.T) {
	t.Parallel()
	w := Open(t)
	me := Member(1)
	o := w.Buy(t, me, Seats(w.Types.Adult, 1))
	if _, err := w.Return(me, o.ID); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.Settle(t)
		if err := w.Payments.Resume(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if b := w.Balance(t, o.ID, ledger.Clearing(ProviderName)); b != 0 || w.Till.Sent() != 5000 {
		t.Errorf("the provider holds %d, %d went back", b, w.Till.Sent())
	}
	if v := order.ViewOf(w.Find(t, o.ID)); v != order.ViewRefunded {
		t.Errorf("the order is %s", v)
	}
	healthy(t, w)
}

func TestTheQuoteFollowsTheLadder(t *testing.T) {
	t.Parallel()
	w := Open(t)
	ctx, me := context.Background(), Member(1)
	o := w.Buy(t, me, Seats(w.Types.Adult, 1), Seats(w.Types.Child, 2))
	start := w.Session.StartsAt
	for _, tc := range []struct {
		before      time.Duration
		refund, fee money.Minor
		next        bool
		err         error
	}{
		{24 * time.Hour, 7501, 0, true, nil},
		{24*time.Hour - time.Millisecond, 6751, 750, true, nil},
		{2 * time.Hour, 6751, 750, true, nil},
		{2*time.Hour - time.Millisecond, 5000, 2501, true, nil},
		{time.Hour, 5000, 2501, true, nil},
		{time.Hour - time.Millisecond, 0, 7501, false, nil},
		{30 * time.Minute, 0, 7501, false, nil},
		{30*time.Minute - time.Millisecond, 0, 0, false, order.ErrNoRefund},
		{-time.Hour, 0, 0, false, order.ErrNoRefund},
	} {
		w.Fake.Set(start.Add(-tc.before))
		q, err := w.Orders.Quote(ctx, me, o.ID, nil)
		if !errors.Is(err, tc.err) || q.Refund != tc.refund || q.Fee != tc.fee ||
			(q.Next != nil) != tc.next {
			t.Errorf("%v before: refund %d fee %d next %v: %v", tc.before, q.Refund, q.Fee,
				q.Next, err)
		}
		if err == nil && (q.Until.Before(w.Clock.Now()) || len(q.Units) != 2) {
			t.Errorf("%v before: %+v", tc.before, q)
		}
	}
}

func TestRefundRefusals(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		me := Member(1)
		o := w.Buy(t, me, Seats(w.Types.Adult, 1, 2, 3))
		unpaid := w.Place(t, Member(2), Seats(w.Types.Adult, 9))
		try := func(who actor.Actor, id int64, want error, units ...ticket.UnitRef) {
			t.Helper()
			if _, err := w.Return(who, id, units...); !errors.Is(err, want) {
				t.Errorf("%v: %v, want %v", units, err, want)
			}
		}
		try(me, o.ID, order.ErrUnit, ref(1, 4))
		try(me, o.ID, order.ErrUnit, ref(2, 1))
		try(me, o.ID, order.ErrUnit, ref(1, 0))
		try(me, o.ID, order.ErrUnit, ref(1, 1), ref(1, 1))
		try(Member(2), unpaid.ID, order.ErrNotPaid)
		try(Member(2), o.ID, order.ErrNotFound)
		try(me, o.ID, nil, ref(1, 2))
		try(me, o.ID, order.ErrUnitReturned, ref(1, 2))
		_, err := w.Orders.Refund(context.Background(), me, o.ID,
			order.RefundAsk{Units: []ticket.UnitRef{ref(1, 1)}, Expect: 4999}, nil, nil)
		if !errors.Is(err, order.ErrQuoteChanged) {
			t.Errorf("another sum than expected: %v", err)
		}
		use(t, w, o.ID, 1)
		try(me, o.ID, ticket.ErrUsed, ref(1, 1))
		try(me, o.ID, ticket.ErrUsed, ref(1, 3), ref(1, 1))
		try(me, o.ID, nil, ref(1, 3))
		w.Settle(t)
		if w.Till.Sent() != 10000 || len(tickets(t, w, o.ID)) != 1 {
			t.Errorf("%d went back, %d tickets are left", w.Till.Sent(),
				len(tickets(t, w, o.ID)))
		}
		w.Place(t, Member(3), Seats(w.Types.Adult, 2, 3))
	})
}

// use lets somebody in with a unit's ticket.
func use(t *testing.T, w *World, id int64, unit int) {
	t.Helper()
	for _, v := range tickets(t, w, id) {
		if v.Unit != unit {
			continue
		}
		if err := w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
			ok, err := w.Tickets.Store().EnterIfAllowed(tx, ticket.Use{
				Organization: v.Organization, Ticket: v.ID, Number: 1,
				CodeVersion: v.CodeVersion, N: 1})
			if err == nil && !ok {
				err = ticket.ErrUsed
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestThePolicyIsASnapshot: what was agreed to stays, whatever the house writes later.
func TestThePolicyIsASnapshot(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		ctx, me := context.Background(), Member(1)
		old := w.Buy(t, me, Seats(w.Types.Adult, 1))
		harsh := *w.Policy
		harsh.Ladder = []catalog.Rung{{UntilBefore: 0, FeePercent: 9000}}
		if _, err := w.Catalog.UpdateRefundPolicy(ctx, actor.SystemActor, harsh); err != nil {
			t.Fatal(err)
		}
		next := w.Buy(t, Member(2), Seats(w.Types.Adult, 2))
		for _, o := range []struct {
			id     int64
			who    actor.Actor
			refund money.Minor
		}{{old.ID, me, 5000}, {next.ID, Member(2), 500}} {
			q, err := w.Orders.Quote(ctx, o.who, o.id, nil)
			if err != nil || q.Refund != o.refund {
				t.Errorf("refund %d, want %d: %v", q.Refund, o.refund, err)
			}
		}
		// So says the store too, when memory is empty.
		q, err := w.NewOrders(w.DB).Quote(ctx, me, old.ID, nil)
		if err != nil || q.Refund != 5000 {
			t.Errorf("after a start: %d %v", q.Refund, err)
		}
	})
}

// TestEverySubsetGoesBackToTheFen gives any subset of units back, in any portions, at any
// rung. An oracle in big integers says what each unit brings; at the end the ledger, the
// provider, the places and the limit say the same.
func TestEverySubsetGoesBackToTheFen(t *testing.T) {
	t.Parallel()
	w := Open(t)
	y := w.Types
	member := int64(100)
	rapid.Check(t, func(rt *rapid.T) {
		member++
		me := Member(member)
		w.Session = w.OnSale(t, func(s *catalog.Session) { s.MaxPerMember = 40 })
		n := rapid.IntRange(1, 4).Draw(rt, "adults")
		lines := []order.LineAsk{{TicketType: y.Adult, Places: []int32{1, 2, 3, 4}[:n]},
			Units(y.Child, Standing, rapid.IntRange(1, 2).Draw(rt, "children"))}
		if rapid.Bool().Draw(rt, "family") {
			lines = append(lines, Seats(y.Family, 11, 12, 13))
		}
		if rapid.Bool().Draw(rt, "pair") {
			lines = append(lines, Seats(y.Adult, PairLeft, PairRight))
		}
		o := w.Buy(t, me, lines...)
		w.Settle(t) // what a run that was cut short has left
		before := w.Till.Sent()
		left := all(o)
		var back, fees money.Minor
		minutes := 3000
		for len(left) > 0 && rapid.IntRange(0, 5).Draw(rt, "more") > 0 {
			k := rapid.IntRange(1, len(left)).Draw(rt, "k")
			units := rapid.Permutation(left).Draw(rt, "units")[:k]
			minutes = rapid.IntRange(31, minutes).Draw(rt, "minutes before")
			w.Fake.Set(w.Session.StartsAt.Add(-time.Duration(minutes) * time.Minute))
			r, err := w.Return(me, o.ID, units...)
			if err != nil {
				rt.Fatal(err)
			}
			refund, fee := oracle(w, o, units)
			if r.Quote.Refund != refund || r.Quote.Fee != fee {
				rt.Fatalf("refund %d fee %d, the oracle says %d and %d", r.Quote.Refund,
					r.Quote.Fee, refund, fee)
			}
			back, fees = back+refund, fees+fee
			left = slices.DeleteFunc(left, func(u ticket.UnitRef) bool {
				return slices.Contains(units, u)
			})
		}
		w.Settle(t)
		if got := w.Till.Sent() - before; got != back {
			rt.Fatalf("%d went back, want %d", got, back)
		}
		if got := -w.Balance(t, o.ID, ledger.FeesKept); got != fees {
			rt.Fatalf("%d kept, want %d", got, fees)
		}
		if got := w.Balance(t, o.ID, ledger.Clearing(ProviderName)); got != o.Total-back {
			rt.Fatalf("the provider holds %d of %d less %d", got, o.Total, back)
		}
		if got := len(tickets(t, w, o.ID)); got != len(left) {
			rt.Fatalf("%d tickets for %d units", got, len(left))
		}
	})
	healthy(t, w)
}

func all(o *order.Order) (list []ticket.UnitRef) {
	for _, l := range o.Lines {
		for i := range l.Units {
			list = append(list, ref(l.Number, i+1))
		}
	}
	return list
}

// oracle says what units bring: the fee is the rung's share of each unit's price, rounded
// half up, at least the rung's least fee and at most the price.
func oracle(w *World, o *order.Order, units []ticket.UnitRef) (refund, fee money.Minor) {
	minutes := w.Session.StartsAt.Sub(w.Clock.Now()).Minutes()
	var rung catalog.Rung
	for _, r := range w.Policy.Ladder {
		if minutes >= float64(r.UntilBefore) {
			rung = r
			break
		}
	}
	for _, ref := range units {
		price := int64(o.Unit(ref.Line, ref.Unit).Amount)
		f := new(big.Int).Mul(big.NewInt(price), big.NewInt(int64(rung.FeePercent)))
		f.Add(f, big.NewInt(5000)).Div(f, big.NewInt(10_000))
		one := min(max(f.Int64(), int64(rung.MinFee)), price)
		fee += money.Minor(one)
		refund += money.Minor(price - one)
	}
	return refund, fee
}

// TestOrdersOfOthersAreMissing: another member's and another organization's order answer
// like one that does not exist.
func TestOrdersOfOthersAreMissing(t *testing.T) {
	t.Parallel()
	w := Open(t)
	ctx := context.Background()
	o := w.Buy(t, Member(1), Seats(w.Types.Adult, 1))
	live := w.Place(t, Member(2), Seats(w.Types.Adult, 2))
	for name, who := range map[string]actor.Actor{"member": Member(3), "nobody": {},
		"member zero": {Kind: actor.Member}, "device": {Kind: actor.Device, ID: Member(1).ID},
		"staff elsewhere":         catalogtest.Staff(w.House.Org.ID+1, actor.Everything),
		"staff without the right": catalogtest.Staff(w.House.Org.ID, "venue.edit"),
		"staff of another venue": {Kind: actor.Staff, ID: 5, Grants: []actor.Grant{{
			Organization: w.House.Org.ID, Venue: w.House.Venue.ID + 1,
			Permissions: []actor.Permission{actor.Everything}}}}} {
		for _, id := range []int64{o.ID, live.ID, 12345} {
			tries := map[string]error{}
			_, tries["get"] = w.Orders.Get(ctx, id, who)
			_, tries["cancel"] = w.Orders.Cancel(ctx, who, id)
			_, tries["extend"] = w.Orders.Extend(ctx, who, id, time.Minute)
			_, tries["quote"] = w.Orders.Quote(ctx, who, id, nil)
			_, tries["refund"] = w.Return(who, id)
			_, tries["payable"] = w.Orders.Payable(ctx, id, who)
			_, tries["replace"] = w.Orders.Replace(ctx, who, id,
				w.Ask(Seats(w.Types.Adult, 3)), nil)
			for what, err := range tries {
				if f := fault.Of(err); f == nil || f.Def != order.ErrNotFound || f.Details != nil {
					t.Errorf("%s: %s answers %v", name, what, err)
				}
			}
		}
	}
}
