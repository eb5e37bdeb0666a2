package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

// pairs writes from..to-1, each as two rows in one transaction: a copy of one moment has
// both or neither.
func pairs(t *testing.T, db *sqldb.DB, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
			for _, side := range []string{"a", "b"} {
				_, err := tx.Exec(`INSERT INTO setting (name, value) VALUES (?, ?)`,
					fmt.Sprintf("%s%d", side, i), make([]byte, 3000))
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func countPairs(t *testing.T, path string) (a, b int) {
	t.Helper()
	still, err := sqldb.OpenStill(path)
	if err != nil {
		t.Fatal(err)
	}
	defer still.Close()
	if err := still.QuickCheck(context.Background()); err != nil {
		t.Fatal(err)
	}
	for side, n := range map[string]*int{"a": &a, "b": &b} {
		row := still.QueryRow(context.Background(),
			`SELECT COUNT(*) FROM setting WHERE name LIKE ?`, side+"%")
		if err := row.Scan(n); err != nil {
			t.Fatal(err)
		}
	}
	return a, b
}

// The clock of the copy stands, so it stops after its first step until the test has
// written; what was written meanwhile must neither be in the copy nor make it begin again.
func TestSnapshotIsOneMomentWhileOthersWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source, target := filepath.Join(dir, "foyer.db"), filepath.Join(dir, "copy.db")
	db, err := sqldb.Open(sqldb.Config{Path: source, Unsafe: true}, clock.Real{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	pairs(t, db, 0, 200)
	clk := clock.NewFake(sqldbtest.Start)
	stepped, done := make(chan int64, 10_000), make(chan error, 1)
	go func() {
		done <- sqldb.Snapshot{Source: source, Target: target, Clock: clk, BytesPerSecond: 1 << 20,
			Progress: func(n, _ int64) { stepped <- n }}.Take(context.Background())
	}()
	last := <-stepped
	pairs(t, db, 200, 300)
	for running := true; running; {
		select {
		case n := <-stepped:
			if n < last {
				t.Fatalf("the copy began again: %d bytes after %d", n, last)
			}
			last = n
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		default:
			clk.Advance(100 * time.Millisecond)
		}
	}
	if a, b := countPairs(t, target); a != 200 || b != 200 {
		t.Fatalf("the copy has %d and %d rows, want 200 of the moment it began", a, b)
	}
	pairs(t, db, 300, 310) // the source still writes, and has what was written meanwhile
	if n, err := db.CountRows(context.Background()); err != nil || n["setting"] != 620 {
		t.Fatalf("the source has %d settings (%v)", n["setting"], err)
	}
}

func TestSnapshotOfAFileThatNobodyServes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := filepath.Join(dir, "foyer.db")
	db, err := sqldb.Open(sqldb.Config{Path: source, Unsafe: true}, clock.Real{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	pairs(t, db, 0, 5)
	db.Close()
	target := filepath.Join(dir, "copy.db")
	snap := sqldb.Snapshot{Source: source, Target: target, Clock: clock.Real{}}
	if err := snap.Take(context.Background()); err != nil {
		t.Fatal(err)
	}
	if a, b := countPairs(t, target); a != 5 || b != 5 {
		t.Fatalf("the copy has %d and %d rows", a, b)
	}
	if err := snap.Take(context.Background()); !errors.Is(err, os.ErrExist) {
		t.Fatalf("a copy was written over another: %v", err)
	}
	snap.Source, snap.Target = filepath.Join(dir, "none.db"), filepath.Join(dir, "none.copy")
	if err := snap.Take(context.Background()); err == nil {
		t.Fatal("a missing file was copied")
	}
	for _, name := range []string{"none.db", "none.copy"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Fatalf("%s was left behind", name)
		}
	}
}

func TestSnapshotCancelledLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source, target := filepath.Join(dir, "foyer.db"), filepath.Join(dir, "copy.db")
	db, err := sqldb.Open(sqldb.Config{Path: source, Unsafe: true}, clock.Real{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	pairs(t, db, 0, 200)
	ctx, cancel := context.WithCancel(context.Background())
	err = sqldb.Snapshot{Source: source, Target: target, Clock: clock.Real{},
		BytesPerSecond: 1, Progress: func(int64, int64) { cancel() }}.Take(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled copy ended with %v", err)
	}
	if _, err := os.Stat(target); !errors.Is(err, os.ErrNotExist) {
		t.Fatal("a cancelled copy was left behind")
	}
}

// The bound is lifted when the log of the source grows too large: with a clock that stands,
// only that lets the copy end.
func TestSnapshotHurriesWhenTheLogGrows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source, target := filepath.Join(dir, "foyer.db"), filepath.Join(dir, "copy.db")
	db, err := sqldb.Open(sqldb.Config{Path: source, Unsafe: true}, clock.Real{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	pairs(t, db, 0, 200)
	snap := sqldb.Snapshot{Source: source, Target: target, BytesPerSecond: 1,
		Clock: clock.NewFake(sqldbtest.Start), HurryWAL: 1}
	if err := snap.Take(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestStillDatabaseTakesNoWrite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "foyer.db")
	db, err := sqldb.Open(sqldb.Config{Path: path, Unsafe: true}, clock.Real{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	db.Close()
	still, err := sqldb.OpenStill(path)
	if err != nil {
		t.Fatal(err)
	}
	defer still.Close()
	err = still.InTx(context.Background(), func(*sqldb.Tx) error { return nil })
	if !errors.Is(err, sqldb.ErrClosed) {
		t.Fatalf("a still file took a write: %v", err)
	}
	if due, err := still.SchemaAge(context.Background()); due != 0 || err != nil {
		t.Fatalf("the schema is %d steps old (%v)", due, err)
	}
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(list) != 1 {
		t.Fatalf("%d files after reading (%v), want the database alone", len(list), err)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
