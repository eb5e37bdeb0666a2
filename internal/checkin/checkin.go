// Package checkin is the use of the right to enter: gates, the devices that stand at them,
// and admissions. An admission is one guarded update of an entitlement; every refusal names
// its reason in words that a person at a gate can act on.
package checkin

import (
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/idgen"
	"foyer/internal/ticket"
)

// Kinds of public ids that the module hands out.
const (
	KindDevice   idgen.Kind = "dev"
	KindGate     idgen.Kind = "gat"
	KindCheckIn  idgen.Kind = "chk"
	KindPrecinct idgen.Kind = "pct"
)

// Permissions at the gate.
const (
	PermScan   actor.Permission = "checkin.scan"  // scan without a device
	PermView   actor.Permission = "checkin.view"  // see counts and check-ins
	PermDevice actor.Permission = "device.manage" // gates and devices
)

// Direction is which way somebody goes through a gate.
type Direction int

// The directions.
const (
	Entry Direction = 1
	Exit  Direction = 2
)

func (d Direction) String() string {
	if d == Exit {
		return "exit"
	}
	return "entry"
}

// CheckIn is one use of an entitlement: N people, one direction.
type CheckIn struct {
	ID           int64
	Organization int64
	Venue        int64
	Session      int64
	Ticket       int64
	Entitlement  int
	Device       int64 // 0 when staff scanned without one
	Staff        int64 // 0 when a device scanned
	Gate         int64
	Direction    Direction
	N            int
	// Counted is what an entry took of the allowance: nothing when people came back.
	Counted int
	// Here is by how many an entry raised the people inside; fewer than N when some of an
	// earlier day had never scanned out, or where nobody scans exits.
	Here int
	// Moved went from one precinct to another: nobody came or went.
	Moved bool
	// OutOf and Into are the precincts, 0 the street; Into is 0 too for a gate that leads
	// into the venue as a whole.
	OutOf, Into int64
	Seq         int // the entitlement's just after
	// Used, Allowed and Inside are what the entitlement said just after.
	Used, Allowed, Inside int
	At                    time.Time
	UndoneAt              time.Time // zero: it stands
	// ReceivedAt is when the scan of a gate without a network came in; zero: at once.
	ReceivedAt time.Time
	Conflict   bool // it took place, and the book contradicts it: it counts nowhere
}

// Admission is an accepted check-in with what the person at the gate is shown.
type Admission struct {
	CheckIn
	Holder *ticket.Ticket
	Event  *catalog.Sellable
	// Opening is what the ticket opens; nil for a plain one.
	Opening  *catalog.Admission
	Replayed bool // the answer of an earlier scan with the same nonce
}

// Gate is a door of a venue. It leads from one precinct, or the street, into another, or
// the venue as a whole.
type Gate struct {
	ID             int64
	Organization   int64
	Venue          int64
	Name, NameEn   string
	Precinct, From int64 // 0: the venue as a whole; the street
	// Opens and Closes are minutes after midnight of the business day; Closes 0: always.
	Opens, Closes int
}

// Precinct is a part of a venue with gates of its own: an attraction, a floor, a garden.
type Precinct struct {
	ID           int64
	Organization int64
	Venue        int64
	Code         string // by which ticket types name it
	Name, NameEn string
	Capacity     int // people; 0: not known
}

// Ways are the directions in which a device may let people through.
type Ways string

// The ways of a device.
const (
	BothWays  Ways = "both"
	EntryOnly Ways = "entry"
	ExitOnly  Ways = "exit"
)

// DeviceState says whether a device may scan.
type DeviceState string

const (
	Waiting DeviceState = "waiting" // for its one-time code to be typed in, until CodeUntil
	Active  DeviceState = "active"  // scans; from waiting by Enrol
	Revoked DeviceState = "revoked" // its token opens nothing; final
)

// Device is a handheld or a turnstile that stands at a venue.
type Device struct {
	ID           int64
	Organization int64
	Venue        int64
	Gate         int64 // 0: it moves about
	Name         string
	State        DeviceState
	Ways         Ways      // empty: both
	ListUntil    time.Time // how long it may admit by the list that it took; zero: it has none
	ReportedAt   time.Time // when it last said that it has sent all its scans; zero: never
	Unsent       int       // scans that it said it has not sent
	CodeUntil    time.Time
	SeenAt       time.Time // to the minute; zero: never
	CreatedAt    time.Time
}

// Limits of the module.
const (
	MaxNonce      = 32  // bytes
	MaxPeople     = 500 // in one scan
	MaxDevices    = 500 // of one venue, not revoked
	MaxGates      = 200 // of one venue
	MaxPrecincts  = 100 // of one venue
	maxCapacity   = 10_000_000
	maxName       = 60 // characters
	maxPart       = 40 // letters of the code of a part
	CodeLives     = 15 * time.Minute
	UndoWithin    = time.Minute
	codeLetters   = 10
	maxAround     = 200 // sessions in one answer
	peopleAge     = 5 * time.Second
	devicesKept   = 20_000
	seenEvery     = time.Minute
	seenPerTx     = 40
	earlyLook     = 6 * time.Hour  // how far ahead a gate sees sessions
	lateLook      = time.Hour      // how long after its end it still does
	longestOfShow = 48 * time.Hour // no session lasts longer
)
