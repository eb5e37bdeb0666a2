package journal

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/sqldb"
)

// Ref says that an entry speaks of something: an object, its actor or its organization.
type Ref struct {
	Position
	Kind         string
	ID           int64
	At           time.Time
	Organization int64
}

// Kinds of references beside the kinds of objects, which have three letters.
const (
	refActor        = "by_" // and the actor's kind
	refOrganization = "within"
)

// Search asks for entries of one organization, newest first. An object wins over an actor
// as the way in; without both it is the organization's whole journal.
type Search struct {
	Organization int64
	Object       Object // zero: any
	ActorKind    actor.Kind
	ActorID      int64 // zero: any
	From, Until  time.Time
	// Before is the last entry of the page before; zero for the first page.
	Before   Position
	BeforeAt time.Time
	Limit    int // 1..100
}

// RefStore keeps the references; journaldb implements it.
type RefStore interface {
	InsertRefs(tx *sqldb.Tx, refs []Ref) error
	// RowsByRef is a page of entries by one reference of s.Organization, newest first.
	RowsByRef(ctx context.Context, kind string, id int64, s Search) ([]Row, error)
}
