package order

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/pii"
	"foyer/internal/sqldb"
	"foyer/internal/visitor"
)

// PermUnmask lets staff see a person in full.
const PermUnmask actor.Permission = "person.unmask"

// UnmaskAsk names one person of an order, and why somebody wants to see him in full. Line,
// unit and person 0 are the buyer.
type UnmaskAsk struct {
	Line, Unit, Person int
	Reason             string
}

// UnmaskVisitor shows one person of an order in full, and keeps who saw him and why: without
// the entry nothing is shown. Refused with ErrNotFound, fault.NotAllowed, fault.BadInput, and
// visitor.ErrNobody.
func (o *Orders) UnmaskVisitor(ctx context.Context, who actor.Actor, id int64, ask UnmaskAsk) (
	visitor.Kept, error,
) {
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return visitor.Kept{}, err
	}
	if who.Kind != actor.Staff || !o.May(ctx, who, PermUnmask, ord) {
		return visitor.Kept{}, fault.NotAllowed.With("permission", string(PermUnmask))
	}
	if err := pii.Reason(ask.Reason); err != nil {
		return visitor.Kept{}, err
	}
	list, err := o.Visitors.KeptOf(ctx, []int64{id})
	if err != nil {
		return visitor.Kept{}, err
	}
	for _, p := range list {
		if p.Line != ask.Line || p.Unit != ask.Unit || p.Person != ask.Person {
			continue
		}
		return p, o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			_, err := o.note(tx, who, ord, "visitor.unmasked", map[string]any{"line": p.Line,
				"unit": p.Unit, "person": p.Person, "reason": ask.Reason})
			return err
		})
	}
	return visitor.Kept{}, visitor.ErrNobody
}
