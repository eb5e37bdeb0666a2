package visitor

import (
	"context"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/sqldb"
)

// afterEnd is how long the names of an order that ended unpaid are kept: money that comes
// late may still buy its places back.
const afterEnd = 7 * 24 * time.Hour

// Keep stores who enters with an order.
func (v *Visitors) Keep(tx *sqldb.Tx, order int64, plan *Plan) error {
	for i := range plan.Rows {
		plan.Rows[i].Order = order
	}
	return v.Store.Insert(tx, plan.Rows)
}

// Replace stores other people for an order whose lines are replaced.
func (v *Visitors) Replace(tx *sqldb.Tx, organization, order int64, plan *Plan) error {
	if err := v.Store.Forget(tx, organization, order); err != nil || plan == nil {
		return err
	}
	return v.Keep(tx, order, plan)
}

// Ended lets the names of an order that ended unpaid go soon.
func (v *Visitors) Ended(tx *sqldb.Tx, organization, order int64) error {
	return v.Store.KeepUntil(tx, organization, order, tx.Now.Add(afterEnd))
}

// Revived keeps them after all, for money that bought the places back.
func (v *Visitors) Revived(tx *sqldb.Tx, s *catalog.Sellable, order int64) error {
	until := s.EndsAt.AddDate(0, 0, 1)
	if s.Buyers != nil {
		until = keepUntil(s)
	}
	return v.Store.KeepUntil(tx, s.Session.Organization, order, until)
}

// GiveBack notes that the people of a unit do not enter, and says whose documents those
// were, as subjects.
func (v *Visitors) GiveBack(tx *sqldb.Tx, organization, order int64, line, unit int) (
	[]int64, error,
) {
	return v.Store.GiveBack(tx, organization, order, line, unit)
}

const (
	sweepAtOnce = 25  // orders, in one piece of bulk work
	sweepsEach  = 500 // pieces in one call
)

// Sweep deletes the names whose time is over and says of how many orders.
func (v *Visitors) Sweep(ctx context.Context) (int, error) {
	return v.DB.Sweep(ctx, sweepsEach, sweepAtOnce, v.Store.DeleteDue)
}

// Rekeyer is what bringing rows under the present keys asks of the ring.
type Rekeyer interface {
	Sealer
	Stale(sealed []byte) bool
}

// Rekeyed is a row under the present data key, and whether that differs. It refuses what
// the ring cannot open.
func Rekeyed(ring Rekeyer, r Row) (_ Row, changed bool, err error) {
	r.Sealed, changed, err = reseal(ring, rowTable, r.ID, r.Sealed)
	return r, changed, err
}

// RekeyedEvent is the key of an event likewise. The key itself stays: the counters and the
// offline lists of gates are made with it.
func RekeyedEvent(ring Rekeyer, k EventKey) (_ EventKey, changed bool, err error) {
	k.Sealed, changed, err = reseal(ring, keyTable, k.Event, k.Sealed)
	return k, changed, err
}

func reseal(ring Rekeyer, table string, id int64, sealed []byte) ([]byte, bool, error) {
	if !ring.Stale(sealed) {
		return sealed, false, nil
	}
	plain, err := ring.Open(table, sealedColumn, id, sealed)
	if err != nil {
		return sealed, false, err
	}
	return ring.Seal(table, sealedColumn, id, plain), true, nil
}
