package cataloghttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/httpx"
)

type (
	venueBody struct {
		Revision int64 `json:"revision,omitempty" minimum:"0"`
		catalog.VenueInfo
		ImageIDs []string `json:"image_ids,omitempty" maxItems:"20"`
	}
	staffVenue struct {
		Head
		State catalog.State `json:"state" enum:"draft,published,archived"`
		catalog.VenueInfo
		ImageIDs []string `json:"image_ids"`
	}
	hallBody struct {
		Revision int64  `json:"revision,omitempty" minimum:"0"`
		VenueID  string `json:"venue_id" maxLength:"64" doc:"stays as it is once the hall is made"`
		catalog.HallInfo
	}
	staffHall struct {
		Head
		VenueID string `json:"venue_id"`
		catalog.HallInfo
	}
	eventBody struct {
		Revision int64 `json:"revision,omitempty" minimum:"0"`
		catalog.EventInfo
		PosterID string   `json:"poster_id,omitempty" maxLength:"64"`
		StillIDs []string `json:"still_ids,omitempty" maxItems:"20"`
	}
	staffEvent struct {
		Head
		State catalog.State `json:"state" enum:"draft,published,archived"`
		catalog.EventInfo
		PosterID  string   `json:"poster_id,omitempty"`
		PosterURL string   `json:"poster_url,omitempty"`
		StillIDs  []string `json:"still_ids"`
	}
	ticketTypeBody struct {
		Revision int64 `json:"revision,omitempty" minimum:"0"`
		catalog.TicketTypeInfo
	}
	staffTicketType struct {
		Head
		catalog.TicketTypeInfo
	}
	policyBody struct {
		Revision int64 `json:"revision,omitempty" minimum:"0"`
		catalog.RefundPolicyInfo
	}
	staffPolicy struct {
		Head
		catalog.RefundPolicyInfo
	}
	organizationBody struct {
		Revision int64 `json:"revision,omitempty" minimum:"0"`
		catalog.OrganizationInfo
	}
	staffOrganization struct {
		Head
		catalog.OrganizationInfo
	}
)

func (d *door) mountStaff(api *httpx.API) {
	states := []catalog.State{catalog.Draft, catalog.Published, catalog.Archived}
	venues, events := d.venueDesk(), d.eventDesk()
	edit(api, d, venues)
	change(api, d, venues, catalog.PermPublish, states,
		"Publishing names every field that the venue's kind needs and that is missing. "+
			"Unpublishing and archiving are refused while sessions sell there.",
		d.c.SetVenueState)
	edit(api, d, d.hallDesk())
	edit(api, d, events)
	change(api, d, events, catalog.PermPublish, states,
		"Publishing names every field that the event's kind needs and that is missing: film "+
			"code for films, permit number for performances, the printed title for all.",
		d.c.SetEventState)
	edit(api, d, d.ticketTypeDesk())
	edit(api, d, d.priceDesk())
	d.mountPreview(api)
	edit(api, d, d.policyDesk())
	edit(api, d, d.holidayDesk())
	d.mountSlots(api)
	d.mountPresets(api)
	d.mountOrganization(api)
	d.mountSessions(api)
	d.mountOffers(api)
}

func (d *door) venueDesk() resource[venueBody, staffVenue, catalog.Venue] {
	return resource[venueBody, staffVenue, catalog.Venue]{path: "venues", one: "venue",
		many: "venues", kind: catalog.KindVenue, permission: catalog.PermVenue,
		text:  "A place people go to. A draft may lack anything but kind and name.",
		store: d.c.Stores().Venues, create: d.c.CreateVenue, update: d.c.UpdateVenue,
		meta:     func(v *catalog.Venue) catalog.Meta { return v.Meta },
		revision: func(b *venueBody) int64 { return b.Revision },
		parse: func(m catalog.Meta, b *venueBody) (catalog.Venue, error) {
			p := d.ids()
			v := catalog.Venue{Meta: m, VenueInfo: b.VenueInfo,
				Images: p.many("image_ids", catalog.KindMedia, b.ImageIDs)}
			return v, p.problems.Err()
		},
		show: func(v *catalog.Venue) staffVenue {
			return staffVenue{d.head(catalog.KindVenue, v.Meta), v.State, v.VenueInfo,
				d.publics(catalog.KindMedia, v.Images)}
		}}
}

