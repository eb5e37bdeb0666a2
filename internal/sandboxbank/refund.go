package sandboxbank

import (
	"context"
	"time"

	"foyer/internal/sqldb"
)

// Return is what a merchant asks to give back.
type Return struct {
	Payment   string // the merchant's number of it
	Number    string
	Amount    int64
	NotifyURL string
}

// Refund takes a refund. The same number with the same fields answers the same, except that
// an abnormal one is tried again. Refused with ErrParam, ErrNotFound, ErrNotPaid,
// ErrMismatch, ErrRefundLimit, ErrNoBalance.
func (b *Bank) Refund(ctx context.Context, merchant string, ask Return) (*Refund, error) {
	if !numberForm.MatchString(ask.Number) || ask.Amount <= 0 || ask.Amount > maxAmount ||
		(ask.NotifyURL != "" && !isWeb(ask.NotifyURL)) {
		return nil, ErrParam
	}
	p, err := b.store.FindNumber(ctx, merchant, ask.Payment)
	if err != nil {
		return nil, err
	}
	if p.State != Success && p.State != Refunded {
		return nil, ErrNotPaid
	}
	if b.suffers(ask.Number, FaultNoBalance) {
		return nil, ErrNoBalance
	}
	old, err := b.store.FindRefund(ctx, merchant, ask.Number)
	if err == ErrNotFound {
		old, err = b.firstRefund(ctx, merchant, p, ask)
	}
	if err != nil {
		return nil, err
	}
	if old.Payment != p.ID || old.Amount != ask.Amount {
		return nil, ErrMismatch
	}
	if old.State == Abnormal && !b.suffers(ask.Number, FaultAbnormal) {
		if old, err = b.again(ctx, old); err != nil {
			return nil, err
		}
	}
	return old, b.cut("refund", ask.Number)
}

func (b *Bank) firstRefund(ctx context.Context, merchant string, p *Payment, ask Return) (
	*Refund, error,
) {
	r := &Refund{ID: b.ids.Next(), Merchant: merchant, Number: ask.Number, Payment: p.ID,
		State: Processing, Amount: ask.Amount, NotifyURL: ask.NotifyURL}
	err := b.db.InTx(ctx, func(tx *sqldb.Tx) error {
		b.changed(tx, p.ID)
		ok, err := b.store.Reserve(tx, p.ID, ask.Amount)
		if err != nil {
			return err
		}
		if !ok {
			return ErrRefundLimit
		}
		if err := b.store.InsertRefund(tx, r); err != nil {
			return err
		}
		return b.finishLater(tx, r)
	})
	if sqldb.IsDuplicate(err) {
		return b.store.FindRefund(ctx, merchant, ask.Number)
	}
	return r, err
}

// again sends an abnormal refund on its way once more.
func (b *Bank) again(ctx context.Context, r *Refund) (*Refund, error) {
	err := b.db.InTx(ctx, func(tx *sqldb.Tx) error {
		now := *r
		now.State = Processing
		moved, err := b.store.MoveRefund(tx, &now, Abnormal)
		if err != nil || !moved {
			return err
		}
		return b.finishLater(tx, &now)
	})
	if err != nil {
		return nil, err
	}
	return b.store.FindRefund(ctx, r.Merchant, r.Number)
}

func (b *Bank) finishLater(tx *sqldb.Tx, r *Refund) error {
	due := tx.Now.Add(b.cfg.RefundDelay)
	if b.suffers(r.Number, FaultRefundLate) {
		due = due.Add(b.lateBy())
	}
	return b.plan(tx, Work{Kind: workFinish, Object: r.ID, Due: due})
}

// finishRefund lets a refund arrive, or not, and tells the merchant.
func (b *Bank) finishRefund(tx *sqldb.Tx, w Work) error {
	r, err := b.store.Refund(tx, w.Object)
	if err != nil {
		return err
	}
	r.State, r.DoneAt = Arrived, tx.Now
	if b.suffers(r.Number, FaultAbnormal) {
		r.State, r.DoneAt = Abnormal, time.Time{}
	}
	moved, err := b.store.MoveRefund(tx, r, Processing)
	if err != nil {
		return err
	}
	if moved && r.NotifyURL != "" && !b.suffers(r.Number, FaultNever) {
		err = b.plan(tx, Work{Kind: workRefund, Object: r.ID, Due: tx.Now})
	}
	if err != nil {
		return err
	}
	return b.store.DropWork(tx, w.ID)
}

// QueryRefund says where a refund stands. Refused with ErrNotFound, ErrBusy (when silent).
func (b *Bank) QueryRefund(ctx context.Context, merchant, number string) (*Refund, error) {
	r, err := b.store.FindRefund(ctx, merchant, number)
	if err == nil && b.suffers(number, FaultSilent) {
		return nil, ErrBusy
	}
	return r, err
}

// PaymentOf is the payment that a refund returns.
func (b *Bank) PaymentOf(ctx context.Context, r *Refund) (*Payment, error) {
	return b.store.FindPayment(ctx, r.Payment)
}

// Bill is the movements of a UTC+8 day after a key of the page before, payments first.
// Refused with ErrParam.
func (b *Bank) Bill(ctx context.Context, merchant, day string, after int64) (
	[]*Payment, []*Refund, error,
) {
	from, err := time.ParseInLocation("20060102", day, time.FixedZone("UTC+8", 8*3600))
	if err != nil {
		return nil, nil, ErrParam
	}
	to := from.AddDate(0, 0, 1)
	paid, err := b.store.PaidBetween(ctx, merchant, from, to, after)
	if err != nil {
		return nil, nil, err
	}
	back, err := b.store.DoneBetween(ctx, merchant, from, to, after)
	return paid, back, err
}
