package seating

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"foyer/internal/clock"
	"foyer/internal/idgen"
)

// BoardConfig is what a board in memory is made of. The limits may be left zero.
type BoardConfig struct {
	Truth Truth
	Plans Plans
	Clock clock.Clock
	IDs   *idgen.Source // numbers epochs
	Log   *slog.Logger
	// Frame encodes an event of a stream as it goes over the wire.
	Frame func(id, name string, data []byte) []byte
	// MaxSessions and MaxBytes bound what is kept of sessions that nobody looks at:
	// 4,096 and 64 MiB.
	MaxSessions, MaxBytes int
	// Coalesce is how long changes are gathered before they are streamed: 75 ms.
	Coalesce time.Duration
	// LoadTimeout bounds the reading of the book for one session: 10 s.
	LoadTimeout time.Duration
}

// MemBoard is the Board of one process. Sessions are read from the book when they are
// first asked for, and forgotten when others need the room.
//
// No change is lost while a session is read: it is registered first, so that every change
// committed from then on is kept in a list (hooks run in commit order), and only then read;
// the read sees all that was committed before, and the list is applied on top. A change may
// so be applied that the read has seen already; each says how things stand after it, so the
// end is the same.
type MemBoard struct {
	cfg BoardConfig

	mu       sync.RWMutex
	sessions map[int64]*memSession
	bytes    int

	tokens atomic.Uint64
	out    flushQueue
}

// NewMemBoard makes an empty board.
func NewMemBoard(cfg BoardConfig) *MemBoard {
	if cfg.MaxSessions <= 0 {
		cfg.MaxSessions = 4096
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 64 << 20
	}
	if cfg.Coalesce <= 0 {
		cfg.Coalesce = 75 * time.Millisecond
	}
	if cfg.LoadTimeout <= 0 {
		cfg.LoadTimeout = 10 * time.Second
	}
	return &MemBoard{cfg: cfg, sessions: map[int64]*memSession{},
		out: flushQueue{wake: make(chan struct{}, 1)}}
}

var _ Board = (*MemBoard)(nil)

// memSession is one session on the board.
type memSession struct {
	ref   Ref
	ready chan struct{} // closed when scene is there, or err
	err   error
	cost  int // bytes, about
	used  atomic.Int64
	body  atomic.Pointer[Snapshot]

	mu      sync.Mutex
	scene   *scene
	epoch   int64
	n       int64
	reading bool    // the book is being read: changes are kept
	kept    []Delta // since the reading began
	missed  bool    // more came than are kept: read again
	reread  chan struct{}
	picks   picks
	dirty   dirt

	stream stream
}

// maxKept bounds the changes kept while a session is read.
const maxKept = 8192

// session is the session, read from the book if need be.
func (b *MemBoard) session(ctx context.Context, ref Ref) (*memSession, error) {
	b.mu.RLock()
	s := b.sessions[ref.Session]
	b.mu.RUnlock()
	if s == nil || (ref.Map != 0 && s.ref.Map != ref.Map) {
		if ref.Map == 0 {
			return nil, errNotLoaded
		}
		var mine bool
		if s, mine = b.register(ref); mine {
			b.load(ctx, s)
		}
	}
	select {
	case <-s.ready:
	default:
		select {
		case <-s.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	s.used.Store(b.cfg.Clock.Now().UnixMilli())
	return s, nil
}

// register puts a session on the board before it is read; false when somebody else has.
// A session that pins another map by now is replaced.
func (b *MemBoard) register(ref Ref) (*memSession, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.sessions[ref.Session]; s != nil {
		if s.ref.Map == ref.Map {
			return s, false
		}
		b.forget(s)
	}
	s := &memSession{ref: ref, ready: make(chan struct{}), reading: true,
		epoch: b.cfg.IDs.Next()}
	s.used.Store(b.cfg.Clock.Now().UnixMilli())
	b.sessions[ref.Session] = s
	return s, true
}

// forget takes a session off the board and ends its streams; b.mu is held.
func (b *MemBoard) forget(s *memSession) {
	if b.sessions[s.ref.Session] == s {
		delete(b.sessions, s.ref.Session)
		b.bytes -= s.cost
	}
	s.stream.end()
}

func (b *MemBoard) load(ctx context.Context, s *memSession) {
	sc, err := b.read(ctx, s)
	b.mu.Lock()
	defer b.mu.Unlock()
	defer close(s.ready)
	if err != nil {
		s.err = err
		b.forget(s)
		return
	}
	if b.sessions[s.ref.Session] == s {
		s.cost = 4096 + 22*sc.plan.Index.Len()
		b.bytes += s.cost
	}
	b.makeRoom(s)
}

// read draws a session from the book and the changes kept meanwhile. The first drawing is
// in place when it returns; a later one is put in place by replace.
func (b *MemBoard) read(ctx context.Context, s *memSession) (*scene, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.cfg.LoadTimeout)
	defer cancel()
	plan, err := b.cfg.Plans.Plan(ctx, s.ref.Map)
	for err == nil {
		var p Picture
		if p, err = b.cfg.Truth.Picture(ctx, s.ref.Session); err != nil {
			break
		}
		sc := newScene(plan, p)
		if s.settle(sc) {
			return sc, nil
		}
	}
	return nil, err
}

// settle applies the kept changes to a fresh drawing and puts it in place, so that no
// change can come between. False when too many came: the reading starts over.
func (s *memSession) settle(sc *scene) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.missed {
		s.missed, s.kept = false, nil
		return false
	}
	for _, d := range s.kept {
		sc.apply(d, func(int) {}, func(int) {})
	}
	s.kept = s.kept[:0]
	if s.scene == nil {
		s.scene, s.dirty = sc, newDirt(sc) // from here on Apply reaches it
		s.reading, s.kept = false, nil
	}
	return true
}

