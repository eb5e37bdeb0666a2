package order

import (
	"context"
	"encoding/json"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/payment"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// Quote says what going back costs now. It is live: until Until, the figures hold.
type Quote struct {
	Order    int64
	Currency money.Currency
	Units    []QuotedUnit
	Refund   money.Minor   // what the buyer gets back
	Fee      money.Minor   // what the house keeps
	Until    time.Time     // when the next rung begins, or refunds end; zero: never
	Next     *catalog.Rung // what holds then; nil: nothing goes back any more
	Policy   catalog.RefundPolicyInfo
}

// QuotedUnit is one unit of a quote: Amount = Refund + Fee.
type QuotedUnit struct {
	ticket.UnitRef
	Label               string
	Amount, Refund, Fee money.Minor
}

// RefundAsk names units to give back; none means all that were neither given back nor used.
type RefundAsk struct {
	Units []ticket.UnitRef
	// Expect refuses with ErrQuoteChanged when the refund differs; negative: any.
	Expect    money.Minor
	Reason    string
	InputHash []byte

	cause payment.Cause // empty: the buyer's request
	// void ends the tickets of units; nil: those that nobody used, or a refusal.
	void func(tx *sqldb.Tx, ord *Order, units []ticket.UnitRef) error
}

// Returned is a refund that was asked for.
type Returned struct {
	Order   *Order
	Refunds []int64
	Quote   Quote
	Wait    *GateWait // it waits for a gate, and nothing was given back yet; else nil
}

// Quote says what the units of the caller's paid order would bring now. Refused with
// ErrNotFound, ErrNotPaid, ErrUnit, ErrUnitReturned, ErrNoRefund, ticket.ErrUsed.
func (o *Orders) Quote(ctx context.Context, who actor.Actor, id int64, units []ticket.UnitRef) (
	Quote, error,
) {
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return Quote{}, err
	}
	a, err := o.agreed(ctx, ord.Organization, ord.Snapshot)
	if err != nil {
		return Quote{}, err
	}
	off, err := o.wholeOff(ctx, ord)
	if err != nil {
		return Quote{}, err
	}
	if units, err = o.returnable(ctx, ord, units); err != nil {
		return Quote{}, err
	}
	if ord.Ruled() && !off {
		if err := o.mayReturn(ctx, who, ord, units); err != nil {
			return Quote{}, err
		}
	}
	lines, err := o.linesNow(ord, o.agreedFrom(ctx, ord))
	if err != nil {
		return Quote{}, err
	}
	if err := catalog.MayView(ctx, who, ord.Organization, a.Venue); err != nil {
		return Quote{}, err
	}
	return quote(ord, a, units, rungNow{clock.Seen(ctx, o.Clock), off, lines})
}

// rungNow is what decides the rung: the time, and whether the house cancelled the session.
// lines are those that came by a change and have their own; nil without any.
type rungNow struct {
	at    time.Time
	off   bool
	lines map[int]lineNow
}

// quote is the pure decision: which units, how much of each. For a cancelled session all
// comes back at any time, whatever the policy says.
func quote(ord *Order, a *Agreed, units []ticket.UnitRef, now rungNow) (Quote, error) {
	if ord.State != Paid {
		return Quote{}, ErrNotPaid.With("state", ord.State)
	}
	q := Quote{Order: ord.ID, Currency: ord.Currency, Policy: a.Policy}
	if now.lines == nil {
		if _, err := q.rung(a, now.off, now.at); err != nil {
			return Quote{}, err
		}
	}
	if len(units) == 0 {
		units = remaining(ord)
	}
	seen := map[ticket.UnitRef]bool{}
	for i, ref := range units {
		u := ord.Unit(ref.Line, ref.Unit)
		switch {
		case u == nil || seen[ref]:
			return Quote{}, ErrUnit.At(field("units", i, "unit"), "not in the order, or twice")
		case u.Returned:
			return Quote{}, ErrUnitReturned.With("units", []ticket.UnitRef{ref})
		}
		seen[ref] = true
		rung, err := q.rung(now.agreed(a, ref.Line), now.cancelled(ref.Line), now.at)
		if err != nil {
			return Quote{}, err
		}
		fee := rung.Fee(u.Amount)
		q.Units = append(q.Units, QuotedUnit{ref, u.Label, u.Amount, u.Amount - fee, fee})
		q.Refund, q.Fee = q.Refund+u.Amount-fee, q.Fee+fee
	}
	if len(q.Units) == 0 {
		return Quote{}, ErrUnitReturned
	}
	return q, nil
}

