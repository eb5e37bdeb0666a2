package order

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/sqldb"
	"foyer/internal/visitor"
)

// BuyersTold is what a price tells of who may buy, before anybody buys.
type BuyersTold struct {
	RealName *catalog.RealName // nil: no names are asked for
	Limits   []LimitLeft
	// NoRebooking and OneRefund are the session's rules of giving back; RefundsLeft is how
	// often the buyer still may, with OneRefund.
	NoRebooking, OneRefund bool
	RefundsLeft            int
}

// LimitLeft is one limit and what is left of it for this buyer.
type LimitLeft struct {
	Kind            string // member, phone, device, document, document_event, member_event
	Max, Have, Left int
	Document        string // masked, for those of documents
}

// memberPlaces is the counter of a member's places in a session (limit_counter.kind 1).
const memberPlaces visitor.CounterKind = 1

// tellBuyers says what holds for the buyer of a priced order; nil where nothing does.
func (o *Orders) tellBuyers(ctx context.Context, s *catalog.Sellable, ask PlaceAsk, ord *Order) (
	*BuyersTold, error,
) {
	var takes []visitor.Take
	if most := s.Session.MaxPerMember; most > 0 && ord.Member != 0 {
		takes = append(takes, visitor.Take{Kind: memberPlaces, Scope: ord.Session,
			Subject: ord.Member, Most: most})
	}
	told := &BuyersTold{}
	if b := s.Buyers; b != nil {
		party := partyOf(s, ask, ord)
		party.Asking = true
		plan, err := o.Visitors.Plan(ctx, party)
		if err != nil {
			return nil, err
		}
		takes = append(takes, plan.Takes...)
		if b.RealName.Mode != catalog.NamesOff {
			told.RealName = &b.RealName
		}
		told.NoRebooking, told.OneRefund = b.Limits.NoRebooking, b.Limits.OneRefund
	}
	if len(takes) == 0 && s.Buyers == nil {
		return nil, nil
	}
	return told, o.tellLeft(ctx, told, takes, ord)
}

func (o *Orders) tellLeft(ctx context.Context, told *BuyersTold, takes []visitor.Take, ord *Order,
) error {
	right := -1
	if told.OneRefund && ord.Member != 0 {
		right = len(takes)
		takes = append(takes, refundRight(ord, ord.Session))
	}
	have, err := o.Store.Counted(ctx, takes)
	if err != nil {
		return err
	}
	for i, t := range takes {
		if i == right {
			told.RefundsLeft = max(t.Most-have[i], 0)
			continue
		}
		told.Limits = append(told.Limits, LimitLeft{t.Kind.String(), t.Most, have[i],
			max(t.Most-have[i], 0), t.Masked})
	}
	return nil
}

// WhoEnters fills in who enters with an order, masked.
func (o *Orders) WhoEnters(ctx context.Context, ord *Order) error {
	if !ord.Ruled() {
		return nil
	}
	list, err := o.Visitors.OfOrder(ctx, ord.Organization, ord.ID)
	if err != nil {
		return err
	}
	ord.Visitors = &visitor.Plan{Named: list}
	for _, l := range ord.Lines {
		s, err := o.Sessions.Sellable(ctx, l.Session)
		if err != nil {
			return err
		}
		if s.Buyers == nil || s.Buyers.RealName.Mode != catalog.NamesEvery {
			continue
		}
		n := missing(l, list)
		until := s.Buyers.RealName.Deadline(s.StartsAt)
		if first := ord.Visitors.NameUntil; first.IsZero() || n > 0 && until.Before(first) {
			ord.Visitors.NameUntil = until
		}
		ord.Visitors.Missing += n
	}
	return nil
}

// missing counts the people of a line's units that were not given back and whom nobody named.
func missing(l Line, list []visitor.Named) int {
	n := 0
	for _, u := range l.Units {
		if !u.Returned {
			n += u.People
		}
	}
	for _, v := range list {
		if v.Person > 0 && v.Line == l.Number {
			n--
		}
	}
	return max(n, 0)
}

// NameAsk names one person of an order: of which unit, and which of those who enter with it.
type NameAsk struct {
	Line, Unit, Number int
	Who                visitor.Person
}

// NameVisitors names people of the caller's order who were not named when it was placed.
// Refused with ErrNotFound, ErrNotPending, ErrUnit, ErrUnitReturned, ErrChangeOpen, and with
// visitor's refusals.
func (o *Orders) NameVisitors(ctx context.Context, who actor.Actor, id int64, asks []NameAsk) (
	*Order, error,
) {
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return nil, err
	}
	if !ord.Ruled() {
		return nil, visitor.ErrNotAsked
	}
	if err := namable(ord, asks); err != nil {
		return nil, err
	}
	s, err := o.Sessions.Sellable(ctx, lineOf(ord, asks[0].Line).Session)
	if err != nil {
		return nil, err
	}
	units, err := unitsToName(s, ord, asks)
	if err != nil {
		return nil, err
	}
	plan, err := o.Visitors.PlanLater(ctx, visitor.Later{Session: s, Member: ord.Member,
		Units: units})
	if err != nil {
		return nil, err
	}
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := o.Store.Get(tx, id)
		if err != nil {
			return err
		}
		if cur.State != Pending && cur.State != Paid {
			return ErrNotPending.With("state", cur.State)
		}
		if cur.Change != 0 {
			return ErrChangeOpen
		}
		if err := namable(cur, asks); err != nil {
			return err
		}
		if err := o.keepBuyers(tx, id, plan); err != nil {
			return err
		}
		_, err = o.note(tx, who, cur, "order.visitors_named",
			map[string]int{"people": len(plan.Rows)})
		return err
	})
	if err != nil {
		return nil, err
	}
	return ord, o.WhoEnters(ctx, ord)
}

// namable refuses units that the order does not have, or no longer, and those of several
// sessions at once: each has rules of its own.
func namable(ord *Order, asks []NameAsk) error {
	for i, a := range asks {
		u := ord.Unit(a.Line, a.Unit)
		switch {
		case u == nil || a.Number < 1 || a.Number > u.People:
			return ErrUnit.At(field("visitors", i, "unit"), "not in the order")
		case u.Returned:
			return ErrUnitReturned.At(field("visitors", i, "unit"), "was given back")
		case lineOf(ord, a.Line).Session != lineOf(ord, asks[0].Line).Session:
			return ErrUnit.At(field("visitors", i, "line"),
				"is of another session: name its people by themselves / 请按场次分别填写")
		}
	}
	return nil
}

// unitsToName gathers the people by unit.
func unitsToName(s *catalog.Sellable, ord *Order, asks []NameAsk) ([]visitor.Unit, error) {
	type key struct{ line, unit int }
	at := map[key]int{}
	var units []visitor.Unit
	for i, a := range asks {
		k := key{a.Line, a.Unit}
		n, ok := at[k]
		if !ok {
			n, at[k] = len(units), len(units)
			u := ord.Unit(a.Line, a.Unit)
			units = append(units, visitor.Unit{Line: a.Line, Unit: a.Unit,
				Type:   s.TicketType(lineOf(ord, a.Line).TicketType),
				People: u.People, Persons: make([]visitor.Person, u.People)})
		}
		slot := &units[n].Persons[a.Number-1]
		if slot.Field != "" {
			return nil, ErrUnit.At(field("visitors", i, "unit"), "is named twice")
		}
		*slot = a.Who
	}
	return units, nil
}

func lineOf(ord *Order, number int) Line {
	for _, l := range ord.Lines {
		if l.Number == number {
			return l
		}
	}
	return Line{}
}
