package order

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// MoveState says where the move of a session stands.
type MoveState string

const (
	MoveRunning  MoveState = "running"  // the job's turn: tickets are changed, buyers are told
	MoveOpen     MoveState = "open"     // the buyers' turn, until the deadline
	MoveDone     MoveState = "done"     // nothing is left to choose. Final
	MoveReplaced MoveState = "replaced" // by a later move of the session. Final
)

// Choice is what the buyer of an order said to a move.
type Choice string

const (
	ChoiceOpen     Choice = "open"     // the buyer's turn
	ChoiceAccepted Choice = "accepted" // he comes. Final, as are the others
	ChoiceRefunded Choice = "refunded" // everything of the session went back
	ChoiceLeft     Choice = "left"     // nothing of it was left to choose about
	ChoiceReplaced Choice = "replaced" // the session was moved again: there is a newer choice
)

// MovePlace is when and where a session takes place.
type MovePlace struct {
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	Hall     int64     `json:"hall_id"`
	HallName string    `json:"hall"`
	HallEn   string    `json:"hall_en,omitempty"`
	Venue    int64     `json:"venue_id"`
	Map      int64     `json:"seat_map_version_id"`
}

// MoveDoc is what is told about a move.
type MoveDoc struct {
	Was      MovePlace `json:"was"`
	Now      MovePlace `json:"now"`
	Notice   string    `json:"notice"`
	NoticeEn string    `json:"notice_en,omitempty"`
}

// SessionMove is a session with buyers that takes place at another time or in another hall.
type SessionMove struct {
	ID           int64
	Organization int64
	Session      int64
	State        MoveState
	By           actor.Actor
	Default      Choice // accepted or refunded: what holds for whoever said nothing
	Deadline     time.Time
	After        int64 // the order that was looked at last in this round
	Waiting      int   // orders of this round that must be looked at again
	StartedAt    time.Time
	ToldAt       time.Time
	EndedAt      time.Time
	Doc          MoveDoc
}

// MovedUnitLabel is where a unit was and is.
type MovedUnitLabel struct {
	Line int    `json:"k"`
	Unit int    `json:"u"`
	Was  string `json:"w"`
	Now  string `json:"n"`
}

// OrderMove is a move in the eyes of one buyer.
type OrderMove struct {
	Order, Move, Session int64
	State                Choice
	Was                  int64 // the snapshot of what had been agreed to
	DecidedAt            time.Time
	DecidedBy            actor.Actor // Foyer itself at the deadline
	Units                []MovedUnitLabel
}

// MoveSums counts the choices of a move.
type MoveSums struct{ Open, Accepted, Refunded, Left int }

// MoveBook keeps moves; package orderdb implements it.
type MoveBook interface {
	MoveRows
	ChoiceRows
	MovedOrders
}

// MoveRows are the moves themselves.
type MoveRows interface {
	InsertMove(tx *sqldb.Tx, m *SessionMove) error
	// MoveIn and FindMove are fault.Missing without one.
	MoveIn(tx *sqldb.Tx, id int64) (*SessionMove, error)
	FindMove(ctx context.Context, id int64) (*SessionMove, error)
	// SaveMove writes how far it is over one that is in a state.
	SaveMove(tx *sqldb.Tx, m *SessionMove, from MoveState) error
	MoveSums(ctx context.Context, move int64) (MoveSums, error)
}

// ChoiceRows are the buyers' choices.
type ChoiceRows interface {
	InsertChoices(tx *sqldb.Tx, list ...*OrderMove) error
	// ChoiceIn is nil without one.
	ChoiceIn(tx *sqldb.Tx, order, move int64) (*OrderMove, error)
	// ChoicesOf are those of an order, the newest first.
	ChoicesOf(ctx context.Context, order int64) ([]*OrderMove, error)
	// ReplaceChoices closes the open choices of an order about earlier moves of a session.
	ReplaceChoices(tx *sqldb.Tx, order, session, move int64) error
	// DecideIfOpen is false when the choice was made before.
	DecideIfOpen(tx *sqldb.Tx, c *OrderMove) (bool, error)
	// OpenChoices are the orders with an open choice about a move, after one of them.
	OpenChoices(tx *sqldb.Tx, move, after int64, limit int) ([]int64, error)
}

// MovedOrders are what a move writes of orders. Both guard the order's revision, and leave
// the order in hand at the next; false when it has moved on.
type MovedOrders interface {
	// Reseat writes the places of all lines.
	Reseat(tx *sqldb.Tx, o *Order) (bool, error)
	// Reagree writes what the order and its lines agree to.
	Reagree(tx *sqldb.Tx, o *Order) (bool, error)
	// ReseatChange writes the lines that a waiting change is to bring; it guards its revision.
	ReseatChange(tx *sqldb.Tx, c *Change) error
}

// Mover is the catalogue as a move needs it.
type Mover interface {
	MoveSession(tx *sqldb.Tx, who actor.Actor, m catalog.Move) (was, next *catalog.Session,
		err error)
	// TryMove is MoveSession without effect.
	TryMove(ctx context.Context, who actor.Actor, m catalog.Move) (was, next *catalog.Session,
		err error)
	Sellable(ctx context.Context, session int64) (*catalog.Sellable, error)
	// CatchUp shows what was committed.
	CatchUp()
}

// Reseater finds everybody a place on another seat map, and rewrites the book for it.
type Reseater interface {
	Relocate(ctx context.Context, ask seating.RelocateAsk) (*seating.Relocation, error)
	MoveClaims(tx *sqldb.Tx, next catalog.Session, r *seating.Relocation) ([]int64, error)
}

// MovedTickets takes tickets to another time and place.
type MovedTickets interface {
	Move(tx *sqldb.Tx, m ticket.Moved) error
	Used(ctx context.Context, organization, order int64) ([]ticket.UnitRef, error)
}

// HallName finds the name of a hall that a session is to move to.
type HallName interface {
	Get(ctx context.Context, scope actor.Scope, hall int64) (*catalog.Hall, error)
}

// MovedNews is what a buyer is told.
type MovedNews struct {
	Order, Member  int64
	Event, EventEn string
	TimeZone       string
	Move           *SessionMove
}

// MoveParts are the neighbours that a move works with. Tell is called after the commit; what
// cannot be told is not tried again.
type MoveParts struct {
	Catalog Mover
	Seats   Reseater
	Tickets MovedTickets
	Halls   HallName
	Tell    func(ctx context.Context, n MovedNews)
}

// SetMoves joins what moves a session; call it before the first order is served.
func (o *Orders) SetMoves(p MoveParts) { o.moves = p }

// movedOn says whether a session was moved since a snapshot of it was agreed to. Sessions
// that never moved cost a look into memory.
func (o *Orders) movedOn(ctx context.Context, organization, session, snapshot int64) (
	bool, error,
) {
	s, err := o.Sessions.Sellable(ctx, session)
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	if err != nil || s.Session.Moved == 0 {
		return false, err
	}
	a, err := o.agreed(ctx, organization, snapshot)
	return err == nil && a.Moved != s.Session.Moved, err
}

// anyMoved says whether one of the sessions of an unpaid order was moved since it was placed.
func (o *Orders) anyMoved(ctx context.Context, ord *Order) (bool, error) {
	if len(ord.Lines) == 0 {
		return o.movedOn(ctx, ord.Organization, ord.Session, ord.Snapshot)
	}
	for _, l := range ord.Lines {
		if moved, err := o.movedOn(ctx, ord.Organization, l.Session, l.snapshot(ord)); err != nil ||
			moved {
			return moved, err
		}
	}
	return false, nil
}
