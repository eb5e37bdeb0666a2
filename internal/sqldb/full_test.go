package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

// fill writes rows from many callers at once until n were told to be stored or the tries
// are used up, and gives the names that were told to be stored.
func fill(t *testing.T, db *sqldb.DB, prefix string, tries int) (stored []string, errs []error) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range tries {
		wg.Go(func() {
			name := fmt.Sprintf("%s%d", prefix, i)
			err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(`INSERT INTO setting (name, value) VALUES (?, ?)`, name,
					make([]byte, 6000))
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				stored = append(stored, name)
			} else {
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	return stored, errs
}

func limitPages(t *testing.T, db *sqldb.DB, n int) {
	t.Helper()
	err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A full disk tells nobody of a success that is not stored, refuses in words, lets reads go
// on, and needs no restart once there is room.
func TestFullDiskRefusesAndResumes(t *testing.T) {
	t.Parallel()
	db := sqldbtest.Open(t, clock.Real{})
	ctx := context.Background()
	var pages int
	if err := db.QueryRow(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limitPages(t, db, pages+40)
	stored, errs := fill(t, db, "full", 100)
	if len(stored) == 0 || len(errs) == 0 {
		t.Fatalf("%d stored and %d refused: the disk did not fill up", len(stored), len(errs))
	}
	for _, err := range errs {
		if !errors.Is(err, sqldb.ErrStorage) || fault.Of(err).RetryAfter == 0 {
			t.Fatalf("a full disk was answered with %v", err)
		}
	}
	mustHave(t, db, stored)
	limitPages(t, db, 1<<30)
	again, errs := fill(t, db, "room", 100)
	if len(errs) > 0 {
		t.Fatalf("with room again: %v", errs[0])
	}
	mustHave(t, db, append(stored, again...))
}

// mustHave reads exactly these rows.
func mustHave(t *testing.T, db *sqldb.DB, names []string) {
	t.Helper()
	ctx := context.Background()
	for _, name := range names {
		var n int
		row := db.QueryRow(ctx, `SELECT COUNT(*) FROM setting WHERE name = ?`, name)
		if err := row.Scan(&n); err != nil || n != 1 {
			t.Fatalf("%s was told to be stored and is not there (%v)", name, err)
		}
	}
	var n int
	err := db.QueryRow(ctx, `SELECT COUNT(*) FROM setting`).Scan(&n)
	if err != nil || n != len(names) {
		t.Fatalf("%d rows are there, %d were told to be stored (%v)", n, len(names), err)
	}
}
