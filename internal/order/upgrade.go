package order

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/ticket"
)

// Refusals of what is sold at the gate.
var (
	ErrNoUpgrade = fault.Define(fault.Conflict, "upgrade_not_sold",
		"这张票不支持现场补差", "The policy agreed to sells no upgrade of this ticket.",
		"Sell a new ticket, or send the visitor where the ticket opens.")
	ErrMissedLate = fault.Define(fault.Conflict, "missed_too_long_ago",
		"错过的场次已超过可改时间", "The missed session is over for too long.",
		"Sell a new ticket; `details.until` says until when another slot was possible.")
)

// UpgradeAsk is what a visitor at the gate gets instead of what his ticket says.
type UpgradeAsk struct {
	Units []ticket.UnitRef
	// TicketType in the same session and places; 0: To says where to.
	TicketType int64
	To         PlaceAsk
	Expect     *money.Minor // what is to pay; nil: any
	InputHash  []byte
}

// change is the ask as a change of places reads it.
func (a UpgradeAsk) change() ChangeAsk {
	return ChangeAsk{Units: a.Units, To: a.To, Expect: a.Expect, InputHash: a.InputHash}
}

// QuoteUpgrade says what a visitor at the gate has to pay on top. Nothing is held. Staff
// who sell ask it. Refused as QuoteChange, and with ErrNoUpgrade, ErrMissedLate and
// fault.NotAllowed.
func (o *Orders) QuoteUpgrade(ctx context.Context, who actor.Actor, id int64, ask UpgradeAsk) (
	ChangeQuote, error,
) {
	q, _, err := o.upgradeQuote(ctx, who, id, ask)
	if err == nil {
		o.Chooser.Drop(q.choice)
	}
	return q, err
}

// Upgrade sells it: with nothing to pay it is done at once, else when the order's payment
// has come; the old ticket stays whole until then. Refused as QuoteUpgrade and Change.
func (o *Orders) Upgrade(ctx context.Context, who actor.Actor, id int64, ask UpgradeAsk,
	receipt *journal.Receipt, render RenderChange,
) (journal.Answer, error) {
	q, ord, err := o.upgradeQuote(ctx, who, id, ask)
	if err != nil {
		return journal.Answer{}, err
	}
	return o.changeQuoted(ctx, who, q, ord, ask.change(), receipt, render)
}

func (o *Orders) upgradeQuote(ctx context.Context, who actor.Actor, id int64, ask UpgradeAsk) (
	ChangeQuote, *Order, error,
) {
	none := ChangeQuote{}
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return none, nil, err
	}
	if who.Kind != actor.Staff || !o.May(ctx, who, PermSell, ord) {
		return none, nil, fault.NotAllowed.With("permission", string(PermSell))
	}
	rules := o.missedRules
	if ask.TicketType != 0 {
		rules = o.upgradeRules
	}
	q, err := o.leaving(ctx, ord, ask.Units, rules)
	if err != nil {
		return none, nil, err
	}
	if ask.TicketType != 0 {
		return q, ord, o.priceStaying(ctx, ord, &q, ask.TicketType)
	}
	ask.To.Channel, ask.To.ExpectTotal = ord.Channel, -1
	s, err := o.goal(ctx, who, ord, &q, ask.change())
	if err == nil && s.Session.ID == q.From {
		err = ErrNoUpgrade.With("reason", "same_session")
	}
	if err == nil && s.Buyers != nil {
		err = ErrNoUpgrade.With("reason", "names")
	}
	if err == nil {
		err = o.priceChange(ctx, who, s, &q, ask.To)
	}
	return q, ord, err
}

