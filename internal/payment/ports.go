package payment

import (
	"context"
	"errors"
	"time"

	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// Provider is a payment provider as Foyer sees it. No method is ever called inside a
// transaction. A call that got no clear answer returns ErrNoAnswer (wrapped): it may have
// happened, and the same number is used again.
type Provider interface {
	// Name is how the provider is called in rows, accounts and addresses.
	Name() string
	Taker
	Returner
	// ParseNotice verifies a message on its raw bytes: key, signature, time within 300 s,
	// merchant and fields. header reads a header by name. It refuses with ErrForged.
	ParseNotice(header func(name string) string, body []byte) (Notice, error)
}

// Taker moves money in.
type Taker interface {
	// Create makes the attempt known. The same attempt again gives the same answer. It
	// refuses with ErrDeclined.
	Create(ctx context.Context, a Attempt) (Opened, error)
	// Query says what became of an attempt: the truth.
	Query(ctx context.Context, a Attempt) (Answer, error)
	// Close ends an attempt that was not paid. It refuses with ErrPaid and ErrTooEarly.
	Close(ctx context.Context, a Attempt) error
}

// Returner moves money back.
type Returner interface {
	// Refund asks for money to go back. The same refund again gives the same answer. It
	// refuses with ErrDeclined, which waits for a person.
	Refund(ctx context.Context, r RefundAttempt) (RefundAnswer, error)
	QueryRefund(ctx context.Context, r RefundAttempt) (RefundAnswer, error)
	// Bill is the provider's own list of a day's movements, day as YYYYMMDD.
	Bill(ctx context.Context, day string) ([]BillLine, error)
}

// What a provider may answer with instead of an answer.
var (
	ErrNoAnswer = errors.New("payment: the provider gave no clear answer")
	ErrDeclined = errors.New("payment: the provider declined")
	ErrPaid     = errors.New("payment: the attempt is paid")
	ErrTooEarly = errors.New("payment: the provider does not allow it yet")
	ErrForged   = errors.New("payment: the notice does not verify")
)

// Attempt is what a provider is told of a payment.
type Attempt struct {
	Number    string
	Amount    money.Minor
	Currency  money.Currency
	Title     string
	ExpiresAt time.Time
	ReturnURL string // where the buyer's browser goes afterwards
}

// Opened is a provider's answer to Create.
type Opened struct {
	Ref         string
	RedirectURL string
}

// Phase is what a provider says of an attempt or a refund.
type Phase uint8

const (
	Absent     Phase = iota // it knows no such number
	Waiting                 // not paid, and may still be
	Paying                  // the buyer is at it; neither paid nor closable
	Taken                   // it has the money
	Declined                // it refused; nothing will come
	Gone                    // closed without money
	Processing              // a refund on its way
	Landed                  // a refund that arrived
	Stuck                   // a refund that needs a person
)

func (p Phase) String() string {
	return [...]string{"absent", "waiting", "paying", "taken", "declined", "gone", "processing",
		"arrived", "stuck"}[p]
}

// Answer is what became of an attempt. Amount and Currency are set when Taken.
type Answer struct {
	Phase    Phase
	Ref      string
	Amount   money.Minor
	Currency money.Currency
	At       time.Time
}

// RefundAttempt is what a provider is told of a refund.
type RefundAttempt struct {
	Number   string
	Payment  string // number of the payment that brought the money
	Amount   money.Minor
	Total    money.Minor // what that payment captured
	Currency money.Currency
	Reason   string
}

// RefundAnswer is what became of a refund.
type RefundAnswer struct {
	Phase   Phase
	Ref     string
	Amount  money.Minor
	At      time.Time
	Problem string
}

// Notice is a verified message. One that says Taken and matches the attempt in every field
// is an answer; any other is a hint to look.
type Notice struct {
	ID       string // the provider's number of the message, at most 64 letters
	Number   string // of the payment
	Refund   string // of the refund, when it is about one
	Phase    Phase
	Ref      string // the provider's own number of the payment
	Amount   money.Minor
	Currency money.Currency
	At       time.Time // when the money was taken; zero when the message does not say
}

// BillLine is one movement on a provider's bill; money back is negative.
type BillLine struct {
	Number   string
	Refund   string
	Amount   money.Minor
	Currency money.Currency
	At       time.Time
}

// Journal is where each accepted command leaves its one row.
type Journal interface {
	Append(tx *sqldb.Tx, e journal.Entry) journal.Position
}

// Store is the payments' own SQL; package paymentdb implements it.
type Store interface {
	Edges
	RefundEdges
	Reads
	RefundReads
	Reports
}

// Edges are the guarded changes of a payment; each is false when the guard did not hold.
type Edges interface {
	Insert(tx *sqldb.Tx, p *Payment) error
	MarkOpenIfOpening(tx *sqldb.Tx, p *Payment) (bool, error)
	// MarkCapturedIf takes a payment from the given state to captured.
	MarkCapturedIf(tx *sqldb.Tx, p *Payment, from State) (bool, error)
	// MarkEndedIf takes a payment from the given open state to failed or closed.
	MarkEndedIf(tx *sqldb.Tx, p *Payment, from State) (bool, error)
	MarkUnknownIf(tx *sqldb.Tx, p *Payment, from State) (bool, error)
	// SetResult corrects how a captured payment counts.
	SetResult(tx *sqldb.Tx, p *Payment) error
	// Plan says when an open payment is asked next and when it was last answered.
	Plan(tx *sqldb.Tx, p *Payment) error
}

// RefundEdges are the guarded changes of refunds and of the sum that bounds them.
type RefundEdges interface {
	// Reserve adds to what is asked back of a captured payment, never above what it took.
	Reserve(tx *sqldb.Tx, organization, payment int64, amount money.Minor) (bool, error)
	InsertRefund(tx *sqldb.Tx, r *Refund) error
	// MoveRefundIf takes a refund from the given state to r.State with all of r.
	MoveRefundIf(tx *sqldb.Tx, r *Refund, from RefundState) (bool, error)
	PlanRefund(tx *sqldb.Tx, r *Refund) error
	// NoteNotice records a verified notice; false when it was recorded before.
	NoteNotice(tx *sqldb.Tx, n NoticeRow) (bool, error)
}

// NoticeRow is a notice as recorded.
type NoticeRow struct {
	Provider, ID string
	Object       int64
	Digest       []byte
}

// Reads find payments.
type Reads interface {
	Get(tx *sqldb.Tx, id int64) (*Payment, error)
	Find(ctx context.Context, id int64) (*Payment, error)
	// OfOrder lists the payments of an order, the newest first.
	OfOrder(ctx context.Context, order int64) ([]*Payment, error)
	OfOrderIn(tx *sqldb.Tx, organization, order int64) ([]*Payment, error)
	// Due are payments in a state that are to be asked by a time, the longest due first.
	Due(ctx context.Context, s State, by time.Time, limit int) ([]*Payment, error)
	// InState pages over all payments in a state by key.
	InState(ctx context.Context, s State, after int64, limit int) ([]*Payment, error)
}

// RefundReads find refunds.
type RefundReads interface {
	GetRefund(tx *sqldb.Tx, id int64) (*Refund, error)
	FindRefund(ctx context.Context, id int64) (*Refund, error)
	RefundsOfOrder(ctx context.Context, order int64) ([]*Refund, error)
	RefundsDue(ctx context.Context, s RefundState, by time.Time, limit int) ([]*Refund, error)
	RefundsInState(ctx context.Context, s RefundState, after int64, limit int) ([]*Refund, error)
}

// Reports count.
type Reports interface {
	// Tally counts orders by channel and result over payments with keys in [from, to);
	// organization 0 counts all.
	Tally(ctx context.Context, organization, from, to int64) ([]TallyRow, error)
	// NoticeSeen says whether a notice was recorded.
	NoticeSeen(ctx context.Context, provider, id string) (bool, error)
	// Backlog counts refunds that a provider has not accepted yet, at most limit in all.
	Backlog(ctx context.Context, limit int) (map[string]int, error)
}

// TallyRow is the orders of one channel that ended one way.
type TallyRow struct {
	Channel string
	Result  Result // Pending: still open
	Orders  int64
}
