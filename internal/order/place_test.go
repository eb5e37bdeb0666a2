package order_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

func TestPlacingRules(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		y := w.Types
		best := func(b seating.Best) *seating.Best { return &b }
		counter := func(a *order.PlaceAsk) { a.Channel = order.ChannelCounter }
		member := int64(0)
		for _, tc := range []struct {
			name   string
			lines  []order.LineAsk
			change func(*order.PlaceAsk)
			total  money.Minor
			places int
			units  int
			err    error
		}{
			{name: "named", lines: []order.LineAsk{Seats(y.Adult, 1, 2)}, total: 10000,
				places: 2, units: 2},
			{name: "two types", lines: []order.LineAsk{Seats(y.Adult, 3), Seats(y.Child, 4)},
				total: 7501, places: 2, units: 2},
			{name: "best", lines: []order.LineAsk{{TicketType: y.Adult, Quantity: 3}},
				change: func(a *order.PlaceAsk) { a.Best = best(seating.Best{}) }, total: 15000,
				places: 3, units: 3},
			{name: "best at most", lines: []order.LineAsk{{TicketType: y.Adult, Quantity: 1}},
				change: func(a *order.PlaceAsk) { a.Best = best(seating.Best{MaxPrice: 4999}) },
				err:    seating.ErrNoMatch},
			{name: "area", lines: []order.LineAsk{Units(y.Adult, Standing, 2)}, total: 6000,
				places: 2, units: 2},
			{name: "mixed", lines: []order.LineAsk{Seats(y.Adult, 11), Units(y.Child, Standing, 1)},
				total: 6500, places: 2, units: 2},
			{name: "a couple pair is one unit", lines: []order.LineAsk{
				Seats(y.Adult, PairLeft, PairRight)}, total: 9900, places: 2, units: 1},
			{name: "half a pair", lines: []order.LineAsk{Seats(y.Adult, PairLeft)},
				err: seating.ErrSplitsPair},
			{name: "a table is one unit", lines: []order.LineAsk{Units(y.Adult, Table, 1)},
				total: 80000, places: 1, units: 1},
			{name: "a table twice", lines: []order.LineAsk{Units(y.Adult, Table, 2)},
				err: seating.ErrAreaFull},
			{name: "family of three", lines: []order.LineAsk{Seats(y.Family, 21, 22, 23)},
				total: 12000, places: 3, units: 1},
			{name: "two families standing", lines: []order.LineAsk{Units(y.Family, Standing, 6)},
				total: 14000, places: 6, units: 2},
			{name: "family of two", lines: []order.LineAsk{Seats(y.Family, 24, 25)},
				err: order.ErrTicketType},
			{name: "too many children", lines: []order.LineAsk{Seats(y.Child, 31, 32),
				Units(y.Child, Standing, 1)}, err: order.ErrTypeCount},
			{name: "too small a group", lines: []order.LineAsk{Seats(y.Group, 31, 32, 33)},
				err: order.ErrTypeCount},
			{name: "a group", lines: []order.LineAsk{Seats(y.Group, 31, 32, 33, 34)},
				total: 13332, places: 4, units: 4},
			{name: "not in the zone", lines: []order.LineAsk{Units(y.Group, Standing, 4)},
				err: order.ErrTicketType},
			{name: "counter only", lines: []order.LineAsk{Seats(y.Counter, 41)},
				err: order.ErrTicketType},
			{name: "a member at the counter", lines: []order.LineAsk{Seats(y.Counter, 41)},
				change: counter, err: order.ErrChannel},
			{name: "a house seat", lines: []order.LineAsk{Seats(y.Adult, HouseSeat)},
				err: seating.ErrNotForSale},
			{name: "nothing", err: order.ErrEmpty},
			{name: "no such place", lines: []order.LineAsk{Seats(y.Adult, 999)},
				err: seating.ErrUnknownPlace},
			{name: "no such type", lines: []order.LineAsk{Seats(7, 41)},
				err: order.ErrTicketType},
			{name: "a place twice", lines: []order.LineAsk{Seats(y.Adult, 41), Seats(y.Child, 41)},
				err: fault.BadInput},
			{name: "another total", lines: []order.LineAsk{Seats(y.Adult, 41)},
				change: func(a *order.PlaceAsk) { a.ExpectTotal = 4999 },
				err:    order.ErrPriceChanged},
			{name: "the expected total", lines: []order.LineAsk{Seats(y.Adult, 41)},
				change: func(a *order.PlaceAsk) { a.ExpectTotal = 5000 }, total: 5000,
				places: 1, units: 1},
			{name: "taken", lines: []order.LineAsk{Seats(y.Adult, 41, 42)},
				err: seating.ErrPlaceTaken},
			{name: "more than there are", lines: []order.LineAsk{Units(y.Adult, Standing, 45)},
				err: seating.ErrAreaFull},
		} {
			member++
			ask := w.Ask(tc.lines...)
			if tc.change != nil {
				tc.change(&ask)
			}
			o, status, err := w.Try(Member(member), ask)
			if tc.err != nil {
				if !errors.Is(err, tc.err) {
					t.Errorf("%s: %v, want %v", tc.name, err, tc.err)
				}
				continue
			}
			if err != nil || status != 201 {
				t.Errorf("%s: %d %v", tc.name, status, err)
				continue
			}
			o = w.Find(t, o.ID)
			units := 0
			var sum money.Minor
			for _, l := range o.Lines {
				units += len(l.Units)
				for _, u := range l.Units {
					sum += u.Amount
				}
			}
			if o.Total != tc.total || sum != tc.total || o.Places() != tc.places ||
				units != tc.units || o.State != order.Pending {
				t.Errorf("%s: total %d (units %d), %d places, %d units, %s", tc.name, o.Total,
					sum, o.Places(), units, o.State)
			}
		}
		w.Verify(t)
	})
}

