// Package sandboxbank is a strict little bank for trying things out: signed requests, a
// cashier page, signed notices with retries, refunds, bills, and faults on demand. It is
// the other side of the wire: it has its own file, its own keys and its own listener, and
// knows the product only over HTTP. docs/SANDBOX_BANK.md is its protocol.
package sandboxbank

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"sync"
	"time"

	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/recent"
	"foyer/internal/sqldb"
)

// State is where a payment stands at the bank.
type State string

const (
	NotPaid    State = "NOTPAY"     // the payer's turn
	UserPaying State = "USERPAYING" // said in stale notices only
	Success    State = "SUCCESS"    // the bank has the money
	Declined   State = "PAYERROR"   // the payer's card was refused; final
	Closed     State = "CLOSED"     // by the merchant, or by time; final
	Refunded   State = "REFUND"     // paid, and some of it was asked back
)

// RefundState is where a refund stands at the bank.
type RefundState string

const (
	Processing RefundState = "PROCESSING" // on its way
	Arrived    RefundState = "SUCCESS"    // the payer has it
	Abnormal   RefundState = "ABNORMAL"   // it cannot be returned; asking again tries again
)

// Payment is one payment of a merchant.
type Payment struct {
	ID          int64
	Merchant    string
	Number      string // the merchant's own, unique with him
	State       State
	Amount      int64
	Paid        int64 // differs from Amount only by a fault
	Refunded    int64
	Refunds     int
	Currency    string
	Description string
	NotifyURL   string
	ReturnURL   string
	ExpiresAt   time.Time
	PaidAt      time.Time
}

// CreatedAt is when it was made; its key says so.
func (p *Payment) CreatedAt() time.Time { return idgen.TimeOf(p.ID) }

// Refund is one return of money.
type Refund struct {
	ID        int64
	Merchant  string
	Number    string // the merchant's own
	Payment   int64
	State     RefundState
	Amount    int64
	NotifyURL string
	DoneAt    time.Time
}

// Merchant is who may call, with the public halves of his keys.
type Merchant struct {
	ID   string
	Name string // as payers see it
	Keys map[string]ed25519.PublicKey
}

// Config of a bank; Merchants and BaseURL are required.
type Config struct {
	// Name of the bank on its pages; empty means "Sandbox Bank".
	Name string
	// BaseURL is the origin of the cashier pages, e.g. http://127.0.0.1:7790.
	BaseURL   string
	Merchants []Merchant
	// MinClose is how old a payment must be before it may be closed; 0 means at once.
	MinClose time.Duration
	// RefundDelay is how long a refund takes to arrive; 0 means 2 s.
	RefundDelay time.Duration
	// NoticeDelays are the waits between the tries of a notice, at most 15; nil means a
	// growing list over some seven hours.
	NoticeDelays []time.Duration
	// RSANotices signs notices with RSA-2048 and not with Ed25519, as some banks do.
	RSANotices bool
	// AllowFaults lets anybody who reaches the bank spoil its behaviour.
	AllowFaults bool
}

// Refusal is a code that the bank answers with.
type Refusal string

func (r Refusal) Error() string { return "bank: " + string(r) }

// What the bank refuses with.
const (
	ErrSignature   Refusal = "SIGN_ERROR"
	ErrReplayed    Refusal = "NONCE_USED"
	ErrParam       Refusal = "PARAM_ERROR"
	ErrNotFound    Refusal = "ORDER_NOT_EXIST"
	ErrMismatch    Refusal = "PARAM_MISMATCH" // the number was used with other fields
	ErrPaid        Refusal = "ORDER_PAID"
	ErrClosed      Refusal = "ORDER_CLOSED"
	ErrTooEarly    Refusal = "TOO_EARLY"
	ErrNotPaid     Refusal = "NOT_PAID"
	ErrRefundLimit Refusal = "REFUND_LIMIT" // above what was paid, or more than 50
	ErrNoBalance   Refusal = "NOT_ENOUGH"
	ErrNoFaults    Refusal = "NO_FAULTS_HERE"
	ErrBusy        Refusal = "TRY_LATER"
)

// errCut tells the door to do what was asked and never answer.
var errCut = errors.New("bank: the answer is lost on purpose")

// IsCut says that the answer must be lost.
func IsCut(err error) bool { return errors.Is(err, errCut) }

// Store keeps what the bank knows; package bankdb implements it.
type Store interface {
	PaymentStore
	RefundStore
	WorkStore
}

