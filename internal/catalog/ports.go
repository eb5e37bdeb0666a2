package catalog

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Journal takes one entry for each accepted command.
type Journal interface {
	Append(tx *sqldb.Tx, e journal.Entry) journal.Position
}

// Stock is the places of a session; seating implements it.
type Stock interface {
	// Open makes the stock of a new session. It refuses a seat-map version that is not a
	// published one of the session's hall.
	Open(tx *sqldb.Tx, s Session) error
	// Change moves the stock along when the seat map or area capacities change. It refuses
	// what would drop a place that somebody has.
	Change(tx *sqldb.Tx, was, next Session) error
	// HasClaims says whether anybody holds or has bought a place.
	HasClaims(tx *sqldb.Tx, session int64) (bool, error)
}

// SeatMaps knows the newest published seat map of a hall, which a session without one
// gets; 0 when there is none.
type SeatMaps interface {
	LatestVersion(tx *sqldb.Tx, organization, hall int64) (int64, error)
}

// Files keeps bytes under their digest (64 hexadecimal digits).
type Files interface {
	Put(ctx context.Context, digest string, data []byte) error
	Get(ctx context.Context, digest string) ([]byte, error)
}

// Store keeps one kind of object. Every method but Known and One stays within the scope.
type Store[T any] interface {
	Insert(tx *sqldb.Tx, v *T) error
	// Update writes v over the row that still has revision was; fault.Stale otherwise.
	Update(tx *sqldb.Tx, v *T, was int64) error
	// Find reads inside the transaction; fault.Missing when it is not there.
	Find(tx *sqldb.Tx, scope actor.Scope, id int64) (*T, error)
	Get(ctx context.Context, scope actor.Scope, id int64) (*T, error)
	// List is a page by id, after the given one.
	List(ctx context.Context, scope actor.Scope, after int64, limit int) ([]*T, error)
	// Known is a page of what the picture in memory holds, of all organizations.
	Known(ctx context.Context, after int64, limit int) ([]*T, error)
	// One is one object of any organization, for the picture in memory.
	One(ctx context.Context, id int64) (*T, error)
}

// Timetable asks what only sessions are asked.
type Timetable interface {
	// Overlapping is a session of the hall, not cancelled and not except, that touches the
	// span; nil when there is none.
	Overlapping(tx *sqldb.Tx, scope actor.Scope, hall int64, from, to time.Time,
		except int64) (*Session, error)
	// LockHall makes other processes wait that plan sessions in the hall.
	LockHall(tx *sqldb.Tx, scope actor.Scope, hall int64) error
	// Bump raises the revision of the sessions to come that use something, and gives them.
	Bump(tx *sqldb.Tx, scope actor.Scope, by Using, id int64) ([]*Session, error)
	// Selling counts the sessions to come that are on sale or paused and use something.
	Selling(tx *sqldb.Tx, scope actor.Scope, by Using, id int64) (int, error)
	// Gates reads what GuardSession compares; sessions that are not there are left out.
	Gates(tx *sqldb.Tx, sessions []int64) (map[int64]Gate, error)
	// Between lists sessions of an organization by start; venue 0 means all.
	Between(ctx context.Context, scope actor.Scope, q SessionRange) ([]*Session, error)
	// At is the session of a hall that starts at the moment and is not cancelled, or nil.
	At(tx *sqldb.Tx, scope actor.Scope, hall int64, start time.Time) (*Session, error)
}

// Using is by what a session is looked up.
type Using string

// What sessions use.
const (
	UsingPriceList Using = "price_list"
	UsingPolicy    Using = "refund_policy"
	UsingEvent     Using = "event"
	UsingVenue     Using = "venue"
)

// SessionRange asks for sessions that start within [From, To), in order of start and id,
// after the given position.
type SessionRange struct {
	Venue      int64
	From, To   time.Time
	AfterStart time.Time
	AfterID    int64
	Limit      int
}

// Gate is what decides whether a session sells now.
type Gate struct {
	Revision            int64
	State               SessionState
	SaleFrom, SaleUntil time.Time
	EndsAt              time.Time
}

// Codes finds events and ticket types by their code.
type Codes interface {
	// EventByCode is nil when the organization has none of that code.
	EventByCode(tx *sqldb.Tx, scope actor.Scope, code string) (*Event, error)
	// EventsByTitle are up to 2 events of exactly that title, not archived.
	EventsByTitle(tx *sqldb.Tx, scope actor.Scope, title string) ([]*Event, error)
}

// Stores is everything that the catalogue keeps.
type Stores struct {
	Organizations  Store[Organization]
	Venues         Store[Venue]
	Halls          Store[Hall]
	Events         Store[Event]
	TicketTypes    Store[TicketType]
	PriceLists     Store[PriceList]
	RefundPolicies Store[RefundPolicy]
	Sessions       Store[Session]
	Media          Store[Media]
	Offers         Store[Offer]
	Releases       Store[Release]
	Batches        Store[CodeBatch]
	PastPrices     PastPrices
	Holidays       Store[HolidayList]
	Timetable      Timetable
	Codes          Codes
}