func TestStaffSellWhereTheyMay(t *testing.T) {
	t.Parallel()
	w := Open(t)
	ask := w.Ask(Seats(w.Types.Counter, 1))
	ask.Channel = order.ChannelCounter
	stranger := catalogtest.Staff(w.House.Org.ID+1, actor.Everything)
	if _, _, err := w.Try(stranger, ask); !errors.Is(err, fault.NotAllowed) {
		t.Errorf("staff of another organization: %v", err)
	}
	if _, err := w.Orders.Price(context.Background(), stranger, ask); !errors.Is(err,
		fault.NotAllowed) {
		t.Errorf("a quote for staff of another organization: %v", err)
	}
	usher := catalogtest.Staff(w.House.Org.ID, order.PermView)
	if _, _, err := w.Try(usher, ask); !errors.Is(err, fault.NotAllowed) {
		t.Errorf("staff who do not sell: %v", err)
	}
	o, _, err := w.Try(w.Clerk(), ask)
	if err != nil || o.Member != 0 {
		t.Fatalf("the clerk: %+v %v", o, err)
	}
	ask.Lines = []order.LineAsk{Seats(w.Types.Adult, HouseSeat)}
	if _, _, err := w.Try(w.Clerk(), ask); err != nil {
		t.Errorf("a house seat at the counter: %v", err)
	}
}

func TestADraftIsMissing(t *testing.T) {
	t.Parallel()
	w := Open(t)
	plan := w.House.Plan(w.Clock.Now().AddDate(0, 0, 30))
	s, err := w.Catalog.CreateSession(context.Background(), actor.SystemActor, plan)
	if err != nil {
		t.Fatal(err)
	}
	ask := w.Ask(Seats(w.Types.Adult, 1))
	ask.Session = s.ID
	if _, _, err := w.Try(Member(1), ask); !errors.Is(err, fault.Missing) {
		t.Errorf("a draft answers a member with %v", err)
	}
	if _, _, err := w.Try(w.Clerk(), ask); !errors.Is(err, catalog.ErrNotOnSale) {
		t.Errorf("a draft answers staff with %v", err)
	}
}

// TestOneLiveOrderFromManyDevices: 32 devices of one member order the same or different
// seats; one unpaid order is left, and it has exactly the claims of its lines.
func TestOneLiveOrderFromManyDevices(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		ids := map[int64]bool{}
		for i := range int32(32) {
			wg.Go(func() {
				o, _, err := w.Try(Member(1), w.Ask(Seats(w.Types.Adult, i%4+1)))
				if err != nil {
					if !errors.Is(err, fault.Stale) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				ids[o.ID] = true
				mu.Unlock()
			})
		}
		wg.Wait()
		if len(ids) != 1 {
			t.Fatalf("%d orders: %v", len(ids), ids)
		}
		for id := range ids {
			o := w.Find(t, id)
			if o.State != order.Pending || o.Places() != 1 {
				t.Errorf("the one order is %+v", o)
			}
			claimed(t, w, o, o.Lines[0].Units[0].Places...)
		}
		healthy(t, w)
	})
}

func TestTheSameWishGetsTheSameOrder(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		y, me := w.Types, Member(1)
		first := w.Place(t, me, Seats(y.Adult, 1, 2), Units(y.Child, Standing, 1))
		w.Fake.Advance(3 * time.Minute)
		again, status, err := w.Try(me, w.Ask(Units(y.Child, Standing, 1), Seats(y.Adult, 2, 1)))
		if err != nil || status != 200 || again.ID != first.ID {
			t.Fatalf("the same wish: %d %+v %v", status, again, err)
		}
		next, status, err := w.Try(me, w.Ask(Seats(y.Adult, 2, 3)))
		if err != nil || status != 200 || next.ID != first.ID || next.Total != 10000 {
			t.Fatalf("another wish: %d %+v %v", status, next, err)
		}
		if !next.ExpiresAt.Equal(first.ExpiresAt) {
			t.Errorf("the clock began anew: %v, %v", first.ExpiresAt, next.ExpiresAt)
		}
		stored := w.Find(t, first.ID)
		if stored.Revision != 2 || next.Revision != 2 || stored.Total != 10000 {
			t.Errorf("replaced lines: %+v", stored)
		}
		claimed(t, w, stored, 2, 3)
		if _, _, err := w.Try(Member(2), w.Ask(Seats(y.Adult, 1),
			Units(y.Adult, Standing, 50))); err != nil {
			t.Errorf("what was let go is not free: %v", err)
		}
		if _, _, err := w.Try(me, w.Ask(Seats(y.Adult, 1))); !errors.Is(err,
			seating.ErrPlaceTaken) {
			t.Errorf("replaced by a taken place: %v", err)
		}
		claimed(t, w, w.Find(t, first.ID), 2, 3)
		// A restart forgets what memory knew; the book does not.
		w.Orders = w.NewOrders(w.DB)
		if o, status, err := w.Try(me, w.Ask(Seats(y.Adult, 3, 2))); err != nil || status != 200 ||
			o.ID != first.ID {
			t.Errorf("after a restart: %d %+v %v", status, o, err)
		}
		healthy(t, w)
	})
}

