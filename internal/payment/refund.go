package payment

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

func isMissing(err error) bool { return errors.Is(err, ErrNotFound) }

// RequestRefund stores a refund with its number in the caller's transaction; the provider
// is called after it. The caller's journal row covers it. Refused with ErrRefundTooLarge
// when all refunds of the payment would exceed what it took.
func (p *Payments) RequestRefund(tx *sqldb.Tx, ask RefundRequest) (int64, error) {
	if ask.Amount <= 0 || ask.Amount > money.Max {
		return 0, fault.Unexpected.With("amount_minor", ask.Amount)
	}
	ok, err := p.Store.Reserve(tx, ask.Organization, ask.Payment, ask.Amount)
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, ErrRefundTooLarge
	}
	r := &Refund{ID: p.IDs.Next(), Organization: ask.Organization, Order: ask.Order,
		Payment: ask.Payment, State: Requested, Cause: ask.Cause, Amount: ask.Amount,
		Currency: ask.Currency, Reason: clip(ask.Reason, 200), AskAt: tx.Now, Revision: 1}
	if err := p.Store.InsertRefund(tx, r); err != nil {
		return 0, err
	}
	tx.AfterCommit(p.poke)
	return r.ID, nil
}

// Captured lists the captured payments of an order with what of each may still go back,
// the newest first.
func (p *Payments) Captured(tx *sqldb.Tx, organization, order int64) ([]Refundable, error) {
	list, err := p.Store.OfOrderIn(tx, organization, order)
	if err != nil {
		return nil, err
	}
	var out []Refundable
	for _, pay := range list {
		if left := pay.Captured - pay.Refunded; pay.State == Captured && left > 0 {
			out = append(out, Refundable{Payment: pay.ID, Left: left,
				Provider: pay.Provider})
		}
	}
	return out, nil
}

// lookRefund brings one refund forward: a requested one is sent to the provider (the same
// number each time), an accepted one is asked about. Accepted is not arrived.
func (p *Payments) lookRefund(ctx context.Context, id int64) error {
	r, err := p.Store.FindRefund(ctx, id)
	if err != nil || r.State == Arrived {
		return err
	}
	pay, err := p.Store.Find(ctx, r.Payment)
	if err != nil {
		return err
	}
	provider, err := p.provider(pay.Provider)
	if err != nil {
		return err
	}
	try := RefundAttempt{Number: r.Number(), Payment: pay.Number(), Amount: r.Amount,
		Total: pay.Captured, Currency: r.Currency, Reason: r.Reason}
	limited, cancel := p.call(ctx)
	defer cancel()
	var a RefundAnswer
	if r.State == Requested {
		a, err = provider.Refund(limited, try)
	} else {
		a, err = provider.QueryRefund(limited, try)
	}
	switch {
	case errors.Is(err, ErrDeclined):
		a = RefundAnswer{Phase: Stuck, Problem: err.Error()}
	case err != nil:
		return p.planRefund(ctx, r, err)
	}
	return p.settleRefund(ctx, pay, id, a)
}

// planRefund plans the next try of a refund that got no answer.
func (p *Payments) planRefund(ctx context.Context, r *Refund, cause error) error {
	err := p.DB.InTx(context.WithoutCancel(ctx), func(tx *sqldb.Tx) error {
		now := *r
		now.Tries++
		now.AskAt = nextRefund(&now, tx.Now)
		return p.Store.PlanRefund(tx, &now)
	})
	if err != nil {
		return err
	}
	return ErrProviderSilent.Wrap(cause).Retry(5 * time.Second)
}

// refundEdge is the state machine of a refund: the state that follows from an answer.
//
//	requested abnormal ──processing──▶ accepted     requested accepted ──stuck──▶ abnormal
//	requested accepted abnormal ──landed──▶ arrived  accepted ──absent──▶ requested
//	abnormal ──a person──▶ requested                 arrived: nothing moves it
func refundEdge(from RefundState, said Phase) RefundState {
	switch {
	case from == Arrived:
		return Arrived
	case said == Landed:
		return Arrived
	case said == Stuck:
		return Abnormal
	case said == Processing:
		return Accepted
	case said == Absent && from == Accepted:
		return Requested // it forgot what it had accepted: ask again with the same number
	}
	return from
}

