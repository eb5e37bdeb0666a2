package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/journal/journaltest"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

const insertSetting = `INSERT INTO setting (name, value) VALUES (?, ?)`

// saboteur is one of 32 functions in a batch that misbehaves.
type saboteur struct {
	name string
	fn   func(tx *sqldb.Tx) error
	// cancel ends the caller's context while the function waits.
	cancel bool
	// harmless saboteurs commit, too.
	harmless bool
}

var errRefused = errors.New("refused")

func saboteurs() []saboteur {
	return []saboteur{
		{name: "error", fn: func(*sqldb.Tx) error { return errRefused }},
		{name: "panic", fn: func(*sqldb.Tx) error { panic("nil map") }},
		{name: "cancel", fn: func(*sqldb.Tx) error { return nil }, cancel: true, harmless: true},
		{name: "duplicate", fn: func(tx *sqldb.Tx) error {
			_, err := tx.Exec(insertSetting, "stands already", []byte{1})
			return err
		}},
		{name: "duplicate swallowed", fn: func(tx *sqldb.Tx) error {
			tx.Exec(insertSetting, "stands already", []byte{1})
			return errRefused
		}},
		{name: "duplicate forgiven", fn: func(tx *sqldb.Tx) error {
			tx.Exec(insertSetting, "stands already", []byte{1})
			return nil
		}, harmless: true},
		{name: "bad statement", fn: func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`INSERT INTO no_such_table (a) VALUES (1)`)
			return err
		}},
		{name: "sleep", fn: func(*sqldb.Tx) error {
			for range 1 { // a slow function is only slow
				time.Sleep(100 * time.Millisecond)
			}
			return nil
		}, harmless: true},
		{name: "rollback", fn: func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`ROLLBACK`) // the whole transaction is gone
			return err
		}},
		{name: "nested", fn: func(tx *sqldb.Tx) error {
			return deep(tx, 8)
		}},
	}
}

// deep fails at the bottom of n savepoints.
func deep(tx *sqldb.Tx, n int) error {
	if _, err := tx.Exec(insertSetting, fmt.Sprint("deep ", n), []byte{1}); err != nil {
		return err
	}
	if n == 0 {
		return errRefused
	}
	return tx.Try(func() error { return deep(tx, n-1) })
}

// together holds the writer until all functions wait, so that they share a batch.
func together(t *testing.T, db *sqldb.DB, n int, start func(i int)) {
	t.Helper()
	entered, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	held := make(chan error, 1)
	go func() {
		held <- db.InTx(context.Background(), func(*sqldb.Tx) error {
			once.Do(func() { close(entered) })
			<-leave
			return nil
		})
	}()
	<-entered
	for i := range n {
		go start(i)
	}
	deadline := time.Now().Add(20 * time.Second)
	for db.Stats().Waiting < n {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d wait", db.Stats().Waiting, n)
		}
		time.Sleep(time.Millisecond)
	}
	close(leave)
	if err := <-held; err != nil {
		t.Fatal(err)
	}
}

func TestOneSaboteurOf32HurtsNobodyElse(t *testing.T) {
	t.Parallel()
	for _, s := range saboteurs() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) { sabotage(t, db, s) })
		})
	}
}

