package ticket_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/ticket"
	"foyer/internal/ticket/tickettest"
)

// waiting is a world with orders that have no tickets yet, and a context that is over long
// before a wait is: only who is woken answers in time.
func waiting(t *testing.T, orders int64) (*tickettest.World, context.Context) {
	clk := clock.NewFake(sqldbtest.Start)
	w := tickettest.New(t, sqldbtest.Open(t, clk), clk)
	for id := range orders {
		w.Unpaid[id+1] = tickettest.Member
	}
	ctx, cancel := context.WithTimeout(context.Background(), ticket.MaxWait/2)
	t.Cleanup(cancel)
	return w, ctx
}

func TestWhoWaitsGetsTicketsOnceTheyAreIssued(t *testing.T) {
	t.Parallel()
	const orders = 20
	w, ctx := waiting(t, orders)
	s := w.Session(tickettest.Venue, 2*time.Hour)
	var all sync.WaitGroup
	for id := int64(1); id <= orders; id++ {
		all.Go(func() {
			views, err := w.Tickets.Await(ctx, tickettest.Buyer(), id, ticket.MaxWait)
			if err != nil || len(views) != 2 || views[0].Order != id || views[0].Code == "" {
				t.Errorf("order %d: %d tickets, %v", id, len(views), err)
			}
		})
	}
	for range orders {
		w.Issue(s, tickettest.Units(2))
	}
	all.Wait()
}

func TestAWaitTellsNothingToOthersAndEndsWithTheProcess(t *testing.T) {
	t.Parallel()
	w, ctx := waiting(t, 1)
	stranger := actor.Actor{Kind: actor.Member, ID: tickettest.Member + 1}
	_, err := w.Tickets.Await(ctx, stranger, 1, ticket.MaxWait)
	want(t, err, ticket.ErrNoTicket)

	var all sync.WaitGroup
	for range 40 { // more than may wait for one order: the rest is answered at once
		all.Go(func() {
			views, err := w.Tickets.Await(ctx, tickettest.Buyer(), 1, ticket.MaxWait)
			if err != nil || len(views) != 0 {
				t.Errorf("%d tickets, %v", len(views), err)
			}
		})
	}
	w.Tickets.StopWaiting()
	all.Wait()
	if views, err := w.Tickets.Await(ctx, tickettest.Buyer(), 1, time.Millisecond); err != nil ||
		len(views) != 0 {
		t.Errorf("%d tickets, %v", len(views), err)
	}
}
