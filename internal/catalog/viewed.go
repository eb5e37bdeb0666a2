package catalog

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/clock"
)

// PermTime lets staff see what holds at another moment.
const PermTime actor.Permission = "time.machine"

// MayView refuses whoever looks at another moment of a venue where he may not; without a
// view everybody passes. Refused with fault.Missing and fault.NotAllowed.
func MayView(ctx context.Context, who actor.Actor, organization, venue int64) error {
	if _, viewed := clock.Viewed(ctx); !viewed {
		return nil
	}
	return Allow(who, PermTime, organization, venue)
}
