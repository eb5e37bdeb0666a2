// Package alerthttp is the routes of alerts.
package alerthttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/alert"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
)

type handler struct {
	a    *alert.Alerts
	keys httpx.Keys
}

// Mount adds the routes of alerts.
func Mount(api *httpx.API, a *alert.Alerts) {
	h := &handler{a, api.Keys()}
	const tag = "alerts"
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/sessions/{id}/alerts",
		OperationID: "register-alert", Tag: tag, Summary: "Be told when it sells",
		Description: "Before the sale: when it begins. Later: when places come back. Members " +
			"are told once, first come, first served.",
		Access: httpx.MemberOnly, Status: http.StatusCreated, Rate: httpx.BuyRate,
		Refusals: []*fault.Definition{alert.ErrNothingToTell, alert.ErrStillFree,
			alert.ErrTooManyAlerts}}, h.register)
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: "/api/v1/alerts",
		OperationID: "list-alerts", Tag: tag, Summary: "What I wait for",
		Access: httpx.MemberOnly}, h.list)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/alerts/{id}/withdraw",
		OperationID: "withdraw-alert", Tag: tag, Summary: "Wait no longer",
		Access: httpx.MemberOnly, Status: http.StatusNoContent}, h.withdraw)
}

// IDParam names an object in a path.
type IDParam struct {
	ID string `path:"id" maxLength:"64"`
}

type alertBody struct {
	ID        string     `json:"id"`
	SessionID string     `json:"session_id"`
	Kind      alert.Kind `json:"kind" enum:"on_sale,returned"`
	CreatedAt time.Time  `json:"created_at"`
	ToldAt    *time.Time `json:"told_at,omitempty"`
}

func (h *handler) body(a alert.Alert) alertBody {
	b := alertBody{ID: h.keys.Public(alert.KindAlert, a.ID), Kind: a.Kind,
		SessionID: h.keys.Public(catalog.KindSession, a.Session), CreatedAt: a.CreatedAt}
	if !a.ToldAt.IsZero() {
		b.ToldAt = &a.ToldAt
	}
	return b
}

type alertOut struct{ Body alertBody }

func (h *handler) register(ctx context.Context, in *IDParam) (*alertOut, error) {
	session, err := h.keys.Parse(catalog.KindSession, in.ID)
	if err != nil {
		return nil, err
	}
	a, err := h.a.Register(ctx, httpx.ActorOf(ctx), session)
	if err != nil {
		return nil, err
	}
	return &alertOut{h.body(*a)}, nil
}

type listOut struct {
	Body struct {
		Items []alertBody `json:"items" nullable:"false"`
	}
}

func (h *handler) list(ctx context.Context, _ *struct{}) (*listOut, error) {
	list, err := h.a.Mine(ctx, httpx.ActorOf(ctx))
	if err != nil {
		return nil, err
	}
	out := &listOut{}
	out.Body.Items = []alertBody{}
	for _, a := range list {
		out.Body.Items = append(out.Body.Items, h.body(a))
	}
	return out, nil
}

func (h *handler) withdraw(ctx context.Context, in *IDParam) (*struct{}, error) {
	id, err := h.keys.Parse(alert.KindAlert, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.a.Withdraw(ctx, httpx.ActorOf(ctx), id)
}
