package catalog

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strconv"
	"time"

	"foyer/internal/fault"
)

// Filter asks for events. Empty fields ask for nothing.
type Filter struct {
	City, Kind, Genre, Language, Version, Query string
	Day                                         int // business day, yyyymmdd
	Venue, Organization                         int64
	// ByWeight orders by popularity instead of by the next session.
	ByWeight bool
}

// Mark is a position in a list of events: the order's key and the event.
type Mark struct {
	Key int64 `json:"k"`
	ID  int64 `json:"i"`
}

// CardPage is one page of a list of events. Bodies are shared and must not be changed.
type CardPage struct {
	Bodies [][]byte
	Next   *Mark // nil on the last page
	Total  int
	// Stamp changes whenever any of it does.
	Stamp uint64
}

// MaxPage bounds the items of a page.
const MaxPage = 100

// Browse is a page of published events, all from memory.
func (c *Catalog) Browse(f Filter, after *Mark, limit int) CardPage {
	v := c.board.view.Load()
	wants := f.sessionFacets()
	set := v.selected(f, wants)
	exact := len(wants) < 2 // two filters that speak of sessions: one session must pass both
	order, key := v.byTime, byTimeKey
	if f.ByWeight {
		order, key = v.byWeight, byWeightKey
	}
	start := 0
	if after != nil {
		start = sort.Search(len(order), func(i int) bool {
			c := v.cards[order[i]]
			return cmp.Or(cmp.Compare(key(c), after.Key), cmp.Compare(c.event.ID, after.ID)) > 0
		})
	}
	p := CardPage{Stamp: 14695981039346656037, Bodies: make([][]byte, 0, limit)}
	var last *card
	for _, slot := range order[start:] {
		if !set.has(slot) {
			continue
		}
		card := v.cards[slot]
		if !exact && !card.offers(wants) {
			continue
		}
		if len(p.Bodies) == limit {
			p.Next = &Mark{key(last), last.event.ID}
			break
		}
		p.Bodies, last = append(p.Bodies, card.body), card
		p.Stamp = (p.Stamp ^ card.stamp) * 1099511628211
	}
	return p
}

// selected is the set of cards that pass each filter.
func (v *view) selected(f Filter, wants []string) bits {
	set := slices.Clone(v.listed)
	if f.Kind != "" {
		set = set.and(v.facets.at("k" + f.Kind))
	}
	if f.Genre != "" {
		set = set.and(v.facets.at("g" + fold(f.Genre)))
	}
	if f.Organization != 0 {
		set = set.and(v.facets.at("o" + strconv.FormatInt(f.Organization, 10)))
	}
	for _, facet := range wants {
		set = set.and(v.facets.at(facet))
	}
	if f.Query == "" {
		return set
	}
	q := ask(f.Query)
	if len(q.words) == 0 {
		return nil
	}
	return set.and(v.matching(q))
}

func (f Filter) sessionFacets() []string {
	var out []string
	switch city := fold(f.City); {
	case f.City != "" && f.Day != 0:
		out = append(out, "d"+strconv.Itoa(f.Day)+"/"+city)
	case f.City != "":
		out = append(out, "c"+city)
	case f.Day != 0:
		out = append(out, "d"+strconv.Itoa(f.Day))
	}
	if f.Language != "" {
		out = append(out, "l"+fold(f.Language))
	}
	if f.Version != "" {
		out = append(out, "r"+fold(f.Version))
	}
	if f.Venue != 0 {
		out = append(out, "v"+strconv.FormatInt(f.Venue, 10))
	}
	return out
}

// offers says whether one session has all facets.
func (c *card) offers(wants []string) bool {
	if len(c.sessions) == 0 { // language and version speak of the event itself then
		return hasAll(c.facets, wants)
	}
	for _, s := range c.sessions {
		if hasAll(s.facets, wants) {
			return true
		}
	}
	return false
}

