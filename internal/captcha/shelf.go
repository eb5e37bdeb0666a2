package captcha

import (
	"sync"
	"time"

	"foyer/internal/clock"
)

// shelf holds a bounded number of values by name, the oldest go first.
type shelf[V any] struct {
	mu     sync.Mutex
	values map[string]V
	names  []string // a ring, in order of arrival; taken ones leave their name behind
	next   int
}

func newShelf[V any](most int) *shelf[V] {
	return &shelf[V]{values: make(map[string]V), names: make([]string, most)}
}

func (s *shelf[V]) put(name string, v V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store(name, v)
}

func (s *shelf[V]) store(name string, v V) {
	delete(s.values, s.names[s.next])
	s.names[s.next] = name
	s.next = (s.next + 1) % len(s.names)
	s.values[name] = v
}

// add stores a name that is not there, and says whether it was not.
func (s *shelf[V]) add(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.values[name]; known {
		return false
	}
	var zero V
	s.store(name, zero)
	return true
}

func (s *shelf[V]) take(name string) (V, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[name]
	delete(s.values, name)
	return v, ok
}

func (s *shelf[V]) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.values)
}

// The ration of word challenges: a few a subject, and a slow stream for all together, since
// a program can answer them.
const (
	wordsPerSubject = 3
	wordsPerMinute  = 30
	rationSpan      = 10 * time.Minute
	maxRationed     = 10_000
)

// ration counts by subject and, for all together, by minute.
type ration struct {
	clk    clock.Clock
	mu     sync.Mutex
	began  time.Time
	counts map[string]int
	minute int64
	n      int
}

func newRation(clk clock.Clock) *ration { return &ration{clk: clk, counts: map[string]int{}} }

// take counts one more and returns 0, or how long to wait.
func (r *ration) take(subject string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clk.Now()
	if now.Sub(r.began) >= rationSpan || len(r.counts) >= maxRationed {
		r.began, r.counts = now, map[string]int{}
	}
	if minute := now.Unix() / 60; minute != r.minute {
		r.minute, r.n = minute, 0
	}
	switch {
	case r.counts[subject] >= wordsPerSubject:
		return rationSpan - now.Sub(r.began)
	case r.n >= wordsPerMinute:
		return time.Minute
	}
	r.counts[subject]++
	r.n++
	return 0
}
