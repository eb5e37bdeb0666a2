package seatinghttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/seating"
	"foyer/internal/seating/seatmap"
)

// ownerID is the public id of an owner; offers come with their module.
func ownerID(keys httpx.Keys, o seating.Owner) (kind, id string) {
	switch o.Kind {
	case seating.OwnerOrder:
		return "order", keys.Public(idgen.Kind("ord"), o.ID)
	case seating.OwnerBlock:
		return "block", keys.Public(seating.KindBlock, o.ID)
	case seating.OwnerAllotment:
		return "allotment", keys.Public(seating.KindAllotment, o.ID)
	case seating.OwnerChange:
		return "change", keys.Public(idgen.Kind("chg"), o.ID)
	case seating.OwnerReturn:
		return "return", keys.Public(seating.KindReturn, o.ID)
	}
	return "offer", ""
}

func stateWord(s seating.ClaimState) string {
	return map[seating.ClaimState]string{seating.Held: "held", seating.Sold: "sold",
		seating.Closed: "closed", seating.Kept: "kept"}[s]
}

// HouseSession names a session of an organization in a route of staff.
type HouseSession struct {
	Org string `path:"org" maxLength:"64"`
	ID  string `path:"id" maxLength:"64" doc:"the session's id"`
}

func (h *handler) mountBlocks(api *httpx.API) {
	path := house + "/sessions/{id}"
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: path + "/seats",
		OperationID: "list-claims", Tag: tag, Summary: "Who has what of a session",
		Description: "Claims by place number; areas and blocks come with the first page.",
		Access:      httpx.StaffOnly(seating.PermBlock)}, h.overview)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: path + "/blocks",
		OperationID: "block-places", Tag: tag, Summary: "Take places out of sale",
		Description: "At `releases_at` they go on sale again by themselves.",
		Access:      httpx.StaffOnly(seating.PermBlock), Status: http.StatusCreated,
		Refusals: []*fault.Definition{seating.ErrUnknownPlace, seating.ErrPlaceTaken,
			seating.ErrAreaFull, seating.ErrReleasePast}}, h.block)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: path + "/blocks/{block}/release",
		OperationID: "unblock-places", Tag: tag, Summary: "Put blocked places on sale again",
		Description: "Without places and areas: all of the block.",
		Access:      httpx.StaffOnly(seating.PermBlock), Status: http.StatusNoContent,
		Refusals: []*fault.Definition{seating.ErrUnknownPlace}}, h.unblock)
}

func (h *handler) parseSession(org, session string) (organization, id int64, err error) {
	if organization, err = h.keys.Parse(catalog.KindOrganization, org); err != nil {
		return 0, 0, err
	}
	id, err = h.keys.Parse(catalog.KindSession, session)
	return organization, id, err
}

type blockIn struct {
	HouseSession
	Body struct {
		Places []int32           `json:"places,omitempty" maxItems:"2000"`
		Areas  []seating.AreaQty `json:"areas,omitempty" maxItems:"200"`
		Reason string            `json:"reason" minLength:"1" maxLength:"200" example:"工作票"`
		Until  *time.Time        `json:"releases_at,omitempty" doc:"none: only by hand"`
	}
}

type blockView struct {
	ID         string            `json:"id"`
	Reason     string            `json:"reason"`
	CreatedAt  time.Time         `json:"created_at"`
	ReleasesAt *time.Time        `json:"releases_at,omitempty"`
	ReleasedAt *time.Time        `json:"released_at,omitempty"`
	Places     []int32           `json:"places,omitempty"`
	Areas      []seating.AreaQty `json:"areas,omitempty"`
}

type blockOut struct{ Body blockView }

func (h *handler) viewBlock(b seating.Block) blockView {
	return blockView{ID: h.keys.Public(seating.KindBlock, b.ID), Reason: b.Reason,
		CreatedAt: b.CreatedAt, ReleasesAt: untilOrNil(b.ReleasesAt),
		ReleasedAt: untilOrNil(b.ReleasedAt), Places: b.Places, Areas: b.Areas}
}

