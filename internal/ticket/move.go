package ticket

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/ticket/rule"
)

// Moved is what the tickets of an order become when their session takes place at another
// time or in another hall.
type Moved struct {
	Organization, Order, Session, Venue int64
	ValidFrom, ValidUntil               time.Time
	Labels                              map[UnitRef]string // of the units that move
}

// Window is until when an entitlement of a ticket opens a gate.
type Window struct {
	Number      int
	From, Until time.Time
}

// MovedTicket is one ticket with its new label and windows.
type MovedTicket struct {
	Organization, ID int64
	Was              int   // its code version before
	Venue, WasVenue  int64 // where it opens gates, and opened them
	Label            string
	Windows          []Window
	AtVenue          bool // it opens something of the venue and not the session alone
}

// Moves keeps where tickets open; ticketdb implements it.
type Moves interface {
	// MoveTicket writes a live ticket's new label and windows under its next code version;
	// false when it is not live, or another version, any more.
	MoveTicket(tx *sqldb.Tx, m MovedTicket) (bool, error)
}

// Move takes the live tickets of units to another time and place. Each gets its next code
// version: the old codes are refused from now on. What a ticket was used for stays used. The
// caller's command writes the journal.
func (t *Tickets) Move(tx *sqldb.Tx, m Moved) error {
	list, err := t.cfg.Store.InOrder(tx, actor.Scope{Organization: m.Organization}, m.Order)
	if err != nil {
		return err
	}
	for i := range list {
		v := &list[i]
		label, mine := m.Labels[UnitRef{v.Line, v.Unit}]
		if !mine || v.State != Live || v.Session != m.Session {
			continue
		}
		next := MovedTicket{Organization: m.Organization, ID: v.ID, Was: v.CodeVersion,
			Venue: m.Venue, WasVenue: v.Venue, Label: label}
		if err := t.windows(v, m, &next); err != nil {
			return err
		}
		ok, err := t.cfg.Store.MoveTicket(tx, next)
		if err != nil {
			return err
		}
		if !ok {
			return fault.Stale
		}
	}
	return nil
}

// windows are when the entitlements of a ticket open gates now. A pass keeps its days.
func (t *Tickets) windows(v *Ticket, m Moved, next *MovedTicket) error {
	for i := range v.Entitlements {
		e := &v.Entitlements[i]
		w := Window{e.Number, m.ValidFrom, m.ValidUntil}
		//tidy:allow context admissions never change; the writer has no caller
		a, err := t.Admission(context.Background(), e.Admission)
		if err != nil {
			return err
		}
		if a != nil && a.Pass != nil {
			continue
		}
		if a != nil {
			r := rule.Of(a, e.Number)
			w.From, w.Until = r.Window(m.ValidFrom.Add(catalog.GatesOpenBefore), m.ValidUntil)
		}
		next.AtVenue = next.AtVenue || e.Session == 0
		next.Windows = append(next.Windows, w)
	}
	return nil
}
