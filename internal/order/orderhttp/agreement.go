package orderhttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/order"
)

// mountAgreement adds the routes of orders that need the house's word.
func (h *handler) mountAgreement() {
	viewer := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(order.PermView))
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: "/api/v1/orders/{id}/agreement", Tag: tag,
		OperationID: "get-order-agreement", Summary: "The house's word on an order that needs it",
		Access: viewer, Refusals: []*fault.Definition{fault.Missing}}, h.word)
	for _, r := range []struct {
		path, id, summary string
		do                func(ctx context.Context, who actor.Actor, id int64, words string) (
			*order.Order, error)
	}{
		{"agree", "agree-order", "Agree to an order, so that it can be paid", h.orders.Agree},
		{"decline", "decline-order", "Refuse an order, with words", h.orders.Decline},
	} {
		httpx.Register(h.api, httpx.Op{Method: "POST",
			Path: "/api/v1/staff/orders/{id}/" + r.path, Tag: "staff: orders",
			OperationID: r.id, Summary: r.summary, Access: httpx.StaffOnly(order.PermAgree),
			Status: http.StatusOK, Refusals: []*fault.Definition{fault.Missing, fault.Stale,
				order.ErrNotRequested, order.ErrWords}},
			func(ctx context.Context, in *wordsIn) (*orderOut, error) {
				id, err := h.keys.Parse(kindOrder, in.ID)
				if err != nil {
					return nil, err
				}
				o, err := r.do(ctx, httpx.ActorOf(ctx), id, in.Body.Words)
				if err != nil {
					return nil, err
				}
				return h.answer(ctx, o)
			})
	}
	httpx.Register(h.api, httpx.Op{Method: "GET",
		Path: "/api/v1/staff/organizations/{org}/order-requests", Tag: "staff: orders",
		OperationID: "list-order-requests", Summary: "Orders that wait for the house's word",
		Access:   httpx.StaffOnly(order.PermAgree),
		Refusals: []*fault.Definition{fault.Missing, fault.NotAllowed}}, h.requests)
}

type wordsIn struct {
	IDParam
	Body struct {
		Words string `json:"words,omitempty" maxLength:"300" doc:"told to the buyer"`
	}
}

type wordOut struct {
	Body struct {
		Order     string               `json:"order_id"`
		State     order.AgreementState `json:"state" enum:"none,waiting,agreed,refused"`
		Words     string               `json:"words,omitempty"`
		DecidedAt *time.Time           `json:"decided_at,omitempty"`
		Until     *time.Time           `json:"until,omitempty" doc:"answer or payment, by the order's state"`
	}
}

func (h *handler) word(ctx context.Context, in *IDParam) (*wordOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	a, o, err := h.orders.Word(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	out := &wordOut{}
	b := &out.Body
	b.Order, b.State, b.Words = h.keys.Public(kindOrder, id), a.State, a.Words
	b.DecidedAt = timeOrNil(a.DecidedAt)
	if o.State == order.Requested || o.State == order.Pending {
		b.Until = timeOrNil(o.ExpiresAt)
	}
	return out, nil
}

type requestsIn struct {
	Org string `path:"org" maxLength:"64"`
	httpx.PageQuery
}

func (h *handler) requests(ctx context.Context, in *requestsIn) (*listOut, error) {
	who := httpx.ActorOf(ctx)
	org, err := h.keys.Parse(kindOrganization, in.Org)
	if err != nil {
		return nil, err
	}
	if err := agrees(who, org); err != nil {
		return nil, err
	}
	name := "order requests " + in.Org
	var before int64
	if in.Cursor != "" {
		if err := h.api.Cursors().Open(name, in.Cursor, &before); err != nil {
			return nil, err
		}
	}
	list, next, err := h.orders.Requests(ctx, who, actor.Scope{Organization: org}, before,
		in.Limit)
	if err != nil {
		return nil, err
	}
	out := &listOut{httpx.Page[orderBody]{Items: make([]orderBody, len(list))}}
	for i, o := range list {
		one, err := h.answer(ctx, o)
		if err != nil {
			return nil, err
		}
		out.Body.Items[i] = one.Body
	}
	if next != 0 {
		out.Body.NextCursor = h.api.Cursors().Seal(name, next)
	}
	return out, nil
}

// agrees refuses who agrees to orders nowhere in the organization.
func agrees(who actor.Actor, org int64) error {
	err := error(fault.Missing)
	for _, g := range who.Grants {
		if g.Organization != org {
			continue
		}
		if who.May(order.PermAgree, org, g.Venue) {
			return nil
		}
		err = fault.NotAllowed.With("permission", string(order.PermAgree))
	}
	return err
}
