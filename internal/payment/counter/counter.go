// Package counter is money that the house took by hand: nobody can be asked about it, and
// what goes back of it is handed back by a person.
package counter

import (
	"context"
	"fmt"

	"foyer/internal/payment"
)

// Till is one means of payment at the counter, as a provider that never opens a payment.
type Till struct{ means payment.Means }

var _ payment.Provider = Till{}

// Tills are one for each means.
func Tills() []payment.Provider {
	var list []payment.Provider
	for _, m := range payment.AllMeans() {
		list = append(list, Till{m})
	}
	return list
}

// Name is the account's name of the means.
func (t Till) Name() string { return t.means.Provider() }

// ByHand says that no buyer may choose it.
func (t Till) ByHand() bool { return true }

// Create refuses: money by hand is there before we hear of it.
func (t Till) Create(context.Context, payment.Attempt) (payment.Opened, error) {
	return payment.Opened{}, fmt.Errorf("%w: money by hand is not asked for", payment.ErrDeclined)
}

// Query knows of nothing that is still open.
func (t Till) Query(context.Context, payment.Attempt) (payment.Answer, error) {
	return payment.Answer{Phase: payment.Absent}, nil
}

// Close has nothing to end.
func (t Till) Close(context.Context, payment.Attempt) error { return nil }

// Refund waits for a person to hand the money back.
func (t Till) Refund(context.Context, payment.RefundAttempt) (payment.RefundAnswer, error) {
	return payment.RefundAnswer{Phase: payment.Stuck,
		Problem: "hand the money back and confirm it / 请当面退还后确认"}, nil
}

// QueryRefund says what Refund says.
func (t Till) QueryRefund(ctx context.Context, r payment.RefundAttempt) (payment.RefundAnswer,
	error,
) {
	return t.Refund(ctx, r)
}

// Bill is empty: a till writes none.
func (t Till) Bill(context.Context, string) ([]payment.BillLine, error) { return nil, nil }

// ParseNotice refuses: a till sends none.
func (t Till) ParseNotice(func(string) string, []byte) (payment.Notice, error) {
	return payment.Notice{}, payment.ErrForged
}
