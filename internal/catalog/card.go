package catalog

import (
	"bytes"
	"cmp"
	"encoding/json"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"foyer/internal/money"
)

// card is a published event as lists show it, rendered once for everybody.
type card struct {
	event    *Event
	slot     int32
	sessions []*Sellable // those to come, in order
	body     []byte      // JSON
	stamp    uint64      // of body
	facets   []string
	timeKey  int64
	weight   int64
	due      time.Time // when time alone makes it wrong; zero: never
	text     searchText
}

// Card is the event of a public list.
type Card struct {
	ID            string         `json:"id"`
	Kind          EventKind      `json:"kind"`
	Title         string         `json:"title"`
	TitleEn       string         `json:"title_en,omitempty"`
	OriginalTitle string         `json:"original_title,omitempty"`
	PosterURL     string         `json:"poster_url,omitempty"`
	Directors     []string       `json:"directors,omitempty"`
	Cast          []string       `json:"cast,omitempty" doc:"the first five"`
	Genres        []string       `json:"genres,omitempty"`
	Countries     []string       `json:"countries,omitempty"`
	Languages     []string       `json:"languages,omitempty"`
	Versions      []string       `json:"versions,omitempty"`
	Minutes       int            `json:"minutes,omitempty"`
	AgeNote       string         `json:"age_note,omitempty"`
	AgeNoteEn     string         `json:"age_note_en,omitempty"`
	ReleaseDate   string         `json:"release_date,omitempty"`
	EndDate       string         `json:"end_date,omitempty"`
	Venues        []CardVenue    `json:"venues,omitempty" doc:"the first three"`
	VenueCount    int            `json:"venue_count"`
	SessionCount  int            `json:"session_count" doc:"sessions to come"`
	NextSessionAt *time.Time     `json:"next_session_at,omitempty"`
	NextZone      string         `json:"next_time_zone,omitempty" doc:"of that session's venue"`
	Days          []int          `json:"business_days,omitempty" doc:"the first 14, yyyymmdd"`
	PriceFrom     *money.Minor   `json:"price_from_minor,omitempty" doc:"lowest price now"`
	Currency      money.Currency `json:"currency,omitempty"`
}

// CardVenue is a venue as a card names it.
type CardVenue struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	NameEn string `json:"name_en,omitempty"`
	City   string `json:"city,omitempty"`
}

// MediaPath is where a picture is served.
func MediaPath(public string) string {
	if public == "" {
		return ""
	}
	return "/api/v1/media/" + public
}

// renderCards makes the cards of the dirty events anew and of those that time made wrong,
// and brings sets and orders in line.
func (m *maker) renderCards() {
	if m.dueBy(m.now) {
		for _, c := range m.cards {
			if c != nil && !c.due.IsZero() && !m.now.Before(c.due) {
				m.dirty[c.event.ID] = true
			}
		}
	}
	if len(m.dirty) == 0 {
		m.nextDue()
		return
	}
	m.cards, m.free = slices.Clone(m.cards), slices.Clone(m.free)
	slots, facets, listed := m.slots.edit(), m.facets.edit(), m.listed
	var moved []int32
	for id := range m.dirty {
		slot, had := m.slots.get(id)
		var old *card
		if had {
			old = m.cards[slot]
		}
		event := m.events.at(id)
		if event == nil || event.State != Published {
			if had {
				refacet(facets, slot, old.facets, nil)
				slots.drop(id)
				m.cards[slot], listed = nil, listed.with(slot, false)
				m.free, moved = append(m.free, slot), append(moved, slot)
			}
			continue
		}
		if !had {
			slot = m.newSlot()
			slots.set(id, slot)
			listed = listed.with(slot, true)
		}
		c := m.newCard(event, slot, old)
		var was []string
		if old != nil {
			was = old.facets
		}
		refacet(facets, slot, was, c.facets)
		m.cards[slot] = c
		moved = append(moved, slot)
	}
	m.slots, m.facets, m.listed = slots.done(), facets.done(), listed
	m.byTime = m.reorder(m.byTime, moved, byTimeKey)
	m.byWeight = m.reorder(m.byWeight, moved, byWeightKey)
	m.nextDue()
}

