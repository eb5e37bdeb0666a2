package sandboxbank

import (
	"context"
	"net/url"
	"regexp"
	"time"

	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

const (
	kindCashier idgen.Kind = "cashier"
	maxAmount   int64      = 10_000_000_000_000
	maxLife                = 7 * 24 * time.Hour
)

// Order is what a merchant asks to be paid.
type Order struct {
	Number      string
	Amount      int64
	Currency    string
	Description string
	ExpiresAt   time.Time
	NotifyURL   string
	ReturnURL   string
}

var (
	numberForm   = regexp.MustCompile(`^[0-9A-Za-z]{1,32}$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
)

func (o Order) wellFormed(now time.Time) bool {
	return numberForm.MatchString(o.Number) && o.Amount > 0 && o.Amount <= maxAmount &&
		currencyForm.MatchString(o.Currency) && o.Description != "" &&
		len(o.Description) <= 512 && o.ExpiresAt.Sub(now) < maxLife &&
		isWeb(o.NotifyURL) && (o.ReturnURL == "" || isWeb(o.ReturnURL))
}

func isWeb(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= 512 && u.Host != "" && u.User == nil &&
		(u.Scheme == "http" || u.Scheme == "https")
}

// Create makes a payment. The same number with the same fields answers the same; with
// others it is refused with ErrMismatch. Refused with ErrParam.
func (b *Bank) Create(ctx context.Context, merchant string, o Order) (*Payment, error) {
	if !o.wellFormed(b.clk.Now()) {
		return nil, ErrParam
	}
	p := &Payment{ID: b.ids.Next(), Merchant: merchant, Number: o.Number, State: NotPaid,
		Amount: o.Amount, Currency: o.Currency, Description: o.Description,
		NotifyURL: o.NotifyURL, ReturnURL: o.ReturnURL,
		ExpiresAt: o.ExpiresAt.UTC().Truncate(time.Millisecond)}
	// The number is new as a rule, so the insert goes first and its key finds a repeat.
	err := error(ErrParam)
	if fresh := p.ExpiresAt.After(b.clk.Now()); fresh {
		err = b.db.InTx(ctx, func(tx *sqldb.Tx) error {
			if err := b.store.InsertPayment(tx, p); err != nil {
				return err
			}
			b.became(tx, *p)
			return b.forge(tx, p)
		})
		if err == nil {
			return p, b.cut("create", o.Number)
		}
		if !sqldb.IsDuplicate(err) {
			return nil, err
		}
	}
	old, lookErr := b.store.FindNumber(ctx, merchant, o.Number)
	if lookErr == ErrNotFound {
		return nil, err
	}
	if lookErr != nil {
		return nil, lookErr
	}
	same := old.Amount == p.Amount && old.Currency == p.Currency &&
		old.Description == p.Description && old.NotifyURL == p.NotifyURL &&
		old.ReturnURL == p.ReturnURL && old.ExpiresAt.Equal(p.ExpiresAt)
	if !same {
		return nil, ErrMismatch
	}
	return old, nil
}

// CashierURL is where a payer pays.
func (b *Bank) CashierURL(p *Payment) string {
	return b.cfg.BaseURL + "/cashier/" + b.keys.codec.Encode(kindCashier, p.ID)
}

// Transaction is the bank's own number of a payment.
func (b *Bank) Transaction(p *Payment) string { return b.keys.codec.Encode("tx", p.ID) }

// Query says where a payment stands. One whose time is over is closed before the answer,
// so that what was said stays true. Refused with ErrNotFound, ErrBusy (when silent).
func (b *Bank) Query(ctx context.Context, merchant, number string) (*Payment, error) {
	p, err := b.store.FindNumber(ctx, merchant, number)
	if err != nil {
		return nil, err
	}
	if b.suffers(number, FaultSilent) {
		return nil, ErrBusy
	}
	if p.State == NotPaid && !p.ExpiresAt.After(b.clk.Now()) {
		return b.shut(ctx, p)
	}
	return p, nil
}

// shut closes an unpaid payment and says what it is now.
func (b *Bank) shut(ctx context.Context, p *Payment) (*Payment, error) {
	err := b.db.InTx(ctx, func(tx *sqldb.Tx) error {
		b.changed(tx, p.ID)
		_, err := b.store.MarkIfNotPaid(tx, p.ID, Closed)
		return err
	})
	if err != nil {
		return nil, err
	}
	return b.store.FindPayment(ctx, p.ID)
}

// Close ends an unpaid payment. Closing what is closed changes nothing. Refused with
// ErrNotFound, ErrPaid, ErrTooEarly.
func (b *Bank) Close(ctx context.Context, merchant, number string) error {
	p, err := b.store.FindNumber(ctx, merchant, number)
	if err != nil {
		return err
	}
	if p.State == NotPaid {
		if b.clk.Now().Sub(p.CreatedAt()) < b.cfg.MinClose {
			return ErrTooEarly
		}
		if p, err = b.shut(ctx, p); err != nil {
			return err
		}
	}
	if p.State == Success || p.State == Refunded {
		return ErrPaid
	}
	return b.cut("close", number)
}

// ByLink is the payment that a cashier link names. Refused with ErrNotFound.
func (b *Bank) ByLink(ctx context.Context, token string) (*Payment, error) {
	id, err := b.keys.codec.Decode(kindCashier, token)
	if err != nil {
		return nil, ErrNotFound
	}
	return b.find(ctx, id)
}

// Pay takes the payer's money. Paying what is paid changes nothing. Refused with
// ErrNotFound, ErrClosed.
func (b *Bank) Pay(ctx context.Context, token string) (*Payment, error) {
	p, err := b.ByLink(ctx, token)
	if err != nil {
		return nil, err
	}
	paid := p.Amount
	if b.suffers(p.Number, FaultWrongAmount) {
		if paid--; paid == 0 {
			paid = 2
		}
	}
	force := b.suffers(p.Number, FaultLateMoney)
	var now *Payment
	err = b.db.InTx(ctx, func(tx *sqldb.Tx) error {
		now = nil
		moved, err := b.store.MarkPaid(tx, p.ID, paid, force)
		if err != nil || !moved {
			return err
		}
		done := *p
		done.State, done.Paid, done.PaidAt = Success, paid, tx.Now
		now = &done
		b.became(tx, done)
		return b.announce(tx, p)
	})
	if err != nil {
		return nil, err
	}
	if now != nil {
		return now, nil
	}
	if p, err = b.store.FindPayment(ctx, p.ID); err != nil {
		return nil, err
	}
	if p.State != Success && p.State != Refunded {
		return p, ErrClosed
	}
	return p, nil
}

// Refuse is the payer's card being declined; it ends the payment. Refused with ErrNotFound
// and ErrClosed when it has ended otherwise.
func (b *Bank) Refuse(ctx context.Context, token string) (*Payment, error) {
	p, err := b.ByLink(ctx, token)
	if err != nil {
		return nil, err
	}
	err = b.db.InTx(ctx, func(tx *sqldb.Tx) error {
		b.changed(tx, p.ID)
		moved, err := b.store.MarkIfNotPaid(tx, p.ID, Declined)
		if err != nil || !moved {
			return err
		}
		return b.announce(tx, p)
	})
	if err != nil {
		return nil, err
	}
	if p, err = b.store.FindPayment(ctx, p.ID); err == nil && p.State != Declined {
		err = ErrClosed
	}
	return p, err
}

// became remembers what a payment is once the transaction is committed. Memory is changed by
// hooks of commits alone, in their order, so it never says what the book did not.
func (b *Bank) became(tx *sqldb.Tx, p Payment) {
	tx.AfterCommit(func() { b.lately.Put(p.ID, p) })
}

// changed forgets a payment that the transaction changes.
func (b *Bank) changed(tx *sqldb.Tx, id int64) { tx.AfterCommit(func() { b.lately.Drop(id) }) }

func (b *Bank) find(ctx context.Context, id int64) (*Payment, error) {
	if p, ok := b.lately.Get(id); ok {
		return &p, nil
	}
	return b.store.FindPayment(ctx, id)
}
