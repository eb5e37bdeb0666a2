// Package ticket is the right to enter: one code over one or more units of an order line,
// and the entitlements that it opens.
package ticket

import (
	"time"

	"foyer/internal/fault"
	"foyer/internal/money"
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

// Issue asks for the tickets of a paid order: one a unit, each with one entitlement.
type Issue struct {
	Organization, Order, Member, Session, Venue int64
	ValidFrom, ValidUntil                       time.Time
	Units                                       []IssueUnit
}

// IssueUnit is one unit of a line; Allowed people enter with it.
type IssueUnit struct {
	Line, Unit   int
	Label        string
	Type, TypeEn string // the name of the ticket type
	Allowed      int
	Share        money.Minor
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
