package order_test

import (
	"context"
	"errors"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"foyer/internal/catalog"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/ticket"
)

// exactFee is a rung's fee in exact arithmetic: rounded half up, at least the minimum, never
// more than what the unit cost.
func exactFee(r catalog.Rung, amount money.Minor) money.Minor {
	n := new(big.Int).Mul(big.NewInt(int64(amount)), big.NewInt(int64(r.FeePercent)))
	n.Add(n.Lsh(n, 1), big.NewInt(10_000)).Quo(n, big.NewInt(20_000))
	return min(max(money.Minor(n.Int64()), r.MinFee), amount)
}

// TestMoneyOfSeveralSessions: random orders over sessions with policies of their own, bought
// as a run or not, of which units go back by wish and whole sessions by the house: every sum
// is what exact arithmetic says, and never more than was paid.
func TestMoneyOfSeveralSessions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := Open(t)
		n := rapid.IntRange(2, 5).Draw(r, "sessions")
		rungs := make([]catalog.Rung, n)
		list := nights(t, w, n, func(i int, s *catalog.Session) {
			rungs[i] = catalog.Rung{UntilBefore: 60,
				FeePercent: rapid.IntRange(0, 10_000).Draw(r, "fee"),
				MinFee:     money.Minor(rapid.IntRange(0, 900).Draw(r, "least"))}
			s.RefundPolicyID = policy(t, w, rungs[i])
		})
		seats := int32(rapid.IntRange(1, 3).Draw(r, "seats"))
		ask := overAll(w, list, numbers(seats)...)
		want := big.NewInt(int64(n) * int64(seats) * 5000)
		if bp := rapid.IntRange(0, 9_999).Draw(r, "off"); bp > 0 {
			ask.Run = runOf(list, seats, bp)
			// Of each seat the reduction is rounded once, half up.
			off := big.NewInt(int64(n) * 5000 * int64(bp))
			off.Add(off.Lsh(off, 1), big.NewInt(10_000)).Quo(off, big.NewInt(20_000))
			want.Sub(want, off.Mul(off, big.NewInt(int64(seats))))
		}
		me := Member(1)
		o := place(t, w, me, ask)
		if int64(o.Total) != want.Int64() || o.Total != sumOf(o) {
			r.Fatalf("total %d, units %d, want %s", o.Total, sumOf(o), want)
		}
		if o.Total == 0 {
			return
		}
		w.Pay(t, me, o.ID)
		due := new(big.Int)
		var gone []ticket.UnitRef
		for range rapid.IntRange(0, 4).Draw(r, "refunds") {
			ref := ref(rapid.IntRange(1, n).Draw(r, "line"),
				rapid.IntRange(1, int(seats)).Draw(r, "unit"))
			back, err := w.Return(me, o.ID, ref)
			if slices.Contains(gone, ref) {
				refusedIn(r, err, order.ErrUnitReturned)
				continue
			}
			u := w.Find(t, o.ID).Unit(ref.Line, ref.Unit)
			fee := exactFee(rungs[ref.Line-1], u.Amount)
			if err != nil || back.Quote.Fee != fee || back.Quote.Refund != u.Amount-fee {
				r.Fatalf("%+v, %v: the fee of %d is %d", back.Quote, err, u.Amount, fee)
			}
			gone = append(gone, ref)
			due.Add(due, big.NewInt(int64(u.Amount-fee)))
		}
		if rapid.Bool().Draw(r, "cancelled") {
			i := rapid.IntRange(0, n-1).Draw(r, "which")
			for k, u := range w.Find(t, o.ID).Lines[i].Units {
				if !slices.Contains(gone, ref(i+1, k+1)) {
					due.Add(due, big.NewInt(int64(u.Amount)))
				}
			}
			giveNightBack(t, w, list[i])
		}
		w.Settle(t)
		now := w.Find(t, o.ID)
		if int64(w.Till.Sent()) != due.Int64() || now.Refunded != w.Till.Sent() ||
			now.Refunded > now.Captured {
			r.Fatalf("%d sent, %d noted, %s due of %d", w.Till.Sent(), now.Refunded, due,
				now.Captured)
		}
		var kept money.Minor
		for _, l := range now.Lines {
			for _, u := range l.Units {
				if !u.Returned {
					kept += u.Amount
				}
			}
		}
		if b := w.Balance(t, o.ID, ledger.Sales); b != -kept {
			r.Fatalf("sales are %d, live units %d", b, kept)
		}
		healthy(t, w)
	})
}

