package order_test

import (
	"context"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/journal"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/payment"
	"foyer/internal/sqldb"
)

// stage is an order brought to a state, with a payment where the way there has one.
type stage struct {
	w   *World
	o   *order.Order
	pay *payment.Payment
}

func (s *stage) now(t *testing.T) *order.Order { return s.w.Find(t, s.o.ID) }

// in brings a fresh order of a member of its own to a state.
func in(t *testing.T, w *World, n int64, state order.State, by order.EndedBy) *stage {
	t.Helper()
	ctx, me := context.Background(), Member(n)
	s := &stage{w: w, o: w.Place(t, me, Seats(w.Types.Adult, int32(n)))}
	open := func() {
		var err error
		if s.pay, err = w.OpenPayment(me, s.o.ID); err != nil {
			t.Fatal(err)
		}
	}
	end := func() {
		if by == order.EndedByTime {
			w.Lapse(t, s.o)
		} else if _, err := w.Orders.Cancel(ctx, me, s.o.ID); err != nil {
			t.Fatal(err)
		}
	}
	switch state {
	case order.Pending:
	case order.Closing:
		open()
		end()
	case order.Paid:
		s.pay = w.Pay(t, me, s.o.ID)
	default: // expired or cancelled, with a payment that was closed
		open()
		end()
		closeOut(t, s)
	}
	if got := s.now(t).State; got != state {
		t.Fatalf("brought to %s instead of %s", got, state)
	}
	return s
}

// closeOut does what JobClose does.
func closeOut(t *testing.T, s *stage) {
	t.Helper()
	if _, err := s.w.Orders.Close(context.Background(),
		journal.Job{Kind: order.JobClose, ObjectID: s.o.ID}); err != nil {
		t.Fatal(err)
	}
}

// money lets the buyer pay at the provider and the answer be known.
func pays(t *testing.T, s *stage) {
	t.Helper()
	s.w.Till.Take(s.pay.Number(), s.o.Total, s.o.Currency)
	s.pay = s.w.Look(t, s.pay)
}

// TestEveryEdge is the state machine, one row an edge: where an order is, what happens, and
// where it is then. What is not listed as a change is refused or changes nothing.
func TestEveryEdge(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	cancel := func(t *testing.T, s *stage) {
		_, _ = s.w.Orders.Cancel(ctx, actor.Actor{Kind: actor.Member, ID: s.o.Member}, s.o.ID)
	}
	lapse := func(t *testing.T, s *stage) { s.w.Lapse(t, s.o) }
	extend := func(t *testing.T, s *stage) {
		_, _ = s.w.Orders.Extend(ctx, s.w.Clerk(), s.o.ID, time.Hour)
	}
	opened := func(then func(*testing.T, *stage)) func(*testing.T, *stage) {
		return func(t *testing.T, s *stage) {
			var err error
			if s.pay, err = s.w.OpenPayment(actor.Actor{Kind: actor.Member, ID: s.o.Member},
				s.o.ID); err != nil {
				t.Fatal(err)
			}
			then(t, s)
		}
	}
	reopen := func(t *testing.T, s *stage) {
		_, err := s.w.OpenPayment(actor.Actor{Kind: actor.Member, ID: s.o.Member}, s.o.ID)
		if err == nil {
			t.Error("a payment was opened")
		}
	}
	again := func(t *testing.T, s *stage) { // the settling of a payment that is settled
		before := s.w.Balance(t, s.o.ID, "sales")
		s.w.Look(t, s.pay)
		if s.w.Balance(t, s.o.ID, "sales") != before {
			t.Error("one payment was booked twice")
		}
	}
	for _, tc := range []struct {
		name string
		from order.State
		by   order.EndedBy
		do   func(*testing.T, *stage)
		to   order.State
	}{
		{"paid", order.Pending, "", opened(pays), order.Paid},
		{"time is over", order.Pending, "", lapse, order.Expired},
		{"cancelled", order.Pending, "", cancel, order.Cancelled},
		{"time is over while paying", order.Pending, "", opened(lapse), order.Closing},
		{"cancelled while paying", order.Pending, "", opened(cancel), order.Closing},
		{"extended", order.Pending, "", extend, order.Pending},
		{"paid after all", order.Closing, order.EndedByTime, pays, order.Paid},
		{"paid although cancelled", order.Closing, order.EndedByBuyer, pays, order.Paid},
		{"closed without money", order.Closing, order.EndedByTime, closeOut, order.Expired},
		{"closed as cancelled", order.Closing, order.EndedByBuyer, closeOut, order.Cancelled},
		{"cancel when closing", order.Closing, order.EndedByTime, cancel, order.Closing},
		{"cancel again", order.Closing, order.EndedByBuyer, cancel, order.Closing},
		{"extend when closing", order.Closing, order.EndedByTime, extend, order.Closing},
		{"pay anew when closing", order.Closing, order.EndedByTime, reopen, order.Closing},
		{"time when closing", order.Closing, order.EndedByTime, lapse, order.Closing},
		{"late money", order.Expired, order.EndedByTime, pays, order.Paid},
		{"cancel when expired", order.Expired, order.EndedByTime, cancel, order.Expired},
		{"extend when expired", order.Expired, order.EndedByTime, extend, order.Expired},
		{"pay anew when expired", order.Expired, order.EndedByTime, reopen, order.Expired},
		{"close when expired", order.Expired, order.EndedByTime, closeOut, order.Expired},
		{"money when cancelled", order.Cancelled, order.EndedByBuyer, pays, order.Cancelled},
		{"cancel when cancelled", order.Cancelled, order.EndedByBuyer, cancel, order.Cancelled},
		{"extend when cancelled", order.Cancelled, order.EndedByBuyer, extend, order.Cancelled},
		{"pay anew when cancelled", order.Cancelled, order.EndedByBuyer, reopen,
			order.Cancelled},
		{"time when cancelled", order.Cancelled, order.EndedByBuyer, lapse, order.Cancelled},
		{"cancel when paid", order.Paid, "", cancel, order.Paid},
		{"time when paid", order.Paid, "", lapse, order.Paid},
		{"extend when paid", order.Paid, "", extend, order.Paid},
		{"pay anew when paid", order.Paid, "", reopen, order.Paid},
		{"close when paid", order.Paid, "", closeOut, order.Paid},
		{"the same money again", order.Paid, "", again, order.Paid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			Each(t, func(t *testing.T, w *World) {
				s := in(t, w, 1, tc.from, tc.by)
				before := s.now(t)
				tc.do(t, s)
				after := s.now(t)
				if after.State != tc.to {
					t.Fatalf("%s → %s, want %s", tc.from, after.State, tc.to)
				}
				if (after.State != before.State) != (after.Revision > before.Revision) &&
					tc.name != "extended" {
					t.Errorf("revision %d → %d", before.Revision, after.Revision)
				}
				settled(t, s)
			})
		})
	}
}