func (d *door) hallDesk() resource[hallBody, staffHall, catalog.Hall] {
	return resource[hallBody, staffHall, catalog.Hall]{path: "halls", one: "hall", many: "halls",
		kind: catalog.KindHall, permission: catalog.PermHall,
		text: "A room or attraction of a venue. Sessions of a room do not overlap, its " +
			"cleaning time included; those of time slots may.",
		store: d.c.Stores().Halls, create: d.c.CreateHall, update: d.c.UpdateHall,
		meta:     func(h *catalog.Hall) catalog.Meta { return h.Meta },
		revision: func(b *hallBody) int64 { return b.Revision },
		parse: func(m catalog.Meta, b *hallBody) (catalog.Hall, error) {
			p := d.ids()
			h := catalog.Hall{Meta: m, HallInfo: b.HallInfo,
				VenueID: p.one("venue_id", catalog.KindVenue, b.VenueID)}
			return h, p.problems.Err()
		},
		show: func(h *catalog.Hall) staffHall {
			return staffHall{d.head(catalog.KindHall, h.Meta),
				d.public(catalog.KindVenue, h.VenueID), h.HallInfo}
		}}
}

func (d *door) eventDesk() resource[eventBody, staffEvent, catalog.Event] {
	return resource[eventBody, staffEvent, catalog.Event]{path: "events", one: "event",
		many: "events", kind: catalog.KindEvent, permission: catalog.PermEvent,
		text:  "What is shown. A draft may lack anything but kind and title.",
		store: d.c.Stores().Events, create: d.c.CreateEvent, update: d.c.UpdateEvent,
		meta:     func(e *catalog.Event) catalog.Meta { return e.Meta },
		revision: func(b *eventBody) int64 { return b.Revision },
		parse: func(m catalog.Meta, b *eventBody) (catalog.Event, error) {
			p := d.ids()
			e := catalog.Event{Meta: m, EventInfo: b.EventInfo,
				Poster: p.one("poster_id", catalog.KindMedia, b.PosterID),
				Stills: p.many("still_ids", catalog.KindMedia, b.StillIDs)}
			return e, p.problems.Err()
		},
		show: func(e *catalog.Event) staffEvent {
			return staffEvent{d.head(catalog.KindEvent, e.Meta), e.State, e.EventInfo,
				d.public(catalog.KindMedia, e.Poster), d.mediaURL(e.Poster),
				d.publics(catalog.KindMedia, e.Stills)}
		}}
}

func (d *door) ticketTypeDesk() resource[ticketTypeBody, staffTicketType, catalog.TicketType] {
	return resource[ticketTypeBody, staffTicketType, catalog.TicketType]{path: "ticket-types",
		one: "ticket-type", many: "ticket-types", kind: catalog.KindTicketType,
		permission: catalog.PermPrice,
		text:       "Adult, child, senior, group …, with who may buy it.",
		store:      d.c.Stores().TicketTypes, create: d.c.CreateTicketType,
		update:   d.c.UpdateTicketType,
		meta:     func(t *catalog.TicketType) catalog.Meta { return t.Meta },
		revision: func(b *ticketTypeBody) int64 { return b.Revision },
		parse: func(m catalog.Meta, b *ticketTypeBody) (catalog.TicketType, error) {
			return catalog.TicketType{Meta: m, TicketTypeInfo: b.TicketTypeInfo}, nil
		},
		show: func(t *catalog.TicketType) staffTicketType {
			return staffTicketType{d.head(catalog.KindTicketType, t.Meta), t.TicketTypeInfo}
		}}
}

