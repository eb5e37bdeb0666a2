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
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
)

// guided is a world whose session wants the house's word within two days, and then the money
// within one.
func guided(t *testing.T, w *World) {
	t.Helper()
	w.Session = w.OnSale(t, func(s *catalog.Session) {
		s.Agreement = &catalog.Agreement{Hours: 48, PayHours: 24}
		s.StartsAt = w.Clock.Now().Add(240 * time.Hour)
		s.EndsAt = s.StartsAt.Add(2 * time.Hour)
	})
}

// TestEveryEdgeOfRequested is the part of the state machine around the house's word, one row
// an edge: what happens, and where the order is then.
func TestEveryEdgeOfRequested(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	agree := func(w *World, o *order.Order) error {
		_, err := w.Orders.Agree(ctx, w.Clerk(), o.ID, "欢迎")
		return err
	}
	decline := func(w *World, o *order.Order) error {
		_, err := w.Orders.Decline(ctx, w.Clerk(), o.ID, "当天闭馆")
		return err
	}
	cancel := func(w *World, o *order.Order) error {
		_, err := w.Orders.Cancel(ctx, Member(1), o.ID)
		return err
	}
	pay := func(w *World, o *order.Order) error {
		_, err := w.OpenPayment(Member(1), o.ID)
		return err
	}
	extend := func(w *World, o *order.Order) error {
		_, err := w.Orders.Extend(ctx, w.Clerk(), o.ID, time.Hour)
		return err
	}
	lapse := func(w *World, o *order.Order) error {
		w.Fake.Advance(48*time.Hour + time.Millisecond)
		w.Orders.ExpireDue(ctx)
		return nil
	}
	then := func(steps ...func(*World, *order.Order) error) func(*World, *order.Order) error {
		return func(w *World, o *order.Order) error {
			for _, step := range steps[:len(steps)-1] {
				if err := step(w, o); err != nil {
					return err
				}
			}
			return steps[len(steps)-1](w, o)
		}
	}
	for _, tc := range []struct {
		name string
		do   func(*World, *order.Order) error
		to   order.State
		want error
	}{
		{"asked", func(*World, *order.Order) error { return nil }, order.Requested, nil},
		{"agreed", agree, order.Pending, nil},
		{"agreed twice", then(agree, agree), order.Pending, order.ErrNotRequested},
		{"refused", decline, order.Cancelled, nil},
		{"agreed after a no", then(decline, agree), order.Cancelled, order.ErrNotRequested},
		{"refused after a yes", then(agree, decline), order.Pending, order.ErrNotRequested},
		{"given up", cancel, order.Cancelled, nil},
		{"agreed after it was given up", then(cancel, agree), order.Cancelled,
			order.ErrNotRequested},
		{"never answered", lapse, order.Expired, nil},
		{"agreed too late", then(lapse, agree), order.Expired, order.ErrNotRequested},
		{"paid before the answer", pay, order.Requested, order.ErrAwaitsHouse},
		{"extended before the answer", extend, order.Requested, order.ErrNotPending},
		{"agreed and given up", then(agree, cancel), order.Cancelled, nil},
		{"agreed and never paid", then(agree, lapse), order.Expired, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			Each(t, func(t *testing.T, w *World) {
				guided(t, w)
				o := w.Place(t, Member(1), Seats(w.Types.Adult, 7, 8))
				if o.State != order.Requested {
					t.Fatalf("placed as %s", o.State)
				}
				if err := tc.do(w, o); !errors.Is(err, tc.want) {
					t.Errorf("%v, want %v", err, tc.want)
				}
				now := w.Find(t, o.ID)
				if now.State != tc.to {
					t.Errorf("it is %s, want %s", now.State, tc.to)
				}
				if now.State == order.Requested || now.State == order.Pending {
					claimed(t, w, now, 7, 8)
				} else {
					claimed(t, w, now)
				}
				healthy(t, w)
			})
		})
	}
}

