package orderhttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/journal/journalhttp"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/ticket"
)

const kindOrganization idgen.Kind = "org"

// HouseSession names a session of an organization in a route of staff.
type HouseSession struct {
	Org string `path:"org" maxLength:"64"`
	ID  string `path:"id" maxLength:"64" doc:"the session's id"`
}

func (h *handler) mountGiveBacks() {
	const path = "/api/v1/staff/organizations/{org}/sessions/{id}"
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: path + "/cancellation-preview",
		Tag: "staff: orders", OperationID: "preview-cancellation",
		Summary:     "What cancelling the session would give back",
		Description: "At most 5,000 orders are counted; `more` says that there are others.",
		Access:      httpx.StaffOnly(order.PermRefund),
		Refusals:    []*fault.Definition{fault.Missing, fault.NotAllowed}}, h.previewCallOff)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: path + "/give-back",
		Tag: "staff: orders", OperationID: "get-give-back",
		Summary: "How far the refunds of a cancelled session are",
		Description: "Cancelling gives everybody everything back by itself, at a bounded rate. " +
			"`stuck` lists refunds that need a person, `used` orders with tickets that were used.",
		Access: httpx.StaffOnly(order.PermRefund),
		Refusals: []*fault.Definition{fault.Missing, fault.NotAllowed,
			order.ErrNotCalledOff}}, h.giveBack)
	httpx.RegisterRaw(h.api, httpx.Op{Method: "POST", Path: path + "/used-refunds",
		Tag: "staff: orders", OperationID: "refund-used-tickets",
		Summary: "Give used tickets of a cancelled session back",
		Description: "In full, with a reason. What the gates wrote stays, and the tickets open " +
			"nothing any more. Where the house wants two people for so much: 202 with the request.",
		Access: httpx.StaffOnly(order.PermRefund), Idempotent: true, Status: 201,
		Params: HouseSession{}, Request: usedRefundBody{}, Response: returnedBody{},
		Rate: httpx.BuyRate,
		Refusals: []*fault.Definition{fault.Missing, fault.NotAllowed, fault.BadInput,
			order.ErrNotCalledOff, order.ErrNotFound, order.ErrNotPaid, order.ErrUnit,
			order.ErrUnitReturned, order.ErrNotUsed, order.ErrQuoteChanged}}, h.refundUsed)
}

type usedRefundBody struct {
	Order  string           `json:"order_id" maxLength:"64"`
	Units  []ticket.UnitRef `json:"units,omitempty" maxItems:"100" doc:"none: all that were used"`
	Expect *int64           `json:"expect_refund_minor,omitempty" doc:"refuse at any other sum"`
	Reason string           `json:"reason" minLength:"1" maxLength:"200"`
}

func (h *handler) refundUsed(w http.ResponseWriter, r *http.Request) error {
	organization, session, err := h.house(&HouseSession{r.PathValue("org"), r.PathValue("id")})
	if err != nil {
		return err
	}
	c, err := readCommand[usedRefundBody](h.api, r)
	if err != nil {
		return err
	}
	body := c.body
	if len(body.Units) > order.MaxPlaces {
		return fault.BadInput.At("units", "at most 100 units")
	}
	ask := order.UsedAsk{Organization: organization, Session: session, Units: body.Units,
		Expect: -1, Reason: body.Reason, InputHash: c.hash}
	if body.Expect != nil {
		ask.Expect = money.Minor(*body.Expect)
	}
	if ask.Order, err = h.keys.Parse(kindOrder, body.Order); err != nil {
		return err
	}
	return journalhttp.Once(w, r, h.repeat, c.raw,
		func(ctx context.Context, receipt *journal.Receipt) (journal.Answer, error) {
			return h.orders.RefundUsed(ctx, httpx.ActorOf(ctx), ask, receipt, h.renderReturned)
		})
}

type callOffOut struct {
	Body struct {
		Paid     int            `json:"paid_orders"`
		Unpaid   int            `json:"unpaid_orders"`
		Units    int            `json:"units" doc:"tickets that would go back"`
		Used     int            `json:"used_units" doc:"used tickets, which would not"`
		Refund   money.Minor    `json:"refund_minor"`
		Currency money.Currency `json:"currency,omitempty"`
		More     bool           `json:"more"`
	}
}

func (h *handler) house(in *HouseSession) (organization, session int64, err error) {
	if organization, err = h.keys.Parse(kindOrganization, in.Org); err == nil {
		session, err = h.keys.Parse(kindSession, in.ID)
	}
	return organization, session, err
}

func (h *handler) previewCallOff(ctx context.Context, in *HouseSession) (*callOffOut, error) {
	organization, session, err := h.house(in)
	if err != nil {
		return nil, err
	}
	p, err := h.orders.PreviewCallOff(ctx, httpx.ActorOf(ctx), organization, session)
	if err != nil {
		return nil, err
	}
	var out callOffOut
	out.Body.Paid, out.Body.Unpaid, out.Body.Units, out.Body.Used = p.Paid, p.Unpaid, p.Units,
		p.Used
	out.Body.Refund, out.Body.Currency, out.Body.More = p.Refund, p.Currency, p.More
	return &out, nil
}

type stuckRefund struct {
	Refund  string      `json:"refund_id"`
	Order   string      `json:"order_id"`
	Amount  money.Minor `json:"amount_minor"`
	Problem string      `json:"problem" doc:"in the provider's words"`
}

type giveBackOut struct {
	Body struct {
		State     order.GiveBackState `json:"state" enum:"running,done" doc:"done: every refund is asked for"`
		StartedAt time.Time           `json:"started_at"`
		EndedAt   *time.Time          `json:"ended_at,omitempty"`
		Orders    int                 `json:"orders"`
		Refunds   int                 `json:"refunds"`
		Arrived   int                 `json:"arrived"`
		Asked     money.Minor         `json:"asked_minor"`
		Done      money.Minor         `json:"arrived_minor"`
		Stuck     []stuckRefund       `json:"stuck" doc:"at most 100; retry each at the provider's desk"`
		Used      []string            `json:"used" doc:"orders with used tickets, at most 100"`
	}
}

func (h *handler) giveBack(ctx context.Context, in *HouseSession) (*giveBackOut, error) {
	organization, session, err := h.house(in)
	if err != nil {
		return nil, err
	}
	g, err := h.orders.GiveBackOf(ctx, httpx.ActorOf(ctx), organization, session)
	if err != nil {
		return nil, err
	}
	var out giveBackOut
	b := &out.Body
	b.State, b.StartedAt, b.EndedAt = g.State, g.StartedAt, timeOrNil(g.EndedAt)
	b.Orders, b.Refunds, b.Arrived, b.Asked, b.Done = g.Orders, g.Refunds, g.Arrived, g.Asked,
		g.ArrivedMinor
	b.Stuck, b.Used = []stuckRefund{}, []string{}
	for _, r := range g.Stuck {
		b.Stuck = append(b.Stuck, stuckRefund{h.keys.Public(kindRefund, r.ID),
			h.keys.Public(kindOrder, r.Order), r.Amount, r.Problem})
	}
	for _, id := range g.Used {
		b.Used = append(b.Used, h.keys.Public(kindOrder, id))
	}
	return &out, nil
}
