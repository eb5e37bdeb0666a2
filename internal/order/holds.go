package order

import (
	"container/heap"
	"sync"
	"time"

	"foyer/internal/clock"
)

// holds is what this process knows of unpaid orders: whose they are, and when each ends.
// It only proposes: every ending is decided by a guarded update in the book.
type holds struct {
	clk     clock.Clock
	elapsed func() time.Duration // never jumps, whatever the wall clock does
	wake    chan struct{}

	mu     sync.Mutex
	queue  holdQueue
	orders map[int64]*hold
	byWho  map[whoWhere]int64
}

type whoWhere struct{ member, session int64 }

type hold struct {
	order   int64
	member  int64
	places  []int64   // the sessions that it holds places of
	until   time.Time // the end that the order's row has, by the wall clock
	ends    time.Duration
	index   int
	retries int
}

// dueHold is a hold whose time is over, as far as this process knows: only an order whose
// row still has this end may expire.
type dueHold struct {
	order int64
	until time.Time
}

func newHolds(clk clock.Clock) *holds {
	return &holds{clk: clk, elapsed: clock.Stopwatch(clk), wake: make(chan struct{}, 1),
		orders: map[int64]*hold{}, byWho: map[whoWhere]int64{}}
}

// add notes an unpaid order, or its new end.
//
// How long it has is taken from the wall clock once, when the order is first heard of; from
// then on only elapsed time counts, and an extension adds its length. So a step of the wall
// clock frees nothing early and keeps nothing longer.
func (h *holds) add(o *Order) {
	now, wall := h.elapsed(), h.clk.Now().Round(0)
	h.mu.Lock()
	defer h.mu.Unlock()
	if old := h.orders[o.ID]; old != nil {
		if !o.ExpiresAt.Equal(old.until) {
			old.ends += o.ExpiresAt.Sub(old.until)
			old.until, old.retries = o.ExpiresAt, 0
			heap.Fix(&h.queue, old.index)
		}
	} else {
		e := &hold{order: o.ID, member: o.Member, until: o.ExpiresAt,
			ends: now + o.ExpiresAt.Sub(wall)}
		h.orders[o.ID] = e
		heap.Push(&h.queue, e)
		h.list(e, o.sessionIDs())
	}
	if h.queue[0].order == o.ID {
		select {
		case h.wake <- struct{}{}:
		default:
		}
	}
}

// drop forgets an order that is no longer unpaid.
func (h *holds) drop(order int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.orders[order]
	if e == nil {
		return
	}
	delete(h.orders, order)
	h.list(e, nil)
	heap.Remove(&h.queue, e.index)
}

// list notes where the member has the order, instead of where he had it.
func (h *holds) list(e *hold, sessions []int64) {
	if e.member == 0 {
		return
	}
	for _, session := range e.places {
		if at := (whoWhere{e.member, session}); h.byWho[at] == e.order {
			delete(h.byWho, at)
		}
	}
	for _, session := range sessions {
		h.byWho[whoWhere{e.member, session}] = e.order
	}
	e.places = sessions
}

// move notes that an order holds places of other sessions now; its clock goes on.
func (h *holds) move(o *Order) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.orders[o.ID]; e != nil {
		h.list(e, o.sessionIDs())
	}
}

// live is the member's unpaid order in the session as far as this process knows, else 0.
func (h *holds) live(member, session int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.byWho[whoWhere{member, session}]
}

// isOf says that the order is an unpaid one of the member, as far as this process knows.
func (h *holds) isOf(order, member int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.orders[order]
	return e != nil && member != 0 && e.member == member
}

// Holding is how many unpaid orders this process waits for.
func (o *Orders) Holding() int {
	o.holds.mu.Lock()
	defer o.holds.mu.Unlock()
	return max(len(o.holds.orders), len(o.holds.queue))
}

// due takes up to limit holds whose time is over, and says how long until the next.
func (h *holds) due(limit int) (list []dueHold, next time.Duration) {
	now := h.elapsed()
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.queue) > 0 && len(list) < limit {
		e := h.queue[0]
		if e.ends > now {
			return list, e.ends - now
		}
		list = append(list, dueHold{e.order, e.until})
		e.retries++ // until the book says that it ended, it is asked again, ever later
		e.ends = now + min(time.Duration(e.retries)*time.Second, time.Minute)
		heap.Fix(&h.queue, 0)
	}
	return list, 0
}

type holdQueue []*hold

func (q holdQueue) Len() int           { return len(q) }
func (q holdQueue) Less(i, j int) bool { return q[i].ends < q[j].ends }
func (q holdQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *holdQueue) Push(x any) {
	e := x.(*hold)
	e.index = len(*q)
	*q = append(*q, e)
}

func (q *holdQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return e
}
