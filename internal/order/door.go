package order

import (
	"cmp"
	"slices"

	"foyer/internal/journal"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// placeBatch is the door's end in the writer. What is plain is placed together, with a few
// statements of many rows: a refusal is the exception, since memory has said no before. When
// anything of it is refused, all of it is undone and each order is placed alone, in its own
// savepoint; so is what is not plain.
func (o *Orders) placeBatch(tx *sqldb.Tx, batch []*placing) []error {
	errs := make([]error, len(batch))
	var together []*placing
	for _, p := range batch {
		if p.isPlain() {
			together = append(together, p)
		}
	}
	if len(together) < 2 {
		together = nil // nothing to share
	} else if err := tx.Try(func() error { return o.placeTogether(tx, together) }); err != nil {
		together = nil
		if sqldb.IsBroken(err) {
			return slices.Repeat([]error{err}, len(batch))
		}
	}
	for i, p := range batch {
		if len(together) > 0 && together[0] == p {
			together = together[1:]
			continue
		}
		errs[i] = tx.Try(func() error { return o.placeOne(tx, p) })
	}
	return errs
}

// isPlain says that all there is to place is an unpaid order with places, a member's
// counter and a fresh key. Whoever gives placeOne more to do excludes it here.
func (p *placing) isPlain() bool {
	return p.order.State == Pending && p.receipt.IsFresh() && p.plan == nil &&
		p.parts == nil && !p.order.hasTerms()
}

// placeTogether places all of them or none. Its error does not say whose it is.
func (o *Orders) placeTogether(tx *sqldb.Tx, list []*placing) error {
	if err := o.guardSessions(tx, list); err != nil {
		return err
	}
	takes := make([]MemberTake, 0, len(list))
	orders := make([]*Order, len(list))
	claims := make([]seating.Claim, len(list))
	keeps := make([]journal.Keeping, len(list))
	for i, p := range list {
		if p.order.Member != 0 {
			takes = append(takes, p.take())
		}
		orders[i], claims[i] = p.order, p.claim
		// Before the claims' own hooks: whoever finds the places taken finds the order too.
		o.hold(tx, p.order)
	}
	slices.SortFunc(takes, func(x, y MemberTake) int {
		return cmp.Or(cmp.Compare(x.Session, y.Session), cmp.Compare(x.Member, y.Member))
	})
	err := o.Store.TakeNewMembers(tx, takes)
	if err == nil {
		err = o.Book.ClaimAll(tx, claims)
	}
	if err == nil {
		err = o.Store.Insert(tx, orders...)
	}
	if err != nil {
		return err
	}
	for i, p := range list {
		keeps[i] = journal.Keeping{Receipt: p.receipt, Object: p.order.ID, Answer: p.answer,
			Position: o.Journal.Append(tx, p.entry)}
	}
	return journal.KeepAll(tx, keeps)
}

// hold remembers an unpaid order from its commit on.
func (o *Orders) hold(tx *sqldb.Tx, ord *Order) {
	tx.AfterCommit(func() {
		o.placed.Put(ord.ID, ord)
		o.holds.add(ord)
	})
}

// drop forgets an order that is no longer unpaid.
func (o *Orders) drop(id int64) {
	o.placed.Drop(id)
	o.holds.drop(id)
}

// asPlaced is an unpaid order of the last moments as it was placed, for those who guard what
// they do by its revision; nil when it is not known.
func (o *Orders) asPlaced(id int64) *Order {
	known, ok := o.placed.Get(id)
	if !ok {
		return nil
	}
	ord := *known
	return &ord
}

func (o *Orders) guardSessions(tx *sqldb.Tx, list []*placing) error {
	sessions := make([]int64, 0, len(list))
	for _, p := range list {
		sessions = append(sessions, p.order.Session)
	}
	slices.Sort(sessions)
	if err := o.Sessions.ReadGates(tx, slices.Compact(sessions)); err != nil {
		return err
	}
	for _, p := range list {
		if err := o.Sessions.GuardSession(tx, p.order.Session, p.revision); err != nil {
			return err
		}
	}
	return nil
}

// take is what the order counts of its member.
func (p *placing) take() MemberTake {
	t := MemberTake{Session: p.order.Session, Member: p.order.Member, N: p.claim.Count(),
		Max: p.max}
	if p.order.waits() {
		t.Order = p.order.ID
	}
	return t
}

func (o *Orders) placeOne(tx *sqldb.Tx, p *placing) error {
	if p.parts != nil {
		return o.placeSeveral(tx, p)
	}
	ord := p.order
	if err := o.Sessions.GuardSession(tx, ord.Session, p.revision); err != nil {
		return err
	}
	if ord.Member != 0 {
		if err := o.Store.TakeMember(tx, p.take()); err != nil {
			return err
		}
	}
	if ord.waits() {
		// Before the claim's own hook: whoever finds the places taken finds the order too.
		o.hold(tx, ord)
	}
	if err := o.Book.Claim(tx, p.claim); err != nil {
		return err
	}
	if err := o.takeUses(tx, p.sellable, ord); err != nil {
		return err
	}
	if err := o.Store.Insert(tx, ord); err != nil {
		return err
	}
	if ord.State == Requested {
		if err := o.keepRequest(tx, ord); err != nil {
			return err
		}
	}
	if p.plan != nil {
		if err := o.keepBuyers(tx, ord.ID, p.plan); err != nil {
			return err
		}
	}
	pos := o.Journal.Append(tx, p.entry)
	if err := p.receipt.Keep(tx, pos, ord.ID, p.answer); err != nil {
		return err
	}
	if ord.State == Paid {
		return o.deliver(tx, ord)
	}
	return nil
}
