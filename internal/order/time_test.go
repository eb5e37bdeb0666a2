package order_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
)

func due(w *World) { w.Orders.ExpireDue(context.Background()) }

func TestHoldsEndOnTime(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		o := w.Place(t, Member(1), Seats(w.Types.Adult, 1))
		w.Fake.Advance(599 * time.Second)
		due(w)
		if s := w.Find(t, o.ID).State; s != order.Pending {
			t.Fatalf("freed a second early: %s", s)
		}
		w.Fake.Advance(time.Second)
		due(w)
		if s := w.Find(t, o.ID).State; s != order.Expired {
			t.Fatalf("not freed in time: %s", s)
		}
		w.Place(t, Member(2), Seats(w.Types.Adult, 1))
	})
}

// TestTheExpirerWakesByItself: the running loop ends what is due without being asked.
func TestTheExpirerWakesByItself(t *testing.T) {
	t.Parallel()
	w := Open(t)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Orders.RunExpiry(ctx) }()
	o := w.Place(t, Member(1), Seats(w.Types.Adult, 1))
	deadline := time.After(10 * time.Second)
	for w.Find(t, o.ID).State != order.Expired {
		w.Fake.Advance(10 * time.Second)
		select {
		case <-deadline:
			t.Fatal("the expirer sleeps on")
		default:
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestExtending(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		ctx := context.Background()
		o := w.Place(t, Member(1), Seats(w.Types.Adult, 1), Units(w.Types.Adult, Standing, 2))
		w.Fake.Advance(9 * time.Minute)
		longer, err := w.Orders.Extend(ctx, w.Clerk(), o.ID, 20*time.Minute)
		if err != nil || !longer.ExpiresAt.Equal(o.ExpiresAt.Add(20*time.Minute)) {
			t.Fatalf("extended: %+v %v", longer, err)
		}
		p, err := w.Places.Picture(ctx, o.Session)
		if err != nil || !p.Claims[0].Until.Equal(longer.ExpiresAt) {
			t.Errorf("the claim ends at %v: %v", p.Claims[0].Until, err)
		}
		w.Fake.Advance(20*time.Minute + 59*time.Second)
		due(w)
		if s := w.Find(t, o.ID).State; s != order.Pending {
			t.Fatalf("an extended order ended at its old time: %s", s)
		}
		w.Fake.Advance(time.Second)
		due(w)
		if s := w.Find(t, o.ID).State; s != order.Expired {
			t.Fatalf("an extended order is %s", s)
		}
		o = w.Place(t, Member(2), Seats(w.Types.Adult, 1))
		for _, by := range []time.Duration{0, -time.Minute, 24 * time.Hour} {
			if _, err := w.Orders.Extend(ctx, w.Clerk(), o.ID, by); !errors.Is(err,
				order.ErrExtend) {
				t.Errorf("extended by %v: %v", by, err)
			}
		}
	})
}

// TestTheWallClockJumps: steps of the wall clock neither free a hold nor keep it.
func TestTheWallClockJumps(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			t.Parallel()
			w := Open(t)
			w.Session = w.OnSale(t, func(s *catalog.Session) { s.StartsAt, s.EndsAt = far(s) })
			o := w.Place(t, Member(1), Seats(w.Types.Adult, 1))
			w.Fake.Advance(5 * time.Minute)
			w.Fake.Jump(jump)
			due(w)
			if s := w.Find(t, o.ID).State; s != order.Pending {
				t.Fatalf("the jump ended a hold: %s", s)
			}
			if _, err := w.Orders.Extend(context.Background(), w.Clerk(), o.ID,
				time.Minute); err != nil {
				t.Fatal(err)
			}
			w.Fake.Advance(5*time.Minute + 59*time.Second)
			due(w)
			if s := w.Find(t, o.ID).State; s != order.Pending {
				t.Fatalf("freed early after the jump: %s", s)
			}
			w.Fake.Advance(2 * time.Second)
			due(w)
			if s := w.Find(t, o.ID).State; s != order.Expired {
				t.Fatalf("kept longer than it had: %s", s)
			}
		})
	}
}

func far(s *catalog.Session) (from, to time.Time) {
	return s.StartsAt.AddDate(0, 0, 30), s.EndsAt.AddDate(0, 0, 30)
}

// TestAStartAfterAGap: each open hold gets what was left when the last process was seen, at
// least a minute, whatever the wall clock did in between.
func TestAStartAfterAGap(t *testing.T) {
	t.Parallel()
	for _, gap := range []time.Duration{2 * time.Second, 20 * time.Minute, 26 * time.Hour,
		72 * time.Hour, -time.Hour, -24 * time.Hour} {
		t.Run(gap.String(), func(t *testing.T) {
			t.Parallel()
			Each(t, func(t *testing.T, w *World) { startAfter(t, w, gap) })
		})
	}
}

func startAfter(t *testing.T, w *World, gap time.Duration) {
	ctx := context.Background()
	w.Session = w.OnSale(t, func(s *catalog.Session) { s.StartsAt, s.EndsAt = far(s) })
	long := w.Place(t, Member(1), Seats(w.Types.Adult, 1))
	if _, err := w.Orders.Extend(ctx, w.Clerk(), long.ID, 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	short := w.Place(t, Member(2), Seats(w.Types.Adult, 2))
	w.Fake.Advance(595 * time.Second)
	fresh := w.Place(t, Member(3), Seats(w.Types.Adult, 3))
	beat := w.Clock.Now()
	w.Fake.Jump(gap)
	w.Orders = w.NewOrders(w.DB)
	if err := w.Orders.Resume(ctx, beat); err != nil {
		t.Fatal(err)
	}
	left := map[*order.Order]time.Duration{long: 2*time.Hour + 5*time.Second,
		short: time.Minute, fresh: 10 * time.Minute}
	if gap == 2*time.Second { // nobody noticed: the wall clock went on as it should
		left[long], left[short], left[fresh] = 2*time.Hour+3*time.Second, 3*time.Second,
			598*time.Second
	}
	passed := time.Duration(0)
	for _, o := range []*order.Order{short, fresh, long} {
		w.Fake.Advance(left[o] - passed - time.Millisecond)
		due(w)
		if s := w.Find(t, o.ID).State; s != order.Pending {
			t.Errorf("freed before %v: %s", left[o], s)
		}
		w.Fake.Advance(time.Millisecond)
		due(w)
		if s := w.Find(t, o.ID).State; s != order.Expired {
			t.Errorf("after %v: %s", left[o], s)
		}
		passed = left[o]
	}
	healthy(t, w)
}

// TestNothingIsRememberedOfWhatEnded: holds are forgotten however an order ends.
func TestNothingIsRememberedOfWhatEnded(t *testing.T) {
	t.Parallel()
	w := Open(t)
	for n := range int64(40) {
		me, place := Member(n+1), int32(n+1)
		o := w.Place(t, me, Seats(w.Types.Adult, place))
		switch n % 4 {
		case 0:
			w.Lapse(t, o)
		case 1:
			w.Pay(t, me, o.ID)
		case 2:
			if _, err := w.Orders.Cancel(context.Background(), me, o.ID); err != nil {
				t.Fatal(err)
			}
		case 3:
			if _, err := w.OpenPayment(me, o.ID); err != nil {
				t.Fatal(err)
			}
			w.Lapse(t, o)
			closeOut(t, &stage{w: w, o: o})
		}
	}
	if n := w.Orders.Holding(); n != 0 {
		t.Errorf("%d holds are remembered of orders that ended", n)
	}
}
