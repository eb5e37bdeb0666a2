package order

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"foyer/internal/actor"
	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

// expireAtOnce is how many orders expire in one group commit.
const expireAtOnce = 64

// RunExpiry ends orders whose time is over, until ctx ends. Call Resume first.
func (o *Orders) RunExpiry(ctx context.Context) error {
	for ctx.Err() == nil {
		next := o.ExpireDue(ctx)
		if next <= 0 || next > time.Minute {
			next = time.Minute
		}
		tick, stop := o.Clock.After(next)
		select {
		case <-ctx.Done():
		case <-o.holds.wake:
		case <-tick:
		}
		stop()
	}
	return nil
}

// ExpireDue ends the orders whose time is over now, and says when the next will be.
func (o *Orders) ExpireDue(ctx context.Context) (next time.Duration) {
	for ctx.Err() == nil {
		var due []dueHold
		if due, next = o.holds.due(expireAtOnce); len(due) == 0 {
			break
		}
		o.expireAll(ctx, due)
	}
	return next
}

// expireAll waits for all, so that a store that is busy is not asked ever more.
func (o *Orders) expireAll(ctx context.Context, due []dueHold) {
	var all sync.WaitGroup
	for _, h := range due {
		all.Go(func() { o.expire(ctx, h) })
	}
	all.Wait()
}

// expire ends one order, unless its end was moved after its hold was found to be over.
func (o *Orders) expire(ctx context.Context, h dueHold) {
	err := o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ord, err := o.Store.Get(tx, h.order)
		switch {
		case errors.Is(err, ErrNotFound):
			tx.AfterCommit(func() { o.drop(h.order) })
			return nil
		case err != nil:
			return err
		case !ord.waits():
			tx.AfterCommit(func() { o.drop(h.order) })
			return nil
		case !ord.ExpiresAt.Equal(h.until):
			tx.AfterCommit(func() { o.holds.add(ord) })
			return nil
		}
		return o.end(tx, actor.SystemActor, ord, EndedByTime)
	})
	if err != nil && ctx.Err() == nil {
		o.Log.Warn("an order could not expire yet", "order", idgen.Number(h.order), "error", err)
	}
}

const (
	resumePage  = 500
	resumeSlice = 25 // orders whose time is restored in one piece of bulk work
	// shortGap is the silence that is no gap: buyers did not notice.
	shortGap = 5 * time.Second
)

// Resume loads the unpaid orders at a start. lastBeat is when the last process was seen
// alive, zero when there was no gap: after one, each open hold gets what was left of it
// then, at least a minute, at most its whole time, so that nobody's places go while nobody
// could pay.
func (o *Orders) Resume(ctx context.Context, lastBeat time.Time) error {
	now := o.Clock.Now().Round(0)
	gap := now.Sub(lastBeat)
	restore := !lastBeat.IsZero() && (gap < 0 || gap >= shortGap)
	oldest := now
	if restore && lastBeat.Before(now) {
		oldest = lastBeat // the clock may have jumped ahead while nobody looked
	}
	since := idgen.FloorAt(oldest.Add(-maxWait - time.Hour))
	for after := since - 1; ; {
		page, err := o.Store.Unpaid(ctx, since, after, resumePage)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			if err := o.resumeRequested(ctx, since, restore, lastBeat, now); err != nil {
				return err
			}
			o.resumed.Store(true)
			return nil
		}
		after = page[len(page)-1].ID
		for slice := range slices.Chunk(page, resumeSlice) {
			if err := o.resumeSome(ctx, slice, restore, lastBeat, now); err != nil {
				return err
			}
		}
	}
}

// resumeSome takes up some orders; closing ones have a job that goes on by itself.
func (o *Orders) resumeSome(ctx context.Context, list []*Order, restore bool,
	lastBeat, now time.Time,
) error {
	if !restore {
		for _, ord := range list {
			if ord.waits() {
				o.holds.add(ord)
			}
		}
		return nil
	}
	return o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		for _, seen := range list {
			ord, err := o.Store.Get(tx, seen.ID)
			if err != nil {
				return err
			}
			if ord.State == Requested { // days of the house are no minutes of a buyer
				tx.AfterCommit(func() { o.holds.add(ord) })
				continue
			}
			if ord.State != Pending {
				continue
			}
			if ord.Revision != seen.Revision {
				tx.AfterCommit(func() { o.holds.add(ord) }) // it was touched since the start
				continue
			}
			until := now.Add(leftAt(ord, lastBeat)).UTC().Truncate(time.Millisecond)
			if err := o.extend(tx, actor.SystemActor, ord, until,
				"order.time_restored"); err != nil {
				return err
			}
		}
		return nil
	})
}

// leftAt is what an order gets that had a while to go when the last process was seen.
func leftAt(ord *Order, lastBeat time.Time) time.Duration {
	whole := max(time.Duration(ord.HoldSeconds)*time.Second, ord.ExpiresAt.Sub(ord.PlacedAt()),
		time.Minute)
	return min(max(ord.ExpiresAt.Sub(lastBeat), time.Minute), whole)
}
