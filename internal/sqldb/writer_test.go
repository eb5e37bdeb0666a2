package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

func nothing(*sqldb.Tx) error { return nil }

func TestCloseAnswersEverybody(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		var stored, closed atomic.Int64
		var all sync.WaitGroup
		begun := make(chan struct{}, 64)
		for w := range 32 {
			all.Go(func() {
				in := db.InTx
				if w%4 == 0 {
					in = db.InTxLow
				}
				for i := range 10_000 {
					err := in(context.Background(), func(tx *sqldb.Tx) error {
						_, err := tx.Exec(insertSetting, fmt.Sprint(w, " ", i), []byte{1})
						return err
					})
					if i == 0 {
						begun <- struct{}{}
					}
					switch {
					case err == nil:
						stored.Add(1)
					case errors.Is(err, sqldb.ErrClosed):
						closed.Add(1)
						return
					default:
						t.Error(err)
						return
					}
				}
			})
		}
		for range 8 {
			<-begun
		}
		again := sqldbtest.Again(t, db, clock.Real{})
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		if closed.Load() == 0 {
			t.Fatal("nobody was refused: the test proves nothing")
		}
		if got := countSettings(t, again); got != int(stored.Load()) {
			t.Fatalf("%d rows for %d successes", got, stored.Load())
		}
		if err := db.InTx(context.Background(), nothing); !errors.Is(err, sqldb.ErrClosed) {
			t.Fatalf("after Close: %v", err)
		}
	})
}

func TestAFullQueueRefusesAtOnce(t *testing.T) {
	t.Parallel()
	db := sqldbtest.Open(t, clock.Real{})
	entered, leave := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		db.InTx(context.Background(), func(*sqldb.Tx) error {
			close(entered)
			<-leave
			return nil
		})
	})
	<-entered
	ctx, cancel := context.WithCancel(context.Background())
	const queue = 8192
	for range queue {
		all.Go(func() { db.InTx(ctx, nothing) })
	}
	deadline := time.Now().Add(20 * time.Second)
	for db.Stats().Waiting < queue {
		if time.Now().After(deadline) {
			t.Fatalf("%d wait", db.Stats().Waiting)
		}
		time.Sleep(time.Millisecond)
	}
	err := db.InTx(context.Background(), nothing)
	if !errors.Is(err, sqldb.ErrBusy) || fault.Of(err).RetryAfter == 0 {
		t.Errorf("one too many: %v", err)
	}
	cancel() // those who gave up are not waited for
	close(leave)
	all.Wait()
	if err := db.InTx(context.Background(), nothing); err != nil {
		t.Fatal(err)
	}
}

func TestBulkWorkIsNotStarved(t *testing.T) {
	t.Parallel()
	db := sqldbtest.Open(t, clock.Real{})
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for ctx.Err() == nil {
				db.InTx(ctx, nothing)
			}
		})
	}
	for range 3 {
		if err := db.InTxLow(context.Background(), nothing); err != nil {
			t.Error(err)
		}
	}
	stop()
	all.Wait()
}

func TestHooksRunInCommitOrderAndOnlyForWhatCommitted(t *testing.T) {
	t.Parallel()
	db := sqldbtest.Open(t, clock.Real{})
	var order []int // the writer's goroutine alone touches it until all have ended
	var all sync.WaitGroup
	const n = 20
	all.Add(n)
	var sequence []int
	together(t, db, n, func(i int) {
		defer all.Done()
		db.InTx(context.Background(), func(tx *sqldb.Tx) error {
			if at := slices.Index(sequence, i); at >= 0 {
				sequence = sequence[:at] // the batch is done again
			}
			sequence = append(sequence, i)
			tx.AfterCommit(func() {
				order = append(order, i)
				if i == 3 {
					panic("a hook's mistake")
				}
			})
			tx.Try(func() error {
				tx.AfterCommit(func() { order = append(order, -1) })
				return errRefused
			})
			if i == 5 {
				return errRefused
			}
			return nil
		})
	})
	all.Wait()
	want := slices.DeleteFunc(slices.Clone(sequence), func(i int) bool { return i == 5 })
	if !slices.Equal(order, want) {
		t.Fatalf("hooks ran as %v, commands as %v", order, want)
	}
}

