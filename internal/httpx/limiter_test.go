package httpx_test

import (
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/httpx"
	"foyer/internal/httpx/httpxtest"
)

func TestGCRA(t *testing.T) {
	t.Parallel()
	httpxtest.Limiter(t, func(*testing.T) (httpx.Limiter, func(time.Duration)) {
		clk := clock.NewFake(time.Unix(1_700_000_000, 0))
		return httpx.NewGCRA(clk, 0), clk.Advance
	})
}
