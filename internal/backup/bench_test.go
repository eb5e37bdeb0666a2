package backup_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"foyer/internal/backup"
	"foyer/internal/sqldb"
)

// fillers write what paid orders of two seats leave behind, ids first+1..first+n, with
// documents of the size that they have in service.
var fillers = []string{
	`INSERT INTO orders SELECT i, 1, i, 1, 'h5', 'paid', 'CNY', 100, 100, 0, 1, 0, i, 600, i,
		'', 1, 1 FROM n`,
	`INSERT INTO order_line SELECT i, 1, 1, 1, 'A', 2, 100, randomblob(300) FROM n`,
	`INSERT INTO claim SELECT i, 1, 1, i, 2, 0 FROM n UNION ALL SELECT i, 2, 1, i, 2, 0 FROM n`,
	`INSERT INTO limit_counter SELECT 1, 1, i, 2, 0, 0, 0, 0 FROM n`,
	`INSERT INTO payment SELECT i, 1, i, 'sandbox', 'h5', 'captured', 100, 'CNY', 100, 0,
		'ref-' || i, i, i, i, 0, 'paid', randomblob(400), 1 FROM n`,
	`INSERT INTO ticket SELECT 2*i+u, 1, i, 1, u, 1, i, 1, 1, 1, 'live', '5 排 12 座', '成人',
		'Adult', i, i, 0 FROM n, (SELECT 0 AS u UNION SELECT 1)`,
	`INSERT INTO entitlement SELECT 2*i+u, 1, 1, 1, 'live', 1, 0, 0, 50, i, i
		FROM n, (SELECT 0 AS u UNION SELECT 1)`,
	`INSERT INTO journal SELECT 9, 2*i+u, i, 1, 1, i, 'order.placed', randomblob(400), NULL,
		randomblob(32) FROM n, (SELECT 0 AS u UNION SELECT 1)`,
	`INSERT INTO journal_ref SELECT 'ord', i, i, 9, 3*i+u, 1
		FROM n, (SELECT 0 AS u UNION SELECT 1 UNION SELECT 2)`,
	`INSERT INTO posting SELECT i, 9, i, u, 'sales', 1, 'CNY'
		FROM n, (SELECT 0 AS u UNION SELECT 1)`,
}

const numbers = `WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?)
	SELECT`

func fillOrders(b *testing.B, h *house, orders int) {
	b.Helper()
	const slice = 20_000
	for first := 0; first < orders; first += slice {
		err := h.db.InTx(ctx(), func(tx *sqldb.Tx) error {
			for _, text := range fillers {
				text = strings.Replace(text, "SELECT", numbers, 1)
				if _, err := tx.Exec(text, first+1, first+slice); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMillionOrders says how long a backup and a restore of a million paid orders
// take: go test -run NONE -bench MillionOrders -benchtime 1x ./internal/backup
func BenchmarkMillionOrders(b *testing.B) {
	h := newHouse(b)
	fillOrders(b, h, 1_000_000)
	into := b.TempDir()
	b.ResetTimer()
	for i := range b.N {
		taken, err := h.source().Take(ctx(), backup.Options{Into: filepath.Join(into,
			fmt.Sprint(i))})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(taken.Manifest.Size())/1e6, "MB")
		took := b.Elapsed()
		b.ReportMetric(took.Seconds(), "backup-s")
		to := h.target(taken)
		if _, err := to.Restore(ctx()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((b.Elapsed() - took).Seconds(), "restore-s")
	}
}