func sabotage(t *testing.T, db *sqldb.DB, s saboteur) {
	const n, bad = 32, 13
	ctx := context.Background()
	b := journaltest.New(t, db, clock.Real{})
	if err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(insertSetting, "stands already", []byte{1})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	errs, positions := make([]error, n), make([]journal.Position, n)
	var all sync.WaitGroup
	all.Add(n)
	cancelled, cancel := context.WithCancel(ctx)
	defer cancel()
	together(t, db, n, func(i int) {
		defer all.Done()
		use := ctx
		if i == bad && s.cancel {
			use = cancelled
			defer cancel()
		}
		errs[i] = db.InTx(use, func(tx *sqldb.Tx) error {
			if s.cancel {
				cancel() // the first function of the batch cancels the saboteur's context
			}
			positions[i] = b.Journal.Append(tx, journal.Entry{Action: "test.done"})
			if _, err := tx.Exec(insertSetting, fmt.Sprint("row ", i), []byte{1}); err != nil {
				return err
			}
			if i == bad {
				return s.fn(tx)
			}
			return nil
		})
	})
	all.Wait()
	want := n - 1
	if s.harmless {
		want = n
	}
	taken := map[journal.Position]bool{}
	for i, err := range errs {
		if i != bad && err != nil {
			t.Errorf("function %d suffers: %v", i, err)
		}
		if i != bad || s.harmless {
			taken[positions[i]] = true
		}
	}
	// The cancelled caller hears of its context or, when both come at once, of its success.
	fine := s.harmless && (errs[bad] == nil || s.cancel && errors.Is(errs[bad], context.Canceled))
	if fine != s.harmless || !s.harmless && errs[bad] == nil {
		t.Errorf("the saboteur was told: %v", errs[bad])
	}
	if report := b.Verify(t); report.Rows != int64(want) || len(taken) != want {
		t.Errorf("%d journal rows, %d positions, want %d", report.Rows, len(taken), want)
	}
	if got := countSettings(t, db); got != want+1 {
		t.Errorf("%d rows, want %d", got, want+1)
	}
}

func countSettings(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	err := db.QueryRow(context.Background(), `SELECT COUNT(*) FROM setting`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A full disk undoes the whole transaction inside SQLite. What fits commits, what does not
// is told so, and room makes everything well again.
func TestAFullDiskTellsNobodyASuccessThatIsNotDurable(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := sqldbtest.Open(t, clock.Real{})
	b := journaltest.New(t, db, clock.Real{})
	limit := func(pages string) {
		var got int
		if err := db.InTx(ctx, func(tx *sqldb.Tx) error {
			return tx.QueryRow(`PRAGMA max_page_count = ` + pages).Scan(&got)
		}); err != nil {
			t.Fatal(err)
		}
	}
	var pages int
	if err := db.QueryRow(ctx, `PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit(fmt.Sprint(pages + 6))
	const n = 32
	errs := make([]error, n)
	var all sync.WaitGroup
	all.Add(n)
	together(t, db, n, func(i int) {
		defer all.Done()
		errs[i] = db.InTx(ctx, func(tx *sqldb.Tx) error {
			size := 100
			if i == 7 {
				size = 100_000 // does not fit
			}
			b.Journal.Append(tx, journal.Entry{Action: "test.done"})
			_, err := tx.Exec(insertSetting, fmt.Sprint("row ", i), make([]byte, size))
			return err
		})
	})
	all.Wait()
	stored := 0
	for i, err := range errs {
		if err == nil {
			stored++
		} else if i != 7 && fault.KindOf(err) != fault.Unavailable && fault.KindOf(err) !=
			fault.Internal {
			t.Errorf("function %d: %v", i, err)
		}
	}
	if errs[7] == nil || stored == 0 {
		t.Errorf("%d stored; the large one: %v", stored, errs[7])
	}
	if got := countSettings(t, db); got != stored {
		t.Errorf("%d rows for %d successes", got, stored)
	}
	if report := b.Verify(t); report.Rows != int64(stored) {
		t.Errorf("%d journal rows for %d successes", report.Rows, stored)
	}
	limit("1073741823")
	if err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		b.Journal.Append(tx, journal.Entry{Action: "test.done"})
		_, err := tx.Exec(insertSetting, "large", make([]byte, 100_000))
		return err
	}); err != nil {
		t.Fatalf("after room returned: %v", err)
	}
	b.Verify(t)
}

// The negative control: without a savepoint of its own, a failed function's row stays.
func TestWithoutItsSavepointAFailureWouldStay(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		err := db.InTx(ctx, func(tx *sqldb.Tx) error {
			failing := func() error {
				if _, err := tx.Exec(insertSetting, "half done", []byte{1}); err != nil {
					return err
				}
				return errRefused
			}
			if err := failing(); !errors.Is(err, errRefused) { // not through tx.Try
				return err
			}
			return nil
		})
		if err != nil || countSettings(t, db) != 1 {
			t.Fatalf("%d rows, %v", countSettings(t, db), err)
		}
	})
}
