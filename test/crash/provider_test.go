package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"foyer/test/rig"
)

// roundOfPayments is how many payments one round of a bad bank sees.
const roundOfPayments = 240

// A bank that loses answers, tells late, twice, in the wrong order or never: each payment
// ends as a ticket or as a refund, or its order is still open; none is both.
func TestProviderFaults(t *testing.T) {
	t.Parallel()
	r := torture(t, "payments at a bad bank", 100_000, 2, 30)
	for r.next() {
		t.Run(fmt.Sprintf("round-%d", r.round), func(t *testing.T) {
			badBank(t, int64(r.round+r.done))
		})
		r.did(roundOfPayments)
	}
}

func badBank(t *testing.T, seed int64) {
	s := rig.Demo(t)
	session := show(s)
	s.Stranger().Ask("POST", s.BankURL+"/faults", map[string]any{"seed": seed, "late_ms": 1500,
		"rates": map[string]any{"timeout": 0.3, "late": 0.3, "out_of_order": 0.1,
			"doubled": 0.2, "hundredfold": 0.05, "never": 0.05, "wrong_amount": 0.03,
			"late_money": 0.1, "forged": 0.05, "wrong_notice": 0.05}}).Want(204)
	c := &crowd{diary: newDiary(t), adult: s.House().Adult, refused: map[string]int{}}
	const people = 24
	ends := map[string]int{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for i := range people {
		p := s.Member()
		wait.Go(func() {
			r := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
			for n := range roundOfPayments / people {
				end := attempt(t, c, p, session, fmt.Sprintf("a-%d", n), mood(r.IntN(8)))
				mu.Lock()
				ends[end]++
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	t.Logf("%d payments: %v", roundOfPayments, ends)
	if ends[leftToBill] > roundOfPayments/40 {
		t.Errorf("%d payments are left to the bill", ends[leftToBill])
	}
	s.Finish(session)
	rig.Doctor(t, s.Dir, c.diary.path)
}

// leftToBill is money that a bank took after the end of its payment and never told of: the
// day's bill is what finds it.
const leftToBill = "left to the bill"

// mood is what a buyer does besides paying: cancel first, cancel meanwhile, or nothing.
type mood int

const (
	cancelsFirst     mood = 0
	cancelsMeanwhile mood = 1
)

// attempt is one order and one payment. It gives what became of the order, once the money
// has come to rest.
func attempt(t *testing.T, c *crowd, p *rig.Person, session, key string, m mood) string {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	a := insist(ctx, p, "POST", "/orders", map[string]any{"session_id": session,
		"best": map[string]any{}, "lines": []map[string]any{
			{"ticket_type_id": c.adult, "quantity": 1}}}, rig.Key(key)...)
	if a.Status != 201 && a.Status != 200 {
		t.Errorf("no order: %d %s", a.Status, a.Raw)
		return "none"
	}
	id := a.Try().S("id")
	c.diary.write(id, a.Try().N("total_minor"), "pending")
	pay := insist(ctx, p, "POST", "/orders/"+id+"/payments",
		map[string]string{"channel": "sandbox"}, rig.Key(key+"-pay")...)
	if pay.Status != 201 {
		t.Errorf("no payment: %d %s", pay.Status, pay.Raw)
		return "unpaid"
	}
	if m == cancelsFirst {
		insist(ctx, p, "POST", "/orders/"+id+"/cancel", nil)
		over(ctx, p, "/orders/"+id)
	}
	regret := make(chan struct{})
	go func() {
		defer close(regret)
		if m == cancelsMeanwhile {
			insist(ctx, p, "POST", "/orders/"+id+"/cancel", nil)
		}
	}()
	bank := insist(ctx, p, "POST", pay.Try().S("redirect_url")+"/pay", []byte("{}"))
	<-regret
	return rest(ctx, t, p, "/orders/"+id, pay.Try().S("id"), bank.Status == 200)
}

// rest waits until order and money have come to rest, and refuses every mixture.
func rest(ctx context.Context, t *testing.T, p *rig.Person, path, payment string,
	took bool,
) string {
	patience := time.Now().Add(45 * time.Second)
	for {
		order := insist(ctx, p, "GET", path, nil).Try()
		money := insist(ctx, p, "GET", "/payments/"+payment, nil).Try()
		tickets := len(insist(ctx, p, "GET", path+"/tickets", nil).Try().List("items"))
		captured, back := money.N("captured_minor"), money.N("refunded_minor")
		state := order.S("state")
		switch {
		case tickets > 0 && back > 0 || tickets > 1:
			t.Errorf("%s: %d tickets and %d refunded", path, tickets, back)
			return "both"
		case state == "paid" && tickets == 1 && captured == order.N("total_minor"):
			return "ticketed"
		case captured > 0 && back == captured && tickets == 0:
			return "refunded, " + state
		case state == "cancelled" && captured == 0 && !took:
			return state
		case state == "cancelled" && captured == 0 && time.Now().After(patience):
			return leftToBill
		}
		select {
		case <-ctx.Done():
			t.Errorf("%s does not come to rest: %s, payment %s, %d tickets", path, state, money,
				tickets)
			return "restless"
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// over waits until an order that was cancelled has ended, one way or the other.
func over(ctx context.Context, p *rig.Person, path string) {
	for insist(ctx, p, "GET", path, nil).Try().S("state") == "closing" && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}
