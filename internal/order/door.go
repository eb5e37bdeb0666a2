package order

import (
	"foyer/internal/sqldb"
)

// placeBatch is the door's end in the writer: each order in its own savepoint.
func (o *Orders) placeBatch(tx *sqldb.Tx, batch []*placing) []error {
	errs := make([]error, len(batch))
	for i, p := range batch {
		errs[i] = tx.Try(func() error { return o.placeOne(tx, p) })
	}
	return errs
}

func (o *Orders) placeOne(tx *sqldb.Tx, p *placing) error {
	ord := p.order
	if err := o.Sessions.GuardSession(tx, ord.Session, p.revision); err != nil {
		return err
	}
	if ord.Member != 0 {
		take := MemberTake{Session: ord.Session, Member: ord.Member, N: p.claim.Count(), Max: p.max}
		if ord.State == Pending {
			take.Order = ord.ID
		}
		if err := o.Store.TakeMember(tx, take); err != nil {
			return err
		}
	}
	if ord.State == Pending {
		// Before the claim's own hook: whoever finds the places taken finds the order too.
		tx.AfterCommit(func() { o.holds.add(ord) })
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
