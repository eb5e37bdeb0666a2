// Package payment moves money in and out: attempts, refunds and their reconciliation with
// the provider, whose query is the truth. A notice that matches in every field says the same;
// any other is a hint to look.
package payment

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// Settler is the agreement's side of a payment, implemented by order. The settling
// transaction belongs to it: payment calls it inside the transaction that records the
// provider's answer.
type Settler interface {
	// Payable says what is to be paid, to whom and until when. It refuses an order that is
	// not the caller's, not pending, too close to its end, or tried too often.
	Payable(ctx context.Context, order int64, by actor.Actor) (Payable, error)
	// OpenPayment counts one more open payment of the order, guarded by the same rules, in
	// the transaction that stores the payment's row.
	OpenPayment(tx *sqldb.Tx, p Payable) error
	// Settle takes captured money. It decides alone what the money buys; whatever it does
	// not take must be returned (Outcome.Return).
	Settle(tx *sqldb.Tx, c Capture) (Outcome, error)
	// PaymentEnded says that an open payment ended without money.
	PaymentEnded(tx *sqldb.Tx, organization, order, payment int64) error
	// RefundArrived books a refund that the provider says has arrived.
	RefundArrived(tx *sqldb.Tx, r RefundArrival) error
}

// Payable is what a buyer is about to pay.
type Payable struct {
	Order        int64
	Organization int64
	Total        money.Minor
	Currency     money.Currency
	ExpiresAt    time.Time
	Title        string
	Revision     int64
	HoldSeconds  int   // the order's whole life
	Payment      int64 // the attempt that is being opened; known to OpenPayment only
}

// Capture is money that the provider says it has taken.
type Capture struct {
	Payment      int64
	Order        int64
	Organization int64
	Provider     string
	ProviderRef  string
	Amount       money.Minor
	Currency     money.Currency
	At           time.Time
	// WasOpen is false when the payment had ended without money before: then the order no
	// longer counts it as open.
	WasOpen bool
}

// Cause says why money goes back.
type Cause string

const (
	CauseRequest          Cause = "request"           // units went back by the policy
	CauseLate             Cause = "late"              // paid after the places were gone
	CauseDouble           Cause = "double"            // the order was paid already
	CauseWrongAmount      Cause = "wrong_amount"      // not the sum or currency asked for
	CauseCancelled        Cause = "cancelled"         // the buyer had cancelled
	CauseSessionCancelled Cause = "session_cancelled" // the house cancelled the session
	CauseSessionMoved     Cause = "session_moved"     // units went back since the house moved it
	CauseChange           Cause = "change"            // the new tickets are cheaper than the old
	CauseChangeFailed     Cause = "change_failed"     // a change that can no longer be done
)

// Outcome is what Settle did with the money.
type Outcome struct {
	Paid   bool
	Return Cause // why all of it goes back; empty when Paid
}

// RefundRequest asks for money to go back over the payment that brought it.
type RefundRequest struct {
	Organization, Order, Payment int64
	Amount                       money.Minor
	Currency                     money.Currency
	Cause                        Cause
	Reason                       string
}

// RefundArrival is a refund that the provider confirms.
type RefundArrival struct {
	Refund, Payment, Order, Organization int64
	Provider                             string
	Amount                               money.Minor
	Currency                             money.Currency
	Cause                                Cause
}

// Refundable is a settled payment with what of it may still go back.
type Refundable struct {
	Payment  int64
	Left     money.Minor
	Provider string
}
