package order_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/sqldb"
)

// TestStaffFindOrders: by number, session and state, in pages; nobody else's.
func TestStaffFindOrders(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		ctx := context.Background()
		other := second(t, w, 0)
		bought := w.Buy(t, Member(1), Seats(w.Types.Adult, 1))
		w.Place(t, Member(2), Seats(w.Types.Adult, 2))
		w.Place(t, Member(3), Seats(w.Types.Adult, 3))
		mine := w.Session
		w.Session = other
		w.Place(t, Member(1), Seats(w.Types.Adult, 1))
		w.Session = mine
		find := func(s order.Search) (n int, next int64) {
			t.Helper()
			s.Organization = w.House.Org.ID
			if s.Limit == 0 {
				s.Limit = 10
			}
			list, next, err := w.Orders.Search(ctx, w.Clerk(), s)
			if err != nil {
				t.Fatal(err)
			}
			return len(list), next
		}
		for name, tc := range map[string]struct {
			ask  order.Search
			want int
		}{
			"all":      {order.Search{}, 4},
			"session":  {order.Search{Session: other.ID}, 1},
			"state":    {order.Search{State: order.Paid}, 1},
			"number":   {order.Search{Number: bought.Number()}, 1},
			"ticket":   {order.Search{Number: idgen.Number(tickets(t, w, bought.ID)[0].ID)}, 1},
			"both":     {order.Search{Session: mine.ID, State: order.Pending}, 2},
			"too late": {order.Search{From: w.Clock.Now().Add(time.Hour)}, 0},
		} {
			if n, _ := find(tc.ask); n != tc.want {
				t.Errorf("%s: %d orders, want %d", name, n, tc.want)
			}
		}
		n, next := find(order.Search{Limit: 3})
		rest, end := find(order.Search{Limit: 3, Before: next})
		if n != 3 || rest != 1 || end != 0 {
			t.Errorf("pages of %d and %d, then %d", n, rest, end)
		}
		elsewhere := order.Search{Organization: w.House.Org.ID, Limit: 10}
		for name, who := range map[string]actor.Actor{"member": Member(1),
			"other house": catalogtest.Staff(w.House.Org.ID+1, actor.Everything)} {
			list, _, err := w.Orders.Search(ctx, who, elsewhere)
			if len(list) > 0 || !errors.Is(err, fault.Missing) {
				t.Errorf("%s found %d, %v", name, len(list), err)
			}
		}
		elsewhere.Number = "nonsense"
		if _, _, err := w.Orders.Search(ctx, w.Clerk(), elsewhere); !errors.Is(err,
			order.ErrNumber) {
			t.Errorf("nonsense as a number: %v", err)
		}
	})
}

// TestStaffFindOrdersByAPhone: the newest of who it is, noted without the digits, and not
// without end.
func TestStaffFindOrdersByAPhone(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		ctx := context.Background()
		w.Buy(t, Member(1234), Seats(w.Types.Adult, 1))
		w.Buy(t, Member(4321), Seats(w.Types.Adult, 2))
		find := func(who actor.Actor, tail string) ([]*order.Order, error) {
			list, next, err := w.Orders.Search(ctx, who, order.Search{
				Organization: w.House.Org.ID, PhoneTail: tail, Limit: 1})
			if next != 0 {
				t.Error("there is a next page")
			}
			return list, err
		}
		list, err := find(w.Clerk(), "1234")
		if err != nil || len(list) != 1 || list[0].Member != Member(1234).ID {
			t.Errorf("found %+v, %v", list, err)
		}
		if list, err := find(w.Clerk(), "9999"); err != nil || len(list) != 0 {
			t.Errorf("nobody's phone: %+v, %v", list, err)
		}
		if list, err := find(staffWith(w), "1234"); err != nil || len(list) != 0 {
			t.Errorf("somebody who may view nothing found %+v, %v", list, err)
		}
		if _, err := find(w.Clerk(), "12a4"); !errors.Is(err, fault.BadInput) {
			t.Errorf("no digits: %v", err)
		}
		if _, err := find(Member(1), "1234"); !errors.Is(err, fault.Missing) {
			t.Errorf("a member: %v", err)
		}
		rows, err := w.DB.Query(ctx, `SELECT chained FROM journal
			WHERE action = 'order.searched_by_phone'`)
		noted, err := sqldb.Collect(rows, err, func(r *sql.Rows) (data string, err error) {
			return data, r.Scan(&data)
		})
		if err != nil || len(noted) != 3 || strings.Contains(strings.Join(noted, " "), "1234") {
			t.Errorf("the journal has %q, %v", noted, err)
		}
		for range 28 {
			if _, err := find(w.Clerk(), "1234"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := find(w.Clerk(), "1234"); !errors.Is(err, order.ErrTailTries) {
			t.Errorf("the 31st search: %v", err)
		}
		w.Fake.Advance(10 * time.Minute)
		if _, err := find(w.Clerk(), "1234"); err != nil {
			t.Errorf("ten minutes later: %v", err)
		}
	})
}
