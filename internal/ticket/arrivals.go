package ticket

import (
	"context"
	"slices"
	"sync"
	"time"

	"foyer/internal/actor"
)

// How long one request may wait for tickets, how many may wait for one order, and how many
// in all: beyond them the answer is what is there now.
const (
	MaxWait      = 20 * time.Second
	waitsOfOrder = 8
	waitsInAll   = 16_384
)

// Await is OfOrder, once the order has tickets or the time is over: a page that shows "your
// ticket is on its way" need not ask again and again. Tickets that another process issues
// are seen at the end of the wait. Refused as OfOrder.
func (t *Tickets) Await(ctx context.Context, who actor.Actor, order int64, wait time.Duration,
) ([]*View, error) {
	if wait <= 0 {
		return t.OfOrder(ctx, who, order)
	}
	issued, leave := t.arrivals.enter(order)
	defer leave()
	if issued == nil || !t.cfg.Orders.IsUnpaid(order, who) {
		list, err := t.OfOrder(ctx, who, order)
		if err != nil || len(list) > 0 || issued == nil {
			return list, err
		}
	}
	limited, cancel := context.WithTimeout(ctx, min(wait, MaxWait))
	defer cancel()
	select {
	case list := <-issued:
		if len(list) > 0 && sees(who, &list[0]) {
			return t.views(ctx, who, list)
		}
	case <-limited.Done():
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return t.OfOrder(ctx, who, order)
}

// StopWaiting answers all who wait, and lets nobody wait any more: a shutdown need not
// last as long as the longest wait.
func (t *Tickets) StopWaiting() { t.arrivals.close() }

// arrivals hands an order's tickets to those who wait for them.
type arrivals struct {
	mu     sync.Mutex
	orders map[int64][]chan []Ticket
	total  int
	closed bool
}

func newArrivals() *arrivals { return &arrivals{orders: map[int64][]chan []Ticket{}} }

// enter starts a wait; nil when there is no room for one more. leave ends it.
func (a *arrivals) enter(order int64) (issued <-chan []Ticket, leave func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.total >= waitsInAll || len(a.orders[order]) >= waitsOfOrder {
		return nil, func() {}
	}
	c := make(chan []Ticket, 1)
	a.orders[order] = append(a.orders[order], c)
	a.total++
	return c, func() { a.leave(order, c) }
}

func (a *arrivals) leave(order int64, c chan []Ticket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.total--
	rest := slices.DeleteFunc(a.orders[order], func(o chan []Ticket) bool { return o == c })
	if len(rest) == 0 {
		delete(a.orders, order)
		return
	}
	a.orders[order] = rest
}

// tell gives the tickets to all who wait for the order; none wakes them to look again.
func (a *arrivals) tell(order int64, list []Ticket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wake(order, list)
}

func (a *arrivals) wake(order int64, list []Ticket) {
	for _, c := range a.orders[order] {
		c <- list // has room for one, and is told once
	}
	delete(a.orders, order)
}

func (a *arrivals) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for order := range a.orders {
		a.wake(order, nil)
	}
}
