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
	pay, err := p.Store.Find(ctx, id)
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
		_, err = p.settle(ctx, id, a, row)
		return err
	}
	_, err = p.lookAt(ctx, id, pay, false, row)
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
