package crash_test

import (
	"encoding/base64"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foyer/test/rig"
)

const forgeriesARound = 10_000

// notice is a notice as it came over the wire.
type notice struct {
	header map[string]string
	body   []byte
}

var signedBy = [...]string{"Bank-Key-Id", "Bank-Timestamp", "Bank-Nonce", "Bank-Signature"}

// A real notice of the bank, caught on its way and changed in ten thousand ways: none is
// believed. The real one is, and twice is once.
func TestForgedNotices(t *testing.T) {
	t.Parallel()
	r := torture(t, "forged notices", 100_000, 1, 5)
	for r.next() {
		forge(t, uint64(r.round+r.done))
		r.did(forgeriesARound)
	}
}

func forge(t *testing.T, seed uint64) {
	caught := make(chan notice, 100)
	trap := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		n := notice{map[string]string{}, body}
		for _, name := range signedBy {
			n.header[name] = q.Header.Get(name)
		}
		caught <- n
		w.WriteHeader(http.StatusNoContent)
	}))
	defer trap.Close()
	s := rig.Demo(t, "--public-url", trap.URL)
	session := s.House().Evening(5*time.Hour, nil)
	buyer := s.Member()
	order := buyer.Order("order", rig.Wish(session, s.House().Adult,
		buyer.Seats(session).Pick(1, "")...))
	path := "/orders/" + order.S("id")
	pay := buyer.OpenPayment(order.S("id"), "pay")
	faults := func(f map[string]any) {
		s.Stranger().Ask("POST", s.BankURL+"/faults", f).Want(204)
	}
	faults(map[string]any{"scripts": map[string]any{pay.S("number"): []string{"silent"}}})
	buyer.Cashier(pay, "pay").Want(200)
	real := <-caught
	send(t, s, real, seed)
	if got := buyer.Get(path); got.S("state") != "pending" {
		t.Fatal(got)
	}
	faults(map[string]any{})
	bank := s.Stranger()
	for range 2 {
		if a := real.to(bank); a.Status != 204 {
			t.Fatalf("the real notice: %d %s", a.Status, a.Raw)
		}
		if got := buyer.Get(path); got.S("state") != "paid" {
			t.Fatal(got)
		}
	}
	if n := len(buyer.Tickets(order.S("id"))); n != 1 {
		t.Fatalf("%d tickets", n)
	}
	s.Finish(session)
}

func (n notice) to(p *rig.Person) rig.Answer {
	var list []string
	for name, value := range n.header {
		list = append(list, name, value)
	}
	return p.Ask("POST", p.S.URL+"/api/v1/notify/sandbox", n.body, list...)
}

// send posts forgeries, eight at a time, and counts those that are taken.
func send(t *testing.T, s *rig.Server, real notice, seed uint64) {
	t.Helper()
	var accepted, refused atomic.Int64
	var wait sync.WaitGroup
	const senders = 8
	for i := range senders {
		p := s.Stranger()
		wait.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			for range forgeriesARound / senders {
				n := real.forged(r)
				a := n.to(p)
				if a.Status == 401 && a.Try().S("code") == "notice_refused" {
					refused.Add(1)
					continue
				}
				if accepted.Add(1) < 5 {
					t.Errorf("%d %s for %q %q", a.Status, a.Raw, n.header, n.body)
				}
			}
		})
	}
	wait.Wait()
	t.Logf("%d forged notices refused, %d not", refused.Load(), accepted.Load())
}

const printable = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/=_-.{}\":,"

// forged is the notice with one change that is a change.
func (n notice) forged(r *rand.Rand) notice {
	out := notice{map[string]string{}, append([]byte(nil), n.body...)}
	for k, v := range n.header {
		out.header[k] = v
	}
	name := signedBy[r.IntN(len(signedBy))]
	at := r.IntN(len(out.body))
	letter := printable[r.IntN(len(printable))]
	switch r.IntN(10) {
	case 0:
		out.body[at] ^= 1 << r.IntN(8)
	case 1:
		out.body = append(out.body[:at], out.body[at+1:]...)
	case 2:
		out.body = append(out.body[:at], append([]byte{letter}, n.body[at:]...)...)
	case 3:
		out.body = append(out.body, " \n\x00}"[r.IntN(4)])
	case 4:
		out.body = out.body[:at]
	case 5:
		out.body = []byte(strings.Replace(string(out.body), `"amount_minor":`,
			`"amount_minor":`+string('1'+byte(r.IntN(9))), 1))
	case 6:
		out.header[name] = changed(out.header[name], r.IntN(len(out.header[name])), letter)
	case 7:
		out.header[name] += string(letter)
	case 8:
		delete(out.header, name)
	case 9:
		out.header["Bank-Signature"] = spelled(out.header["Bank-Signature"], r)
	}
	return out
}

func changed(s string, at int, letter byte) string {
	if s[at] == letter {
		letter = printable[(strings.IndexByte(printable, letter)+1)%len(printable)]
	}
	return s[:at] + string(letter) + s[at+1:]
}

// spelled writes a signature another way, or makes one up.
func spelled(s string, r *rand.Rand) string {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err) // the bank wrote it
	}
	switch r.IntN(4) {
	case 0:
		return strings.TrimRight(s, "=")
	case 1:
		return base64.URLEncoding.EncodeToString(append(raw, 0))
	case 2:
		return s[:40] + " " + s[40:]
	}
	for i := range raw {
		raw[i] = byte(r.Uint32())
	}
	return base64.StdEncoding.EncodeToString(raw)
}
