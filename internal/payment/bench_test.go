package payment_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/payment"
	"foyer/internal/payment/paymenttest"
	"foyer/internal/sandboxbank"
	"foyer/internal/sqldb"
)

// BenchmarkPurchase is open → pay → signed notice → query → settle, with the bank, the
// buyers and the product in one process, every write durable.
func BenchmarkPurchase(b *testing.B) {
	for name, withRSA := range map[string]bool{"ed25519": false, "rsa": true} {
		b.Run(name, func(b *testing.B) { purchases(b, withRSA) })
	}
}

func purchases(b *testing.B, withRSA bool) {
	db, err := sqldb.Open(sqldb.Config{Path: filepath.Join(b.TempDir(), "foyer.db")},
		clock.Real{}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if err := db.Migrate(context.Background(), nil); err != nil {
		b.Fatal(err)
	}
	w := paymenttest.New(b, db, clock.Real{},
		func(c *sandboxbank.Config) { c.RSANotices = withRSA }, nil)
	b.SetParallelism(32)
	b.ResetTimer()
	start, cpu := time.Now(), cpuTime(b)
	b.RunParallel(func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			o := w.Place(b, 9900, 10*time.Minute)
			p, err := w.Open(ctx, o)
			if err != nil {
				b.Error(err)
				return
			}
			w.Bank.Pay(b, p.Sent.RedirectURL)
			for p.State != payment.Captured {
				time.Sleep(10 * time.Millisecond)
				if p, err = w.Store.Find(ctx, p.ID); err != nil {
					b.Error(err)
					return
				}
			}
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "purchases/s")
	// What a core could do if nothing else ran on it: for machines that are shared.
	b.ReportMetric(float64(b.N)/(cpuTime(b)-cpu).Seconds(), "purchases/cpu-s")
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
