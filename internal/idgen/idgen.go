// Package idgen makes the numbers of the product: 63-bit keys that grow with time, so
// that indexes stay small and new rows land together, and random bytes. crypto/rand and
// math/rand are banned elsewhere.
package idgen

import (
	"crypto/rand"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"foyer/internal/clock"
)

// ID is an internal key. It never leaves the process as it is: the API shows Codec's form.
type ID = int64

// Epoch is the time of key zero.
var Epoch = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	nodeBits = 8  // processes that write at the same time
	seqBits  = 14 // keys per process and millisecond
	// MaxNode is the largest process number of a Source.
	MaxNode = 1<<nodeBits - 1
)

// Source gives keys that are unique within an installation as long as no two processes
// share a node number. Keys of one source grow strictly, also when the clock steps back.
type Source struct {
	clk  clock.Clock
	node int64
	rand io.Reader

	mu   sync.Mutex
	last int64 // milliseconds since Epoch
	seq  int64
}

// NewSource makes a source; node must be within 0..MaxNode. random may be nil for the
// machine's own randomness; the simulator gives a seeded one.
func NewSource(clk clock.Clock, node int, random io.Reader) (*Source, error) {
	if node < 0 || node > MaxNode {
		return nil, fmt.Errorf("idgen: node %d is not within 0..%d", node, MaxNode)
	}
	if random == nil {
		random = rand.Reader
	}
	return &Source{clk: clk, node: int64(node), rand: random}, nil
}

// Next is a fresh key, always positive.
func (s *Source) Next() ID {
	ms := s.clk.Now().Sub(Epoch).Milliseconds()
	s.mu.Lock()
	defer s.mu.Unlock()
	if ms > s.last {
		s.last, s.seq = ms, 0
	} else if s.seq++; s.seq == 1<<seqBits {
		s.last, s.seq = s.last+1, 0 // borrow from the next millisecond, never repeat
	}
	return s.last<<(nodeBits+seqBits) | s.node<<seqBits | s.seq
}

// Bytes is n random bytes. It panics when the machine has no randomness: nothing safe
// can be done then.
func (s *Source) Bytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.rand, b); err != nil {
		panic(fmt.Sprintf("idgen: no randomness: %v", err))
	}
	return b
}

// FloorAt is the smallest key that a source can give at or after t: lists by time walk
// the primary key instead of an index of their own.
func FloorAt(t time.Time) ID {
	ms := t.Sub(Epoch).Milliseconds()
	if ms < 0 {
		return 0
	}
	if ms > math.MaxInt64>>(nodeBits+seqBits) {
		return math.MaxInt64 // later than any key: the shift would wrap to an early one
	}
	return ms << (nodeBits + seqBits)
}

// TimeOf is when the key was made, to the millisecond.
func TimeOf(id ID) time.Time {
	return Epoch.Add(time.Duration(id>>(nodeBits+seqBits)) * time.Millisecond)
}
