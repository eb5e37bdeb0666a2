package journal_test

import (
	"context"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/journal/journaltest"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

// A commit whose answer was lost has happened or not; the next batch finds out from the
// lane's row and never writes a number twice.
func TestACommitOfUnknownOutcomeIsResolvedByLookingUp(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		b := journaltest.New(t, db, clock.Real{})
		for i := range int64(3) {
			if _, err := add(db, b.Journal, placed(i+1)); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := b.Store.Page(ctx, b.Journal.Lane(), 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		doubts := []func(){
			func() { b.Journal.Rewind(rows[0]) }, // it had happened
			func() { b.Journal.Sealed(false) },   // it had not
		}
		for step, doubt := range doubts {
			if err := db.InTx(ctx, func(*sqldb.Tx) error {
				doubt()
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			pos, err := add(db, b.Journal, placed(9))
			if err != nil || pos.N != int64(4+step) {
				t.Fatalf("after the doubt: %v %v", pos, err)
			}
		}
		b.Verify(t)
	})
}
