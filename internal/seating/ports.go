package seating

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Book is the truth of who has which place, inside the writer's transactions; package
// seatingdb implements it. Each method registers its own change of the board after the
// commit.
type Book interface {
	Claim(tx *sqldb.Tx, c Claim) error
	Sell(tx *sqldb.Tx, session int64, owner Owner, n int) error
	Release(tx *sqldb.Tx, session int64, owner Owner, places []int32, areas []AreaQty) error
	Extend(tx *sqldb.Tx, session int64, owner Owner, until time.Time) error
}

// Feed is told of each change of the book after its commit, in commit order.
type Feed interface{ Apply(d Delta) }

// MapReads finds published maps. A published version never changes.
type MapReads interface {
	// Version is a version of any organization with its encoded map; fault.Missing.
	Version(ctx context.Context, id int64) (Version, []byte, error)
	// VersionIn is Version inside a transaction.
	VersionIn(tx *sqldb.Tx, id int64) (Version, []byte, error)
	// Versions are those of a hall, newest first, without their maps.
	Versions(ctx context.Context, scope actor.Scope, hall, before int64, limit int) ([]Version,
		error)
}

// MapStore keeps the seat map of each hall: its draft and where its lineage stands.
type MapStore interface {
	// Sheet is fault.Missing for a hall that never had a draft.
	Sheet(ctx context.Context, scope actor.Scope, hall int64) (Sheet, error)
	SheetIn(tx *sqldb.Tx, scope actor.Scope, hall int64) (Sheet, error)
	// SaveSheet writes over revision was; 0 makes it. fault.Stale when it is another.
	SaveSheet(tx *sqldb.Tx, scope actor.Scope, s Sheet, was int64) error
	InsertVersion(tx *sqldb.Tx, v Version, blob []byte) error
}

// StockStore keeps what a session has to sell beside its seats.
type StockStore interface {
	Areas(tx *sqldb.Tx, session int64) ([]AreaStock, error)
	AddArea(tx *sqldb.Tx, session int64, area int32, capacity int) error
	// ResizeIfEnough is false when more is taken than the new capacity.
	ResizeIfEnough(tx *sqldb.Tx, session int64, area int32, capacity int) (bool, error)
	// DropAreaIfFree is false when something of it is taken.
	DropAreaIfFree(tx *sqldb.Tx, session int64, area int32) (bool, error)
	HasClaims(tx *sqldb.Tx, session int64) (bool, error)
	// Claimed are the claimed places of a session after a place, in order.
	Claimed(tx *sqldb.Tx, session int64, after int32, limit int) ([]int32, error)
}

// BlockStore keeps why places are out of sale.
type BlockStore interface {
	InsertBlock(tx *sqldb.Tx, b Block) error
	// EndBlockIfEmpty notes that a block has nothing left; false while it has.
	EndBlockIfEmpty(tx *sqldb.Tx, scope actor.Scope, b Block) (bool, error)
	BlockIn(tx *sqldb.Tx, scope actor.Scope, id int64) (Block, error)
	// BlockDue is BlockIn of any organization, since a block's job knows its id alone.
	BlockDue(tx *sqldb.Tx, id int64) (Block, error)
	Blocks(ctx context.Context, scope actor.Scope, session int64) ([]Block, error)
	// BlocksWith are Blocks with the places that they still have.
	BlocksWith(ctx context.Context, scope actor.Scope, session int64) ([]Block, error)
}

// ClaimReads list who has what of a session.
type ClaimReads interface {
	// Claims of a session after a place, in order; the session must be the scope's.
	Claims(ctx context.Context, session int64, after int32, limit int) ([]Entry, error)
	AreaClaims(ctx context.Context, session int64, after AreaClaim, limit int) ([]AreaClaim, error)
}

// Store is all that seating keeps beside the book.
type Store interface {
	MapReads
	MapStore
	StockStore
	Aside
	ClaimReads
	Counted
	Truth
}

// Aside is what keeps places from being sold to everybody.
type Aside interface {
	BlockStore
	AllotmentStore
	ReturnStore
}

// Counted is what is asked of many claims together.
type Counted interface {
	Standing
	LeftStore
	ClaimMoves
}

// Revisions raises what every process that sells a session compares: package catalog.
type Revisions interface {
	RaiseSession(tx *sqldb.Tx, organization, session int64) (revision int64, err error)
	// CatchUp shows what was committed; whoever is answered then reads his own change.
	CatchUp()
}

// Journal takes one entry for each accepted command.
type Journal interface {
	Append(tx *sqldb.Tx, e journal.Entry) journal.Position
}

// Sessions is the catalogue as seating needs it.
type Sessions interface {
	Sellable(ctx context.Context, session int64) (*catalog.Sellable, error)
}

// Halls finds a hall, to know its venue.
type Halls interface {
	Get(ctx context.Context, scope actor.Scope, hall int64) (*catalog.Hall, error)
}

// Timetable lists sessions by their start.
type Timetable interface {
	Between(ctx context.Context, scope actor.Scope, q catalog.SessionRange) ([]*catalog.Session,
		error)
}
