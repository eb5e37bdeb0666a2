package catalog

import (
	"cmp"
	"slices"
	"time"

	"foyer/internal/catalog/almanac"
)

// view is one moment of the catalogue. It never changes; with makes the next one.
type view struct {
	cfg Config

	organizations shelf[int64, *Organization]
	venues        shelf[int64, *Venue]
	halls         shelf[int64, *Hall]
	events        shelf[int64, *Event]
	types         shelf[int64, *TicketType]
	lists         shelf[int64, *PriceList]
	policies      shelf[int64, *RefundPolicy]
	houses        shelf[int64, *houseOffers] // by organization
	batches       shelf[int64, *CodeBatch]
	days          shelf[int64, *houseDays] // by organization
	almanac       *almanac.Almanac

	// sessions are all that have not ended before yesterday; the lists beside it hold the
	// public ones by start and id.
	sessions shelf[int64, *Sellable]
	byEvent  shelf[int64, []*Sellable]
	byVenue  shelf[int64, []*Sellable]
	timeline []*Sellable

	// Cards of the published events, by slot: small numbers that sets are made of.
	slots    shelf[int64, int32]
	cards    []*card
	free     []int32
	facets   shelf[string, bits]
	listed   bits
	byTime   []int32
	byWeight []int32
	readings shelf[rune, []string]
	due      time.Time // when time alone makes it wrong
	answers  *answers
}

func newView(cfg Config) *view {
	return &view{cfg: cfg, organizations: newShelf[int64, *Organization](),
		venues: newShelf[int64, *Venue](), halls: newShelf[int64, *Hall](),
		events: newShelf[int64, *Event](), types: newShelf[int64, *TicketType](),
		lists: newShelf[int64, *PriceList](), policies: newShelf[int64, *RefundPolicy](),
		houses: newShelf[int64, *houseOffers](), batches: newShelf[int64, *CodeBatch](),
		days: newShelf[int64, *houseDays](), almanac: builtIn(),
		sessions: newShelf[int64, *Sellable](), byEvent: newShelf[int64, []*Sellable](),
		byVenue: newShelf[int64, []*Sellable](), slots: newShelf[int64, int32](),
		facets: newShelf[string, bits](), readings: newShelf[rune, []string](),
		answers: newAnswers()}
}

// keptFor is how long after its end a session stays in the picture.
const keptFor = 36 * time.Hour

func (v *view) dueBy(now time.Time) bool { return !v.due.IsZero() && !now.Before(v.due) }

// maker makes the next view: objects first, then the sessions bound to them, then the
// cards of the events that any of this touched.
type maker struct {
	*view
	now      time.Time
	sessions *shelfEdit[int64, *Sellable]
	touched  map[any]bool // kinds and ids that sessions may point at: objectKey
	raw      map[int64]*Session
	gone     map[*Sellable]bool
	fresh    []*Sellable
	dirty    map[int64]bool // events
}

type objectKey struct {
	what string
	id   int64
}

func (v *view) with(changes []any, now time.Time) *view {
	next := *v
	next.answers = newAnswers()
	m := &maker{view: &next, now: now, sessions: v.sessions.edit(), touched: map[any]bool{},
		raw: map[int64]*Session{}, gone: map[*Sellable]bool{}, dirty: map[int64]bool{}}
	m.takeObjects(changes)
	m.collectSessions(len(changes) == 0)
	m.bindSessions()
	m.relist()
	next.sessions = m.sessions.done()
	m.renderCards()
	return &next
}

// replace puts a changed object on its shelf unless a newer one is there.
func replace[T any](m *maker, e *shelfEdit[int64, *T], what string, v *T) bool {
	meta := metaOf(v)
	if old := e.at(meta.ID); old != nil && metaOf(old).Revision > meta.Revision {
		return false
	}
	e.set(meta.ID, v)
	m.touched[objectKey{what, meta.ID}] = true
	return true
}

func (m *maker) takeObjects(changes []any) {
	organizations, venues, halls := m.organizations.edit(), m.venues.edit(), m.halls.edit()
	events, types := m.events.edit(), m.types.edit()
	lists, policies := m.lists.edit(), m.policies.edit()
	for _, change := range changes {
		switch v := change.(type) {
		case *Organization:
			replace(m, organizations, "organization", v)
		case *Venue:
			replace(m, venues, "venue", v)
		case *Hall:
			replace(m, halls, "hall", v)
		case *Event:
			if replace(m, events, "event", v) {
				m.dirty[v.ID] = true
			}
		case *TicketType:
			replace(m, types, "type", v)
			for id, l := range m.view.lists.all() {
				if slices.ContainsFunc(l.Cells, func(c PriceCell) bool {
					return c.TicketType == v.ID
				}) {
					m.touched[objectKey{"list", id}] = true
				}
			}
		case *PriceList:
			replace(m, lists, "list", v)
		case *RefundPolicy:
			replace(m, policies, "policy", v)
		case *Session:
			m.raw[v.ID] = v
		case *Offer, *Release, *CodeBatch:
			m.takeOffer(v)
		case *HolidayList:
			m.takeHolidays(v)
		}
	}
	m.organizations, m.venues, m.halls = organizations.done(), venues.done(), halls.done()
	m.events, m.types = events.done(), types.done()
	m.lists, m.policies = lists.done(), policies.done()
}

