package cataloghttp

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/money"
	"foyer/internal/offer"
)

// ScopeFields say for which sessions something holds.
type ScopeFields struct {
	EventID   string `json:"event_id,omitempty" maxLength:"64" doc:"for its sessions only"`
	SessionID string `json:"session_id,omitempty" maxLength:"64" doc:"for this session only"`
}

func (d *door) parseScope(p *ids, f ScopeFields) catalog.Scope {
	return catalog.Scope{EventID: p.one("event_id", catalog.KindEvent, f.EventID),
		SessionID: p.one("session_id", catalog.KindSession, f.SessionID)}
}

func (d *door) showScope(s catalog.Scope) (f ScopeFields) {
	if s.EventID != 0 {
		f.EventID = d.public(catalog.KindEvent, s.EventID)
	}
	if s.SessionID != 0 {
		f.SessionID = d.public(catalog.KindSession, s.SessionID)
	}
	return f
}

type needBody struct {
	TicketTypeIDs []string `json:"ticket_type_ids" minItems:"1" maxItems:"20"`
	Count         int      `json:"count" minimum:"1" maximum:"20"`
}

// OfferFields are what an offer says, stored or drafted.
type OfferFields struct {
	ScopeFields
	Name   string     `json:"name" minLength:"1" maxLength:"60"`
	NameEn string     `json:"name_en,omitempty" maxLength:"60"`
	Kind   offer.Kind `json:"kind" enum:"every_nth,group,combo,reduction" doc:"every_nth: 3 for 2, second half price; group: from n people on; combo: a set for one price; reduction: each"`

	TicketTypeIDs []string  `json:"ticket_type_ids,omitempty" maxItems:"40" doc:"empty: all"`
	Zones         []string  `json:"zones,omitempty" maxItems:"40" doc:"empty: all"`
	Channels      []string  `json:"channels,omitempty" maxItems:"7" doc:"empty: all"`
	From          time.Time `json:"from,omitzero" doc:"bought from then on"`
	Until         time.Time `json:"until,omitzero" doc:"bought before then: an early bird's end"`
	Weekdays      []int     `json:"weekdays,omitempty" maxItems:"7" doc:"of the session, 1 Monday to 7 Sunday"`
	StartFrom     int       `json:"start_from_minute,omitempty" doc:"session starts at this minute of its business day or later"`
	StartBefore   int       `json:"start_before_minute,omitempty" doc:"and before this one; 0: no bound"`
	NeedsCode     bool      `json:"needs_code,omitempty" doc:"for those with a code of a batch that names it"`

	Size    int         `json:"size,omitempty" doc:"every_nth: of how many; group: how many people at least"`
	Reduced int         `json:"reduced,omitempty" doc:"every_nth: how many of them are reduced, the cheapest"`
	Percent int         `json:"percent_off,omitempty" doc:"basis points: 10000 is free, 5000 half price"`
	Off     money.Minor `json:"off_minor,omitempty" doc:"or so much off each"`
	Needs   []needBody  `json:"needs,omitempty" maxItems:"4" doc:"combo: the parts of a set"`
	Price   money.Minor `json:"price_minor,omitempty" doc:"combo: what a set costs"`

	Combinable   bool        `json:"combinable,omitempty" doc:"applies to what the others left, on top of them"`
	MostPerOrder int         `json:"most_per_order,omitempty" doc:"applications in an order; 0: any number"`
	Most         int64       `json:"most,omitempty" doc:"applications in all; 0: any number"`
	Budget       money.Minor `json:"budget_minor,omitempty" doc:"money in all; 0: any sum"`
	Rank         int         `json:"rank,omitempty" doc:"the lowest is first; it decides among equals"`
	Retired      bool        `json:"retired,omitempty" doc:"applies no more"`
}

type (
	offerBody struct {
		Revision int64 `json:"revision,omitempty" minimum:"0"`
		OfferFields
	}
	staffOffer struct {
		Head
		OfferFields
		Words   string `json:"words" doc:"它做什么"`
		WordsEn string `json:"words_en" doc:"what it does, in words"`
	}
)

