package order

import (
	"context"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/visitor"
)

// Visitors holds orders to the rules of who may buy and keeps who enters. It is asked only
// for sessions that have such rules, and for orders that were placed under some.
type Visitors interface {
	Plan(ctx context.Context, p visitor.Party) (*visitor.Plan, error)
	PlanLater(ctx context.Context, l visitor.Later) (*visitor.Plan, error)
	OfOrder(ctx context.Context, organization, order int64) ([]visitor.Named, error)
	// Replace forgets who was named before; a nil plan names nobody.
	Replace(tx *sqldb.Tx, organization, order int64, plan *visitor.Plan) error
	// KeptOf are the people of some orders in full.
	KeptOf(ctx context.Context, orders []int64) ([]visitor.Kept, error)
	VisitorsInTx
	ChangeNames
}

// VisitorsInTx is what becomes of the names of an order in its transactions.
type VisitorsInTx interface {
	Keep(tx *sqldb.Tx, order int64, plan *visitor.Plan) error
	Ended(tx *sqldb.Tx, organization, order int64) error
	Revived(tx *sqldb.Tx, s *catalog.Sellable, order int64) error
	// GiveBack is the subjects of the people who were named for a unit.
	GiveBack(tx *sqldb.Tx, organization, order int64, line, unit int) ([]int64, error)
}

// CountsBack gives back a part of what an order counts.
type CountsBack interface {
	// CountsOf is what an order counts now, but rights that stay used.
	CountsOf(tx *sqldb.Tx, order int64) ([]visitor.Take, error)
	GiveSome(tx *sqldb.Tx, order int64, list []visitor.Take) error
}

// BuyerLimits are the counters of who may buy, beside the member's own.
type BuyerLimits interface {
	// TakeCounts counts what an order takes; it refuses as visitor.Take says.
	TakeCounts(tx *sqldb.Tx, order int64, takes []visitor.Take) error
	// GiveCounts gives back all that an order has counted. With forget the order counts
	// anew; without, TakeCountsAgain may count the same once more.
	GiveCounts(tx *sqldb.Tx, order int64, forget bool) error
	TakeCountsAgain(tx *sqldb.Tx, order int64) error
	CountsBack
	// BookableFrom refuses while the subject does not buy in the scope.
	BookableFrom(tx *sqldb.Tx, t visitor.Take) error
	NotBookableUntil(tx *sqldb.Tx, t visitor.Take, until time.Time) error
	// Counted is what each subject has now.
	Counted(ctx context.Context, takes []visitor.Take) ([]int, error)
}

// Ruled says that a line of the order was sold under rules of who may buy.
func (o *Order) Ruled() bool {
	return slices.ContainsFunc(o.Lines, func(l Line) bool { return l.Ruled })
}

// planBuyers holds a priced order to the rules of its session, and marks it as ruled.
func (o *Orders) planBuyers(ctx context.Context, s *catalog.Sellable, ask PlaceAsk, ord *Order) (
	*visitor.Plan, error,
) {
	plan, err := o.Visitors.Plan(ctx, partyOf(s, ask, ord))
	if err != nil {
		return nil, err
	}
	for i := range ord.Lines {
		ord.Lines[i].Ruled = true
	}
	ord.Visitors = plan
	return plan, nil
}

// partyOf is the order as the rules look at it: each unit with the people that its asks
// named, by the places that they were named for, else in turn.
func partyOf(s *catalog.Sellable, ask PlaceAsk, ord *Order) visitor.Party {
	named := peopleOf(ask)
	p := visitor.Party{Session: s, Member: ord.Member, Device: ask.Device, Buyer: ask.Buyer,
		Places: ord.Places()}
	for _, l := range ord.Lines {
		for i, u := range l.Units {
			p.Units = append(p.Units, visitor.Unit{Line: l.Number, Unit: i + 1,
				Type: s.TicketType(l.TicketType), People: u.People,
				Persons: named.of(l.TicketType, u)})
		}
	}
	named.tooMany(&p)
	return p
}

// people are those whom a wish names: by place, or waiting for units of a type and area.
type people struct {
	byPlace map[int32]visitor.Person
	waiting map[waitingFor][]visitor.Person
}

type waitingFor struct {
	ticketType int64
	area       int32
}

func peopleOf(ask PlaceAsk) people {
	p := people{map[int32]visitor.Person{}, map[waitingFor][]visitor.Person{}}
	for _, l := range ask.Lines {
		key := waitingFor{l.TicketType, l.Area}
		for i, person := range l.Visitors {
			if i < len(l.Places) {
				p.byPlace[l.Places[i]] = person
			} else {
				p.waiting[key] = append(p.waiting[key], person)
			}
		}
	}
	return p
}

// of takes the people of one unit.
func (p people) of(ticketType int64, u Unit) []visitor.Person {
	var list []visitor.Person
	last := 0
	for _, place := range u.Places {
		person, ok := p.byPlace[place]
		list = append(list, person)
		if ok {
			last = len(list)
		}
	}
	list = list[:last]
	key := waitingFor{ticketType, u.Area}
	if last == 0 {
		n := min(u.People, len(p.waiting[key]))
		list, p.waiting[key] = p.waiting[key][:n:n], p.waiting[key][n:]
	}
	return list
}

// tooMany gives people for whom no unit was left to the first unit, which refuses them.
func (p people) tooMany(party *visitor.Party) {
	for _, rest := range p.waiting {
		if len(rest) == 0 || len(party.Units) == 0 {
			continue
		}
		u := &party.Units[0]
		for len(u.Persons) < u.People {
			u.Persons = append(u.Persons, visitor.Person{Field: rest[0].Field})
		}
		u.Persons = append(slices.Clip(u.Persons), rest...)
	}
}

