package payment_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/payment"
	"foyer/internal/payment/paymenttest"
	"foyer/internal/payment/sandbox"
	"foyer/internal/sandboxbank"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

func each(t *testing.T, fn func(t *testing.T, w *paymenttest.World)) {
	t.Helper()
	sqldbtest.Each(t, func() clock.Clock { return clock.Real{} },
		func(t *testing.T, db *sqldb.DB) {
			quick := func(c *sandboxbank.Config) { c.RefundDelay = 20 * time.Millisecond }
			fn(t, paymenttest.New(t, db, clock.Real{}, quick, nil))
		})
}

func open(t *testing.T, w *paymenttest.World, o *order.Order) *payment.Payment {
	t.Helper()
	p, err := w.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func reaches(t *testing.T, w *paymenttest.World, id int64, want payment.State) *payment.Payment {
	t.Helper()
	var p *payment.Payment
	paymenttest.Until(t, "the payment is "+string(want), func() bool {
		var err error
		p, err = w.Store.Find(context.Background(), id)
		return err == nil && p.State == want
	})
	return p
}

func faults(t *testing.T, w *paymenttest.World, number string, list ...sandboxbank.Fault) {
	t.Helper()
	f, err := w.Bank.FaultsNow()
	if err != nil {
		t.Fatal(err)
	}
	if f.Scripts == nil {
		f.Scripts = map[string][]string{}
	}
	for _, one := range list {
		f.Scripts[number] = append(f.Scripts[number], string(one))
	}
	f.LateMS = 50
	if err := w.Bank.SetFaults(f); err != nil {
		t.Fatal(err)
	}
}

// rate lets every number suffer a fault.
func rate(t *testing.T, w *paymenttest.World, f sandboxbank.Fault) {
	t.Helper()
	err := w.Bank.SetFaults(sandboxbank.Faults{Rates: map[string]float64{string(f): 1}})
	if err != nil {
		t.Fatal(err)
	}
}

// work runs reconciliation until the test ends.
func work(t *testing.T, w *paymenttest.World) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Payments.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestOpenPayNoticeTicket(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		o := w.Place(t, 9900, 10*time.Minute)
		p := open(t, w, o)
		if p.State != payment.Open || p.Sent.RedirectURL == "" {
			t.Fatalf("an opened payment is %+v", p)
		}
		if s := w.Bank.Pay(t, p.Sent.RedirectURL); s != "SUCCESS" {
			t.Fatalf("the cashier says %s", s)
		}
		p = reaches(t, w, p.ID, payment.Captured)
		if p.Result != payment.Paid || p.Captured != 9900 {
			t.Errorf("a captured payment is %+v", p)
		}
		w.Settled(t, o)
		w.Verify(t)
	})
}

// TestBadNotices: each kind of bad notice, and the order ends paid once all the same.
func TestBadNotices(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		for _, f := range []sandboxbank.Fault{sandboxbank.FaultDoubled,
			sandboxbank.FaultHundredfold, sandboxbank.FaultDisorder, sandboxbank.FaultLate,
			sandboxbank.FaultWrongNotice} {
			o := w.Place(t, 500, 10*time.Minute)
			p := open(t, w, o)
			faults(t, w, p.Number(), f)
			w.Bank.Pay(t, p.Sent.RedirectURL)
			reaches(t, w, p.ID, payment.Captured)
			w.Settled(t, o)
		}
		w.Verify(t)
	})
}

func TestForgedNoticeChangesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		rate(t, w, sandboxbank.FaultForged)
		o := w.Place(t, 500, 10*time.Minute)
		p := open(t, w, o)
		p, err := w.Payments.Query(context.Background(), paymenttest.Repairer(), p.ID)
		if err != nil || p.State != payment.Open {
			t.Fatalf("after a forged notice: %+v %v", p, err)
		}
		if w.Tickets.Of(o.ID) != 0 {
			t.Fatal("a forged notice bought a ticket")
		}
	})
}

