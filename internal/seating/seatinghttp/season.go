package seatinghttp

import (
	"context"
	"net/http"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/seating"
)

func (h *handler) mountSeason(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: house + "/season-seats",
		OperationID: "find-season-seats", Tag: tag,
		Summary:     "Which seats are free in all of these sessions",
		Description: "For the same seat over a run of sessions that share one seat map.",
		Access:      httpx.StaffOnly(seating.PermBlock), Status: http.StatusOK,
		Refusals: []*fault.Definition{seating.ErrOtherMap}}, h.season)
}

type seasonIn struct {
	Org  string `path:"org" maxLength:"64"`
	Body struct {
		Sessions []string `json:"session_ids" minItems:"2" maxItems:"100"`
	}
}

type seasonSeat struct {
	Place int32  `json:"place"`
	Label string `json:"label"`
	Zone  string `json:"zone"`
}

type seasonOut struct {
	Body struct {
		Sessions int          `json:"sessions"`
		Seats    []seasonSeat `json:"seats" nullable:"false" doc:"free in every one of them"`
	}
}

func (h *handler) season(ctx context.Context, in *seasonIn) (*seasonOut, error) {
	org, err := h.keys.Parse(catalog.KindOrganization, in.Org)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(in.Body.Sessions))
	for i, public := range in.Body.Sessions {
		if ids[i], err = h.keys.Parse(catalog.KindSession, public); err != nil {
			return nil, err
		}
	}
	list, err := h.s.FreeInAll(ctx, httpx.ActorOf(ctx), org, ids)
	if err != nil {
		return nil, err
	}
	out := &seasonOut{}
	out.Body.Sessions, out.Body.Seats = len(ids), make([]seasonSeat, len(list))
	for i, s := range list {
		out.Body.Seats[i] = seasonSeat(s)
	}
	return out, nil
}
