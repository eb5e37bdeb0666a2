package order

import (
	"context"
	"errors"
	"time"

	"foyer/internal/actor"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// JobClose asks the provider about the payments of a closing order until it can end.
const JobClose = "order.close"

// maxWait is the longest that an unpaid order may live, extensions included: whoever looks
// for unpaid orders needs to look no further back.
const maxWait = 24 * time.Hour

// Cancel ends the caller's unpaid order. With a payment open it is closing first: the
// provider is asked before the places go back. Cancelling what is cancelled changes nothing.
// Refused with ErrNotFound, ErrNotPending.
func (o *Orders) Cancel(ctx context.Context, who actor.Actor, id int64) (*Order, error) {
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return nil, err
	}
	by := EndedByBuyer
	if who.Kind != actor.Member {
		by = EndedByHouse
	}
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := o.Store.Get(tx, ord.ID)
		if err != nil || cur.State == Cancelled {
			return err
		}
		if cur.State == Closing && cur.EndedBy != EndedByTime {
			return nil
		}
		return o.end(tx, who, cur, by)
	})
	if err != nil {
		return nil, err
	}
	return o.Store.Find(ctx, id)
}

// end ends a pending order, or closes it while a payment is open.
func (o *Orders) end(tx *sqldb.Tx, who actor.Actor, ord *Order, by EndedBy) error {
	ok, err := o.Store.MarkEndedIfIdle(tx, ord, by)
	if err != nil {
		return err
	}
	if ok {
		return o.ended(tx, who, ord, by)
	}
	if ok, err = o.Store.MarkClosingIfPending(tx, ord, by); err != nil {
		return err
	}
	if !ok {
		return ErrNotPending.With("state", ord.State)
	}
	if _, err := o.note(tx, who, ord, "order.closing", map[string]EndedBy{"by": by}); err != nil {
		return err
	}
	tx.AfterCommit(func() { o.holds.drop(ord.ID) })
	return o.Jobs.Enqueue(tx, journal.Job{ID: o.IDs.Next(), Kind: JobClose, ObjectID: ord.ID,
		Due: tx.Now})
}

// ended gives back what an order had that ended without money.
func (o *Orders) ended(tx *sqldb.Tx, who actor.Actor, ord *Order, by EndedBy) error {
	places, areas := ord.claims()
	if err := o.Book.Release(tx, ord.Session, ownerOf(ord), nonNil(places), areas); err != nil {
		return err
	}
	if ord.Member != 0 {
		give := MemberGive{Session: ord.Session, Member: ord.Member, Order: ord.ID,
			N: ord.Places(), EndLive: true, Lapsed: by == EndedByTime,
			CoolDown: time.Duration(ord.HoldSeconds) * time.Second}
		if err := o.Store.GiveMember(tx, give); err != nil {
			return err
		}
	}
	_, err := o.note(tx, who, ord, "order."+string(by.Final()), map[string]EndedBy{"by": by})
	tx.AfterCommit(func() { o.holds.drop(ord.ID) })
	return err
}

// endIfIdle ends a closing order once no payment is open any more.
func (o *Orders) endIfIdle(tx *sqldb.Tx, ord *Order) error {
	if ord.State != Closing || ord.OpenPayments > 0 {
		return nil
	}
	ok, err := o.Store.MarkEndedIfClosing(tx, ord)
	if err != nil || !ok {
		return err
	}
	return o.ended(tx, actor.SystemActor, ord, ord.EndedBy)
}

// endLive lets the member place another order in the session; his count stays.
func (o *Orders) endLive(tx *sqldb.Tx, ord *Order) error {
	if ord.Member == 0 {
		return nil
	}
	return o.Store.GiveMember(tx, MemberGive{Session: ord.Session, Member: ord.Member,
		Order: ord.ID, EndLive: true})
}

// Close is the handler of JobClose: ask the provider, close what may be closed, and end
// the order once nothing is open. The places are kept until the provider has answered.
func (o *Orders) Close(ctx context.Context, j journal.Job) (again time.Duration, err error) {
	ord, err := o.Store.Find(ctx, j.ObjectID)
	if err != nil || ord.State != Closing {
		return 0, err
	}
	done, err := o.payments.CloseOpen(ctx, ord.Organization, ord.ID)
	if err != nil || !done {
		return min(time.Duration(1<<min(j.Tries, 6))*time.Second, 30*time.Second), nil
	}
	return 0, o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := o.Store.Get(tx, ord.ID)
		if err != nil {
			return err
		}
		return o.endIfIdle(tx, cur)
	})
}

