package order

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/payment"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// ErrNotUsed refuses units that go back by themselves.
var ErrNotUsed = fault.Define(fault.Conflict, "ticket_not_used",
	"该票未使用,取消场次后会自动退款", "The ticket was not used: it goes back by itself.",
	"Name used tickets only, or none for all of them.")

// UsedAsk names used tickets of a cancelled session that the house gives back all the same:
// the film broke off, the park closed at noon.
type UsedAsk struct {
	Organization, Session, Order int64
	Units                        []ticket.UnitRef // none: all that were used
	Expect                       money.Minor      // refuses at any other sum; negative: any
	Reason                       string           // 1 to 200 characters
	InputHash                    []byte
}

// RefundUsed gives used tickets of a cancelled session back in full, once. What the gates
// wrote stays as it is; the tickets open nothing any more. Refused with fault.Missing,
// fault.NotAllowed, ErrNotCalledOff, ErrNotFound, ErrNotPaid, ErrUnit, ErrUnitReturned,
// ErrNotUsed, ErrQuoteChanged, fault.BadInput, and with *approval.Asked where the house
// wants two people for so much.
func (o *Orders) RefundUsed(ctx context.Context, who actor.Actor, ask UsedAsk,
	receipt *journal.Receipt, render RenderReturn,
) (journal.Answer, error) {
	ord, q, err := o.quoteUsed(ctx, who, &ask)
	if err != nil {
		return journal.Answer{}, err
	}
	a, err := o.agreed(ctx, ord.Organization, ord.Snapshot)
	if err != nil {
		return journal.Answer{}, err
	}
	if err := o.passBack(ctx, who, ord, a, q, heldRefund{Reason: ask.Reason,
		Used: ask.Session}); err != nil {
		return journal.Answer{}, err
	}
	return o.giveUsed(ctx, who, ask, q, nil, receipt, render)
}

// quoteUsed looks at the order as it stands; ask gets the units and the sum by name.
func (o *Orders) quoteUsed(ctx context.Context, who actor.Actor, ask *UsedAsk) (*Order, Quote,
	error,
) {
	if err := o.mayGiveBack(ctx, who, ask.Organization, ask.Session); err != nil {
		return nil, Quote{}, err
	}
	ask.Reason = strings.TrimSpace(ask.Reason)
	if n := utf8.RuneCountInString(ask.Reason); n < 1 || len(ask.Reason) > 200 {
		return nil, Quote{}, fault.BadInput.At("reason", "is 1 to 200 bytes / 请填写理由")
	}
	if off, err := o.calledOff(ctx, ask.Session); err != nil || !off {
		return nil, Quote{}, orElse(err, ErrNotCalledOff)
	}
	ord, err := o.Store.Find(ctx, ask.Order)
	if err == nil && ord.Organization != ask.Organization {
		err = ErrNotFound
	}
	if err != nil {
		return nil, Quote{}, err
	}
	used, err := o.Tickets.Used(ctx, ord.Organization, ord.ID)
	if err != nil {
		return nil, Quote{}, err
	}
	q, err := usedOf(ord, ask.Session, used, ask.Units)
	if err == nil && ask.Expect >= 0 && ask.Expect != q.Refund {
		err = ErrQuoteChanged.With("refund_minor", q.Refund)
	}
	ask.Units, ask.Expect = nil, q.Refund
	for _, u := range q.Units {
		ask.Units = append(ask.Units, u.UnitRef)
	}
	return ord, q, err
}

// usedOf is a quote of used units of a session, without a fee; units none means all.
func usedOf(ord *Order, session int64, used, units []ticket.UnitRef) (Quote, error) {
	q := Quote{Order: ord.ID, Currency: ord.Currency}
	if ord.State != Paid {
		return q, ErrNotPaid.With("state", ord.State)
	}
	if len(units) == 0 {
		for _, u := range used {
			if l := ord.line(u.Line); l != nil && l.Session == session {
				units = append(units, u)
			}
		}
	}
	for i, ref := range units {
		u, l := ord.Unit(ref.Line, ref.Unit), ord.line(ref.Line)
		switch {
		case u == nil || l.Session != session || slices.Contains(units[:i], ref):
			return q, ErrUnit.At(field("units", i, "unit"), "not of the session, or twice")
		case u.Returned:
			return q, ErrUnitReturned.With("units", []ticket.UnitRef{ref})
		case !slices.Contains(used, ref):
			return q, ErrNotUsed.With("units", []ticket.UnitRef{ref})
		}
		q.Units = append(q.Units, QuotedUnit{ref, u.Label, u.Amount, u.Amount, 0})
		q.Refund += u.Amount
	}
	if len(q.Units) == 0 {
		return q, ErrUnitReturned
	}
	return q, nil
}

