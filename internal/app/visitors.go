package app

import (
	"context"

	"foyer/internal/ticket"
	"foyer/internal/visitor"
)

// contacts lets the rules of who may buy know a member's phone.
type contacts struct{ a *App }

// PhoneOf is the member's phone, normalised.
func (c contacts) PhoneOf(ctx context.Context, id int64) (string, error) {
	me, err := c.a.Members.Me(ctx, id)
	return me.Phone, err
}

// companions lets an order name people whom the member keeps.
type companions struct{ a *App }

// Companion refuses with fault.Missing what is not the member's.
func (c companions) Companion(ctx context.Context, id, companion int64) (visitor.Person, error) {
	list, err := c.a.Members.CompanionsOf(ctx, id, companion)
	if err != nil {
		return visitor.Person{}, err
	}
	d := list[0].Document
	return visitor.Person{Name: list[0].Name, Kind: d.Kind, Number: d.Number, Birth: d.Birth}, nil
}

// whoEnters lets a ticket show who enters with it.
type whoEnters struct{ a *App }

// OfUnit is who was named for the unit of a ticket, masked.
func (w whoEnters) OfUnit(ctx context.Context, t *ticket.Ticket) ([]ticket.Visitor, error) {
	list, err := w.a.Visitors.OfOrder(ctx, t.Organization, t.Order)
	if err != nil {
		return nil, err
	}
	var out []ticket.Visitor
	for _, n := range list {
		if n.Line == t.Line && n.Unit == t.Unit && n.Person > 0 {
			out = append(out, ticket.Visitor{Person: n.Person, Name: n.Name,
				Document: string(n.Kind), Number: n.Number})
		}
	}
	return out, nil
}
