package e2e_test

import (
	"testing"
	"time"

	"foyer/test/rig"
)

// stage is a server with one session of its own and a buyer with an unpaid order.
type stage struct {
	*rig.Server
	house   *rig.House
	session string
	buyer   *rig.Person
	order   rig.Doc
	path    string // of the order
	place   int32
}

func unpaid(t *testing.T, more map[string]any, flags ...string) *stage {
	t.Helper()
	s := &stage{Server: rig.Demo(t, flags...)}
	s.house = s.House()
	s.session = s.house.Evening(30*time.Hour, more)
	s.buyer = s.Member()
	s.again("order")
	return s
}

// again places an order for a free seat.
func (s *stage) again(key string) {
	s.place = s.buyer.Seats(s.session).Pick(1, "gold")[0]
	s.order = s.buyer.Order(key, rig.Wish(s.session, s.house.Adult, s.place))
	s.path = "/orders/" + s.order.S("id")
}

// faults sets what the bank does from now on.
func (s *stage) faults(f map[string]any) {
	s.T.Helper()
	s.Stranger().Ask("POST", s.BankURL+"/faults", f).Want(204)
}

// script sets the faults of one payment alone.
func (s *stage) script(payment rig.Doc, faults ...string) {
	s.T.Helper()
	s.faults(map[string]any{"late_ms": 1500, "scripts": map[string]any{
		payment.S("number"): faults}})
}

// refunds are the refunds of the order as staff see them.
func (s *stage) refunds() []rig.Doc {
	s.T.Helper()
	return s.house.Owner.Get("/staff" + s.path + "/payments").L("refunds")
}

// oneBack waits for the one refund of the order to arrive.
func (s *stage) oneBack(cause string, amount int64) {
	s.T.Helper()
	s.Until("the refund to arrive", 40*time.Second, func() bool {
		list := s.refunds()
		return len(list) == 1 && list[0].S("state") == "arrived"
	})
	if got := s.refunds()[0]; got.S("cause") != cause || got.N("amount_minor") != amount {
		s.T.Fatal(got)
	}
}

func (s *stage) tickets(n int) {
	s.T.Helper()
	if got := s.buyer.Tickets(s.order.S("id")); len(got) != n {
		s.T.Fatalf("%d tickets, want %d", len(got), n)
	}
}

// A declined card ends the attempt; the order waits, and the next attempt pays it.
func TestCashierRefuses(t *testing.T) {
	t.Parallel()
	s := unpaid(t, nil)
	first := s.buyer.OpenPayment(s.order.S("id"), "one")
	s.buyer.Cashier(first, "refuse").Want(200)
	s.buyer.Await("/payments/"+first.S("id"), 10*time.Second, "failed")
	if got := s.buyer.Get(s.path); got.S("state") != "pending" {
		t.Fatal(got)
	}
	second := s.buyer.OpenPayment(s.order.S("id"), "two")
	s.buyer.Cashier(second, "pay").Want(200)
	s.buyer.Await(s.path, 10*time.Second, "paid")
	s.tickets(1)
	s.Finish(s.session)
}

// Notices that are late, never come, come a hundred times, lie or are forged: the query
// decides, and each order has its ticket once.
func TestNoticesMisbehave(t *testing.T) {
	t.Parallel()
	s := unpaid(t, nil)
	for i, fault := range []string{"late", "never", "hundredfold", "doubled", "out_of_order",
		"wrong_notice", "forged", "timeout"} {
		if i > 0 {
			s.again(fault + "-order")
		}
		s.faults(map[string]any{"late_ms": 1500, "rates": map[string]any{fault: 1}})
		var pay rig.Doc
		s.Until("a payment", 20*time.Second, func() bool {
			a := s.buyer.Ask("POST", s.path+"/payments", map[string]string{"channel": "sandbox"},
				rig.Key(fault+"-pay")...)
			pay = a.Doc()
			return a.Status == 201
		})
		s.buyer.Cashier(pay, "pay").Want(200)
		s.buyer.Await(s.path, 30*time.Second, "paid")
		s.tickets(1)
	}
	s.Finish(s.session)
}

