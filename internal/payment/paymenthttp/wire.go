package paymenthttp

import (
	"context"
	"time"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/money"
	"foyer/internal/payment"
)

// Kinds of public ids.
const (
	kindOrder        idgen.Kind = "ord"
	kindPayment      idgen.Kind = "pay"
	kindRefund       idgen.Kind = "ref"
	kindOrganization idgen.Kind = "org"
)

type wire struct {
	keys     httpx.Keys
	payments *payment.Payments
}

type idParam struct {
	ID string `path:"id" doc:"the object's id"`
}

type openBody struct {
	Channel string `json:"channel" minLength:"1" maxLength:"16" doc:"how to pay" example:"sandbox"`
}

type paymentBody struct {
	ID          string         `json:"id"`
	Order       string         `json:"order_id"`
	Number      string         `json:"number" doc:"at the provider"`
	Channel     string         `json:"channel"`
	State       payment.State  `json:"state" enum:"opening,open,unknown,captured,failed,closed"`
	Result      payment.Result `json:"result,omitempty" doc:"how an ended attempt counts"`
	Amount      money.Minor    `json:"amount_minor"`
	Captured    money.Minor    `json:"captured_minor"`
	Refunded    money.Minor    `json:"refunded_minor" doc:"asked back so far"`
	Currency    money.Currency `json:"currency"`
	RedirectURL string         `json:"redirect_url,omitempty" doc:"where the buyer pays"`
	OpenedAt    time.Time      `json:"opened_at"`
	ExpiresAt   time.Time      `json:"expires_at"`
	SettledAt   *time.Time     `json:"settled_at,omitempty"`
}

func (w wire) payment(p *payment.Payment) paymentBody {
	b := paymentBody{ID: w.keys.Public(kindPayment, p.ID), Number: p.Number(),
		Order: w.keys.Public(kindOrder, p.Order), Channel: p.Channel, State: p.State,
		Result: p.Result, Amount: p.Amount, Captured: p.Captured, Refunded: p.Refunded,
		Currency: p.Currency, OpenedAt: p.OpenedAt(), ExpiresAt: p.ExpiresAt,
		SettledAt: maybe(p.SettledAt)}
	if p.State == payment.Open || p.State == payment.Unknown {
		b.RedirectURL = p.Sent.RedirectURL
	}
	return b
}