// Extend lets an unpaid order wait longer, up to 24 hours in all. Refused with ErrExtend,
// ErrNotPending.
func (o *Orders) Extend(ctx context.Context, who actor.Actor, id int64, by time.Duration) (
	*Order, error,
) {
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return nil, err
	}
	until := ord.ExpiresAt.Add(by).Truncate(time.Millisecond)
	if by <= 0 || until.Sub(ord.PlacedAt()) > maxWait {
		return nil, ErrExtend.At("minutes", "must keep the order within 24 hours of its start")
	}
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ok, err := o.Store.ExtendIfPending(tx, ord, until)
		if err != nil {
			return err
		}
		if !ok {
			return ErrNotPending.With("state", ord.State)
		}
		if err := o.Book.Extend(tx, ord.Session, ownerOf(ord), until); err != nil {
			return err
		}
		longer := *ord
		longer.ExpiresAt = until
		tx.AfterCommit(func() { o.holds.add(&longer) })
		_, err = o.note(tx, who, ord, "order.extended", map[string]time.Time{"until": until})
		return err
	})
	if err != nil {
		return nil, err
	}
	return o.Store.Find(ctx, id)
}

// RunExpiry ends orders whose time is over, until ctx ends. Call Resume first.
func (o *Orders) RunExpiry(ctx context.Context) error {
	for {
		due, next := o.holds.due(64)
		for _, id := range due {
			o.expire(ctx, id)
		}
		if len(due) > 0 {
			continue
		}
		if next <= 0 || next > time.Minute {
			next = time.Minute
		}
		tick, stop := o.Clock.After(next)
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-o.holds.wake:
			stop()
		case <-tick:
		}
	}
}

func (o *Orders) expire(ctx context.Context, id int64) {
	err := o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ord, err := o.Store.Get(tx, id)
		if err != nil {
			return err
		}
		if ord.State != Pending {
			tx.AfterCommit(func() { o.holds.drop(id) })
			return nil
		}
		return o.end(tx, actor.SystemActor, ord, EndedByTime)
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		o.Log.Warn("an order could not expire yet", "order", idgen.Number(id), "error", err)
	}
}

// Resume loads the unpaid orders at a start. lastBeat is when the last process was seen
// alive, zero when unknown: each open hold gets what was left of it then, at least a
// minute, at most its whole time, so that nobody's places go while nobody could pay.
func (o *Orders) Resume(ctx context.Context, lastBeat time.Time) error {
	now := o.Clock.Now()
	since := idgen.FloorAt(now.Add(-maxWait - time.Hour))
	for after := since; ; {
		page, err := o.Store.Unpaid(ctx, since, after, 500)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, ord := range page {
			after = ord.ID
			if err := o.resumeOne(ctx, ord, lastBeat, now); err != nil {
				return err
			}
		}
	}
}

func (o *Orders) resumeOne(ctx context.Context, ord *Order, lastBeat, now time.Time) error {
	if ord.State != Pending {
		return nil // its job goes on by itself
	}
	gap := now.Sub(lastBeat)
	if lastBeat.IsZero() || (gap >= 0 && gap < 5*time.Second) {
		o.holds.add(ord)
		return nil
	}
	whole := max(time.Duration(ord.HoldSeconds)*time.Second, time.Minute)
	left := min(max(ord.ExpiresAt.Sub(lastBeat), time.Minute), whole)
	until := now.Add(left).UTC().Truncate(time.Millisecond)
	return o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		ok, err := o.Store.ExtendIfPending(tx, ord, until)
		if err != nil || !ok {
			return err
		}
		moved := *ord
		moved.ExpiresAt = until
		tx.AfterCommit(func() { o.holds.add(&moved) })
		if err := o.Book.Extend(tx, ord.Session, ownerOf(ord), until); err != nil {
			return err
		}
		_, err = o.note(tx, actor.SystemActor, ord, "order.time_restored",
			map[string]time.Time{"until": until})
		return err
	})
}
