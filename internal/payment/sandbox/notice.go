package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"foyer/internal/money"
	"foyer/internal/payment"
)

// ParseNotice verifies a notice on its raw bytes and then its fields: a right signature is
// not enough. It refuses with payment.ErrForged.
func (c *Client) ParseNotice(header func(string) string, body []byte) (payment.Notice, error) {
	var n payment.Notice
	if err := c.verify(header, "NOTICE", body); err != nil {
		return n, fmt.Errorf("%w: %w", payment.ErrForged, err)
	}
	var doc struct {
		ID          string         `json:"id"`
		Event       string         `json:"event"`
		Merchant    string         `json:"merchant"`
		Number      string         `json:"out_trade_no"`
		Refund      string         `json:"out_refund_no"`
		State       string         `json:"state"`
		Amount      money.Minor    `json:"amount_minor"`
		Currency    money.Currency `json:"currency"`
		Transaction string         `json:"transaction_id"`
		At          time.Time      `json:"at"`
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(&doc); err != nil {
		return n, fmt.Errorf("%w: %w", payment.ErrForged, err)
	}
	switch {
	case dec.More():
		return n, fmt.Errorf("%w: more than one document", payment.ErrForged)
	case doc.Merchant != c.cfg.Merchant:
		return n, fmt.Errorf("%w: for another merchant", payment.ErrForged)
	case doc.ID == "" || len(doc.ID) > 64 || doc.Number == "" || doc.Currency == "" ||
		doc.Amount <= 0 || doc.Amount > money.Max:
		return n, fmt.Errorf("%w: a field is missing", payment.ErrForged)
	case (doc.Event == "refund") != (doc.Refund != ""):
		return n, fmt.Errorf("%w: event and numbers differ", payment.ErrForged)
	}
	n = payment.Notice{ID: doc.ID, Number: doc.Number, Refund: doc.Refund, Amount: doc.Amount,
		Currency: doc.Currency, Ref: doc.Transaction, At: doc.At}
	if doc.Event == "refund" {
		return n, nil
	}
	var err error
	if n.Phase, err = phaseOf(doc.State); err != nil || doc.Event != "payment" {
		return n, fmt.Errorf("%w: %w", payment.ErrForged,
			errors.Join(err, errors.New("of a kind that we do not know")))
	}
	return n, nil
}
