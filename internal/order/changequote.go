package order

import (
	"context"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/ticket"
)

// QuoteChange says what giving units for others costs now. Nothing is held. Refused with
// ErrNotFound, ErrNotPaid, ErrUnit, ErrUnitReturned, ErrChangeOpen, ErrNoChange,
// ErrChangeLate, ErrChangeLimit, ErrChangeElsewhere, ErrChangeCount, ErrChangeMixed,
// ErrChangeSame, ticket.ErrUsed, and as Place; also for the people who were named, who move
// along and are held to the rules of the new session.
func (o *Orders) QuoteChange(ctx context.Context, who actor.Actor, id int64, ask ChangeAsk) (
	ChangeQuote, error,
) {
	ask.quoting = true
	q, _, err := o.changeQuote(ctx, who, id, ask)
	if err == nil {
		o.Chooser.Drop(q.choice)
	}
	return q, err
}

func (o *Orders) changeQuote(ctx context.Context, who actor.Actor, id int64, ask ChangeAsk) (
	ChangeQuote, *Order, error,
) {
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return ChangeQuote{}, nil, err
	}
	q, err := o.leaving(ctx, ord, ask.Units, o.rules)
	if err != nil {
		return ChangeQuote{}, nil, err
	}
	ask.To.Channel, ask.To.ExpectTotal = ord.Channel, -1
	s, err := o.goal(ctx, who, ord, &q, ask)
	if err != nil {
		return ChangeQuote{}, nil, err
	}
	if err := o.priceChange(ctx, who, s, &q, ask.To); err != nil {
		return ChangeQuote{}, nil, err
	}
	if err := o.planNames(ctx, s, &q, ord, ask); err != nil {
		o.Chooser.Drop(q.choice)
		return ChangeQuote{}, nil, err
	}
	return q, ord, nil
}

// leave decides whether units may go by what was agreed to for their line; most is how often
// one of them was changed before.
type leave func(ctx context.Context, ord *Order, l *Line, most int, q *ChangeQuote) error

// leaving looks at the units that go: each there, unused, of one session, and by the policy
// that the buyer agreed to changeable now.
func (o *Orders) leaving(ctx context.Context, ord *Order, refs []ticket.UnitRef, may leave) (
	ChangeQuote, error,
) {
	q := ChangeQuote{Change: Change{Organization: ord.Organization, Order: ord.ID,
		Member: ord.Member}, Currency: ord.Currency, revision: ord.Revision}
	switch {
	case ord.State != Paid:
		return q, ErrNotPaid.With("state", ord.State)
	case ord.Change != 0:
		return q, ErrChangeOpen
	case len(refs) == 0 || len(refs) > MaxPlaces:
		return q, ErrUnit.At("units", "name 1 to 100 units to change")
	}
	line := ord.line(refs[0].Line)
	most := 0
	for i, ref := range refs {
		u, l := ord.Unit(ref.Line, ref.Unit), ord.line(ref.Line)
		switch {
		case u == nil || slices.Contains(refs[:i], ref):
			return q, ErrUnit.At(field("units", i, "unit"), "not in the order, or twice")
		case u.Returned:
			return q, ErrUnitReturned.With("units", []ticket.UnitRef{ref})
		case len(u.Places) == 0 && u.Area == 0:
			return q, ErrNoChange.With("reason", "add_on")
		case l.Session != line.Session:
			return q, ErrChangeMixed
		}
		most, q.Places = max(most, l.Changes), q.Places+u.Count()
		q.Old = append(q.Old, ChangedUnit{UnitRef: ref, Label: u.Label, Amount: u.Amount})
	}
	q.From = line.Session
	if err := o.unused(ctx, ord, refs); err != nil {
		return q, err
	}
	return q, may(ctx, ord, line, most, &q)
}

func (o *Orders) unused(ctx context.Context, ord *Order, refs []ticket.UnitRef) error {
	used, err := o.Tickets.Used(ctx, ord.Organization, ord.ID)
	if err != nil {
		return err
	}
	used = slices.DeleteFunc(used, func(u ticket.UnitRef) bool { return !slices.Contains(refs, u) })
	if len(used) > 0 {
		return ticket.ErrUsed.With("units", used)
	}
	return nil
}

