package payment

import (
	"context"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// Means is how the house took money by hand.
type Means string

// The means; each has a ledger account of its own, e.g. clearing:counter_cash.
const (
	Cash     Means = "cash"
	Card     Means = "card_terminal"
	QRCode   Means = "qr_terminal"
	Transfer Means = "transfer"
	Other    Means = "other"
)

// AllMeans are all of them.
func AllMeans() []Means { return []Means{Cash, Card, QRCode, Transfer, Other} }

// Known says whether there is such a means.
func (m Means) Known() bool { return slices.Contains(AllMeans(), m) }

// Provider is the means as payments and accounts name it.
func (m Means) Provider() string {
	switch m {
	case Card:
		return "counter_card"
	case QRCode:
		return "counter_qr"
	}
	return "counter_" + string(m)
}

// ErrNotByHand refuses to confirm by hand what a provider returns.
var ErrNotByHand = fault.Define(fault.Conflict, "refund_not_by_hand",
	"该退款由支付渠道退回,无需当面退还", "The provider that took this money returns it.",
	"Only money that was taken at the counter, and waits for a person, is handed back.")

// byHand says whether a provider's money was taken by a person, so that no buyer chooses it.
func byHand(p Provider) bool {
	h, ok := p.(interface{ ByHand() bool })
	return ok && h.ByHand()
}

// HandTaken is money that the house took by hand before it is entered.
type HandTaken struct {
	Organization, Order int64
	Means               Means
	Amount              money.Minor
	Currency            money.Currency
	Title               string
}

// TakeByHand stores money that is in the house already as a captured payment, in the
// caller's transaction and under its journal row.
func (p *Payments) TakeByHand(tx *sqldb.Tx, t HandTaken) (int64, error) {
	if !t.Means.Known() || t.Amount <= 0 || t.Amount > money.Max {
		return 0, fault.Unexpected.With("amount_minor", t.Amount)
	}
	provider := t.Means.Provider()
	pay := &Payment{ID: p.IDs.Next(), Organization: t.Organization, Order: t.Order,
		Provider: provider, Channel: provider, State: Opening, Amount: t.Amount,
		Currency: t.Currency, ExpiresAt: tx.Now, AnsweredAt: tx.Now,
		Sent: Sent{Title: clip(t.Title, 120)}, Revision: 1}
	if err := p.Store.Insert(tx, pay); err != nil {
		return 0, err
	}
	pay.State, pay.Result, pay.Captured, pay.SettledAt = Captured, Paid, t.Amount, tx.Now
	moved, err := p.Store.MarkCapturedIf(tx, pay, Opening)
	if err == nil && !moved {
		err = fault.Stale
	}
	return pay.ID, err
}

// HandBack confirms that a person gave the buyer the money of a refund that waits for one.
// Refused with ErrNotFound, ErrNotByHand and ErrRefundState.
func (p *Payments) HandBack(ctx context.Context, who actor.Actor, id int64) (*Refund, error) {
	r, pay, err := p.abnormal(ctx, who, id)
	if err != nil {
		return nil, err
	}
	provider, err := p.provider(pay.Provider)
	if err != nil {
		return nil, err
	}
	if !byHand(provider) {
		return nil, ErrNotByHand
	}
	if r.State != Abnormal && r.State != Arrived {
		return nil, ErrRefundState.With("state", r.State)
	}
	err = p.handedBack(ctx, who, r.ID, pay.Provider)
	if err != nil {
		return nil, err
	}
	return p.Store.FindRefund(ctx, id)
}

// abnormal is a refund that staff may repair, with the payment that brought its money.
func (p *Payments) abnormal(ctx context.Context, who actor.Actor, id int64) (*Refund, *Payment,
	error,
) {
	r, err := p.Store.FindRefund(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if !holds(who, PermRepair, r.Organization) {
		return nil, nil, ErrNotFound
	}
	if err := p.sees(ctx, withView(who, r.Organization), r.Organization, r.Order); err != nil {
		return nil, nil, err
	}
	pay, err := p.Store.Find(ctx, r.Payment)
	return r, pay, err
}

// handedBack takes the refund to arrived; a repeat changes nothing.
func (p *Payments) handedBack(ctx context.Context, who actor.Actor, id int64,
	provider string,
) error {
	return p.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := p.Store.GetRefund(tx, id)
		if err != nil || r.State == Arrived {
			return err
		}
		from := r.State
		r.State, r.AskAt = Arrived, time.Time{}
		p.moveRefund(r, RefundAnswer{Phase: Landed}, tx.Now)
		moved, err := p.Store.MoveRefundIf(tx, r, from)
		if err != nil || !moved {
			return err
		}
		if err := p.noteRefund(tx, who, r, "refund.handed_back"); err != nil {
			return err
		}
		return p.Settler.RefundArrived(tx, RefundArrival{Refund: r.ID, Payment: r.Payment,
			Order: r.Order, Organization: r.Organization, Provider: provider,
			Amount: r.Amount, Currency: r.Currency, Cause: r.Cause})
	})
}
