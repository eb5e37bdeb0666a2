package cataloghttp

import (
	"context"
	"net/http"
	"slices"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/money"
)

type idPath struct {
	ID string `path:"id" maxLength:"64"`
}

func (d *door) mountPublic(api *httpx.API) {
	d.mountBrowse(api)
	d.mountMonth(api)
	missing := []*fault.Definition{fault.Missing}
	get := func(path, id, summary, text string) httpx.Op {
		return httpx.Op{Method: http.MethodGet, Path: root + path, OperationID: id,
			Summary: summary, Description: text, Tag: "catalog", Access: httpx.Public,
			Refusals: missing}
	}
	httpx.Register(api, get("/events/{id}", "get-event", "An event",
		"Everything that is told about a published event, and where it plays."), d.event)
	httpx.Register(api, get("/venues", "list-venues", "Venues",
		"Published venues, by city, kind or words."), d.venues)
	httpx.Register(api, timed(get("/venues/{id}", "get-venue", "A venue",
		"Address, hours, licences, services and halls of a published venue.")), d.venue)
	httpx.Register(api, timed(get("/sessions", "list-sessions", "Sessions",
		"Sessions in order of start: by event, venue, city, kind, business day or time. "+
			"Without from, those of now and later.")), d.sessions)
	httpx.Register(api, timed(get("/sessions/{id}", "get-session", "A session",
		"When it sells, what a seat costs now, and the rules of giving tickets back.")), d.session)
	httpx.Register(api, get("/organizations/{id}", "get-organization", "An organization",
		"Who sells."), d.organization)
}

// eventAnswer is an event as everybody sees it.
type eventAnswer struct {
	ID             string `json:"id"`
	OrganizationID string `json:"organization_id"`
	catalog.EventInfo
	PosterURL string              `json:"poster_url,omitempty"`
	StillURLs []string            `json:"still_urls,omitempty"`
	Venues    []catalog.CardVenue `json:"venues" doc:"with sessions to come"`
	Days      []int               `json:"business_days" doc:"with sessions to come, yyyymmdd"`
}

func (d *door) event(_ context.Context, in *idPath) (*answer[eventAnswer], error) {
	id, err := d.keys.Parse(catalog.KindEvent, in.ID)
	if err != nil {
		return nil, err
	}
	e, sessions, err := d.c.PublicEvent(id)
	if err != nil {
		return nil, err
	}
	out := eventAnswer{ID: in.ID, EventInfo: e.EventInfo,
		OrganizationID: d.public(catalog.KindOrganization, e.Organization),
		PosterURL:      d.mediaURL(e.Poster), StillURLs: d.mediaURLs(e.Stills),
		Venues: []catalog.CardVenue{}, Days: []int{}}
	venues, days := map[int64]bool{}, map[int]bool{}
	for _, s := range sessions {
		if !venues[s.VenueID] {
			venues[s.VenueID] = true
			out.Venues = append(out.Venues, catalog.CardVenue{
				ID: d.public(catalog.KindVenue, s.VenueID), Name: s.Venue.Name,
				NameEn: s.Venue.NameEn, City: s.Venue.City})
		}
		if !days[s.BusinessDay] {
			days[s.BusinessDay] = true
			out.Days = append(out.Days, s.BusinessDay)
		}
	}
	return &answer[eventAnswer]{Body: out}, nil
}

func (d *door) mediaURL(id int64) string {
	return catalog.MediaPath(d.public(catalog.KindMedia, id))
}

func (d *door) mediaURLs(ids []int64) []string {
	var out []string
	for _, id := range ids {
		out = append(out, d.mediaURL(id))
	}
	return out
}

// venueCard is a venue in a list.
type venueCard struct {
	ID        string            `json:"id"`
	Kind      catalog.VenueKind `json:"kind"`
	Name      string            `json:"name"`
	NameEn    string            `json:"name_en,omitempty"`
	City      string            `json:"city,omitempty"`
	Address   string            `json:"address,omitempty"`
	AddressEn string            `json:"address_en,omitempty"`
	Latitude  *float64          `json:"latitude,omitempty"`
	Longitude *float64          `json:"longitude,omitempty"`
	ImageURL  string            `json:"image_url,omitempty"`
}

