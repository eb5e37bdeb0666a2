package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/journal/journaldb"
	"foyer/internal/journal/journaltest"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

var errSoldOut = fault.Define(fault.Conflict, "test_sold_out", "售罄", "Sold out.", "None.")

// effect is a command with an idempotency key: one journal entry and its answer.
func effect(b *journaltest.Bundle, order int64) func(
	context.Context, *journal.Receipt) (journal.Answer, error) {
	return func(ctx context.Context, r *journal.Receipt) (a journal.Answer, err error) {
		err = b.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			pos := b.Journal.Append(tx, placed(order))
			a = journal.Answer{Status: 201, Body: fmt.Appendf(nil, `{"order":%d,"at":%q}`,
				order, pos)}
			return r.Keep(tx, pos, order, a)
		})
		return a, err
	}
}

func call(caller int64, key, input string) journal.Call {
	return journal.Call{Caller: caller, Key: key, Input: []byte(input)}
}

func TestThousandKeysTwentyRepeatsOneEffect(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		b := journaltest.New(t, db, clock.Real{})
		keys := 1000
		if db.Engine == sqldb.MySQL {
			keys = 200
		}
		answers := make([][]byte, keys)
		var mu sync.Mutex
		var wg sync.WaitGroup
		turn := make(chan struct{}, 64)
		for i := range keys {
			for range 1 + i%20 {
				turn <- struct{}{}
				wg.Go(func() {
					defer func() { <-turn }()
					a, _, err := b.Keys.Run(context.Background(),
						call(int64(i%7), fmt.Sprint("key ", i), "in"), effect(b, int64(i)))
					if err != nil {
						t.Errorf("key %d: %v", i, err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					if answers[i] == nil {
						answers[i] = a.Body
					}
					if !bytes.Equal(answers[i], a.Body) {
						t.Errorf("key %d: %s and %s", i, answers[i], a.Body)
					}
				})
			}
		}
		wg.Wait()
		if report := b.Verify(t); report.Rows != int64(keys) {
			t.Fatalf("%d effects of %d keys", report.Rows, keys)
		}
	})
}

// Two processes share a MySQL database, so neither knows what the other has seen: only the
// key in the book decides. On SQLite the two Keys stand for the same.
func TestTwoProcessesOneEffect(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		b := journaltest.New(t, db, clock.Real{})
		two := []*journal.Keys{b.Keys, journal.NewKeys(db, b.Store, clock.Real{})}
		const keys = 100
		var mu sync.Mutex
		answers := map[int][]byte{}
		var wg sync.WaitGroup
		for n := range keys * 8 {
			i, k := n%keys, two[n/keys%2]
			wg.Go(func() {
				a, _, err := k.Run(context.Background(), call(1, fmt.Sprint(i), "in"),
					effect(b, int64(i)))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Errorf("key %d: %v", i, err)
				} else if old := answers[i]; old != nil && !bytes.Equal(old, a.Body) {
					t.Errorf("key %d: %s and %s", i, old, a.Body)
				}
				answers[i] = a.Body
			})
		}
		wg.Wait()
		if report := b.Verify(t); report.Rows != keys {
			t.Fatalf("%d effects of %d keys", report.Rows, keys)
		}
	})
}

