package order

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/idgen"
)

// Search is what staff look for among the orders of an organization, the newest first.
type Search struct {
	Organization int64
	Session      int64 // 0: any; the session that was ordered first
	State        State // empty: any
	Number       string
	From         time.Time // placed since; zero: in the last 31 days
	Before       int64     // the key to read below; 0: the first page
	Limit        int
}

// searchDays is how far back a search looks that names no beginning.
const searchDays = 31

// ErrNumber refuses what is no order number.
var ErrNumber = fault.Define(fault.Invalid, "order_number",
	"订单号格式不正确", "This is not an order's number.",
	"Type the number as it is shown on the order.")

// Finder finds orders of an organization; package orderdb implements it.
type Finder interface {
	Search(ctx context.Context, scope actor.Scope, s Search, since int64) ([]*Order, error)
}

// Search is a page of the orders that staff may view; next is the key to go on below, 0 at
// the end. Orders of venues where the caller may not view are left out, so a page may be
// short and not the last. Refused with fault.Missing and ErrNumber.
func (o *Orders) Search(ctx context.Context, who actor.Actor, s Search) (list []*Order,
	next int64, err error,
) {
	if who.Kind != actor.Staff || catalog.Sees(who, s.Organization) != nil {
		return nil, 0, fault.Missing
	}
	scope := actor.Scope{Organization: s.Organization}
	if s.Before == 0 {
		s.Before = 1<<63 - 1
	}
	if s.From.IsZero() {
		s.From = o.Clock.Now().AddDate(0, 0, -searchDays)
	}
	since := idgen.FloorAt(s.From)
	if s.Number != "" {
		id, err := idgen.ParseNumber(s.Number)
		if err != nil {
			return nil, 0, ErrNumber.At("number", "is not a number of an order / 订单号有误")
		}
		since, s.Before = id, min(s.Before, id+1)
	}
	found, err := o.Store.Search(ctx, scope, s, since)
	if err != nil {
		return nil, 0, err
	}
	if len(found) == s.Limit {
		next = found[len(found)-1].ID
	}
	for _, ord := range found {
		if o.sees(ctx, who, ord) {
			list = append(list, ord)
		}
	}
	return list, next, nil
}
