// Package bankhttp is the sandbox bank's door: the signed interface for merchants, the
// cashier page for payers, and the page of faults.
package bankhttp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"foyer/internal/clock"
	"foyer/internal/httpx"
	"foyer/internal/sandboxbank"
)

const maxBody = 16 << 10 // bytes; scripts of faults may be larger

// Handler is the bank's whole door.
type Handler struct {
	bank    *sandboxbank.Bank
	clk     clock.Clock
	log     *slog.Logger
	decoder *httpx.Decoder
	mux     *http.ServeMux
}

// New makes the door of a bank.
func New(bank *sandboxbank.Bank, clk clock.Clock, log *slog.Logger) *Handler {
	h := &Handler{bank: bank, clk: clk, log: log, decoder: httpx.NewDecoder(),
		mux: http.NewServeMux()}
	h.mux.HandleFunc("POST /v1/payments", h.merchant(h.create))
	h.mux.HandleFunc("GET /v1/payments/{number}", h.merchant(h.query))
	h.mux.HandleFunc("POST /v1/payments/{number}/close", h.merchant(h.close))
	h.mux.HandleFunc("POST /v1/refunds", h.merchant(h.refund))
	h.mux.HandleFunc("GET /v1/refunds/{number}", h.merchant(h.queryRefund))
	h.mux.HandleFunc("GET /v1/bills", h.merchant(h.bill))
	h.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	h.mountCashier()
	h.mountFaults()
	return h
}

// ServeHTTP guards every answer with the headers of a page without foreign parts.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Frame-Options", "DENY")
	head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; "+
		"script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "+
		"base-uri 'none'; frame-ancestors 'none'")
	h.mux.ServeHTTP(w, r)
}

// asked is a verified request.
type asked struct {
	*http.Request
	merchant string
	body     []byte
}

// merchant verifies a signed request before anything else looks at it, and signs the
// answer.
func (h *Handler) merchant(fn func(asked) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		if err != nil || len(body) > maxBody {
			h.refuse(w, r, sandboxbank.ErrParam)
			return
		}
		call := sandboxbank.Call{Method: r.Method, Path: r.URL.RequestURI(), Body: body,
			Merchant:  r.Header.Get(sandboxbank.HeaderMerchant),
			KeyID:     r.Header.Get(sandboxbank.HeaderKeyID),
			Timestamp: r.Header.Get(sandboxbank.HeaderTimestamp),
			Nonce:     r.Header.Get(sandboxbank.HeaderNonce),
			Signature: r.Header.Get(sandboxbank.HeaderSignature)}
		if err := h.bank.Admit(call); err != nil {
			h.refuse(w, r, err)
			return
		}
		out, err := fn(asked{r, call.Merchant, body})
		if sandboxbank.IsCut(err) {
			h.lose(r.Context())
		}
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		h.answer(w, r, http.StatusOK, out)
	}
}

// lose keeps the line open for a while and cuts it without an answer.
func (h *Handler) lose(ctx context.Context) {
	if wait := h.bank.CutAfter(); wait > 0 {
		tick, stop := h.clk.After(wait)
		defer stop()
		select {
		case <-tick:
		case <-ctx.Done():
		}
	}
	panic(http.ErrAbortHandler) // net/http's way to cut a connection
}

type problem struct {
	Code string `json:"code"`
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	code := sandboxbank.Refusal("SYSTEM_ERROR")
	if !errors.As(err, &code) && r.Context().Err() == nil { // else nobody waits any more
		h.log.Error("the bank failed", "path", r.URL.Path, "error", err)
	}
	h.answer(w, r, statusOf(code), problem{string(code)})
}