func TestAnswersAreReplayedAfterAReopening(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "foyer.db")
	quiet := slog.New(slog.DiscardHandler)
	open := func() *journaltest.Bundle {
		db, err := sqldb.Open(sqldb.Config{Path: path, Unsafe: true}, clock.Real{}, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(ctx, nil); err != nil {
			t.Fatal(err)
		}
		return journaltest.New(t, db, clock.Real{})
	}
	b := open()
	var first [50][]byte
	for i := range first {
		a, replayed, err := b.Keys.Run(ctx, call(1, fmt.Sprint(i), "in"), effect(b, int64(i)))
		if err != nil || replayed {
			t.Fatal(replayed, err)
		}
		first[i] = a.Body
	}
	if err := b.DB.Close(); err != nil {
		t.Fatal(err)
	}
	for _, maintained := range []bool{false, true} {
		b = open()
		if maintained {
			maintain(t, b)
		}
		for i := range first {
			refused := func(context.Context, *journal.Receipt) (journal.Answer, error) {
				return journal.Answer{}, errSoldOut // by the effect of the very first try
			}
			a, replayed, err := b.Keys.Run(ctx, call(1, fmt.Sprint(i), "in"), refused)
			if err != nil || !replayed || a.Status != 201 || !bytes.Equal(a.Body, first[i]) {
				t.Fatalf("key %d (maintained %v): %s %v %v", i, maintained, a.Body, replayed, err)
			}
		}
		if report := b.Verify(t); report.Rows != 50 {
			t.Fatalf("%d effects", report.Rows)
		}
		if err := b.DB.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// maintain reads the book's keys once.
func maintain(t *testing.T, b *journaltest.Bundle) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Keys.Maintain(ctx) }()
	deadline := time.Now().Add(10 * time.Second)
	for !b.Keys.Complete() {
		if time.Now().After(deadline) {
			t.Fatal("the keys were not read")
		}
		time.Sleep(time.Millisecond)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestAKeyBelongsToOneInputAndOneCaller(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		b := journaltest.New(t, db, clock.Real{})
		run := func(k *journal.Keys, c journal.Call, order int64) error {
			_, _, err := k.Run(ctx, c, effect(b, order))
			return err
		}
		if err := run(b.Keys, call(1, "k", "a"), 1); err != nil {
			t.Fatal(err)
		}
		fresh := journal.NewKeys(db, b.Store, clock.Real{})
		for _, k := range []*journal.Keys{b.Keys, fresh} {
			if err := run(k, call(1, "k", "b"), 2); !errors.Is(err, journal.ErrKeyReused) {
				t.Errorf("another input: %v", err)
			}
		}
		if err := run(b.Keys, call(2, "k", "b"), 3); err != nil {
			t.Errorf("another caller: %v", err)
		}
		if err := run(b.Keys, call(1, strings.Repeat("k", 300), "a"), 4); fault.KindOf(err) !=
			fault.Invalid {
			t.Errorf("a long key: %v", err)
		}
		if report := b.Verify(t); report.Rows != 2 {
			t.Fatalf("%d effects, want 2", report.Rows)
		}
	})
}

func TestRefusalsAreNotKept(t *testing.T) {
	t.Parallel()
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{})
	ctx := context.Background()
	refuse := func(context.Context, *journal.Receipt) (journal.Answer, error) {
		return journal.Answer{}, errSoldOut
	}
	if _, _, err := b.Keys.Run(ctx, call(1, "k", "a"), refuse); !errors.Is(err, errSoldOut) {
		t.Fatal(err)
	}
	_, replayed, err := b.Keys.Run(ctx, call(1, "k", "a"), effect(b, 1))
	if err != nil || replayed {
		t.Fatal(replayed, err)
	}
	if _, _, err := b.Keys.Run(ctx, journal.Call{}, refuse); !errors.Is(err, errSoldOut) {
		t.Fatal(err)
	}
}