// settled fails unless claims, tickets and money of the order are what its state says.
func settled(t *testing.T, s *stage) {
	t.Helper()
	w := s.w
	w.Settle(t) // which may close what was still open
	o := s.now(t)
	want, live, sales := []int32{}, 0, int64(0)
	switch o.State {
	case order.Pending, order.Closing:
		want = []int32{1}
	case order.Paid:
		want, live, sales = []int32{1}, 1, int64(o.Total)
	}
	claimed(t, w, o, want...)
	if n := len(tickets(t, w, o.ID)); n != live {
		t.Errorf("%d live tickets of a %s order", n, o.State)
	}
	if got := -int64(w.Balance(t, o.ID, "sales")); got != sales {
		t.Errorf("sold for %d, want %d", got, sales)
	}
	for _, account := range []string{"to_return", "refund_payable"} {
		if b := w.Balance(t, o.ID, account); b != 0 {
			t.Errorf("%s holds %d", account, b)
		}
	}
	healthy(t, w)
}

// TestEdgesAreGuarded: each store method refuses from every other state and from an order
// that has moved on since it was read.
func TestEdgesAreGuarded(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		st := w.Orders.Store
		edges := map[string]struct {
			from []order.State
			do   func(*sqldb.Tx, *order.Order) (bool, error)
		}{
			"paid": {[]order.State{order.Pending, order.Closing}, func(tx *sqldb.Tx,
				o *order.Order) (bool, error) {
				return st.MarkPaidIfUnpaid(tx, o, false)
			}},
			"re-claimed": {[]order.State{order.Expired}, st.MarkPaidIfExpired},
			"ended": {[]order.State{order.Pending}, func(tx *sqldb.Tx, o *order.Order) (bool,
				error) {
				return st.MarkEndedIfIdle(tx, o, order.EndedByTime)
			}},
			"closing": {nil, func(tx *sqldb.Tx, o *order.Order) (bool, error) {
				return st.MarkClosingIfPending(tx, o, order.EndedByTime)
			}},
			"closed": {nil, st.MarkEndedIfClosing},
			"extended": {[]order.State{order.Pending}, func(tx *sqldb.Tx, o *order.Order) (bool,
				error) {
				return st.ExtendIfPending(tx, o, o.ExpiresAt.Add(time.Minute))
			}},
			"paying": {[]order.State{order.Pending}, func(tx *sqldb.Tx, o *order.Order) (bool,
				error) {
				return st.CountPaymentIfPending(tx, o, time.Minute, 3)
			}},
		}
		n := int64(0)
		for _, state := range []order.State{order.Pending, order.Closing, order.Paid,
			order.Expired, order.Cancelled} {
			by := order.EndedByTime
			if state == order.Cancelled {
				by = order.EndedByBuyer
			}
			n++
			s := in(t, w, n, state, by)
			if state == order.Closing {
				defer closeOut(t, s)
			}
			for name, e := range edges {
				for _, stale := range []bool{false, true} {
					want := !stale
					if want {
						want = false
						for _, f := range e.from {
							want = want || f == state
						}
					}
					o := s.now(t)
					if stale {
						o.Revision--
					}
					var ok bool
					err := w.DB.InTx(context.Background(), func(tx *sqldb.Tx) (err error) {
						read := *o // what is undone may be done twice
						if ok, err = e.do(tx, &read); err != nil {
							return err
						}
						return errUndo
					})
					if err != errUndo || ok != want {
						t.Errorf("%s from %s (stale %v): %v %v", name, state, stale, ok, err)
					}
				}
			}
		}
	})
}

type undo struct{}

func (undo) Error() string { return "only tried" }

var errUndo error = undo{}