// giveUsed gives the quoted units back in one transaction. first is what two people agreed
// to, to be checked in it; nil: one person does it.
func (o *Orders) giveUsed(ctx context.Context, who actor.Actor, ask UsedAsk, seen Quote,
	first func(tx *sqldb.Tx, cur *Order) error, receipt *journal.Receipt, render RenderReturn,
) (answer journal.Answer, err error) {
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := o.Store.Get(tx, ask.Order)
		if err == nil && first != nil {
			err = first(tx, cur)
		}
		if err != nil {
			return err
		}
		q, err := usedOf(cur, ask.Session, ask.Units, ask.Units)
		if err == nil && q.Refund != seen.Refund {
			err = ErrQuoteChanged.With("refund_minor", q.Refund)
		}
		if err != nil {
			return err
		}
		r, already := Returned{Order: cur, Quote: q}, cur.Refunded
		pos, err := o.giveUsedUp(tx, who, &r, ask)
		if err == nil && first == nil {
			err = o.passedBack(tx, who, cur, already, q.Refund)
		}
		if err != nil {
			return err
		}
		if answer, err = render(r); err != nil {
			return err
		}
		return receipt.Keep(tx, pos, cur.ID, answer)
	})
	return answer, err
}

// giveUsedUp voids used tickets, sends their money back and takes back what attractions had
// earned by their use.
func (o *Orders) giveUsedUp(tx *sqldb.Tx, who actor.Actor, r *Returned, ask UsedAsk) (
	pos journal.Position, err error,
) {
	var void []ticket.Ticket
	pos, err = o.giveUp(tx, who, r, RefundAsk{Reason: ask.Reason, InputHash: ask.InputHash,
		cause: payment.CauseSessionCancelled,
		void: func(tx *sqldb.Tx, ord *Order, units []ticket.UnitRef) (err error) {
			void, err = o.Tickets.VoidUsed(tx, ord.Organization, ord.ID, units)
			return err
		}})
	if err == nil {
		err = o.unshare(tx, pos, r.Order, void)
	}
	if err == nil {
		err = o.noteGiven(tx, ask.Session, r, o.IDs.Next())
	}
	return pos, err
}

// unshare takes back what attractions of combined tickets earned by being used, where their
// type books it on use.
func (o *Orders) unshare(tx *sqldb.Tx, pos journal.Position, ord *Order, void []ticket.Ticket,
) error {
	var s shares
	for i := range void {
		l := ord.line(void[i].Line)
		a, err := o.agreedIn(tx, ord.Organization, l.snapshot(ord))
		if err != nil {
			return err
		}
		adm := a.Admissions[l.TicketType]
		if adm == nil || adm.RevenueOn != catalog.RevenueOnUse {
			continue
		}
		for _, e := range void[i].Entitlements {
			if e.Used > 0 && e.Number <= len(adm.Parts) {
				s.add(adm.Parts[e.Number-1].Code, e.Share)
			}
		}
	}
	return o.postShares(tx, pos, ord, s, givenBack)
}

// carryUsed gives used tickets back as it was asked, if nothing happened to the order since.
func (o *Orders) carryUsed(ctx context.Context, in approval.Carried, held heldRefund,
	done approval.Once,
) error {
	ask := UsedAsk{Organization: in.Request.Organization, Session: held.Used, Order: held.Order,
		Units: held.Units, Expect: held.Refund, Reason: held.Reason}
	_, q, err := o.quoteUsed(ctx, in.As, &ask)
	if err != nil {
		return err
	}
	_, err = o.giveUsed(ctx, in.As, ask, q, func(tx *sqldb.Tx, cur *Order) error {
		if err := done(tx); err != nil {
			return err
		}
		if cur.Revision != held.Revision {
			return fault.Stale.With("revision", cur.Revision)
		}
		return nil
	}, nil, func(Returned) (journal.Answer, error) { return journal.Answer{}, nil })
	return err
}
