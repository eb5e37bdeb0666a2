package order

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// PurgeBook finds and forgets orders that nobody ever paid for.
type PurgeBook interface {
	// EndedUnpaid is a page of orders, by key, after one of them and made before another: how
	// far it looked, and those of it that ended without any payment ever opened.
	EndedUnpaid(ctx context.Context, after, before int64, limit int) (Forgettable, error)
	// Forget deletes an order with its lines and its agreement, while it is such a one.
	Forget(tx *sqldb.Tx, organization, order int64) (bool, error)
}

// Forgettable is what a page of orders has of those that may be forgotten.
type Forgettable struct {
	Last   int64 // the last order of the page; 0: there was none
	Orders []int64
}

const (
	purgePage  = 1000 // orders looked at in one query
	purgeSlice = 20   // orders forgotten in one piece of bulk work
	purgeEvery = 24 * time.Hour
)

// Purge forgets orders that ended without a payment ever opened, some days after they were
// made, and says how many. What happened stays in the journal, which also names the orders
// that were forgotten. It walks through the orders once a day, off the writer; between
// walks it does nothing.
func (o *Orders) Purge(ctx context.Context) (n int, err error) {
	now := o.Clock.Now()
	if o.cfg.KeepUnpaidDays < 0 || now.UnixMilli() < o.nextPurge.Load() {
		return 0, nil
	}
	before := idgen.FloorAt(now.AddDate(0, 0, -o.cfg.KeepUnpaidDays))
	for after := int64(0); ; {
		page, err := o.Store.EndedUnpaid(ctx, after, before, purgePage)
		if err != nil {
			return n, err
		}
		if page.Last == 0 {
			o.nextPurge.Store(now.Add(purgeEvery).UnixMilli())
			return n, nil
		}
		after = page.Last
		for slice := range slices.Chunk(page.Orders, purgeSlice) {
			gone := 0
			if err := o.DB.InTxLow(ctx, func(tx *sqldb.Tx) (err error) {
				gone, err = o.forget(tx, slice)
				return err
			}); err != nil {
				return n, err
			}
			n += gone
		}
	}
}

// forget forgets some orders with whoever was named for them, with one journal row for each
// organization.
func (o *Orders) forget(tx *sqldb.Tx, list []int64) (int, error) {
	gone := map[int64][]journal.Object{}
	n := 0
	for _, id := range list {
		ord, err := o.Store.Get(tx, id)
		if err != nil {
			return 0, err
		}
		if ord.Ruled() {
			if err := o.Visitors.Replace(tx, ord.Organization, id, nil); err != nil {
				return 0, err
			}
			if err := o.Store.GiveCounts(tx, id, true); err != nil {
				return 0, err
			}
		}
		ok, err := o.Store.Forget(tx, ord.Organization, id)
		if err != nil || !ok {
			return 0, orElse(err, ErrNotPending) // it changed since: all of the slice stays
		}
		n++
		gone[ord.Organization] = append(gone[ord.Organization],
			journal.Object{Kind: "ord", ID: id, Revision: ord.Revision})
	}
	for organization, objects := range gone {
		data, err := json.Marshal(map[string]int{"orders": len(objects)})
		if err != nil {
			return 0, err
		}
		o.Journal.Append(tx, journal.Entry{Actor: actor.SystemActor, Organization: organization,
			Action: "orders.forgotten", Objects: objects, Data: data})
	}
	return n, nil
}
