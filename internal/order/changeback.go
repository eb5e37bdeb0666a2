package order

import (
	"context"
	"encoding/json"
	"strconv"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// heldChange is what a change that brings money back was asked for: the very places.
type heldChange struct{ To PlaceAsk }

// askChangeBack makes a request of a change by staff that brings money back, where the house
// wants two people for so much. Its new places are not kept meanwhile.
func (o *Orders) askChangeBack(ctx context.Context, who actor.Actor, ord *Order,
	q *ChangeQuote,
) error {
	if o.Approvals == nil || who.Kind != actor.Staff || q.Back == 0 {
		return nil
	}
	a, err := o.agreed(ctx, ord.Organization, ord.Snapshot)
	if err != nil {
		return err
	}
	return o.Approvals.Pass(ctx, who, backCase(ord, q.Back), func() (approval.Ask, error) {
		held := heldRefund{Order: ord.ID, Revision: ord.Revision, Units: q.Refs(),
			Refund: q.Back, Change: &heldChange{PlaceAsk{Session: q.Session,
				Lines: linesOf(&Order{Lines: q.Lines})}}}
		out := askOf(ord, a)
		for _, u := range q.Old {
			out.Changes = append(out.Changes, approval.Change{What: u.Label,
				Before: strconv.FormatInt(int64(u.Amount), 10)})
		}
		for _, l := range q.Lines {
			for _, u := range l.Units {
				out.Changes = append(out.Changes, approval.Change{
					What:  sessionTitle(q.sellable) + " · " + u.Label,
					After: strconv.FormatInt(int64(u.Amount), 10)})
			}
		}
		out.Changes = append(out.Changes, approval.Change{What: "back",
			After: strconv.FormatInt(int64(q.Back), 10)})
		out.Input, err = json.Marshal(held)
		return out, err
	})
}

// carryChange does a change as it was asked: the same units for the same places and the same
// sum, if nothing happened to the order since.
func (o *Orders) carryChange(ctx context.Context, in approval.Carried, held heldRefund,
	done approval.Once,
) error {
	back := -held.Refund
	ask := ChangeAsk{Units: held.Units, To: held.Change.To, Expect: &back}
	q, ord, err := o.changeQuote(ctx, in.As, held.Order, ask)
	if err != nil {
		return err
	}
	defer o.Chooser.Drop(q.choice)
	if ord.Revision != held.Revision {
		return fault.Stale.With("revision", ord.Revision)
	}
	if err := ask.expects(q); err != nil {
		return err
	}
	if err := o.gateKnows(ctx, &q.Change); err != nil {
		return err
	}
	_, err = o.change(ctx, in.As, ord, &q, changing{first: func(tx *sqldb.Tx) error {
		return done(tx)
	}, render: func(*Change, *Order) (journal.Answer, error) { return journal.Answer{}, nil }})
	return err
}

// changing is what goes with a change: what runs before it in its transaction, what makes
// its answer, and where that is kept.
type changing struct {
	first     func(tx *sqldb.Tx) error // nil: one person does it, or the buyer
	render    RenderChange
	receipt   *journal.Receipt
	inputHash []byte
}

// change does what was quoted in one transaction.
func (o *Orders) change(ctx context.Context, who actor.Actor, ord *Order, q *ChangeQuote,
	in changing,
) (answer journal.Answer, err error) {
	if q.Snapshot, err = o.snapshotOf(ctx, q.sellable); err != nil {
		return answer, err
	}
	q.ID = o.IDs.Next()
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if in.first != nil {
			if err := in.first(tx); err != nil {
				return err
			}
		}
		c := q.Change
		cur, err := o.begin(tx, ord, q, &c)
		if err != nil {
			return err
		}
		already := cur.Refunded
		pos, err := o.awaitOrSwap(tx, who, cur, &c, in.inputHash)
		if err == nil && in.first == nil && c.Back > 0 {
			err = o.passedBack(tx, who, cur, already, c.Back)
		}
		if err != nil {
			return err
		}
		if answer, err = in.render(&c, cur); err != nil {
			return err
		}
		return in.receipt.Keep(tx, pos, cur.ID, answer)
	})
	return answer, err
}

// awaitOrSwap waits for the difference, or does the change at once where none is due.
func (o *Orders) awaitOrSwap(tx *sqldb.Tx, who actor.Actor, cur *Order, c *Change,
	input []byte,
) (journal.Position, error) {
	if c.Due > 0 {
		return o.await(tx, who, cur, c, input)
	}
	return o.swap(tx, who, cur, c, nil, input)
}
