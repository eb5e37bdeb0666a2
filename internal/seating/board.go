package seating

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"foyer/internal/seating/choose"
	"foyer/internal/seating/seatmap"
)

// Ref names a session and the seat-map version that it pins; Map 0 stands for whichever
// version the board has.
type Ref struct{ Session, Map int64 }

// Board is the fast picture of who has what. It is a port: its commands may fail or be
// slow, and what it says may be stale, incomplete or wrong. Nothing that it says sells a
// place; the book decides.
type Board interface {
	// Pick finds what is asked for and marks the seats as picked for at most PickFor. A
	// refusal is in the result; an error means that the board could not answer.
	Pick(ctx context.Context, ask PickAsk) (PickResult, error)
	// Drop takes back a pick, unless a claim has taken its place.
	Drop(session int64, token uint64)
	// Apply takes a change of the book after its commit.
	Apply(d Delta)
	// Snapshot is the picture for buyers; it is shared and read only.
	Snapshot(ctx context.Context, ref Ref) (*Snapshot, error)
	// Subscribe streams what changes after since; see Subscription.
	Subscribe(ctx context.Context, ref Ref, since string) (*Subscription, error)
	// Sum is what the board believes, to be compared with the book's.
	Sum(ctx context.Context, ref Ref) (Sum, error)
	// Reload reads the book again; true when the picture was wrong.
	Reload(ctx context.Context, ref Ref) (bool, error)
}

// PickFor bounds the time between a pick and its claim.
const PickFor = time.Second

// PickAsk is what a board looks for: named seats, area units, the best of the rest.
type PickAsk struct {
	Ref
	By      int64
	Own     int64 // the order whose claims count as free; 0: none
	Places  []int32
	Areas   []AreaQty
	Best    *choose.Request
	Orphans choose.Rule
	Hints   bool
	// From are allotments whose claims count as free, and Extra the area units they have.
	From  []int64
	Extra []AreaQty
}

// Refusal is why a board found nothing.
type Refusal uint8

const (
	Chosen    Refusal = iota
	Taken             // named seats belong to others
	AreaShort         // an area has less left than asked for
	NoneFit           // seats are free, or none, but not as asked
	Orphaned          // the named seats leave a single one, and need not
	InPick            // somebody else is about to claim what is asked for: wait
)

// PickResult is a pick or the reason why there is none.
type PickResult struct {
	Refusal Refusal
	Token   uint64
	Index   *seatmap.Index
	Places  []int32
	Step    choose.Step
	Orphans []int32 // left alone by the pick, or the reason of Orphaned
	Hints   *Hints  // when asked for
	Taken   []int32
	Area    AreaQty // which area is short, and how many it has left
	Open    int     // seats and units that are free for sale in the whole session
	// Held seats of the session, when the first of them may come free, and a digest of its
	// areas; filled in when Open is 0.
	Held  int
	Next  time.Time
	Areas int64
	// Wait is closed when a pick has ended; nil without one in the way.
	Wait <-chan struct{}
}

// DeltaKind is what a change of the book did.
type DeltaKind uint8

const (
	Begun    DeltaKind = iota + 1 // the owner got places
	Ended                         // the owner lost places; nil stands for all that it had
	Turned                        // all held places of the owner were sold
	Extended                      // all held places of the owner are held longer
	Remade                        // the session's stock was changed: read anew
)

// AreaStock is how much of an area is taken.
type AreaStock struct {
	Area     int32
	Capacity int
	Taken    int
	Kept     int // of the taken, what is kept for buyers online
}

// Free is how many units a buyer online may hope for.
func (a AreaStock) Free() int { return max(0, a.Capacity-a.Taken+a.Kept) }

// Delta is one committed change. It names the claim that it begins or ends and numbers in
// commit order, so that a late one loses against a newer claim. Areas are given as they
// stood after the change, so that a delta may be applied twice.
type Delta struct {
	Kind    DeltaKind
	Seq     int64
	Session int64
	Owner   Owner
	State   ClaimState
	Until   time.Time
	Places  []int32
	Areas   []AreaStock
}

// Sum is a digest of a session's claims: equal sums mean the same places with the same
// owners in the same states, but for an accident of arithmetic. The book adds up the same
// terms in SQL; they are few, since the book is asked up to four times a second.
type Sum struct {
	Claims, Mix, States    int64
	Areas, Taken, Capacity int64
}

// mixOwner and mixArea bound a term: a place is below 10^7 and a hall has at most 10^5, so
// that no sum passes 2^63.
const (
	mixOwner = 1_000_003
	mixArea  = 10_007
)

// claimTerm adds (times 1) or takes away (times -1) one claim.
func (s *Sum) claimTerm(place int32, owner int64, state ClaimState, times int64) {
	p := int64(place)
	s.Claims += times
	s.Mix += times * (owner % mixOwner * p)
	s.States += times * (p*4 + int64(state))
}

func (s *Sum) areaTerm(a AreaStock) {
	s.Areas++
	s.Taken += int64(a.Taken) * (int64(a.Area)%mixArea + 1)
	s.Capacity += int64(a.Capacity) * (int64(a.Area)%mixArea + 1)
}

// Verdict is what the book says when it is asked before a final no.
type Verdict struct {
	Sum
	HeldUnits   int64     // area units of unpaid orders
	NextRelease time.Time // when the first of those may come back; zero without
}

// Stamp names a moment of a board: every rebuild is a new epoch, n grows with each change.
type Stamp struct{ Epoch, N int64 }

// String is the stamp as clients get it and send it back.
func (s Stamp) String() string {
	return strconv.FormatInt(s.Epoch, 36) + "." + strconv.FormatInt(s.N, 36)
}

// ParseStamp reads what String wrote; false for anything else.
func ParseStamp(text string) (Stamp, bool) {
	epoch, n, ok := strings.Cut(text, ".")
	if !ok || len(text) > 40 {
		return Stamp{}, false
	}
	e, errE := strconv.ParseInt(epoch, 36, 64)
	v, errN := strconv.ParseInt(n, 36, 64)
	return Stamp{e, v}, errE == nil && errN == nil && e >= 0 && v >= 0
}

// Snapshot is one moment of a session. It is shared by all readers and never changes.
type Snapshot struct {
	Ref
	Stamp
	// States has two bits a seat, in the order of the map's seats, four seats a byte, the
	// first in the lowest bits: 0 free, 1 held, 2 sold, 3 closed.
	States []byte
	Seats  int
	Areas  []AreaStock
	Open   int // seats and units that are free for sale

	once sync.Once
	body []byte
}

// Body keeps what render makes of the snapshot, so that one moment is encoded once for all
// who read it.
func (s *Snapshot) Body(render func(*Snapshot) []byte) []byte {
	s.once.Do(func() { s.body = render(s) })
	return s.body
}

// State is the state of the seat with this ordinal; 0 is free.
func (s *Snapshot) State(i int) ClaimState { return ClaimState(s.States[i>>2] >> (i & 3 * 2) & 3) }

// Entry is a claim as the book has it.
type Entry struct {
	Place int32
	Owner Owner
	State ClaimState
	Until time.Time
}

// Picture is all that the book has of a session.
type Picture struct {
	Claims []Entry
	Areas  []AreaStock
}

// Truth reads the book outside of transactions; package seatingdb implements it.
type Truth interface {
	Picture(ctx context.Context, session int64) (Picture, error)
	Verdict(ctx context.Context, session int64) (Verdict, error)
}

// Plans finds a published seat map by its version.
type Plans interface {
	Plan(ctx context.Context, version int64) (*Plan, error)
}
