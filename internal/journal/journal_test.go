package journal_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/journal/journaltest"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

func realClock() clock.Clock { return clock.Real{} }

func placed(order int64) journal.Entry {
	sum := sha256.Sum256([]byte("input"))
	return journal.Entry{Actor: actor.Actor{Kind: actor.Member, ID: 7}, Organization: 3,
		Action:    "order.placed",
		Objects:   []journal.Object{{Kind: "ord", ID: order, Revision: 1}, {Kind: "ses", ID: 9}},
		Data:      []byte(`{"total_minor":9600,"places":[12,13]}`),
		InputHash: sum[:16]}
}

func add(db *sqldb.DB, j *journal.Journal, e journal.Entry) (pos journal.Position, err error) {
	err = db.InTx(context.Background(), func(tx *sqldb.Tx) error {
		pos = j.Append(tx, e)
		return nil
	})
	return pos, err
}

func TestOneChainUnderSixteenWriters(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		b := journaltest.New(t, db, clock.Real{})
		const writers, each = 16, 40
		var mu sync.Mutex
		seen := map[journal.Position]int64{}
		boom := errors.New("refused")
		var wg sync.WaitGroup
		for w := range int64(writers) {
			wg.Go(func() {
				for i := range int64(each) {
					order := w*1000 + i + 1
					var pos journal.Position
					err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
						pos = b.Journal.Append(tx, placed(order))
						if i%5 == 4 {
							return boom
						}
						return nil
					})
					if (i%5 == 4) != errors.Is(err, boom) {
						t.Errorf("order %d: %v", order, err)
					}
					if err == nil {
						mu.Lock()
						seen[pos] = order
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		report := b.Verify(t)
		if want := int64(writers * each * 4 / 5); report.Rows != want || int64(len(seen)) != want {
			t.Fatalf("%d rows, %d positions, want %d", report.Rows, len(seen), want)
		}
		checkPositions(t, b, seen)
	})
}

// checkPositions holds every position that Append told against the row that stands there.
func checkPositions(t *testing.T, b *journaltest.Bundle, want map[journal.Position]int64) {
	t.Helper()
	rows, err := b.Store.Page(context.Background(), b.Journal.Lane(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		body, err := r.Body()
		if err != nil {
			t.Fatal(err)
		}
		if body.Objects[0].ID != want[r.Position] {
			t.Fatalf("at %s stands order %d, Append told %d", r.Position, body.Objects[0].ID,
				want[r.Position])
		}
	}
}

func TestChainFindsEveryKindOfTampering(t *testing.T) {
	t.Parallel()
	changes := map[string]string{
		"data":      `UPDATE journal SET chained = CAST('xx' AS CHAR) WHERE n = 5`,
		"actor":     `UPDATE journal SET actor_id = 8 WHERE n = 5`,
		"time":      `UPDATE journal SET at = at + 1 WHERE n = 5`,
		"action":    `UPDATE journal SET action = 'order.paid' WHERE n = 5`,
		"tenant":    `UPDATE journal SET organization_id = 4 WHERE n = 5`,
		"personal":  `UPDATE journal SET loose = CAST('xx' AS CHAR) WHERE n = 5`,
		"gone":      `DELETE FROM journal WHERE n = 5`,
		"last gone": `DELETE FROM journal WHERE n = 10`,
		"cut off":   `UPDATE lane SET n = 9`,
	}
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		b := journaltest.New(t, db, clock.Real{})
		for i := range int64(10) {
			if _, err := add(db, b.Journal, placed(i+1)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Journal.Checkpoint(ctx); err != nil {
			t.Fatal(err)
		}
		b.Verify(t)
		for name, change := range changes {
			found := tampered(t, b, change)
			if len(found) == 0 {
				t.Errorf("%s: nobody noticed", name)
			}
		}
		b.Verify(t)
	})
}

// tampered applies a change, verifies and puts everything back.
func tampered(t *testing.T, b *journaltest.Bundle, change string) []journal.Problem {
	t.Helper()
	ctx := context.Background()
	rows, err := b.Store.Page(ctx, b.Journal.Lane(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(query string, args ...any) {
		if err := b.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(query, args...)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	exec(change)
	report, err := journal.Verify(ctx, b.Store, b.Secrets)
	if err != nil {
		t.Fatal(err)
	}
	exec(`DELETE FROM journal`)
	exec(`UPDATE lane SET n = 10`)
	if err := b.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		return b.Store.InsertRows(tx, rows)
	}); err != nil {
		t.Fatal(err)
	}
	return report.Problems
}

func TestCheckpointKnowsARewrittenChain(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		b := journaltest.New(t, db, clock.Real{})
		for i := range int64(3) {
			if _, err := add(db, b.Journal, placed(i+1)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Journal.Checkpoint(ctx); err != nil {
			t.Fatal(err)
		}
		if report := b.Verify(t); report.Checkpoints != 1 {
			t.Fatalf("%d checkpoints", report.Checkpoints)
		}
		// Somebody rewrites the whole lane with a chain that holds in itself.
		err := db.InTx(ctx, func(tx *sqldb.Tx) error {
			for _, q := range []string{`DELETE FROM journal`, `DELETE FROM lane`} {
				if _, err := tx.Exec(q); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		other := journaltest.New(t, db, clock.Real{})
		for i := range int64(3) {
			if _, err := add(db, other.Journal, placed(i+50)); err != nil {
				t.Fatal(err)
			}
		}
		report, err := journal.Verify(ctx, b.Store, b.Secrets)
		if err != nil || len(report.Problems) != 1 ||
			!strings.Contains(report.Problems[0].What, "checkpoint") {
			t.Fatalf("a rewritten chain passed: %+v (%v)", report, err)
		}
	})
}

func TestPersonalPartGoesWithItsKeyAndTheChainHolds(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		b := journaltest.New(t, db, clock.Real{})
		key := bytes.Repeat([]byte{5}, 32)
		e := placed(1)
		e.Personal, e.SubjectKey = []byte("13800138000"), key
		if _, err := add(db, b.Journal, e); err != nil {
			t.Fatal(err)
		}
		rows, err := b.Store.Page(ctx, b.Journal.Lane(), 0, 10)
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		if bytes.Contains(append(rows[0].Loose, rows[0].Chained...), []byte("13800")) {
			t.Fatal("a personal value stands in the open")
		}
		plain, err := b.Journal.Personal(rows[0], key)
		if err != nil || string(plain) != "13800138000" {
			t.Fatalf("%q %v", plain, err)
		}
		if _, err := b.Journal.Personal(rows[0], bytes.Repeat([]byte{6}, 32)); err == nil {
			t.Fatal("another key opened it")
		}
		moved := rows[0]
		moved.N++
		if _, err := b.Journal.Personal(moved, key); err == nil {
			t.Fatal("it opened at another position")
		}
		b.Verify(t) // nobody needs the key for this
		if err := db.InTx(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`UPDATE journal SET loose = NULL`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		b.Verify(t)
	})
}

func TestEntryOverALimitUndoesItsCommandAlone(t *testing.T) {
	t.Parallel()
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{})
	large, nameless, keyless := placed(1), placed(2), placed(3)
	large.Data = make([]byte, journal.MaxData+1)
	nameless.Action = ""
	keyless.Personal = []byte("x")
	for i, e := range []journal.Entry{large, nameless, keyless} {
		if _, err := add(b.DB, b.Journal, e); err == nil {
			t.Errorf("entry %d was taken", i)
		}
	}
	full := placed(4)
	full.Data = bytes.Repeat([]byte("x"), journal.MaxData)
	full.Objects = nil
	for i := range journal.MaxObjects {
		full.Objects = append(full.Objects, journal.Object{Kind: "ord", ID: int64(i) << 55,
			Revision: 1 << 60})
	}
	if pos, err := add(b.DB, b.Journal, full); err != nil || pos.N != 1 {
		t.Fatalf("the largest entry: %v %v", pos, err)
	}
	b.Verify(t)
}

func BenchmarkAppend(bench *testing.B) {
	for _, size := range []int{1, 16, 64, 256} {
		bench.Run(fmt.Sprintf("batch=%d", size), func(bench *testing.B) {
			db := sqldbtest.Open(bench, clock.Real{})
			b := journaltest.New(bench, db, clock.Real{})
			e := placed(1)
			for bench.Loop() {
				err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
					for range size {
						b.Journal.Append(tx, e)
					}
					return nil
				})
				if err != nil {
					bench.Fatal(err)
				}
			}
			bench.ReportMetric(float64(bench.Elapsed().Nanoseconds())/
				float64(bench.N*size), "ns/entry")
		})
	}
}
