// Package ticket is the right to enter: one code over one or more units of an order line,
// and the entitlements that it opens.
package ticket

import (
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/ticket/rule"
)

// State of a ticket. Whose turn: nobody's; a ticket only waits to be used or voided.
type State string

const (
	Live State = "live" // may be used; in by Issue, out by Void
	Void State = "void" // refunded, changed or replaced; final
)

// Ticket is one code over N units of a line.
type Ticket struct {
	ID           int64
	Organization int64
	Order        int64
	Line, Unit   int // the first unit that it covers
	Units        int // how many units it covers: N people may enter with it
	Member       int64
	Session      int64
	Venue        int64
	CodeVersion  int
	State        State
	Label        string // where: the seat, or the area
	Type, TypeEn string // the name of the ticket type
	IssuedAt     time.Time
	VoidedAt     time.Time
	ChangedAt    time.Time // of its code version or state; zero: never
	Photo        int64     // a media id; 0 without one
	// At is where it is; set only when it was just issued. The order knows it always.
	At Spot
	// Code is derived when read, never stored; empty for a void ticket.
	Code         string
	Entitlements []Entitlement
}

// Entitlement is what a ticket opens. A check-in is one guarded update of it.
type Entitlement struct {
	Number     int
	Session    int64
	State      State
	Allowed    int
	Used       int
	Inside     int
	Share      money.Minor
	ValidFrom  time.Time
	ValidUntil time.Time
	Progress
}

// Progress is how far a ticket was used that is more than plain.
type Progress struct {
	People    int   // how many may be inside at once; 0: as many as allowed
	Admission int64 // what it opens; 0: a plain ticket
	Seq       int   // counts uses: one that was judged on an older one does not stand
	Day       int   // the business day of DayUsed
	DayUsed   int   // counted entries of that day
	Activated int   // the business day on which a pass began; 0: not yet
	EnteredAt time.Time
	LeftAt    time.Time
}

// Heads is how many may be inside at once.
func (e *Entitlement) Heads() int {
	if e.People > 0 {
		return e.People
	}
	return e.Allowed
}

// Known is what a rule needs to know of it; soldDay is the business day of ValidFrom.
func (e *Entitlement) Known(soldDay int) rule.State {
	return rule.State{People: e.Heads(), Allowed: e.Allowed, Used: e.Used, Inside: e.Inside,
		Day: e.Day, DayUsed: e.DayUsed, Activated: e.Activated, SoldDay: soldDay,
		EnteredAt: e.EnteredAt, LeftAt: e.LeftAt}
}

// Become takes the state after a use.
func (e *Entitlement) Become(st rule.State) {
	e.Used, e.Inside, e.Day, e.DayUsed = st.Used, st.Inside, st.Day, st.DayUsed
	e.Activated, e.EnteredAt, e.LeftAt = st.Activated, st.EnteredAt, st.LeftAt
}

// People is how many may enter with the ticket; the same people use all its entitlements.
func (t *Ticket) People() (n int) {
	for i := range t.Entitlements {
		n = max(n, t.Entitlements[i].Heads())
	}
	return n
}

// Allowed is how many people may enter with the ticket in all.
func (t *Ticket) Allowed() int {
	return t.sum(func(e Entitlement) int { return e.Allowed })
}

// Used is how many have entered.
func (t *Ticket) Used() int { return t.sum(func(e Entitlement) int { return e.Used }) }

// Inside is how many are inside now.
func (t *Ticket) Inside() int { return t.sum(func(e Entitlement) int { return e.Inside }) }

func (t *Ticket) sum(of func(Entitlement) int) (n int) {
	for _, e := range t.Entitlements {
		n += of(e)
	}
	return n
}

// Issue asks for the tickets of a paid order: one a unit.
type Issue struct {
	Organization, Order, Member, Session, Venue int64
	ValidFrom, ValidUntil                       time.Time
	Units                                       []IssueUnit
	// IsPart says that the order's tickets are issued in parts: who waits reads them all.
	IsPart bool
}

// Spot is a place or an area of the session's seat map; one of them is 0.
type Spot struct{ Place, Area int32 }

// IssueUnit is one unit of a line; Allowed people enter with it.
type IssueUnit struct {
	Line, Unit   int
	At           Spot
	Label        string
	Type, TypeEn string // the name of the ticket type
	Allowed      int
	Share        money.Minor
	Admission    *catalog.Admission // nil: a plain ticket
}

// UnitRef names one unit of an order.
type UnitRef struct {
	Line int `json:"line"`
	Unit int `json:"unit"`
}

// Refusals.
var (
	ErrUsed = fault.Define(fault.Conflict, "ticket_used",
		"票已使用,不能退改", "The ticket was used and cannot go back.",
		"Leave the used units out of the request.")
	ErrVoid = fault.Define(fault.Conflict, "ticket_void",
		"票已退或已作废", "The ticket was given back or is void; it has no code any more.",
		"Look at the order; buy another ticket if the visit still counts.")
	ErrNoTicket = fault.Define(fault.NotFound, "ticket_not_found",
		"没有找到这张票", "There is no such ticket, or it is not yours.",
		"Check the id and who is signed in.")
)
