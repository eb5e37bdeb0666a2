package order_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/sqldb"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		w.Session = w.OnSale(t, func(s *catalog.Session) { s.MaxPerOrder, s.MaxPerMember = 4, 5 })
		y, me := w.Types, Member(1)
		if _, _, err := w.Try(me, w.Ask(Seats(y.Adult, 1, 2, 3, 4, 5))); !errors.Is(err,
			order.ErrTooManyPerOrder) {
			t.Errorf("five in an order: %v", err)
		}
		first := w.Buy(t, me, Seats(y.Adult, 1, 2, 3, 4))
		if _, _, err := w.Try(me, w.Ask(Seats(y.Adult, 5, 6))); !errors.Is(err, order.ErrLimit) {
			t.Errorf("six in all: %v", err)
		}
		if _, err := w.Return(me, first.ID, ref(1, 1), ref(1, 3)); err != nil {
			t.Fatal(err)
		}
		second := w.Place(t, me, Seats(y.Adult, 5, 6, 7))
		w.Lapse(t, second)
		if _, _, err := w.Try(me, w.Ask(Seats(y.Adult, 5, 6, 7, 8))); !errors.Is(err,
			order.ErrLimit) {
			t.Errorf("two kept and four more: %v", err)
		}
		w.Place(t, me, Seats(y.Adult, 1, 3, 7))
	})
}

// rush lets one member order from 32 devices at once, each a seat of its own, over the
// given limits, and gives how many places he then has.
func rush(t *testing.T, w *World, max int, take func(tx *sqldb.Tx, order int64) error) int {
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := 0
	for i := range int64(32) {
		wg.Go(func() {
			err := w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
				return take(tx, i+1)
			})
			switch {
			case err == nil:
				mu.Lock()
				got++
				mu.Unlock()
			case !errors.Is(err, order.ErrLimit):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return got
}

func TestTheLimitHoldsInARush(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		const limit = 5
		got := rush(t, w, limit, func(tx *sqldb.Tx, _ int64) error {
			return w.Orders.Store.TakeMember(tx, order.MemberTake{Session: w.Session.ID,
				Member: 9, N: 1, Max: limit})
		})
		if got != limit {
			t.Errorf("%d places for a limit of %d", got, limit)
		}
	})
}

// TestALooseLimitIsPassed is the control: a look before the count, as the only check, lets
// the same rush pass the limit.
func TestALooseLimitIsPassed(t *testing.T) {
	t.Parallel()
	w := Open(t)
	const limit = 5
	var looked sync.WaitGroup
	looked.Add(32)
	var mu sync.Mutex
	n, got := 0, 0
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			mu.Lock()
			seen := n
			mu.Unlock()
			looked.Done()
			looked.Wait() // every device looks before any of them counts
			if seen+1 > limit {
				return
			}
			if err := w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
				return w.Orders.Store.TakeMember(tx, order.MemberTake{Session: w.Session.ID,
					Member: 9, N: 1})
			}); err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			n++
			got++
			mu.Unlock()
		})
	}
	wg.Wait()
	if got <= limit {
		t.Fatalf("the auditor counts %d where nothing holds the limit of %d", got, limit)
	}
}

func TestThreeLapsesCoolDown(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		me, ask := Member(1), w.Ask(Seats(w.Types.Adult, 1))
		for range 3 {
			w.Lapse(t, w.Place(t, me, ask.Lines...))
		}
		_, _, err := w.Try(me, ask)
		if !errors.Is(err, order.ErrCoolDown) || fault.Of(err).RetryAfter <= 0 {
			t.Fatalf("a fourth hold: %v", err)
		}
		if _, _, err := w.Try(Member(2), ask); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		w.Fake.Advance(fault.Of(err).RetryAfter)
		if _, _, err := w.Try(me, w.Ask(Seats(w.Types.Adult, 2))); err != nil {
			t.Errorf("after the cool-down: %v", err)
		}
	})
}

func TestCancellingDoesNotCoolDown(t *testing.T) {
	t.Parallel()
	w := Open(t)
	for range 5 {
		o := w.Place(t, Member(1), Seats(w.Types.Adult, 1))
		if _, err := w.Orders.Cancel(context.Background(), Member(1), o.ID); err != nil {
			t.Fatal(err)
		}
	}
}