func hasAll(have, wants []string) bool {
	for _, w := range wants {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}

// Sellable is everything that selling a session needs. It refuses with fault.Missing. No
// SQL runs for sessions that have not ended before yesterday.
func (c *Catalog) Sellable(ctx context.Context, session int64) (*Sellable, error) {
	v := c.board.view.Load()
	if s := v.sessions.at(session); s != nil {
		return s, nil
	}
	raw, err := c.cfg.Stores.Sessions.One(ctx, session)
	if err != nil {
		return nil, err
	}
	if s := v.bind(raw); s != nil {
		return s, nil
	}
	return c.bindFromStore(ctx, raw)
}

// bindFromStore joins a session of the past whose event has left the picture.
func (c *Catalog) bindFromStore(ctx context.Context, raw *Session) (*Sellable, error) {
	st := c.cfg.Stores
	event, err := st.Events.One(ctx, raw.EventID)
	if err != nil {
		return nil, err
	}
	with := *c.board.view.Load()
	e := with.events.edit()
	e.set(event.ID, event)
	with.events = e.done()
	if s := with.bind(raw); s != nil {
		return s, nil
	}
	return nil, fault.Missing
}

// SessionQuery asks for public sessions that start within [From, To).
type SessionQuery struct {
	Event, Venue, Organization int64
	City, Kind                 string
	Day                        int
	From, To                   time.Time
	// Open leaves out what began before this time, but for what is still sold then: a day
	// ticket, a time slot. Zero leaves out nothing.
	Open  time.Time
	After *Mark // key: start in ms
	Limit int
}

// Sessions is a page of public sessions in order of start, from memory.
func (c *Catalog) Sessions(q SessionQuery) ([]*Sellable, *Mark) {
	v := c.board.view.Load()
	list := v.timeline
	switch {
	case q.Event != 0:
		list = v.byEvent.at(q.Event)
	case q.Venue != 0:
		list = v.byVenue.at(q.Venue)
	}
	from := q.From
	if !q.Open.IsZero() {
		from = latest(from, q.Open.Add(-longestSession))
	}
	if q.Day != 0 { // every time zone's day lies within these
		day := dayDate(q.Day)
		from = latest(from, day.Add(-14*time.Hour))
		q.To = earliest(q.To, day.Add(62*time.Hour))
	}
	i := sort.Search(len(list), func(i int) bool {
		s := list[i]
		if q.After != nil {
			return cmp.Or(cmp.Compare(s.StartsAt.UnixMilli(), q.After.Key),
				cmp.Compare(s.ID, q.After.ID)) > 0
		}
		return !s.StartsAt.Before(from)
	})
	var out []*Sellable
	city := fold(q.City)
	for _, s := range list[i:] {
		if !q.To.IsZero() && !s.StartsAt.Before(q.To) {
			break
		}
		if !q.takes(s, city) || s.StartsAt.Before(from) {
			continue
		}
		if len(out) == q.Limit {
			last := out[len(out)-1]
			return out, &Mark{last.StartsAt.UnixMilli(), last.ID}
		}
		out = append(out, s)
	}
	return out, nil
}

func (q *SessionQuery) takes(s *Sellable, city string) bool {
	return (q.Event == 0 || s.EventID == q.Event) && (q.Venue == 0 || s.VenueID == q.Venue) &&
		(q.Organization == 0 || s.Meta.Organization == q.Organization) &&
		(q.Kind == "" || string(s.Event.Kind) == q.Kind) &&
		(q.Day == 0 || s.BusinessDay == q.Day) &&
		(!s.StartsAt.Before(q.Open) || s.SaleAt(q.Open) == SaleOpen) &&
		(city == "" || fold(s.Venue.City) == city || fold(s.Venue.CityEn) == city)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// earliest ignores the zero time.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// PublicSession is a session that everybody may see; fault.Missing otherwise.
func (c *Catalog) PublicSession(ctx context.Context, id int64) (*Sellable, error) {
	s, err := c.Sellable(ctx, id)
	if err == nil && !s.Public() {
		err = fault.Missing
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// PublicEvent is a published event and its sessions to come; fault.Missing otherwise.
func (c *Catalog) PublicEvent(id int64) (*Event, []*Sellable, error) {
	v := c.board.view.Load()
	slot, ok := v.slots.get(id)
	if !ok {
		return nil, nil, fault.Missing
	}
	card := v.cards[slot]
	return card.event, card.sessions, nil
}

// PublicVenue is a published venue and its halls; fault.Missing otherwise.
func (c *Catalog) PublicVenue(id int64) (*Venue, []*Hall, error) {
	v := c.board.view.Load()
	venue := v.venues.at(id)
	if venue == nil || venue.State != Published {
		return nil, nil, fault.Missing
	}
	var halls []*Hall
	for _, h := range v.halls.all() {
		if h.VenueID == id {
			halls = append(halls, h)
		}
	}
	slices.SortFunc(halls, func(a, b *Hall) int { return cmp.Compare(a.ID, b.ID) })
	return venue, halls, nil
}

// PublicOrganization is an organization; fault.Missing when there is none.
func (c *Catalog) PublicOrganization(id int64) (*Organization, error) {
	o := c.board.view.Load().organizations.at(id)
	if o == nil {
		return nil, fault.Missing
	}
	return o, nil
}

// VenueQuery asks for published venues.
type VenueQuery struct {
	City, Kind, Query string
	Organization      int64
	After             int64
	Limit             int
}

// PublicVenues is a page of published venues by id; next is 0 on the last page.
func (c *Catalog) PublicVenues(q VenueQuery) (list []*Venue, next int64) {
	v := c.board.view.Load()
	city, word := fold(q.City), ask(q.Query)
	for _, venue := range v.venues.all() {
		if venue.State == Published && venue.ID > q.After &&
			(q.Kind == "" || string(venue.Kind) == q.Kind) &&
			(q.Organization == 0 || venue.Organization == q.Organization) &&
			(city == "" || fold(venue.City) == city || fold(venue.CityEn) == city) &&
			(q.Query == "" || v.venueScore(venue, word) > 0) {
			list = append(list, venue)
		}
	}
	slices.SortFunc(list, func(a, b *Venue) int { return cmp.Compare(a.ID, b.ID) })
	if len(list) > q.Limit {
		list = list[:q.Limit]
		next = list[q.Limit-1].ID
	}
	return list, next
}

func (v *view) venueScore(venue *Venue, q question) int {
	if len(q.words) == 0 {
		return 0
	}
	scratch := *v // readings found here are not kept
	m := &maker{view: &scratch}
	t := m.index("", []string{venue.Name, venue.NameEn, venue.Address, venue.AddressEn})
	return t.score(q)
}

// Hit is one finding of a search: an event or a venue.
type Hit struct {
	Event *Event
	Body  []byte // the event's card
	Venue *Venue
	Score int
}

// Search finds published events and venues by words in Chinese, by pinyin in full or by
// initials, and by aliases; best first.
func (c *Catalog) Search(query string, limit int) []Hit {
	q := ask(query)
	if len(q.words) == 0 {
		return nil
	}
	v := c.board.view.Load()
	found := v.matching(q)
	var hits []Hit
	for _, slot := range v.byWeight {
		if found.has(slot) {
			card := v.cards[slot]
			hits = append(hits, Hit{Event: card.event, Body: card.body, Score: card.text.score(q)})
		}
	}
	for _, venue := range v.venues.all() {
		if venue.State != Published {
			continue
		}
		if score := v.venueScore(venue, q); score > 0 {
			hits = append(hits, Hit{Venue: venue, Score: score})
		}
	}
	slices.SortStableFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.id(), b.id()))
	})
	return hits[:min(limit, len(hits))]
}

func (h Hit) id() int64 {
	if h.Venue != nil {
		return h.Venue.ID
	}
	return h.Event.ID
}

// Today is the business day that it is now in a venue; 0 when the venue is unknown.
func (c *Catalog) Today(venue int64) int {
	if v := c.board.view.Load().venues.at(venue); v != nil {
		return v.BusinessDay(c.cfg.Clock.Now())
	}
	return 0
}
