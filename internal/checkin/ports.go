package checkin

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/ticket/rule"
)

// Tickets is the right that is used; ticketdb implements it.
type Tickets interface {
	ticket.Gates
	ticket.Lists
	// Find is a ticket of any organization; ticket.ErrNoTicket without one.
	Find(ctx context.Context, id int64) (*ticket.Ticket, error)
	// InOrder are the tickets of an order as the transaction sees them.
	InOrder(tx *sqldb.Tx, scope actor.Scope, order int64) ([]ticket.Ticket, error)
	// People is how many may enter with the live tickets of a session.
	People(ctx context.Context, scope actor.Scope, session int64) (int, error)
	// RaiseVersionIf makes the next code of a live ticket that still has version was.
	RaiseVersionIf(tx *sqldb.Tx, scope actor.Scope, id int64, was int) (bool, error)
}

// Sessions is the catalogue as a gate needs it.
type Sessions interface {
	Sellable(ctx context.Context, session int64) (*catalog.Sellable, error)
	Sessions(q catalog.SessionQuery) ([]*catalog.Sellable, *catalog.Mark)
}

// Venues finds the venues of an organization; fault.Missing without one.
type Venues interface {
	Get(ctx context.Context, scope actor.Scope, id int64) (*catalog.Venue, error)
}

// Capacities knows how many people a session holds, by its seat map and areas.
type Capacities interface {
	Capacity(ctx context.Context, s *catalog.Sellable) (int, error)
}

// Journal takes one entry for each accepted command.
type Journal interface {
	Append(tx *sqldb.Tx, e journal.Entry) journal.Position
}

// MACs makes keyed digests; the key ring does.
type MACs interface {
	MAC(purpose string, message []byte) []byte
}

// Store keeps everything of the module; checkindb implements it.
type Store interface {
	CheckIns() CheckInStore
	Devices() DeviceStore
	Gates() GateStore
	Precincts() PrecinctStore
	Media() MediumStore
}

// CheckInStore keeps check-ins, nonces and counts.
type CheckInStore interface {
	// Insert stores a check-in.
	Insert(tx *sqldb.Tx, c *CheckIn) error
	// MarkUndoneIfSince notes that a check-in made at or after since no longer stands.
	MarkUndoneIfSince(tx *sqldb.Tx, c *CheckIn, at, since time.Time) (bool, error)
	// FindIn and Find are a check-in of any organization; ErrNoCheckIn without one.
	FindIn(tx *sqldb.Tx, id int64) (*CheckIn, error)
	Find(ctx context.Context, id int64) (*CheckIn, error)
	Histories
	Counts
	ConflictStore
}

// Histories are what check-ins that stand say of a ticket, and under which nonces they came.
type Histories interface {
	Nonces
	// Spans are the first and the last standing entries of a ticket.
	Spans(ctx context.Context, scope actor.Scope, ticket int64) (first, last *Trace, err error)
	// PastIn is what standing check-ins of an entitlement say to a gate.
	PastIn(tx *sqldb.Tx, q PastAsk) (rule.Past, error)
	// LastIn are when an entitlement was last entered and left, by check-ins that stand.
	LastIn(tx *sqldb.Tx, organization, ticket int64, number int) (entered, left time.Time,
		err error)
}

// ConflictStore keeps the scans that the book contradicts.
type ConflictStore interface {
	InsertConflict(tx *sqldb.Tx, c *Conflict) error
	SettleIfOpen(tx *sqldb.Tx, c *Conflict) (bool, error)
	// LastStanding is the ticket's newest check-in that stands; 0 without one.
	LastStanding(tx *sqldb.Tx, scope actor.Scope, ticket int64) (int64, error)
	// ConflictOf is nil when the check-in is none of the organization's conflicts.
	ConflictOf(ctx context.Context, scope actor.Scope, checkIn int64) (*Conflict, error)
	Conflicts(ctx context.Context, scope actor.Scope, p ConflictPage) ([]Conflict, error)
	// TraceOf is where and when a check-in took place, in words.
	TraceOf(ctx context.Context, scope actor.Scope, checkIn int64) (*Trace, error)
}

// ConflictPage asks for the conflicts of a venue before an id; 0: from the newest.
type ConflictPage struct {
	Venue  int64
	State  ConflictState
	Before int64
	Limit  int
}

// PastAsk asks what earlier check-ins say, for a gate on a day that began at DayFrom.
type PastAsk struct {
	Organization, Ticket int64
	Entitlement          int
	Gate, From, Into     int64
	DayFrom              time.Time
}

// Nonces are the scans that were accepted.
type Nonces interface {
	// TakeNonce is false when the scanner has used the nonce before.
	TakeNonce(tx *sqldb.Tx, n Nonce, checkIn int64) (bool, error)
	// CheckInOf is the check-in that was accepted under a nonce, and the digest of its scan.
	CheckInOf(ctx context.Context, n Nonce) (checkIn int64, digest []byte, found bool, err error)
}

// Nonce names one scan of one scanner for ever.
type Nonce struct {
	Scanner int64
	Text    string
	Digest  [16]byte // of what was asked
}

