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
	Session      int64     // 0: any; the session that was ordered first
	State        State     // empty: any
	Number       string    // of the order, or of one of its tickets
	PhoneTail    string    // the last four digits of the buyer's phone
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
	// SearchMembers are the newest orders of some members.
	SearchMembers(ctx context.Context, scope actor.Scope, s TailAsk, since int64) ([]*Order, error)
}

// Search is a page of the orders that staff may view; next is the key to go on below, 0 at
// the end. Orders of venues where the caller may not view are left out, so a page may be
// short and not the last. By the end of a phone's number the newest are found, on one page.
// Refused with fault.Missing, fault.BadInput, ErrNumber and ErrTailTries.
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
	if s.PhoneTail != "" {
		if s.Number != "" {
			return nil, 0, fault.BadInput.At("phone_tail", "or number, not both / 请填写其中之一")
		}
		list, err = o.searchTail(ctx, who, s)
		return list, 0, err
	}
	since := idgen.FloorAt(s.From)
	if s.Number != "" {
		id, err := o.orderNumbered(ctx, s)
		if err != nil {
			return nil, 0, err
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
	return o.seen(ctx, who, found), next, nil
}

// orderNumbered is the order of a number that is its own, or of one of its tickets.
func (o *Orders) orderNumbered(ctx context.Context, s Search) (int64, error) {
	id, err := idgen.ParseNumber(s.Number)
	if err != nil {
		return 0, ErrNumber.At("number", "is not a number of an order / 订单号有误")
	}
	of, err := o.Tickets.OrderOf(ctx, s.Organization, id)
	if err != nil || of == 0 {
		return id, err
	}
	return of, nil
}
