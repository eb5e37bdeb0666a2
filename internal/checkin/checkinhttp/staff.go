package checkinhttp

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/checkin"
	"foyer/internal/fault"
	"foyer/internal/httpx"
)

const (
	organization = "/api/v1/staff/organizations/{org}"
	atVenue      = organization + "/venues/{ven}"
)

func (h *handler) mountStaff() {
	manager := httpx.StaffOnly(checkin.PermDevice)
	full := []*fault.Definition{checkin.ErrTooManyDevices}
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: atVenue + "/devices", Tag: tag,
		OperationID: "create-device", Summary: "Make a device and its one-time code",
		Description: "The code is shown once, holds 15 minutes and enrols one device.",
		Access:      manager, Status: 201, Refusals: full}, h.createDevice)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: atVenue + "/devices", Tag: tag,
		OperationID: "list-devices", Summary: "The devices of a venue", Access: manager,
		Refusals: []*fault.Definition{httpx.InvalidCursor}}, h.listDevices)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: organization + "/devices/{id}/revoke",
		Tag: tag, OperationID: "revoke-device", Summary: "End a device at once",
		Access: manager, Status: 204}, h.revoke)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: atVenue + "/gates", Tag: tag,
		OperationID: "create-gate", Summary: "Add a gate to a venue",
		Access: manager, Status: 201, Refusals: full}, h.createGate)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: atVenue + "/gates", Tag: tag,
		OperationID: "list-gates", Summary: "The gates of a venue", Access: manager}, h.listGates)
	httpx.Register(h.api, httpx.Op{Method: "PUT", Path: organization + "/gates/{id}", Tag: tag,
		OperationID: "replace-gate", Summary: "Change a gate's names, hours and where it leads",
		Access: manager}, h.replaceGate)
	h.mountPrecincts(manager)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: organization + "/sessions/{id}/counts",
		Tag: tag, OperationID: "get-session-counts", Summary: "Who entered and who is inside",
		Access: httpx.StaffOnly(checkin.PermView)}, h.countOf)
}

// VenueParams is embedded, and only exported fields are read from a request.
type VenueParams struct {
	Org string `path:"org" doc:"the organization's id"`
	Ven string `path:"ven" doc:"the venue's id"`
}

func (h *handler) at(p VenueParams) (scope actor.Scope, venue int64, err error) {
	if scope, err = h.scope(p.Org); err != nil {
		return scope, 0, err
	}
	venue, err = h.keys.Parse(catalog.KindVenue, p.Ven)
	return scope, venue, err
}

func (h *handler) scope(org string) (actor.Scope, error) {
	id, err := h.keys.Parse(catalog.KindOrganization, org)
	return actor.Scope{Organization: id}, err
}

type deviceBody struct {
	ID        string     `json:"id"`
	VenueID   string     `json:"venue_id"`
	GateID    string     `json:"gate_id,omitempty" doc:"empty: it moves about"`
	Name      string     `json:"name"`
	Direction string     `json:"direction" enum:"both,entry,exit"`
	ListUntil *time.Time `json:"list_until,omitempty" doc:"may admit by its list until then"`
	Unsent    int        `json:"unsent,omitempty" doc:"scans that it said it holds"`
	Reported  *time.Time `json:"reported_at,omitempty" doc:"when it last held none"`
	State     string     `json:"state" enum:"waiting,active,revoked"`
	CodeUntil *time.Time `json:"code_until,omitempty" doc:"while it waits for its code"`
	SeenAt    *time.Time `json:"seen_at,omitempty" doc:"to about a minute"`
	CreatedAt time.Time  `json:"created_at"`
}

func (h *handler) device(d *checkin.Device) deviceBody {
	b := deviceBody{ID: h.keys.Public(checkin.KindDevice, d.ID),
		VenueID: h.keys.Public(catalog.KindVenue, d.Venue),
		GateID:  h.keys.Public(checkin.KindGate, d.Gate), Name: d.Name, State: string(d.State),
		Direction: string(d.Ways), Unsent: d.Unsent, Reported: timeOrNil(d.ReportedAt),
		CreatedAt: d.CreatedAt.UTC()}
	if !d.ListUntil.IsZero() {
		until := d.ListUntil.UTC()
		b.ListUntil = &until
	}
	if d.State == checkin.Waiting {
		until := d.CodeUntil.UTC()
		b.CodeUntil = &until
	}
	if !d.SeenAt.IsZero() {
		seen := d.SeenAt.UTC()
		b.SeenAt = &seen
	}
	return b
}

