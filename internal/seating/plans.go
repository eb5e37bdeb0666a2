package seating

import (
	"context"
	"sync"
	"sync/atomic"

	"foyer/internal/seating/choose"
	"foyer/internal/seating/seatmap"
)

// Plan is a published seat map, ready for use. It never changes.
type Plan struct {
	Version      int64
	Organization int64
	Hall         int64
	Index        *seatmap.Index
	Chooser      *choose.Plan
	forSale      int // seats that are no house seats
}

// NewPlan indexes a map.
func NewPlan(v Version, m *seatmap.Map) *Plan {
	p := &Plan{Version: v.ID, Organization: v.Organization, Hall: v.Hall,
		Index: seatmap.NewIndex(m)}
	p.Chooser = choose.New(p.Index)
	for i := range p.Index.Len() {
		if p.Index.Seat(i).Kind != seatmap.House {
			p.forSale++
		}
	}
	return p
}

// Bounds of the decoded maps kept in memory; a seat costs some 300 bytes.
const (
	maxPlans     = 512
	maxPlanSeats = 400_000
)

// PlanCache keeps decoded maps by version. Make one with NewPlanCache.
type PlanCache struct {
	store MapReads

	mu    sync.RWMutex
	plans map[int64]*cachedPlan
	seats int
	clock atomic.Int64 // counts uses, to know the least recent
}

type cachedPlan struct {
	*Plan
	used  atomic.Int64
	ready chan struct{}
	err   error
}

// NewPlanCache makes an empty cache.
func NewPlanCache(store MapReads) *PlanCache {
	return &PlanCache{store: store, plans: map[int64]*cachedPlan{}}
}

// Plan is the map of a version, from memory when it was used lately; the first of those
// who ask at the same time reads it for all. Refused with fault.Missing.
func (c *PlanCache) Plan(ctx context.Context, version int64) (*Plan, error) {
	c.mu.RLock()
	p := c.plans[version]
	c.mu.RUnlock()
	if p == nil {
		c.mu.Lock()
		if p = c.plans[version]; p == nil {
			p = &cachedPlan{ready: make(chan struct{})}
			c.plans[version] = p
			c.mu.Unlock()
			c.load(ctx, version, p)
		} else {
			c.mu.Unlock()
		}
	}
	select {
	case <-p.ready:
	default:
		select {
		case <-p.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	p.used.Store(c.clock.Add(1))
	return p.Plan, p.err
}

// Cached is the plan if it is in memory; for transactions, which must not wait.
func (c *PlanCache) Cached(version int64) *Plan {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if p := c.plans[version]; p != nil {
		select {
		case <-p.ready:
			return p.Plan
		default:
		}
	}
	return nil
}

func (c *PlanCache) load(ctx context.Context, version int64, p *cachedPlan) {
	v, blob, err := c.store.Version(context.WithoutCancel(ctx), version)
	var m *seatmap.Map
	var plan *Plan
	if err == nil {
		m, err = seatmap.Decode(blob)
	}
	if err == nil {
		plan = NewPlan(v, m)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(p.ready)
	p.Plan, p.err = plan, err
	if err != nil {
		delete(c.plans, version)
		return
	}
	c.seats += p.Index.Len()
	for len(c.plans) > maxPlans || c.seats > maxPlanSeats {
		if !c.evict(p) {
			return
		}
	}
}

// evict forgets the map that was not used for longest; false when only keep is left.
func (c *PlanCache) evict(keep *cachedPlan) bool {
	var oldest *cachedPlan
	for _, p := range c.plans {
		if p != keep && p.Plan != nil && (oldest == nil || p.used.Load() < oldest.used.Load()) {
			oldest = p
		}
	}
	if oldest == nil {
		return false
	}
	delete(c.plans, oldest.Version)
	c.seats -= oldest.Index.Len()
	return true
}
