package checkin

import (
	"context"

	"foyer/internal/actor"
)

// PrecinctFlow is who came into and left a precinct on a business day. The zero Precinct
// is the venue as a whole; its capacity is the sum of the precincts' where all say theirs.
type PrecinctFlow struct {
	Precinct Precinct
	Flow
}

// FlowsOf are the live figures of a venue's business day, the venue as a whole first. A
// device asks for its own venue; staff name one.
func (c *CheckIns) FlowsOf(ctx context.Context, who actor.Actor, venue int64) (
	day int, list []PrecinctFlow, err error,
) {
	organization, venue, err := c.standsAt(ctx, who, venue)
	if err != nil {
		return 0, nil, err
	}
	scope := actor.Scope{Organization: organization}
	v, err := c.cfg.Venues.Get(ctx, scope, venue)
	if err != nil {
		return 0, nil, err
	}
	precincts, err := c.devices.precincts.OfVenue(ctx, scope, venue)
	if err != nil {
		return 0, nil, err
	}
	day = v.BusinessDay(c.cfg.Clock.Now())
	flows, err := c.store.PrecinctsOf(ctx, venue, day)
	if err != nil {
		return 0, nil, err
	}
	whole, known := PrecinctFlow{Flow: flows[0]}, len(precincts) > 0
	for _, p := range precincts {
		whole.Precinct.Capacity += p.Capacity
		known = known && p.Capacity > 0
		list = append(list, PrecinctFlow{p, flows[p.ID]})
	}
	if !known {
		whole.Precinct.Capacity = 0
	}
	return day, append([]PrecinctFlow{whole}, list...), nil
}