func (d *door) parseOffer(m catalog.Meta, f *OfferFields) (catalog.Offer, error) {
	p := d.ids()
	r := offer.Rule{Name: f.Name, NameEn: f.NameEn, Kind: f.Kind, Zones: f.Zones,
		Types:    p.many("ticket_type_ids", catalog.KindTicketType, f.TicketTypeIDs),
		Channels: f.Channels, From: f.From, Until: f.Until, Weekdays: f.Weekdays,
		StartFrom: f.StartFrom, StartBefore: f.StartBefore, NeedsCode: f.NeedsCode,
		Size: f.Size, Reduced: f.Reduced, Percent: f.Percent, Off: f.Off, Price: f.Price,
		Combinable: f.Combinable, MostPerOrder: f.MostPerOrder, Most: f.Most, Budget: f.Budget}
	for i, n := range f.Needs {
		r.Needs = append(r.Needs, offer.Need{Count: n.Count, Types: p.many(
			fmt.Sprintf("needs[%d].ticket_type_ids", i), catalog.KindTicketType, n.TicketTypeIDs)})
	}
	o := catalog.Offer{Meta: m, OfferInfo: catalog.OfferInfo{Scope: d.parseScope(p, f.ScopeFields),
		Rule: r, Rank: f.Rank, Retired: f.Retired}}
	return o, p.problems.Err()
}

func (d *door) showOffer(o *catalog.Offer) staffOffer {
	r := &o.Rule
	f := OfferFields{ScopeFields: d.showScope(o.Scope), Name: r.Name, NameEn: r.NameEn,
		Kind: r.Kind, TicketTypeIDs: d.publics(catalog.KindTicketType, r.Types), Zones: r.Zones,
		Channels: r.Channels, From: r.From, Until: r.Until, Weekdays: r.Weekdays,
		StartFrom: r.StartFrom, StartBefore: r.StartBefore, NeedsCode: r.NeedsCode, Size: r.Size,
		Reduced: r.Reduced, Percent: r.Percent, Off: r.Off, Price: r.Price,
		Combinable: r.Combinable, MostPerOrder: r.MostPerOrder, Most: r.Most, Budget: r.Budget,
		Rank: o.Rank, Retired: o.Retired}
	for _, n := range r.Needs {
		f.Needs = append(f.Needs, needBody{d.publics(catalog.KindTicketType, n.Types), n.Count})
	}
	zh, en := r.Describe()
	return staffOffer{d.head(catalog.KindOffer, o.Meta), f, zh, en}
}

func (d *door) offerDesk() resource[offerBody, staffOffer, catalog.Offer] {
	return resource[offerBody, staffOffer, catalog.Offer]{path: "offers", one: "offer",
		many: "offers", kind: catalog.KindOffer, permission: catalog.PermPrice,
		text: "A discount by rule. Each unit of an order is used by at most one rule, and the " +
			"rules share the units so that the buyer pays least; combinable ones then apply to " +
			"what is left, by rank. A change gives the sessions that it is for a new revision.",
		store: d.c.Stores().Offers, create: d.c.CreateOffer, update: d.c.UpdateOffer,
		meta:     func(o *catalog.Offer) catalog.Meta { return o.Meta },
		revision: func(b *offerBody) int64 { return b.Revision },
		parse: func(m catalog.Meta, b *offerBody) (catalog.Offer, error) {
			return d.parseOffer(m, &b.OfferFields)
		},
		show: d.showOffer}
}

// ReleaseFields are what a release says.
type ReleaseFields struct {
	ScopeFields
	Name         string `json:"name" minLength:"1" maxLength:"60"`
	TicketTypeID string `json:"ticket_type_id" maxLength:"64"`
	offer.Ladder
	Retired bool `json:"retired,omitempty"`
}

type (
	releaseBody struct {
		Revision int64 `json:"revision,omitempty" minimum:"0"`
		ReleaseFields
	}
	staffRelease struct {
		Head
		ReleaseFields
	}
)

func (d *door) releaseDesk() resource[releaseBody, staffRelease, catalog.Release] {
	return resource[releaseBody, staffRelease, catalog.Release]{path: "releases", one: "release",
		many: "releases", kind: catalog.KindRelease, permission: catalog.PermPrice,
		text: "The tiers in which a ticket type is sold, each with a number of one session, a " +
			"time, or both. The next opens when the last is gone or over. A session prefers a " +
			"release of its own to one of its event, and that to one of the house.",
		store: d.c.Stores().Releases, create: d.c.CreateRelease, update: d.c.UpdateRelease,
		meta:     func(r *catalog.Release) catalog.Meta { return r.Meta },
		revision: func(b *releaseBody) int64 { return b.Revision },
		parse: func(m catalog.Meta, b *releaseBody) (catalog.Release, error) {
			p := d.ids()
			r := catalog.Release{Meta: m, ReleaseInfo: catalog.ReleaseInfo{Name: b.Name,
				Scope:      d.parseScope(p, b.ScopeFields),
				TicketType: p.one("ticket_type_id", catalog.KindTicketType, b.TicketTypeID),
				Ladder:     b.Ladder, Retired: b.Retired}}
			return r, p.problems.Err()
		},
		show: func(r *catalog.Release) staffRelease {
			return staffRelease{d.head(catalog.KindRelease, r.Meta), ReleaseFields{
				d.showScope(r.Scope), r.Name, d.public(catalog.KindTicketType, r.TicketType),
				r.Ladder, r.Retired}}
		}}
}

