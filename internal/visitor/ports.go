package visitor

import (
	"context"
	"log/slog"
	"time"

	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

// Sealer seals a value for one place of one row; the keyring does.
type Sealer interface {
	Seal(table, column string, id int64, plain []byte) []byte
	Open(table, column string, id int64, sealed []byte) ([]byte, error)
}

// Contacts knows the phone of a member, normalised; empty for one without.
type Contacts interface {
	PhoneOf(ctx context.Context, member int64) (string, error)
}

// Companions knows the people whose details a member keeps.
type Companions interface {
	// Companion refuses with fault.Missing what is not the member's.
	Companion(ctx context.Context, member, id int64) (Person, error)
}

// Store is the visitors' own SQL; package visitordb implements it.
type Store interface {
	Insert(tx *sqldb.Tx, rows []Row) error
	// Forget deletes what was named for an order whose lines are replaced.
	Forget(tx *sqldb.Tx, organization, order int64) error
	// KeepUntil says when the names of an order go.
	KeepUntil(tx *sqldb.Tx, organization, order int64, until time.Time) error
	// GiveBack notes that a unit's people do not enter, and names their documents.
	GiveBack(tx *sqldb.Tx, organization, order int64, line, unit int) ([]int64, error)
	Reads
	Keeping
	Persons
}

// Persons is what becomes of people when tickets are changed and accounts closed.
type Persons interface {
	PersonStore
	MoveStore
}

// Reads finds what was named.
type Reads interface {
	// OfOrder are the people of an order who enter, and its buyer, by line, unit and person.
	OfOrder(ctx context.Context, organization, order int64) ([]Row, error)
	// OfSession is a page of the people who enter a session, after an id.
	OfSession(ctx context.Context, organization, session, after int64, limit int) ([]Row, error)
	// EnterWith are the people who enter a session with at most OrdersPerRead orders.
	EnterWith(ctx context.Context, organization, session int64, orders []int64) ([]Row, error)
	Key(ctx context.Context, organization, event int64) ([]byte, error)
	// SaveKey keeps a key unless the event has one, and returns the one it has.
	SaveKey(tx *sqldb.Tx, organization, event int64, sealed []byte) ([]byte, error)
}

// Keeping is what the passing of time and keys needs.
type Keeping interface {
	// DeleteDue deletes the people of up to limit orders whose time is over, and says of how
	// many.
	DeleteDue(tx *sqldb.Tx, limit int) (int, error)
	RowsAfter(ctx context.Context, id int64, limit int) ([]Row, error)
	RekeyRowIfSame(tx *sqldb.Tx, old, now Row) error
	KeysAfter(ctx context.Context, event int64, limit int) ([]EventKey, error)
	RekeyEventIfSame(tx *sqldb.Tx, old, now EventKey) error
}

// Deps are what Visitors is made of; all but Companions are required.
type Deps struct {
	DB         *sqldb.DB
	Store      Store
	Keys       Sealer
	Contacts   Contacts
	Companions Companions
	Clock      clock.Clock
	IDs        *idgen.Source
	Log        *slog.Logger
}

// Visitors is the module. Make one with New.
type Visitors struct {
	Deps
	keys *keyCache
}

// New makes the module.
func New(d Deps) *Visitors { return &Visitors{Deps: d, keys: newKeyCache()} }
