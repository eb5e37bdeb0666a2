package journal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/journal/journaltest"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

func enqueue(t *testing.T, b *journaltest.Bundle, jobs ...journal.Job) {
	t.Helper()
	if err := b.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		for _, j := range jobs {
			if err := b.Jobs.Enqueue(tx, j); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func waiting(t *testing.T, b *journaltest.Bundle) (n int) {
	t.Helper()
	err := b.DB.QueryRow(context.Background(), `SELECT COUNT(*) FROM job`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestJobsRunOnceWithinTheirBound(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		b := journaltest.New(t, db, clock.Real{})
		const jobs, atOnce = 60, 3
		var now, most atomic.Int64
		var done sync.Map
		var count atomic.Int64
		b.Jobs.Handle("expire", func(_ context.Context, j journal.Job) (time.Duration, error) {
			n := now.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); {
				old = most.Load()
			}
			defer now.Add(-1)
			if _, twice := done.LoadOrStore(j.ObjectID, j); twice {
				t.Errorf("job %d ran twice", j.ObjectID)
			}
			if string(j.Payload) != fmt.Sprint("p", j.ObjectID) || j.Tries != 0 {
				t.Errorf("job %+v", j)
			}
			count.Add(1)
			return 0, nil
		}, journal.AtOnce(atOnce))
		b.Run(t)
		for i := range int64(jobs) {
			enqueue(t, b, journal.Job{Kind: "expire", ObjectID: i, Due: time.Now(),
				Payload: fmt.Append(nil, "p", i)})
		}
		eventually(t, "all jobs", func() bool { return count.Load() == jobs })
		eventually(t, "done jobs are deleted", func() bool { return waiting(t, b) == 0 })
		if most.Load() > atOnce {
			t.Fatalf("%d at once, at most %d", most.Load(), atOnce)
		}
	})
}

func TestAJobWaitsForItsTimeAndASoonerOneWakes(t *testing.T) {
	t.Parallel()
	clk := newArmedClock()
	clk.Set(time.Now().Truncate(time.Millisecond))
	start := clk.Now()
	db, err := sqldb.Open(sqldb.Config{Path: t.TempDir() + "/f.db", Unsafe: true}, clk,
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	b := journaltest.New(t, db, clk)
	ran := make(chan journal.Job, 10)
	b.Jobs.Handle("remind", func(_ context.Context, j journal.Job) (time.Duration, error) {
		ran <- j
		return 0, nil
	})
	b.Run(t)
	enqueue(t, b, journal.Job{Kind: "remind", ObjectID: 2, Due: start.Add(10 * time.Minute)})
	enqueue(t, b, journal.Job{Kind: "remind", ObjectID: 1, Due: start.Add(5 * time.Minute)})
	clk.Advance(5*time.Minute - time.Second)
	select {
	case j := <-ran:
		t.Fatalf("job %d ran before its time", j.ObjectID)
	default:
	}
	for want := int64(1); want <= 2; want++ {
		var got journal.Job
		eventually(t, "the job", func() bool {
			clk.Advance(time.Second)
			select {
			case got = <-ran:
				return true
			default:
				return false
			}
		})
		due := start.Add(time.Duration(want) * 5 * time.Minute)
		if got.ObjectID != want || !got.Due.Equal(due) || clk.Now().Before(due) {
			t.Fatalf("%+v at %s, want object %d due %s", got, clk.Now(), want, due)
		}
	}
}

func TestFailuresGrowAndEndWithAPerson(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		b := journaltest.New(t, db, clock.Real{})
		var tries sync.Map
		note := func(j journal.Job) int64 {
			n, _ := tries.LoadOrStore(j.ObjectID, new(atomic.Int64))
			return n.(*atomic.Int64).Add(1)
		}
		var healed atomic.Bool
		b.Jobs.Handle("refund", func(_ context.Context, j journal.Job) (time.Duration, error) {
			n := note(j)
			switch j.ObjectID {
			case 1: // fails twice, in two ways, and then succeeds
				if j.Tries != int(n-1) {
					t.Errorf("try %d says %d tries", n, j.Tries)
				}
				if n == 1 {
					panic("nil map")
				}
				if n == 2 {
					return time.Millisecond, errors.New("busy")
				}
			case 2: // hopeless
				if !healed.Load() {
					return 0, journal.ErrGiveUp.Wrap(errors.New("no such payment"))
				}
			case 3: // fails too often
				return time.Millisecond, errors.New("refused by the bank")
			case 4: // polls three times, which are no failures
				if j.Tries != 0 {
					t.Errorf("a poll counts as try %d", j.Tries)
				}
				if n < 4 {
					return time.Millisecond, nil
				}
			}
			return 0, nil
		}, journal.MaxTries(4))
		b.Run(t)
		for i := range int64(5) {
			enqueue(t, b, journal.Job{Kind: "refund", ObjectID: i, Due: time.Now()})
		}
		var failed []journal.FailedJob
		eventually(t, "two jobs wait for a person, the others are gone", func() bool {
			var err error
			if failed, err = b.Jobs.Failed(ctx, 0, 10); err != nil {
				t.Fatal(err)
			}
			return len(failed) == 2 && waiting(t, b) == 2
		})
		for _, f := range failed {
			n, _ := tries.Load(f.ObjectID)
			switch got := n.(*atomic.Int64).Load(); {
			case f.ObjectID == 2 && got == 1 && f.Tries == 1:
			case f.ObjectID == 3 && got == 4 && f.Tries == 4 && f.Problem == "refused by the bank":
			default:
				t.Errorf("%+v after %d tries", f, got)
			}
			if f.ObjectID == 2 {
				healed.Store(true)
				if err := b.Jobs.Retry(ctx, f.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		eventually(t, "the retried job is done", func() bool { return waiting(t, b) == 1 })
		if err := b.Jobs.Retry(ctx, 12345); fault.KindOf(err) != fault.NotFound {
			t.Fatal(err)
		}
	})
}

func TestDoneEndsAJobInTheHandlersTransaction(t *testing.T) {
	t.Parallel()
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{})
	ended := make(chan bool, 4)
	b.Jobs.Handle("expire", func(ctx context.Context, j journal.Job) (time.Duration, error) {
		err := b.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			for range 2 { // the second finds nothing
				ok, err := b.Jobs.Done(tx, j.ID)
				if err != nil {
					return err
				}
				ended <- ok
			}
			return nil
		})
		return time.Hour, err
	})
	b.Run(t)
	enqueue(t, b, journal.Job{Kind: "expire", ObjectID: 1, Due: time.Now()})
	if first, second := <-ended, <-ended; !first || second {
		t.Fatal(first, second)
	}
	eventually(t, "the job is gone", func() bool { return waiting(t, b) == 0 })
}

