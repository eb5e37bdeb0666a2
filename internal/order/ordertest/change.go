package ordertest

import (
	"context"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/journal"
	"foyer/internal/order"
	"foyer/internal/payment"
	"foyer/internal/ticket"
)

// Changeable makes the house's policy allow changes by these rules, for orders from now on.
func (w *World) Changeable(t testing.TB, rules catalog.ChangeRules) {
	t.Helper()
	next := *w.Policy
	next.Change = &rules
	w.Policy = catalogtest.Must[*catalog.RefundPolicy](t)(w.Catalog.UpdateRefundPolicy(
		context.Background(), actor.SystemActor, next))
	w.Catalog.CatchUp()
}

// To asks for other places of a session instead of units.
func To(session int64, lines []order.LineAsk, units ...ticket.UnitRef) order.ChangeAsk {
	return order.ChangeAsk{Units: units, To: order.PlaceAsk{Session: session, Lines: lines}}
}

// Exchange changes units of an order.
func (w *World) Exchange(who actor.Actor, id int64, ask order.ChangeAsk) (c *order.Change,
	err error,
) {
	_, err = w.Orders.Change(context.Background(), who, id, ask, nil,
		func(got *order.Change, _ *order.Order) (journal.Answer, error) {
			mine := *got
			c = &mine
			return journal.Answer{Status: 201, Body: []byte("{}")}, nil
		})
	return c, err
}

// EndChange does what the job of a change does.
func (w *World) EndChange(t testing.TB, c *order.Change) {
	t.Helper()
	_, err := w.Orders.EndDueChange(context.Background(),
		journal.Job{Kind: order.JobChange, ObjectID: c.ID})
	check(t, err)
}

// ChangeNow is a change as it stands.
func (w *World) ChangeNow(t testing.TB, id int64) *order.Change {
	t.Helper()
	c, err := w.Orders.Store.FindChange(context.Background(), id)
	check(t, err)
	return c
}

// PayAt has the buyer pay an opened payment and lets the answer be known.
func (w *World) PayAt(t testing.TB, p *payment.Payment) *payment.Payment {
	t.Helper()
	w.Till.Take(p.Number(), p.Amount, p.Currency)
	return w.Look(t, p)
}
