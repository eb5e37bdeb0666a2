package order

import (
	"context"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/payment"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// BuyersMove is a move as the buyer of an order is told of it.
type BuyersMove struct {
	*OrderMove
	Told *SessionMove
	// Open says that there is something to choose now.
	Open bool
}

// MovesOf are the moves that the buyer of an order was asked about, the newest first, of each
// session the last one. An order whose sessions never moved costs nothing.
func (o *Orders) MovesOf(ctx context.Context, ord *Order) ([]BuyersMove, error) {
	moved := false
	for i := range ord.Lines {
		a, err := o.agreed(ctx, ord.Organization, ord.Lines[i].snapshot(ord))
		if err != nil {
			return nil, err
		}
		moved = moved || a.Moved != 0
	}
	if !moved {
		return nil, nil
	}
	list, err := o.Store.ChoicesOf(ctx, ord.ID)
	if err != nil {
		return nil, err
	}
	var out []BuyersMove
	for _, c := range list {
		if slices.ContainsFunc(out, func(b BuyersMove) bool { return b.Session == c.Session }) {
			continue
		}
		m, err := o.Store.FindMove(ctx, c.Move)
		if err != nil {
			return nil, err
		}
		off, err := o.calledOff(ctx, c.Session)
		if err != nil {
			return nil, err
		}
		open := c.State == ChoiceOpen && m.Deadline.After(o.Clock.Now()) && !off &&
			len(ord.unitsIn(c)) > 0
		out = append(out, BuyersMove{c, m, open})
	}
	return out, nil
}

// unitsIn are the units of a move that did not go back.
func (o *Order) unitsIn(c *OrderMove) (list []ticket.UnitRef) {
	for _, u := range c.Units {
		if unit := o.Unit(u.Line, u.Unit); unit != nil && !unit.Returned {
			list = append(list, ticket.UnitRef{Line: u.Line, Unit: u.Unit})
		}
	}
	return list
}

// MoveAnswer is what a buyer says to a move.
type MoveAnswer struct {
	Session   int64            // 0: the only one of the order that has an open choice
	Units     []ticket.UnitRef // that go back; none: all that were not used
	InputHash []byte
}

// choosing finds what a buyer may choose about now. Refused with ErrNotMoved, ErrMoveDecided
// and ErrMoveWhich.
func (o *Orders) choosing(ctx context.Context, ord *Order, session int64) (*BuyersMove, error) {
	list, err := o.MovesOf(ctx, ord)
	if err != nil {
		return nil, err
	}
	var found *BuyersMove
	asked := false
	for i := range list {
		b := &list[i]
		if session != 0 && b.Session != session {
			continue
		}
		asked = true
		if !b.Open {
			continue
		}
		if found != nil {
			return nil, ErrMoveWhich.At("session_id", "is required / 必填")
		}
		found = b
	}
	switch {
	case found != nil:
		return found, nil
	case asked:
		return nil, ErrMoveDecided
	}
	return nil, ErrNotMoved
}

// AcceptMove says that the buyer comes. Refused with ErrNotFound, ErrNotMoved, ErrMoveDecided and
// ErrMoveWhich; saying it again is no refusal.
func (o *Orders) AcceptMove(ctx context.Context, who actor.Actor, id int64, say MoveAnswer) (
	*Order, error,
) {
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return nil, err
	}
	if list, err := o.MovesOf(ctx, ord); err != nil {
		return nil, err
	} else if len(list) == 1 && list[0].State == ChoiceAccepted &&
		(say.Session == 0 || say.Session == list[0].Session) {
		return ord, nil
	}
	b, err := o.choosing(ctx, ord, say.Session)
	if err != nil {
		return nil, err
	}
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, c, err := o.stillOpen(tx, ord.ID, b)
		if err != nil {
			return err
		}
		return o.decide(tx, who, cur, c, ChoiceAccepted)
	})
	if err != nil {
		return nil, err
	}
	return o.Get(ctx, id, who)
}

// stillOpen reads a choice as the transaction sees it.
func (o *Orders) stillOpen(tx *sqldb.Tx, id int64, b *BuyersMove) (*Order, *OrderMove, error) {
	ord, err := o.Store.Get(tx, id)
	if err != nil {
		return nil, nil, err
	}
	c, err := o.Store.ChoiceIn(tx, id, b.Move)
	if err != nil {
		return nil, nil, err
	}
	if c == nil || c.State != ChoiceOpen || !b.Told.Deadline.After(tx.Now) {
		return nil, nil, ErrMoveDecided
	}
	return ord, c, nil
}