// keepBuyers counts and stores what the plan of a new order says.
func (o *Orders) keepBuyers(tx *sqldb.Tx, order int64, plan *visitor.Plan) error {
	if plan.Rebooking != nil {
		if err := o.Store.BookableFrom(tx, *plan.Rebooking); err != nil {
			return err
		}
	}
	if err := o.Store.TakeCounts(tx, order, plan.Takes); err != nil {
		return err
	}
	return o.Visitors.Keep(tx, order, plan)
}

// replaceBuyers counts and names anew for an order whose lines are replaced.
func (o *Orders) replaceBuyers(tx *sqldb.Tx, cur *Order, plan *visitor.Plan) error {
	if err := o.Store.GiveCounts(tx, cur.ID, true); err != nil {
		return err
	}
	if plan != nil {
		if err := o.Store.TakeCounts(tx, cur.ID, plan.Takes); err != nil {
			return err
		}
	}
	return o.Visitors.Replace(tx, cur.Organization, cur.ID, plan)
}

// releaseBuyers gives back what an order counted that ended unpaid.
func (o *Orders) releaseBuyers(tx *sqldb.Tx, ord *Order) error {
	if err := o.Store.GiveCounts(tx, ord.ID, false); err != nil {
		return err
	}
	return o.Visitors.Ended(tx, ord.Organization, ord.ID)
}

// reviveBuyers counts it once more, for money that came late.
func (o *Orders) reviveBuyers(tx *sqldb.Tx, s *catalog.Sellable, ord *Order) error {
	if err := o.Store.TakeCountsAgain(tx, ord.ID); err != nil {
		return err
	}
	return o.Visitors.Revived(tx, s, ord.ID)
}

// returnBuyers gives back what the units of a paid order counted, in each of their sessions.
func (o *Orders) returnBuyers(tx *sqldb.Tx, who actor.Actor, ord *Order,
	units []ticket.UnitRef,
) error {
	counted, err := o.Store.CountsOf(tx, ord.ID)
	if err != nil {
		return err
	}
	for _, t := range pick(ord, units) {
		//tidy:allow context in memory; the writer has no caller
		s, err := o.Sessions.Sellable(context.Background(), t.session)
		if err != nil {
			return err
		}
		var subjects []int64
		for _, u := range t.refs {
			list, err := o.Visitors.GiveBack(tx, ord.Organization, ord.ID, u.Line, u.Unit)
			if err != nil {
				return err
			}
			subjects = append(subjects, list...)
		}
		if err := o.Store.GiveSome(tx, ord.ID, countsBack(counted, t.session, s.EventID, t.n,
			subjects)); err != nil {
			return err
		}
		if err := o.useRight(tx, who, ord, s); err != nil {
			return err
		}
	}
	return nil
}

// useRight uses a buyer's right to give back in a session, and ends his booking for the day,
// where the session says so and it was his own wish.
func (o *Orders) useRight(tx *sqldb.Tx, who actor.Actor, ord *Order, s *catalog.Sellable) error {
	if who.Kind != actor.Member || s.Buyers == nil ||
		s.Session.State == catalog.SessionCancelled {
		return nil
	}
	if s.Buyers.Limits.OneRefund {
		right := refundRight(ord, s.Session.ID)
		if err := o.Store.TakeCounts(tx, ord.ID, []visitor.Take{right}); err != nil {
			return err
		}
	}
	if !s.Buyers.Limits.NoRebooking {
		return nil
	}
	y, m, d := tx.Now.In(s.Venue.Location()).Date()
	return o.Store.NotBookableUntil(tx, visitor.Take{Kind: visitor.Rebooking, Scope: s.EventID,
		Subject: ord.Member}, time.Date(y, m, d+1, 0, 0, 0, 0, s.Venue.Location()))
}

func refundRight(ord *Order, session int64) visitor.Take {
	return visitor.Take{Kind: visitor.RefundRight, Scope: session, Subject: ord.Member, N: 1,
		Most: 1}
}

// mayReturn refuses a buyer who has used his right to give tickets of the units' session
// back; no units are all that are left.
func (o *Orders) mayReturn(ctx context.Context, who actor.Actor, ord *Order,
	units []ticket.UnitRef,
) error {
	if who.Kind != actor.Member {
		return nil
	}
	if len(units) == 0 {
		units = remaining(ord)
	}
	for _, t := range pick(ord, units) {
		s, err := o.Sessions.Sellable(ctx, t.session)
		if err != nil {
			return err
		}
		if s.Buyers == nil || !s.Buyers.Limits.OneRefund {
			continue
		}
		right := refundRight(ord, t.session)
		have, err := o.Store.Counted(ctx, []visitor.Take{right})
		if err != nil {
			return err
		}
		if have[0] > 0 {
			return right.Refused(have[0])
		}
	}
	return nil
}

// sameVisitors says whether a wish for the places of the order names the same people.
func (o *Orders) sameVisitors(ctx context.Context, s *catalog.Sellable, ask PlaceAsk, cur *Order,
) bool {
	if s.Buyers == nil {
		return false
	}
	plan, err := o.Visitors.Plan(ctx, partyOf(s, ask, cur))
	if err != nil {
		return false // replacing says what is wrong
	}
	have, err := o.Visitors.OfOrder(ctx, cur.Organization, cur.ID)
	if err != nil || len(have) != len(plan.Named) {
		return false
	}
	for _, n := range plan.Named {
		if !slices.Contains(have, n) {
			return false
		}
	}
	cur.Visitors = plan
	return true
}
