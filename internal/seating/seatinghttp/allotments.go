package seatinghttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/seating"
)

func (h *handler) mountAllotments(api *httpx.API) {
	path := house + "/sessions/{id}/allotments"
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: path,
		OperationID: "list-allotments", Tag: tag, Summary: "Which places are kept for whom",
		Description: "Newest first, the ended ones too, with what is left of each.",
		Access:      httpx.StaffOnly(seating.PermBlock)}, h.allotments)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: path,
		OperationID: "allot-places", Tag: tag, Summary: "Keep places for a channel",
		Description: "Only orders through the channel can sell them: online is h5 and " +
			"mini_program, counter is counter and kiosk. At `falls_back_at` what is left goes on " +
			"public sale by itself; unpaid orders give their places back to the allotment " +
			"until then.",
		Access: httpx.StaffOnly(seating.PermBlock), Status: http.StatusCreated,
		Refusals: []*fault.Definition{seating.ErrUnknownPlace, seating.ErrPlaceTaken,
			seating.ErrAreaFull, seating.ErrFallBackPast, seating.ErrAllotments}}, h.allot)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: path + "/{allotment}/release",
		OperationID: "release-allotment", Tag: tag, Summary: "Put kept places on public sale",
		Description: "Without places and areas: all that is left, and the allotment ends.",
		Access:      httpx.StaffOnly(seating.PermBlock), Status: http.StatusNoContent,
		Refusals: []*fault.Definition{seating.ErrNotAllotted}}, h.giveBack)
}

type allotIn struct {
	HouseSession
	Body struct {
		Channel string            `json:"channel" enum:"online,counter,house,agency,loyalty"`
		Places  []int32           `json:"places,omitempty" maxItems:"2000"`
		Areas   []seating.AreaQty `json:"areas,omitempty" maxItems:"200"`
		Reason  string            `json:"reason" minLength:"1" maxLength:"200" example:"旅行社"`
		FallsAt *time.Time        `json:"falls_back_at,omitempty" doc:"none: only by hand"`
	}
}

type allotmentView struct {
	ID         string            `json:"id"`
	Channel    seating.Channel   `json:"channel" enum:"online,counter,house,agency,loyalty"`
	Reason     string            `json:"reason"`
	FallsAt    *time.Time        `json:"falls_back_at,omitempty"`
	CreatedAt  time.Time         `json:"created_at"`
	ReleasedAt *time.Time        `json:"released_at,omitempty"`
	Places     []int32           `json:"places,omitempty" doc:"what is left of it"`
	Areas      []seating.AreaQty `json:"areas,omitempty" doc:"what is left of it"`
}

type allotmentOut struct{ Body allotmentView }

func (h *handler) viewAllotment(a seating.Allotment) allotmentView {
	return allotmentView{ID: h.keys.Public(seating.KindAllotment, a.ID), Channel: a.Channel,
		Reason: a.Reason, FallsAt: untilOrNil(a.FallsBackAt), CreatedAt: a.CreatedAt,
		ReleasedAt: untilOrNil(a.ReleasedAt), Places: a.Places, Areas: a.Areas}
}

func (h *handler) allot(ctx context.Context, in *allotIn) (*allotmentOut, error) {
	org, session, err := h.parseSession(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	ask := seating.AllotAsk{Channel: seating.Channel(in.Body.Channel), Places: in.Body.Places,
		Areas: in.Body.Areas, Reason: in.Body.Reason}
	if in.Body.FallsAt != nil {
		ask.FallsBackAt = in.Body.FallsAt.UTC().Truncate(time.Millisecond)
	}
	a, err := h.s.Allot(ctx, httpx.ActorOf(ctx), org, session, ask)
	if err != nil {
		return nil, err
	}
	return &allotmentOut{h.viewAllotment(*a)}, nil
}

type allotmentsOut struct {
	Body struct {
		Items []allotmentView `json:"items" nullable:"false"`
	}
}

func (h *handler) allotments(ctx context.Context, in *HouseSession) (*allotmentsOut, error) {
	org, session, err := h.parseSession(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := h.s.Allotments(ctx, httpx.ActorOf(ctx), org, session)
	if err != nil {
		return nil, err
	}
	out := &allotmentsOut{}
	out.Body.Items = []allotmentView{}
	for _, a := range list {
		out.Body.Items = append(out.Body.Items, h.viewAllotment(a))
	}
	return out, nil
}

type giveBackIn struct {
	HouseSession
	Allotment string `path:"allotment" maxLength:"64"`
	Body      *struct {
		Places []int32           `json:"places,omitempty" maxItems:"2000"`
		Areas  []seating.AreaQty `json:"areas,omitempty" maxItems:"200"`
	}
}

func (h *handler) giveBack(ctx context.Context, in *giveBackIn) (*struct{}, error) {
	org, session, err := h.parseSession(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	id, err := h.keys.Parse(seating.KindAllotment, in.Allotment)
	if err != nil {
		return nil, err
	}
	var places []int32
	var areas []seating.AreaQty
	if in.Body != nil && len(in.Body.Places)+len(in.Body.Areas) > 0 {
		places, areas = append([]int32{}, in.Body.Places...), in.Body.Areas
	}
	return nil, h.s.GiveBack(ctx, httpx.ActorOf(ctx), org, session, id, places, areas)
}
