package cataloghttp

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/almanac"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/money"
)

// prices are what each zone and ticket type costs now, by zone and then by ticket type in
// the order of the price list.
func (d *door) prices(s *catalog.Sellable, now time.Time) []priceAnswer {
	type line struct {
		priceAnswer
		order int
	}
	var lines []line
	s.Prices.Each(now, func(zone string, tt int64, price money.Minor) {
		i := slices.IndexFunc(s.TicketTypes, func(t *catalog.TicketType) bool { return t.ID == tt })
		if i >= 0 && !s.TicketTypes[i].Retired && !s.TicketTypes[i].Hidden {
			shown := priceAnswer{Zone: zone, Amount: price,
				TicketTypeID: d.public(catalog.KindTicketType, tt)}
			if original, ok := s.Original(zone, tt, now); ok {
				shown.Original, shown.Note, shown.NoteEn = original, originalNote, originalNoteEn
			}
			lines = append(lines, line{shown, i})
		}
	})
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.order, b.order))
	})
	out := make([]priceAnswer, len(lines))
	for i, l := range lines {
		out[i] = l.priceAnswer
	}
	return out
}

type cellBody struct {
	Zone         string      `json:"zone" minLength:"1" maxLength:"40"`
	TicketTypeID string      `json:"ticket_type_id" maxLength:"64"`
	Amount       money.Minor `json:"amount_minor" minimum:"0" maximum:"100000000"`
	Original     money.Minor `json:"original_minor,omitempty" minimum:"0" doc:"struck through; a price of this list within 30 days"`
}

// ruleBody is a price rule; see catalog.PriceRule for the order in which rules apply.
type ruleBody struct {
	Name string `json:"name" minLength:"1" maxLength:"60"`

	Weekdays []int `json:"weekdays,omitempty" maxItems:"7" doc:"1 Monday to 7 Sunday"`

	Dates    []string       `json:"dates,omitempty" maxItems:"100" doc:"business days, 2026-10-01"`
	DayKinds []almanac.Kind `json:"day_kinds,omitempty" maxItems:"4" doc:"holiday, adjusted_workday, weekend, workday"`
	From     string         `json:"from,omitempty" maxLength:"5" doc:"start at or after, e.g. 18:00"`
	Before   string         `json:"before,omitempty" maxLength:"5" doc:"26:00 is two at night"`

	DaysBeforeLeast *int `json:"days_before_least,omitempty" minimum:"0" maximum:"365"`
	DaysBeforeMost  *int `json:"days_before_most,omitempty" minimum:"0" maximum:"365"`

	Zones         []string            `json:"zones,omitempty" maxItems:"40"`
	TicketTypeIDs []string            `json:"ticket_type_ids,omitempty" maxItems:"40"`
	Change        catalog.PriceChange `json:"change" enum:"set,add,percent"`
	// Value is in minor units for set and add, in basis points for percent.
	Value int64 `json:"value" doc:"minor units; basis points for percent: 8000 is 80 %"`
	Stop  bool  `json:"stop,omitempty" doc:"ends the list once the rule matched"`
}

type priceListBody struct {
	Revision int64 `json:"revision,omitempty" minimum:"0"`
	PriceFields
}

// PriceFields are what a price list says, stored or drafted.
type PriceFields struct {
	Name     string         `json:"name" minLength:"1" maxLength:"120"`
	Currency money.Currency `json:"currency,omitempty" doc:"the organization's"`
	Cells    []cellBody     `json:"cells" maxItems:"600" doc:"base price by zone and ticket type"`
	Rules    []ruleBody     `json:"rules,omitempty" maxItems:"40" doc:"applied in this order"`
	RoundTo  money.Minor    `json:"round_to_minor,omitempty" minimum:"0" doc:"100: whole yuan"`
}

type priceListAnswer struct {
	Head
	PriceFields
}

func (d *door) parsePrices(m catalog.Meta, b *PriceFields) (catalog.PriceList, error) {
	p := d.ids()
	l := catalog.PriceList{Meta: m, PriceListInfo: catalog.PriceListInfo{Name: b.Name,
		Currency: b.Currency, RoundTo: b.RoundTo}}
	for i, c := range b.Cells {
		l.Cells = append(l.Cells, catalog.PriceCell{Zone: c.Zone, Amount: c.Amount,
			Original: c.Original, TicketType: p.one(fmt.Sprintf("cells[%d].ticket_type_id", i),
				catalog.KindTicketType, c.TicketTypeID)})
	}
	for i, r := range b.Rules {
		l.Rules = append(l.Rules, catalog.PriceRule{Name: r.Name, Weekdays: r.Weekdays,
			Dates: r.Dates, DayKinds: r.DayKinds, From: r.From, Before: r.Before,
			DaysBeforeLeast: r.DaysBeforeLeast,
			DaysBeforeMost:  r.DaysBeforeMost, Zones: r.Zones, Change: r.Change, Value: r.Value,
			Stop: r.Stop, TicketTypes: p.many(fmt.Sprintf("rules[%d].ticket_type_ids", i),
				catalog.KindTicketType, r.TicketTypeIDs)})
	}
	return l, p.problems.Err()
}