// An agreed order is paid like any other, and one that costs nothing is done by the word.
func TestAgreedOrderIsPaid(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		guided(t, w)
		ctx := context.Background()
		o := w.Place(t, Member(1), Seats(w.Types.Adult, 7, 8))
		if again := w.Place(t, Member(1), Seats(w.Types.Adult, 7, 8)); again.ID != o.ID {
			t.Error("the same wish is two orders")
		}
		if _, _, err := w.Try(Member(1), w.Ask(Seats(w.Types.Adult, 9))); !errors.Is(err,
			order.ErrAwaitsHouse) {
			t.Errorf("another wish while the house thinks: %v", err)
		}
		if _, err := w.Orders.Decline(ctx, w.Clerk(), o.ID, " "); !errors.Is(err,
			order.ErrWords) {
			t.Errorf("refused without words: %v", err)
		}
		if _, err := w.Orders.Agree(ctx, Member(1), o.ID, ""); !errors.Is(err, fault.NotAllowed) {
			t.Errorf("the buyer agrees himself: %v", err)
		}
		if _, err := w.Orders.Agree(ctx, w.Clerk(), o.ID, "请提前 15 分钟到"); err != nil {
			t.Fatal(err)
		}
		word, now, err := w.Orders.Word(ctx, Member(1), o.ID)
		if err != nil || word.State != order.HouseAgreed || word.Words != "请提前 15 分钟到" ||
			!now.ExpiresAt.Equal(w.Clock.Now().Add(24*time.Hour)) {
			t.Errorf("the word: %+v, until %v, %v", word, now.ExpiresAt, err)
		}
		w.Pay(t, Member(1), o.ID)
		if n := len(tickets(t, w, o.ID)); n != 2 {
			t.Errorf("%d tickets", n)
		}
		free := w.Place(t, Member(2), Seats(w.Types.Guest, 20))
		if free.State != order.Requested {
			t.Fatalf("a free order is %s before the word", free.State)
		}
		if done, err := w.Orders.Agree(ctx, w.Clerk(), free.ID, ""); err != nil ||
			done.State != order.Paid || len(tickets(t, w, free.ID)) != 1 {
			t.Errorf("a free order after the word: %+v, %v", done, err)
		}
		if counter, _, err := w.Try(w.Clerk(), w.Ask(Seats(w.Types.Adult, 30))); err != nil ||
			counter.State != order.Pending {
			t.Errorf("the counter's own order: %+v, %v", counter, err)
		}
		healthy(t, w)
	})
}

// A yes and a no at once: one of them counts. The guard is the word's row and the order's
// state; without a transaction that reads both, each would have been told it succeeded.
func TestYesAndNoAtOnce(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		guided(t, w)
		o := w.Place(t, Member(1), Seats(w.Types.Adult, 7))
		var yes, no atomic.Int64
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if _, err := w.Orders.Agree(context.Background(), w.Clerk(), o.ID, ""); err == nil {
					yes.Add(1)
				}
			})
			all.Go(func() {
				_, err := w.Orders.Decline(context.Background(), w.Clerk(), o.ID, "满了")
				if err == nil {
					no.Add(1)
				}
			})
		}
		all.Wait()
		if yes.Load()+no.Load() != 1 {
			t.Errorf("%d agreed and %d refused", yes.Load(), no.Load())
		}
		healthy(t, w)
	})
}

// After a restart, days later, what waits for the house still ends in time.
func TestRequestedOutlivesARestart(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		guided(t, w)
		ctx := context.Background()
		o := w.Place(t, Member(1), Seats(w.Types.Adult, 7))
		w.Fake.Advance(40 * time.Hour)
		next := w.NewOrders(w.DB)
		if err := next.Resume(ctx, w.Clock.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		next.ExpireDue(ctx)
		if now := w.Find(t, o.ID); now.State != order.Requested {
			t.Fatalf("it is %s with hours to go", now.State)
		}
		w.Fake.Advance(9 * time.Hour)
		next.ExpireDue(ctx)
		if now := w.Find(t, o.ID); now.State != order.Expired {
			t.Errorf("it is %s after its time", now.State)
		}
		list, _, err := next.Requests(ctx, w.Clerk(),
			actor.Scope{Organization: w.House.Org.ID}, 0, 10)
		if err != nil || len(list) != 0 {
			t.Errorf("still listed: %d, %v", len(list), err)
		}
	})
}