func (m *maker) nextDue() {
	m.due = time.Time{}
	for _, c := range m.cards {
		if c != nil && !c.due.IsZero() && (m.due.IsZero() || c.due.Before(m.due)) {
			m.due = c.due
		}
	}
}

func (m *maker) newSlot() int32 {
	if n := len(m.free); n > 0 {
		slot := m.free[n-1]
		m.free = m.free[:n-1]
		return slot
	}
	m.cards = append(m.cards, nil)
	return int32(len(m.cards) - 1)
}

func refacet(e *shelfEdit[string, bits], slot int32, was, next []string) {
	for _, f := range was {
		if !slices.Contains(next, f) {
			e.set(f, e.at(f).with(slot, false))
		}
	}
	for _, f := range next {
		if !slices.Contains(was, f) {
			e.set(f, e.at(f).with(slot, true))
		}
	}
}

func byTimeKey(c *card) int64   { return c.timeKey }
func byWeightKey(c *card) int64 { return c.weight }

// reorder is the order without the moved slots, merged with those that still have a card.
func (m *maker) reorder(order, moved []int32, key func(*card) int64) []int32 {
	compare := func(a, b int32) int {
		x, y := m.cards[a], m.cards[b]
		return cmp.Or(cmp.Compare(key(x), key(y)), cmp.Compare(x.event.ID, y.event.ID))
	}
	isMoved := make(bits, len(m.cards)/64+1)
	var fresh []int32
	for _, slot := range moved {
		if !isMoved.has(slot) && m.cards[slot] != nil {
			fresh = append(fresh, slot)
		}
		isMoved[slot>>6] |= 1 << (uint(slot) & 63)
	}
	slices.SortFunc(fresh, compare)
	out := make([]int32, 0, len(order)+len(fresh))
	if len(fresh) <= fewChanges {
		for _, slot := range order {
			if !isMoved.has(slot) {
				out = append(out, slot)
			}
		}
		for _, slot := range fresh {
			i, _ := slices.BinarySearchFunc(out, slot, compare)
			out = slices.Insert(out, i, slot)
		}
		return out
	}
	for _, slot := range order {
		if isMoved.has(slot) {
			continue
		}
		for len(fresh) > 0 && compare(fresh[0], slot) < 0 {
			out, fresh = append(out, fresh[0]), fresh[1:]
		}
		out = append(out, slot)
	}
	return append(out, fresh...)
}

// newCard renders an event. Only sessions to come that are not cancelled count.
func (m *maker) newCard(e *Event, slot int32, old *card) *card {
	c := &card{event: e, slot: slot, timeKey: math.MaxInt64}
	for _, s := range m.byEvent.at(e.ID) {
		if s.State != SessionCancelled && s.EndsAt.After(m.now) {
			c.sessions = append(c.sessions, s)
		}
	}
	if len(c.sessions) > 0 {
		c.timeKey = c.sessions[0].StartsAt.UnixMilli()
	} else if t, err := time.Parse(time.DateOnly, e.ReleaseDate); err == nil && t.After(m.now) {
		c.timeKey = math.MaxInt64/2 + t.UnixMilli() // coming soon, after all that plays
	}
	c.weight = -(int64(e.Weight)*100_000 + min(int64(len(c.sessions)), 99_999))
	c.facets = facetsOf(e, c.sessions)
	c.render(m)
	c.text = m.searchTextOf(c, old)
	return c
}

