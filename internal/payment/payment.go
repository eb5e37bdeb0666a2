package payment

import (
	"strings"
	"time"

	"foyer/internal/idgen"
	"foyer/internal/money"
)

// State is where an attempt to take money stands. Each value says whose turn it is.
type State string

const (
	// Opening: the provider's turn. The row and its number are stored, the provider has not
	// answered yet. Out to Open, Failed, Closed, Captured, Unknown.
	Opening State = "opening"
	// Open: the buyer's turn, at the provider's cashier. Out to Captured, Failed, Closed,
	// Unknown.
	Open State = "open"
	// Unknown: a person's turn. The provider gave no clear answer for half an hour after the
	// end; it is still asked, the order's places are still kept. Out like Open.
	Unknown State = "unknown"
	// Captured: nobody's turn; the provider has the money for us. Final.
	Captured State = "captured"
	// Failed: the provider refused. Out to Captured only by money that came all the same.
	Failed State = "failed"
	// Closed: ended without money. Out to Captured only by money that came all the same.
	Closed State = "closed"
)

// OpenStates are those in which money may still move by the buyer's hand.
var OpenStates = [...]State{Opening, Open, Unknown}

// IsOpen says whether the attempt counts as open with its order.
func (s State) IsOpen() bool { return s == Opening || s == Open || s == Unknown }

// Result says how an ended attempt counts in the success rate; Pending while it is open.
type Result string

const (
	Pending  Result = ""
	Paid     Result = "paid"             // it bought the order
	Left     Result = "buyer_left"       // the buyer let it lapse or gave the order up
	Refused  Result = "provider_refused" // the provider declined, or took another sum
	Silent   Result = "provider_silent"  // the provider answered too late or never
	Ours     Result = "ours"             // a mistake of ours
	Returned Result = "returned"         // second money for an order that was paid
)

// resultOf is how money counts that was taken.
func resultOf(o Outcome) Result {
	switch {
	case o.Paid:
		return Paid
	case o.Return == CauseLate:
		return Silent
	case o.Return == CauseWrongAmount:
		return Refused
	case o.Return == CauseDouble:
		return Returned
	}
	return Left
}

// Payment is one attempt to take money for an order.
type Payment struct {
	ID           int64
	Organization int64
	Order        int64
	Provider     string
	Channel      string
	State        State
	Amount       money.Minor // asked for
	Currency     money.Currency
	Captured     money.Minor // taken; may differ when the provider errs
	Refunded     money.Minor // asked back, at most Captured
	ProviderRef  string
	ExpiresAt    time.Time
	SettledAt    time.Time // when it was captured, failed or closed
	AnsweredAt   time.Time // the provider's newest answer
	AskAt        time.Time // when the provider is asked next, after a close too; zero: never
	Result       Result
	Sent         Sent
	Revision     int64
}

// Sent is what the provider was told besides sums, and is told again on each retry.
type Sent struct {
	Title       string `json:"title"`
	ReturnURL   string `json:"return_url,omitempty"`
	RedirectURL string `json:"redirect_url,omitempty"` // its answer: where the buyer pays
}

// OpenedAt is when the attempt was made; its key says so.
func (p *Payment) OpenedAt() time.Time { return idgen.TimeOf(p.ID) }

// Number is the attempt at the provider: ours, and the same on every retry.
func (p *Payment) Number() string { return numberOf(prefixPayment, p.ID) }

func (p *Payment) attempt() Attempt {
	return Attempt{Number: p.Number(), Amount: p.Amount, Currency: p.Currency,
		Title: p.Sent.Title, ExpiresAt: p.ExpiresAt, ReturnURL: p.Sent.ReturnURL}
}

// RefundState is where money on its way back stands.
type RefundState string

const (
	// Requested: our turn. The row and its number are stored; the provider is asked until it
	// answers. Out to Accepted, Abnormal, Arrived.
	Requested RefundState = "requested"
	// Accepted: the provider's turn. Accepted is not arrived. Out to Arrived, Abnormal.
	Accepted RefundState = "accepted"
	// Abnormal: a person's turn; the provider cannot return it (a closed card, no balance).
	// Out to Requested by a person, to Arrived when the provider says so.
	Abnormal RefundState = "abnormal"
	// Arrived: nobody's turn; the buyer has it. Final.
	Arrived RefundState = "arrived"
)

// Refund is one return of money over the payment that brought it.
type Refund struct {
	ID           int64
	Organization int64
	Order        int64
	Payment      int64
	State        RefundState
	Cause        Cause
	Amount       money.Minor
	Currency     money.Currency
	Reason       string
	ProviderRef  string
	AcceptedAt   time.Time
	ArrivedAt    time.Time
	AskAt        time.Time
	Tries        int
	Problem      string // in the provider's words, for a person
	Revision     int64
}

// RequestedAt is when it was asked for; its key says so.
func (r *Refund) RequestedAt() time.Time { return idgen.TimeOf(r.ID) }

// Number is the refund at the provider: ours, and the same on every retry.
func (r *Refund) Number() string { return numberOf(prefixRefund, r.ID) }

const (
	prefixPayment = "FY"
	prefixRefund  = "FR"
)

// numberOf is a key as providers take it: 15 capital letters and digits.
func numberOf(prefix string, id int64) string {
	return prefix + strings.ReplaceAll(idgen.Number(id), "-", "")
}

// idOf is the key of a number that numberOf made; false for every other text.
func idOf(prefix, number string) (int64, bool) {
	rest, ok := strings.CutPrefix(number, prefix)
	if !ok {
		return 0, false
	}
	id, err := idgen.ParseNumber(rest)
	return id, err == nil && numberOf(prefix, id) == number
}
