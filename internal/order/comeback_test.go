package order_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/payment"
	"foyer/internal/seating"
)

// inDemand puts a session on sale whose returned places wait up to 15 minutes.
func inDemand(t *testing.T, w *World) {
	t.Helper()
	w.Session = w.OnSale(t, func(s *catalog.Session) {
		s.MaxPerMember = 40
		s.Returns = &catalog.Returns{WithinSeconds: 900, AtOnceMinutes: 30}
	})
}

// comeBack does the jobs that are due, each twice, and says how many there were.
func comeBack(t *testing.T, w *World) int {
	t.Helper()
	due, err := w.Bundle.Store.DueJobs(t.Context(), seating.JobComeBack, w.Clock.Now(), 100)
	if err != nil {
		t.Fatal(err)
	}
	s := seating.New(seating.Config{DB: w.DB, Store: w.Places, Book: w.Book,
		Journal: w.Journal, Clock: w.Clock, IDs: w.IDs})
	for range 2 {
		for _, j := range due {
			if again, err := s.ComeBack(t.Context(), j); err != nil || again != 0 {
				t.Errorf("again in %v, %v", again, err)
			}
		}
	}
	return len(due)
}

// TestReturnedPlacesWait: a place that was refunded, or whose order lapsed or was cancelled,
// goes to nobody in the same second, not even when all else is gone: buyers are told that it
// is held, until a moment within the window. Its area units wait with it. What the buyer
// himself gives up by choosing other places is free at once.
func TestReturnedPlacesWait(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		inDemand(t, w)
		y := w.Types
		paid := w.Buy(t, Member(1), Seats(y.Adult, 1), Units(y.Adult, Standing, 2))
		lapsed := w.Place(t, Member(2), Seats(y.Adult, 3))
		w.Lapse(t, lapsed)
		if _, err := w.Return(Member(1), paid.ID); err != nil {
			t.Fatal(err)
		}
		dropped := w.Place(t, Member(3), Seats(y.Adult, 4))
		if _, err := w.Orders.Cancel(context.Background(), Member(3), dropped.ID); err != nil {
			t.Fatal(err)
		}
		for _, place := range []int32{1, 3, 4} {
			if got := owner(t, w, place); got.Kind != seating.OwnerReturn {
				t.Fatalf("place %d belongs to %+v", place, got)
			}
			if _, _, err := w.Try(Member(9), w.Ask(Seats(y.Adult, place))); !errors.Is(err,
				seating.ErrPlaceTaken) {
				t.Errorf("place %d in the same second: %v", place, err)
			}
		}
		mine := w.Place(t, Member(4), Seats(y.Adult, 11))
		if _, err := w.Orders.Replace(context.Background(), Member(4), mine.ID,
			w.Ask(Seats(y.Adult, 12)), Rendered(&mine)); err != nil {
			t.Fatal(err)
		}
		if got := owner(t, w, 11); got.Kind != 0 {
			t.Errorf("the place that the buyer left belongs to %+v", got)
		}
		w.Verify(t)
		w.Fake.Advance(15 * time.Minute)
		if n := comeBack(t, w); n != 3 {
			t.Errorf("%d returns were due", n)
		}
		w.Place(t, Member(9), Seats(y.Adult, 1, 3, 4), Units(y.Adult, Standing, 2))
		w.Verify(t)
	})
}