// TestNeverNotified: reconciliation finds the money by itself, at a start too.
func TestNeverNotified(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		o := w.Place(t, 500, 10*time.Minute)
		p := open(t, w, o)
		faults(t, w, p.Number(), sandboxbank.FaultNever)
		w.Bank.Pay(t, p.Sent.RedirectURL)
		if err := w.Payments.Resume(context.Background()); err != nil {
			t.Fatal(err)
		}
		reaches(t, w, p.ID, payment.Captured)
		w.Settled(t, o)
	})
}

func TestWrongAmountGoesBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		work(t, w)
		o := w.Place(t, 500, 10*time.Minute)
		p := open(t, w, o)
		faults(t, w, p.Number(), sandboxbank.FaultWrongAmount)
		w.Bank.Pay(t, p.Sent.RedirectURL)
		p = reaches(t, w, p.ID, payment.Captured)
		if p.Captured != 499 || p.Result != payment.Refused {
			t.Errorf("captured %d, counted as %q", p.Captured, p.Result)
		}
		arrived(t, w, o)
		w.Settled(t, o)
		w.Verify(t)
	})
}

// arrived waits until all refunds of an order have arrived.
func arrived(t *testing.T, w *paymenttest.World, o *order.Order) []*payment.Refund {
	t.Helper()
	var list []*payment.Refund
	paymenttest.Until(t, "the refunds arrive", func() bool {
		var err error
		list, err = w.Store.RefundsOfOrder(context.Background(), o.ID)
		for _, r := range list {
			if r.State != payment.Arrived {
				return false
			}
		}
		return err == nil && len(list) > 0
	})
	return list
}

// TestTwoPayments: the second money of an order that is paid goes back.
func TestTwoPayments(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		work(t, w)
		o := w.Place(t, 500, 10*time.Minute)
		first, second := open(t, w, o), open(t, w, o)
		w.Bank.Pay(t, first.Sent.RedirectURL)
		reaches(t, w, first.ID, payment.Captured)
		w.Bank.Pay(t, second.Sent.RedirectURL)
		p := reaches(t, w, second.ID, payment.Captured)
		if p.Result != payment.Returned {
			t.Errorf("the second money counts as %q", p.Result)
		}
		arrived(t, w, o)
		w.Settled(t, o)
		w.Verify(t)
	})
}

// TestLateMoney: an expired order's money re-claims its places, or goes back.
func TestLateMoney(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		work(t, w)
		w.Run(t)
		full := map[int64]bool{}
		w.Book.Full = func(id int64) bool { return full[id] }
		for _, gone := range []bool{false, true} {
			o := w.Place(t, 500, 10*time.Minute)
			full[o.ID] = gone
			p := open(t, w, o)
			faults(t, w, p.Number(), sandboxbank.FaultLateMoney)
			expire(t, w, o, order.Expired)
			reaches(t, w, p.ID, payment.Closed)
			if s := w.Bank.Pay(t, p.Sent.RedirectURL); s != "SUCCESS" {
				t.Fatalf("late money: %s", s)
			}
			p = reaches(t, w, p.ID, payment.Captured)
			if gone {
				if p.Result != payment.Silent {
					t.Errorf("late money counts as %q", p.Result)
				}
				arrived(t, w, o)
			}
			w.Settled(t, o)
		}
		w.Verify(t)
	})
}

// TestMoneyInTheInstantOfTheClose: what a provider takes while it closes, and tells nobody,
// is found by a look some minutes later, and goes back or buys the places.
func TestMoneyInTheInstantOfTheClose(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		w.Run(t)
		ctx := context.Background()
		w.Book.Full = func(int64) bool { return true }
		o := w.Place(t, 500, 10*time.Minute)
		p := open(t, w, o)
		faults(t, w, p.Number(), sandboxbank.FaultLateMoney, sandboxbank.FaultNever)
		expire(t, w, o, order.Expired)
		p = reaches(t, w, p.ID, payment.Closed)
		if wait := p.AskAt.Sub(p.SettledAt); wait != 2*time.Minute {
			t.Fatalf("a closed payment is looked at again after %v", wait)
		}
		w.Bank.Pay(t, p.Sent.RedirectURL)
		if n, err := w.Payments.Round(ctx); n != 0 || err != nil {
			t.Fatalf("looked at before its time: %d %v", n, err)
		}
		err := w.DB.InTx(ctx, func(tx *sqldb.Tx) error { // its time comes
			due := *p
			due.AskAt = tx.Now
			return w.Store.Plan(tx, &due)
		})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := w.Payments.Round(ctx); n != 1 || err != nil {
			t.Fatalf("looked at %d payments: %v", n, err)
		}
		reaches(t, w, p.ID, payment.Captured)
		work(t, w)
		arrived(t, w, o)
		w.Settled(t, o)
		w.Verify(t)
	})
}

