package journal

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Handler acts on one fact. It must bear a repeat.
type Handler func(ctx context.Context, f Fact) error

// subscriber is one reader of all lanes that the whole installation shares.
type subscriber struct {
	name  string
	apply func(ctx context.Context, facts []Fact) (done int, err error)
	// ownCursor: apply stores the cursor itself, with what it writes.
	ownCursor bool
	woken     chan struct{}

	mu        sync.Mutex
	held      bool
	heldUntil time.Time
	at        map[int]int64 // how far it has read, by lane
	saved     map[int]int64 // how far the book says it has
}

// watcher is a reader in this process alone, from now on, without a cursor.
type watcher struct {
	name  string
	fn    Handler
	woken chan struct{}
	at    map[int]int64
}

// Subscribe registers who is told every fact at least once, in the order of each lane. One
// process of the installation delivers at a time. A fact that fails five times is parked
// with its error. Call it before Run; names are 1..40 bytes and stand for ever, since the
// cursor hangs on them. A new subscriber begins with the oldest fact.
func (j *Journal) Subscribe(name string, fn func(ctx context.Context, f Fact) error) {
	j.subscribe(&subscriber{name: name, apply: oneByOne(fn)})
}

// Watch registers who is told every fact of all lanes from Run on, in this process alone:
// for caches and live streams. It keeps no cursor; a fact that fails is logged and passed.
// Call it before Run.
func (j *Journal) Watch(name string, fn func(ctx context.Context, f Fact) error) {
	if j.running.Load() {
		panic("journal: Watch after Run") // a mistake of the composition
	}
	j.watchers = append(j.watchers, &watcher{name: name, fn: fn,
		woken: make(chan struct{}, 1), at: map[int]int64{}})
}

func (j *Journal) subscribe(s *subscriber) {
	if j.running.Load() {
		panic("journal: Subscribe after Run") // a mistake of the composition
	}
	if s.name == "" || len(s.name) > 40 || j.subscriber(s.name) != nil {
		panic(fmt.Sprintf("journal: subscriber %q is not 1..40 bytes and new", s.name)) // ditto
	}
	s.woken = make(chan struct{}, 1)
	s.at, s.saved = map[int]int64{}, map[int]int64{}
	j.subscribers = append(j.subscribers, s)
}

func (j *Journal) subscriber(name string) *subscriber {
	for _, s := range j.subscribers {
		if s.name == name {
			return s
		}
	}
	return nil
}

// oneByOne applies facts until one fails.
func oneByOne(fn Handler) func(context.Context, []Fact) (int, error) {
	return func(ctx context.Context, facts []Fact) (int, error) {
		for i, f := range facts {
			if err := safely(func() error { return fn(ctx, f) }); err != nil {
				return i, err
			}
		}
		return len(facts), nil
	}
}

// safely turns a panic into an error.
func safely(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return fn()
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
