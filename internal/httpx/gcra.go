package httpx

import (
	"context"
	"hash/maphash"
	"math"
	"sync"
	"time"

	"foyer/internal/clock"
)

const (
	limitShards    = 64
	limitSample    = 16      // entries looked at to find one to evict
	maxLimitEntry  = 1 << 18 // subjects kept at once by default, about 25 MB
	limitSubjMaxSz = 256     // bytes of a subject that are kept
)

// GCRA is the Limiter of one process: the generic cell rate algorithm, one number per
// subject. Memory is bounded: a full shard drops what has expired, else the subject that
// owes least, so that a flood of new subjects does not pardon the worst one.
type GCRA struct {
	clk    clock.Clock
	start  time.Time
	seed   maphash.Seed
	max    int // entries per shard
	shards [limitShards]limitShard
}

type limitShard struct {
	mu  sync.Mutex
	tat map[limitKey]int64 // theoretical arrival time, ns since start
}

type limitKey struct{ class, subject string }

// NewGCRA makes a limiter that keeps at most max subjects; 0 is the default.
func NewGCRA(clk clock.Clock, max int) *GCRA {
	if max <= 0 {
		max = maxLimitEntry
	}
	g := &GCRA{clk: clk, start: clk.Now(), seed: maphash.MakeSeed(), max: (max-1)/limitShards + 1}
	for i := range g.shards {
		g.shards[i].tat = map[limitKey]int64{}
	}
	return g
}

// Take implements Limiter; it fails only when the context has ended.
func (g *GCRA) Take(ctx context.Context, class Rate, subject string) (Verdict, error) {
	if err := ctx.Err(); err != nil {
		return Verdict{}, err
	}
	if class.Count <= 0 || class.Per <= 0 {
		return Verdict{Allowed: true, Remaining: math.MaxInt32}, nil
	}
	subject = subject[:min(len(subject), limitSubjMaxSz)]
	key := limitKey{class.Name, subject}
	// The difference of two readings is monotonic, so a jump of the wall clock neither
	// frees nor blocks anybody.
	now := int64(g.clk.Now().Sub(g.start))
	step := int64(class.Per) / int64(class.Count)
	burst := step * int64(max(class.Burst, 1))

	s := &g.shards[maphash.Comparable(g.seed, key)%limitShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.tat[key]
	tat := max(old, now) + step
	if wait := tat - burst - now; wait > 0 {
		return Verdict{RetryAfter: time.Duration(wait)}, nil
	}
	if !known && len(s.tat) >= g.max {
		s.evict(now)
	}
	s.tat[key] = tat
	return Verdict{Allowed: true, Remaining: int((burst - (tat - now)) / step)}, nil
}

// evict makes room for one; it looks at a bounded sample, in Go's random map order.
func (s *limitShard) evict(now int64) {
	var victim limitKey
	least, seen := int64(math.MaxInt64), 0
	for k, t := range s.tat {
		if t <= now {
			delete(s.tat, k)
			least = -1
		} else if t < least {
			least, victim = t, k
		}
		if seen++; seen == limitSample {
			break
		}
	}
	if least >= 0 {
		delete(s.tat, victim)
	}
}

// Len is the number of subjects kept.
func (g *GCRA) Len() int {
	n := 0
	for i := range g.shards {
		s := &g.shards[i]
		s.mu.Lock()
		n += len(s.tat)
		s.mu.Unlock()
	}
	return n
}
