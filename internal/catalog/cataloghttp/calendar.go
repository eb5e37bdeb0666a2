package cataloghttp

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/catalog/almanac"
	"foyer/internal/fault"
	"foyer/internal/httpx"
)

type (
	holidayBody struct {
		Revision int64 `json:"revision,omitempty" minimum:"0"`
		catalog.HolidayListInfo
	}
	staffHolidays struct {
		Head
		catalog.HolidayListInfo
	}
)

func (d *door) holidayDesk() resource[holidayBody, staffHolidays, catalog.HolidayList] {
	return resource[holidayBody, staffHolidays, catalog.HolidayList]{path: "holiday-lists",
		one: "holiday-list", many: "holiday-lists", kind: catalog.KindHolidays,
		permission: catalog.PermPrice,
		text: "A year's holidays and adjusted workdays (调休), imported from a public notice. It " +
			"replaces the built-in list of its year in prices and calendars.",
		store:    d.c.Stores().Holidays,
		create:   d.c.CreateHolidayList,
		update:   d.c.UpdateHolidayList,
		meta:     func(l *catalog.HolidayList) catalog.Meta { return l.Meta },
		revision: func(b *holidayBody) int64 { return b.Revision },
		parse: func(m catalog.Meta, b *holidayBody) (catalog.HolidayList, error) {
			return catalog.HolidayList{Meta: m, HolidayListInfo: b.HolidayListInfo}, nil
		},
		show: func(l *catalog.HolidayList) staffHolidays {
			return staffHolidays{d.head(catalog.KindHolidays, l.Meta), l.HolidayListInfo}
		}}
}

func (d *door) mountMonth(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: root + "/venues/{id}/calendar",
		OperationID: "get-venue-calendar", Summary: "A month of a venue", Tag: "catalog",
		Description: "When it is open, why not, and what is left of each day: of all that it " +
			"shows, or of one event. At most 5 seconds old.",
		Access: httpx.Public, Refusals: []*fault.Definition{fault.Missing}}, d.month)
}

type monthQuery struct {
	ID      string `path:"id" maxLength:"64"`
	Month   string `query:"month" maxLength:"7" required:"true" example:"2026-10"`
	EventID string `query:"event_id" maxLength:"64"`
}

type openingBody struct {
	Open      string `json:"open" doc:"wall time of the business day; 25:30 is past midnight"`
	Close     string `json:"close"`
	LastEntry string `json:"last_entry" doc:"when the last visitor is let in"`
}

type dayBody struct {
	Date     string        `json:"date"`
	Open     bool          `json:"open"`
	Openings []openingBody `json:"openings" nullable:"false"`
	Kind     almanac.Kind  `json:"day_kind" enum:"workday,weekend,holiday,adjusted_workday"`
	Holiday  string        `json:"holiday,omitempty" doc:"name of the holiday or adjusted workday"`
	HolidayE string        `json:"holiday_en,omitempty"`
	Reason   string        `json:"reason,omitempty" doc:"why the day differs"`
	Sessions int           `json:"sessions" doc:"that may be bought now or later"`
	Capacity int           `json:"capacity"`
	Free     int           `json:"free" doc:"places that are free for sale"`
}

type monthAnswer struct {
	VenueID string    `json:"venue_id"`
	Month   string    `json:"month"`
	Days    []dayBody `json:"days" nullable:"false"`
}

func (d *door) month(ctx context.Context, in *monthQuery) (*answer[monthAnswer], error) {
	id, err := d.keys.Parse(catalog.KindVenue, in.ID)
	if err != nil {
		return nil, err
	}
	event, err := d.optional(catalog.KindEvent, in.EventID)
	if err != nil {
		return nil, err
	}
	month, _ := strconv.Atoi(strings.ReplaceAll(in.Month, "-", "")) // 0 is refused as no month
	days, err := d.c.Month(ctx, id, event, month)
	if err != nil {
		return nil, err
	}
	out := monthAnswer{VenueID: in.ID, Month: in.Month, Days: make([]dayBody, len(days))}
	for i, day := range days {
		b := dayBody{Date: dateOf(day.BusinessDay), Open: len(day.Openings) > 0,
			Openings: []openingBody{}, Kind: day.Day.Kind, Holiday: day.Day.Name,
			HolidayE: day.Day.NameEn, Reason: day.Reason, Sessions: day.Sessions,
			Capacity: day.Capacity, Free: day.Free}
		for _, o := range day.Openings {
			b.Openings = append(b.Openings, openingBody{wall(o.Open), wall(o.Close),
				wall(o.LastEntry)})
		}
		out.Days[i] = b
	}
	return &answer[monthAnswer]{Body: out}, nil
}

func wall(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

func dateOf(day int) string {
	return fmt.Sprintf("%04d-%02d-%02d", day/10000, day/100%100, day%100)
}

func (d *door) mountSlots(api *httpx.API) {
	refusals := []*fault.Definition{catalog.ErrNoSlots, catalog.ErrTooManySlots,
		catalog.ErrSlotConflict, catalog.ErrNoSeatMap}
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Tag: "staff: catalog",
		Path: root + "/staff/organizations/{org}/slots", OperationID: "make-slots",
		Summary: "Make the time slots of days",
		Description: "Every so many minutes within the opening hours of each day. With dry_run " +
			"it says what would be made and what is in the way. All or nothing, unless " +
			"skip_conflicts makes the others.",
		Access: httpx.StaffOnly(catalog.PermSession), Status: http.StatusOK,
		Refusals: refusals}, d.makeSlots)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Tag: "staff: catalog",
		Path:        root + "/staff/organizations/{org}/venues/{id}/copy-week",
		OperationID: "copy-week", Summary: "Make the sessions of a week again in another",
		Description: "Same weekday and wall time; closed days are skipped.",
		Access:      httpx.StaffOnly(catalog.PermSession), Status: http.StatusOK,
		Refusals: refusals}, d.copyWeek)
}

