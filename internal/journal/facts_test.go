package journal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/journal/journaldb"
	"foyer/internal/journal/journaltest"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

// eventually polls until ok, for at most 20 s.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// heard collects what a subscriber was told.
type heard struct {
	mu   sync.Mutex
	list []journal.Fact
}

func (h *heard) add(f journal.Fact) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, f)
}

func (h *heard) numbers() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	ns := make([]int64, len(h.list))
	for i, f := range h.list {
		ns[i] = f.N
	}
	return ns
}

func TestFactsComeInOrderFromMemoryAndFromTheBook(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		b := journaltest.New(t, db, clock.Real{})
		const before, total = 3000, 3300 // more than are kept in memory
		if err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
			for i := range int64(before) {
				b.Journal.Append(tx, placed(i+1))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		var all, watched heard
		b.Journal.Subscribe("all", func(_ context.Context, f journal.Fact) error {
			all.add(f)
			return nil
		})
		b.Journal.Watch("cache", func(_ context.Context, f journal.Fact) error {
			watched.add(f)
			return errors.New("a watcher's error is only logged")
		})
		b.Run(t)
		for i := int64(before); i < total; i++ {
			if _, err := add(db, b.Journal, placed(i+1)); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "all facts", func() bool {
			return len(all.numbers()) >= total && len(watched.numbers()) >= total
		})
		for i, f := range all.list {
			if f.N != int64(i+1) || f.Objects[0].ID != f.N || f.Action != "order.placed" ||
				f.ActorKind != actor.Member || f.ActorID != 7 || f.Organization != 3 ||
				string(f.Data) != string(placed(1).Data) {
				t.Fatalf("fact %d is %+v", i+1, f)
			}
		}
		eventually(t, "nobody is behind", func() bool {
			lags, err := b.Journal.Lags(context.Background())
			return err == nil && !slices.ContainsFunc(lags, func(l journal.Lag) bool {
				return l.Facts > 0
			})
		})
	})
}

func TestAFactThatFailsFiveTimesIsParkedAndRetried(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		clk := newArmedClock()
		clk.Set(time.Now())
		b := journaltest.New(t, db, clk)
		var got heard
		var mu sync.Mutex
		tries, broken := 0, true
		b.Journal.Subscribe("mail", func(_ context.Context, f journal.Fact) error {
			mu.Lock()
			defer mu.Unlock()
			if f.N == 2 && broken {
				if tries++; tries%2 == 0 {
					panic("no such address")
				}
				return errors.New("no such address")
			}
			got.add(f)
			return nil
		})
		for i := range int64(4) {
			if _, err := add(db, b.Journal, placed(i+1)); err != nil {
				t.Fatal(err)
			}
		}
		b.Run(t)
		eventually(t, "the others arrive", func() bool {
			clk.Advance(200 * time.Millisecond)
			return len(got.numbers()) == 3
		})
		if ns := got.numbers(); !slices.Equal(ns, []int64{1, 3, 4}) || tries != 5 {
			t.Fatalf("told %v, after %d tries", ns, tries)
		}
		parked, err := b.Journal.Parked(ctx, journal.Parked{}, 10)
		if err != nil || len(parked) != 1 || parked[0].N != 2 || parked[0].Tries != 5 ||
			parked[0].Problem != "no such address" {
			t.Fatalf("parked %+v (%v)", parked, err)
		}
		pos := parked[0].Position
		if err := b.Journal.RetryParked(ctx, "mail", pos); err == nil {
			t.Fatal("the retry of a broken fact succeeded")
		}
		mu.Lock()
		broken = false
		mu.Unlock()
		if err := b.Journal.RetryParked(ctx, "mail", pos); err != nil {
			t.Fatal(err)
		}
		if parked, err := b.Journal.Parked(ctx, journal.Parked{}, 10); err != nil ||
			len(parked) != 0 || got.numbers()[3] != 2 {
			t.Fatalf("still parked: %+v (%v)", parked, err)
		}
		if err := b.Journal.RetryParked(ctx, "nobody", pos); fault.KindOf(err) !=
			fault.NotFound {
			t.Fatal(err)
		}
	})
}

var errAway = fault.Define(fault.Unavailable, "test_away", "不在", "Away.", "Wait.")

