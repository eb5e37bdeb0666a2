package cataloghttp

import (
	"context"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/httpx"
)

// seen is the moment that an answer about a venue is for: now, or the one that staff of it
// look at. Refused with fault.Missing and fault.NotAllowed.
func (d *door) seen(ctx context.Context, organization, venue int64) (time.Time, error) {
	return clock.Seen(ctx, d.clk), catalog.MayView(ctx, httpx.ActorOf(ctx), organization, venue)
}

// timed lets staff see a route as of another moment.
func timed(op httpx.Op) httpx.Op {
	op.Timed = true
	op.Refusals = append(op.Refusals, httpx.ViewTime)
	op.Description += " Staff with `time.machine` see their own as of the moment in `X-Foyer-Time`."
	return op
}