// A bank that neither tells nor answers queries keeps everybody waiting, and nothing is lost
// by it. When it tells, the notice is enough.
func TestProviderSilent(t *testing.T) {
	t.Parallel()
	s := unpaid(t, nil)
	pay := s.buyer.OpenPayment(s.order.S("id"), "pay")
	s.script(pay, "silent", "never")
	s.buyer.Cashier(pay, "pay").Want(200)
	s.house.Owner.Ask("POST", "/staff/payments/"+pay.S("id")+"/query", nil).
		Refused("payment_provider_silent")
	if got := s.buyer.Get(s.path); got.S("state") != "pending" ||
		s.buyer.Seats(s.session).Of(s.place) != 1 {
		t.Fatal(got)
	}
	s.faults(map[string]any{})
	s.house.Owner.Post(200, "/staff/payments/"+pay.S("id")+"/query", nil)
	s.buyer.Await(s.path, 5*time.Second, "paid")

	s.again("told")
	pay = s.buyer.OpenPayment(s.order.S("id"), "pay-told")
	s.script(pay, "silent")
	s.buyer.Cashier(pay, "pay").Want(200)
	s.buyer.Await(s.path, 5*time.Second, "paid")
	s.Finish(s.session)
}

// Cancelling with a payment open waits for the bank's answer, with the places kept.
func TestCancelWithOpenPayment(t *testing.T) {
	t.Parallel()
	s := unpaid(t, nil)
	pay := s.buyer.OpenPayment(s.order.S("id"), "pay")
	s.script(pay, "silent")
	if got := s.buyer.Post(200, s.path+"/cancel", nil); got.S("state") != "closing" {
		t.Fatal(got)
	}
	if s.buyer.Seats(s.session).Of(s.place) != 1 {
		t.Fatal("the place went although the bank has not answered")
	}
	s.buyer.Ask("POST", "/orders", rig.Wish(s.session, s.house.Adult,
		s.buyer.Seats(s.session).Pick(1, "")...), rig.Key("other")...).Refused("order_closing")
	s.buyer.Ask("POST", s.path+"/payments", map[string]string{"channel": "sandbox"},
		rig.Key("more")...).Refused("order_closing")
	s.faults(map[string]any{})
	s.buyer.Await(s.path, 40*time.Second, "cancelled")
	if s.buyer.Seats(s.session).Of(s.place) != 0 {
		t.Fatal("the place of a cancelled order is not free")
	}
	if code := s.buyer.Cashier(pay, "pay").Status; code == 200 {
		t.Fatal("a closed payment could be paid")
	}
	s.Finish(s.session)
}

// Money that comes although the buyer cancelled goes back, and the seat stays free.
func TestMoneyAfterCancelling(t *testing.T) {
	t.Parallel()
	s := unpaid(t, nil)
	pay := s.buyer.OpenPayment(s.order.S("id"), "pay")
	s.script(pay, "late_money")
	s.buyer.Post(200, s.path+"/cancel", nil)
	s.buyer.Await(s.path, 20*time.Second, "cancelled")
	s.buyer.Cashier(pay, "pay").Want(200)
	s.oneBack("cancelled", 5200)
	if s.buyer.Seats(s.session).Of(s.place) != 0 {
		t.Fatal("the seat is not free")
	}
	s.tickets(0)
	s.Finish(s.session)
}

// A wrong sum pays nothing: it goes back, and the order may still be paid.
func TestWrongAmount(t *testing.T) {
	t.Parallel()
	s := unpaid(t, nil)
	pay := s.buyer.OpenPayment(s.order.S("id"), "one")
	s.script(pay, "wrong_amount")
	s.buyer.Cashier(pay, "pay").Want(200)
	s.oneBack("wrong_amount", 5199)
	if got := s.buyer.Get(s.path); got.S("state") != "pending" {
		t.Fatal(got)
	}
	second := s.buyer.OpenPayment(s.order.S("id"), "two")
	s.buyer.Cashier(second, "pay").Want(200)
	s.buyer.Await(s.path, 10*time.Second, "paid")
	s.tickets(1)
	s.Finish(s.session)
}

// Two attempts of one order both paid: one buys, the other goes back.
func TestPaidTwice(t *testing.T) {
	t.Parallel()
	s := unpaid(t, nil)
	one := s.buyer.OpenPayment(s.order.S("id"), "one")
	two := s.buyer.OpenPayment(s.order.S("id"), "two")
	s.buyer.Cashier(one, "pay").Want(200)
	s.buyer.Cashier(two, "pay").Want(200)
	s.buyer.Await(s.path, 10*time.Second, "paid")
	s.oneBack("double", 5200)
	s.tickets(1)
	s.Finish(s.session)
}
