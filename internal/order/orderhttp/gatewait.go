package orderhttp

import (
	"context"
	"time"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/ticket"
)

const kindGateWait idgen.Kind = "gwt"

// gateWaitBody is a refund that waits, or waited, for a gate.
type gateWaitBody struct {
	ID      string              `json:"id"`
	Order   string              `json:"order_id"`
	State   order.GateWaitState `json:"state" enum:"waiting_for_gate,booked,refused,withdrawn"`
	Units   []ticket.UnitRef    `json:"units"`
	Refund  money.Minor         `json:"refund_minor" doc:"as it was when it was asked for"`
	Fee     money.Minor         `json:"fee_minor"`
	AskedAt time.Time           `json:"asked_at"`
	Until   time.Time           `json:"waits_until" doc:"at the latest; then it is booked"`
	EndedAt *time.Time          `json:"ended_at,omitempty"`
	Code    string              `json:"code,omitempty" doc:"why it was refused"`
	Words   string              `json:"words,omitempty" doc:"why staff did not wait"`
	Refunds []string            `json:"refund_ids,omitempty" doc:"once it is booked"`
}

func (wr wire) gateWait(w *order.GateWait) *gateWaitBody {
	if w == nil {
		return nil
	}
	b := &gateWaitBody{ID: wr.keys.Public(kindGateWait, w.ID),
		Order: wr.keys.Public(kindOrder, w.Order), State: w.State, Units: w.Units,
		Refund: w.Refund, Fee: w.Fee, AskedAt: w.AskedAt.UTC(), Until: w.Until.UTC(),
		EndedAt: timeOrNil(w.EndedAt), Code: w.Code, Words: w.Words}
	for _, id := range w.Refunds {
		b.Refunds = append(b.Refunds, wr.keys.Public(kindRefund, id))
	}
	return b
}

func (h *handler) mountGateWaits() {
	viewer := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(order.PermView))
	refunder := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(order.PermRefund))
	const path = "/api/v1/orders/{id}/gate-waits"
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: path, Tag: tag,
		OperationID: "list-gate-waits",
		Summary:     "Refunds of an order that had to wait for a gate, the newest first",
		Description: "A gate without a network may have let people in that nobody knows of " +
			"yet. The refund is booked when the gate has told all, or at `waits_until`; it is " +
			"refused when the ticket turns out to have been used.",
		Access: viewer}, h.gateWaits)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: path + "/withdraw", Tag: tag,
		OperationID: "withdraw-waiting-refund", Summary: "Keep the tickets whose refund waits",
		Access: refunder, Status: 200, Refusals: []*fault.Definition{order.ErrNoWait},
	}, h.withdrawWait)
	httpx.Register(h.api, httpx.Op{Method: "POST",
		Path: "/api/v1/staff/orders/{id}/gate-waits/book", Tag: "staff: orders",
		OperationID: "book-waiting-refund", Summary: "Book a refund without waiting for the gate",
		Description: "What the gate tells later is listed as a conflict.",
		Access:      httpx.StaffOnly(order.PermRefund), Status: 200,
		Refusals: []*fault.Definition{order.ErrNoWait, order.ErrWords}}, h.bookWait)
}

type gateWaitsOut struct {
	Body struct {
		Items []*gateWaitBody `json:"items" nullable:"false"`
	}
}

func (h *handler) gateWaits(ctx context.Context, in *IDParam) (*gateWaitsOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := h.orders.GateWaits(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	var out gateWaitsOut
	out.Body.Items = make([]*gateWaitBody, len(list))
	for i, w := range list {
		out.Body.Items[i] = h.gateWait(w)
	}
	return &out, nil
}

type gateWaitOut struct{ Body *gateWaitBody }

func (h *handler) withdrawWait(ctx context.Context, in *IDParam) (*gateWaitOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	if err := h.allowed(ctx, id, order.PermRefund); err != nil {
		return nil, err
	}
	w, err := h.orders.WithdrawRefund(ctx, httpx.ActorOf(ctx), id)
	return &gateWaitOut{h.gateWait(w)}, err
}

type bookWaitIn struct {
	IDParam
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"why nobody need wait"`
	}
}

func (h *handler) bookWait(ctx context.Context, in *bookWaitIn) (*gateWaitOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	w, err := h.orders.BookWithoutGate(ctx, httpx.ActorOf(ctx), id, in.Body.Reason)
	return &gateWaitOut{h.gateWait(w)}, err
}
