package order

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// ComingBack is what the book does with places that were given back.
type ComingBack interface {
	// Park keeps what the owner gives back for a while; false when nothing is left to keep,
	// since all of it went back to allotments.
	Park(tx *sqldb.Tx, r seating.Return, owner seating.Owner, places []int32,
		areas []seating.AreaQty) (bool, error)
	// Unpark frees what of these places waits to go on sale again.
	Unpark(tx *sqldb.Tx, session int64, places []int32, areas []seating.AreaQty) error
	// StandingIn are the allotments of a session that are not over, oldest first.
	StandingIn(tx *sqldb.Tx, session int64) ([]seating.Allotment, error)
}

// letGo gives places back that an order or a change had. In a session in demand they wait a
// random while before they are on sale again, so that nobody can hand them over; elsewhere
// they are free at once.
func (o *Orders) letGo(tx *sqldb.Tx, session int64, owner seating.Owner, places []int32,
	areas []seating.AreaQty,
) error {
	//tidy:allow context in memory; the writer has no caller
	s, err := o.Sessions.Sellable(context.Background(), session)
	if err != nil && !errors.Is(err, fault.Missing) {
		return err
	}
	var window time.Duration
	if err == nil && s.Session.State != catalog.SessionCancelled {
		window = s.Session.Returns.Window(s.Session.StartsAt, tx.Now)
	}
	if window < time.Millisecond {
		return o.Book.Release(tx, session, owner, nonNil(places), areas)
	}
	r := seating.Return{ID: o.IDs.Next(), Organization: s.Session.Organization,
		Session: session, Due: tx.Now.Add(o.within(window)), Until: tx.Now.Add(window)}
	parked, err := o.Book.Park(tx, r, owner, places, areas)
	if err != nil || !parked {
		return err
	}
	return o.Jobs.Enqueue(tx, journal.Job{Kind: seating.JobComeBack, ObjectID: r.ID, Due: r.Due})
}

// within is a time up to the longest, above zero, that nobody can foresee.
func (o *Orders) within(longest time.Duration) time.Duration {
	n := uint64(longest.Milliseconds())
	return time.Duration(binary.BigEndian.Uint64(o.IDs.Bytes(8))%n+1) * time.Millisecond
}

// freeAgain makes the places that money came late for claimable, where nobody has them:
// those that wait to go on sale again are free for their old buyer, and those that went back
// to an allotment may be taken from it, when the order's channel sells from it.
func (o *Orders) freeAgain(tx *sqldb.Tx, ord *Order, c seating.Claim) (from []int64, err error) {
	list, err := o.Book.StandingIn(tx, ord.Session)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		if a.SellsTo(ord.Channel.allotted(), tx.Now) {
			from = append(from, a.ID)
		}
	}
	return from, o.Book.Unpark(tx, ord.Session, c.Places, c.Areas)
}