// BatchFields are what a batch of codes says.
type BatchFields struct {
	ScopeFields
	Name          string    `json:"name" minLength:"1" maxLength:"60"`
	Prefix        string    `json:"prefix,omitempty" maxLength:"12" doc:"of random codes"`
	TicketTypeIDs []string  `json:"ticket_type_ids,omitempty" maxItems:"40" doc:"that it unlocks"`
	OfferIDs      []string  `json:"offer_ids,omitempty" maxItems:"40" doc:"that it unlocks"`
	Uses          int64     `json:"uses,omitempty" minimum:"0" doc:"orders with one code; empty: 1"`
	UnitsPerUse   int       `json:"units_per_use,omitempty" minimum:"0" doc:"units of the types in an order; 0: any"`
	MostCodes     int64     `json:"most_codes,omitempty" minimum:"0" doc:"codes that the batch may ever have; 0: any number"`
	From          time.Time `json:"from,omitzero"`
	Until         time.Time `json:"until,omitzero"`
	Retired       bool      `json:"retired,omitempty"`
}

type (
	batchBody struct {
		Revision int64 `json:"revision,omitempty" minimum:"0"`
		BatchFields
	}
	staffBatch struct {
		Head
		BatchFields
	}
)

func (d *door) batchDesk() resource[batchBody, staffBatch, catalog.CodeBatch] {
	return resource[batchBody, staffBatch, catalog.CodeBatch]{path: "code-batches",
		one: "code-batch", many: "code-batches", kind: catalog.KindBatch,
		permission: catalog.PermPrice,
		text: "What codes are good for: ticket types that are hidden or need a code, and offers " +
			"that need one. A code is used by an order, and comes back when the order lapses " +
			"or all of it is given back.",
		store: d.c.Stores().Batches, create: d.c.CreateBatch, update: d.c.UpdateBatch,
		meta:     func(b *catalog.CodeBatch) catalog.Meta { return b.Meta },
		revision: func(b *batchBody) int64 { return b.Revision },
		parse: func(m catalog.Meta, b *batchBody) (catalog.CodeBatch, error) {
			p := d.ids()
			v := catalog.CodeBatch{Meta: m, CodeBatchInfo: catalog.CodeBatchInfo{Name: b.Name,
				Scope: d.parseScope(p, b.ScopeFields), Prefix: b.Prefix, Uses: b.Uses,
				Types:       p.many("ticket_type_ids", catalog.KindTicketType, b.TicketTypeIDs),
				Offers:      p.many("offer_ids", catalog.KindOffer, b.OfferIDs),
				UnitsPerUse: b.UnitsPerUse, MostCodes: b.MostCodes, From: b.From, Until: b.Until,
				Retired: b.Retired}}
			return v, p.problems.Err()
		},
		show: func(b *catalog.CodeBatch) staffBatch {
			return staffBatch{d.head(catalog.KindBatch, b.Meta), BatchFields{d.showScope(b.Scope),
				b.Name, b.Prefix, d.publics(catalog.KindTicketType, b.Types),
				d.publics(catalog.KindOffer, b.Offers), b.Uses, b.UnitsPerUse, b.MostCodes,
				b.From, b.Until, b.Retired}}
		}}
}

func (d *door) mountOffers(api *httpx.API) {
	edit(api, d, d.offerDesk())
	edit(api, d, d.releaseDesk())
	edit(api, d, d.batchDesk())
	httpx.Register(api, httpx.Op{Method: http.MethodPost,
		Path:        root + "/staff/organizations/{org}/sessions/{id}/basket-preview",
		OperationID: "preview-basket", Tag: "staff: catalog",
		Summary: "What a basket would cost at a moment, and why",
		Description: "With tiers and offers as they stand and nothing used of them yet; a draft " +
			"is tried beside them, or in place of the offer that it names. Nothing is stored.",
		Access:   httpx.StaffOnly(catalog.PermPrice),
		Refusals: []*fault.Definition{fault.Missing, fault.BadInput}}, d.previewBasket)
}

type basketLine struct {
	TicketTypeID string `json:"ticket_type_id" maxLength:"64"`
	Zone         string `json:"zone" maxLength:"40"`
	Quantity     int    `json:"quantity" minimum:"1" maximum:"100"`
}

