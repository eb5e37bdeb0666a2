package checkinhttp

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/checkin"
	"foyer/internal/fault"
	"foyer/internal/httpx"
)

func (h *handler) mountPrecincts(manager httpx.Access) {
	refusals := []*fault.Definition{checkin.ErrTooManyPrecincts, checkin.ErrPrecinctCode}
	httpx.Register(h.api, httpx.Op{Method: http.MethodPost, Path: atVenue + "/precincts",
		Tag: tag, OperationID: "create-precinct", Summary: "Add a precinct to a venue",
		Description: "A precinct is a part of a venue with gates of its own. Ticket types name " +
			"it by its code.", Access: manager, Status: 201, Refusals: refusals}, h.createPrecinct)
	httpx.Register(h.api, httpx.Op{Method: http.MethodGet, Path: atVenue + "/precincts",
		Tag: tag, OperationID: "list-precincts", Summary: "The precincts of a venue",
		Access: manager}, h.listPrecincts)
	httpx.Register(h.api, httpx.Op{Method: http.MethodPut, Path: atVenue + "/precincts/{id}",
		Tag: tag, OperationID: "replace-precinct", Summary: "Change a precinct",
		Access: manager, Refusals: refusals}, h.replacePrecinct)
}

// PrecinctFields is embedded, and only exported fields are in the API document.
type PrecinctFields struct {
	Code     string `json:"code" minLength:"1" maxLength:"40" doc:"by which rules name it"`
	Name     string `json:"name" minLength:"1" maxLength:"60"`
	NameEn   string `json:"name_en,omitempty" maxLength:"60"`
	Capacity int    `json:"capacity,omitempty" minimum:"0" maximum:"10000000" doc:"people"`
}

type precinctBody struct {
	ID      string `json:"id"`
	VenueID string `json:"venue_id"`
	PrecinctFields
}

func (h *handler) precinct(p *checkin.Precinct) precinctBody {
	return precinctBody{h.keys.Public(checkin.KindPrecinct, p.ID),
		h.keys.Public(catalog.KindVenue, p.Venue),
		PrecinctFields{p.Code, p.Name, p.NameEn, p.Capacity}}
}

func (f *PrecinctFields) at(scope actor.Scope, venue, id int64) checkin.Precinct {
	return checkin.Precinct{ID: id, Organization: scope.Organization, Venue: venue,
		Code: f.Code, Name: f.Name, NameEn: f.NameEn, Capacity: f.Capacity}
}

type (
	createPrecinctIn struct {
		VenueParams
		Body PrecinctFields
	}
	replacePrecinctIn struct {
		VenueParams
		ID   string `path:"id" doc:"the precinct's id"`
		Body PrecinctFields
	}
	precinctOut  struct{ Body precinctBody }
	precinctsOut struct {
		Body struct {
			Items []precinctBody `json:"items" nullable:"false"`
		}
	}
)

func (h *handler) createPrecinct(ctx context.Context, in *createPrecinctIn) (*precinctOut, error) {
	scope, venue, err := h.at(in.VenueParams)
	if err != nil {
		return nil, err
	}
	p, err := h.module.Devices().CreatePrecinct(ctx, httpx.ActorOf(ctx),
		in.Body.at(scope, venue, 0))
	if err != nil {
		return nil, err
	}
	return &precinctOut{h.precinct(p)}, nil
}

func (h *handler) replacePrecinct(ctx context.Context, in *replacePrecinctIn) (
	*precinctOut, error,
) {
	scope, venue, err := h.at(in.VenueParams)
	if err != nil {
		return nil, err
	}
	id, err := h.keys.Parse(checkin.KindPrecinct, in.ID)
	if err != nil {
		return nil, err
	}
	p, err := h.module.Devices().ReplacePrecinct(ctx, httpx.ActorOf(ctx),
		in.Body.at(scope, venue, id))
	if err != nil {
		return nil, err
	}
	return &precinctOut{h.precinct(p)}, nil
}

func (h *handler) listPrecincts(ctx context.Context, in *VenueParams) (*precinctsOut, error) {
	scope, venue, err := h.at(*in)
	if err != nil {
		return nil, err
	}
	list, err := h.module.Devices().Precincts(ctx, httpx.ActorOf(ctx), scope, venue)
	if err != nil {
		return nil, err
	}
	var out precinctsOut
	out.Body.Items = make([]precinctBody, len(list))
	for i := range list {
		out.Body.Items[i] = h.precinct(&list[i])
	}
	return &out, nil
}

// GateFields is embedded, as PrecinctFields.
type GateFields struct {
	Name   string `json:"name" minLength:"1" maxLength:"60"`
	NameEn string `json:"name_en,omitempty" maxLength:"60"`
	// PrecinctID is where the gate leads into, FromPrecinctID where it leads from.
	PrecinctID     string `json:"precinct_id,omitempty" maxLength:"64" doc:"empty: the venue"`
	FromPrecinctID string `json:"from_precinct_id,omitempty" maxLength:"64" doc:"empty: street"`
	Opens          string `json:"opens,omitempty" maxLength:"5" doc:"e.g. 08:30; empty: always"`
	Closes         string `json:"closes,omitempty" maxLength:"5" doc:"e.g. 17:00 or 25:30"`
}

