package order

import (
	"context"
	"slices"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/visitor"
)

// ChangedNames is what a change does to the names and counters of who may buy; nil where
// neither session asks who buys. It is written down when the change begins, so that its end
// undoes or finishes exactly that.
type ChangedNames struct {
	Takes []visitor.Take `json:"t,omitempty"` // counted for the new units beyond the old ones
	Gives []visitor.Take `json:"g,omitempty"` // counted for the old units beyond the new ones
	Buyer int64          `json:"b,omitempty"` // the buyer's hash in the new session's event
	Until time.Time      `json:"u"`           // when the names of the new session go
}

// ChangeNames is what a change asks of the visitors' module.
type ChangeNames interface {
	PlanMove(ctx context.Context, m visitor.Move) (*visitor.Moved, error)
	SubjectsOf(tx *sqldb.Tx, organization, order int64, units []visitor.OldUnit) ([]int64, error)
	Hold(tx *sqldb.Tx, m *visitor.Moved, same bool) error
	Arrived(tx *sqldb.Tx, a visitor.Arrive) error
	Stayed(tx *sqldb.Tx, organization, order int64) error
}

// planNames holds a priced change to the rules of its new session: who was named moves along.
func (o *Orders) planNames(ctx context.Context, s *catalog.Sellable, q *ChangeQuote,
	ord *Order, ask ChangeAsk,
) (err error) {
	if !ord.Ruled() && s.Buyers == nil {
		return nil
	}
	for i := range q.Lines {
		q.Lines[i].Ruled = s.Buyers != nil
	}
	party := partyOf(s, ask.To, &Order{Member: q.Member, Lines: q.Lines})
	party.Asking = ask.quoting
	q.names, err = o.Visitors.PlanMove(ctx, visitor.Move{Party: party, Order: q.Order,
		Organization: q.Organization, Old: oldUnits(ord, q.Refs())})
	return err
}

func oldUnits(ord *Order, refs []ticket.UnitRef) []visitor.OldUnit {
	list := make([]visitor.OldUnit, len(refs))
	for i, ref := range refs {
		list[i] = visitor.OldUnit{Line: ref.Line, Unit: ref.Unit}
		if l := ord.line(ref.Line); l != nil {
			list[i].Type = l.TicketType
		}
	}
	return list
}

// countsBack is what units of an order count that leave a session, or whose people do: of
// the session and its event, by places and by documents.
func countsBack(counted []visitor.Take, session, event int64, places int, subjects []int64,
) (list []visitor.Take) {
	people := map[int64]int{}
	for _, s := range subjects {
		people[s]++
	}
	for _, t := range counted {
		n := 0
		switch {
		case t.Scope != session && t.Scope != event:
		case t.ByPlace:
			n = places
		case t.Kind.OfDocuments():
			n = people[t.Subject]
		}
		if n > 0 {
			t.N = n
			list = append(list, t)
		}
	}
	return list
}

// net takes off both lists what is in both: that goes on being counted as it is.
func net(takes, gives []visitor.Take) (more, less []visitor.Take) {
	less = slices.Clone(gives)
	for _, t := range takes {
		for i := range less {
			if less[i].Same(t) {
				n := min(t.N, less[i].N)
				t.N, less[i].N = t.N-n, less[i].N-n
			}
		}
		if t.N > 0 {
			more = append(more, t)
		}
	}
	return more, slices.DeleteFunc(less, func(t visitor.Take) bool { return t.N == 0 })
}

// beginNames counts the people of a change where they go to, before the old units are left.
func (o *Orders) beginNames(tx *sqldb.Tx, ord *Order, q *ChangeQuote, c *Change) error {
	if q.names == nil {
		return nil
	}
	now, err := o.Visitors.SubjectsOf(tx, ord.Organization, ord.ID, oldUnits(ord, c.Refs()))
	if err != nil {
		return err
	}
	if !slices.Equal(now, q.names.Subjects) {
		return fault.Stale // somebody was named meanwhile
	}
	//tidy:allow context in memory; the writer has no caller
	from, err := o.Sessions.Sellable(context.Background(), c.From)
	if err != nil {
		return err
	}
	if r := q.names.Rebooking; r != nil && r.Scope != from.EventID {
		if err := o.Store.BookableFrom(tx, *r); err != nil {
			return err
		}
	}
	counted, err := o.Store.CountsOf(tx, ord.ID)
	if err != nil {
		return err
	}
	gives := countsBack(counted, c.From, from.EventID, c.Places, now)
	c.Names = &ChangedNames{Buyer: q.names.Buyer, Until: q.names.Until}
	c.Names.Takes, c.Names.Gives = net(q.names.Takes, gives)
	if err := o.Store.TakeCounts(tx, ord.ID, c.Names.Takes); err != nil {
		return err
	}
	return o.Visitors.Hold(tx, q.names, c.From == c.Session)
}

// swapNames lets the people of a change go over with it.
func (o *Orders) swapNames(tx *sqldb.Tx, ord *Order, c *Change) error {
	if c.Names == nil {
		return nil
	}
	if err := o.Store.GiveSome(tx, ord.ID, c.Names.Gives); err != nil {
		return err
	}
	return o.Visitors.Arrived(tx, visitor.Arrive{Organization: ord.Organization, Order: ord.ID,
		Session: c.Session, Old: oldUnits(ord, c.Refs()), Buyer: c.Names.Buyer,
		Until: c.Names.Until})
}

// keepNames undoes what beginNames did, for a change that is not done.
func (o *Orders) keepNames(tx *sqldb.Tx, ord *Order, c *Change) error {
	if c.Names == nil {
		return nil
	}
	if err := o.Store.GiveSome(tx, ord.ID, c.Names.Takes); err != nil {
		return err
	}
	return o.Visitors.Stayed(tx, ord.Organization, ord.ID)
}
