// Package clock is where time comes from. time.Now, time.After and friends are banned
// elsewhere, so that a test or the simulator can hold the clock.
package clock

import (
	"sync"
	"time"
)

// Clock tells the wall time and wakes its callers.
type Clock interface {
	// Now is the wall time; the value carries a monotonic reading where the clock is real.
	Now() time.Time
	// After returns a channel that gets the time once, d from now; stop frees it early.
	After(d time.Duration) (c <-chan time.Time, stop func())
}

// Real is the machine's clock.
type Real struct{}

// Now is the machine's time.
func (Real) Now() time.Time { return time.Now() }

// After is a timer of the machine.
func (Real) After(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// Fake is a clock that moves only when told. Its zero value stands at the zero time;
// make one with NewFake. Safe for concurrent use.
type Fake struct {
	mu     sync.Mutex
	now    time.Time
	passed time.Duration // not counting jumps
	timers []*fakeTimer
}

type fakeTimer struct {
	at   time.Time
	c    chan time.Time
	dead bool
}

// NewFake is a clock that stands at now.
func NewFake(now time.Time) *Fake { return &Fake{now: now} }

// Now is where the clock stands.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// After fires when Advance or Set passes now+d; at once if d is not positive.
func (f *Fake) After(d time.Duration) (<-chan time.Time, func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := &fakeTimer{at: f.now.Add(d), c: make(chan time.Time, 1)}
	if d <= 0 {
		t.c <- f.now
		t.dead = true
		return t.c, func() {}
	}
	f.timers = append(f.timers, t)
	return t.c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		t.dead = true
	}
}

// Advance moves the clock forward and fires what is due, in order of due time.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set(f.now.Add(d))
}

// Set moves the clock to now, which may be back in time; only timers due by then fire.
func (f *Fake) Set(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set(now)
}

// set needs the lock.
func (f *Fake) set(now time.Time) {
	f.passed += now.Sub(f.now)
	f.now = now
	for {
		var next *fakeTimer
		live := f.timers[:0]
		for _, t := range f.timers {
			if t.dead {
				continue
			}
			live = append(live, t)
			if !t.at.After(now) && (next == nil || t.at.Before(next.at)) {
				next = t
			}
		}
		f.timers = live
		if next == nil {
			return
		}
		next.dead = true
		next.c <- now
	}
}

// Millis is t as stored: Unix milliseconds.
func Millis(t time.Time) int64 { return t.UnixMilli() }

// FromMillis is a stored time, in UTC. Zero stays the zero time.
func FromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Stopwatch starts to count and returns what says how much time has passed since. It goes
// by the monotonic clock: steps of the wall clock do not show.
func Stopwatch(c Clock) func() time.Duration {
	if s, ok := c.(interface{ elapsed() time.Duration }); ok {
		start := s.elapsed()
		return func() time.Duration { return s.elapsed() - start }
	}
	start := c.Now()
	return func() time.Duration { return c.Now().Sub(start) }
}

func (f *Fake) elapsed() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.passed
}

// Jump steps the wall clock, as an operator or a time server does: no time passes, no
// timer fires, and those that wait still wait as long as before.
func (f *Fake) Jump(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
	for _, t := range f.timers {
		t.at = t.at.Add(d)
	}
}