func refusedIn(r *rapid.T, err, want error) {
	if !errors.Is(err, want) {
		r.Fatalf("%v, want %v", err, want)
	}
}

func numbers(n int32) (list []int32) {
	for i := range n {
		list = append(list, i+1)
	}
	return list
}

// runOf is the same seats of all sessions at so much off.
func runOf(list []*catalog.Session, seats int32, basisPoints int) *order.Run {
	run := &order.Run{Name: "连票"}
	for _, p := range numbers(seats) {
		one := order.RunSeat{BasisPoints: basisPoints}
		for _, s := range list {
			one.Nights = append(one.Nights, order.RunNight{Session: s.ID, Place: p})
		}
		run.Seats = append(run.Seats, one)
	}
	return run
}

func sumOf(o *order.Order) (sum money.Minor) {
	for _, l := range o.Lines {
		for _, u := range l.Units {
			if u.Amount < 0 || u.Amount+u.Discount != u.Price {
				return -1
			}
			sum += u.Amount
		}
	}
	return sum
}

// TestRaceOverSeveralSessions: many buyers want overlapping seats of overlapping sessions,
// named in different orders. Each has all of his or nothing, and no seat has two owners. The
// control claims the same wishes session by session: then some have a part.
func TestRaceOverSeveralSessions(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		list := nights(t, w, 4, nil)
		const buyers = 12
		won := make([]*order.Order, buyers)
		var all sync.WaitGroup
		for i := range buyers {
			all.Go(func() { won[i], _, _ = w.Try(Member(int64(i)), contested(w, list, i)) })
		}
		all.Wait()
		n := 0
		for i, o := range won {
			if o == nil {
				continue
			}
			n++
			for _, l := range contested(w, list, i).Lines {
				has(t, w, o, l.Session, l.Places...)
			}
		}
		if n == 0 {
			t.Error("nobody got anything")
		}
		healthy(t, w)
		parts := 0
		for i := range buyers {
			got := 0
			lines := contested(w, list, i).Lines
			for _, l := range lines {
				l.Places = []int32{l.Places[0] + 10}
				_, _, err := w.Try(Member(100+int64(i)), order.PlaceAsk{Session: l.Session,
					Channel: order.ChannelH5, Lines: []order.LineAsk{l}, ExpectTotal: -1})
				if err == nil {
					got++
				}
			}
			if got > 0 && got < len(lines) {
				parts++
			}
		}
		if parts == 0 {
			t.Error("the control shows no half-won wish: the race proves nothing")
		}
	})
}

// contested is the wish of the i-th buyer: a seat that others want, in three of the sessions,
// in an order of his own.
func contested(w *World, list []*catalog.Session, i int) order.PlaceAsk {
	some := slices.Delete(slices.Clone(list), i%len(list), i%len(list)+1)
	rng := rand.New(rand.NewPCG(uint64(i), 1))
	rng.Shuffle(len(some), func(a, b int) { some[a], some[b] = some[b], some[a] })
	return overAll(w, some, 1)
}

// TestFreeForSeveralSessions: what costs nothing is delivered at once in all sessions.
func TestFreeForSeveralSessions(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		list := nights(t, w, 2, nil)
		ask := overAll(w, list, 1)
		for i := range ask.Lines {
			ask.Lines[i].TicketType = w.Types.Guest
		}
		ask.Channel = order.ChannelHouse
		var o *order.Order
		if _, err := w.Orders.Place(context.Background(), w.Clerk(), ask, nil,
			func(got *order.Order) (journal.Answer, error) {
				o = got
				return journal.Answer{Status: 201, Body: []byte("{}")}, nil
			}); err != nil {
			t.Fatal(err)
		}
		if o.State != order.Paid || len(tickets(t, w, o.ID)) != 2 {
			t.Errorf("it is %s", o.State)
		}
		healthy(t, w)
	})
}