func (c *card) render(m *maker) {
	e := c.event
	v := Card{ID: m.cfg.Public(KindEvent, e.ID), Kind: e.Kind, Title: e.Title,
		TitleEn: e.TitleEn, OriginalTitle: e.OriginalTitle,
		PosterURL: MediaPath(m.cfg.Public(KindMedia, e.Poster)), Directors: e.Directors,
		Genres: e.Genres, Countries: e.Countries, Languages: e.Languages,
		Versions: e.Versions, Minutes: e.Minutes, AgeNote: e.AgeNote, AgeNoteEn: e.AgeNoteEn,
		ReleaseDate: e.ReleaseDate, EndDate: e.EndDate, SessionCount: len(c.sessions)}
	for _, p := range e.Cast[:min(len(e.Cast), 5)] {
		v.Cast = append(v.Cast, p.Name)
	}
	seen := map[int64]bool{}
	for _, s := range c.sessions {
		c.dueBy(s.EndsAt)
		c.dueBy(s.Prices.nextChange(m.now))
		if !seen[s.VenueID] && len(v.Venues) < 3 {
			v.Venues = append(v.Venues, CardVenue{m.cfg.Public(KindVenue, s.VenueID),
				s.Venue.Name, s.Venue.NameEn, s.Venue.City})
		}
		seen[s.VenueID] = true
		if !slices.Contains(v.Days, s.BusinessDay) && len(v.Days) < 14 {
			v.Days = append(v.Days, s.BusinessDay)
		}
		if v.NextSessionAt == nil && s.StartsAt.After(m.now) {
			v.NextSessionAt, v.NextZone = &s.StartsAt, s.Venue.TimeZone
			c.dueBy(s.StartsAt)
		}
		low, _, ok := s.PriceRange(m.now)
		if ok && (v.PriceFrom == nil || low < *v.PriceFrom) {
			v.PriceFrom, v.Currency = &low, s.Currency
		}
	}
	v.VenueCount = len(seen)
	c.body = plainJSON(v)
	h := fnv.New64a()
	h.Write(c.body)
	c.stamp = h.Sum64()
}

func (c *card) dueBy(t time.Time) {
	if !t.IsZero() && (c.due.IsZero() || t.Before(c.due)) {
		c.due = t
	}
}

// plainJSON encodes without HTML's escapes, which no reader of JSON needs.
func plainJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // our own structs always encode
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// Facets: a letter for the filter, then its value.
func facetsOf(e *Event, sessions []*Sellable) []string {
	facets := []string{"k" + string(e.Kind), "o" + strconv.FormatInt(e.Organization, 10)}
	for _, g := range e.Genres {
		facets = append(facets, "g"+fold(g))
	}
	if len(sessions) == 0 {
		for _, l := range e.Languages {
			facets = append(facets, "l"+fold(l))
		}
		for _, v := range e.Versions {
			facets = append(facets, versionFacets(v)...)
		}
	}
	for _, s := range sessions {
		facets = append(facets, s.facets...)
	}
	slices.Sort(facets)
	return slices.Compact(facets)
}

// sessionFacets are what a session adds to its event's card.
func sessionFacets(s *Sellable) []string {
	day := "d" + strconv.Itoa(s.BusinessDay)
	out := []string{"v" + strconv.FormatInt(s.VenueID, 10), day}
	for _, city := range []string{fold(s.Venue.City), fold(s.Venue.CityEn)} {
		if city != "" { // a city on a day is what most people ask for
			out = append(out, "c"+city, day+"/"+city)
		}
	}
	if s.Language != "" {
		out = append(out, "l"+fold(s.Language))
	} else {
		for _, l := range s.Event.Languages {
			out = append(out, "l"+fold(l))
		}
	}
	if s.Version != "" {
		return append(out, versionFacets(s.Version)...)
	}
	for _, v := range s.Event.Versions {
		out = append(out, versionFacets(v)...)
	}
	return out
}

// versionFacets let "IMAX 3D" be found as itself, as IMAX and as 3D.
func versionFacets(version string) []string {
	out := []string{"r" + fold(version)}
	if words := strings.Fields(version); len(words) > 1 {
		for _, w := range words {
			out = append(out, "r"+fold(w))
		}
	}
	return out
}