func statusOf(code sandboxbank.Refusal) int {
	switch code {
	case sandboxbank.ErrSignature, sandboxbank.ErrReplayed:
		return http.StatusUnauthorized
	case sandboxbank.ErrParam:
		return http.StatusBadRequest
	case sandboxbank.ErrNotFound, sandboxbank.ErrNoFaults:
		return http.StatusNotFound
	case sandboxbank.ErrMismatch, sandboxbank.ErrPaid, sandboxbank.ErrClosed,
		sandboxbank.ErrNotPaid, sandboxbank.ErrRefundLimit, sandboxbank.ErrTooEarly,
		sandboxbank.ErrNoBalance:
		return http.StatusConflict
	case sandboxbank.ErrBusy:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// answer writes a signed JSON document.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // a mistake of ours: every answer is made of plain fields
	}
	nonce := r.Header.Get(sandboxbank.HeaderNonce)
	for name, value := range h.bank.SignAnswer(status, nonce, body) {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}

type createBody struct {
	Number      string    `json:"out_trade_no"`
	Amount      int64     `json:"amount_minor"`
	Currency    string    `json:"currency"`
	Description string    `json:"description"`
	ExpiresAt   time.Time `json:"expires_at"`
	NotifyURL   string    `json:"notify_url"`
	ReturnURL   string    `json:"return_url,omitempty"`
}

type paymentBody struct {
	Merchant    string            `json:"merchant"`
	Number      string            `json:"out_trade_no"`
	Transaction string            `json:"transaction_id"`
	CashierURL  string            `json:"cashier_url"`
	State       sandboxbank.State `json:"state"`
	Amount      int64             `json:"amount_minor"`
	Refunded    int64             `json:"refunded_minor"`
	Currency    string            `json:"currency"`
	ExpiresAt   time.Time         `json:"expires_at"`
	PaidAt      *time.Time        `json:"paid_at,omitempty"`
}

func (h *Handler) payment(p *sandboxbank.Payment) paymentBody {
	b := paymentBody{Merchant: p.Merchant, Number: p.Number, Transaction: h.bank.Transaction(p),
		CashierURL: h.bank.CashierURL(p), State: p.State, Amount: p.Amount,
		Refunded: p.Refunded, Currency: p.Currency, ExpiresAt: p.ExpiresAt}
	if !p.PaidAt.IsZero() {
		b.PaidAt, b.Amount = &p.PaidAt, p.Paid
	}
	return b
}

func (h *Handler) create(r asked) (any, error) {
	var in createBody
	if err := h.decoder.Unmarshal(r.body, &in); err != nil {
		return nil, sandboxbank.ErrParam
	}
	p, err := h.bank.Create(r.Context(), r.merchant, sandboxbank.Order{Number: in.Number,
		Amount: in.Amount, Currency: in.Currency, Description: in.Description,
		ExpiresAt: in.ExpiresAt, NotifyURL: in.NotifyURL, ReturnURL: in.ReturnURL})
	if err != nil {
		return nil, err
	}
	return h.payment(p), nil
}

func (h *Handler) query(r asked) (any, error) {
	p, err := h.bank.Query(r.Context(), r.merchant, r.PathValue("number"))
	if err != nil {
		return nil, err
	}
	return h.payment(p), nil
}

func (h *Handler) close(r asked) (any, error) {
	if err := h.bank.Close(r.Context(), r.merchant, r.PathValue("number")); err != nil {
		return nil, err
	}
	return struct{}{}, nil
}

type refundIn struct {
	Payment   string `json:"out_trade_no"`
	Number    string `json:"out_refund_no"`
	Amount    int64  `json:"amount_minor"`
	NotifyURL string `json:"notify_url,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

type refundBody struct {
	Payment string                  `json:"out_trade_no"`
	Number  string                  `json:"out_refund_no"`
	Ref     string                  `json:"refund_id"`
	State   sandboxbank.RefundState `json:"state"`
	Amount  int64                   `json:"amount_minor"`
	DoneAt  *time.Time              `json:"done_at,omitempty"`
}

func (h *Handler) refund(r asked) (any, error) {
	var in refundIn
	if err := h.decoder.Unmarshal(r.body, &in); err != nil {
		return nil, sandboxbank.ErrParam
	}
	back, err := h.bank.Refund(r.Context(), r.merchant, sandboxbank.Return{Payment: in.Payment,
		Number: in.Number, Amount: in.Amount, NotifyURL: in.NotifyURL})
	if err != nil {
		return nil, err
	}
	return refundOf(in.Payment, back), nil
}

func refundOf(payment string, r *sandboxbank.Refund) refundBody {
	b := refundBody{Payment: payment, Number: r.Number, State: r.State, Amount: r.Amount,
		Ref: "R" + r.Number}
	if !r.DoneAt.IsZero() {
		b.DoneAt = &r.DoneAt
	}
	return b
}

func (h *Handler) queryRefund(r asked) (any, error) {
	back, err := h.bank.QueryRefund(r.Context(), r.merchant, r.PathValue("number"))
	if err != nil {
		return nil, err
	}
	p, err := h.bank.PaymentOf(r.Context(), back)
	if err != nil {
		return nil, err
	}
	return refundOf(p.Number, back), nil
}

type billBody struct {
	Lines []billLine `json:"lines"`
	Next  string     `json:"next,omitempty"`
}

type billLine struct {
	Payment  string    `json:"out_trade_no"`
	Refund   string    `json:"out_refund_no,omitempty"`
	Amount   int64     `json:"amount_minor"`
	Currency string    `json:"currency"`
	At       time.Time `json:"at"`
}