func (d *door) venueCard(v *catalog.Venue) venueCard {
	c := venueCard{ID: d.public(catalog.KindVenue, v.ID), Kind: v.Kind, Name: v.Name,
		NameEn: v.NameEn, City: v.City, Address: v.Address, AddressEn: v.AddressEn,
		Latitude: v.Latitude, Longitude: v.Longitude}
	if len(v.Images) > 0 {
		c.ImageURL = d.mediaURL(v.Images[0])
	}
	return c
}

type venuesQuery struct {
	City           string `query:"city" maxLength:"60"`
	Kind           string `query:"kind" maxLength:"16"`
	Q              string `query:"q" maxLength:"200"`
	OrganizationID string `query:"organization_id" maxLength:"64"`
	httpx.PageQuery
}

func (d *door) venues(_ context.Context, in *venuesQuery) (*answer[httpx.Page[venueCard]], error) {
	if in.Kind != "" && !slices.Contains(catalog.VenueKinds(), catalog.VenueKind(in.Kind)) {
		return nil, fault.BadInput.At("kind", unknownKind)
	}
	org := d.filterID(catalog.KindOrganization, in.OrganizationID)
	list := "venues\x00" + in.City + "\x00" + in.Kind + "\x00" + in.Q + "\x00" + in.OrganizationID
	var at listPosition
	if in.Cursor != "" {
		if err := d.cursors.Open(list, in.Cursor, &at); err != nil {
			return nil, err
		}
	}
	found, next := d.c.PublicVenues(catalog.VenueQuery{City: in.City, Kind: in.Kind, Query: in.Q,
		Organization: org, After: at.ID, Limit: in.Limit})
	page := httpx.Page[venueCard]{Items: []venueCard{}}
	for _, v := range found {
		page.Items = append(page.Items, d.venueCard(v))
	}
	if next != 0 {
		page.NextCursor = d.cursors.Seal(list, listPosition{next})
	}
	return &answer[httpx.Page[venueCard]]{Body: page}, nil
}

type hallCard struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	NameEn    string   `json:"name_en,omitempty"`
	Features  []string `json:"features,omitempty"`
	TimeSlots bool     `json:"time_slots"`
}

type venueAnswer struct {
	ID             string `json:"id"`
	OrganizationID string `json:"organization_id"`
	catalog.VenueInfo
	ImageURLs   []string       `json:"image_urls,omitempty"`
	Halls       []hallCard     `json:"halls"`
	BusinessDay int            `json:"business_day" doc:"that it is now, yyyymmdd"`
	OpenToday   []catalog.Span `json:"open_today" doc:"minutes after midnight of the business day"`
}

func (d *door) venue(ctx context.Context, in *idPath) (*answer[venueAnswer], error) {
	id, err := d.keys.Parse(catalog.KindVenue, in.ID)
	if err != nil {
		return nil, err
	}
	v, halls, err := d.c.PublicVenue(id)
	if err != nil {
		return nil, err
	}
	now, err := d.seen(ctx, v.Organization, v.ID)
	if err != nil {
		return nil, err
	}
	day := v.BusinessDay(now)
	out := venueAnswer{ID: in.ID, VenueInfo: v.VenueInfo, ImageURLs: d.mediaURLs(v.Images),
		OrganizationID: d.public(catalog.KindOrganization, v.Organization),
		Halls:          []hallCard{}, BusinessDay: day, OpenToday: d.c.OpenOn(v, day)}
	for _, h := range halls {
		out.Halls = append(out.Halls, hallCard{d.public(catalog.KindHall, h.ID), h.Name, h.NameEn,
			h.Features, h.TimeSlots})
	}
	return &answer[venueAnswer]{Body: out}, nil
}

// SessionCard is a session in a list.
type SessionCard struct {
	ID             string               `json:"id"`
	OrganizationID string               `json:"organization_id"`
	EventID        string               `json:"event_id"`
	EventTitle     string               `json:"event_title"`
	EventTitleEn   string               `json:"event_title_en,omitempty"`
	EventKind      catalog.EventKind    `json:"event_kind"`
	VenueID        string               `json:"venue_id"`
	VenueName      string               `json:"venue_name"`
	VenueNameEn    string               `json:"venue_name_en,omitempty"`
	City           string               `json:"city,omitempty"`
	TimeZone       string               `json:"time_zone"`
	HallID         string               `json:"hall_id"`
	HallName       string               `json:"hall_name"`
	HallNameEn     string               `json:"hall_name_en,omitempty"`
	StartsAt       time.Time            `json:"starts_at"`
	EndsAt         time.Time            `json:"ends_at"`
	BusinessDay    int                  `json:"business_day"`
	Version        string               `json:"version,omitempty"`
	Language       string               `json:"language,omitempty"`
	State          catalog.SessionState `json:"state"`
	SaleState      catalog.SaleState    `json:"sale_state" doc:"not_yet, open, closed …"`
	SaleFrom       *time.Time           `json:"sale_from,omitempty"`
	SaleUntil      time.Time            `json:"sale_until"`
	PriceFrom      *money.Minor         `json:"price_from_minor,omitempty" doc:"lowest price now"`
	PriceTo        *money.Minor         `json:"price_to_minor,omitempty"`
	Currency       money.Currency       `json:"currency"`
	Revision       int64                `json:"revision"`
}

