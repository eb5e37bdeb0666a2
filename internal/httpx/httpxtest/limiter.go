// Package httpxtest holds the suites that every implementation of httpx's ports passes.
package httpxtest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/httpx"
)

// NewLimiter makes an empty limiter for a test, and what lets its time pass: a fake clock
// steps, a limiter with a server of its own may really wait.
type NewLimiter func(t *testing.T) (limiter httpx.Limiter, pass func(time.Duration))

var class = httpx.Rate{Name: "suite", Count: 10, Per: time.Second, Burst: 5}

// Limiter is the suite of httpx.Limiter.
func Limiter(t *testing.T, make NewLimiter) {
	t.Run("burst then refusal", func(t *testing.T) { burst(t, make) })
	t.Run("refills evenly", func(t *testing.T) { refill(t, make) })
	t.Run("a refusal costs nothing", func(t *testing.T) { refusal(t, make) })
	t.Run("subjects and classes are apart", func(t *testing.T) { apart(t, make) })
	t.Run("no class, no limit", func(t *testing.T) { unlimited(t, make) })
	t.Run("exact under concurrency", func(t *testing.T) { concurrent(t, make) })
	t.Run("an ended context fails", func(t *testing.T) { ended(t, make) })
}

func take(t *testing.T, l httpx.Limiter, c httpx.Rate, subject string) httpx.Verdict {
	t.Helper()
	v, err := l.Take(context.Background(), c, subject)
	if err != nil {
		t.Fatalf("Take: %v", err)
	}
	return v
}

func burst(t *testing.T, make NewLimiter) {
	l, _ := make(t)
	for i := range class.Burst {
		v := take(t, l, class, "a")
		if !v.Allowed || v.Remaining != class.Burst-1-i {
			t.Fatalf("request %d: %+v", i, v)
		}
	}
	v := take(t, l, class, "a")
	if v.Allowed || v.RetryAfter <= 0 || v.RetryAfter > 100*time.Millisecond {
		t.Fatalf("over the burst: %+v", v)
	}
}

func refill(t *testing.T, make NewLimiter) {
	l, pass := make(t)
	for range class.Burst {
		take(t, l, class, "a")
	}
	for i := range 3 {
		pass(100 * time.Millisecond)
		if v := take(t, l, class, "a"); !v.Allowed {
			t.Fatalf("step %d: one interval passed and none was allowed: %+v", i, v)
		}
	}
	pass(10 * time.Second)
	n := 0
	for take(t, l, class, "a").Allowed {
		if n++; n > 2*class.Burst {
			break
		}
	}
	if n != class.Burst && n != class.Burst+1 { // real time may add one
		t.Fatalf("after a long rest %d were allowed, want the burst of %d", n, class.Burst)
	}
}

func refusal(t *testing.T, make NewLimiter) {
	l, pass := make(t)
	for range class.Burst {
		take(t, l, class, "a")
	}
	for range 50 {
		take(t, l, class, "a")
	}
	pass(100 * time.Millisecond)
	if v := take(t, l, class, "a"); !v.Allowed {
		t.Fatalf("fifty refusals pushed the next chance away: %+v", v)
	}
}

func apart(t *testing.T, make NewLimiter) {
	l, _ := make(t)
	other := class
	other.Name = "suite_other"
	for range class.Burst {
		take(t, l, class, "a")
	}
	if !take(t, l, class, "b").Allowed || !take(t, l, other, "a").Allowed {
		t.Fatal("another subject or class was refused")
	}
}

func unlimited(t *testing.T, make NewLimiter) {
	l, _ := make(t)
	for range 1000 {
		if !take(t, l, httpx.Unlimited, "a").Allowed {
			t.Fatal("refused without a limit")
		}
	}
}

func concurrent(t *testing.T, make NewLimiter) {
	l, _ := make(t)
	slow := httpx.Rate{Name: "suite_slow", Count: 1, Per: time.Hour, Burst: 40}
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				v, err := l.Take(context.Background(), slow, "shared")
				if err != nil {
					t.Error(fmt.Errorf("goroutine %d, %d: %w", g, i, err))
				}
				if v.Allowed {
					allowed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := allowed.Load(); n != 40 {
		t.Fatalf("%d of 400 were allowed, want exactly 40", n)
	}
}

func ended(t *testing.T, make NewLimiter) {
	l, _ := make(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.Take(ctx, class, "a"); err == nil {
		t.Fatal("an ended context was not told")
	}
}
