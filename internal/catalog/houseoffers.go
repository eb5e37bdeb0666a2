package catalog

import (
	"context"
	"slices"

	"foyer/internal/journal"
)

// houseOffers is what an organization takes off its prices, and in which tiers it sells.
// It never changes; every change makes another one.
type houseOffers struct {
	offers   []*Offer // by rank, retired ones too
	releases []*Release
}

// takeOffer puts a changed offer, release or batch into the view that is being made. The
// sessions of the organization are then bound anew.
func (m *maker) takeOffer(v any) {
	switch v := v.(type) {
	case *Offer:
		m.changeHouse(v.Meta, func(h *houseOffers) {
			h.offers = replaced(h.offers, v)
			slices.SortFunc(h.offers, byRank)
		})
	case *Release:
		m.changeHouse(v.Meta, func(h *houseOffers) { h.releases = replaced(h.releases, v) })
	case *CodeBatch:
		if old := m.batches.at(v.ID); old == nil || old.Revision <= v.Revision {
			e := m.batches.edit()
			e.set(v.ID, v)
			m.batches = e.done()
		}
	}
}

func (m *maker) changeHouse(meta Meta, change func(*houseOffers)) {
	next := houseOffers{}
	if old := m.houses.at(meta.Organization); old != nil {
		next = *old
	}
	change(&next)
	e := m.houses.edit()
	e.set(meta.Organization, &next)
	m.houses = e.done()
	m.touched[objectKey{"organization", meta.Organization}] = true
}

// replaced is the list with v instead of an older one of the same key.
func replaced[T any](list []*T, v *T) []*T {
	id, revision := metaOf(v).ID, metaOf(v).Revision
	out := make([]*T, 0, len(list)+1)
	for _, old := range list {
		if metaOf(old).ID != id {
			out = append(out, old)
		} else if metaOf(old).Revision > revision {
			v = old
		}
	}
	return append(out, v)
}

// offersFor binds what is taken off the session's prices; nothing costs nothing.
func (v *view) offersFor(s *Sellable) {
	h := v.houses.at(s.Meta.Organization)
	if h == nil {
		return
	}
	for _, o := range h.offers {
		if !o.Retired && o.Covers(&s.Session) {
			s.Offers = append(s.Offers, o)
		}
	}
	for _, r := range h.releases {
		if r.Retired || !r.Covers(&s.Session) {
			continue
		}
		if s.Releases == nil {
			s.Releases = map[int64]*Release{}
		}
		if old := s.Releases[r.TicketType]; old == nil || narrower(r.Scope, old.Scope) ||
			!narrower(old.Scope, r.Scope) && r.ID > old.ID {
			s.Releases[r.TicketType] = r
		}
	}
}

// shownOffer is the revision of an offer in the picture, 0 without one.
func (v *view) shownOffer(organization, id int64) int64 {
	if h := v.houses.at(organization); h != nil {
		for _, o := range h.offers {
			if o.ID == id {
				return o.Revision
			}
		}
		for _, r := range h.releases {
			if r.ID == id {
				return r.Revision
			}
		}
	}
	return 0
}

// rereadOffers brings in what another process changed of an offer, a release or a batch,
// with the sessions whose revision it raised.
func (c *Catalog) rereadOffers(ctx context.Context, o journal.Object) error {
	v, st := c.board.view.Load(), c.cfg.Stores
	if o.Kind == string(KindBatch) {
		return reread(ctx, c, st.Batches, v.batches, o)
	}
	var organization int64
	if o.Kind == string(KindOffer) {
		fresh, err := st.Offers.One(ctx, o.ID)
		if err != nil || v.shownOffer(fresh.Organization, o.ID) >= o.Revision {
			return err
		}
		organization = fresh.Organization
		c.board.push(fresh)
	} else {
		fresh, err := st.Releases.One(ctx, o.ID)
		if err != nil || v.shownOffer(fresh.Organization, o.ID) >= o.Revision {
			return err
		}
		organization = fresh.Organization
		c.board.push(fresh)
	}
	return c.pushWhere(ctx, func(s *Sellable) bool { return s.Meta.Organization == organization })
}
