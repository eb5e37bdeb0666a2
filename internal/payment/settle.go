package payment

import (
	"context"
	"errors"
	"time"

	"foyer/internal/actor"
	"foyer/internal/sqldb"
)

// flight is one question to a provider that several callers wait for: a hundred copies of
// a notice ask once.
type flight struct {
	done chan struct{}
	pay  *Payment
	err  error
}

// look asks the provider what became of a payment and settles by the answer. Callers that
// come meanwhile share the answer, unless they want to close: then they ask anew.
func (p *Payments) look(ctx context.Context, id int64, closing bool, n *NoticeRow) (
	*Payment, error,
) {
	return p.lookAt(ctx, id, nil, closing, n)
}

// lookAt is look for a caller who has just read the row; known may be nil.
func (p *Payments) lookAt(ctx context.Context, id int64, known *Payment, closing bool,
	n *NoticeRow,
) (*Payment, error) {
	for {
		p.mu.Lock()
		f := p.flights[id]
		if f == nil {
			f = &flight{done: make(chan struct{})}
			p.flights[id] = f
			p.mu.Unlock()
			f.pay, f.err = p.ask(ctx, id, known, closing, n)
			p.mu.Lock()
			delete(p.flights, id)
			p.mu.Unlock()
			close(f.done)
			return f.pay, f.err
		}
		p.mu.Unlock()
		known = nil
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-f.done:
		}
		if !closing && !errors.Is(f.err, context.Canceled) {
			return f.pay, f.err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// ask is one question, the close where it is due, and the question after it.
func (p *Payments) ask(ctx context.Context, id int64, pay *Payment, closing bool,
	n *NoticeRow,
) (*Payment, error) {
	if pay == nil {
		var err error
		if pay, err = p.Store.Find(ctx, id); err != nil {
			return nil, err
		}
	}
	if pay.State == Captured {
		return pay, nil
	}
	provider, err := p.provider(pay.Provider)
	if err != nil {
		return nil, err
	}
	a, err := p.query(ctx, provider, pay)
	if err != nil {
		return p.unanswered(ctx, pay, err)
	}
	v, _, _ := decide(pay, a, p.Clock.Now())
	if v == end || (closing && pay.State.IsOpen() && a.Phase == Waiting) {
		if a, err = p.close(ctx, provider, pay); err != nil {
			return p.unanswered(ctx, pay, err)
		}
	}
	return p.settle(ctx, id, a, n)
}

func (p *Payments) query(ctx context.Context, provider Provider, pay *Payment) (Answer, error) {
	limited, cancel := p.call(ctx)
	defer cancel()
	return provider.Query(limited, pay.attempt())
}

// close ends an attempt at the provider and asks what it is now: the query stays the truth.
func (p *Payments) close(ctx context.Context, provider Provider, pay *Payment) (Answer, error) {
	limited, cancel := p.call(ctx)
	defer cancel()
	err := provider.Close(limited, pay.attempt())
	if err != nil && !errors.Is(err, ErrPaid) && !errors.Is(err, ErrTooEarly) {
		return Answer{}, err
	}
	return p.query(ctx, provider, pay)
}

// unanswered keeps an open payment open, plans the next question, and hands it to a person
// when there was no answer for too long after its end.
func (p *Payments) unanswered(ctx context.Context, pay *Payment, cause error) (*Payment, error) {
	if !pay.State.IsOpen() {
		return pay, p.unansweredEnded(ctx, pay, cause)
	}
	patience := time.Duration(p.cfg.UnknownMinutes) * time.Minute
	err := p.DB.InTx(context.WithoutCancel(ctx), func(tx *sqldb.Tx) error {
		now := *pay
		now.AskAt = nextAsk(pay, tx.Now)
		since := maxTime(pay.AnsweredAt, pay.ExpiresAt)
		if pay.State == Unknown || tx.Now.Sub(since) < patience {
			return p.Store.Plan(tx, &now)
		}
		now.State, now.Revision = Unknown, pay.Revision+1
		moved, err := p.Store.MarkUnknownIf(tx, &now, pay.State)
		if err != nil || !moved {
			return err
		}
		_, err = p.note(tx, actor.SystemActor, &now, "payment.unknown", amountData(&now), nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	return pay, ErrProviderSilent.Wrap(cause).Retry(5 * time.Second)
}

// unansweredEnded puts the look at an ended payment off.
func (p *Payments) unansweredEnded(ctx context.Context, pay *Payment, cause error) error {
	if !pay.AskAt.IsZero() {
		err := p.DB.InTx(context.WithoutCancel(ctx), func(tx *sqldb.Tx) error {
			later := *pay
			later.AskAt = lookAgain(pay, tx.Now)
			return p.Store.Plan(tx, &later)
		})
		if err != nil {
			return err
		}
	}
	return ErrProviderSilent.Wrap(cause).Retry(5 * time.Second)
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// settle applies a provider's answer in one transaction: the payment's edge, what the
// order makes of it, the notice that led here, and the journal. A repeat changes nothing.
func (p *Payments) settle(ctx context.Context, id int64, a Answer, n *NoticeRow) (
	*Payment, error,
) {
	var pay *Payment
	err := p.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := p.Store.Get(tx, id)
		if err != nil {
			return err
		}
		pay = cur
		if n != nil {
			if _, err := p.Store.NoteNotice(tx, *n); err != nil {
				return err
			}
		}
		v, state, result := decide(cur, a, tx.Now)
		switch v {
		case capture:
			_, err = p.capture(tx, cur, a)
			return err
		case finish:
			return p.finish(tx, actor.SystemActor, cur, state, result)
		}
		if cur.State.IsOpen() {
			cur.AnsweredAt, cur.AskAt = tx.Now, nextAsk(cur, tx.Now)
			return p.Store.Plan(tx, cur)
		}
		if !cur.AskAt.IsZero() && cur.State != Captured {
			cur.AnsweredAt, cur.AskAt = tx.Now, lookAgain(cur, tx.Now)
			return p.Store.Plan(tx, cur)
		}
		return nil
	})
	return pay, err
}

// capture records taken money and lets the order decide what it buys; the order writes the
// journal row and the postings. moved is false, and nothing is changed, when the payment is
// no longer in the state that it was read in.
func (p *Payments) capture(tx *sqldb.Tx, pay *Payment, a Answer) (moved bool, err error) {
	from := pay.State
	pay.State, pay.Result, pay.Captured = Captured, Paid, a.Amount
	pay.SettledAt, pay.AnsweredAt, pay.AskAt = tx.Now, tx.Now, time.Time{}
	pay.Revision++
	if a.Ref != "" {
		pay.ProviderRef = a.Ref
	}
	if moved, err = p.Store.MarkCapturedIf(tx, pay, from); err != nil || !moved {
		return moved, err
	}
	out, err := p.Settler.Settle(tx, Capture{Payment: pay.ID, Order: pay.Order,
		Organization: pay.Organization, Provider: pay.Provider, ProviderRef: pay.ProviderRef,
		Amount: a.Amount, Currency: a.Currency, At: a.At, WasOpen: from.IsOpen()})
	if err != nil {
		return false, err
	}
	if !out.Paid {
		pay.Result = resultOf(out)
		if err := p.Store.SetResult(tx, pay); err != nil {
			return false, err
		}
	}
	result, now := pay.Result, tx.Now
	tx.AfterCommit(func() {
		p.fresh.Drop(pay.ID)
		p.hour.count(result, now)
	})
	return true, nil
}

// finish ends an open payment without money and tells its order.
func (p *Payments) finish(tx *sqldb.Tx, who actor.Actor, pay *Payment, to State,
	result Result,
) error {
	from := pay.State
	pay.State, pay.Result, pay.SettledAt = to, result, tx.Now
	pay.AnsweredAt, pay.AskAt = tx.Now, lookAgain(pay, tx.Now)
	pay.Revision++
	moved, err := p.Store.MarkEndedIf(tx, pay, from)
	if err != nil || !moved {
		return err
	}
	_, err = p.note(tx, who, pay, "payment."+string(to), map[string]Result{"result": result}, nil)
	if err != nil {
		return err
	}
	now := tx.Now
	tx.AfterCommit(func() {
		p.fresh.Drop(pay.ID)
		p.hour.count(result, now)
	})
	return p.Settler.PaymentEnded(tx, pay.Organization, pay.Order, pay.ID)
}

// CloseOpen asks the provider about every open payment of the order, closes what may be
// closed, and says whether none is open any more. No answer keeps a payment open.
func (p *Payments) CloseOpen(ctx context.Context, organization, order int64) (bool, error) {
	list, err := p.Store.OfOrder(ctx, order)
	if err != nil {
		return false, err
	}
	done := true
	for _, pay := range list {
		if !pay.State.IsOpen() || pay.Organization != organization {
			continue
		}
		now, err := p.look(ctx, pay.ID, true, nil)
		if err != nil && !errors.Is(err, ErrProviderSilent) {
			return false, err
		}
		done = done && err == nil && now != nil && !now.State.IsOpen()
	}
	return done, nil
}

// Query asks the provider about one payment now, for staff who may repair.
func (p *Payments) Query(ctx context.Context, who actor.Actor, id int64) (*Payment, error) {
	pay, err := p.repairable(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return p.look(ctx, pay.ID, false, nil)
}

// GiveUp ends a payment whose outcome stayed unknown, by a person's decision: its order may
// end and its places go. Money that comes all the same is treated as late. Refused with
// ErrNotUnknown.
func (p *Payments) GiveUp(ctx context.Context, who actor.Actor, id int64) (*Payment, error) {
	pay, err := p.repairable(ctx, who, id)
	if err != nil {
		return nil, err
	}
	err = p.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := p.Store.Get(tx, pay.ID)
		if err != nil {
			return err
		}
		if cur.State != Unknown {
			return ErrNotUnknown.With("state", cur.State)
		}
		return p.finish(tx, who, cur, Closed, Silent)
	})
	if err != nil {
		return nil, err
	}
	return p.Store.Find(ctx, id)
}

func (p *Payments) repairable(ctx context.Context, who actor.Actor, id int64) (*Payment, error) {
	pay, err := p.Store.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	if who.Kind != actor.System && !holds(who, PermRepair, pay.Organization) {
		return nil, ErrNotFound
	}
	return pay, p.sees(ctx, withView(who, pay.Organization), pay.Organization, pay.Order)
}

// withView lets who may repair also see: the one right without the other is of no use.
func withView(who actor.Actor, organization int64) actor.Actor {
	var more []actor.Grant
	for _, g := range who.Grants {
		if g.Organization == organization && who.May(PermRepair, organization, g.Venue) {
			more = append(more, actor.Grant{Organization: organization, Venue: g.Venue,
				Permissions: []actor.Permission{PermView}})
		}
	}
	who.Grants = append(who.Grants[:len(who.Grants):len(who.Grants)], more...)
	return who
}