// TestWhenNothingIsLeftTheWindowIsTold: a session that is full but for what waits is not
// sold out: buyers are told the end of the window, and not the moment itself.
func TestWhenNothingIsLeftTheWindowIsTold(t *testing.T) {
	t.Parallel()
	w := Open(t)
	inDemand(t, w)
	fill(t, w)
	w.Buy(t, Member(5), Units(w.Types.Adult, Table, 1))
	sold := w.Place(t, Member(1), Seats(w.Types.Adult, 1))
	before := w.Clock.Now()
	if _, err := w.Orders.Cancel(context.Background(), Member(1), sold.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.Try(Member(9), w.Ask(Seats(w.Types.Adult, 1)))
	f := fault.Of(err)
	if f == nil || f.Def != seating.ErrAllHeld {
		t.Fatalf("with one place waiting: %v", err)
	}
	if next := f.Details["next_release"]; next != before.Add(15*time.Minute).UTC() {
		t.Errorf("told is %v, the window ends %v", next, before.Add(15*time.Minute))
	}
}

// fill has the house keep all of the session but place 1, for nobody online.
func fill(t *testing.T, w *World) {
	t.Helper()
	plan, err := seating.NewPlanCache(w.Places).Plan(t.Context(), w.Session.SeatMapVersionID)
	if err != nil {
		t.Fatal(err)
	}
	var places []int32
	for i := range plan.Index.Len() {
		if p := int32(plan.Index.Seat(i).Place); p != 1 {
			places = append(places, p)
		}
	}
	keep(t, w, seating.HouseOf, time.Time{}, 50, places...)
}

// TestNothingWaitsBeforeTheStart: the window ends where the session says that nothing waits
// any more; from then on places are free at once, as they are of a session that was called
// off.
func TestNothingWaitsBeforeTheStart(t *testing.T) {
	t.Parallel()
	r := &catalog.Returns{WithinSeconds: 900, AtOnceMinutes: 30}
	start := time.Date(2026, 5, 1, 19, 30, 0, 0, time.UTC)
	for before, want := range map[time.Duration]time.Duration{
		2 * time.Hour: 15 * time.Minute, 45 * time.Minute: 15 * time.Minute,
		40 * time.Minute: 10 * time.Minute, 30 * time.Minute: 0, time.Minute: 0, -time.Hour: 0} {
		if got := r.Window(start, start.Add(-before)); got != want {
			t.Errorf("%v before the start they wait %v, want %v", before, got, want)
		}
	}
	if got := (*catalog.Returns)(nil).Window(start, start.Add(-time.Hour)); got != 0 {
		t.Errorf("without a rule: %v", got)
	}
	w := Open(t)
	inDemand(t, w)
	w.Fake.Set(w.Session.StartsAt.Add(-31 * time.Minute))
	one := w.Place(t, Member(1), Seats(w.Types.Adult, 1))
	w.Fake.Set(w.Session.StartsAt.Add(-29 * time.Minute))
	if _, err := w.Orders.Cancel(t.Context(), Member(1), one.ID); err != nil {
		t.Fatal(err)
	}
	w.Place(t, Member(2), Seats(w.Types.Adult, 1))
}

// TestLateMoneyGetsItsPlaceBack: money that comes late buys its very place while nobody has
// it: one that waits to go on sale, and one that went back to the allotment of the order's
// own channel. An allotment of others keeps it, and the money goes back.
func TestLateMoneyGetsItsPlaceBack(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		for name, tc := range map[string]struct {
			before func(*testing.T, *World)
			after  func(*testing.T, *World)
			to     order.State
		}{
			"waits": {before: inDemand, to: order.Paid},
			"its allotment": {before: func(t *testing.T, w *World) {
				w.Session = w.OnSale(t, nil)
				keep(t, w, seating.Online, time.Time{}, 3, 1)
			}, to: order.Paid},
			"an allotment of others": {before: func(t *testing.T, w *World) {
				w.Session = w.OnSale(t, nil)
			}, after: func(t *testing.T, w *World) {
				keep(t, w, seating.Agency, time.Time{}, 1, 1)
			}, to: order.Expired},
		} {
			tc.before(t, w)
			me := Member(int64(len(name)))
			o := w.Place(t, me, Seats(w.Types.Adult, 1), Units(w.Types.Adult, Standing, 3))
			p, err := w.OpenPayment(me, o.ID)
			if err != nil {
				t.Fatal(err)
			}
			w.Lapse(t, o)
			closeOut(t, &stage{w, o, p})
			if tc.after != nil {
				tc.after(t, w)
			}
			w.Till.Take(p.Number(), p.Amount, p.Currency)
			if p = w.Look(t, p); p.State != payment.Captured {
				t.Errorf("%s: the payment is %s", name, p.State)
			}
			if got := w.Find(t, o.ID).State; got != tc.to {
				t.Errorf("%s: the order is %s, want %s", name, got, tc.to)
			}
			if tc.to == order.Paid {
				claimed(t, w, o, 1)
			}
			w.Settle(t)
			healthy(t, w)
		}
	})
}
