// Package journal is the append-only record of every accepted command: audit log and
// outbox in one. Each command appends exactly one entry in its own transaction; entries of
// a lane are numbered without gaps in commit order and chained by SHA-256.
//
// Around the journal stand what lives by it: subscribers who are told each fact at least
// once, jobs that are due at a time, and idempotency keys.
package journal

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// Object is a thing that an entry speaks of, at the revision that the command gave it.
type Object struct {
	Kind     string // as in public ids: "ord", "ses"; at most 24 letters
	ID       int64
	Revision int64
}

// Limits of one entry. A command that passes them is a mistake of ours and is undone.
const (
	MaxData     = 6 << 10 // bytes
	MaxPersonal = 3 << 10 // bytes, before sealing
	MaxObjects  = 64
	maxAction   = 64 // bytes
	maxKind     = 24 // bytes
)

// Entry is what a command says for the record. Its slices are kept: do not change them
// after Append.
type Entry struct {
	Actor        actor.Actor
	Organization int64    // 0: none
	Action       string   // "order.placed"
	Objects      []Object // the first is what the command was about
	Data         []byte   // JSON, part of the chain for ever: no personal values, ≤ MaxData
	InputHash    []byte   // digest of the command's input, ≤ 32 bytes; may be nil
	Personal     []byte   // personal values; sealed under SubjectKey
	SubjectKey   []byte   // the member's sealed key; needed when Personal is given
}

// Position is where an entry stands. Between lanes there is no order.
type Position struct {
	Lane int
	N    int64
}

func (p Position) String() string { return fmt.Sprintf("%d/%d", p.Lane, p.N) }

// Row is an entry as stored.
type Row struct {
	Position
	At           time.Time
	Organization int64
	ActorKind    actor.Kind
	ActorID      int64
	Action       string
	Chained      []byte // objects, data, input hash, digest of Loose; see chain.go
	Loose        []byte // sealed personal values; nil when there are none or were deleted
	Hash         []byte
}

// Lane is one chain of the journal and who may write it.
type Lane struct {
	ID         int
	N, Epoch   int64
	Head       []byte
	Holder     string
	LeaseUntil time.Time
}

// LaneStore keeps lanes and heartbeats; journaldb implements it.
type LaneStore interface {
	Lanes(ctx context.Context) ([]Lane, error)
	// LanesIn is Lanes inside a transaction.
	LanesIn(tx *sqldb.Tx) ([]Lane, error)
	CreateLane(tx *sqldb.Tx, l Lane) error
	// TakeLane makes l.Holder the holder if the lane still has l.Epoch-1.
	TakeLane(tx *sqldb.Tx, l Lane) (bool, error)
	// Beat renews the lease if the lane still has this epoch, and notes the heartbeat.
	Beat(tx *sqldb.Tx, lane int, epoch int64, until time.Time) (bool, error)
	// LastBeat is the newest heartbeat of all lanes.
	LastBeat(ctx context.Context) (time.Time, error)
}

// RowStore keeps the entries; journaldb implements it.
type RowStore interface {
	InsertRows(tx *sqldb.Tx, rows []Row) error
	// Advance moves a lane's head if it still stands at from with this epoch.
	Advance(tx *sqldb.Tx, lane int, epoch, from, to int64, head []byte) (bool, error)
	// Page is up to limit rows of a lane after n, in order.
	Page(ctx context.Context, lane int, after int64, limit int) ([]Row, error)
}

// Sealer encrypts personal values under a member's own key; keyring implements it.
type Sealer interface {
	SealWith(sealedKey, ad, plain []byte) ([]byte, error)
	OpenWith(sealedKey, ad, sealed []byte) ([]byte, error)
}

// Signer signs checkpoints; keyring implements it.
type Signer interface {
	SignCheckpoint(msg []byte) (id uint8, signature []byte)
	CheckCheckpoint(id uint8, msg, signature []byte) bool
}

// Store is all that the journal keeps.
type Store interface {
	LaneStore
	RowStore
	FactStore
	RefStore
	CheckpointStore
}

// Config is what a journal is made of. All fields but the intervals are required.
type Config struct {
	DB     *sqldb.DB
	Store  Store
	Clock  clock.Clock
	Sealer Sealer
	Signer Signer
	Log    *slog.Logger
	// Holder names the process in lanes and leases: host and process, ≤ 60 letters.
	Holder string
	// Lease is how long a silent process keeps its lane; 0 means 15 s.
	Lease time.Duration
	// CheckpointEvery is the time between signed checkpoints; 0 means 10 min.
	CheckpointEvery time.Duration
	// CheckpointRows makes a checkpoint earlier when so many rows came; 0 means 10,000.
	CheckpointRows int64
}

// Refusals of the journal.
var (
	ErrLaneTaken = fault.Define(fault.Unavailable, "journal_lane_taken",
		"另一个进程正在使用这个数据库", "Another process is writing to this database.",
		"Stop the other process first; SQLite serves one process.")
	ErrLaneLost = fault.Define(fault.Unavailable, "journal_lane_lost",
		"服务正在重启,请稍后再试", "Another process took over this process's lane.",
		"Try again with the same idempotency key; the process restarts.")
)

// Journal is one process's view of the journal and its own lane. Make one with Open.
type Journal struct {
	cfg Config

	// Owned by the writer's goroutine (Append, Seal, Sealed) once Open has returned.
	lane    int
	epoch   int64
	n       int64
	head    [hashSize]byte
	toN     int64
	toHead  [hashSize]byte
	sealing []*pending
	scratch []byte
	doubt   bool // a batch was undone: look whether it was

	committed atomic.Int64 // n as everybody else may see it
	alone     bool         // no other process can write to this database
	lastBeat  time.Time
	startedAt time.Time
	lost      chan struct{}
	lostOnce  sync.Once

	tail        *tail
	subscribers []*subscriber
	watchers    []*watcher
	running     atomic.Bool
	doors       atomic.Pointer[[]chan struct{}] // to wake; set by Run
	opened      map[int]int64                   // the heads of all lanes at the opening
}

// Lane is the lane that this process writes.
func (j *Journal) Lane() int { return j.lane }

// Head is the position of the newest committed entry of this process's lane.
func (j *Journal) Head() Position { return Position{j.lane, j.committed.Load()} }
