package seating

import "context"

// Named is a choice of exactly the places that an ask names, for a sale that took place
// without us: what the map and the allotments say of it is checked, the board is not asked.
// The book decides when they are claimed. Refused with ErrUnknownPlace, ErrSplitsPair,
// ErrNotForSale.
func (c *Chooser) Named(ctx context.Context, ask Ask) (*Choice, error) {
	plan, err := c.plans.Plan(ctx, ask.MapID)
	if err != nil {
		return nil, err
	}
	ask.Best, ask.Hints, ask.Orphans = nil, false, ""
	p, err := lookFor(plan, ask)
	if err != nil {
		return nil, err
	}
	if err := c.allow(ctx, ask, &p); err != nil {
		return nil, err
	}
	return &Choice{Session: ask.Session, Index: plan.Index, Places: ask.Places, Areas: p.Areas,
		From: p.From}, nil
}

// Holder is who has a place.
type Holder struct {
	Place int32
	Owner Owner
	State ClaimState
}