func TestAnUnfinishedCallIsResumed(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		b := journaltest.New(t, db, clock.Real{})
		away := errors.New("the provider is away")
		var tries, resumed []int64
		pay := func(fails bool) func(context.Context, *journal.Receipt) (journal.Answer, error) {
			return func(ctx context.Context, r *journal.Receipt) (a journal.Answer, err error) {
				tries = append(tries, r.Resume)
				payment := r.Resume
				if payment == 0 {
					payment = 77
					if err := db.InTx(ctx, func(tx *sqldb.Tx) error {
						return r.Begin(tx, b.Journal.Append(tx, placed(payment)), payment)
					}); err != nil {
						return a, err
					}
				}
				if fails {
					return a, away
				}
				resumed = append(resumed, payment)
				a = journal.Answer{Status: 201, Body: []byte("paid")}
				return a, db.InTx(ctx, func(tx *sqldb.Tx) error {
					return r.Keep(tx, b.Journal.Append(tx, placed(payment)), payment, a)
				})
			}
		}
		if _, _, err := b.Keys.Run(ctx, call(1, "k", "a"), pay(true)); !errors.Is(err, away) {
			t.Fatal(err)
		}
		if fmt.Sprint(tries) != "[0]" {
			t.Fatalf("a failed call was tried %v times within one request", tries)
		}
		again := journal.NewKeys(db, b.Store, clock.Real{}) // the process died
		for i, k := range []*journal.Keys{again, b.Keys, again} {
			a, replayed, err := k.Run(ctx, call(1, "k", "a"), pay(false))
			if err != nil || string(a.Body) != "paid" || replayed != (i > 0) {
				t.Fatalf("%d: %s %v %v", i, a.Body, replayed, err)
			}
		}
		if fmt.Sprint(resumed) != "[77]" {
			t.Fatalf("resumed %v", resumed)
		}
		if report := b.Verify(t); report.Rows != 2 {
			t.Fatalf("%d rows, want begin and end", report.Rows)
		}
	})
}

func TestBeginAndKeepInOneTransaction(t *testing.T) {
	t.Parallel()
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{})
	both := func(ctx context.Context, r *journal.Receipt) (a journal.Answer, err error) {
		a = journal.Answer{Status: 200, Body: []byte("x")}
		return a, b.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			pos := b.Journal.Append(tx, placed(1))
			return errors.Join(r.Begin(tx, pos, 1), r.Keep(tx, pos, 1, a))
		})
	}
	for i := range 2 {
		a, replayed, err := b.Keys.Run(context.Background(), call(1, "k", "a"), both)
		if err != nil || string(a.Body) != "x" || replayed != (i == 1) {
			t.Fatal(a, replayed, err)
		}
	}
}

func TestARepeatWaitsFiveSecondsForTheFirst(t *testing.T) {
	t.Parallel()
	clk := newArmedClock()
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clk)
	ctx := context.Background()
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := func(ctx context.Context, r *journal.Receipt) (journal.Answer, error) {
		close(entered)
		<-leave
		return effect(b, 1)(ctx, r)
	}
	type result struct {
		a        journal.Answer
		replayed bool
		err      error
	}
	results := make(chan result, 3)
	ask := func(fn func(context.Context, *journal.Receipt) (journal.Answer, error)) {
		a, replayed, err := b.Keys.Run(ctx, call(1, "k", "a"), fn)
		results <- result{a, replayed, err}
	}
	go ask(slow)
	<-entered
	go ask(effect(b, 2))
	<-clk.armed
	if _, _, err := b.Keys.Run(ctx, call(1, "k", "other"), effect(b, 3)); !errors.Is(err,
		journal.ErrKeyReused) {
		t.Fatalf("another input meanwhile: %v", err)
	}
	clk.Advance(5 * time.Second)
	r := <-results
	if f := fault.Of(r.err); !errors.Is(r.err, journal.ErrInProgress) || f.RetryAfter == 0 {
		t.Fatalf("after 5 s: %v", r.err)
	}
	go ask(effect(b, 2))
	<-clk.armed
	close(leave)
	replays := 0
	for range 2 {
		r := <-results
		if r.err != nil || !strings.Contains(string(r.a.Body), `"order":1`) {
			t.Fatal(string(r.a.Body), r.err)
		}
		if r.replayed {
			replays++
		}
	}
	if replays != 1 {
		t.Fatalf("%d replays", replays)
	}
}

