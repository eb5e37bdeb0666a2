package payment_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/order"
	"foyer/internal/payment"
	"foyer/internal/payment/paymenttest"
	"foyer/internal/payment/sandbox"
	"foyer/internal/sandboxbank"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

// probe fails the test when a provider is called inside a transaction: there the writer
// waits for the call, so a transaction of the probe's own can never begin.
type probe struct {
	payment.Provider
	t  testing.TB
	db *sqldb.DB
	n  *sync.Map
}

func (p probe) outside(call string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := p.db.InTx(ctx, func(*sqldb.Tx) error { return nil }); err != nil {
		p.t.Errorf("%s is called inside a transaction: %v", call, err)
	}
	p.n.Store(call, true)
}

func (p probe) Create(ctx context.Context, a payment.Attempt) (payment.Opened, error) {
	p.outside("create")
	return p.Provider.Create(ctx, a)
}

func (p probe) Query(ctx context.Context, a payment.Attempt) (payment.Answer, error) {
	p.outside("query")
	return p.Provider.Query(ctx, a)
}

func (p probe) Close(ctx context.Context, a payment.Attempt) error {
	p.outside("close")
	return p.Provider.Close(ctx, a)
}

func (p probe) Refund(ctx context.Context, r payment.RefundAttempt) (payment.RefundAnswer, error) {
	p.outside("refund")
	return p.Provider.Refund(ctx, r)
}

func (p probe) QueryRefund(ctx context.Context, r payment.RefundAttempt) (
	payment.RefundAnswer, error,
) {
	p.outside("query refund")
	return p.Provider.QueryRefund(ctx, r)
}

