package crash_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/sandboxbank"
	"foyer/internal/sandboxbank/bankdb"
	"foyer/test/rig"
)

const (
	buyersOfShow = 8
	ordersOfEach = 4 // of one to three seats
	killsOfShow  = 4
)

// A session is called off while half of what the bank is asked fails, and the process dies
// several times before everything is on its way. In the end the bank's own books say that
// each payment went back once and whole, and the doctor finds nothing.
func TestCalledOffAtABadBank(t *testing.T) {
	t.Parallel()
	r := torture(t, "sessions called off at a bad bank", 10_000, 1, 5)
	for r.next() {
		t.Run(fmt.Sprintf("session-%d", r.round), func(t *testing.T) {
			callOff(t, int64(r.round+r.done))
		})
		r.did(buyersOfShow * ordersOfEach)
	}
}

func callOff(t *testing.T, seed int64) {
	s := rig.Demo(t, "--order-refunds-per-second", "8")
	session := show(s)
	bought := buyOut(t, s, session)
	total := int64(0)
	for _, paid := range bought {
		total += paid
	}
	owner, at := s.House().Owner, s.House().Path+"/sessions/"+session
	halfFails(s, seed)
	owner.Post(200, at+"/state", map[string]any{"state": "cancelled",
		"revision": owner.Get(at).N("revision")})
	asked := int64(0)
	for k := range killsOfShow {
		s.Until("more refunds", 60*time.Second, func() bool {
			g := owner.Get(at + "/give-back")
			more := g.N("refunds") > asked || g.S("state") == "done"
			asked = g.N("refunds")
			return more
		})
		<-time.After(time.Duration(rand.IntN(300)) * time.Millisecond)
		s.Kill()
		s.Run()
		halfFails(s, seed+int64(k+1)*1000) // the bank died too, and other numbers suffer now
		t.Logf("killed after %d of %d orders were asked back", asked, len(bought))
	}
	s.Until("half of it to come back from a bank that fails", 120*time.Second, func() bool {
		return owner.Get(at+"/give-back").N("arrived") >= int64(len(bought))/2
	})
	s.Stranger().Ask("POST", s.BankURL+"/faults", map[string]any{}).Want(204)
	s.Until("everything to come back", 120*time.Second, func() bool {
		g := owner.Get(at + "/give-back")
		return g.S("state") == "done" && g.N("arrived_minor") == total &&
			g.N("arrived") == int64(len(bought)) && len(g.L("stuck")) == 0
	})
	for order := range bought {
		if got := owner.Get("/orders/" + order); got.S("state") != "refunded" {
			t.Errorf("order %s is %s", order, got.S("state"))
		}
	}
	s.Finish(session)
	returnedOnce(t, s.Dir, bought)
}

// halfFails sets what the bank does: of the numbers half lose the first answer, half tell
// nobody, some are silent when asked, and some take their time.
func halfFails(s *rig.Server, seed int64) {
	s.Stranger().Ask("POST", s.BankURL+"/faults", map[string]any{"seed": seed, "late_ms": 700,
		"rates": map[string]any{"timeout": 0.5, "never": 0.5, "silent": 0.3,
			"refund_late": 0.5, "doubled": 0.2}}).Want(204)
}

// buyOut has members pay for orders of a session, and gives what each order cost.
func buyOut(t *testing.T, s *rig.Server, session string) map[string]int64 {
	t.Helper()
	bought := map[string]int64{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	adult := s.House().Adult
	for i := range buyersOfShow {
		p := s.Member()
		wait.Go(func() {
			for n := range ordersOfEach {
				key := fmt.Sprintf("show-%d-%d", i, n)
				a := insist(t.Context(), p, "POST", "/orders", map[string]any{
					"session_id": session, "best": map[string]any{},
					"lines": []map[string]any{{"ticket_type_id": adult, "quantity": 1 + (i+n)%3}},
				}, rig.Key(key)...)
				order := a.Try()
				pay := insist(t.Context(), p, "POST", "/orders/"+order.S("id")+"/payments",
					map[string]string{"channel": "sandbox"}, rig.Key(key+"-pay")...)
				insist(t.Context(), p, "POST", pay.Try().S("redirect_url")+"/pay", []byte("{}"))
				if !paid(t, p, order.S("id")) {
					return
				}
				mu.Lock()
				bought[order.S("id")] = order.N("total_minor")
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(bought) != buyersOfShow*ordersOfEach {
		t.Fatalf("%d orders were paid", len(bought))
	}
	return bought
}

// paid waits until an order is; a session has one unpaid order of a member at a time.
func paid(t *testing.T, p *rig.Person, order string) bool {
	for range 600 {
		if insist(t.Context(), p, "GET", "/orders/"+order, nil).Try().S("state") == "paid" {
			return true
		}
		select {
		case <-t.Context().Done():
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Errorf("order %s was not paid within 30 s", order)
	return false
}

// returnedOnce reads the bank's own book in a folder that no server has open: each payment
// went back by one refund of its whole sum, and the sums are those of the orders.
func returnedOnce(t *testing.T, dir string, bought map[string]int64) {
	t.Helper()
	db, bank, err := bankdb.Open(t.Context(), filepath.Join(dir, "bank", "bank.db"), false,
		clock.Real{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	payments, err := bank.PaidBetween(t.Context(), "foyer", from, to, 0)
	if err != nil {
		t.Fatal(err)
	}
	refunds, err := bank.DoneBetween(t.Context(), "foyer", from, to, 0)
	if err != nil {
		t.Fatal(err)
	}
	var sums, want []int64
	for _, r := range refunds {
		sums = append(sums, r.Amount)
		if r.State != sandboxbank.Arrived {
			t.Errorf("refund %s is %s", r.Number, r.State)
		}
	}
	for _, p := range payments {
		if p.Refunds != 1 || p.Refunded != p.Paid {
			t.Errorf("of payment %s %d of %d went back by %d refunds", p.Number, p.Refunded, p.Paid,
				p.Refunds)
		}
	}
	for _, total := range bought {
		want = append(want, total)
	}
	slices.Sort(sums)
	slices.Sort(want)
	if !slices.Equal(sums, want) || len(payments) != len(bought) {
		t.Errorf("%d payments; the bank returned %v, the orders had cost %v", len(payments), sums,
			want)
	}
}