// remaining are the units that were not given back.
func remaining(ord *Order) []ticket.UnitRef {
	var refs []ticket.UnitRef
	for _, l := range ord.Lines {
		for i, u := range l.Units {
			if !u.Returned {
				refs = append(refs, ticket.UnitRef{Line: l.Number, Unit: i + 1})
			}
		}
	}
	return refs
}

// RenderReturn makes the answer of a refund before it is committed.
type RenderReturn func(Returned) (journal.Answer, error)

// Refund gives units of the caller's paid order back: tickets are voided, places are free
// again, and the money is on its way. One transaction; the provider is called after it.
// Refused as Quote, and with ErrQuoteChanged.
func (o *Orders) Refund(ctx context.Context, who actor.Actor, id int64, ask RefundAsk,
	receipt *journal.Receipt, render RenderReturn,
) (journal.Answer, error) {
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return journal.Answer{}, err
	}
	a, err := o.agreed(ctx, ord.Organization, ord.Snapshot)
	if err != nil {
		return journal.Answer{}, err
	}
	off, err := o.wholeOff(ctx, ord)
	if err != nil {
		return journal.Answer{}, err
	}
	units, err := o.returnable(ctx, ord, ask.Units)
	if err != nil {
		return journal.Answer{}, err
	}
	ask.Units = units
	if err := o.askRefund(ctx, who, ord, a, ask, off); err != nil {
		return journal.Answer{}, err
	}
	if !off {
		w, err := o.mustWait(ctx, who, ord, units)
		if err != nil {
			return journal.Answer{}, err
		}
		if w != nil {
			return o.awaitGate(ctx, who, refunding{ask, a, off, nil}, w, receipt, render)
		}
	}
	return o.refund(ctx, who, id, refunding{ask, a, off, nil}, receipt, render)
}

// refunding is a refund whose units are known.
type refunding struct {
	RefundAsk
	agreed *Agreed
	off    bool // the session was cancelled
	// also is what two people agreed to, to be checked in the same transaction; nil: nothing.
	also func(tx *sqldb.Tx, cur *Order) error
}

