package journal

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// MaxAnswer is the largest body that is kept for a replay, in bytes.
const MaxAnswer = 4 << 10

// KeyLife is how long a key is known at least.
const KeyLife = 48 * time.Hour

const (
	maxKey    = 255 // bytes
	keyWait   = 5 * time.Second
	keyRounds = 8 // how often one call looks again before it says "in progress"
)

// Refusals of idempotency keys.
var (
	ErrKeyReused = fault.Define(fault.Invalid, "idempotency_key_reused",
		"这个请求号已经用于另一个操作", "This idempotency key was used with another input.",
		"Send a fresh key for a new operation; repeat an old one with exactly its first body.")
	ErrInProgress = fault.Define(fault.Conflict, "in_progress",
		"同样的请求正在处理,请稍候", "The first request with this key is still being worked on.",
		"Repeat after the time that Retry-After names, with the same key.")
	ErrAnswerTooLarge = fault.Define(fault.Conflict, "answer_too_large",
		"操作已经完成,请查询结果", "It was done; its answer was too large to be kept.",
		"Read the object that the operation made.")
)

// errKeyTaken undoes a function whose key already stands in the book; Run then looks.
var errKeyTaken = errors.New("journal: the idempotency key is taken")

// Call is one request that may be repeated.
type Call struct {
	Caller int64  // member, staff or device; their ids never coincide
	Key    string // empty: the caller gave none
	Input  []byte // the canonical input with the route; compared by digest
	// Rebuild makes the answer anew for a repeat whose answer was larger than MaxAnswer:
	// the command happened, and object is what it was kept with. Without it such a repeat
	// is refused with ErrAnswerTooLarge.
	Rebuild func(ctx context.Context, object int64, status int) (Answer, error)
}

// Answer is what the caller was told.
type Answer struct {
	Status int
	Body   []byte
}

// KeyID is a key as stored: digests, since callers choose what is in it.
type KeyID struct {
	Caller int64
	Key    [16]byte
}

// KeyRow is a key in the book.
type KeyRow struct {
	KeyID
	Input    [16]byte
	Position Position
	Object   int64
	Status   int // 0: in progress
	Day      int // UTC day number of the first use
	Body     []byte
	TooLarge bool // done, and the body was larger than MaxAnswer
}

// KeyStore keeps the keys; journaldb implements it.
type KeyStore interface {
	// InsertKeys stores keys, all or none; sqldb.IsDuplicate holds for its error when one of
	// them stands.
	InsertKeys(tx *sqldb.Tx, list ...KeyRow) error
	// FinishKey completes a key in progress; false when there is none.
	FinishKey(tx *sqldb.Tx, r KeyRow) (bool, error)
	Key(ctx context.Context, id KeyID) (KeyRow, bool, error)
	// KeysAfter lists keys by primary key, without bodies.
	KeysAfter(ctx context.Context, after KeyID, limit int) ([]KeyRow, error)
	// DeleteKeys drops keys, of which KeyID and Position are known, with their answers.
	DeleteKeys(tx *sqldb.Tx, list []KeyRow) error
}

// Keys makes repeats harmless: the first effect and its key are committed together, and
// whoever repeats the key gets the first answer.
//
// The cost on the hot path is one insert inside the command's own transaction. Whether a
// key is fresh is decided by its primary key, not by a look-up before: a fresh key is the
// rule and a repeat the exception, so the repeat pays: its insert fails, its function is
// undone, and then the book is read. Two things save even that:
//   - recent holds the newest answers of this process;
//   - seen is a filter of all keys of the last days. Where it is complete (one process, and
//     the keys of the book were read at the start), "not seen" proves a key fresh without
//     SQL, and "seen" reads the book before the command is tried, not after.
//
// While seen is not complete, a command that is refused before it reaches its insert is
// looked up before the refusal is told: it may be the repeat of one that succeeded.
type Keys struct {
	db    *sqldb.DB
	store KeyStore
	clk   clock.Clock

	mu      sync.Mutex
	flights map[KeyID]*flight
	recent  recentAnswers
	seen    seenKeys
}

