package seating

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"

	"foyer/internal/seating/seatmap"
)

// errNotLoaded: the board does not know the session's map and was not told.
var errNotLoaded = errors.New("seating: the board does not have the session")

// Bounds of a stream. A reader who is further behind is dropped and resumes by its stamp.
const (
	frameQueue  = 16       // frames that wait for one reader
	ringFrames  = 64       // kept to resume from
	ringBytes   = 64 << 10 // of them together
	maxFlushing = 1 << 16
)

// Names of the events of a stream.
const (
	// EventSeats carries what changed: {"stamp":…, "seats":[i,state,…], "areas":[n,free,…]}.
	EventSeats = "seats"
	// EventReset says that the reader has missed something: read the seats again.
	EventReset = "reset"
	// EventAt says where the stream begins: {"stamp":…}.
	EventAt = "at"
)

// Subscription is one reader's stream of frames. C is closed when the reader is dropped for
// being slow or because the session was rebuilt; it comes back with its last stamp.
type Subscription struct {
	C     <-chan []byte
	c     chan []byte
	owner *stream
}

// Close ends the subscription.
func (s *Subscription) Close() { s.owner.remove(s) }

// stream is the readers of a session and the frames to resume from. Its lock is taken
// before the session's, never after.
type stream struct {
	readers atomic.Int32

	mu    sync.Mutex
	subs  map[*Subscription]struct{}
	epoch int64
	floor int64 // the ring tells all that changed after this n
	at    int64 // up to this n
	ring  []ringFrame
	bytes int
	over  bool
}

type ringFrame struct {
	to    int64
	frame []byte
}

// dirt is what changed since the last frame.
type dirt struct {
	any   bool
	seats seatmap.Set
	areas []bool
}

func newDirt(s *scene) dirt {
	return dirt{seats: s.plan.Index.NewSet(), areas: make([]bool, len(s.areas))}
}

// Subscribe streams what changes after since, a stamp that a snapshot or an event carried.
// Without one the stream begins now, with an "at" event; with one that is too old or of
// another epoch it begins with a "reset".
func (b *MemBoard) Subscribe(ctx context.Context, ref Ref, since string) (*Subscription, error) {
	s, err := b.session(ctx, ref)
	if err != nil {
		return nil, err
	}
	st := &s.stream
	st.mu.Lock()
	defer st.mu.Unlock()
	c := make(chan []byte, frameQueue)
	sub := &Subscription{C: c, c: c, owner: st}
	if st.over {
		close(c)
		return sub, nil
	}
	b.flush(s)
	if st.subs == nil {
		st.subs = map[*Subscription]struct{}{}
	}
	st.subs[sub] = struct{}{}
	st.readers.Add(1)
	sub.c <- st.catchUp(since, b.cfg.Frame)
	return sub, nil
}

// catchUp is the first thing that a reader gets; st.mu is held.
func (st *stream) catchUp(since string, frame func(id, name string, data []byte) []byte) []byte {
	now := Stamp{st.epoch, st.at}.String()
	if since == "" {
		return frame(now, EventAt, []byte(`{"stamp":"`+now+`"}`))
	}
	from, ok := ParseStamp(since)
	if !ok || from.Epoch != st.epoch || from.N < st.floor || from.N > st.at {
		return frame(now, EventReset, []byte(`{"stamp":"`+now+`"}`))
	}
	var all []byte
	for _, f := range st.ring {
		if f.to > from.N {
			all = append(all, f.frame...)
		}
	}
	if all == nil {
		return frame(now, EventAt, []byte(`{"stamp":"`+now+`"}`))
	}
	return all
}

func (st *stream) remove(sub *Subscription) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.drop(sub)
}

func (st *stream) drop(sub *Subscription) {
	if _, ok := st.subs[sub]; ok {
		delete(st.subs, sub)
		st.readers.Add(-1)
		close(sub.c)
	}
}