// expire ends an order's time in the book and waits for its end.
func expire(t *testing.T, w *paymenttest.World, o *order.Order, want order.State) {
	t.Helper()
	ctx := context.Background()
	err := w.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := w.Orders.Store.Get(tx, o.ID)
		if err != nil {
			return err
		}
		ok, err := w.Orders.Store.MarkClosingIfPending(tx, cur, order.EndedByTime)
		if err != nil || !ok {
			return errors.Join(err, fmt.Errorf("closing: %t", ok))
		}
		return w.Jobs.Enqueue(tx, journal.Job{ID: w.IDs.Next(), Kind: order.JobClose,
			ObjectID: o.ID, Due: tx.Now})
	})
	if err != nil {
		t.Fatal(err)
	}
	paymenttest.Until(t, "the order ends", func() bool {
		now, err := w.Orders.Store.Find(ctx, o.ID)
		return err == nil && now.State == want
	})
}

// TestClosingFindsMoney: a buyer who pays while the order closes has bought it.
func TestClosingFindsMoney(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		w.Run(t)
		o := w.Place(t, 500, 10*time.Minute)
		p := open(t, w, o)
		faults(t, w, p.Number(), sandboxbank.FaultNever)
		w.Bank.Pay(t, p.Sent.RedirectURL)
		expire(t, w, o, order.Paid)
		w.Settled(t, o)
	})
}

// TestSilentProviderKeepsPlaces: no answer keeps the payment open and the order closing.
func TestSilentProviderKeepsPlaces(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		o := w.Place(t, 500, 10*time.Minute)
		p := open(t, w, o)
		faults(t, w, p.Number(), sandboxbank.FaultSilent)
		done, err := w.Payments.CloseOpen(context.Background(), paymenttest.Organization, o.ID)
		if done || err != nil {
			t.Fatalf("closed without an answer: %t %v", done, err)
		}
		if err := w.Bank.SetFaults(sandboxbank.Faults{}); err != nil {
			t.Fatal(err)
		}
		done, err = w.Payments.CloseOpen(context.Background(), paymenttest.Organization, o.ID)
		if !done || err != nil {
			t.Fatalf("not closed: %t %v", done, err)
		}
		reaches(t, w, p.ID, payment.Closed)
	})
}

func TestAbnormalRefundWaitsForAPerson(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		work(t, w)
		ctx, staff := context.Background(), paymenttest.Repairer()
		for _, f := range []sandboxbank.Fault{sandboxbank.FaultAbnormal,
			sandboxbank.FaultNoBalance} {
			o := w.Place(t, 500, 10*time.Minute)
			p := open(t, w, o)
			w.Bank.Pay(t, p.Sent.RedirectURL)
			reaches(t, w, p.ID, payment.Captured)
			rate(t, w, f)
			id := refund(t, w, p, 500)
			paymenttest.Until(t, "the refund is abnormal", func() bool {
				r, err := w.Store.FindRefund(context.Background(), id)
				return err == nil && r.State == payment.Abnormal && r.Problem != ""
			})
			if err := w.Bank.SetFaults(sandboxbank.Faults{}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Payments.RetryRefund(ctx, staff, id); err != nil {
				t.Fatal(err)
			}
			arrived(t, w, o)
			_, err := w.Payments.RetryRefund(ctx, staff, id)
			if !errors.Is(err, payment.ErrRefundState) {
				t.Errorf("retrying what arrived: %v", err)
			}
		}
	})
}

