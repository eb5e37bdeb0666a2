package ticket

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Store keeps tickets and their entitlements; ticketdb implements it.
type Store interface {
	Insert(tx *sqldb.Tx, list []Ticket) error
	// InOrder are the tickets of an order inside a transaction, in order of line and unit.
	InOrder(tx *sqldb.Tx, scope actor.Scope, order int64) ([]Ticket, error)
	// RaiseVersionIf makes the next code version of a live ticket that still has version was.
	RaiseVersionIf(tx *sqldb.Tx, scope actor.Scope, id int64, was int) (bool, error)
	Voids
	Openings
	Reads
	Gates
}

// Voids ends tickets.
type Voids interface {
	// VoidUnused voids live tickets that nobody used. It refuses with ErrUsed, and with
	// fault.Stale when one of them is no longer live.
	VoidUnused(tx *sqldb.Tx, scope actor.Scope, ids []int64, at time.Time) error
	// VoidLive voids live tickets whether they were used or not; fault.Stale when one is live
	// no longer.
	VoidLive(tx *sqldb.Tx, scope actor.Scope, ids []int64, at time.Time) error
}

// Openings keeps what tickets open, once for each content, and who may be seen with them.
type Openings interface {
	// SaveAdmission stores a document unless it is there, and answers the id under which it is.
	SaveAdmission(tx *sqldb.Tx, scope actor.Scope, id int64, digest [32]byte, doc []byte) (
		int64, error)
	// AdmissionDoc is a stored document of any organization; they are no secrets.
	AdmissionDoc(ctx context.Context, id int64) ([]byte, error)
	// KeepPhoto notes the photo of a live ticket's holder.
	KeepPhoto(tx *sqldb.Tx, scope actor.Scope, id, media int64) (bool, error)
	Moves
}

// Reads finds tickets with their entitlements.
type Reads interface {
	// Find is a ticket of any organization; ErrNoTicket without one.
	Find(ctx context.Context, id int64) (*Ticket, error)
	// OfOrder are the tickets of an order of any organization.
	OfOrder(ctx context.Context, order int64) ([]Ticket, error)
	// OfMember is a page of a member's tickets, the newest session first, after a mark.
	OfMember(ctx context.Context, member int64, after Mark, limit int) ([]Ticket, error)
	// People is how many may enter with the live tickets of a session.
	People(ctx context.Context, scope actor.Scope, session int64) (int, error)
}

// Lists finds the tickets that a gate may meet.
type Lists interface {
	// OfSessions are the tickets of some sessions by id; at most SessionsPerList sessions.
	OfSessions(ctx context.Context, scope actor.Scope, q ListPage) ([]Ticket, error)
	// AtVenue are the passes and combined tickets of a venue by id.
	AtVenue(ctx context.Context, scope actor.Scope, q ListPage) ([]Ticket, error)
	// Current are a member's live tickets at a venue that are not over yet.
	Current(ctx context.Context, scope actor.Scope, q CurrentOf) ([]Ticket, error)
	// OfOrder are the tickets of an order of any organization.
	OfOrder(ctx context.Context, order int64) ([]Ticket, error)
}

// SessionsPerList is how many sessions one page of a list is asked for.
const SessionsPerList = 40

// ListPage asks for tickets by id after one: the live ones, or with Since all, void ones
// too, that were issued, changed or used since then.
type ListPage struct {
	Sessions   []int64
	Venue      int64
	Since, Now time.Time
	After      int64
	Limit      int
}

// CurrentOf asks for the tickets with which a member may come now.
type CurrentOf struct {
	Member, Venue int64
	Now           time.Time
	Limit         int
}

// Gates are the guarded updates of a check-in. Each is false when its guard did not hold.
type Gates interface {
	// FindIn is Find inside a transaction.
	FindIn(tx *sqldb.Tx, id int64) (*Ticket, error)
	// EnterIfAllowed lets N people in while used + N <= allowed, with a live ticket whose
	// code has this version.
	EnterIfAllowed(tx *sqldb.Tx, u Use) (bool, error)
	// LeaveIfInside lets N people out of those inside.
	LeaveIfInside(tx *sqldb.Tx, u Use) (bool, error)
	// UnenterIfInside takes an entry back while its people are still inside.
	UnenterIfInside(tx *sqldb.Tx, u Use) (bool, error)
	// UnleaveIfOutside takes an exit back while those people have not come in again.
	UnleaveIfOutside(tx *sqldb.Tx, u Use) (bool, error)
	// UseIf writes what an entitlement became, if nobody used it since Seq was read, it is
	// live, and the ticket is live with this code version; 0 asks for no version.
	UseIf(tx *sqldb.Tx, u Use, e *Entitlement) (bool, error)
	// Entitlement reads one as the transaction sees it.
	Entitlement(tx *sqldb.Tx, u Use) (Entitlement, error)
}

// Use is one use of an entitlement by N people.
type Use struct {
	Organization, Ticket int64
	Number               int // of the entitlement
	CodeVersion          int
	N                    int
}

// Mark is a place in a member's list: tickets are ordered by ValidFrom and id, downwards.
// The zero Mark is the beginning.
type Mark struct {
	ValidFrom time.Time
	ID        int64
}

// Sessions is the catalogue as a ticket shows it.
type Sessions interface {
	Sellable(ctx context.Context, session int64) (*catalog.Sellable, error)
}

// Orders says who may see an order, for orders that have no ticket yet.
type Orders interface {
	// MaySee refuses whoever may not see the order as if there were none.
	MaySee(ctx context.Context, order int64, who actor.Actor) error
	// IsUnpaid says that the order is the caller's and waits to be paid, as far as memory
	// knows: its tickets are told only after it has ceased to say so.
	IsUnpaid(order int64, who actor.Actor) bool
}

// Doors knows the entrance nearest to a ticket's place; seating's map does. It is "" when
// the map does not say.
type Doors interface {
	Entrance(ctx context.Context, t *Ticket, s *catalog.Sellable) string
}

// Journal takes the entry of a command.
type Journal interface {
	Append(tx *sqldb.Tx, e journal.Entry) journal.Position
}