type basketBody struct {
	Lines    []basketLine `json:"lines" minItems:"1" maxItems:"20"`
	Channel  string       `json:"channel,omitempty" maxLength:"16" doc:"empty: h5"`
	BoughtAt time.Time    `json:"bought_at,omitzero" doc:"empty: now"`
	Unlocked []string     `json:"unlocked_offer_ids,omitempty" maxItems:"20" doc:"as if a code for them was given"`
	Draft    *OfferFields `json:"draft,omitempty"`
	DraftOf  string       `json:"draft_of,omitempty" maxLength:"64" doc:"the offer that the draft stands for"`
}

type basketUnit struct {
	TicketTypeID string      `json:"ticket_type_id"`
	Zone         string      `json:"zone"`
	Tier         string      `json:"tier,omitempty"`
	List         money.Minor `json:"list_minor" doc:"by the price list"`
	Price        money.Minor `json:"price_minor" doc:"of the tier"`
	Discount     money.Minor `json:"discount_minor"`
	Amount       money.Minor `json:"amount_minor"`
}

type basketStatement struct {
	OfferID string      `json:"offer_id,omitempty" doc:"empty: the draft"`
	Name    string      `json:"name"`
	Said    offer.Said  `json:"code"`
	Words   string      `json:"words"`
	WordsEn string      `json:"words_en"`
	Saved   money.Minor `json:"saved_minor"`
	Missing int         `json:"missing"`
}

type basketAnswer struct {
	Total  money.Minor       `json:"total_minor"`
	Units  []basketUnit      `json:"units"`
	Offers []basketStatement `json:"offers"`
}

type basketIn struct {
	Org  string `path:"org" maxLength:"64"`
	ID   string `path:"id" maxLength:"64"`
	Body basketBody
}

func (d *door) previewBasket(ctx context.Context, in *basketIn) (*answer[basketAnswer], error) {
	who, org, err := d.sees(ctx, in.Org)
	if err != nil {
		return nil, err
	}
	id, err := d.keys.Parse(catalog.KindSession, in.ID)
	if err != nil {
		return nil, err
	}
	s, err := d.c.Sellable(ctx, id)
	if err == nil && s.Meta.Organization != org {
		err = fault.Missing
	}
	if err == nil {
		err = catalog.Allow(who, catalog.PermPrice, org, 0)
	}
	if err != nil {
		return nil, err
	}
	b, err := d.basket(org, &in.Body)
	if err != nil {
		return nil, err
	}
	price, err := s.PriceBasket(b)
	if err != nil {
		return nil, err
	}
	return &answer[basketAnswer]{Body: d.showBasket(price)}, nil
}

func (d *door) basket(org int64, in *basketBody) (catalog.Basket, error) {
	p := d.ids()
	b := catalog.Basket{Channel: in.Channel, At: in.BoughtAt,
		Unlocked: p.many("unlocked_offer_ids", catalog.KindOffer, in.Unlocked)}
	if b.Channel == "" {
		b.Channel = "h5"
	}
	if b.At.IsZero() {
		b.At = d.clk.Now()
	}
	for i, l := range in.Lines {
		b.Lines = append(b.Lines, catalog.BasketLine{Zone: l.Zone, Quantity: l.Quantity,
			TicketType: p.one(fmt.Sprintf("lines[%d].ticket_type_id", i), catalog.KindTicketType,
				l.TicketTypeID)})
	}
	if in.Draft == nil {
		return b, p.problems.Err()
	}
	draft, err := d.parseOffer(catalog.Meta{Organization: org,
		ID: p.one("draft_of", catalog.KindOffer, in.DraftOf)}, in.Draft)
	if err == nil {
		err = draft.CheckDraft()
	}
	b.Draft = &draft
	if bad := p.problems.Err(); bad != nil {
		err = bad
	}
	return b, err
}

func (d *door) showBasket(p *catalog.BasketPrice) basketAnswer {
	out := basketAnswer{Total: p.Total, Units: make([]basketUnit, len(p.Units)),
		Offers: make([]basketStatement, len(p.Said))}
	for i, u := range p.Units {
		out.Units[i] = basketUnit{d.public(catalog.KindTicketType, u.TicketType), u.Zone, u.Tier,
			u.List, u.Price, u.Off, u.Cost}
	}
	for i, s := range p.Said {
		id := ""
		if s.Rule != 0 {
			id = d.public(catalog.KindOffer, s.Rule)
		}
		out.Offers[i] = basketStatement{id, s.Name, s.Said, s.Words, s.WordsEn, s.Saved, s.Missing}
	}
	return out
}