func (d *door) priceDesk() resource[priceListBody, priceListAnswer, catalog.PriceList] {
	return resource[priceListBody, priceListAnswer, catalog.PriceList]{path: "price-lists",
		one: "price-list", many: "price-lists", kind: catalog.KindPriceList,
		permission: catalog.PermPrice,
		text: "Price = zone × ticket type, changed by rules. Rules apply in the order of the " +
			"list, each to the result of those before it; one with stop that matched ends the " +
			"list; then the price is rounded. A change gives every session to come that is " +
			"pinned to the list a new revision.",
		store: d.c.Stores().PriceLists, create: d.c.CreatePriceList,
		update:   d.c.UpdatePriceList,
		meta:     func(l *catalog.PriceList) catalog.Meta { return l.Meta },
		revision: func(b *priceListBody) int64 { return b.Revision },
		parse: func(m catalog.Meta, b *priceListBody) (catalog.PriceList, error) {
			return d.parsePrices(m, &b.PriceFields)
		},
		show: d.showPrices}
}

func (d *door) policyDesk() resource[policyBody, staffPolicy, catalog.RefundPolicy] {
	return resource[policyBody, staffPolicy, catalog.RefundPolicy]{path: "refund-policies",
		one: "refund-policy", many: "refund-policies", kind: catalog.KindRefundPolicy,
		permission: catalog.PermPolicy,
		text:       "Until when a ticket is given back and what it costs. Orders keep a copy.",
		store:      d.c.Stores().RefundPolicies, create: d.c.CreateRefundPolicy,
		update:   d.c.UpdateRefundPolicy,
		meta:     func(p *catalog.RefundPolicy) catalog.Meta { return p.Meta },
		revision: func(b *policyBody) int64 { return b.Revision },
		parse: func(m catalog.Meta, b *policyBody) (catalog.RefundPolicy, error) {
			return catalog.RefundPolicy{Meta: m, RefundPolicyInfo: b.RefundPolicyInfo}, nil
		},
		show: func(p *catalog.RefundPolicy) staffPolicy {
			return staffPolicy{d.head(catalog.KindRefundPolicy, p.Meta), p.RefundPolicyInfo}
		}}
}

type presetsAnswer struct {
	Items []catalog.PolicyPreset `json:"items"`
}

func (d *door) mountPresets(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodGet,
		Path: root + "/staff/refund-policy-presets", OperationID: "list-refund-policy-presets",
		Summary: "Refund policies to start from", Tag: "staff: catalog",
		Description: "Each with the rule that it follows, in Chinese and English.",
		Access:      httpx.SignedInStaff},
		func(context.Context, *struct{}) (*answer[presetsAnswer], error) {
			return &answer[presetsAnswer]{Body: presetsAnswer{catalog.PolicyPresets()}}, nil
		})
}

type organizationIn struct {
	Org string `path:"org" maxLength:"64"`
}

type organizationUpdate struct {
	Org     string `path:"org" maxLength:"64"`
	IfMatch string `header:"If-Match" maxLength:"64"`
	Body    organizationBody
}

