package order

import (
	"context"
	"errors"
	"slices"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/payment"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// calledOff says whether the house cancelled the session. The catalogue's memory is enough,
// since a cancelled session never comes back: an answer that is two seconds old only lets
// somebody pay who then gets everything back.
func (o *Orders) calledOff(ctx context.Context, session int64) (bool, error) {
	s, err := o.Sessions.Sellable(ctx, session)
	if errors.Is(err, fault.Missing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return s.Session.State == catalog.SessionCancelled, nil
}

// refuse sends money back that came for a cancelled session, and ends the order.
func (o *Orders) refuse(tx *sqldb.Tx, ord *Order, c payment.Capture) (payment.Outcome, error) {
	out, err := o.giveBack(tx, ord, c, payment.CauseCancelled)
	if err != nil {
		return out, err
	}
	if ord.State == Pending {
		return out, o.end(tx, actor.SystemActor, ord, EndedByHouse)
	}
	_, err = o.endIfIdle(tx, ord)
	return out, err
}

// returnable are the units that a request without units means: those that were neither
// given back nor used, and of an order over several sessions those that may still go back.
// Refused with ticket.ErrUsed when one that is named was used, or nothing but used ones is
// left.
func (o *Orders) returnable(ctx context.Context, ord *Order, units []ticket.UnitRef) (
	[]ticket.UnitRef, error,
) {
	if ord.State != Paid {
		return units, nil // the quote refuses
	}
	used, err := o.Tickets.Used(ctx, ord.Organization, ord.ID)
	if err != nil {
		return nil, err
	}
	was := func(u ticket.UnitRef) bool { return slices.Contains(used, u) }
	if len(units) > 0 {
		if slices.ContainsFunc(units, was) {
			return nil, ticket.ErrUsed.With("units", slices.DeleteFunc(slices.Clone(units),
				func(u ticket.UnitRef) bool { return !was(u) }))
		}
		return units, nil
	}
	left := slices.DeleteFunc(remaining(ord), was)
	if len(left) == 0 && len(used) > 0 {
		return nil, ticket.ErrUsed.With("units", used)
	}
	return o.stillBackable(ctx, ord, left)
}