// atGate are the rules of the gate that a line's buyer agreed to.
func (o *Orders) atGate(ctx context.Context, ord *Order, l *Line) (*Agreed, error) {
	if off, err := o.calledOff(ctx, l.Session); err != nil || off {
		return nil, orElse(err, ErrNoChange.With("reason", "session_cancelled"))
	}
	a, err := o.agreed(ctx, ord.Organization, l.snapshot(ord))
	switch {
	case err != nil:
		return nil, err
	case a.Policy.AtGate == nil:
		return nil, ErrNoUpgrade
	case ord.Ruled():
		return nil, ErrNoUpgrade.With("reason", "names")
	case combined(a.Admissions[l.TicketType]):
		return nil, ErrNoChange.With("reason", "combined_ticket")
	}
	return a, nil
}

// upgradeRules holds another type in the same place to what was agreed to.
func (o *Orders) upgradeRules(ctx context.Context, ord *Order, l *Line, _ int,
	q *ChangeQuote,
) error {
	a, err := o.atGate(ctx, ord, l)
	if err == nil {
		q.atGate(a.Policy.AtGate.Fee)
	}
	return err
}

// missedRules holds another slot to what was agreed to.
func (o *Orders) missedRules(ctx context.Context, ord *Order, l *Line, _ int,
	q *ChangeQuote,
) error {
	a, err := o.atGate(ctx, ord, l)
	if err != nil {
		return err
	}
	if a.Policy.AtGate.MissedMinutes == 0 {
		return ErrNoUpgrade
	}
	until := a.GatesUntil.Add(time.Duration(a.Policy.AtGate.MissedMinutes) * time.Minute)
	if o.Clock.Now().After(until) {
		return ErrMissedLate.With("until", until.UTC())
	}
	q.atGate(a.Policy.AtGate.MissedFee)
	q.Ends = until
	return nil
}

// atGate makes it a sale at the gate: a fee for each unit, and nothing comes back.
func (q *ChangeQuote) atGate(fee money.Minor) {
	q.Rules = catalog.ChangeRules{KeepDifference: true}
	q.gateRung = &catalog.Rung{MinFee: fee}
}

// rung is what is kept of the old units now.
func (q *ChangeQuote) rung(starts, now time.Time) (catalog.Rung, bool) {
	if q.gateRung != nil {
		return *q.gateRung, true
	}
	return q.Rules.RungAt(starts, now)
}

// priceStaying prices the same places as another type. No claim moves: the order has them.
func (o *Orders) priceStaying(ctx context.Context, ord *Order, q *ChangeQuote, id int64) error {
	s, err := o.Sessions.Sellable(ctx, q.From)
	if err != nil {
		return err
	}
	t := s.TicketType(id)
	if t == nil || t.Retired {
		return ErrTicketType.At("ticket_type_id", "is not sold in this session")
	}
	if s.Buyers != nil {
		return ErrNoUpgrade.With("reason", "names")
	}
	if combined(t.Admission) {
		return ErrNoChange.With("reason", "combined_ticket")
	}
	now := o.Clock.Now().UTC().Truncate(time.Millisecond)
	var total money.Minor
	for _, old := range q.Old {
		l, u := ord.line(old.Line), *ord.Unit(old.Line, old.Unit)
		price, ok := s.Prices.Price(l.Zone, id, now)
		if !ok || max(t.PlacesPerUnit, 1) != u.Count() {
			return ErrTicketType.At("ticket_type_id", "has no price for this place")
		}
		if total, err = money.Add(total, price); err != nil {
			return fault.BadInput.At("units", "the sum is too large")
		}
		u.Price, u.Amount, u.Discount = price, price, 0
		u.Parts, u.Uses, u.Tier, u.TierEn = nil, nil, "", ""
		q.Lines = addUnit(q.Lines, s, id, zoned{u, l.Zone})
	}
	for i := range q.Lines {
		for _, u := range q.Lines[i].Units {
			q.Lines[i].Amount += u.Amount // bounded by total, which was checked
		}
	}
	q.Session, q.sellable, q.HoldSeconds = s.Session.ID, s, s.Session.HoldSeconds
	if err := o.fits(ctx, q, total); err != nil {
		return err
	}
	q.Places = 0
	return nil
}

// stays says that the places are the order's already: no claim waits for the change.
func (c *Change) stays() bool { return c.Places == 0 }