// decide writes down what became of a choice, with its journal row.
func (o *Orders) decide(tx *sqldb.Tx, who actor.Actor, ord *Order, c *OrderMove,
	what Choice,
) error {
	if err := o.close(tx, who, c, what); err != nil {
		return err
	}
	_, err := o.note(tx, who, ord, "order.move_"+string(what), map[string]int{
		"units": len(ord.unitsIn(c))}, journal.Object{Kind: KindMove, ID: c.Move},
		journal.Object{Kind: "ses", ID: c.Session})
	return err
}

func (o *Orders) close(tx *sqldb.Tx, who actor.Actor, c *OrderMove, what Choice) error {
	next := *c
	next.State, next.DecidedAt, next.DecidedBy = what, tx.Now, who
	ok, err := o.Store.DecideIfOpen(tx, &next)
	if err == nil && !ok {
		err = ErrMoveDecided
	}
	return err
}

// RefundMove gives units of a moved session back in full, without a fee, whatever the policy
// says. The choice about the others stays open. Refused with ErrNotFound, ErrNotMoved,
// ErrMoveDecided, ErrMoveWhich, ErrUnit, ErrUnitReturned and ticket.ErrUsed.
func (o *Orders) RefundMove(ctx context.Context, who actor.Actor, id int64, say MoveAnswer,
	receipt *journal.Receipt, render RenderReturn,
) (journal.Answer, error) {
	var answer journal.Answer
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return answer, err
	}
	b, err := o.choosing(ctx, ord, say.Session)
	if err != nil {
		return answer, err
	}
	units := say.Units
	if len(units) == 0 {
		if units, err = o.unusedOf(ctx, ord, b.OrderMove); err != nil {
			return answer, err
		}
	} else if err := o.unused(ctx, ord, units); err != nil {
		return answer, err
	}
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, c, err := o.stillOpen(tx, id, b)
		if err != nil {
			return err
		}
		r, pos, err := o.moveBack(tx, who, cur, c, units, say.InputHash)
		if err != nil {
			return err
		}
		if answer, err = render(*r); err != nil {
			return err
		}
		return receipt.Keep(tx, pos, cur.ID, answer)
	})
	return answer, err
}

// unusedOf are the units of a move that neither went back nor were used. Refused with
// ticket.ErrUsed when only used ones are left.
func (o *Orders) unusedOf(ctx context.Context, ord *Order, c *OrderMove) ([]ticket.UnitRef,
	error,
) {
	used, err := o.Tickets.Used(ctx, ord.Organization, ord.ID)
	if err != nil {
		return nil, err
	}
	units := slices.DeleteFunc(ord.unitsIn(c), func(u ticket.UnitRef) bool {
		return slices.Contains(used, u)
	})
	if len(units) == 0 && len(used) > 0 {
		return nil, ticket.ErrUsed.With("units", used)
	}
	return units, nil
}

// moveBack gives units of a moved session back in full; the choice is over with the last.
func (o *Orders) moveBack(tx *sqldb.Tx, who actor.Actor, ord *Order, c *OrderMove,
	units []ticket.UnitRef, input []byte,
) (*Returned, journal.Position, error) {
	none := journal.Position{}
	if ord.State != Paid {
		return nil, none, ErrNotPaid.With("state", ord.State)
	}
	q := Quote{Order: ord.ID, Currency: ord.Currency}
	mine := ord.unitsIn(c)
	for i, ref := range units {
		u := ord.Unit(ref.Line, ref.Unit)
		switch {
		case u == nil || slices.Contains(units[:i], ref):
			return nil, none, ErrUnit.At(field("units", i, "unit"), "not in the order, or twice")
		case u.Returned:
			return nil, none, ErrUnitReturned.With("units", []ticket.UnitRef{ref})
		case !slices.Contains(mine, ref):
			return nil, none, ErrUnit.At(field("units", i, "unit"), "not of the moved session")
		}
		q.Units = append(q.Units, QuotedUnit{ref, u.Label, u.Amount, u.Amount, 0})
		q.Refund += u.Amount
	}
	if len(q.Units) == 0 {
		return nil, none, ErrUnitReturned
	}
	r := &Returned{Order: ord, Quote: q}
	pos, err := o.giveUp(tx, who, r, RefundAsk{Reason: "session moved", InputHash: input,
		cause: payment.CauseSessionMoved})
	if err == nil && len(ord.unitsIn(c)) == 0 {
		err = o.close(tx, who, c, ChoiceRefunded)
	}
	return r, pos, err
}

