package order

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
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
// Refused with ErrNotFound, ErrNotPending, ErrClosing.
func (o *Orders) Cancel(ctx context.Context, who actor.Actor, id int64) (*Order, error) {
	if _, err := o.Get(ctx, id, who); err != nil {
		return nil, err
	}
	by := EndedByBuyer
	if who.Kind != actor.Member {
		by = EndedByHouse
	}
	err := o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := o.Store.Get(tx, id)
		switch {
		case err != nil:
			return err
		case cur.State == Cancelled, cur.State == Closing && cur.EndedBy != EndedByTime:
			return nil
		}
		return o.end(tx, who, cur, by)
	})
	if err != nil {
		return nil, err
	}
	return o.Store.Find(ctx, id)
}

// end ends a pending order, or closes it while a payment is open. The order must have been
// read in the same transaction.
func (o *Orders) end(tx *sqldb.Tx, who actor.Actor, ord *Order, by EndedBy) error {
	switch ord.State {
	case Pending, Requested:
	case Closing:
		return ErrClosing
	default:
		return ErrNotPending.With("state", ord.State)
	}
	if ord.OpenPayments == 0 {
		ok, err := o.Store.MarkEndedIfIdle(tx, ord, by)
		if err != nil {
			return err
		}
		if !ok {
			return fault.Stale
		}
		return o.ended(tx, who, ord, by)
	}
	ok, err := o.Store.MarkClosingIfPending(tx, ord, by)
	if err != nil {
		return err
	}
	if !ok {
		return fault.Stale
	}
	if _, err := o.note(tx, who, ord, "order.closing", map[string]EndedBy{"by": by}); err != nil {
		return err
	}
	tx.AfterCommit(func() { o.drop(ord.ID) })
	return o.Jobs.Enqueue(tx, journal.Job{ID: o.IDs.Next(), Kind: JobClose, ObjectID: ord.ID,
		Due: tx.Now})
}

// ended gives back what an order had that ended without money.
func (o *Orders) ended(tx *sqldb.Tx, who actor.Actor, ord *Order, by EndedBy) error {
	for _, part := range ord.parts() {
		if err := o.freeUnpaid(tx, part, by); err != nil {
			return err
		}
	}
	if ord.Ruled() {
		if err := o.releaseBuyers(tx, ord); err != nil {
			return err
		}
	}
	if err := o.giveUses(tx, ord); err != nil {
		return err
	}
	_, err := o.note(tx, who, ord, "order."+string(by.Final()), map[string]EndedBy{"by": by})
	tx.AfterCommit(func() { o.drop(ord.ID) })
	return err
}

// freeUnpaid frees what an order that ended unpaid, or its part of one session, had there.
func (o *Orders) freeUnpaid(tx *sqldb.Tx, ord *Order, by EndedBy) error {
	places, areas := ord.claims()
	if err := o.letGo(tx, ord.Session, ownerOf(ord), places, areas); err != nil {
		return err
	}
	if ord.Member == 0 {
		return nil
	}
	return o.Store.GiveMember(tx, MemberGive{Session: ord.Session, Member: ord.Member,
		Order: ord.ID, N: ord.Places(), EndLive: true,
		Lapsed:   by == EndedByTime && ord.State != Requested,
		CoolDown: time.Duration(ord.HoldSeconds) * time.Second})
}

// endIfIdle ends a closing order once no payment is open any more, and says whether it did.
func (o *Orders) endIfIdle(tx *sqldb.Tx, ord *Order) (bool, error) {
	if ord.State != Closing || ord.OpenPayments > 0 {
		return false, nil
	}
	ok, err := o.Store.MarkEndedIfClosing(tx, ord)
	if err != nil || !ok {
		return false, err
	}
	return true, o.ended(tx, actor.SystemActor, ord, ord.EndedBy)
}

// endLive lets the member place another order in the session; his count stays.
func (o *Orders) endLive(tx *sqldb.Tx, ord *Order) error {
	if ord.Member == 0 {
		return nil
	}
	return o.Store.EndLive(tx, ord.Session, ord.Member, ord.ID)
}

// Close is the handler of JobClose: ask the provider, close what may be closed, and end
// the order once nothing is open. The places are kept until the provider has answered.
func (o *Orders) Close(ctx context.Context, j journal.Job) (again time.Duration, err error) {
	ord, err := o.Store.Find(ctx, j.ObjectID)
	if err != nil || ord.State != Closing {
		return 0, err
	}
	again = min(time.Duration(1<<min(j.Tries, 6))*time.Second, 30*time.Second)
	done, err := o.payments.CloseOpen(ctx, ord.Organization, ord.ID)
	if err != nil {
		o.Log.Warn("a closing order cannot end yet", "order", ord.Number(), "error", err)
	}
	if err != nil || !done {
		return again, nil
	}
	ended := false
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := o.Store.Get(tx, ord.ID)
		if err != nil {
			return err
		}
		ended, err = o.endIfIdle(tx, cur)
		ended = ended || cur.State != Closing
		return err
	})
	if err != nil || !ended {
		return again, err
	}
	return 0, nil
}

// Extend lets an unpaid order wait longer, up to 24 hours in all. Refused with ErrNotFound,
// ErrExtend, ErrNotPending.
func (o *Orders) Extend(ctx context.Context, who actor.Actor, id int64, by time.Duration) (
	*Order, error,
) {
	if _, err := o.Get(ctx, id, who); err != nil {
		return nil, err
	}
	err := o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := o.Store.Get(tx, id)
		if err != nil {
			return err
		}
		if cur.State != Pending {
			return ErrNotPending.With("state", cur.State)
		}
		until := cur.ExpiresAt.Add(by).Truncate(time.Millisecond)
		if by <= 0 || by > maxWait || until.Sub(cur.PlacedAt()) > maxWait {
			return ErrExtend.At("minutes", "must keep the order within 24 hours of its start")
		}
		return o.extend(tx, who, cur, until, "order.extended")
	})
	if err != nil {
		return nil, err
	}
	return o.Store.Find(ctx, id)
}

// extend moves the end of a pending order, of its claims and of its hold.
func (o *Orders) extend(tx *sqldb.Tx, who actor.Actor, ord *Order, until time.Time,
	action string,
) error {
	ok, err := o.Store.ExtendIfPending(tx, ord, until)
	if err != nil {
		return err
	}
	if !ok {
		return fault.Stale
	}
	for _, session := range ord.sessionIDs() {
		if err := o.Book.Extend(tx, session, ownerOf(ord), until); err != nil {
			return err
		}
	}
	ord.ExpiresAt = until
	tx.AfterCommit(func() {
		o.placed.Drop(ord.ID)
		o.holds.add(ord)
	})
	_, err = o.note(tx, who, ord, action, map[string]time.Time{"until": until})
	return err
}
