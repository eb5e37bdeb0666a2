package journal

import "sync"

// tailSize is how many of the newest facts of this process's lane are kept in memory, so
// that subscribers who keep up never read the book.
const tailSize = 2048

// tail is a ring of the newest committed facts of one lane.
type tail struct {
	mu    sync.RWMutex
	ring  []Fact
	first int64 // number of the oldest fact in the ring; 0: empty
	last  int64
}

func newTail() *tail { return &tail{ring: make([]Fact, tailSize)} }

// push adds a committed batch. A hole before it empties the ring first.
func (t *tail) push(batch []*pending) {
	if len(batch) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first == 0 || batch[0].row.N != t.last+1 {
		t.first = batch[0].row.N
	}
	for _, p := range batch {
		t.ring[p.row.N%tailSize] = p.fact
		t.last = p.row.N
	}
	t.first = max(t.first, t.last-tailSize+1)
}

// after is up to limit facts after n; ok is false when the ring does not reach back so far.
func (t *tail) after(n int64, limit int) (facts []Fact, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.first == 0 || n+1 < t.first {
		return nil, false
	}
	for k := n + 1; k <= t.last && len(facts) < limit; k++ {
		facts = append(facts, t.ring[k%tailSize])
	}
	return facts, true
}