// defaultSlice does for the next orders what holds for whoever said nothing.
func (o *Orders) defaultSlice(ctx context.Context, m *SessionMove) (time.Duration, error) {
	backlog, err := o.payments.Backlog(ctx)
	if err != nil {
		return 0, err
	}
	var list []int64
	if err := o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		list, err = o.Store.OpenChoices(tx, m.ID, m.After, moveSlice)
		return err
	}); err != nil {
		return 0, err
	}
	waiting := o.eachOf(list, "a moved order waits for its default", func(id int64) (bool, error) {
		return o.silent(ctx, m, id, backlog)
	})
	return o.sliceDone(ctx, m, MoveDone, list, waiting)
}

// silent decides for one buyer who said nothing. wait says that the provider of his money has
// too many refunds waiting.
func (o *Orders) silent(ctx context.Context, m *SessionMove, id int64,
	backlog map[string]int,
) (wait bool, err error) {
	off, err := o.calledOff(ctx, m.Session)
	if err != nil {
		return false, err
	}
	used, err := o.Tickets.Used(ctx, m.Organization, id)
	if err != nil {
		return false, err
	}
	var asked []string
	err = o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		wait, asked = false, nil
		ord, err := o.Store.Get(tx, id)
		if err != nil {
			return err
		}
		c, err := o.Store.ChoiceIn(tx, id, m.ID)
		if err != nil || c == nil || c.State != ChoiceOpen {
			return err
		}
		units := slices.DeleteFunc(ord.unitsIn(c), func(u ticket.UnitRef) bool {
			return slices.Contains(used, u)
		})
		switch {
		case off || len(ord.unitsIn(c)) == 0: // a cancelled session gives all back by itself
			return o.decide(tx, actor.SystemActor, ord, c, ChoiceLeft)
		case m.Default == ChoiceAccepted || len(units) == 0:
			return o.decide(tx, actor.SystemActor, ord, c, ChoiceAccepted)
		}
		var sum money.Minor
		for _, u := range units {
			sum += ord.Unit(u.Line, u.Unit).Amount
		}
		if asked, wait, err = o.crowded(tx, ord, sum, backlog); err != nil || wait {
			return err
		}
		if _, _, err = o.moveBack(tx, actor.SystemActor, ord, c, units, nil); err != nil {
			return err
		}
		if len(ord.unitsIn(c)) > 0 { // what was used stays with the buyer
			return o.close(tx, actor.SystemActor, c, ChoiceAccepted)
		}
		return nil
	})
	if err == nil {
		countInto(backlog, asked)
	}
	return wait, err
}

// MoveTold is how far a move is, for the staff of the house.
type MoveTold struct {
	*SessionMove
	MoveSums
}

// MoveOf tells staff how far the last move of a session is. Refused with fault.Missing,
// fault.NotAllowed and ErrNotMoved.
func (o *Orders) MoveOf(ctx context.Context, who actor.Actor, organization, session int64) (
	*MoveTold, error,
) {
	s, err := o.houseSession(ctx, who, organization, session)
	if err != nil {
		return nil, err
	}
	if s.Session.Moved == 0 {
		return nil, ErrNotMoved
	}
	m, err := o.Store.FindMove(ctx, s.Session.Moved)
	if err != nil {
		return nil, err
	}
	sums, err := o.Store.MoveSums(ctx, m.ID)
	return &MoveTold{m, sums}, err
}

// freeChange says whether a unit of a line may be changed without a fee, and until when: its
// session was moved, and the buyer has not chosen yet.
func (o *Orders) freeChange(ctx context.Context, ord *Order, l *Line, a *Agreed) (
	free bool, until time.Time, err error,
) {
	if a.Moved == 0 {
		return false, until, nil
	}
	b, err := o.choosing(ctx, ord, l.Session)
	if fault.KindOf(err) == fault.Conflict {
		return false, until, nil
	}
	if err != nil {
		return false, until, err
	}
	return true, b.Told.Deadline, nil
}

// freeRules are the rules of such a change: no fee, as often as one likes, to another session
// of the event or another seat; only the prices may differ.
func freeRules() catalog.ChangeRules {
	return catalog.ChangeRules{MaxPerUnit: 20, OtherVenue: true, Ladder: []catalog.Rung{{}}}
}
