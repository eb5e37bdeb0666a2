package checkin_test

import (
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/checkin"
	"foyer/internal/checkin/checkintest"
	"foyer/internal/clock"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/ticket/tickettest"
)

// durable is a database that syncs each commit, as in service.
func durable(b *testing.B) *sqldb.DB {
	b.Helper()
	db, err := sqldb.Open(sqldb.Config{Path: filepath.Join(b.TempDir(), "foyer.db")},
		clock.Real{}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if err := db.Migrate(ctx, nil); err != nil {
		b.Fatal(err)
	}
	return db
}

// BenchmarkAdmit scans tickets of one session at 64 gates with fsync on; one operation is
// one admission with its journal row.
func BenchmarkAdmit(b *testing.B) {
	w := checkintest.New(b, durable(b), clock.Real{}, nil)
	var gates [64]actor.Actor
	for i := range gates {
		gates[i], _ = w.Enrol(tickettest.Venue, "闸")
	}
	s := w.Session(tickettest.Venue, 0)
	asks := make([]checkin.Ask, 0, b.N)
	for len(asks) < b.N {
		for _, t := range w.Issue(s, tickettest.Units(min(500, b.N-len(asks)))) {
			asks = append(asks, w.Ask(w.Code(&t), checkin.Entry, 1))
		}
	}
	b.ResetTimer()
	var next atomic.Int64
	var all sync.WaitGroup
	for _, gate := range gates {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(asks) {
					return
				}
				if _, err := w.Module.Admit(ctx, gate, asks[i]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "admissions/s")
	st := w.DB.Stats()
	b.ReportMetric(float64(st.Functions)/float64(max(st.Batches, 1)), "batch")
}

// BenchmarkRefuse scans a ticket that is used up: the writer has no part in it.
func BenchmarkRefuse(b *testing.B) {
	w := checkintest.New(b, sqldbtest.Open(b, clock.Real{}), clock.Real{}, nil)
	gate, _ := w.Enrol(tickettest.Venue, "闸")
	t := w.Issue(w.Session(tickettest.Venue, 0), tickettest.Units(1))[0]
	ask := w.Ask(w.Code(&t), checkin.Entry, 1)
	if _, err := w.Module.Admit(ctx, gate, ask); err != nil {
		b.Fatal(err)
	}
	ask.Nonce = "another"
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := w.Module.Admit(ctx, gate, ask); err == nil {
				b.Error("admitted")
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "refusals/s")
}
