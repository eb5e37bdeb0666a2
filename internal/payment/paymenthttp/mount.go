// Package paymenthttp is the routes of payments and the doors for providers' notices.
package paymenthttp

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/journal"
	"foyer/internal/journal/journalhttp"
	"foyer/internal/payment"
)

type handler struct {
	wire
	api      *httpx.API
	payments *payment.Payments
	repeat   *journal.Keys
	cfg      Config
}

// Config of the routes.
type Config struct {
	// PublicURL is our origin as buyers' browsers see it; they come back to
	// <PublicURL>/orders/<id> after paying. Empty: the cashier shows no way back.
	PublicURL string
	// Providers are those that may send notices, by name.
	Providers []string
}

const (
	tag      = "payments"
	staffTag = "staff: payments"
	// noticeLimit keeps the answer to a notice within the five seconds that providers wait.
	noticeLimit = 4 * time.Second
)

// Mount adds the routes of payments to the door.
func Mount(api *httpx.API, p *payment.Payments, keys *journal.Keys, cfg Config) {
	h := &handler{wire{api.Keys(), p}, api, p, keys, cfg}
	h.mountBuyer()
	h.mountStaff()
	for _, name := range cfg.Providers {
		h.mountNotice(name)
	}
}

func (h *handler) mountBuyer() {
	viewer := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(payment.PermView))
	httpx.RegisterRaw(h.api, httpx.Op{Method: "POST", Path: "/api/v1/orders/{id}/payments",
		Tag: tag, OperationID: "open-payment", Summary: "Open a payment of an order",
		Description: "Send the buyer to `redirect_url`. A repeat of the key resumes the same " +
			"attempt. At most three payments an order, none with less than a minute left.",
		Access: httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly("order.sell")), Idempotent: true,
		Status: 201, Params: idParam{}, Request: openBody{}, Response: paymentBody{},
		Rate: httpx.BuyRate, Refusals: []*fault.Definition{payment.ErrChannel,
			payment.ErrProviderRefused, payment.ErrProviderSilent, payment.ErrPaymentEnded},
	}, h.open)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: "/api/v1/orders/{id}/payments", Tag: tag,
		OperationID: "list-payments", Summary: "The payments of an order, newest first",
		Access: viewer}, h.list)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: "/api/v1/payments/{id}", Tag: tag,
		OperationID: "get-payment", Summary: "One payment", Access: viewer}, h.get)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: "/api/v1/refunds/{id}", Tag: tag,
		OperationID: "get-refund", Summary: "Where money on its way back stands",
		Access: viewer}, h.refund)
}

func (h *handler) mountStaff() {
	repair := httpx.StaffOnly(payment.PermRepair)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: "/api/v1/staff/orders/{id}/payments",
		Tag: staffTag, OperationID: "staff-list-payments",
		Summary: "Payments and refunds of an order, with their numbers at the provider",
		Access:  httpx.StaffOnly(payment.PermView)}, h.money)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/staff/payments/{id}/query",
		Tag: staffTag, OperationID: "query-payment", Summary: "Ask the provider now",
		Access: repair, Status: 200,
		Refusals: []*fault.Definition{payment.ErrProviderSilent}}, h.query)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/staff/payments/{id}/give-up",
		Tag: staffTag, OperationID: "give-up-payment",
		Summary:     "End a payment whose outcome stayed unknown",
		Description: "Its order may end and its places go; money that comes is treated as late.",
		Access:      repair, Status: 200,
		Refusals: []*fault.Definition{payment.ErrNotUnknown}}, h.giveUp)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/staff/refunds/{id}/retry",
		Tag: staffTag, OperationID: "retry-refund", Summary: "Send an abnormal refund again",
		Access: repair, Status: 200,
		Refusals: []*fault.Definition{payment.ErrRefundState}}, h.retry)
	httpx.Register(h.api, httpx.Op{Method: "POST",
		Path: "/api/v1/staff/refunds/{id}/handed-back", Tag: staffTag,
		OperationID: "confirm-refund-by-hand",
		Summary:     "Confirm that the money of a refund was handed back",
		Description: "Of money that was taken at the counter. A repeat changes nothing.",
		Access:      repair, Status: 200,
		Refusals: []*fault.Definition{payment.ErrRefundState, payment.ErrNotByHand}}, h.handedBack)
	httpx.Register(h.api, httpx.Op{Method: "GET",
		Path: "/api/v1/staff/organizations/{org}/payment-figures", Tag: staffTag,
		OperationID: "payment-figures", Summary: "Payment success per channel and day",
		Description: "Orders paid ÷ orders whose payment was opened; the rest by what stopped it.",
		Access:      httpx.StaffOnly(payment.PermView),
		Refusals:    []*fault.Definition{payment.ErrRange}}, h.figures)
}

// mountNotice opens the door of one provider: raw bytes, since its signature covers them.
func (h *handler) mountNotice(name string) {
	httpx.RegisterRaw(h.api, httpx.Op{Method: "POST", Path: "/api/v1/notify/" + name,
		Tag: tag, OperationID: "notify-" + name, Summary: "Notices of the provider " + name,
		Access: httpx.Provider, Rate: httpx.Unlimited, MaxBody: 16 << 10, Status: 204,
		Refusals: []*fault.Definition{payment.ErrNotice}},
		func(w http.ResponseWriter, r *http.Request) error {
			body, err := httpx.ReadBody(r, 0)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(r.Context(), noticeLimit)
			defer cancel()
			if err := h.payments.Notice(ctx, name, r.Header.Get, body); err != nil {
				return err
			}
			w.WriteHeader(http.StatusNoContent)
			return nil
		})
}

func (h *handler) open(w http.ResponseWriter, r *http.Request) error {
	id, err := h.keys.Parse(kindOrder, r.PathValue("id"))
	if err != nil {
		return err
	}
	raw, err := httpx.ReadJSON(r)
	if err != nil {
		return err
	}
	var body openBody
	if err := h.api.Decoder().Unmarshal(raw, &body); err != nil {
		return err
	}
	hash := sha256.Sum256(raw)
	ask := payment.OpenAsk{Order: id, Channel: body.Channel, InputHash: hash[:]}
	if h.cfg.PublicURL != "" {
		ask.ReturnURL = strings.TrimSuffix(h.cfg.PublicURL, "/") + "/orders/" + r.PathValue("id")
	}
	who := httpx.ActorOf(r.Context())
	return journalhttp.Once(w, r, h.repeat, raw,
		func(ctx context.Context, receipt *journal.Receipt) (journal.Answer, error) {
			return h.payments.Open(ctx, who, ask, receipt, h.render)
		})
}

func (h *handler) render(p *payment.Payment) (journal.Answer, error) {
	b, err := json.Marshal(h.payment(p))
	return journal.Answer{Status: http.StatusCreated, Body: b}, err
}