func TestADoorThatPanicsOnOneValueTakesTheOthers(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		var largest atomic.Int64
		door := sqldb.NewDoor(db, func(tx *sqldb.Tx, batch []int) []error {
			largest.Store(max(largest.Load(), int64(len(batch))))
			errs := make([]error, len(batch))
			for i, v := range batch {
				if v == 9 {
					panic("nine")
				}
				errs[i] = tx.Try(func() error {
					if v == 4 {
						return errRefused
					}
					_, err := tx.Exec(insertSetting, fmt.Sprint(v), []byte{1})
					return err
				})
			}
			return errs
		})
		const n = 16
		errs := make([]error, n)
		var all sync.WaitGroup
		all.Add(n)
		together(t, db, n, func(i int) {
			defer all.Done()
			errs[i] = door.Do(context.Background(), i)
		})
		all.Wait()
		for i, err := range errs {
			if (err != nil) != (i == 4 || i == 9) {
				t.Errorf("value %d: %v", i, err)
			}
		}
		if got := countSettings(t, db); got != n-2 || largest.Load() != n {
			t.Fatalf("%d rows; largest batch %d", got, largest.Load())
		}
	})
}

func TestAppendedValuesAreNeverLostInSilence(t *testing.T) {
	t.Parallel()
	db := sqldbtest.Open(t, clock.Real{})
	err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
		tx.Append("nobody writes this")
		return nil
	})
	if err == nil {
		t.Fatal("a value without a sealer was accepted")
	}
}

func TestTransactionsAreDurableAndReadBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "foyer.db")
	for round := range 2 {
		db, err := sqldb.Open(sqldb.Config{Path: path}, clock.Real{}, // with fsync
			slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		if got := countSettings(t, db); got != round*3 {
			t.Fatalf("round %d finds %d rows", round, got)
		}
		for i := range 3 {
			if err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(insertSetting, fmt.Sprint(round, i), []byte{1})
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABatchInWhichNothingFailsRunsOnce(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		const n = 24
		for _, bad := range []int{-1, 7} { // nobody, and one of them
			var runs [n]atomic.Int32
			var all sync.WaitGroup
			errs := make([]error, n)
			all.Add(n)
			together(t, db, n, func(i int) {
				defer all.Done()
				errs[i] = db.InTx(context.Background(), func(tx *sqldb.Tx) error {
					runs[i].Add(1)
					_, err := tx.Exec(insertSetting, fmt.Sprint(bad, " ", i), []byte{1})
					if i == bad {
						return errRefused
					}
					return err
				})
			})
			all.Wait()
			for i := range n {
				if want := i != bad; (errs[i] == nil) != want {
					t.Errorf("with %d failing, function %d is told %v", bad, i, errs[i])
				}
				if got := runs[i].Load(); got < 1 || got > 2 || bad < 0 && got != 1 {
					t.Errorf("with %d failing, function %d ran %d times", bad, i, got)
				}
			}
		}
		if got := countSettings(t, db); got != 2*n-1 {
			t.Errorf("%d rows, want %d", got, 2*n-1)
		}
	})
}

func TestTransactionsAreTheWriters(t *testing.T) {
	t.Parallel()
	db := sqldbtest.Open(t, clock.Real{})
	for _, text := range []string{"COMMIT", " rollback;", "Savepoint s1", "BEGIN IMMEDIATE",
		"END"} {
		err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(text)
			return err
		})
		if err == nil {
			t.Errorf("%q was run inside a transaction", text)
		}
	}
	if err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(insertSetting, "after all that", []byte{1})
		return err
	}); err != nil || countSettings(t, db) != 1 {
		t.Errorf("afterwards %v, %d rows", err, countSettings(t, db))
	}
}
