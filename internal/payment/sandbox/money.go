package sandbox

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"foyer/internal/money"
	"foyer/internal/payment"
)

// paymentDoc is a payment as the bank tells it.
type paymentDoc struct {
	Merchant    string         `json:"merchant"`
	Number      string         `json:"out_trade_no"`
	Transaction string         `json:"transaction_id"`
	CashierURL  string         `json:"cashier_url"`
	State       string         `json:"state"`
	Amount      money.Minor    `json:"amount_minor"`
	Currency    money.Currency `json:"currency"`
	PaidAt      time.Time      `json:"paid_at"`
}

// Create makes the attempt known to the bank.
func (c *Client) Create(ctx context.Context, a payment.Attempt) (payment.Opened, error) {
	in := struct {
		Number      string         `json:"out_trade_no"`
		Amount      money.Minor    `json:"amount_minor"`
		Currency    money.Currency `json:"currency"`
		Description string         `json:"description"`
		ExpiresAt   time.Time      `json:"expires_at"`
		NotifyURL   string         `json:"notify_url"`
		ReturnURL   string         `json:"return_url,omitempty"`
	}{a.Number, a.Amount, a.Currency, a.Title, a.ExpiresAt.UTC(), c.cfg.NotifyURL, a.ReturnURL}
	if in.Description == "" {
		in.Description = a.Number
	}
	var out paymentDoc
	if err := c.do(ctx, "POST", "/v1/payments", in, &out); err != nil {
		if code := codeOf(err); code != "" {
			return payment.Opened{}, fmt.Errorf("%w: %s", payment.ErrDeclined, code)
		}
		return payment.Opened{}, err
	}
	if err := c.ours(out, a.Number); err != nil {
		return payment.Opened{}, err
	}
	return payment.Opened{Ref: out.Transaction, RedirectURL: out.CashierURL}, nil
}

// ours refuses an answer about something else than was asked.
func (c *Client) ours(p paymentDoc, number string) error {
	if p.Number != number || p.Merchant != c.cfg.Merchant {
		return fmt.Errorf("%w: it speaks of another payment", payment.ErrNoAnswer)
	}
	return nil
}

// Query says what became of an attempt.
func (c *Client) Query(ctx context.Context, a payment.Attempt) (payment.Answer, error) {
	var out paymentDoc
	err := c.do(ctx, "GET", "/v1/payments/"+url.PathEscape(a.Number), nil, &out)
	if codeOf(err) == "ORDER_NOT_EXIST" {
		return payment.Answer{Phase: payment.Absent}, nil
	}
	if err != nil {
		return payment.Answer{}, unclear(err)
	}
	if err := c.ours(out, a.Number); err != nil {
		return payment.Answer{}, err
	}
	phase, err := phaseOf(out.State)
	if err != nil {
		return payment.Answer{}, err
	}
	if phase == payment.Taken && (out.Amount <= 0 || out.Amount > money.Max || out.Currency == "") {
		return payment.Answer{}, fmt.Errorf("%w: taken without a sum", payment.ErrNoAnswer)
	}
	return payment.Answer{Phase: phase, Ref: out.Transaction, Amount: out.Amount,
		Currency: out.Currency, At: out.PaidAt}, nil
}

// unclear is a refusal that a query must not meet: no answer to what was asked.
func unclear(err error) error {
	if codeOf(err) != "" {
		return fmt.Errorf("%w: %w", payment.ErrNoAnswer, err)
	}
	return err
}

func phaseOf(state string) (payment.Phase, error) {
	switch state {
	case "NOTPAY":
		return payment.Waiting, nil
	case "USERPAYING":
		return payment.Paying, nil
	case "SUCCESS", "REFUND":
		return payment.Taken, nil
	case "PAYERROR":
		return payment.Declined, nil
	case "CLOSED":
		return payment.Gone, nil
	}
	return 0, fmt.Errorf("%w: unknown state %q", payment.ErrNoAnswer, state)
}

