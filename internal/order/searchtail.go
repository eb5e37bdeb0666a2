package order

import (
	"context"
	"encoding/json"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Limits of a search by the end of a phone's number: it is for the person at the counter
// who has nothing else at hand, not for reading a list of buyers.
const (
	maxTailOrders = 20 // the newest; there is no next page
	maxTailTries  = 30 // of one person within tailWindow
	tailWindow    = 10 * time.Minute
)

// ErrTailTries refuses a person who has searched by phones too often.
var ErrTailTries = fault.Define(fault.TooMany, "phone_tail_tries",
	"按手机尾号查询过于频繁,请稍后再试", "Too many searches by the end of a phone's number.",
	"Wait until the time that Retry-After names, or search by the order's number.")

// TailAsk is a search by the last four digits of the buyer's phone.
type TailAsk struct {
	Search
	Members []int64
}

// searchTail finds the newest orders of buyers whose phone ends in these digits. That it was
// done is in the journal, with how many were found and never the digits.
func (o *Orders) searchTail(ctx context.Context, who actor.Actor, s Search) ([]*Order, error) {
	if left := o.tails.wait(who.ID); left > 0 {
		return nil, ErrTailTries.Retry(left)
	}
	scope := actor.Scope{Organization: s.Organization}
	members, err := o.Buyers.FindByTail(ctx, scope, s.PhoneTail)
	if err != nil {
		return nil, err
	}
	o.tails.count(who.ID)
	var list []*Order
	if len(members) > 0 {
		s.Limit = maxTailOrders
		if list, err = o.Store.SearchMembers(ctx, scope, TailAsk{s, members},
			idgen.FloorAt(s.From)); err != nil {
			return nil, err
		}
		list = o.seen(ctx, who, list)
	}
	return list, o.noteTail(ctx, who, s.Organization, len(list))
}

func (o *Orders) noteTail(ctx context.Context, who actor.Actor, organization int64,
	found int,
) error {
	data, err := json.Marshal(map[string]int{"found": found})
	if err != nil {
		return err
	}
	return o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		o.Journal.Append(tx, journal.Entry{Actor: who, Organization: organization,
			Action: "order.searched_by_phone", Data: data,
			Objects: []journal.Object{{Kind: "org", ID: organization}}})
		return nil
	})
}

// seen are those of a list that the caller may view.
func (o *Orders) seen(ctx context.Context, who actor.Actor, list []*Order) (out []*Order) {
	for _, ord := range list {
		if o.sees(ctx, who, ord) {
			out = append(out, ord)
		}
	}
	return out
}