func (o *Orders) refund(ctx context.Context, who actor.Actor, id int64, ask refunding,
	receipt *journal.Receipt, render RenderReturn,
) (journal.Answer, error) {
	var answer journal.Answer
	err := o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := o.Store.Get(tx, id)
		if err == nil && ask.also != nil {
			err = ask.also(tx, cur)
		}
		if err != nil {
			return err
		}
		q, err := o.quoteIn(tx, cur, ask, tx.Now)
		if err != nil {
			return err
		}
		r, already := Returned{Order: cur, Quote: q}, cur.Refunded
		pos, err := o.giveUp(tx, who, &r, ask.RefundAsk)
		if err == nil && ask.also == nil {
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

// giveUp takes the quoted units from the buyer and books the money on its way.
func (o *Orders) giveUp(tx *sqldb.Tx, who actor.Actor, r *Returned, ask RefundAsk) (
	journal.Position, error,
) {
	none := journal.Position{}
	ord, q := r.Order, r.Quote
	var refs []ticket.UnitRef
	for _, qu := range q.Units {
		refs = append(refs, qu.UnitRef)
	}
	err := o.dropChange(tx, who, ord, refs)
	if err != nil {
		return none, err
	}
	if ask.void == nil {
		ask.void = o.voidUnused
	}
	if err := ask.void(tx, ord, refs); err != nil {
		return none, err
	}
	cause := ask.cause
	if cause == "" {
		cause = payment.CauseRequest
	}
	r.Refunds, err = o.sendBack(tx, ord, q.Refund, cause, ask.Reason)
	if err != nil {
		return none, err
	}
	if err := o.giveUnits(tx, ord, q); err != nil {
		return none, err
	}
	if err := o.returnUnits(tx, ord, q, r.Refunds); err != nil {
		return none, err
	}
	if err := o.freeUnits(tx, ord, refs); err != nil {
		return none, err
	}
	if ord.Ruled() {
		if err := o.returnBuyers(tx, who, ord, refs); err != nil {
			return none, err
		}
	}
	pos, err := o.noteRefund(tx, who, r, ask)
	if err != nil {
		return none, err
	}
	if err := o.shareOut(tx, pos, ord, refs, givenBack); err != nil {
		return none, err
	}
	return pos, o.Ledger.Post(tx, pos, ord.ID, ord.Currency,
		ledger.Move{Account: ledger.Sales, Amount: q.Refund + q.Fee},
		ledger.Move{Account: ledger.RefundPayable, Amount: -q.Refund},
		ledger.Move{Account: ledger.FeesKept, Amount: -q.Fee})
}

// voidUnused ends the tickets of units; ticket.ErrUsed when one of them was used.
func (o *Orders) voidUnused(tx *sqldb.Tx, ord *Order, units []ticket.UnitRef) error {
	return o.Tickets.Void(tx, ord.Organization, ord.ID, units)
}

// returnUnits marks each unit as gone, in the book and on the order in hand.
func (o *Orders) returnUnits(tx *sqldb.Tx, ord *Order, q Quote, refunds []int64) error {
	var first int64
	if len(refunds) > 0 {
		first = refunds[0]
	}
	for _, u := range q.Units {
		if err := o.Store.ReturnUnit(tx, ReturnedUnit{Order: ord.ID, Line: u.Line,
			Unit: u.UnitRef.Unit, Refund: first, Amount: u.Refund, Fee: u.Fee}); err != nil {
			return err
		}
		ord.Unit(u.Line, u.UnitRef.Unit).Returned = true
	}
	ord.Refunded += q.Refund
	ord.Revision++
	if err := o.Store.AddRefunded(tx, ord.Organization, ord.ID, q.Refund); err != nil {
		return err
	}
	return o.tellInvoice(tx, ord)
}

// sendBack asks for money to go back over the payments that brought it, the newest first.
func (o *Orders) sendBack(tx *sqldb.Tx, ord *Order, amount money.Minor, cause payment.Cause,
	reason string,
) ([]int64, error) {
	if amount == 0 {
		return nil, nil
	}
	from, err := o.payments.Captured(tx, ord.Organization, ord.ID)
	if err != nil {
		return nil, err
	}
	parts, missing := spread(amount, from)
	if missing > 0 {
		return nil, fault.Unexpected.With("missing_minor", missing)
	}
	var ids []int64
	for _, p := range parts {
		id, err := o.payments.RequestRefund(tx, payment.RefundRequest{
			Organization: ord.Organization, Order: ord.ID, Payment: p.Payment, Amount: p.Left,
			Currency: ord.Currency, Cause: cause, Reason: reason})
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// spread divides an amount over payments, in their order: Left of each part is what goes
// back by it. missing is what they cannot bring.
func spread(amount money.Minor, from []payment.Refundable) (parts []payment.Refundable,
	missing money.Minor,
) {
	for _, p := range from {
		if p.Left = min(amount, p.Left); p.Left > 0 {
			parts, amount = append(parts, p), amount-p.Left
		}
	}
	return parts, amount
}

func (o *Orders) noteRefund(tx *sqldb.Tx, who actor.Actor, r *Returned, ask RefundAsk) (
	journal.Position, error,
) {
	units := make([][4]int64, len(r.Quote.Units)) // line, unit, refund, fee: ≤ 100 must fit
	for i, u := range r.Quote.Units {
		units[i] = [4]int64{int64(u.Line), int64(u.UnitRef.Unit), int64(u.Refund), int64(u.Fee)}
	}
	data, err := json.Marshal(map[string]any{"units": units, "refund_minor": r.Quote.Refund,
		"fee_minor": r.Quote.Fee})
	if err != nil {
		return journal.Position{}, err
	}
	objects := append([]journal.Object{{Kind: "ord", ID: r.Order.ID, Revision: r.Order.Revision}},
		r.touched()...)
	for _, id := range r.Refunds {
		objects = append(objects, journal.Object{Kind: "ref", ID: id})
	}
	return o.Journal.Append(tx, journal.Entry{Actor: who, Organization: r.Order.Organization,
		Action: "order.units_returned", Objects: objects, Data: data, InputHash: ask.InputHash,
	}), nil
}