func TestLargeAnswersAreRebuilt(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		b := journaltest.New(t, db, clock.Real{})
		body := bytes.Repeat([]byte("x"), journal.MaxAnswer+1)
		large := func(ctx context.Context, r *journal.Receipt) (a journal.Answer, err error) {
			a = journal.Answer{Status: 200, Body: body}
			return a, db.InTx(ctx, func(tx *sqldb.Tx) error {
				return r.Keep(tx, b.Journal.Append(tx, placed(5)), 5, a)
			})
		}
		a, _, err := b.Keys.Run(ctx, call(1, "k", "a"), large)
		if err != nil || !bytes.Equal(a.Body, body) {
			t.Fatal(err)
		}
		c := call(1, "k", "a")
		if _, _, err := b.Keys.Run(ctx, c, large); !errors.Is(err, journal.ErrAnswerTooLarge) {
			t.Fatalf("without a hook: %v", err)
		}
		c.Rebuild = func(_ context.Context, object int64, status int) (journal.Answer, error) {
			return journal.Answer{Status: status, Body: fmt.Append(nil, "object ", object)}, nil
		}
		a, replayed, err := b.Keys.Run(ctx, c, large)
		if err != nil || !replayed || a.Status != 200 || string(a.Body) != "object 5" {
			t.Fatalf("%d %s %v %v", a.Status, a.Body, replayed, err)
		}
	})
}

func TestSweepDropsWholeDaysAfter48Hours(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		now := time.Now()
		clk := clock.NewFake(now)
		b := journaltest.New(t, db, clk)
		for i := range 3 {
			if _, _, err := b.Keys.Run(ctx, call(1, fmt.Sprint(i), "a"), effect(b, 1)); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range []struct {
			at   time.Duration
			want int
		}{{47 * time.Hour, 0}, {72*time.Hour + time.Minute, 3}, {100 * time.Hour, 0}} {
			clk.Set(now.Add(step.at))
			if n, err := b.Keys.Sweep(ctx); err != nil || n != step.want {
				t.Fatalf("after %s: %d dropped, want %d (%v)", step.at, n, step.want, err)
			}
		}
		_, replayed, err := b.Keys.Run(ctx, call(1, "0", "a"), effect(b, 1))
		if err != nil || replayed {
			t.Fatalf("a dropped key is fresh again: %v %v", replayed, err)
		}
	})
}

// armedClock tells when somebody begins to wait.
type armedClock struct {
	*clock.Fake
	armed chan struct{}
}

func newArmedClock() armedClock {
	return armedClock{clock.NewFake(sqldbtest.Start), make(chan struct{}, 1000)}
}

func (c armedClock) After(d time.Duration) (<-chan time.Time, func()) {
	defer func() {
		select {
		case c.armed <- struct{}{}:
		default: // nobody listens any more
		}
	}()
	return c.Fake.After(d)
}

// countingStore counts look-ups.
type countingStore struct {
	*journaldb.Store
	mu    sync.Mutex
	reads int
}

func (s *countingStore) Key(
	ctx context.Context, id journal.KeyID,
) (journal.KeyRow, bool, error) {
	s.mu.Lock()
	s.reads++
	s.mu.Unlock()
	return s.Store.Key(ctx, id)
}

func TestFreshKeysAndTheirRefusalsCostNoLookUp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{})
	store := &countingStore{Store: b.Store}
	b.Keys = journal.NewKeys(b.DB, store, clock.Real{})
	refuse := func(context.Context, *journal.Receipt) (journal.Answer, error) {
		return journal.Answer{}, errSoldOut
	}
	b.Keys.Run(ctx, call(1, "before", "a"), refuse)
	if store.reads != 1 {
		t.Fatalf("a refusal before the keys were read: %d look-ups, want 1", store.reads)
	}
	maintain(t, b)
	for i := range 200 {
		fn := refuse
		if i%2 == 0 {
			fn = effect(b, int64(i))
		}
		b.Keys.Run(ctx, call(1, fmt.Sprint(i), "a"), fn)
	}
	if store.reads != 1 {
		t.Fatalf("%d look-ups for 200 fresh keys", store.reads-1)
	}
}