func TestAnOutageParksNothing(t *testing.T) {
	t.Parallel()
	clk := newArmedClock()
	clk.Set(time.Now())
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clk)
	var got heard
	var mu sync.Mutex
	tries := 0
	b.Journal.Subscribe("relay", func(_ context.Context, f journal.Fact) error {
		mu.Lock()
		defer mu.Unlock()
		if tries++; tries <= 20 {
			return errAway.Wrap(errors.New("connection refused"))
		}
		got.add(f)
		return nil
	})
	if _, err := add(b.DB, b.Journal, placed(1)); err != nil {
		t.Fatal(err)
	}
	lags, err := b.Journal.Lags(context.Background())
	if err != nil || len(lags) != 2 || lags[1].Facts != 1 || lags[1].Oldest.IsZero() {
		t.Fatalf("%+v %v", lags, err)
	}
	b.Run(t)
	eventually(t, "the fact arrives", func() bool {
		clk.Advance(500 * time.Millisecond)
		return len(got.numbers()) == 1
	})
	parked, err := b.Journal.Parked(context.Background(), journal.Parked{}, 10)
	if err != nil || len(parked) != 0 {
		t.Fatalf("%+v %v", parked, err)
	}
}

func TestCursorsSurviveAStopAndNothingIsSkipped(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "foyer.db")
	var all []int64
	for round := range int64(3) {
		db, err := sqldb.Open(sqldb.Config{Path: path, Unsafe: true}, clock.Real{},
			slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(ctx, nil); err != nil {
			t.Fatal(err)
		}
		b := journaltest.New(t, db, clock.Real{})
		var got heard
		b.Journal.Subscribe("all", func(_ context.Context, f journal.Fact) error {
			got.add(f)
			return nil
		})
		running, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- b.Journal.Run(running) }()
		for i := range int64(50) {
			if _, err := add(db, b.Journal, placed(round*50+i+1)); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "this round's facts", func() bool { return len(got.numbers()) == 50 })
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		all = append(all, got.numbers()...)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for i, n := range all {
		if n != int64(i+1) {
			t.Fatalf("fact %d came as number %d", n, i+1)
		}
	}
}

func TestJournalIsFoundByObjectActorAndTime(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		b := journaltest.New(t, db, clock.Real{})
		b.Run(t)
		for i := range int64(30) {
			e := placed(1 + i%3)
			e.Organization, e.Actor.ID = 3+i%2, 7+i%5
			if _, err := add(db, b.Journal, e); err != nil {
				t.Fatal(err)
			}
		}
		find := func(s journal.Search) (ns []int64) {
			for {
				rows, next, err := b.Journal.Find(ctx, s)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range rows {
					ns = append(ns, r.N)
				}
				if next == nil {
					return ns
				}
				s = *next
			}
		}
		eventually(t, "the index", func() bool {
			return len(find(journal.Search{Organization: 3, Limit: 100})) == 15 &&
				len(find(journal.Search{Organization: 4, Limit: 100})) == 15
		})
		order := journal.Object{Kind: "ord", ID: 1}
		for _, c := range []struct {
			search journal.Search
			want   func(i int64) bool
		}{
			{journal.Search{Object: order}, func(i int64) bool { return i%3 == 0 }},
			{journal.Search{ActorKind: actor.Member, ActorID: 9},
				func(i int64) bool { return i%5 == 2 }},
			{journal.Search{Object: order, ActorKind: actor.Member, ActorID: 9},
				func(i int64) bool { return i%3 == 0 && i%5 == 2 }},
			{journal.Search{Object: order, ActorKind: actor.Staff, ActorID: 9},
				func(int64) bool { return false }},
			{journal.Search{From: time.Now().Add(time.Hour)}, func(int64) bool { return false }},
			{journal.Search{Until: time.Now().Add(-time.Hour)}, func(int64) bool { return false }},
		} {
			for _, limit := range []int{1, 2, 7, 100} {
				c.search.Organization, c.search.Limit = 3, limit
				var want []int64
				for i := int64(29); i >= 0; i-- {
					if i%2 == 0 && c.want(i) {
						want = append(want, i+1)
					}
				}
				if got := find(c.search); !slices.Equal(got, want) {
					t.Errorf("%+v: %v, want %v", c.search, got, want)
				}
			}
		}
	})
}