// end drops all readers for good: the session has left the board.
func (st *stream) end() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.over = true
	for sub := range st.subs {
		st.drop(sub)
	}
}

// reset tells all readers that the picture was rebuilt.
func (st *stream) reset(frame func(id, name string, data []byte) []byte) {
	st.mu.Lock()
	defer st.mu.Unlock()
	// The next flush notices the new epoch by itself; readers are told now.
	f := frame("", EventReset, []byte(`{}`))
	st.send(f)
}

// send hands a frame to every reader; one whose queue is full is dropped.
func (st *stream) send(f []byte) {
	for sub := range st.subs {
		select {
		case sub.c <- f:
		default:
			st.drop(sub)
		}
	}
}

// flush makes one frame of all that changed since the last and sends it; stream.mu is held.
func (b *MemBoard) flush(s *memSession) {
	st := &s.stream
	s.mu.Lock()
	if st.epoch != s.epoch {
		// What changed before the epoch's first flush is in nobody's ring.
		st.epoch, st.floor, st.at, st.ring, st.bytes = s.epoch, 0, 0, nil, 0
	}
	if !s.dirty.any {
		s.mu.Unlock()
		return
	}
	at := Stamp{s.epoch, s.n}
	data := s.changes(at)
	s.dirty = newDirt(s.scene)
	s.mu.Unlock()
	f := b.cfg.Frame(at.String(), EventSeats, data)
	st.keep(ringFrame{at.N, f})
	st.send(f)
}

func (st *stream) keep(f ringFrame) {
	st.ring, st.bytes, st.at = append(st.ring, f), st.bytes+len(f.frame), f.to
	for len(st.ring) > ringFrames || st.bytes > ringBytes && len(st.ring) > 1 {
		st.floor, st.bytes = st.ring[0].to, st.bytes-len(st.ring[0].frame)
		st.ring = append(st.ring[:0:0], st.ring[1:]...)
	}
}

// changes is the data of a seats event; s.mu is held.
func (s *memSession) changes(at Stamp) []byte {
	b := append(make([]byte, 0, 256), `{"stamp":"`...)
	b = append(append(b, at.String()...), `","seats":[`...)
	for i := s.dirty.seats.Next(0); i >= 0; i = s.dirty.seats.Next(i + 1) {
		b = strconv.AppendInt(b, int64(i), 10)
		b = append(b, ',', '0'+shownState(s.scene.states[i]), ',')
	}
	b = append(trimComma(b), `],"areas":[`...)
	for i, yes := range s.dirty.areas {
		if yes {
			a := s.scene.areas[i]
			b = append(strconv.AppendInt(b, int64(a.Area), 10), ',')
			b = append(strconv.AppendInt(b, int64(a.Free()), 10), ',')
		}
	}
	return append(trimComma(b), "]}"...)
}

func trimComma(b []byte) []byte {
	if b[len(b)-1] == ',' {
		return b[:len(b)-1]
	}
	return b
}

// flushQueue holds the sessions with changes that readers wait for.
type flushQueue struct {
	wake chan struct{}

	mu   sync.Mutex
	list map[*memSession]struct{}
}

func (q *flushQueue) add(s *memSession) {
	q.mu.Lock()
	if q.list == nil {
		q.list = map[*memSession]struct{}{}
	}
	if len(q.list) < maxFlushing {
		q.list[s] = struct{}{}
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *flushQueue) take() map[*memSession]struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.list
	q.list = nil
	return list
}

// Run sends changes to the readers until ctx ends: what comes within the coalescing time
// goes out together.
func (b *MemBoard) Run(ctx context.Context) error {
	for {
		select {
		case <-b.out.wake:
		case <-ctx.Done():
			return nil
		}
		soon, stop := b.cfg.Clock.After(b.cfg.Coalesce)
		select {
		case <-soon:
		case <-ctx.Done():
			stop()
			return nil
		}
		for s := range b.out.take() {
			s.stream.mu.Lock()
			b.flush(s)
			s.stream.mu.Unlock()
		}
	}
}
