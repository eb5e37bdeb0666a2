package payment

import (
	"context"
	"crypto/sha256"

	"foyer/internal/sqldb"
)

// Notice takes a provider's message: verified on its raw bytes, matched, and recorded once.
// One that proves that the money was taken as asked settles the payment; after any other
// the provider is asked, and its query is the truth. Whoever sends an unknown number learns
// nothing. Refused with ErrNotFound (no such provider), ErrNotice, ErrProviderSilent.
func (p *Payments) Notice(ctx context.Context, name string, header func(string) string,
	body []byte,
) error {
	provider := p.providers[name]
	if provider == nil {
		return ErrNotFound
	}
	n, err := provider.ParseNotice(header, body)
	if err != nil {
		return ErrNotice.Wrap(err)
	}
	digest := sha256.Sum256(body)
	row := &NoticeRow{Provider: name, ID: n.ID, Digest: digest[:]}
	if n.Refund != "" {
		return p.refundNotice(ctx, n, row)
	}
	id, ok := idOf(prefixPayment, n.Number)
	if !ok {
		p.Log.Warn("a notice names a number that is not ours", "provider", name)
		return nil
	}
	pay, err := p.find(ctx, id)
	if isMissing(err) || (err == nil && pay.Provider != name) {
		p.Log.Warn("a notice names an unknown payment", "provider", name)
		return nil
	}
	if err != nil {
		return err
	}
	if n.Phase == Taken && (n.Amount != pay.Amount || n.Currency != pay.Currency) {
		p.Log.Warn("a notice names another sum; the query decides", "provider", name,
			"number", n.Number, "notice_minor", n.Amount, "asked_minor", pay.Amount)
	}
	row.Object = id
	if pay.State == Captured {
		return p.record(ctx, row)
	}
	if a, ok := answerIn(n, pay); ok {
		return p.settleBy(ctx, pay, a, row)
	}
	_, err = p.lookAt(ctx, id, pay, false, row)
	return err
}

// find is a payment as it was opened a moment ago, or as it is stored.
func (p *Payments) find(ctx context.Context, id int64) (*Payment, error) {
	if pay, ok := p.fresh.Get(id); ok {
		return pay, nil
	}
	return p.Store.Find(ctx, id)
}

// settleBy settles by a notice. The payment that was read for it need not be read again
// while it is still open: that is what the capture is guarded by.
func (p *Payments) settleBy(ctx context.Context, pay *Payment, a Answer, n *NoticeRow) error {
	moved := false
	err := p.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		cur := *pay
		if moved, err = p.capture(tx, &cur, a); err != nil || !moved {
			return err
		}
		_, err = p.Store.NoteNotice(tx, *n)
		return err
	})
	if err == nil && !moved {
		p.fresh.Drop(pay.ID)
		_, err = p.settle(ctx, pay.ID, a, n)
	}
	return err
}

// answerIn is what a notice proves by itself: the provider's signature over our number, its
// own number of this attempt, the very sum and currency, and that it has them since a time.
// Anything less, and anything else than money, is only a hint.
func answerIn(n Notice, pay *Payment) (Answer, bool) {
	a := Answer{Phase: n.Phase, Ref: n.Ref, Amount: n.Amount, Currency: n.Currency, At: n.At}
	return a, n.Phase == Taken && n.Amount == pay.Amount && n.Currency == pay.Currency &&
		n.Ref != "" && n.Ref == pay.ProviderRef && !n.At.IsZero()
}

func (p *Payments) refundNotice(ctx context.Context, n Notice, row *NoticeRow) error {
	id, ok := idOf(prefixRefund, n.Refund)
	if !ok {
		p.Log.Warn("a notice names a refund number that is not ours", "provider", row.Provider)
		return nil
	}
	r, err := p.Store.FindRefund(ctx, id)
	if isMissing(err) || (err == nil && numberOf(prefixPayment, r.Payment) != n.Number) {
		p.Log.Warn("a notice names an unknown refund", "provider", row.Provider)
		return nil
	}
	if err != nil {
		return err
	}
	row.Object = id
	if err := p.record(ctx, row); err != nil || r.State == Arrived {
		return err
	}
	return p.lookRefund(ctx, id)
}

// record notes a notice that changes nothing any more; a repeat costs a read.
func (p *Payments) record(ctx context.Context, row *NoticeRow) error {
	seen, err := p.Store.NoticeSeen(ctx, row.Provider, row.ID)
	if err != nil || seen {
		return err
	}
	return p.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		_, err := p.Store.NoteNotice(tx, *row)
		return err
	})
}
