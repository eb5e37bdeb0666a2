package payment

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// OpenAsk is how an order is to be paid.
type OpenAsk struct {
	Order     int64
	Channel   string
	ReturnURL string // where the buyer's browser goes afterwards; ours
	InputHash []byte
}

// Render makes the answer of a payment before it is committed.
type Render func(*Payment) (journal.Answer, error)

// Open opens a payment of the caller's order: the row with its number first, then the
// provider's call outside any transaction, then its answer. A repeat of the key resumes the
// same attempt with the same number. Refused with ErrChannel, ErrProviderRefused,
// ErrProviderSilent, ErrPaymentEnded and as Settler.Payable.
func (p *Payments) Open(ctx context.Context, who actor.Actor, ask OpenAsk,
	receipt *journal.Receipt, render Render,
) (journal.Answer, error) {
	provider := p.channels[ask.Channel]
	if provider == nil {
		return journal.Answer{}, ErrChannel.At("channel", "is not one of the payment channels")
	}
	pay, err := p.begin(ctx, who, ask, provider, receipt)
	if err != nil {
		return journal.Answer{}, err
	}
	if pay.State != Opening {
		return p.answerOpened(ctx, pay, receipt, render)
	}
	limited, cancel := p.call(ctx)
	defer cancel()
	opened, err := provider.Create(limited, pay.attempt())
	switch {
	case errors.Is(err, ErrDeclined):
		return journal.Answer{}, p.declined(ctx, pay, err)
	case err != nil:
		p.Log.Warn("a provider did not answer an opening", "provider", pay.Provider,
			"number", pay.Number(), "error", err)
		return journal.Answer{}, ErrProviderSilent.Wrap(err).Retry(2 * time.Second)
	}
	pay.ProviderRef, pay.Sent.RedirectURL = opened.Ref, opened.RedirectURL
	return p.answerOpened(ctx, pay, receipt, render)
}

// begin stores the row and the key before the provider hears of anything, or finds the row
// that a first try with the key left.
func (p *Payments) begin(ctx context.Context, who actor.Actor, ask OpenAsk, provider Provider,
	receipt *journal.Receipt,
) (*Payment, error) {
	if receipt != nil && receipt.Resume != 0 {
		return p.Get(ctx, who, receipt.Resume)
	}
	pay, err := p.beginNew(ctx, who, ask, provider, receipt)
	if errors.Is(err, fault.Stale) { // the order was changed between the look and the command
		pay, err = p.beginNew(ctx, who, ask, provider, receipt)
	}
	return pay, err
}

func (p *Payments) beginNew(ctx context.Context, who actor.Actor, ask OpenAsk,
	provider Provider, receipt *journal.Receipt,
) (*Payment, error) {
	payable, err := p.Settler.Payable(ctx, ask.Order, who)
	if err != nil {
		return nil, err
	}
	pay := &Payment{ID: p.IDs.Next(), Organization: payable.Organization, Order: payable.Order,
		Provider: provider.Name(), Channel: ask.Channel, State: Opening, Amount: payable.Total,
		Currency: payable.Currency, ExpiresAt: payable.ExpiresAt,
		Sent: Sent{Title: clip(payable.Title, 120), ReturnURL: ask.ReturnURL}, Revision: 1}
	pay.AskAt = pay.OpenedAt().Add(firstAsk)
	pay.AnsweredAt = pay.OpenedAt()
	payable.Payment = pay.ID
	err = p.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := p.Settler.OpenPayment(tx, payable); err != nil {
			return err
		}
		if err := p.Store.Insert(tx, pay); err != nil {
			return err
		}
		pos, err := p.note(tx, who, pay, "payment.requested", amountData(pay), ask.InputHash)
		if err != nil {
			return err
		}
		return receipt.Begin(tx, pos, pay.ID)
	})
	return pay, err
}

// answerOpened records what the provider answered and tells the buyer where to pay. When
// the attempt has moved on meanwhile, what is true now is told.
func (p *Payments) answerOpened(ctx context.Context, pay *Payment, receipt *journal.Receipt,
	render Render,
) (journal.Answer, error) {
	var answer journal.Answer
	var ended error
	err := p.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ended = nil
		now := *pay
		now.State, now.AnsweredAt, now.Revision = Open, tx.Now, pay.Revision+1
		now.AskAt = tx.Now.Add(firstAsk)
		moved, err := p.Store.MarkOpenIfOpening(tx, &now)
		if err != nil {
			return err
		}
		if moved {
			tx.AfterCommit(func() { p.fresh.Put(now.ID, &now) })
		} else {
			cur, err := p.Store.Get(tx, pay.ID)
			if err != nil {
				return err
			}
			now = *cur
		}
		if now.State == Failed || now.State == Closed {
			ended = ErrPaymentEnded.With("state", now.State)
			return nil
		}
		if answer, err = render(&now); err != nil || (receipt == nil && !moved) {
			return err
		}
		pos, err := p.note(tx, actor.SystemActor, &now, "payment.opened", amountData(&now), nil)
		if err != nil {
			return err
		}
		return receipt.Keep(tx, pos, now.ID, answer)
	})
	if err == nil {
		err = ended
	}
	return answer, err
}

// declined ends an attempt that the provider refused to open.
func (p *Payments) declined(ctx context.Context, pay *Payment, cause error) error {
	if _, err := p.settle(ctx, pay.ID, Answer{Phase: Declined}, nil); err != nil {
		return err
	}
	return ErrProviderRefused.Wrap(cause)
}

// note appends the one journal row of a command on a payment.
func (p *Payments) note(tx *sqldb.Tx, who actor.Actor, pay *Payment, action string, data any,
	input []byte,
) (journal.Position, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return journal.Position{}, fault.Unexpected.Wrap(err)
	}
	return p.Journal.Append(tx, journal.Entry{Actor: who, Organization: pay.Organization,
		Action: action, Data: raw, InputHash: input, Objects: []journal.Object{
			{Kind: "pay", ID: pay.ID, Revision: pay.Revision}, {Kind: "ord", ID: pay.Order}}}), nil
}

func amountData(pay *Payment) any {
	return map[string]any{"amount_minor": pay.Amount, "currency": pay.Currency,
		"channel": pay.Channel}
}

// clip shortens a text to at most n letters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
