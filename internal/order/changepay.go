package order

import (
	"context"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/payment"
	"foyer/internal/sqldb"
)

// changePayable says what the order's open change has still to be paid.
func (o *Orders) changePayable(ctx context.Context, ord *Order) (payment.Payable, error) {
	c, err := o.Store.FindChange(ctx, ord.Change)
	if err != nil {
		return payment.Payable{}, err
	}
	if err := o.mayPayChange(c, o.Clock.Now()); err != nil {
		return payment.Payable{}, err
	}
	for _, session := range []int64{c.From, c.Session} {
		if off, err := o.calledOff(ctx, session); err != nil || off {
			return payment.Payable{}, orElse(err,
				catalog.ErrNotOnSale.With("sale_state", catalog.SaleCancelled))
		}
	}
	if moved, err := o.movedOn(ctx, ord.Organization, c.Session, c.Snapshot); err != nil || moved {
		return payment.Payable{}, orElse(err, ErrSessionMoved)
	}
	a, err := o.agreed(ctx, ord.Organization, c.Snapshot)
	if err != nil {
		return payment.Payable{}, err
	}
	return payment.Payable{Order: ord.ID, Organization: ord.Organization, Total: c.Due,
		Currency: ord.Currency, ExpiresAt: c.Until, Title: a.Event, Revision: ord.Revision,
		HoldSeconds: c.HoldSeconds}, nil
}

func (o *Orders) mayPayChange(c *Change, now time.Time) error {
	switch {
	case c.State == ChangeClosing:
		return ErrClosing
	case c.State != ChangePending:
		return ErrNoChangeOpen
	case c.Until.Sub(now) < o.cfg.minLeft(c.HoldSeconds):
		return ErrTooLateToPay
	case c.PaymentsOpened >= o.cfg.MaxPayments:
		return ErrTooManyPayments
	}
	return nil
}

// openChangePayment counts one more payment of the order's open change; the refusals are
// Payable's. The order must have been read in the same transaction.
func (o *Orders) openChangePayment(tx *sqldb.Tx, ord *Order, p payment.Payable) error {
	c, err := o.Store.ChangeIn(tx, ord.Change)
	if err != nil {
		return err
	}
	if err := o.mayPayChange(c, tx.Now); err != nil {
		return err
	}
	if c.Due != p.Total {
		return fault.Stale
	}
	return o.Store.CountChangePayment(tx, c, p.Payment)
}

// settlePaid takes money that came for an order that is paid: for its change, or too much.
func (o *Orders) settlePaid(tx *sqldb.Tx, ord *Order, p payment.Capture) (
	payment.Outcome, error,
) {
	id, err := o.Store.ChangeOfPayment(tx, p.Payment)
	if err != nil || id == 0 {
		return o.unlessErr(tx, ord, p, payment.CauseDouble, err)
	}
	c, err := o.Store.ChangeIn(tx, id)
	if err != nil {
		return payment.Outcome{}, err
	}
	if p.WasOpen {
		if err := o.Store.CountChangePaymentEnded(tx, c); err != nil {
			return payment.Outcome{}, err
		}
	}
	switch {
	case c.State == ChangeDone:
		return o.giveBack(tx, ord, p, payment.CauseDouble)
	case !c.State.Open():
		return o.giveBack(tx, ord, p, payment.CauseLate)
	case p.Amount != c.Due || p.Currency != ord.Currency:
		out, err := o.giveBack(tx, ord, p, payment.CauseWrongAmount)
		if err == nil {
			_, err = o.endChangeIfIdle(tx, ord, c)
		}
		return out, err
	}
	return o.takeChange(tx, ord, c, p)
}

func (o *Orders) unlessErr(tx *sqldb.Tx, ord *Order, p payment.Capture, cause payment.Cause,
	err error,
) (payment.Outcome, error) {
	if err != nil {
		return payment.Outcome{}, err
	}
	return o.giveBack(tx, ord, p, cause)
}

// takeChange does a change that is paid now, or gives the money back when it can no longer
// be done: a ticket was used or given back, or the house cancelled one of the sessions.
func (o *Orders) takeChange(tx *sqldb.Tx, ord *Order, c *Change, p payment.Capture) (
	payment.Outcome, error,
) {
	err := tx.Try(func() error {
		for _, session := range []int64{c.From, c.Session} {
			//tidy:allow context in memory; the writer has no caller
			if off, err := o.calledOff(context.Background(), session); err != nil || off {
				return orElse(err, ErrNoChange)
			}
		}
		//tidy:allow context in memory; the writer has no caller
		if moved, err := o.movedOn(context.Background(), ord.Organization, c.Session,
			c.Snapshot); err != nil || moved {
			return orElse(err, ErrSessionMoved)
		}
		again, mine := *ord, *c
		again.Lines = copyLines(ord.Lines)
		_, err := o.swap(tx, actor.SystemActor, &again, &mine, &p, nil)
		return err
	})
	if err == nil {
		return payment.Outcome{Paid: true}, nil
	}
	if k := fault.KindOf(err); k == fault.Internal || k == fault.Unavailable {
		return payment.Outcome{}, err
	}
	out, err := o.giveBack(tx, ord, p, payment.CauseChangeFailed)
	if err != nil {
		return out, err
	}
	if c.OpenPayments > 0 {
		return out, o.stopChange(tx, actor.SystemActor, ord, c, ChangeFailed)
	}
	return out, o.endChange(tx, actor.SystemActor, ord, c, ChangeFailed)
}

func copyLines(lines []Line) []Line {
	out := slices.Clone(lines)
	for i := range out {
		out[i].Units = slices.Clone(out[i].Units)
	}
	return out
}

// changePaymentEnded counts an open payment of a change down; the last one lets a closing
// change end.
func (o *Orders) changePaymentEnded(tx *sqldb.Tx, ord *Order, paymentID int64) error {
	id, err := o.Store.ChangeOfPayment(tx, paymentID)
	if err != nil || id == 0 {
		return err
	}
	c, err := o.Store.ChangeIn(tx, id)
	if err != nil {
		return err
	}
	if err := o.Store.CountChangePaymentEnded(tx, c); err != nil {
		return err
	}
	_, err = o.endChangeIfIdle(tx, ord, c)
	return err
}
