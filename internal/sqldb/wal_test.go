package sqldb_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

// A long reader keeps the log; whoever writes meanwhile does not wait until it ends.
func TestAReaderInTheLogHoldsUpNobody(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := sqldbtest.Open(t, realClock())
	n := 0
	write := func() {
		t.Helper()
		n++
		err := db.InTx(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(insertSetting, fmt.Sprint("log ", n), []byte{1})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	write()
	reader, err := db.Readers().BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback()
	var seen int
	if err := reader.QueryRow("SELECT COUNT(*) FROM setting").Scan(&seen); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for range 5 {
		db.Truncate()
		write()
	}
	write() // waits for the last try
	if took := time.Since(began); took > 4*time.Second {
		t.Fatalf("writing beside a reader took %v", took)
	}
	if db.WALBytes() == 0 {
		t.Fatal("the log was emptied under a reader")
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	db.Truncate()
	write()
	for end := time.Now().Add(10 * time.Second); db.WALBytes() > 0; {
		if time.Now().After(end) {
			t.Fatalf("the log still holds %d bytes", db.WALBytes())
		}
		time.Sleep(time.Millisecond)
	}
}
