package order

import (
	"context"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// lineNow is what decides the rung of a line that came by a change.
type lineNow struct {
	agreed *Agreed
	off    bool // the house cancelled its session
}

// agreedFrom reads what was agreed to for lines of an order.
func (o *Orders) agreedFrom(ctx context.Context, ord *Order) func(int64) (*Agreed, error) {
	return func(id int64) (*Agreed, error) { return o.agreed(ctx, ord.Organization, id) }
}

// agreedFromTx is agreedFrom inside a transaction.
func (o *Orders) agreedFromTx(tx *sqldb.Tx, ord *Order) func(int64) (*Agreed, error) {
	return func(id int64) (*Agreed, error) { return o.agreedIn(tx, ord.Organization, id) }
}

// linesNow are the lines that have an agreement of their own; nil for an order that was
// never changed.
func (o *Orders) linesNow(ord *Order, agreed func(int64) (*Agreed, error)) (
	map[int]lineNow, error,
) {
	var list map[int]lineNow
	for _, l := range ord.Lines {
		if l.Snapshot == 0 {
			continue
		}
		a, err := agreed(l.Snapshot)
		if err != nil {
			return nil, err
		}
		//tidy:allow context in memory; the writer has no caller
		off, err := o.calledOff(context.Background(), l.Session)
		if err != nil {
			return nil, err
		}
		if list == nil {
			list = map[int]lineNow{}
		}
		list[l.Number] = lineNow{a, off}
	}
	return list, nil
}

func (n rungNow) agreed(base *Agreed, line int) *Agreed {
	if own, ok := n.lines[line]; ok {
		return own.agreed
	}
	return base
}

func (n rungNow) cancelled(line int) bool {
	if own, ok := n.lines[line]; ok {
		return own.off
	}
	return n.off
}

// rung is the rung of an agreement at a time; the quote then holds as long as the shortest
// of its rungs. For a cancelled session nothing is kept.
func (q *Quote) rung(a *Agreed, off bool, at time.Time) (catalog.Rung, error) {
	if off {
		return catalog.Rung{}, nil
	}
	rung, until, ok := a.rungAt(at)
	if !ok {
		return rung, a.noRefund()
	}
	if q.Until.IsZero() || until.Before(q.Until) {
		q.Until, q.Next, q.Policy = until, nil, a.Policy
		if next, _, ok := a.rungAt(until.Add(time.Millisecond)); ok {
			q.Next = &next
		}
	}
	return rung, nil
}

// freeUnits gives back the places of units, and their count with the member, in each of
// their sessions.
func (o *Orders) freeUnits(tx *sqldb.Tx, ord *Order, refs []ticket.UnitRef) error {
	for _, t := range pick(ord, refs) {
		if err := o.letGo(tx, t.session, ownerOf(ord), t.places, t.areas); err != nil {
			return err
		}
		if ord.Member == 0 {
			continue
		}
		if err := o.Store.GiveMember(tx, MemberGive{Session: t.session, Member: ord.Member,
			Order: ord.ID, N: t.n}); err != nil {
			return err
		}
	}
	return nil
}
