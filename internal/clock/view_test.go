package clock_test

import (
	"context"
	"testing"
	"time"

	"foyer/internal/clock"
)

func TestSeenIsTheViewElseNow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	c := clock.NewFake(now)
	if got := clock.Seen(context.Background(), c); !got.Equal(now) {
		t.Errorf("without a view it is %v", got)
	}
	there := clock.View(context.Background(), now.AddDate(0, 1, 0))
	if got := clock.Seen(there, c); !got.Equal(now.AddDate(0, 1, 0)) {
		t.Errorf("with a view it is %v", got)
	}
	if !c.Now().Equal(now) {
		t.Error("the clock itself moved")
	}
}