func (d *door) sessionCard(s *catalog.Sellable, now time.Time) SessionCard {
	c := SessionCard{ID: d.public(catalog.KindSession, s.ID),
		OrganizationID: d.public(catalog.KindOrganization, s.Meta.Organization),
		EventID:        d.public(catalog.KindEvent, s.EventID), EventTitle: s.Event.Title,
		EventTitleEn: s.Event.TitleEn, EventKind: s.Event.Kind,
		VenueID: d.public(catalog.KindVenue, s.VenueID), VenueName: s.Venue.Name,
		VenueNameEn: s.Venue.NameEn, City: s.Venue.City, TimeZone: s.Venue.TimeZone,
		HallID: d.public(catalog.KindHall, s.HallID), HallName: s.Hall.Name,
		HallNameEn: s.Hall.NameEn, StartsAt: s.StartsAt, EndsAt: s.EndsAt,
		BusinessDay: s.BusinessDay, Version: s.Version, Language: s.Language, State: s.State,
		SaleState: s.SaleAt(now), SaleUntil: s.SaleUntil, Currency: s.Currency,
		Revision: s.Revision}
	if !s.SaleFrom.IsZero() {
		c.SaleFrom = &s.SaleFrom
	}
	if low, most, ok := s.PriceRange(now); ok {
		c.PriceFrom, c.PriceTo = &low, &most
	}
	return c
}

type sessionsQuery struct {
	EventID        string    `query:"event_id" maxLength:"64"`
	VenueID        string    `query:"venue_id" maxLength:"64"`
	OrganizationID string    `query:"organization_id" maxLength:"64"`
	City           string    `query:"city" maxLength:"60"`
	Kind           string    `query:"kind" maxLength:"16" doc:"of the event"`
	Day            int       `query:"day" minimum:"0" doc:"business day, yyyymmdd"`
	From           time.Time `query:"from" doc:"start at or after; default: what is to come or still sold, any with day"`
	To             time.Time `query:"to" doc:"start before"`
	httpx.PageQuery
}

func (d *door) sessions(ctx context.Context,
	in *sessionsQuery) (*answer[httpx.Page[SessionCard]], error) {
	if in.Day != 0 && !isDay(in.Day) {
		return nil, fault.BadInput.At("day", "is not a day like 20261001 / 日期有误")
	}
	if !isEventKind(in.Kind) {
		return nil, fault.BadInput.At("kind", unknownKind)
	}
	now := clock.Seen(ctx, d.clk)
	q := catalog.SessionQuery{Event: d.filterID(catalog.KindEvent, in.EventID),
		Venue:        d.filterID(catalog.KindVenue, in.VenueID),
		Organization: d.filterID(catalog.KindOrganization, in.OrganizationID),
		City:         in.City, Kind: in.Kind, Day: in.Day, From: in.From, To: in.To,
		Limit: in.Limit}
	if q.From.IsZero() && q.Day == 0 {
		q.Open = now
	}
	list := "sessions\x00" + in.EventID + in.VenueID + in.OrganizationID + "\x00" + in.City +
		"\x00" + in.Kind + "\x00" + in.From.String() + in.To.String()
	if in.Cursor != "" {
		q.After = new(catalog.Mark)
		if err := d.cursors.Open(list, in.Cursor, q.After); err != nil {
			return nil, err
		}
	}
	found, next := d.c.Sessions(q)
	page := httpx.Page[SessionCard]{Items: make([]SessionCard, 0, len(found))}
	for _, s := range found {
		if _, err := d.seen(ctx, s.Session.Organization, s.VenueID); err != nil {
			continue // of another house: nobody looks into its time
		}
		page.Items = append(page.Items, d.sessionCard(s, now))
	}
	if next != nil {
		page.NextCursor = d.cursors.Seal(list, next)
	}
	return &answer[httpx.Page[SessionCard]]{Body: page}, nil
}