type createDeviceIn struct {
	VenueParams
	Body struct {
		Name   string `json:"name" minLength:"1" maxLength:"60"`
		GateID string `json:"gate_id,omitempty" maxLength:"64" doc:"empty: it moves about"`
		// Direction is which way it lets people through.
		Direction string `json:"direction,omitempty" enum:"both,entry,exit" doc:"empty: both"`
	}
}

type createDeviceOut struct {
	Body struct {
		Device deviceBody `json:"device"`
		Code   string     `json:"code" doc:"type it into the device; shown once"`
	}
}

func (h *handler) createDevice(ctx context.Context, in *createDeviceIn) (*createDeviceOut, error) {
	scope, venue, err := h.at(in.VenueParams)
	if err != nil {
		return nil, err
	}
	d := checkin.Device{Organization: scope.Organization, Venue: venue, Name: in.Body.Name,
		Ways: checkin.Ways(in.Body.Direction)}
	if in.Body.GateID != "" {
		if d.Gate, err = h.keys.Parse(checkin.KindGate, in.Body.GateID); err != nil {
			return nil, err
		}
	}
	made, code, err := h.module.Devices().Create(ctx, httpx.ActorOf(ctx), d)
	if err != nil {
		return nil, err
	}
	var out createDeviceOut
	out.Body.Device, out.Body.Code = h.device(made), code[:5]+"-"+code[5:]
	return &out, nil
}

type listDevicesIn struct {
	VenueParams
	httpx.PageQuery
}

type listDevicesOut struct{ Body httpx.Page[deviceBody] }

func (h *handler) listDevices(ctx context.Context, in *listDevicesIn) (*listDevicesOut, error) {
	scope, venue, err := h.at(in.VenueParams)
	if err != nil {
		return nil, err
	}
	name := "devices of " + in.Ven
	var after int64
	if in.Cursor != "" {
		if err := h.api.Cursors().Open(name, in.Cursor, &after); err != nil {
			return nil, err
		}
	}
	list, err := h.module.Devices().List(ctx, httpx.ActorOf(ctx), scope, venue, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out listDevicesOut
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Body.NextCursor = h.api.Cursors().Seal(name, list[in.Limit-1].ID)
	}
	out.Body.Items = make([]deviceBody, len(list))
	for i := range list {
		out.Body.Items[i] = h.device(&list[i])
	}
	return &out, nil
}

// ObjectParams names one object of an organization.
type ObjectParams struct {
	Org string `path:"org" doc:"the organization's id"`
	ID  string `path:"id"`
}

func (h *handler) revoke(ctx context.Context, in *ObjectParams) (*struct{}, error) {
	scope, err := h.scope(in.Org)
	if err != nil {
		return nil, err
	}
	id, err := h.keys.Parse(checkin.KindDevice, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.module.Devices().Revoke(ctx, httpx.ActorOf(ctx), scope, id)
}

type gatesOut struct {
	Body struct {
		Items []gateBody `json:"items" nullable:"false"`
	}
}

func (h *handler) listGates(ctx context.Context, in *VenueParams) (*gatesOut, error) {
	scope, venue, err := h.at(*in)
	if err != nil {
		return nil, err
	}
	list, err := h.module.Devices().Gates(ctx, httpx.ActorOf(ctx), scope, venue)
	if err != nil {
		return nil, err
	}
	var out gatesOut
	out.Body.Items = make([]gateBody, len(list))
	for i := range list {
		out.Body.Items[i] = h.gate(&list[i])
	}
	return &out, nil
}

type countOut struct{ Body countBody }

func (h *handler) countOf(ctx context.Context, in *ObjectParams) (*countOut, error) {
	scope, err := h.scope(in.Org)
	if err != nil {
		return nil, err
	}
	id, err := h.keys.Parse(catalog.KindSession, in.ID)
	if err != nil {
		return nil, err
	}
	c, err := h.module.CountOf(ctx, httpx.ActorOf(ctx), scope.Organization, id)
	if err != nil {
		return nil, err
	}
	return &countOut{h.count(c)}, nil
}