// MakeFlags are how a command that makes sessions behaves.
type MakeFlags struct {
	DryRun        bool `json:"dry_run,omitempty" doc:"say what would be made, and make nothing"`
	SkipConflicts bool `json:"skip_conflicts,omitempty" doc:"make the others"`
	OnSale        bool `json:"on_sale,omitempty" doc:"put what is made on sale"`
}

func (f MakeFlags) options() catalog.MakeOptions {
	return catalog.MakeOptions{Dry: f.DryRun, SkipConflicts: f.SkipConflicts, Sell: f.OnSale}
}

type slotsIn struct {
	Org  string `path:"org" maxLength:"64"`
	Body struct {
		HallID         string     `json:"hall_id" maxLength:"64"`
		EventID        string     `json:"event_id" maxLength:"64"`
		PriceListID    string     `json:"price_list_id" maxLength:"64"`
		RefundPolicyID string     `json:"refund_policy_id" maxLength:"64"`
		Areas          []areaBody `json:"area_capacity,omitempty" maxItems:"200" doc:"of each slot"`
		catalog.SlotRule
		MakeFlags
	}
}

type copyWeekIn struct {
	Org  string `path:"org" maxLength:"64"`
	ID   string `path:"id" maxLength:"64" doc:"the venue's id"`
	Body struct {
		From string `json:"from" maxLength:"10" doc:"the Monday of the week to copy"`
		To   string `json:"to" maxLength:"10" doc:"the Monday of the week to make"`
		MakeFlags
	}
}

type slotBody struct {
	Date      string     `json:"date"`
	StartsAt  time.Time  `json:"starts_at"`
	EndsAt    time.Time  `json:"ends_at"`
	SaleFrom  *time.Time `json:"sale_from,omitempty"`
	SessionID string     `json:"session_id,omitempty" doc:"what was made"`
	Conflict  string     `json:"conflict,omitempty" doc:"code of what is in the way"`
	With      any        `json:"conflict_with,omitempty" doc:"the session in the way"`
}

type skippedBody struct {
	Date   string `json:"date"`
	Why    string `json:"why" enum:"closed,excluded,weekday,day_kind,past"`
	Reason string `json:"reason,omitempty"`
}

type slotsAnswer struct {
	DryRun    bool          `json:"dry_run"`
	Made      int           `json:"made" doc:"or that would be"`
	Conflicts int           `json:"conflicts"`
	Slots     []slotBody    `json:"slots" nullable:"false"`
	Skipped   []skippedBody `json:"skipped" nullable:"false" doc:"days without slots"`
}

func (d *door) makeSlots(ctx context.Context, in *slotsIn) (*answer[slotsAnswer], error) {
	who, org, err := d.sees(ctx, in.Org)
	if err != nil {
		return nil, err
	}
	b, p := &in.Body, d.ids()
	t := catalog.SlotTemplate{HallID: p.one("hall_id", catalog.KindHall, b.HallID),
		EventID:        p.one("event_id", catalog.KindEvent, b.EventID),
		PriceListID:    p.one("price_list_id", catalog.KindPriceList, b.PriceListID),
		RefundPolicyID: p.one("refund_policy_id", catalog.KindRefundPolicy, b.RefundPolicyID),
		AreaCapacity:   map[int32]int{}, SlotRule: b.SlotRule}
	for _, a := range b.Areas {
		t.AreaCapacity[a.Area] = a.Capacity
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	plan, err := d.c.MakeSlots(ctx, who, org, t, b.options())
	if err != nil {
		return nil, err
	}
	return d.slots(plan, b.DryRun), nil
}

func (d *door) copyWeek(ctx context.Context, in *copyWeekIn) (*answer[slotsAnswer], error) {
	who, org, err := d.sees(ctx, in.Org)
	if err != nil {
		return nil, err
	}
	venue, err := d.keys.Parse(catalog.KindVenue, in.ID)
	if err != nil {
		return nil, err
	}
	plan, err := d.c.CopyWeek(ctx, who, org, venue, in.Body.From, in.Body.To,
		in.Body.options())
	if err != nil {
		return nil, err
	}
	return d.slots(plan, in.Body.DryRun), nil
}

func (d *door) slots(plan *catalog.SlotPlan, dry bool) *answer[slotsAnswer] {
	out := slotsAnswer{DryRun: dry, Slots: []slotBody{}, Skipped: []skippedBody{}}
	for _, s := range plan.Slots {
		b := slotBody{Date: dateOf(s.BusinessDay), StartsAt: s.StartsAt, EndsAt: s.EndsAt}
		if !s.SaleFrom.IsZero() {
			b.SaleFrom = &s.SaleFrom
		}
		if s.Session != nil {
			b.SessionID = d.public(catalog.KindSession, s.Session.ID)
		}
		if s.Conflict != nil {
			b.Conflict, b.With = s.Conflict.Def.Code, s.Conflict.Details["session"]
			out.Conflicts++
		} else {
			out.Made++
		}
		out.Slots = append(out.Slots, b)
	}
	for _, k := range plan.Skipped {
		out.Skipped = append(out.Skipped, skippedBody{dateOf(k.BusinessDay), k.Why, k.Reason})
	}
	return &answer[slotsAnswer]{Body: out}
}