type priceAnswer struct {
	Zone         string      `json:"zone"`
	TicketTypeID string      `json:"ticket_type_id"`
	Amount       money.Minor `json:"amount_minor"`
	Original     money.Minor `json:"original_minor,omitempty" doc:"to be struck through"`
	Note         string      `json:"original_note,omitempty" doc:"原价说明"`
	NoteEn       string      `json:"original_note_en,omitempty" doc:"what the original price is"`
}

// What a struck-through price means, as the rules on price marks want it said.
const (
	originalNote   = "划线价为本价目近 30 日内曾实际标售的价格"
	originalNoteEn = "The struck-through price was really asked within the last 30 days."
)

type offeredType struct {
	ID string `json:"id"`
	catalog.TicketTypeInfo
}

// sessionAnswer is a session as a buyer needs it.
type sessionAnswer struct {
	SessionCard
	SeatMapVersionID string                   `json:"seat_map_version_id"`
	HoldSeconds      int                      `json:"hold_seconds"`
	MaxPerOrder      int                      `json:"max_per_order"`
	MaxPerMember     int                      `json:"max_per_member" doc:"0: no limit"`
	OrphanRule       catalog.OrphanRule       `json:"orphan_rule"`
	Listing          string                   `json:"listing,omitempty" doc:"排次号"`
	Note             string                   `json:"note,omitempty"`
	NoteEn           string                   `json:"note_en,omitempty"`
	PosterURL        string                   `json:"poster_url,omitempty"`
	TicketTypes      []offeredType            `json:"ticket_types"`
	Prices           []priceAnswer            `json:"prices" doc:"when bought now"`
	RealName         *catalog.RealName        `json:"real_name,omitempty" doc:"whose names and documents are asked for"`
	Limits           *catalog.Limits          `json:"limits,omitempty" doc:"what one buyer may take, and give back"`
	RefundPolicy     catalog.RefundPolicyInfo `json:"refund_policy"`
	OfferedBody
}

func (d *door) session(ctx context.Context, in *idPath) (*answer[sessionAnswer], error) {
	id, err := d.keys.Parse(catalog.KindSession, in.ID)
	if err != nil {
		return nil, err
	}
	s, err := d.c.PublicSession(ctx, id)
	if err != nil {
		return nil, err
	}
	now, err := d.seen(ctx, s.Session.Organization, s.VenueID)
	if err != nil {
		return nil, err
	}
	out := sessionAnswer{SessionCard: d.sessionCard(s, now),
		SeatMapVersionID: d.public(catalog.KindSeatMap, s.SeatMapVersionID),
		HoldSeconds:      s.HoldSeconds, MaxPerOrder: s.MaxPerOrder, MaxPerMember: s.MaxPerMember,
		OrphanRule: s.OrphanRule, Listing: s.Listing, Note: s.Note, NoteEn: s.NoteEn,
		PosterURL: d.mediaURL(s.Event.Poster), TicketTypes: []offeredType{},
		Prices: []priceAnswer{}, RefundPolicy: s.Policy.RefundPolicyInfo}
	out.RealName, out.Limits = toldRules(s)
	for _, t := range s.TicketTypes {
		if t.Retired || t.Hidden {
			continue
		}
		info := t.TicketTypeInfo
		info.Admission = info.Admission.Public()
		out.TicketTypes = append(out.TicketTypes, offeredType{
			d.public(catalog.KindTicketType, t.ID), info})
	}
	out.Prices, out.OfferedBody = d.prices(s, now), d.offered(s, now)
	return &answer[sessionAnswer]{Body: out}, nil
}

type organizationAnswer struct {
	ID string `json:"id"`
	catalog.OrganizationInfo
}

func (d *door) organization(_ context.Context, in *idPath) (*answer[organizationAnswer], error) {
	id, err := d.keys.Parse(catalog.KindOrganization, in.ID)
	if err != nil {
		return nil, err
	}
	o, err := d.c.PublicOrganization(id)
	if err != nil {
		return nil, err
	}
	return &answer[organizationAnswer]{Body: organizationAnswer{in.ID, o.OrganizationInfo}}, nil
}
