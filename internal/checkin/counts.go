package checkin

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
)

// Count is the live figures of a session.
type Count struct {
	Session *catalog.Sellable
	Figures
	Sold     int // people with live tickets
	Capacity int // 0: not known
}

// Around are the sessions of a venue that a gate may see people of now. A device asks for
// its own venue (0 or that one); staff name one where they may scan or view.
func (c *CheckIns) Around(ctx context.Context, who actor.Actor, venue int64) (
	[]*catalog.Sellable, error,
) {
	organization, venue, err := c.standsAt(ctx, who, venue)
	if err != nil {
		return nil, err
	}
	now := c.cfg.Clock.Now()
	q := catalog.SessionQuery{Venue: venue, Organization: organization, Limit: 500,
		From: now.Add(-longestOfShow), To: now.Add(earlyLook)}
	var list []*catalog.Sellable
	for range 20 { // pages
		page, next := c.cfg.Sessions.Sessions(q)
		for _, s := range page {
			if s.EndsAt.After(now.Add(-lateLook)) && len(list) < maxAround {
				list = append(list, s)
			}
		}
		if next == nil || len(list) >= maxAround {
			break
		}
		q.After = next
	}
	return list, nil
}

// standsAt is the venue that a caller of the gate's lists means. Staff without rights there
// are answered as if there were none.
func (c *CheckIns) standsAt(ctx context.Context, who actor.Actor, venue int64) (
	organization, at int64, err error,
) {
	if who.Kind == actor.Device {
		d, err := c.devices.active(ctx, who.ID)
		if err != nil {
			return 0, 0, err
		}
		if venue != 0 && venue != d.Venue {
			return 0, 0, fault.Missing
		}
		return d.Organization, d.Venue, nil
	}
	if venue == 0 {
		return 0, 0, fault.BadInput.At("venue_id", "is required for staff / 员工须指定场馆")
	}
	for _, o := range who.Organizations() {
		if !who.May(PermScan, o, venue) && !who.May(PermView, o, venue) {
			continue
		}
		if _, err := c.cfg.Venues.Get(ctx, actor.Scope{Organization: o}, venue); err == nil {
			return o, venue, nil
		}
	}
	return 0, 0, fault.Missing
}

// CountsAround are the figures of the sessions around now.
func (c *CheckIns) CountsAround(ctx context.Context, who actor.Actor, venue int64) (
	[]Count, error,
) {
	list, err := c.Around(ctx, who, venue)
	if err != nil {
		return nil, err
	}
	return c.counts(ctx, list)
}

// CountOf is the figures of one session, for staff who may view them.
func (c *CheckIns) CountOf(ctx context.Context, who actor.Actor, organization, session int64) (
	*Count, error,
) {
	s, err := c.cfg.Sessions.Sellable(ctx, session)
	if err != nil {
		return nil, err
	}
	if s.Session.Organization != organization {
		return nil, fault.Missing
	}
	if err := catalog.Allow(who, PermView, organization, s.VenueID); err != nil {
		return nil, err
	}
	list, err := c.counts(ctx, []*catalog.Sellable{s})
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

func (c *CheckIns) counts(ctx context.Context, list []*catalog.Sellable) ([]Count, error) {
	ids := make([]int64, len(list))
	for i, s := range list {
		ids[i] = s.Session.ID
	}
	figures, err := c.store.CountsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Count, len(list))
	for i, s := range list {
		out[i] = Count{Session: s, Figures: figures[s.Session.ID]}
		if out[i].Sold, err = c.sold(ctx, s); err != nil {
			return nil, err
		}
		if c.cfg.Capacities != nil {
			if out[i].Capacity, err = c.cfg.Capacities.Capacity(ctx, s); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// sold is the people with live tickets, read at most once in peopleAge for a session.
func (c *CheckIns) sold(ctx context.Context, s *catalog.Sellable) (int, error) {
	now, id := c.cfg.Clock.Now(), s.Session.ID
	c.mu.Lock()
	known, ok := c.people[id]
	c.mu.Unlock()
	if ok && now.Sub(known.at) < peopleAge && !now.Before(known.at) {
		return known.n, nil
	}
	n, err := c.cfg.Tickets.People(ctx, actor.Scope{Organization: s.Session.Organization}, id)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.people) > 10*maxAround {
		clear(c.people)
	}
	c.people[id] = counted{n, now}
	return n, nil
}
