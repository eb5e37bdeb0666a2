package sqldb_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

func realClock() clock.Clock { return clock.Real{} }

func TestWriterCommitsTogetherAndFailsAlone(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		boom := errors.New("refused")
		var wg sync.WaitGroup
		errs := make([]error, 64)
		for i := range errs {
			wg.Go(func() {
				errs[i] = db.InTx(ctx, func(tx *sqldb.Tx) error {
					_, err := tx.Exec(`INSERT INTO setting (name, value) VALUES (?, ?)`,
						string(rune('A'+i)), []byte{1})
					if err == nil && i%8 == 3 {
						return boom
					}
					return err
				})
			})
		}
		wg.Wait()
		for i, err := range errs {
			if want := i%8 == 3; errors.Is(err, boom) != want || (!want && err != nil) {
				t.Errorf("function %d: %v", i, err)
			}
		}
		var n int
		if err := db.QueryRow(ctx, `SELECT COUNT(*) FROM setting`).Scan(&n); err != nil || n != 56 {
			t.Fatalf("stored %d rows (%v), want 56", n, err)
		}
	})
}
