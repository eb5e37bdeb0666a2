package journal

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/sqldb"
)

// Fact is an entry as subscribers see it. Objects and Data are shared: read only.
type Fact struct {
	Position
	At           time.Time
	Organization int64
	ActorKind    actor.Kind
	ActorID      int64
	Action       string
	Objects      []Object
	Data         []byte
}

// Cursor is how far a subscriber has read a lane.
type Cursor struct {
	Subscriber string
	Position
}

// Parked is a fact that a subscriber refused too often.
type Parked struct {
	Subscriber string
	Position
	Tries    int
	Problem  string
	ParkedAt time.Time
}

// FactStore keeps the subscribers' cursors and parked facts; journaldb implements it.
type FactStore interface {
	Cursors(ctx context.Context, subscriber string) ([]Cursor, error)
	// SaveCursor moves a cursor forward, never back.
	SaveCursor(tx *sqldb.Tx, c Cursor) error
	// Hold takes or keeps the delivery to a subscriber for holder.
	Hold(tx *sqldb.Tx, subscriber, holder string, until time.Time) (bool, error)
	Park(tx *sqldb.Tx, p Parked) error
	Unpark(tx *sqldb.Tx, subscriber string, pos Position) error
	// ParkedAfter lists parked facts by key: subscriber, lane, n.
	ParkedAfter(ctx context.Context, after Parked, limit int) ([]Parked, error)
}

// fact reads a stored row as a fact.
func (r Row) fact() (Fact, error) {
	body, err := r.Body()
	if err != nil {
		return Fact{}, err
	}
	return Fact{Position: r.Position, At: r.At, Organization: r.Organization,
		ActorKind: r.ActorKind, ActorID: r.ActorID, Action: r.Action,
		Objects: body.Objects, Data: body.Data}, nil
}