type gateBody struct {
	ID      string `json:"id"`
	VenueID string `json:"venue_id"`
	GateFields
}

func (h *handler) gate(g *checkin.Gate) gateBody {
	f := GateFields{Name: g.Name, NameEn: g.NameEn,
		PrecinctID:     h.keys.Public(checkin.KindPrecinct, g.Precinct),
		FromPrecinctID: h.keys.Public(checkin.KindPrecinct, g.From)}
	if g.Closes != 0 {
		f.Opens, f.Closes = clockText(g.Opens), clockText(g.Closes)
	}
	return gateBody{h.keys.Public(checkin.KindGate, g.ID),
		h.keys.Public(catalog.KindVenue, g.Venue), f}
}

func clockText(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// gateOf reads the fields of a gate; what is no time or no id is named.
func (h *handler) gateOf(f *GateFields, organization int64) (checkin.Gate, error) {
	g := checkin.Gate{Organization: organization, Name: f.Name, NameEn: f.NameEn}
	var p fault.Problems
	clock := func(field, text string) int {
		if text == "" {
			return 0
		}
		if len(text) == 5 && text[2] == ':' {
			hour, err := strconv.ParseUint(text[:2], 10, 8)
			minute, err2 := strconv.ParseUint(text[3:], 10, 8)
			if err == nil && err2 == nil && minute < 60 {
				return int(hour*60 + minute)
			}
		}
		p.Add(field, "is not a time like 08:30 / 时间格式有误")
		return 0
	}
	id := func(field, text string) int64 {
		if text == "" {
			return 0
		}
		v, err := h.keys.Parse(checkin.KindPrecinct, text)
		if err != nil {
			p.Add(field, "is no precinct / 不是分区")
		}
		return v
	}
	g.Opens, g.Closes = clock("opens", f.Opens), clock("closes", f.Closes)
	g.Precinct = id("precinct_id", f.PrecinctID)
	g.From = id("from_precinct_id", f.FromPrecinctID)
	return g, p.Err()
}

type (
	createGateIn struct {
		VenueParams
		Body GateFields
	}
	replaceGateIn struct {
		ObjectParams
		Body GateFields
	}
	gateOut struct{ Body gateBody }
)

func (h *handler) createGate(ctx context.Context, in *createGateIn) (*gateOut, error) {
	scope, venue, err := h.at(in.VenueParams)
	if err != nil {
		return nil, err
	}
	g, err := h.gateOf(&in.Body, scope.Organization)
	if err != nil {
		return nil, err
	}
	g.Venue = venue
	made, err := h.module.Devices().CreateGate(ctx, httpx.ActorOf(ctx), g)
	if err != nil {
		return nil, err
	}
	return &gateOut{h.gate(made)}, nil
}

func (h *handler) replaceGate(ctx context.Context, in *replaceGateIn) (*gateOut, error) {
	scope, err := h.scope(in.Org)
	if err != nil {
		return nil, err
	}
	id, err := h.keys.Parse(checkin.KindGate, in.ID)
	if err != nil {
		return nil, err
	}
	g, err := h.gateOf(&in.Body, scope.Organization)
	if err != nil {
		return nil, err
	}
	g.ID = id
	made, err := h.module.Devices().ReplaceGate(ctx, httpx.ActorOf(ctx), g)
	if err != nil {
		return nil, err
	}
	return &gateOut{h.gate(made)}, nil
}

type flowBody struct {
	PrecinctID string `json:"precinct_id,omitempty" doc:"empty: the venue as a whole"`
	Code       string `json:"code,omitempty"`
	Name       string `json:"name,omitempty"`
	NameEn     string `json:"name_en,omitempty"`
	Entered    int    `json:"entered" doc:"people who came in on this business day"`
	Gone       int    `json:"gone" doc:"people who went out"`
	Inside     int    `json:"inside" doc:"people inside now"`
	Capacity   int    `json:"capacity,omitempty" doc:"people it holds"`
}

type flowsOut struct {
	Body struct {
		Day   string     `json:"business_day"`
		Items []flowBody `json:"items" nullable:"false" doc:"the venue first"`
	}
}

func (h *handler) flows(ctx context.Context, in *venueQuery) (*flowsOut, error) {
	venue, err := h.venue(in)
	if err != nil {
		return nil, err
	}
	day, list, err := h.module.FlowsOf(ctx, httpx.ActorOf(ctx), venue)
	if err != nil {
		return nil, err
	}
	var out flowsOut
	out.Body.Day = catalog.DayText(day)
	for _, f := range list {
		out.Body.Items = append(out.Body.Items, flowBody{
			h.keys.Public(checkin.KindPrecinct, f.Precinct.ID), f.Precinct.Code,
			f.Precinct.Name, f.Precinct.NameEn, f.Entered, f.Gone, f.Inside(),
			f.Precinct.Capacity})
	}
	return &out, nil
}