func TestReplacingWhilePaying(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		me := Member(1)
		o := w.Place(t, me, Seats(w.Types.Adult, 1))
		payable, err := w.Orders.Payable(context.Background(), o.ID, me)
		if err != nil {
			t.Fatal(err)
		}
		// The lines change between the look and the opening: the sum would be another.
		if _, _, err := w.Try(me, w.Ask(Seats(w.Types.Adult, 1, 2))); err != nil {
			t.Fatal(err)
		}
		err = w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
			return w.Orders.OpenPayment(tx, payable)
		})
		if !errors.Is(err, fault.Stale) {
			t.Errorf("a payment over the old sum: %v", err)
		}
		if _, err := w.OpenPayment(me, o.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Try(me, w.Ask(Seats(w.Types.Adult, 7))); !errors.Is(err,
			order.ErrPaymentOpen) {
			t.Errorf("lines changed under an open payment: %v", err)
		}
		// Also when the look at the order was before the payment.
		stale := w.Find(t, o.ID)
		stale.OpenPayments, stale.Revision = 0, stale.Revision+1
		err = w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
			return w.Orders.Store.ReplaceLines(tx, stale)
		})
		if !errors.Is(err, fault.Stale) {
			t.Errorf("the book let lines change under an open payment: %v", err)
		}
	})
}

func TestNothingToPay(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		me := Member(1)
		o := w.Place(t, me, Seats(w.Types.Guest, 1, 2))
		if o.State != order.Paid || o.EndedAt.IsZero() {
			t.Errorf("a free order is answered as %+v", o)
		}
		o = w.Find(t, o.ID)
		if o.State != order.Paid || o.EndedAt.IsZero() || len(tickets(t, w, o.ID)) != 2 {
			t.Errorf("a free order is %s with %d tickets", o.State, len(tickets(t, w, o.ID)))
		}
		if _, err := w.OpenPayment(me, o.ID); !errors.Is(err, order.ErrNothingToPay) {
			t.Errorf("paying nothing: %v", err)
		}
		if _, err := w.Return(me, o.ID, ref(1, 1)); err != nil {
			t.Errorf("giving back a free ticket: %v", err)
		}
		healthy(t, w)
	})
}

func TestAPriceThatChanges(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		ctx := context.Background()
		s, err := w.Catalog.Sellable(ctx, w.Session.ID)
		if err != nil {
			t.Fatal(err)
		}
		old := w.Place(t, Member(1), Seats(w.Types.Adult, 1))
		dearer := *w.Prices
		dearer.Cells = slices.Clone(dearer.Cells)
		dearer.Cells[0].Amount = 6000
		if _, err := w.Catalog.UpdatePriceList(ctx, actor.SystemActor, dearer); err != nil {
			t.Fatal(err)
		}
		err = w.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			return w.Catalog.GuardSession(tx, w.Session.ID, s.Session.Revision)
		})
		if !errors.Is(err, catalog.ErrSessionChanged) {
			t.Errorf("an order priced before the change: %v", err)
		}
		ask := w.Ask(Seats(w.Types.Adult, 2))
		ask.ExpectTotal = 5000
		_, _, err = w.Try(Member(2), ask)
		if !errors.Is(err, order.ErrPriceChanged) ||
			fault.Of(err).Details["total_minor"] != money.Minor(6000) {
			t.Errorf("the price that was shown: %v", err)
		}
		if w.Pay(t, Member(1), old.ID); w.Find(t, old.ID).Captured != 5000 {
			t.Error("an order's price changed after it was agreed")
		}
	})
}

// TestLongLabelsFit: the names of places end up in columns of bounded length.
func TestLongLabelsFit(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		lines := make([]order.LineAsk, 0, 4)
		for i := range int32(4) {
			lines = append(lines, Seats(w.Types.Family, i*21+1, i*21+2, i*21+3))
		}
		o := w.Buy(t, Member(1), lines...)
		for _, l := range o.Lines {
			for _, u := range l.Units {
				if n := len([]rune(u.Label)); n > 120 {
					t.Errorf("a label of %d letters", n)
				}
			}
		}
	})
}