func maybe(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type refundBody struct {
	ID          string              `json:"id"`
	Order       string              `json:"order_id"`
	Payment     string              `json:"payment_id"`
	Number      string              `json:"number" doc:"at the provider"`
	State       payment.RefundState `json:"state" enum:"requested,accepted,abnormal,arrived"`
	Cause       payment.Cause       `json:"cause"`
	Amount      money.Minor         `json:"amount_minor"`
	Currency    money.Currency      `json:"currency"`
	RequestedAt time.Time           `json:"requested_at"`
	AcceptedAt  *time.Time          `json:"accepted_at,omitempty"`
	ArrivedAt   *time.Time          `json:"arrived_at,omitempty"`
	ExpectedBy  time.Time           `json:"expected_by" doc:"when it should have arrived"`
}

func (w wire) refund(r *payment.Refund) refundBody {
	return refundBody{ID: w.keys.Public(kindRefund, r.ID), Number: r.Number(),
		Order: w.keys.Public(kindOrder, r.Order), Payment: w.keys.Public(kindPayment, r.Payment),
		State: r.State, Cause: r.Cause, Amount: r.Amount, Currency: r.Currency,
		RequestedAt: r.RequestedAt(), AcceptedAt: maybe(r.AcceptedAt),
		ArrivedAt: maybe(r.ArrivedAt), ExpectedBy: w.payments.ArrivesBy(r)}
}

type paymentOut struct{ Body paymentBody }

type refundOut struct{ Body refundBody }

func (h *handler) get(ctx context.Context, in *idParam) (*paymentOut, error) {
	id, err := h.keys.Parse(kindPayment, in.ID)
	if err != nil {
		return nil, err
	}
	p, err := h.payments.Get(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &paymentOut{h.payment(p)}, nil
}

func (h *handler) refund(ctx context.Context, in *idParam) (*refundOut, error) {
	id, err := h.keys.Parse(kindRefund, in.ID)
	if err != nil {
		return nil, err
	}
	r, err := h.payments.GetRefund(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &refundOut{h.wire.refund(r)}, nil
}

type listOut struct {
	Body struct {
		Items []paymentBody `json:"items" nullable:"false"`
	}
}

func (h *handler) list(ctx context.Context, in *idParam) (*listOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := h.payments.OfOrder(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	var out listOut
	out.Body.Items = []paymentBody{}
	for _, p := range list {
		out.Body.Items = append(out.Body.Items, h.payment(p))
	}
	return &out, nil
}

// staffPayment and staffRefund add what a person needs to talk to the provider.
type staffPayment struct {
	paymentBody
	Provider    string    `json:"provider"`
	ProviderRef string    `json:"provider_ref"`
	AnsweredAt  time.Time `json:"answered_at" doc:"the provider's newest answer"`
	AskAt       time.Time `json:"ask_at" doc:"when it is asked next; zero once ended"`
}

type staffRefund struct {
	refundBody
	ProviderRef string `json:"provider_ref"`
	Problem     string `json:"problem,omitempty" doc:"in the provider's words"`
	Reason      string `json:"reason"`
}

type moneyOut struct {
	Body struct {
		Payments []staffPayment `json:"payments" nullable:"false"`
		Refunds  []staffRefund  `json:"refunds" nullable:"false"`
	}
}

func (h *handler) money(ctx context.Context, in *idParam) (*moneyOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	who := httpx.ActorOf(ctx)
	list, err := h.payments.OfOrder(ctx, who, id)
	if err != nil {
		return nil, err
	}
	refunds, err := h.payments.RefundsOf(ctx, who, id)
	if err != nil {
		return nil, err
	}
	var out moneyOut
	out.Body.Payments, out.Body.Refunds = []staffPayment{}, []staffRefund{}
	for _, p := range list {
		out.Body.Payments = append(out.Body.Payments, staffPayment{h.payment(p), p.Provider,
			p.ProviderRef, p.AnsweredAt, p.AskAt})
	}
	for _, r := range refunds {
		out.Body.Refunds = append(out.Body.Refunds, staffRefund{h.wire.refund(r), r.ProviderRef,
			r.Problem, r.Reason})
	}
	return &out, nil
}

func (h *handler) query(ctx context.Context, in *idParam) (*paymentOut, error) {
	id, err := h.keys.Parse(kindPayment, in.ID)
	if err != nil {
		return nil, err
	}
	p, err := h.payments.Query(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &paymentOut{h.payment(p)}, nil
}

func (h *handler) giveUp(ctx context.Context, in *idParam) (*paymentOut, error) {
	id, err := h.keys.Parse(kindPayment, in.ID)
	if err != nil {
		return nil, err
	}
	p, err := h.payments.GiveUp(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &paymentOut{h.payment(p)}, nil
}

func (h *handler) retry(ctx context.Context, in *idParam) (*refundOut, error) {
	id, err := h.keys.Parse(kindRefund, in.ID)
	if err != nil {
		return nil, err
	}
	r, err := h.payments.RetryRefund(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &refundOut{h.wire.refund(r)}, nil
}

func (h *handler) handedBack(ctx context.Context, in *idParam) (*refundOut, error) {
	id, err := h.keys.Parse(kindRefund, in.ID)
	if err != nil {
		return nil, err
	}
	r, err := h.payments.HandBack(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &refundOut{h.wire.refund(r)}, nil
}

type figuresIn struct {
	Org  string `path:"org" doc:"the organization's id"`
	From string `query:"from" required:"true" format:"date" doc:"first day, YYYY-MM-DD"`
	To   string `query:"to" required:"true" format:"date" doc:"last day, at most 92 days on"`
}

type figureBody struct {
	Day     string `json:"day"`
	Channel string `json:"channel"`
	Opened  int64  `json:"orders_opened" doc:"orders whose payment was opened and has ended"`
	Paid    int64  `json:"orders_paid"`
	Success int64  `json:"success_bp" doc:"paid ÷ opened in basis points"`
	Left    int64  `json:"buyer_left"`
	Refused int64  `json:"provider_refused"`
	Silent  int64  `json:"provider_silent"`
	Ours    int64  `json:"ours"`
	Open    int64  `json:"still_open"`
}

type figuresOut struct {
	Body struct {
		Items []figureBody `json:"items" nullable:"false"`
	}
}

func (h *handler) figures(ctx context.Context, in *figuresIn) (*figuresOut, error) {
	org, err := h.keys.Parse(kindOrganization, in.Org)
	if err != nil {
		return nil, err
	}
	if !httpx.ActorOf(ctx).May(payment.PermView, org, 0) {
		return nil, fault.Missing
	}
	list, err := h.payments.Figures(ctx, org, in.From, in.To)
	if err != nil {
		return nil, err
	}
	var out figuresOut
	out.Body.Items = []figureBody{}
	for _, f := range list {
		out.Body.Items = append(out.Body.Items, figureBody{f.Day, f.Channel, f.Opened, f.Paid,
			f.Success(), f.Left, f.Refused, f.Silent, f.Ours, f.Open})
	}
	return &out, nil
}
