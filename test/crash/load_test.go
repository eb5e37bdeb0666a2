package crash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"foyer/test/rig"
)

// ack is an answer that a client was given and believes from then on.
type ack struct {
	who    *rig.Person
	key    string
	body   map[string]any
	status int
	raw    string
	order  string
	total  int64
}

// diary is the clients' own file of acknowledged answers: on disk before it is believed.
type diary struct {
	path string

	mu    sync.Mutex
	file  *os.File
	n     int
	kinds map[string]int
	last  []ack // the newest placed orders
}

func newDiary(t *testing.T) *diary {
	t.Helper()
	path := filepath.Join(t.TempDir(), "acknowledged.jsonl")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return &diary{path: path, file: file, kinds: map[string]int{}}
}

// write keeps an acknowledged state of an order.
func (d *diary) write(order string, total int64, state string) {
	line, err := json.Marshal(map[string]any{"order": order, "total_minor": total,
		"state": state})
	if err != nil {
		panic(err) // plain fields
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.file.Write(append(line, '\n')); err != nil {
		panic(err) // a full disk of the test's own
	}
	if err := d.file.Sync(); err != nil {
		panic(err)
	}
	d.n++
	d.kinds[state]++
}

func (d *diary) placed(a ack) {
	d.write(a.order, a.total, "pending")
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last = append(d.last, a); len(d.last) > 40 {
		d.last = d.last[1:]
	}
}

// count is how many answers were acknowledged; takeLast are the newest placed orders, once.
func (d *diary) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

func (d *diary) takeLast() []ack {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := d.last
	d.last = nil
	return last
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return fmt.Sprint(d.kinds)
}

// crowd is members who buy, cancel and give back without end, through every death of the
// server, each repeating what was not answered with the same key.
type crowd struct {
	diary *diary
	adult string
	wait  sync.WaitGroup

	mu       sync.Mutex
	leaving  bool
	sessions []string
	refused  map[string]int
}

func gather(t *testing.T, s *rig.Server, n int, sessions ...string) *crowd {
	t.Helper()
	c := &crowd{diary: newDiary(t), adult: s.House().Adult, sessions: sessions,
		refused: map[string]int{}}
	var people []*rig.Person
	for range n {
		people = append(people, s.Member())
	}
	for i, p := range people {
		c.wait.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 7))
			for n := 0; c.stays(t.Context()); n++ {
				c.visit(t.Context(), p, r, fmt.Sprintf("visit-%d", n))
			}
		})
	}
	t.Cleanup(c.leave)
	return c
}

func (c *crowd) stays(ctx context.Context) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.leaving && ctx.Err() == nil
}

// leave ends the load: everybody finishes the visit that was begun.
func (c *crowd) leave() {
	c.mu.Lock()
	c.leaving = true
	c.mu.Unlock()
	c.wait.Wait()
}

func (c *crowd) session(r *rand.Rand) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sessions[r.IntN(len(c.sessions))]
}

// move lets everybody go to other sessions from now on.
func (c *crowd) move(sessions ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sessions = sessions
}

// insist repeats a request until it is answered for good.
func insist(ctx context.Context, p *rig.Person, method, path string, body any,
	header ...string,
) rig.Answer {
	for {
		a := p.Ask(method, path, body, header...)
		open := a.Status == 0 || a.Status == 429 || a.Status >= 500 ||
			strings.Contains(string(a.Raw), `"in_progress"`)
		if !open || ctx.Err() != nil {
			return a
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// visit is one order of a member: cancelled, paid, or paid and given back.
func (c *crowd) visit(ctx context.Context, p *rig.Person, r *rand.Rand, key string) {
	body := map[string]any{"session_id": c.session(r), "best": map[string]any{},
		"lines": []map[string]any{{"ticket_type_id": c.adult, "quantity": 1 + r.IntN(3)}}}
	a := insist(ctx, p, "POST", "/orders", body, rig.Key(key)...)
	order := a.Try()
	if a.Status != 201 && a.Status != 200 {
		c.mu.Lock()
		c.refused[order.S("code")]++
		c.mu.Unlock()
		return
	}
	id, total := order.S("id"), order.N("total_minor")
	c.diary.placed(ack{p, key, body, a.Status, string(a.Raw), id, total})
	if r.IntN(3) == 0 {
		if a := insist(ctx, p, "POST", "/orders/"+id+"/cancel", nil); a.Status == 200 {
			c.diary.write(id, total, "cancelled")
		}
		return
	}
	if !c.pay(ctx, p, id, key) {
		return
	}
	c.diary.write(id, total, "paid")
	if r.IntN(6) == 0 {
		a := insist(ctx, p, "POST", "/orders/"+id+"/refunds", map[string]any{},
			rig.Key(key+"-back")...)
		if a.Status == 201 {
			c.diary.write(id, total, "returned")
		}
	}
}

// pay goes through the bank until the order is seen as paid.
func (c *crowd) pay(ctx context.Context, p *rig.Person, id, key string) bool {
	a := insist(ctx, p, "POST", "/orders/"+id+"/payments",
		map[string]string{"channel": "sandbox"}, rig.Key(key+"-pay")...)
	if a.Status != 201 {
		return false
	}
	insist(ctx, p, "POST", a.Try().S("redirect_url")+"/pay", []byte("{}"))
	for range 500 {
		now := insist(ctx, p, "GET", "/orders/"+id, nil).Try()
		if state := now.S("state"); state != "pending" && state != "closing" {
			return state == "paid"
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	return false
}