func TestTwoProcessesShareTheJobs(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		b := journaltest.New(t, db, clock.Real{})
		const jobs = 100
		var ran [jobs]atomic.Int64
		var total atomic.Int64
		count := func(_ context.Context, j journal.Job) (time.Duration, error) {
			ran[j.ObjectID].Add(1)
			total.Add(1)
			return 0, nil
		}
		queues := make([]*journal.Jobs, 2)
		for i := range queues {
			queues[i] = journal.NewJobs(journal.JobsConfig{DB: db, Store: b.Store,
				Clock: clock.Real{}, IDs: b.IDs, Log: slog.New(slog.DiscardHandler),
				Holder: fmt.Sprint("process ", i), Poll: 10 * time.Millisecond})
			queues[i].Handle("expire", count)
		}
		for i := range int64(jobs) {
			enqueue(t, b, journal.Job{Kind: "expire", ObjectID: i, Due: time.Now()})
		}
		ctx, stop := context.WithCancel(context.Background())
		var all sync.WaitGroup
		for _, q := range queues {
			all.Go(func() {
				if err := q.Run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		eventually(t, "all jobs", func() bool { return total.Load() >= jobs && waiting(t, b) == 0 })
		stop()
		all.Wait()
		for i := range ran {
			if n := ran[i].Load(); n != 1 {
				t.Errorf("job %d ran %d times", i, n)
			}
		}
	})
}

func TestAStartFreesWhatADeadProcessHadLeased(t *testing.T) {
	t.Parallel()
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{})
	enqueue(t, b, journal.Job{ID: 5, Kind: "expire", ObjectID: 1, Due: time.Now()})
	if err := b.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		ok, err := b.Store.ClaimJob(tx, 5, "dead", tx.Now.Add(time.Second),
			tx.Now.Add(time.Hour))
		if err == nil && !ok {
			return errors.New("not claimed")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	ran := make(chan journal.Job, 1)
	b.Jobs.Handle("expire", func(_ context.Context, j journal.Job) (time.Duration, error) {
		ran <- j
		return 0, nil
	})
	b.Run(t)
	if j := <-ran; j.Tries != 1 {
		t.Fatalf("the lost try does not count: %+v", j)
	}
}

func TestEnqueueRefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{})
	for _, j := range []journal.Job{{}, {Kind: "x", Payload: make([]byte, 4001)}} {
		if err := b.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
			return b.Jobs.Enqueue(tx, j)
		}); err == nil {
			t.Errorf("job %q with %d bytes was taken", j.Kind, len(j.Payload))
		}
	}
}