func (d *door) mountOrganization(api *httpx.API) {
	show := func(o *catalog.Organization, err error) (*answer[staffOrganization], error) {
		if err != nil {
			return nil, err
		}
		return &answer[staffOrganization]{revisionTag(o.Revision), staffOrganization{
			d.head(catalog.KindOrganization, o.Meta), o.OrganizationInfo}}, nil
	}
	path := root + "/staff/organizations/{org}"
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: path, Tag: "staff: catalog",
		OperationID: "staff-get-organization", Summary: "Read the organization",
		Access: httpx.SignedInStaff, Refusals: []*fault.Definition{fault.Missing}},
		func(ctx context.Context, in *organizationIn) (*answer[staffOrganization], error) {
			_, org, err := d.sees(ctx, in.Org)
			if err != nil {
				return nil, err
			}
			return show(d.c.Stores().Organizations.Get(ctx, actor.Scope{Organization: org}, org))
		})
	httpx.Register(api, httpx.Op{Method: http.MethodPut, Path: path, Tag: "staff: catalog",
		OperationID: "replace-organization", Summary: "Rename the organization",
		Access: httpx.StaffOnly(catalog.PermOrganization),
		Refusals: []*fault.Definition{fault.Missing, fault.Stale, fault.BadInput,
			catalog.ErrCurrency}},
		func(ctx context.Context, in *organizationUpdate) (*answer[staffOrganization], error) {
			who, org, err := d.sees(ctx, in.Org)
			if err != nil {
				return nil, err
			}
			revision, err := revisionOf(in.Body.Revision, in.IfMatch)
			if err != nil {
				return nil, err
			}
			return show(d.c.UpdateOrganization(ctx, who, catalog.Organization{
				Meta:             catalog.Meta{ID: org, Revision: revision},
				OrganizationInfo: in.Body.OrganizationInfo}))
		})
}

type (
	areaBody struct {
		Area     int32 `json:"area"`
		Capacity int   `json:"capacity" minimum:"0" maximum:"1000000"`
	}
	sessionBody struct {
		Revision         int64  `json:"revision,omitempty" minimum:"0"`
		EventID          string `json:"event_id" maxLength:"64"`
		HallID           string `json:"hall_id" maxLength:"64"`
		PriceListID      string `json:"price_list_id" maxLength:"64"`
		RefundPolicyID   string `json:"refund_policy_id" maxLength:"64"`
		SeatMapVersionID string `json:"seat_map_version_id,omitempty" doc:"empty: the newest"`
		catalog.SessionInfo
		Areas []areaBody `json:"area_capacity,omitempty" maxItems:"200"`
	}
	staffSession struct {
		Head
		State            catalog.SessionState `json:"state" enum:"draft,on_sale,paused,cancelled"`
		SaleState        catalog.SaleState    `json:"sale_state"`
		VenueID          string               `json:"venue_id"`
		HallID           string               `json:"hall_id"`
		EventID          string               `json:"event_id"`
		PriceListID      string               `json:"price_list_id"`
		RefundPolicyID   string               `json:"refund_policy_id"`
		SeatMapVersionID string               `json:"seat_map_version_id"`
		BusinessDay      int                  `json:"business_day"`
		catalog.SessionInfo
		Areas []areaBody `json:"area_capacity"`
	}
)

func (d *door) sessionDesk() resource[sessionBody, staffSession, catalog.Session] {
	return resource[sessionBody, staffSession, catalog.Session]{path: "sessions", one: "session",
		many: "sessions", kind: catalog.KindSession, permission: catalog.PermSession,
		text: "An event at a time in a hall. It pins seat map, price list and refund policy. " +
			"Once places are held or sold, its time, hall, event and seat map stay.",
		store: d.c.Stores().Sessions, create: d.c.CreateSession, update: d.c.UpdateSession,
		meta:     func(s *catalog.Session) catalog.Meta { return s.Meta },
		revision: func(b *sessionBody) int64 { return b.Revision },
		parse:    d.parseSession, show: d.showSession, noList: true}
}

func (d *door) parseSession(m catalog.Meta, b *sessionBody) (catalog.Session, error) {
	p := d.ids()
	s := catalog.Session{Meta: m, SessionInfo: b.SessionInfo,
		EventID:          p.one("event_id", catalog.KindEvent, b.EventID),
		HallID:           p.one("hall_id", catalog.KindHall, b.HallID),
		PriceListID:      p.one("price_list_id", catalog.KindPriceList, b.PriceListID),
		RefundPolicyID:   p.one("refund_policy_id", catalog.KindRefundPolicy, b.RefundPolicyID),
		SeatMapVersionID: p.one("seat_map_version_id", catalog.KindSeatMap, b.SeatMapVersionID)}
	for _, a := range b.Areas {
		if s.AreaCapacity == nil {
			s.AreaCapacity = map[int32]int{}
		}
		if _, twice := s.AreaCapacity[a.Area]; twice {
			p.problems.Add("area_capacity", "area %d appears twice / 区域重复", a.Area)
		}
		s.AreaCapacity[a.Area] = a.Capacity
	}
	return s, p.problems.Err()
}