func TestAnotherProcessTakesTheLane(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		b := journaltest.New(t, db, clock.Real{})
		if _, err := add(db, b.Journal, placed(1)); err != nil {
			t.Fatal(err)
		}
		if err := db.InTx(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`UPDATE lane SET epoch = epoch + 1`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := add(db, b.Journal, placed(2)); fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("an entry on a lost lane: %v", err)
		}
		select {
		case <-b.Journal.Lost():
		default:
			t.Fatal("nobody was told that the lane is lost")
		}
		if err := b.Journal.Run(ctx); !errors.Is(err, journal.ErrLaneLost) {
			t.Fatalf("Run: %v", err)
		}
		if report := b.Verify(t); report.Rows != 1 {
			t.Fatalf("%d rows", report.Rows)
		}
	})
}

func TestASecondProcessOnTheFileIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "foyer.db")
	quiet := slog.New(slog.DiscardHandler)
	var dbs []*sqldb.DB
	for range 2 {
		db, err := sqldb.Open(sqldb.Config{Path: path, Unsafe: true}, clock.Real{}, quiet)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		if err := db.Migrate(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		dbs = append(dbs, db)
	}
	journaltest.New(t, dbs[0], clock.Real{})
	open := func() error {
		_, err := journal.Open(context.Background(), journal.Config{DB: dbs[1],
			Store: journaldb.New(dbs[1]), Clock: clock.Real{}, Sealer: journaltest.NewSecrets(),
			Signer: journaltest.NewSecrets(), Log: quiet, Holder: "two"})
		return err
	}
	if err := open(); !errors.Is(err, sqldb.ErrInUse) {
		t.Fatalf("beside a living process: %v", err)
	}
	if err := dbs[0].Close(); err != nil { // its lease in the book still runs
		t.Fatal(err)
	}
	if err := open(); err != nil {
		t.Fatalf("after its end: %v", err)
	}
}

func TestProcessesOnMySQLWriteLanesOfTheirOwn(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		if db.Engine != sqldb.MySQL {
			t.Skip("SQLite has one lane")
		}
		ctx := context.Background()
		first := journaltest.New(t, db, clock.Real{})
		var told, other heard
		first.Journal.Subscribe("all", func(_ context.Context, f journal.Fact) error {
			told.add(f)
			return nil
		})
		first.Run(t)
		second := sqldbtest.Again(t, db, clock.Real{})
		b := journaltest.New(t, second, clock.Real{})
		b.Journal.Watch("cache", func(_ context.Context, f journal.Fact) error {
			other.add(f)
			return nil
		})
		b.Run(t)
		if first.Journal.Lane() == b.Journal.Lane() {
			t.Fatal("two living processes share a lane")
		}
		var wg sync.WaitGroup
		for i := range int64(40) {
			wg.Go(func() {
				side, sdb := first, db
				if i%2 == 0 {
					side, sdb = b, second
				}
				if _, err := add(sdb, side.Journal, placed(i+1)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		eventually(t, "facts of both lanes on both sides", func() bool {
			return len(told.numbers()) == 40 && len(other.numbers()) == 40
		})
		if _, err := b.Journal.Checkpoint(ctx); err != nil {
			t.Fatal(err)
		}
		if r := b.Verify(t); r.Lanes != 2 || r.Rows != 40 {
			t.Fatalf("%+v", r)
		}
	})
}

func TestGapTellsSilenceAndABackwardJump(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		away time.Duration
		gap  bool
	}{{2 * time.Second, false}, {time.Minute, true}, {-time.Minute, true}} {
		db := sqldbtest.Open(t, clock.Real{})
		b := journaltest.New(t, db, clock.Real{})
		if _, gap := b.Journal.Gap(context.Background()); gap {
			t.Fatal("a first start has no gap")
		}
		var beat time.Time
		if err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
			beat = tx.Now
			_, err := b.Store.Beat(tx, b.Journal.Lane(), 1, tx.Now)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		again := journaltest.New(t, db, clock.NewFake(beat.Add(c.away)))
		last, gap := again.Journal.Gap(context.Background())
		if gap != c.gap || !last.Equal(beat) {
			t.Errorf("away %s: %v since %s, want %v since %s", c.away, gap, last, c.gap, beat)
		}
	}
}

func ExamplePosition() {
	fmt.Println(journal.Position{Lane: 1, N: 42})
	// Output: 1/42
}