// refund asks for money back in a transaction of its own.
func refund(t *testing.T, w *paymenttest.World, p *payment.Payment, amount money.Minor) int64 {
	t.Helper()
	id, err := tryRefund(w, p, amount)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func tryRefund(w *paymenttest.World, p *payment.Payment, amount money.Minor) (id int64, err error) {
	err = w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		id, err = w.Payments.RequestRefund(tx, payment.RefundRequest{
			Organization: p.Organization, Order: p.Order, Payment: p.ID, Amount: amount,
			Currency: p.Currency, Cause: payment.CauseRequest, Reason: "退票"})
		return err
	})
	return id, err
}

// TestRefundsNeverExceed: many at once, and the sum stays within what was taken.
func TestRefundsNeverExceed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		work(t, w)
		o := w.Place(t, 500, 10*time.Minute)
		p := open(t, w, o)
		if _, err := tryRefund(w, p, 1); !errors.Is(err, payment.ErrRefundTooLarge) {
			t.Fatalf("refund of what is not paid: %v", err)
		}
		w.Bank.Pay(t, p.Sent.RedirectURL)
		reaches(t, w, p.ID, payment.Captured)
		var all sync.WaitGroup
		var mu sync.Mutex
		granted := 0
		for range 20 {
			all.Go(func() {
				if _, err := tryRefund(w, p, 70); err == nil {
					mu.Lock()
					granted++
					mu.Unlock()
				} else if !errors.Is(err, payment.ErrRefundTooLarge) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if granted != 7 {
			t.Errorf("%d refunds of 70 out of 500", granted)
		}
		arrived(t, w, o)
		if got := w.Balance(t, o.ID, ledger.Clearing(sandbox.Name)); got != 10 {
			t.Errorf("the provider still holds %d, not 10", got)
		}
	})
}

// TestKeyResumes: a first try whose answer was lost goes on with its number.
func TestKeyResumes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		rate(t, w, sandboxbank.FaultTimeout)
		o := w.Place(t, 500, 10*time.Minute)
		path := "/api/v1/orders/" + w.API.Keys().Public("ord", o.ID) + "/payments"
		status, _ := call(t, w, "POST", path, "buyer", "k1", `{"channel":"sandbox"}`)
		if status != http.StatusServiceUnavailable {
			t.Fatalf("a lost answer: %d", status)
		}
		status, first := call(t, w, "POST", path, "buyer", "k1", `{"channel":"sandbox"}`)
		if status != http.StatusCreated || !strings.Contains(first, "/cashier/") {
			t.Fatalf("the repeat: %d %s", status, first)
		}
		status, again := call(t, w, "POST", path, "buyer", "k1", `{"channel":"sandbox"}`)
		if status != http.StatusCreated || again != first {
			t.Fatalf("the third: %d %s", status, again)
		}
		status, _ = call(t, w, "POST", path, "buyer", "k1", `{"channel":"other"}`)
		if status != 422 {
			t.Errorf("another body under the key: %d", status)
		}
		list, err := w.Store.OfOrder(context.Background(), o.ID)
		if err != nil || len(list) != 1 {
			t.Fatalf("%d payments: %v", len(list), err)
		}
	})
}

func TestConformance(t *testing.T) {
	t.Parallel()
	paymenttest.Conform(t, func(t *testing.T) paymenttest.Harness {
		w := paymenttest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{},
			func(c *sandboxbank.Config) { c.RefundDelay = 20 * time.Millisecond }, nil)
		return paymenttest.Harness{Provider: w.Client, Now: time.Now,
			Pay: w.Bank.Pay, Refuse: w.Bank.Refuse,
			Number: func() string { return fmt.Sprintf("T%d", w.IDs.Next()) },
			Day:    time.Now().In(time.FixedZone("UTC+8", 8*3600)).Format("20060102")}
	})
}
