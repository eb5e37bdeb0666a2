package journal

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// NewKeys makes the keys of a database.
func NewKeys(db *sqldb.DB, store KeyStore, clk clock.Clock) *Keys {
	return &Keys{db: db, store: store, clk: clk, flights: map[KeyID]*flight{}}
}

// flight is a key that this process works on right now.
type flight struct {
	input  [16]byte
	done   chan struct{}
	answer *Answer // of a success; set before done is closed
}

// Run runs fn once for its key. A repeat gets the stored answer with replayed true, byte by
// byte; the repeat of an unfinished call runs fn with Receipt.Resume set. Refused with
// ErrKeyReused when the key came with another input, with ErrInProgress when the first try
// is not done within 5 s, and with whatever fn refuses with, which is not stored.
func (k *Keys) Run(
	ctx context.Context, call Call, fn func(ctx context.Context, r *Receipt) (Answer, error),
) (a Answer, replayed bool, err error) {
	if call.Key == "" {
		a, err = fn(ctx, nil)
		return a, false, err
	}
	if len(call.Key) > maxKey {
		return Answer{}, false, fault.BadInput.At("Idempotency-Key", "is longer than 255 bytes")
	}
	id := KeyID{call.Caller, half(sha256.Sum256([]byte(call.Key)))}
	input := half(sha256.Sum256(call.Input))
	var wait <-chan time.Time
	for {
		f, found, ours := k.board(id, input)
		switch {
		case ours:
			return k.lead(ctx, call, f, id, fn)
		case found != nil:
			return replay(*found, input)
		case f.input != input:
			return Answer{}, false, ErrKeyReused
		}
		if wait == nil {
			tick, stop := k.clk.After(keyWait)
			defer stop()
			wait = tick
		}
		select {
		case <-f.done: // look again: stored, refused or unfinished
			if f.answer != nil {
				return *f.answer, true, nil
			}
		case <-wait:
			return Answer{}, false, ErrInProgress.Retry(time.Second)
		case <-ctx.Done():
			return Answer{}, false, ctx.Err()
		}
	}
}

// board joins the flight of a key, or finds its answer, or begins a flight that is ours.
func (k *Keys) board(id KeyID, input [16]byte) (f *flight, found *recentAnswer, ours bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f := k.flights[id]; f != nil {
		return f, nil, false
	}
	if a, ok := k.recent.get(id); ok {
		return nil, &a, false
	}
	f = &flight{input: input, done: make(chan struct{})}
	k.flights[id] = f
	return f, nil, true
}

func replay(a recentAnswer, input [16]byte) (Answer, bool, error) {
	if a.input != input {
		return Answer{}, false, ErrKeyReused
	}
	return a.answer, true, nil
}

// lead works on a key for everybody who waits for it.
func (k *Keys) lead(
	ctx context.Context, call Call, f *flight, id KeyID,
	fn func(ctx context.Context, r *Receipt) (Answer, error),
) (a Answer, replayed bool, err error) {
	r := &Receipt{keys: k, id: id, input: f.input}
	defer func() {
		k.land(f, r, a, replayed, err)
	}()
	looked := false
	if k.seen.complete.Load() && k.seen.maybe(id) {
		looked = true
		a, done, err := k.look(ctx, call, r)
		if err != nil || done {
			return a, done, err
		}
	}
	for range keyRounds {
		a, err = fn(ctx, r)
		if kept, ok := r.outcome(); ok {
			return kept, false, nil
		}
		taken := r.wasTaken() || errors.Is(err, errKeyTaken)
		if !taken && (err == nil || looked || r.isBegun() || !k.seen.maybe(id) ||
			ctx.Err() != nil) {
			return a, false, err
		}
		stored, done, lookErr := k.look(ctx, call, r)
		if lookErr != nil || done {
			return stored, done, lookErr
		}
		if !taken && r.Resume == 0 {
			return a, false, err // a refusal of a key that is not in the book
		}
		looked = true
	}
	return Answer{}, false, ErrInProgress.Retry(time.Second)
}

// land ends a flight and remembers a success.
func (k *Keys) land(f *flight, r *Receipt, a Answer, replayed bool, err error) {
	_, kept := r.outcome()
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.flights, r.id)
	if err == nil && (kept || replayed) {
		f.answer = &a
		if len(a.Body) <= MaxAnswer {
			k.recent.put(r.id, recentAnswer{f.input, a})
		}
	}
	close(f.done)
}

// look reads the book: done with the stored answer, or not done with r.Resume set when the
// first try was left unfinished.
func (k *Keys) look(ctx context.Context, call Call, r *Receipt) (Answer, bool, error) {
	row, ok, err := k.store.Key(ctx, r.id)
	if err != nil || !ok {
		r.resume(0, false)
		return Answer{}, false, err
	}
	switch {
	case row.Input != r.input:
		return Answer{}, false, ErrKeyReused
	case row.Status == 0:
		r.resume(row.Object, true)
		return Answer{}, false, nil
	case !row.TooLarge:
		return Answer{Status: row.Status, Body: row.Body}, true, nil
	case call.Rebuild == nil:
		return Answer{}, false, ErrAnswerTooLarge
	}
	a, err := call.Rebuild(ctx, row.Object, row.Status)
	return a, err == nil, err
}

// outcome is the answer whose transaction was committed.
func (r *Receipt) outcome() (Answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		return Answer{}, false
	}
	return *r.kept, true
}

func (r *Receipt) wasTaken() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.taken
}

func (r *Receipt) resume(object int64, begun bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Resume, r.begun, r.taken = object, begun, false
}