// The probe itself: a call made inside a transaction is seen.
func TestProbeSees(t *testing.T) {
	t.Parallel()
	db := sqldbtest.Open(t, clock.Real{})
	err := db.InTx(context.Background(), func(*sqldb.Tx) error {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		return db.InTx(ctx, func(*sqldb.Tx) error { return nil })
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a transaction within a transaction: %v", err)
	}
}

// TestProviderFaults: a bank that loses answers, sends its notices late, out of order, a
// hundredfold, falsely or never, and takes wrong sums. Each payment ends ticketed or
// refunded, none both.
func TestProviderFaults(t *testing.T) {
	t.Parallel()
	count := 2000
	if testing.Short() {
		count = 300
	}
	clk := clock.NewFake(sqldbtest.Start)
	db := sqldbtest.Open(t, clk)
	called := &sync.Map{}
	w := paymenttest.New(t, db, clk, nil, func(p payment.Provider) payment.Provider {
		return probe{p, t, db, called}
	})
	w.Book.Full = func(id int64) bool { return id%2 == 0 }
	set := sandboxbank.Faults{Seed: 1, LateMS: 1_200_000, Rates: map[string]float64{
		"timeout": .3, "late": .3, "out_of_order": .1, "hundredfold": .1, "never": .05,
		"wrong_amount": .03, "wrong_notice": .05, "forged": .05, "late_money": .1,
		"refund_late": .2, "refund_abnormal": .1}}
	if err := w.Bank.SetFaults(set); err != nil {
		t.Fatal(err)
	}
	orders := make([]*order.Order, count)
	inParallel(count, func(i int) {
		orders[i] = w.Place(t, 1000, 10*time.Minute)
		buy(t, w, orders[i], i)
	})
	if err := w.Orders.Resume(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	background(t, w.Orders.RunExpiry)
	w.Run(t)
	work(t, w)
	pass(clk, 15*time.Minute)
	inParallel(count, func(i int) { lateBuyer(t, w, orders[i], i) })
	settleAll(t, w, clk, orders)
	for _, o := range orders {
		w.Settled(t, o)
	}
	w.Verify(t)
	for _, call := range []string{"create", "query", "close", "refund", "query refund"} {
		if _, ok := called.Load(call); !ok {
			t.Errorf("the run never came to %s", call)
		}
	}
}

func background(t *testing.T, run func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func inParallel(n int, fn func(i int)) {
	var all sync.WaitGroup
	next := make(chan int)
	for range 16 {
		all.Go(func() {
			for i := range next {
				fn(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}

// buy opens a payment with a key, repeats it until there is an answer, and mostly pays.
func buy(t *testing.T, w *paymenttest.World, o *order.Order, i int) {
	var p *payment.Payment
	for try := 0; p == nil || p.Sent.RedirectURL == ""; try++ {
		_, _, err := w.Keys.Run(context.Background(), journal.Call{
			Caller: paymenttest.Member, Key: fmt.Sprint("open ", o.ID), Input: []byte("x")},
			func(ctx context.Context, r *journal.Receipt) (journal.Answer, error) {
				return w.Payments.Open(ctx, paymenttest.Buyer(),
					payment.OpenAsk{Order: o.ID, Channel: sandbox.Name}, r,
					func(now *payment.Payment) (journal.Answer, error) {
						p = now
						return journal.Answer{Status: 201, Body: []byte("{}")}, nil
					})
			})
		if err != nil && !errors.Is(err, payment.ErrProviderSilent) || try > 5 {
			t.Errorf("order %d cannot be paid: %v", o.ID, err)
			return
		}
	}
	switch i % 20 {
	case 0:
		w.Bank.Refuse(t, p.Sent.RedirectURL)
	case 1, 2: // leaves, and comes back too late
	case 3:
		_, err := w.Orders.Cancel(context.Background(), paymenttest.Buyer(), o.ID)
		if err != nil {
			t.Error(err)
		}
	default:
		w.Bank.Pay(t, p.Sent.RedirectURL)
	}
}

// lateBuyer pays after the end, where the bank lets him.
func lateBuyer(t *testing.T, w *paymenttest.World, o *order.Order, i int) {
	list, err := w.Store.OfOrder(context.Background(), o.ID)
	if err != nil || len(list) != 1 {
		t.Errorf("order %d has %d payments: %v", o.ID, len(list), err)
		return
	}
	if i%20 == 1 || i%20 == 2 {
		w.Bank.Pay(t, list[0].Sent.RedirectURL)
	}
}

// pass lets time go by in steps that the workers can follow.
func pass(clk *clock.Fake, d time.Duration) {
	for end := clk.Now().Add(d); clk.Now().Before(end); {
		clk.Advance(time.Second)
		time.Sleep(4 * time.Millisecond)
	}
}

// settleAll lets time pass, retries what waits for a person, reads the bill, and ends once
// nothing is open.
func settleAll(t *testing.T, w *paymenttest.World, clk *clock.Fake, orders []*order.Order) {
	t.Helper()
	ctx := context.Background()
	for round := range 40 {
		pass(clk, 5*time.Minute)
		if round == 2 {
			if err := w.Bank.SetFaults(sandboxbank.Faults{}); err != nil {
				t.Fatal(err)
			}
			day := clk.Now().In(time.FixedZone("", 8*3600)).Format("20060102")
			if _, err := w.Payments.CheckBill(ctx, sandbox.Name, day); err != nil {
				t.Fatal(err)
			}
		}
		if open := stillOpen(t, w, orders, round > 2); open == 0 && round > 3 {
			return
		}
	}
	t.Errorf("%d orders have money on its way", stillOpen(t, w, orders, false))
}

func stillOpen(t *testing.T, w *paymenttest.World, orders []*order.Order, retry bool) (n int) {
	t.Helper()
	ctx := context.Background()
	for _, o := range orders {
		pays, err := w.Store.OfOrder(ctx, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		backs, err := w.Store.RefundsOfOrder(ctx, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pays {
			if p.State.IsOpen() {
				n++
			}
		}
		for _, r := range backs {
			if r.State == payment.Arrived {
				continue
			}
			n++
			if r.State == payment.Abnormal && retry {
				if _, err := w.Payments.RetryRefund(ctx, paymenttest.Repairer(), r.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return n
}

// TestMutatedNotices: no change of a single byte of a notice or of its headers is believed.
func TestMutatedNotices(t *testing.T) {
	t.Parallel()
	count := 10_000
	if testing.Short() {
		count = 1_000
	}
	for _, withRSA := range []bool{false, true} {
		t.Run(fmt.Sprintf("rsa=%t", withRSA), func(t *testing.T) {
			t.Parallel()
			clk := clock.NewFake(sqldbtest.Start)
			w := paymenttest.New(t, sqldbtest.Open(t, clk), clk,
				func(c *sandboxbank.Config) { c.RSANotices = withRSA }, nil)
			mutate(t, w, clk, count)
		})
	}
}

func mutate(t *testing.T, w *paymenttest.World, clk *clock.Fake, count int) {
	body := []byte(`{"id":"n1","event":"payment","merchant":"foyer","out_trade_no":` +
		`"FY0S7K2M9Q41XD8","state":"SUCCESS","amount_minor":9900,"currency":"CNY",` +
		`"transaction_id":"t","at":"2026-11-22T04:00:00Z"}`)
	headers := w.Bank.SignNotice(body)
	parse := func(h map[string]string, b []byte) error {
		_, err := w.Client.ParseNotice(func(name string) string { return h[name] }, b)
		return err
	}
	if err := parse(headers, body); err != nil {
		t.Fatalf("the notice itself: %v", err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{sandboxbank.HeaderKeyID, sandboxbank.HeaderTimestamp,
		sandboxbank.HeaderNonce, sandboxbank.HeaderSignature}
	for range count {
		b, h := append([]byte(nil), body...), map[string]string{}
		for k, v := range headers {
			h[k] = v
		}
		what := &b
		var value []byte
		name := ""
		if random.IntN(2) == 0 {
			name = names[random.IntN(len(names))]
			value = []byte(h[name])
			what = &value
		}
		at := random.IntN(len(*what))
		switch random.IntN(3) {
		case 0:
			(*what)[at] ^= 1 << random.IntN(8)
		case 1:
			*what = append((*what)[:at], (*what)[at+1:]...)
		default:
			*what = append((*what)[:at], append([]byte{byte(random.IntN(256))}, (*what)[at:]...)...)
		}
		if name != "" {
			h[name] = string(value)
		}
		if string(b) == string(body) && fmt.Sprint(h) == fmt.Sprint(map[string]string(headers)) {
			continue
		}
		if err := parse(h, b); !errors.Is(err, payment.ErrForged) {
			t.Fatalf("believed %s with %v: %v", b, h, err)
		}
	}
	clk.Advance(300 * time.Second)
	if err := parse(headers, body); !errors.Is(err, payment.ErrForged) {
		t.Errorf("believed after 300 s: %v", err)
	}
	clk.Advance(-600 * time.Second)
	if err := parse(headers, body); !errors.Is(err, payment.ErrForged) {
		t.Errorf("believed 300 s early: %v", err)
	}
}

// TestUnknownGoesToAPerson: half an hour of silence after the end flags the payment; only
// an answer or a person ends it.
func TestUnknownGoesToAPerson(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(sqldbtest.Start)
	w := paymenttest.New(t, sqldbtest.Open(t, clk), clk, nil, nil)
	ctx := context.Background()
	o := w.Place(t, 500, 10*time.Minute)
	p := open(t, w, o)
	rate(t, w, sandboxbank.FaultSilent)
	for range 45 {
		clk.Advance(time.Minute)
		if _, err := w.Payments.Round(ctx); err != nil {
			t.Fatal(err)
		}
		now, err := w.Store.Find(ctx, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		early := clk.Now().Before(p.ExpiresAt.Add(30 * time.Minute))
		if early && now.State != payment.Open {
			t.Fatalf("at %s it is %s", clk.Now(), now.State)
		}
		if early {
			_, err := w.Payments.GiveUp(ctx, paymenttest.Repairer(), p.ID)
			if !errors.Is(err, payment.ErrNotUnknown) {
				t.Fatalf("given up early: %v", err)
			}
		}
	}
	reaches(t, w, p.ID, payment.Unknown)
	if now, err := w.Payments.GiveUp(ctx, paymenttest.Repairer(), p.ID); err != nil ||
		now.State != payment.Closed {
		t.Fatalf("given up: %+v %v", now, err)
	}
}