// settleRefund applies a provider's answer about a refund in one transaction.
func (p *Payments) settleRefund(ctx context.Context, pay *Payment, id int64, a RefundAnswer) error {
	return p.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := p.Store.GetRefund(tx, id)
		if err != nil {
			return err
		}
		from := r.State
		r.State = refundEdge(from, a.Phase)
		if r.State == Arrived && a.Amount != 0 && a.Amount != r.Amount {
			r.State = Abnormal // another sum went back than was asked for: a person must look
			a.Problem = "the provider returned another sum"
		}
		if r.State == from {
			if r.State == Requested || r.State == Accepted {
				r.Tries++
				r.AskAt = nextRefund(r, tx.Now)
				return p.Store.PlanRefund(tx, r)
			}
			return nil
		}
		p.moveRefund(r, a, tx.Now)
		moved, err := p.Store.MoveRefundIf(tx, r, from)
		if err != nil || !moved {
			return err
		}
		if r.State != Arrived {
			return p.noteRefund(tx, actor.SystemActor, r, "refund."+string(r.State))
		}
		return p.Settler.RefundArrived(tx, RefundArrival{Refund: r.ID, Payment: r.Payment,
			Order: r.Order, Organization: r.Organization, Provider: pay.Provider,
			Amount: r.Amount, Currency: r.Currency, Cause: r.Cause})
	})
}

// moveRefund fills in what goes with a refund's new state.
func (p *Payments) moveRefund(r *Refund, a RefundAnswer, now time.Time) {
	r.Revision++
	r.Tries = 0
	if a.Ref != "" {
		r.ProviderRef = a.Ref
	}
	if r.AcceptedAt.IsZero() && (r.State == Accepted || r.State == Arrived) {
		r.AcceptedAt = now
	}
	r.Problem, r.AskAt = "", time.Time{}
	switch r.State {
	case Arrived:
		r.ArrivedAt = now
	case Abnormal:
		r.Problem = clip(a.Problem, 200)
		if r.Problem == "" {
			r.Problem = "the provider cannot return it"
		}
	default:
		r.AskAt = nextRefund(r, now)
	}
}

func (p *Payments) noteRefund(tx *sqldb.Tx, who actor.Actor, r *Refund, action string) error {
	data, err := json.Marshal(map[string]any{"amount_minor": r.Amount, "cause": r.Cause,
		"problem": r.Problem})
	if err != nil {
		return fault.Unexpected.Wrap(err)
	}
	p.Journal.Append(tx, journal.Entry{Actor: who, Organization: r.Organization, Action: action,
		Data: data, Objects: []journal.Object{{Kind: "ref", ID: r.ID, Revision: r.Revision},
			{Kind: "ord", ID: r.Order}, {Kind: "pay", ID: r.Payment}}})
	return nil
}

// RetryRefund sends an abnormal refund to the provider again, by a person's decision, with
// the same number. Refused with ErrNotFound, ErrRefundState.
func (p *Payments) RetryRefund(ctx context.Context, who actor.Actor, id int64) (*Refund, error) {
	r, err := p.Store.FindRefund(ctx, id)
	if err != nil {
		return nil, err
	}
	if !holds(who, PermRepair, r.Organization) {
		return nil, ErrNotFound
	}
	if err := p.sees(ctx, withView(who, r.Organization), r.Organization, r.Order); err != nil {
		return nil, err
	}
	err = p.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := p.Store.GetRefund(tx, id)
		if err != nil {
			return err
		}
		if cur.State != Abnormal {
			return ErrRefundState.With("state", cur.State)
		}
		cur.State, cur.Tries, cur.AskAt, cur.Problem = Requested, 0, tx.Now, ""
		cur.Revision++
		moved, err := p.Store.MoveRefundIf(tx, cur, Abnormal)
		if err != nil {
			return err
		}
		if !moved {
			return fault.Stale
		}
		tx.AfterCommit(p.poke)
		return p.noteRefund(tx, who, cur, "refund.retried")
	})
	if err != nil {
		return nil, err
	}
	return p.Store.FindRefund(ctx, id)
}