func (h *handler) block(ctx context.Context, in *blockIn) (*blockOut, error) {
	org, session, err := h.parseSession(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	ask := seating.BlockAsk{Places: in.Body.Places, Areas: in.Body.Areas, Reason: in.Body.Reason}
	if in.Body.Until != nil {
		ask.ReleasesAt = in.Body.Until.UTC().Truncate(time.Millisecond)
	}
	b, err := h.s.BlockPlaces(ctx, httpx.ActorOf(ctx), org, session, ask)
	if err != nil {
		return nil, err
	}
	return &blockOut{h.viewBlock(*b)}, nil
}

type unblockIn struct {
	HouseSession
	Block string `path:"block" maxLength:"64"`
	Body  *struct {
		Places []int32           `json:"places,omitempty" maxItems:"2000"`
		Areas  []seating.AreaQty `json:"areas,omitempty" maxItems:"200"`
	}
}

func (h *handler) unblock(ctx context.Context, in *unblockIn) (*struct{}, error) {
	org, session, err := h.parseSession(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	block, err := h.keys.Parse(seating.KindBlock, in.Block)
	if err != nil {
		return nil, err
	}
	var places []int32
	var areas []seating.AreaQty
	if in.Body != nil && len(in.Body.Places)+len(in.Body.Areas) > 0 {
		places, areas = append([]int32{}, in.Body.Places...), in.Body.Areas
	}
	return nil, h.s.Unblock(ctx, httpx.ActorOf(ctx), org, session, block, places, areas)
}

type overviewIn struct {
	HouseSession
	After int32 `query:"after" minimum:"0" doc:"places above this number"`
	Limit int   `query:"limit" minimum:"1" maximum:"2000" default:"500"`
}

type claimView struct {
	Place   int32      `json:"place"`
	Label   string     `json:"label"`
	State   string     `json:"state" enum:"held,sold,closed,kept"`
	Owner   string     `json:"owner" enum:"order,block,allotment,offer,change,return"`
	OwnerID string     `json:"owner_id,omitempty"`
	Until   *time.Time `json:"held_until,omitempty"`
}

type unitsView struct {
	Area    int32      `json:"area"`
	N       int        `json:"quantity"`
	State   string     `json:"state" enum:"held,sold,closed,kept"`
	Owner   string     `json:"owner" enum:"order,block,allotment,offer,change,return"`
	OwnerID string     `json:"owner_id,omitempty"`
	Until   *time.Time `json:"held_until,omitempty"`
}

type overviewOut struct {
	Body struct {
		Claims []claimView `json:"claims" nullable:"false"`
		Areas  []areaState `json:"areas" nullable:"false"`
		Units  []unitsView `json:"area_claims" nullable:"false" doc:"the first 1,000"`
		Blocks []blockView `json:"blocks" nullable:"false"`
	}
}

func (h *handler) overview(ctx context.Context, in *overviewIn) (*overviewOut, error) {
	org, session, err := h.parseSession(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	o, err := h.s.Overview(ctx, httpx.ActorOf(ctx), org, session, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &overviewOut{}
	out.Body.Claims = make([]claimView, len(o.Claims))
	for i, e := range o.Claims {
		kind, id := ownerID(h.keys, e.Owner)
		v := claimView{Place: e.Place, State: stateWord(e.State), Owner: kind, OwnerID: id,
			Until: untilOrNil(e.Until)}
		if at, ok := o.Index.Ordinal(seatmap.Place(e.Place)); ok {
			v.Label = o.Index.Label(at)
		}
		out.Body.Claims[i] = v
	}
	out.Body.Areas, out.Body.Units = []areaState{}, []unitsView{}
	for _, a := range o.Areas {
		out.Body.Areas = append(out.Body.Areas,
			areaState{a.Area, a.Capacity, a.Free()})
	}
	for _, u := range o.Units {
		kind, id := ownerID(h.keys, u.Owner)
		out.Body.Units = append(out.Body.Units, unitsView{u.Area, u.N, stateWord(u.State), kind, id,
			untilOrNil(u.Until)})
	}
	out.Body.Blocks = []blockView{}
	for _, b := range o.Blocks {
		out.Body.Blocks = append(out.Body.Blocks, h.viewBlock(b))
	}
	return out, nil
}

func untilOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
