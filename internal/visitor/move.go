package visitor

import (
	"context"
	"slices"
	"strconv"
	"time"

	"foyer/internal/sqldb"
)

// Move is units of a paid order that are changed for others: who was named for the old ones
// enters with the new ones.
type Move struct {
	// Party is the new units. Its persons are those whom the buyer names now, where nobody
	// was named before.
	Party
	Organization, Order int64
	Old                 []OldUnit
}

// OldUnit is a unit that goes, with its ticket type.
type OldUnit struct {
	Line, Unit int
	Type       int64
}

// Moved is what a change does to the names of its order.
type Moved struct {
	*Plan
	// Subjects are the documents that were named for the old units, sorted.
	Subjects []int64
	// Buyer is the hash under which the buyer's document is known in the new session; 0 when
	// none was kept. Until is when the names of the new session go.
	Buyer int64
	Until time.Time
}

// PlanMove holds a change to the rules of the session that it goes to: who was named for the
// old units must be allowed to enter with the new ones, on the new day. Refused as Plan, and
// with ErrNamed where somebody else is named now.
func (v *Visitors) PlanMove(ctx context.Context, m Move) (*Moved, error) {
	rows, err := v.Store.OfOrder(ctx, m.Organization, m.Order)
	if err != nil {
		return nil, err
	}
	out := &Moved{Plan: &Plan{}}
	var buyer *Row
	carried := make([][]Person, len(m.Old)) // by old unit
	for i, r := range rows {
		at := slices.IndexFunc(m.Old, func(o OldUnit) bool {
			return o.Line == r.Line && o.Unit == r.Unit
		})
		if r.Person == 0 {
			buyer = &rows[i]
		}
		if at < 0 {
			continue
		}
		p, err := v.carry(r, "units["+strconv.Itoa(at)+"]")
		if err != nil {
			return nil, err
		}
		carried[at], out.Subjects = append(carried[at], p), append(out.Subjects, r.Subject)
	}
	slices.Sort(out.Subjects)
	if m.Session.Buyers == nil {
		return out, nil
	}
	if err := m.seat(carried); err != nil {
		return nil, err
	}
	if buyer != nil {
		if m.Buyer != nil {
			return nil, ErrNamed.At(m.Buyer.Field, "is named already / 购票人不能更改")
		}
		p, err := v.carry(*buyer, "buyer")
		if err != nil {
			return nil, err
		}
		m.Buyer = &p
	}
	if out.Plan, err = v.Plan(ctx, m.Party); err != nil {
		return nil, err
	}
	out.Until = keepUntil(m.Session)
	out.claim(m.Order, buyer)
	return out, nil
}

// carry opens a person who was named before.
func (v *Visitors) carry(r Row, field string) (Person, error) {
	p, err := v.open(r)
	return Person{Name: p.Name, Kind: r.Kind, Number: p.Number, Birth: p.birth(),
		Field: field}, err
}

// claim gives the rows to their order. The buyer's row is there already where he was named
// before; it only gets another hash.
func (m *Moved) claim(order int64, buyer *Row) {
	for i := range m.Rows {
		m.Rows[i].Order = order
	}
	if buyer == nil {
		return
	}
	m.Rows = slices.DeleteFunc(m.Rows, func(r Row) bool {
		if r.Person == 0 {
			m.Buyer = r.Subject
		}
		return r.Person == 0
	})
}

// seat gives the new units who was named for the old: first those of the same ticket type,
// then whoever is left in turn. Names do not change, so nobody else may be named then.
func (m *Move) seat(carried [][]Person) error {
	if !slices.ContainsFunc(carried, func(l []Person) bool { return len(l) > 0 }) {
		return nil
	}
	for i := range m.Units {
		u := &m.Units[i]
		for _, p := range u.Persons {
			if !p.blank() {
				return ErrNamed.At(p.Field, "is named already / 入场人不能更改")
			}
		}
		u.Persons = nil
		for o := range carried {
			if m.Old[o].Type == u.Type.ID {
				carried[o] = u.take(carried[o])
			}
		}
	}
	for i := range m.Units {
		for o := range carried {
			carried[o] = m.Units[i].take(carried[o])
		}
	}
	for _, left := range carried {
		if len(left) > 0 {
			return ErrTooMany.At(left[0].Field, "has no place / 没有对应的席位")
		}
	}
	return nil
}

// take seats as many people as have room in the unit and returns the rest.
func (u *Unit) take(list []Person) []Person {
	n := min(len(list), u.People-len(u.Persons))
	u.Persons = append(u.Persons, list[:n]...)
	return list[n:]
}

// Hold stores who comes with the new units, while the old ones are whole. same says that
// the session stays: then the documents of those who move are counted by their old rows.
func (v *Visitors) Hold(tx *sqldb.Tx, m *Moved, same bool) error {
	for i := range m.Rows {
		m.Rows[i].State = Coming
		if same && slices.Contains(m.Subjects, m.Rows[i].Subject) {
			m.Rows[i].State = Moving
		}
	}
	return v.Store.Insert(tx, m.Rows)
}

// SubjectsOf are the documents that are named for units now, sorted: a change is made for
// those that it was quoted for.
func (v *Visitors) SubjectsOf(tx *sqldb.Tx, organization, order int64, units []OldUnit) (
	[]int64, error,
) {
	rows, err := v.Store.NamedIn(tx, organization, order)
	if err != nil {
		return nil, err
	}
	var list []int64
	for _, r := range rows {
		if slices.ContainsFunc(units, func(o OldUnit) bool {
			return o.Line == r.Line && o.Unit == r.Unit
		}) {
			list = append(list, r.Subject)
		}
	}
	slices.Sort(list)
	return list, nil
}

// Arrive is a change that is done: its people enter with the new units, and no longer with
// the old ones.
type Arrive struct {
	Organization, Order, Session int64
	Old                          []OldUnit
	Buyer                        int64
	Until                        time.Time
}

// Arrived lets the names of a change go over.
func (v *Visitors) Arrived(tx *sqldb.Tx, a Arrive) error { return v.Store.Arrive(tx, a) }

// Stayed forgets who was to come with the new units of a change that is not done.
func (v *Visitors) Stayed(tx *sqldb.Tx, organization, order int64) error {
	return v.Store.Stay(tx, organization, order)
}

// MoveStore is the SQL of names that move; package visitordb implements it.
type MoveStore interface {
	// NamedIn are the people of an order who enter: line, unit and subject.
	NamedIn(tx *sqldb.Tx, organization, order int64) ([]Row, error)
	Arrive(tx *sqldb.Tx, a Arrive) error
	Stay(tx *sqldb.Tx, organization, order int64) error
}
