package journal

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

const (
	seenBits   = 1 << 25 // 4 MiB a day; 1 in 80 is wrong at 4 million keys a day
	seenHashes = 4
	seenDays   = 4
)

// seenKeys remembers every key of the last days, one Bloom filter a day: what it has not
// seen is certainly fresh, what it has seen must be looked up. Adding is safe beside
// asking.
type seenKeys struct {
	complete atomic.Bool // the keys of the book are in it, and nobody else writes keys

	mu   sync.RWMutex
	days map[int]*[seenBits / 32]atomic.Uint32
}

func (s *seenKeys) add(day int, id KeyID) {
	s.mu.RLock()
	bits := s.days[day]
	s.mu.RUnlock()
	if bits == nil {
		bits = s.open(day)
	}
	for k := range seenHashes {
		at := seenAt(id, k)
		bits[at/32].Or(1 << (at % 32))
	}
}

// open makes the filter of a day and drops the oldest when there are too many.
func (s *seenKeys) open(day int) *[seenBits / 32]atomic.Uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.days == nil {
		s.days = map[int]*[seenBits / 32]atomic.Uint32{}
	}
	if s.days[day] == nil {
		s.days[day] = new([seenBits / 32]atomic.Uint32)
	}
	bits := s.days[day]
	for len(s.days) > seenDays {
		oldest := day
		for d := range s.days {
			oldest = min(oldest, d)
		}
		if oldest == day { // the clock was set back by days: keep all that is newer
			break
		}
		delete(s.days, oldest)
	}
	return bits
}

// maybe is false only for a key that was certainly never used.
func (s *seenKeys) maybe(id KeyID) bool {
	if !s.complete.Load() {
		return true
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
days:
	for _, bits := range s.days {
		for k := range seenHashes {
			at := seenAt(id, k)
			if bits[at/32].Load()&(1<<(at%32)) == 0 {
				continue days
			}
		}
		return true
	}
	return false
}

// seenAt is bit k of a key. Key is a digest already; the caller is mixed in by a multiplier
// that spreads neighbouring ids.
func seenAt(id KeyID, k int) uint64 {
	a := binary.LittleEndian.Uint64(id.Key[:8]) ^ uint64(id.Caller)*0x9E3779B97F4A7C15
	b := binary.LittleEndian.Uint64(id.Key[8:]) | 1
	return (a + uint64(k)*b) % seenBits
}

// recentHalf answers are in each of the two generations of recentAnswers.
const recentHalf = 4096

// recentAnswers holds the newest answers, at most 2 × 4,096 of at most 4 KiB each.
type recentAnswers struct{ young, old map[KeyID]recentAnswer }

type recentAnswer struct {
	input  [16]byte
	answer Answer
}

func (r *recentAnswers) get(id KeyID) (recentAnswer, bool) {
	if a, ok := r.young[id]; ok {
		return a, true
	}
	a, ok := r.old[id]
	return a, ok
}

func (r *recentAnswers) put(id KeyID, a recentAnswer) {
	if r.young == nil || len(r.young) >= recentHalf {
		r.young, r.old = make(map[KeyID]recentAnswer, recentHalf), r.young
	}
	r.young[id] = a
}

// drop forgets all; the book is asked then.
func (r *recentAnswers) drop() { r.young, r.old = nil, nil }