// Receipt is the key of one running command. All methods of a nil receipt do nothing: the
// caller gave no key.
type Receipt struct {
	// Resume is the object of an unfinished first try, else 0: go on with that one.
	Resume int64

	keys  *Keys
	id    KeyID
	input [16]byte

	in    *sqldb.Tx // where Begin ran last; touched on the writer's goroutine only
	mu    sync.Mutex
	taken bool    // the book has this key already
	begun bool    // Begin was committed, or an earlier try's
	kept  *Answer // Keep was committed
}

// Begin stores the key with the first effect of a command that goes on outside this
// transaction; there is no answer yet. A repeat resumes with objectID.
// When the key already stands, the error it returns must reach Keys.Run.
func (r *Receipt) Begin(tx *sqldb.Tx, pos Position, objectID int64) error {
	if r == nil {
		return nil
	}
	if r.isBegun() {
		return nil
	}
	if err := r.insert(tx, pos, objectID, Answer{}); err != nil {
		return err
	}
	r.in = tx
	tx.AfterCommit(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.begun = true
	})
	return nil
}

// Keep stores the answer in the transaction of the effect, or completes what Begin stored.
// Run then tells exactly this answer. When the key already stands, the error it returns
// must reach Keys.Run, which undoes nothing more and replays.
func (r *Receipt) Keep(tx *sqldb.Tx, pos Position, objectID int64, a Answer) error {
	if r == nil {
		return nil
	}
	if err := r.store(tx, pos, objectID, a); err != nil {
		return err
	}
	r.keepAfter(tx, a)
	return nil
}

func (r *Receipt) keepAfter(tx *sqldb.Tx, a Answer) {
	tx.AfterCommit(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.kept = &a
	})
}

// Keeping is one key with the answer that it keeps.
type Keeping struct {
	Receipt  *Receipt
	Position Position
	Object   int64
	Answer   Answer
}

// IsFresh says that the key was never begun: KeepAll may have it.
func (r *Receipt) IsFresh() bool { return r == nil || !r.isBegun() && r.in == nil }

// KeepAll is Keep for many fresh keys, all or none. Its error says that one of them stands,
// not which: keep one by one then.
func KeepAll(tx *sqldb.Tx, list []Keeping) error {
	rows := make([]KeyRow, 0, len(list))
	var keys *Keys
	for _, k := range list {
		r := k.Receipt
		if r == nil {
			continue
		}
		if k.Answer.Status < 200 || k.Answer.Status > 299 {
			return errNotKept
		}
		row := r.row(tx, k.Position, k.Object, k.Answer)
		r.keys.seen.add(row.Day, r.id)
		rows, keys = append(rows, row), r.keys
		r.keepAfter(tx, k.Answer)
	}
	if keys == nil {
		return nil
	}
	return keys.store.InsertKeys(tx, rows...)
}

var errNotKept = fault.Unexpected.Wrap(
	errors.New("journal: only a success is kept for repeats"))

func (r *Receipt) isBegun() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.begun
}

// store completes the key if an earlier transaction, or an earlier Begin of this one, left
// it in progress, and inserts it otherwise.
func (r *Receipt) store(tx *sqldb.Tx, pos Position, objectID int64, a Answer) error {
	if a.Status < 200 || a.Status > 299 {
		return errNotKept
	}
	if r.isBegun() || r.in == tx {
		done, err := r.keys.store.FinishKey(tx, r.row(tx, pos, objectID, a))
		if err != nil || done {
			return err
		}
	}
	return r.insert(tx, pos, objectID, a)
}

func (r *Receipt) insert(tx *sqldb.Tx, pos Position, objectID int64, a Answer) error {
	row := r.row(tx, pos, objectID, a)
	r.keys.seen.add(row.Day, r.id)
	err := r.keys.store.InsertKeys(tx, row)
	if err != nil && sqldb.IsDuplicate(err) {
		r.mu.Lock()
		r.taken = true
		r.mu.Unlock()
		return errKeyTaken
	}
	return err
}

func (r *Receipt) row(tx *sqldb.Tx, pos Position, objectID int64, a Answer) KeyRow {
	row := KeyRow{KeyID: r.id, Input: r.input, Position: pos, Object: objectID,
		Status: a.Status, Day: dayOf(tx.Now), Body: a.Body}
	if len(a.Body) > MaxAnswer {
		row.Body, row.TooLarge = nil, true
	}
	return row
}

func dayOf(t time.Time) int { return int(t.Unix() / 86400) }

func half(sum [sha256.Size]byte) [16]byte { return [16]byte(sum[:16]) }
