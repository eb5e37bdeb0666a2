package order

import (
	"context"

	"foyer/internal/actor"
)

// Permissions on orders.
const (
	PermView   actor.Permission = "order.view"
	PermExtend actor.Permission = "order.extend"
	PermCancel actor.Permission = "order.cancel"
	PermRefund actor.Permission = "order.refund"
	PermSell   actor.Permission = "order.sell" // at the counter
)

// Get is an order that the caller may see: a member his own, staff those of an
// organization where they may view orders. Everything else is ErrNotFound.
func (o *Orders) Get(ctx context.Context, id int64, who actor.Actor) (*Order, error) {
	ord, err := o.Store.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	if !o.sees(ctx, who, ord) {
		return nil, ErrNotFound
	}
	return ord, nil
}

// MaySee refuses with ErrNotFound who may not see the order. It reads no lines, and nothing
// at all for a member's own order that waits to be paid.
func (o *Orders) MaySee(ctx context.Context, id int64, who actor.Actor) error {
	if o.IsUnpaid(id, who) {
		return nil
	}
	_, err := o.headFor(ctx, id, who)
	return err
}

// IsUnpaid says that the order is the member's and waits to be paid, as far as this process
// knows. It has ceased to say so before the hooks of the order's tickets run.
func (o *Orders) IsUnpaid(id int64, who actor.Actor) bool {
	return who.Kind == actor.Member && o.holds.isOf(id, who.ID)
}

// headFor is Get without the lines.
func (o *Orders) headFor(ctx context.Context, id int64, who actor.Actor) (*Order, error) {
	ord, err := o.Store.Head(ctx, id)
	if err != nil {
		return nil, err
	}
	if !o.sees(ctx, who, ord) {
		return nil, ErrNotFound
	}
	return ord, nil
}

func (o *Orders) sees(ctx context.Context, who actor.Actor, ord *Order) bool {
	switch who.Kind {
	case actor.System:
		return true
	case actor.Member:
		return ord.Member == who.ID && who.ID != 0
	case actor.Staff:
		if ord.several() {
			return o.mayEverywhere(ctx, who, PermView, ord)
		}
		a, err := o.agreed(ctx, ord.Organization, ord.Snapshot)
		return err == nil && who.May(PermView, ord.Organization, a.Venue)
	}
	return false
}

// May says whether staff hold a permission for an order's venue; a member always may what
// is his own. It assumes that Get let the caller see the order.
func (o *Orders) May(ctx context.Context, who actor.Actor, p actor.Permission, ord *Order) bool {
	if who.Kind != actor.Staff {
		return true
	}
	if ord.several() {
		return o.mayEverywhere(ctx, who, p, ord)
	}
	a, err := o.agreed(ctx, ord.Organization, ord.Snapshot)
	return err == nil && who.May(p, ord.Organization, a.Venue)
}

// Agreed is what the order's buyer agreed to.
func (o *Orders) Agreed(ctx context.Context, ord *Order) (*Agreed, error) {
	return o.agreed(ctx, ord.Organization, ord.Snapshot)
}

// OfMember is a page of the member's orders, newest first; before is the key to read
// below, 0 for the first page.
func (o *Orders) OfMember(ctx context.Context, member, before int64, limit int) ([]*Order, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	return o.Store.OfMember(ctx, member, before, limit)
}
