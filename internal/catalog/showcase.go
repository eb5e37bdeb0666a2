package catalog

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"foyer/internal/fault"
	"foyer/internal/journal"
)

// showcase is the picture of the catalogue in memory. Readers take the current view, which
// never changes; commits push what they changed, and catchUp makes the next view of it.
type showcase struct {
	cfg  Config
	view atomic.Pointer[view]

	mu      sync.Mutex
	pending []any

	making sync.Mutex // one maker at a time, so that changes apply in commit order
	wake   chan struct{}
}

func newShowcase(cfg Config) *showcase {
	s := &showcase{cfg: cfg, wake: make(chan struct{}, 1)}
	s.view.Store(newView(cfg))
	return s
}

// push notes a changed object; it is called in commit order and must be quick.
func (s *showcase) push(v any) {
	s.mu.Lock()
	s.pending = append(s.pending, v)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *showcase) take() []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.pending
	s.pending = nil
	return list
}

// catchUp makes the picture show everything that was pushed before the call.
func (s *showcase) catchUp() {
	s.making.Lock()
	defer s.making.Unlock()
	if changes := s.take(); len(changes) > 0 {
		s.view.Store(s.view.Load().with(changes, s.cfg.Clock.Now()))
	}
}

// refresh renders anew what time alone has changed: next sessions, prices, days.
func (s *showcase) refresh() {
	s.making.Lock()
	defer s.making.Unlock()
	now := s.cfg.Clock.Now()
	if v := s.view.Load(); v.dueBy(now) {
		s.view.Store(v.with(nil, now))
	}
}

// refreshEvery is how late the lists may be about what time alone changes.
const refreshEvery = 15 * time.Second

// Run keeps the picture in step with commits whose callers went away and with time. It
// ends with ctx.
func (c *Catalog) Run(ctx context.Context) error {
	for {
		tick, stop := c.cfg.Clock.After(refreshEvery)
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-c.board.wake:
			stop()
			c.board.catchUp()
		case <-tick:
			c.board.refresh()
		}
	}
}

// loadPage is how many rows a load reads at a time.
const loadPage = 500

// Load reads the picture from the store: once at the start, before it serves.
func (c *Catalog) Load(ctx context.Context) error {
	st := c.cfg.Stores
	var all []any
	err := errors.Join(loadAll(ctx, st.Organizations, &all), loadAll(ctx, st.Venues, &all),
		loadAll(ctx, st.Halls, &all), loadAll(ctx, st.Events, &all),
		loadAll(ctx, st.TicketTypes, &all), loadAll(ctx, st.PriceLists, &all),
		loadAll(ctx, st.RefundPolicies, &all), loadAll(ctx, st.Offers, &all),
		loadAll(ctx, st.Releases, &all), loadAll(ctx, st.Batches, &all),
		loadAll(ctx, st.Holidays, &all), loadAll(ctx, st.Sessions, &all))
	if err != nil {
		return err
	}
	for _, v := range all {
		c.board.push(v)
	}
	c.board.catchUp()
	return nil
}

func loadAll[T any](ctx context.Context, store Store[T], into *[]any) error {
	var after int64
	for {
		page, err := store.Known(ctx, after, loadPage)
		if err != nil {
			return err
		}
		for _, v := range page {
			*into = append(*into, v)
			after = metaOf(v).ID
		}
		if len(page) < loadPage {
			return nil
		}
	}
}

// OnFact re-reads what another process changed; it is a subscriber of the journal. Facts
// of this process find their revision shown already and cost nothing. A price list or
// policy that changed also changed the sessions pinned to it.
func (c *Catalog) OnFact(ctx context.Context, f journal.Fact) error {
	for _, o := range f.Objects {
		if err := c.reread(ctx, o); err != nil && !errors.Is(err, fault.Missing) {
			return err
		}
	}
	c.board.catchUp()
	return nil
}

func (c *Catalog) reread(ctx context.Context, o journal.Object) error {
	v, st := c.board.view.Load(), c.cfg.Stores
	switch o.Kind {
	case string(KindOrganization):
		return reread(ctx, c, st.Organizations, v.organizations, o)
	case string(KindVenue):
		return reread(ctx, c, st.Venues, v.venues, o)
	case string(KindHall):
		return reread(ctx, c, st.Halls, v.halls, o)
	case string(KindEvent):
		return reread(ctx, c, st.Events, v.events, o)
	case string(KindTicketType):
		return c.rereadPrices(ctx, reread(ctx, c, st.TicketTypes, v.types, o), o.ID,
			v.types.at(o.ID), o.Revision)
	case string(KindPriceList):
		return c.rereadSessions(ctx, reread(ctx, c, st.PriceLists, v.lists, o),
			v.lists.at(o.ID), o.Revision, func(s *Sellable) bool { return s.PriceListID == o.ID })
	case string(KindRefundPolicy):
		return c.rereadSessions(ctx, reread(ctx, c, st.RefundPolicies, v.policies, o),
			v.policies.at(o.ID), o.Revision,
			func(s *Sellable) bool { return s.RefundPolicyID == o.ID })
	case string(KindSession):
		if s := v.sessions.at(o.ID); s == nil || s.Revision < o.Revision {
			return c.push(ctx, o.ID)
		}
	case importKind:
		return c.Load(ctx)
	case string(KindHolidays):
		return c.rereadHolidays(ctx, o)
	case string(KindOffer), string(KindRelease), string(KindBatch):
		return c.rereadOffers(ctx, o)
	}
	return nil
}

func reread[T any](ctx context.Context, c *Catalog, store Store[T], shown shelf[int64, *T],
	o journal.Object) error {
	if is := shown.at(o.ID); is != nil && metaOf(is).Revision >= o.Revision {
		return nil
	}
	fresh, err := store.One(ctx, o.ID)
	if err == nil {
		c.board.push(fresh)
	}
	return err
}

func (c *Catalog) push(ctx context.Context, session int64) error {
	s, err := c.cfg.Stores.Sessions.One(ctx, session)
	if err == nil {
		c.board.push(s)
	}
	return err
}

func (c *Catalog) rereadPrices(ctx context.Context, err error, id int64, was *TicketType,
	revision int64) error {
	if err != nil || was == nil || was.Revision >= revision {
		return err
	}
	return c.pushWhere(ctx, func(s *Sellable) bool { return s.TicketType(id) != nil })
}

func (c *Catalog) rereadSessions(ctx context.Context, err error, was record, revision int64,
	uses func(*Sellable) bool) error {
	if err != nil || isNil(was) || was.meta().Revision >= revision {
		return err
	}
	return c.pushWhere(ctx, uses)
}

func isNil(r record) bool {
	switch v := r.(type) {
	case *PriceList:
		return v == nil
	case *RefundPolicy:
		return v == nil
	}
	return r == nil
}

func (c *Catalog) pushWhere(ctx context.Context, uses func(*Sellable) bool) error {
	for id, s := range c.board.view.Load().sessions.all() {
		if uses(s) {
			if err := c.push(ctx, id); err != nil && !isMissing(err) {
				return err
			}
		}
	}
	return nil
}