// PaymentStore keeps payments; each Mark is guarded and false when the guard did not hold.
type PaymentStore interface {
	// InsertPayment returns an error for which sqldb.IsDuplicate holds for a used number.
	InsertPayment(tx *sqldb.Tx, p *Payment) error
	Payment(tx *sqldb.Tx, id int64) (*Payment, error)
	FindPayment(ctx context.Context, id int64) (*Payment, error)
	FindNumber(ctx context.Context, merchant, number string) (*Payment, error)
	// MarkPaid takes a payment to SUCCESS from NOTPAY before its end, or with force also
	// from CLOSED and after its end.
	MarkPaid(tx *sqldb.Tx, id, paid int64, force bool) (bool, error)
	// MarkIfNotPaid takes a payment from NOTPAY to PAYERROR or CLOSED.
	MarkIfNotPaid(tx *sqldb.Tx, id int64, to State) (bool, error)
	PaidBetween(ctx context.Context, merchant string, from, to time.Time, after int64) (
		[]*Payment, error)
}

// RefundStore keeps refunds.
type RefundStore interface {
	// Reserve adds a refund to a paid payment, never above what was paid, at most 50.
	Reserve(tx *sqldb.Tx, payment, amount int64) (bool, error)
	InsertRefund(tx *sqldb.Tx, r *Refund) error
	Refund(tx *sqldb.Tx, id int64) (*Refund, error)
	FindRefund(ctx context.Context, merchant, number string) (*Refund, error)
	MoveRefund(tx *sqldb.Tx, r *Refund, from RefundState) (bool, error)
	DoneBetween(ctx context.Context, merchant string, from, to time.Time, after int64) (
		[]*Refund, error)
}

// WorkStore keeps what is due: notices to send, refunds to finish.
type WorkStore interface {
	InsertWork(tx *sqldb.Tx, w Work) error
	DueWork(ctx context.Context, by time.Time, limit int) ([]Work, error)
	PutOff(tx *sqldb.Tx, w Work) error
	DropWork(tx *sqldb.Tx, id int64) error
}

// Bank is the bank. Make one with New.
type Bank struct {
	cfg    Config
	db     *sqldb.DB
	store  Store
	keys   *Keys
	clk    clock.Clock
	ids    *idgen.Source
	log    *slog.Logger
	nonces *nonces
	faults *faultBook
	lately *recent.Map[int64, Payment]

	wake   chan struct{}
	mu     sync.Mutex
	flying map[int64]struct{}
	ready  []Work // planned a moment ago and due; the store has them, too
}

// keptPayments is how many payments are remembered as they were committed: the cashier and
// the notice ask for one right after it was made or paid.
const keptPayments = 4096

// New makes a bank on an open database.
func New(cfg Config, db *sqldb.DB, store Store, keys *Keys, clk clock.Clock, ids *idgen.Source,
	log *slog.Logger,
) (*Bank, error) {
	if len(cfg.Merchants) == 0 || cfg.BaseURL == "" {
		return nil, errors.New("sandboxbank: a base address and a merchant are required")
	}
	if cfg.Name == "" {
		cfg.Name = "Sandbox Bank"
	}
	if cfg.RefundDelay == 0 {
		cfg.RefundDelay = 2 * time.Second
	}
	if cfg.NoticeDelays == nil {
		cfg.NoticeDelays = defaultDelays()
	}
	return &Bank{cfg: cfg, db: db, store: store, keys: keys, clk: clk, ids: ids, log: log,
		nonces: newNonces(clk), faults: newFaultBook(), wake: make(chan struct{}, 1),
		flying: map[int64]struct{}{}, lately: recent.New[int64, Payment](keptPayments)}, nil
}

// Name is the bank's name; MerchantName that of a merchant as payers see it.
func (b *Bank) Name() string { return b.cfg.Name }

// MerchantName is how payers know a merchant.
func (b *Bank) MerchantName(id string) string {
	for _, m := range b.cfg.Merchants {
		if m.ID == id {
			return m.Name
		}
	}
	return id
}

// soon starts a piece of work right after its commit; what finds no room is found in the
// store a moment later.
func (b *Bank) soon(w Work) {
	b.mu.Lock()
	if !w.Due.After(b.clk.Now()) && len(b.ready) < 4*sendAtOnce {
		b.ready = append(b.ready, w)
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