// collectSessions adds the sessions that point at something touched, and drops old ones
// when time is what makes the view.
func (m *maker) collectSessions(byTime bool) {
	if len(m.touched) == 0 && !byTime {
		return
	}
	for id, s := range m.view.sessions.all() {
		if s.EndsAt.Before(m.now.Add(-keptFor)) {
			m.retire(s)
			m.sessions.drop(id)
			continue
		}
		if _, changed := m.raw[id]; !changed && m.points(s) {
			own := s.Session
			m.raw[id] = &own
		}
	}
}

func (m *maker) points(s *Sellable) bool {
	for _, k := range [...]objectKey{{"organization", s.Meta.Organization}, {"venue", s.VenueID},
		{"hall", s.HallID}, {"event", s.EventID}, {"list", s.PriceListID},
		{"policy", s.RefundPolicyID}} {
		if m.touched[k] {
			return true
		}
	}
	return false
}

func (m *maker) retire(s *Sellable) {
	m.gone[s] = true
	m.dirty[s.EventID] = true
}

func (m *maker) bindSessions() {
	for id, raw := range m.raw {
		old := m.sessions.at(id)
		if old != nil && old.Revision > raw.Revision {
			continue
		}
		if old != nil {
			m.retire(old)
			m.sessions.drop(id)
		}
		if raw.EndsAt.Before(m.now.Add(-keptFor)) {
			continue
		}
		s := m.bind(raw)
		if s == nil {
			m.cfg.Log.Warn("a session points at something that is not there", "session", id)
			continue
		}
		m.sessions.set(id, s)
		m.dirty[s.EventID] = true
		m.fresh = append(m.fresh, s)
	}
}

// bind joins a session with what it points at; nil when something is missing.
func (v *view) bind(raw *Session) *Sellable {
	list, venue := v.lists.at(raw.PriceListID), v.venues.at(raw.VenueID)
	s := &Sellable{Session: *raw, Organization: v.organizations.at(raw.Organization),
		Venue: venue, Hall: v.halls.at(raw.HallID), Event: v.events.at(raw.EventID),
		Policy: v.policies.at(raw.RefundPolicyID)}
	if s.Organization == nil || s.Venue == nil || s.Hall == nil || s.Event == nil ||
		s.Policy == nil || list == nil {
		return nil
	}
	kind := v.dayOf(raw.Organization, raw.BusinessDay).Kind
	s.Prices, s.Currency = newPriceTable(list, venue, &s.Session, kind), list.Currency
	v.offersFor(s)
	s.originals = originalsOf(list)
	for _, c := range list.Cells {
		t := v.types.at(c.TicketType)
		if t != nil && !slices.Contains(s.TicketTypes, t) {
			s.TicketTypes = append(s.TicketTypes, t)
		}
	}
	s.TicketTypes = enteredBy(s.TicketTypes, raw.Entry)
	s.facets, s.Buyers = sessionFacets(s), s.buyerRules()
	return s
}

func bySaleTime(a, b *Sellable) int {
	return cmp.Or(a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.ID, b.ID))
}

// relist brings the ordered lists of public sessions up to date.
func (m *maker) relist() {
	if len(m.gone) == 0 && len(m.fresh) == 0 {
		return
	}
	var public []*Sellable
	events, venues := map[int64][]*Sellable{}, map[int64][]*Sellable{}
	for s := range m.gone {
		events[s.EventID], venues[s.VenueID] = nil, nil
	}
	slices.SortFunc(m.fresh, bySaleTime)
	for _, s := range m.fresh {
		if s.Public() {
			public = append(public, s)
			events[s.EventID] = append(events[s.EventID], s)
			venues[s.VenueID] = append(venues[s.VenueID], s)
		}
	}
	m.timeline = m.merged(m.timeline, public)
	m.byEvent = m.mergedShelf(m.byEvent, events)
	m.byVenue = m.mergedShelf(m.byVenue, venues)
}

func (m *maker) mergedShelf(s shelf[int64, []*Sellable],
	fresh map[int64][]*Sellable) shelf[int64, []*Sellable] {
	e := s.edit()
	for id, add := range fresh {
		e.set(id, m.merged(s.at(id), add))
	}
	return e.done()
}

// fewChanges is up to how many are looked up one by one instead of walking a whole list.
const fewChanges = 32

// merged is the list without those that are gone and with the fresh ones, both in order.
func (m *maker) merged(list, fresh []*Sellable) []*Sellable {
	if len(m.gone)+len(fresh) > fewChanges {
		return m.walked(list, fresh)
	}
	out := make([]*Sellable, len(list), len(list)+len(fresh))
	copy(out, list)
	for s := range m.gone {
		if i, ok := slices.BinarySearchFunc(out, s, bySaleTime); ok && out[i] == s {
			out = slices.Delete(out, i, i+1)
		}
	}
	for _, s := range fresh {
		i, _ := slices.BinarySearchFunc(out, s, bySaleTime)
		out = slices.Insert(out, i, s)
	}
	return out
}

func (m *maker) walked(list, fresh []*Sellable) []*Sellable {
	out := make([]*Sellable, 0, len(list)+len(fresh))
	for _, s := range list {
		if m.gone[s] {
			continue
		}
		for len(fresh) > 0 && bySaleTime(fresh[0], s) < 0 {
			out, fresh = append(out, fresh[0]), fresh[1:]
		}
		out = append(out, s)
	}
	return append(out, fresh...)
}