// Counts are the live figures of sessions.
type Counts interface {
	AddCount(tx *sqldb.Tx, session int64, entered, inside int) error
	// CountsOf are the figures of up to 200 sessions; those without any are left out.
	CountsOf(ctx context.Context, sessions []int64) (map[int64]Figures, error)
	// AddPrecinct counts who came into and left a precinct on a business day.
	AddPrecinct(tx *sqldb.Tx, k PrecinctDay, entered, gone int) error
	// PrecinctsOf are the figures of a venue's precincts on a day; 0 is the whole venue.
	PrecinctsOf(ctx context.Context, venue int64, day int) (map[int64]Flow, error)
}

// PrecinctDay names a count: of a precinct, or with 0 of the venue as a whole, on a day.
type PrecinctDay struct {
	Venue, Precinct int64
	Day             int
}

// Flow is how many came and went.
type Flow struct{ Entered, Gone int }

// Inside is how many are there still.
func (f Flow) Inside() int { return max(f.Entered-f.Gone, 0) }

// Figures are how many people came in and are inside.
type Figures struct{ Entered, Inside int }

// Trace is where and when a ticket was used, in words.
type Trace struct {
	At           time.Time
	N            int
	Gate, GateEn string // "" when there is none
	Device       string // "" when staff scanned without one
}

// DeviceStore keeps devices.
type DeviceStore interface {
	Insert(tx *sqldb.Tx, d *Device, codeHash []byte) error
	// EnrolIfWaiting gives the device of a young code its token, and is false without one.
	EnrolIfWaiting(tx *sqldb.Tx, codeHash, tokenHash []byte, name string, now time.Time) (
		bool, error)
	ByTokenIn(tx *sqldb.Tx, tokenHash []byte) (*Device, error)
	// RevokeIfNot ends a device of the organization that is not revoked.
	RevokeIfNot(tx *sqldb.Tx, scope actor.Scope, id int64) (bool, error)
	// CountOf is how many devices of a venue are not revoked.
	CountOf(tx *sqldb.Tx, scope actor.Scope, venue int64) (int, error)
	DeviceMarks
	DeviceReads
}

// DeviceMarks note what a device was last seen with.
type DeviceMarks interface {
	Touch(tx *sqldb.Tx, scope actor.Scope, id int64, at time.Time) error
	// Report notes what a device says of the scans that it has not sent.
	Report(tx *sqldb.Tx, scope actor.Scope, r Report) error
}

// Report is a device's word on the scans that it holds.
type Report struct {
	Device int64
	Unsent int // below zero: as before
	At     time.Time
	Holds  time.Time // until when it may admit by its list; zero: as before
}

// DeviceReads finds devices; nil without one.
type DeviceReads interface {
	ByToken(ctx context.Context, tokenHash []byte) (*Device, error)
	ByID(ctx context.Context, id int64) (*Device, error)
	OfVenue(ctx context.Context, scope actor.Scope, venue, after int64, limit int) ([]Device, error)
	// Holders are the devices of a venue whose lists ran out after a time, or have not.
	Holders(ctx context.Context, scope actor.Scope, venue int64, after time.Time) (
		[]Device, error)
}

// GateStore keeps gates.
type GateStore interface {
	Insert(tx *sqldb.Tx, g *Gate) error
	Update(tx *sqldb.Tx, g *Gate) (bool, error)
	Count(tx *sqldb.Tx, scope actor.Scope, venue int64) (int, error)
	// Find is nil when the organization has no such gate.
	Find(ctx context.Context, scope actor.Scope, id int64) (*Gate, error)
	OfVenue(ctx context.Context, scope actor.Scope, venue int64) ([]Gate, error)
}

// PrecinctStore keeps precincts.
type PrecinctStore interface {
	Insert(tx *sqldb.Tx, p *Precinct) error
	Update(tx *sqldb.Tx, p *Precinct) (bool, error)
	// OfVenue are all of a venue; it has at most MaxPrecincts.
	OfVenue(ctx context.Context, scope actor.Scope, venue int64) ([]Precinct, error)
	Count(tx *sqldb.Tx, scope actor.Scope, venue int64) (int, error)
}

// Openings knows what tickets open; package ticket does.
type Openings interface {
	// Admission is nil for 0, a plain ticket.
	Admission(ctx context.Context, id int64) (*catalog.Admission, error)
}

// Ledger books the shares of combined tickets when they are used.
type Ledger interface {
	Post(tx *sqldb.Tx, pos journal.Position, order int64, cur money.Currency,
		moves ...ledger.Move) error
}

// Documents knows the documents of those who enter, as hashes; package visitor does.
type Documents interface {
	// ListHashes are those of some orders in a session, under a key of the named list alone.
	ListHashes(ctx context.Context, s *catalog.Sellable, list string, orders []int64) (
		key []byte, hashes []DocumentHash, err error)
}

// DocumentHash is the hash of the document of somebody who enters with a unit.
type DocumentHash struct {
	Order      int64
	Line, Unit int
	Hash       []byte
}

// Buyers finds members by what they say at a gate; package member does.
type Buyers interface {
	// FindByTail are those who bought from the organization and whose phone ends so.
	FindByTail(ctx context.Context, scope actor.Scope, digits string) ([]int64, error)
}