func (d *door) showSession(s *catalog.Session) staffSession {
	out := staffSession{d.head(catalog.KindSession, s.Meta), s.State, s.SaleAt(d.clk.Now()),
		d.public(catalog.KindVenue, s.VenueID), d.public(catalog.KindHall, s.HallID),
		d.public(catalog.KindEvent, s.EventID), d.public(catalog.KindPriceList, s.PriceListID),
		d.public(catalog.KindRefundPolicy, s.RefundPolicyID),
		d.public(catalog.KindSeatMap, s.SeatMapVersionID), s.BusinessDay, s.SessionInfo,
		[]areaBody{}}
	for area, n := range s.AreaCapacity {
		out.Areas = append(out.Areas, areaBody{area, n})
	}
	return out
}

func (d *door) mountSessions(api *httpx.API) {
	desk := d.sessionDesk()
	edit(api, d, desk)
	change(api, d, desk, catalog.PermSell, []catalog.SessionState{catalog.SessionOnSale,
		catalog.SessionPaused, catalog.SessionCancelled},
		"draft → on_sale ⇄ paused; each may be cancelled, which is final. Going on sale names "+
			"everything that is missing.", d.c.SetSessionState)
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Tag: "staff: catalog",
		Path:        root + "/staff/organizations/{org}/sessions",
		OperationID: "staff-list-sessions", Summary: "List sessions",
		Description: "In order of start, drafts and cancelled ones included; without from and " +
			"to, those of the next 14 days.",
		Access: httpx.SignedInStaff, Refusals: []*fault.Definition{fault.Missing}},
		d.staffSessions)
}

type staffSessionsQuery struct {
	Org     string    `path:"org" maxLength:"64"`
	VenueID string    `query:"venue_id" maxLength:"64"`
	From    time.Time `query:"from"`
	To      time.Time `query:"to"`
	httpx.PageQuery
}

func (d *door) staffSessions(ctx context.Context,
	in *staffSessionsQuery) (*answer[httpx.Page[staffSession]], error) {
	_, org, err := d.sees(ctx, in.Org)
	if err != nil {
		return nil, err
	}
	venue, err := d.optional(catalog.KindVenue, in.VenueID)
	if err != nil {
		return nil, err
	}
	list := "staff\x00sessions\x00" + in.Org + in.VenueID + in.From.String() + in.To.String()
	q := catalog.SessionRange{Venue: venue, From: in.From, To: in.To, Limit: in.Limit + 1}
	if q.From.IsZero() {
		q.From = d.clk.Now().Add(-6 * time.Hour)
	}
	if q.To.IsZero() {
		q.To = q.From.Add(14 * 24 * time.Hour)
	}
	if in.Cursor != "" {
		var at catalog.Mark
		if err := d.cursors.Open(list, in.Cursor, &at); err != nil {
			return nil, err
		}
		q.AfterStart, q.AfterID = clock.FromMillis(at.Key), at.ID
	}
	found, err := d.c.Stores().Timetable.Between(ctx, actor.Scope{Organization: org}, q)
	if err != nil {
		return nil, err
	}
	page := httpx.Page[staffSession]{Items: []staffSession{}}
	for i, s := range found {
		if i == in.Limit {
			last := found[i-1]
			page.NextCursor = d.cursors.Seal(list, catalog.Mark{Key: clock.Millis(last.StartsAt),
				ID: last.ID})
			break
		}
		page.Items = append(page.Items, d.showSession(s))
	}
	return &answer[httpx.Page[staffSession]]{Body: page}, nil
}