// Close ends an attempt that was not paid; an attempt that the bank does not know is as
// good as closed, and the query says so.
func (c *Client) Close(ctx context.Context, a payment.Attempt) error {
	var out struct{}
	err := c.do(ctx, "POST", "/v1/payments/"+url.PathEscape(a.Number)+"/close", struct{}{}, &out)
	switch codeOf(err) {
	case "ORDER_PAID":
		return payment.ErrPaid
	case "TOO_EARLY":
		return payment.ErrTooEarly
	case "ORDER_NOT_EXIST", "ORDER_CLOSED":
		return nil
	}
	return unclear(err)
}

// refundDoc is a refund as the bank tells it.
type refundDoc struct {
	Payment string      `json:"out_trade_no"`
	Number  string      `json:"out_refund_no"`
	Ref     string      `json:"refund_id"`
	State   string      `json:"state"`
	Amount  money.Minor `json:"amount_minor"`
	DoneAt  time.Time   `json:"done_at"`
}

func (d refundDoc) answer(r payment.RefundAttempt) (payment.RefundAnswer, error) {
	if d.Number != r.Number || d.Payment != r.Payment {
		return payment.RefundAnswer{}, fmt.Errorf("%w: it speaks of another refund",
			payment.ErrNoAnswer)
	}
	a := payment.RefundAnswer{Ref: d.Ref, Amount: d.Amount, At: d.DoneAt}
	switch d.State {
	case "PROCESSING":
		a.Phase = payment.Processing
	case "SUCCESS":
		a.Phase = payment.Landed
	case "ABNORMAL":
		a.Phase, a.Problem = payment.Stuck, "ABNORMAL"
	default:
		return a, fmt.Errorf("%w: unknown refund state %q", payment.ErrNoAnswer, d.State)
	}
	return a, nil
}

// Refund asks for money to go back.
func (c *Client) Refund(ctx context.Context, r payment.RefundAttempt) (
	payment.RefundAnswer, error,
) {
	in := struct {
		Payment   string      `json:"out_trade_no"`
		Number    string      `json:"out_refund_no"`
		Amount    money.Minor `json:"amount_minor"`
		NotifyURL string      `json:"notify_url"`
		Reason    string      `json:"reason,omitempty"`
	}{r.Payment, r.Number, r.Amount, c.cfg.NotifyURL, r.Reason}
	var out refundDoc
	if err := c.do(ctx, "POST", "/v1/refunds", in, &out); err != nil {
		if code := codeOf(err); code != "" {
			return payment.RefundAnswer{}, fmt.Errorf("%w: %s", payment.ErrDeclined, code)
		}
		return payment.RefundAnswer{}, err
	}
	return out.answer(r)
}

// QueryRefund says what became of a refund.
func (c *Client) QueryRefund(ctx context.Context, r payment.RefundAttempt) (
	payment.RefundAnswer, error,
) {
	var out refundDoc
	err := c.do(ctx, "GET", "/v1/refunds/"+url.PathEscape(r.Number), nil, &out)
	if codeOf(err) == "ORDER_NOT_EXIST" {
		return payment.RefundAnswer{Phase: payment.Absent}, nil
	}
	if err != nil {
		return payment.RefundAnswer{}, unclear(err)
	}
	return out.answer(r)
}

const maxBillPages = 10_000

// Bill is the bank's list of a day's movements.
func (c *Client) Bill(ctx context.Context, day string) ([]payment.BillLine, error) {
	var list []payment.BillLine
	after := ""
	for range maxBillPages {
		var page struct {
			Lines []struct {
				Payment  string         `json:"out_trade_no"`
				Refund   string         `json:"out_refund_no"`
				Amount   money.Minor    `json:"amount_minor"`
				Currency money.Currency `json:"currency"`
				At       time.Time      `json:"at"`
			} `json:"lines"`
			Next string `json:"next"`
		}
		path := "/v1/bills?" + url.Values{"day": {day}, "after": {after}}.Encode()
		if err := c.do(ctx, "GET", path, nil, &page); err != nil {
			return nil, unclear(err)
		}
		for _, l := range page.Lines {
			list = append(list, payment.BillLine{Number: l.Payment, Refund: l.Refund,
				Amount: l.Amount, Currency: l.Currency, At: l.At})
		}
		if after = page.Next; after == "" {
			return list, nil
		}
	}
	return nil, fmt.Errorf("%w: the bill does not end", payment.ErrNoAnswer)
}