// makeRoom forgets the sessions that were not used for longest; b.mu is held. Sessions
// with streams or picks stay.
func (b *MemBoard) makeRoom(keep *memSession) {
	if len(b.sessions) <= b.cfg.MaxSessions && b.bytes <= b.cfg.MaxBytes {
		return
	}
	idle := make([]*memSession, 0, len(b.sessions))
	for _, s := range b.sessions {
		if s != keep && s.isReady() && s.stream.readers.Load() == 0 {
			idle = append(idle, s)
		}
	}
	slices.SortFunc(idle, func(p, q *memSession) int { return int(p.used.Load() - q.used.Load()) })
	for _, s := range idle {
		if len(b.sessions) <= b.cfg.MaxSessions*7/8 && b.bytes <= b.cfg.MaxBytes/8*7 {
			return
		}
		if s.mu.TryLock() {
			busy := s.picks.any(b.cfg.Clock.Now())
			s.mu.Unlock()
			if !busy {
				b.forget(s)
			}
		}
	}
}

func (s *memSession) isReady() bool {
	select {
	case <-s.ready:
		return true
	default:
		return false
	}
}

// Apply takes a committed change over. It runs on the writer's goroutine and is quick.
func (b *MemBoard) Apply(d Delta) {
	b.mu.RLock()
	s := b.sessions[d.Session]
	b.mu.RUnlock()
	if s == nil {
		return
	}
	if d.Kind == Remade {
		b.mu.Lock()
		b.forget(s)
		b.mu.Unlock()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading {
		s.keep(d)
	}
	if s.scene == nil {
		return
	}
	before := s.n
	s.scene.apply(d, s.seatChanged, s.areaChanged)
	if s.n != before {
		s.body.Store(nil)
		if s.stream.readers.Load() > 0 {
			b.out.add(s)
		}
	}
}

func (s *memSession) keep(d Delta) {
	if len(s.kept) >= maxKept {
		s.missed = true
		return
	}
	s.kept = append(s.kept, d)
}

// seatChanged notes one change; a claim ends the pick that led to it.
func (s *memSession) seatChanged(i int) {
	s.n++
	s.dirty.seats.Add(i)
	s.dirty.any = true
	s.picks.settle(i)
}

func (s *memSession) areaChanged(i int) {
	s.n++
	s.dirty.areas[i] = true
	s.dirty.any = true
}

// Reload reads the book again and repairs the picture; true when it was wrong.
func (b *MemBoard) Reload(ctx context.Context, ref Ref) (bool, error) {
	s, err := b.session(ctx, ref)
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	if wait := s.reread; wait != nil {
		s.mu.Unlock()
		select {
		case <-wait:
			return true, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	done := make(chan struct{})
	s.reread, s.reading, s.kept, s.missed = done, true, nil, false
	s.mu.Unlock()
	sc, err := b.read(ctx, s)
	s.mu.Lock()
	changed := err == nil && s.replace(sc, b.cfg.IDs)
	s.reading, s.kept, s.reread = false, nil, nil
	close(done)
	s.mu.Unlock()
	if changed {
		s.stream.reset(b.cfg.Frame)
	}
	return changed, err
}

// replace puts a drawing in place of a wrong one, as a new epoch; s.mu is held.
func (s *memSession) replace(sc *scene, ids *idgen.Source) bool {
	for _, d := range s.kept { // came between read's end and now
		sc.apply(d, func(int) {}, func(int) {})
	}
	if s.scene.equal(sc) {
		return false
	}
	s.scene, s.epoch, s.n = sc, ids.Next(), 0
	s.dirty = newDirt(sc)
	s.body.Store(nil)
	s.picks.settleAll()
	return true
}

// Sum is the digest of what the board believes.
func (b *MemBoard) Sum(ctx context.Context, ref Ref) (Sum, error) {
	s, err := b.session(ctx, ref)
	if err != nil {
		return Sum{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scene.total(), nil
}

// Snapshot is the present moment; as long as nothing changes all readers share one.
func (b *MemBoard) Snapshot(ctx context.Context, ref Ref) (*Snapshot, error) {
	s, err := b.session(ctx, ref)
	if err != nil {
		return nil, err
	}
	if shot := s.body.Load(); shot != nil {
		return shot, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if shot := s.body.Load(); shot != nil {
		return shot, nil
	}
	sc := s.scene
	shot := &Snapshot{Ref: s.ref, Stamp: Stamp{s.epoch, s.n}, Seats: len(sc.states),
		States: make([]byte, (len(sc.states)+3)/4), Open: sc.shown()}
	for i, state := range sc.states {
		shot.States[i>>2] |= shownState(state) << (i & 3 * 2)
	}
	for _, a := range sc.areas {
		shot.Areas = append(shot.Areas, a.AreaStock)
	}
	s.body.Store(shot)
	return shot, nil
}

// shownState is a seat's state as buyers online see it.
func shownState(state byte) byte {
	if state == byte(Kept) {
		return 0
	}
	return state
}

// Loaded is how many sessions the board holds, and about how many bytes they take.
func (b *MemBoard) Loaded() (sessions, bytes int) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.sessions), b.bytes
}