// rules holds a change to the policy of the line that it leaves.
func (o *Orders) rules(ctx context.Context, ord *Order, l *Line, most int, q *ChangeQuote) error {
	if off, err := o.calledOff(ctx, l.Session); err != nil || off {
		return orElse(err, ErrNoChange.With("reason", "session_cancelled"))
	}
	a, err := o.agreed(ctx, ord.Organization, l.snapshot(ord))
	if err != nil {
		return err
	}
	free, until, err := o.freeChange(ctx, ord, l, a)
	if err != nil {
		return err
	}
	if free {
		q.Rules, q.Ends, q.free = freeRules(), until, true
	} else if a.Policy.Change == nil {
		return ErrNoChange
	} else {
		q.Rules = *a.Policy.Change
	}
	if combined(a.Admissions[l.TicketType]) {
		return ErrNoChange.With("reason", "combined_ticket")
	}
	if free {
		return nil
	}
	if most >= q.Rules.MaxPerUnit {
		return ErrChangeLimit.With("max", q.Rules.MaxPerUnit)
	}
	rung, ok := q.Rules.RungAt(a.ladderStart(), o.Clock.Now())
	if !ok {
		last := q.Rules.Ladder[len(q.Rules.Ladder)-1]
		return ErrChangeLate.With("closed_at",
			a.ladderStart().Add(-time.Duration(last.UntilBefore)*time.Minute))
	}
	q.Ends = a.ladderStart().Add(-time.Duration(rung.UntilBefore) * time.Minute)
	return nil
}

// combined says whether a ticket opens several attractions, whose shares are booked.
func combined(a *catalog.Admission) bool { return a != nil && len(a.Parts) > 0 }

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// goal is the session that the buyer changes to.
func (o *Orders) goal(ctx context.Context, who actor.Actor, ord *Order, q *ChangeQuote,
	ask ChangeAsk,
) (*catalog.Sellable, error) {
	if only, one := ask.To.oneSession(); !one || only != ask.To.Session {
		return nil, fault.BadInput.At("lines", "a change goes to one session / 只能改到同一场次")
	}
	s, err := o.sellable(ctx, who, ask.To)
	if err != nil {
		return nil, err
	}
	if s.Session.Organization != ord.Organization || s.Currency != ord.Currency {
		return nil, fault.Missing
	}
	for i, l := range ask.To.Lines {
		t := s.TicketType(l.TicketType)
		if takesNoPlace(s, l) || t != nil && combined(t.Admission) {
			return nil, ErrNoChange.At(field("lines", i, "ticket_type_id"), "not by a change")
		}
	}
	from, err := o.Sessions.Sellable(ctx, q.From)
	if err != nil {
		return nil, err
	}
	switch {
	case s.EventID != from.EventID && !q.Rules.OtherEvent:
		return nil, ErrChangeElsewhere.With("other", "event")
	case s.VenueID != from.VenueID && !q.Rules.OtherVenue:
		return nil, ErrChangeElsewhere.With("other", "venue")
	}
	q.Session, q.sellable, q.HoldSeconds = s.Session.ID, s, s.Session.HoldSeconds
	return s, nil
}

// priceChange chooses the new places and prices them by the list of this moment; offers and
// codes are for new orders only. Whoever gets the quote drops its choice.
func (o *Orders) priceChange(ctx context.Context, who actor.Actor, s *catalog.Sellable,
	q *ChangeQuote, to PlaceAsk,
) error {
	now := o.Clock.Now().UTC().Truncate(time.Millisecond)
	wish := seatingAsk(who, s, to, 0, now)
	wish.Channel = "" // what is kept for a channel is for new orders
	choice, err := o.Chooser.Choose(ctx, wish)
	if err != nil {
		return err
	}
	q.choice = choice
	var total money.Minor
	q.Lines, total, err = price(pricedAt{s, choice.Index, now}, to.Lines, bestPlaces(to, choice))
	if err == nil {
		err = o.fits(ctx, q, total)
	}
	if err != nil {
		o.Chooser.Drop(choice)
	}
	return err
}

// fits numbers the new lines after the old and strikes the balance.
func (o *Orders) fits(ctx context.Context, q *ChangeQuote, total money.Minor) error {
	ord, err := o.Store.Find(ctx, q.Order)
	if err != nil {
		return err
	}
	if n := (&Order{Lines: q.Lines}).Places(); n != q.Places {
		return ErrChangeCount.With("places", q.Places)
	}
	generation, last := 0, 0
	for _, l := range ord.Lines {
		last = max(last, l.Number)
	}
	for _, u := range q.Old {
		generation = max(generation, ord.line(u.Line).Changes)
	}
	for i := range q.Lines {
		q.Lines[i].Number = last + 1 + i
		q.Lines[i].Changes = generation + 1
	}
	l := ord.line(q.Old[0].Line)
	a, err := o.agreed(ctx, ord.Organization, l.snapshot(ord))
	if err != nil {
		return err
	}
	rung, ok := q.rung(a.ladderStart(), o.Clock.Now())
	if !ok && !q.free {
		return ErrChangeLate
	}
	q.New = total
	q.Kept = settleUp(&q.Change, rung, q.Rules.KeepDifference)
	return nil
}

// line is the line with this number; nil without one.
func (o *Order) line(number int) *Line {
	for i := range o.Lines {
		if o.Lines[i].Number == number {
			return &o.Lines[i]
		}
	}
	return nil
}

// snapshot is what was agreed to for the line.
func (l *Line) snapshot(ord *Order) int64 {
	if l.Snapshot != 0 {
		return l.Snapshot
	}
	return ord.Snapshot
}