func (d *door) showPrices(l *catalog.PriceList) priceListAnswer {
	b := PriceFields{Name: l.Name, Currency: l.Currency,
		RoundTo: l.RoundTo, Cells: []cellBody{}}
	for _, c := range l.Cells {
		b.Cells = append(b.Cells, cellBody{c.Zone, d.public(catalog.KindTicketType, c.TicketType),
			c.Amount, c.Original})
	}
	for _, r := range l.Rules {
		b.Rules = append(b.Rules, ruleBody{r.Name, r.Weekdays, r.Dates, r.DayKinds, r.From,
			r.Before, r.DaysBeforeLeast, r.DaysBeforeMost, r.Zones,
			d.publics(catalog.KindTicketType, r.TicketTypes), r.Change, r.Value, r.Stop})
	}
	return priceListAnswer{d.head(catalog.KindPriceList, l.Meta), b}
}

type previewBody struct {
	VenueID  string       `json:"venue_id" maxLength:"64" doc:"whose clock and business day count"`
	StartsAt []time.Time  `json:"starts_at" minItems:"1" maxItems:"31"`
	BoughtAt time.Time    `json:"bought_at,omitzero" doc:"empty: now"`
	Draft    *PriceFields `json:"draft,omitempty" doc:"preview this instead of what is stored"`
}

type previewLine struct {
	StartsAt     time.Time   `json:"starts_at"`
	BusinessDay  int         `json:"business_day"`
	Zone         string      `json:"zone"`
	TicketTypeID string      `json:"ticket_type_id"`
	Base         money.Minor `json:"base_minor"`
	Amount       money.Minor `json:"amount_minor"`
	Rules        []string    `json:"rules" doc:"that applied, in order"`
}

type previewAnswer struct {
	BoughtAt time.Time     `json:"bought_at"`
	Lines    []previewLine `json:"lines"`
}

type previewIn struct {
	Org  string `path:"org" maxLength:"64"`
	ID   string `path:"id" maxLength:"64"`
	Body previewBody
}

func (d *door) mountPreview(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodPost,
		Path:        root + "/staff/organizations/{org}/price-lists/{id}/preview",
		OperationID: "preview-price-list", Summary: "What a seat costs when", Tag: "staff: catalog",
		Description: "Each zone and ticket type for sessions at the given starts, bought at a " +
			"moment, with the rules that applied. Nothing is stored.",
		Access:   httpx.StaffOnly(catalog.PermPrice),
		Refusals: []*fault.Definition{fault.Missing, fault.BadInput}}, d.preview)
}

func (d *door) preview(ctx context.Context, in *previewIn) (*answer[previewAnswer], error) {
	who, org, err := d.sees(ctx, in.Org)
	if err == nil {
		err = catalog.Allow(who, catalog.PermPrice, org, 0)
	}
	if err != nil {
		return nil, err
	}
	scope := actor.Scope{Organization: org}
	id, err := d.keys.Parse(catalog.KindPriceList, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := d.c.Stores().PriceLists.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	venueID, err := d.keys.Parse(catalog.KindVenue, in.Body.VenueID)
	if err != nil {
		return nil, err
	}
	venue, err := d.c.Stores().Venues.Get(ctx, scope, venueID)
	if err != nil {
		return nil, err
	}
	if in.Body.Draft != nil {
		draft, err := d.parsePrices(list.Meta, in.Body.Draft)
		if err != nil {
			return nil, err
		}
		list = &draft
	}
	bought := in.Body.BoughtAt
	if bought.IsZero() {
		bought = d.clk.Now()
	}
	lines, err := d.c.PreviewPrices(list, venue, in.Body.StartsAt, bought)
	if err != nil {
		return nil, err
	}
	out := previewAnswer{BoughtAt: bought, Lines: make([]previewLine, 0, len(lines))}
	for _, l := range lines {
		out.Lines = append(out.Lines, previewLine{l.StartsAt, l.BusinessDay, l.Zone,
			d.public(catalog.KindTicketType, l.TicketType), l.Base, l.Amount,
			append([]string{}, l.Rules...)})
	}
	return &answer[previewAnswer]{Body: out}, nil
}
