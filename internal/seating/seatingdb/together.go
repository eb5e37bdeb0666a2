package seatingdb

import (
	"cmp"
	"slices"

	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

const (
	claimRow     = `(?, ?, ?, ?, ?, ?)`
	claimRowArgs = 6
)

// ClaimAll gives several owners their places with few statements, all or none. Any refusal
// undoes all and does not say whose it is: ask one by one then.
func (b *Book) ClaimAll(tx *sqldb.Tx, list []seating.Claim) error {
	type row struct {
		claim *seating.Claim
		place int32
	}
	var rows []row
	for i := range list {
		for _, p := range list[i].Places {
			rows = append(rows, row{&list[i], p})
		}
	}
	// One order for all, so that two processes cannot deadlock.
	slices.SortFunc(rows, func(x, y row) int {
		return cmp.Or(cmp.Compare(x.claim.Session, y.claim.Session), cmp.Compare(x.place, y.place))
	})
	args := make([]any, 0, len(rows)*claimRowArgs)
	for _, r := range rows {
		c := r.claim
		args = append(args, c.Session, r.place, int(c.Owner.Kind), c.Owner.ID, int(c.State),
			millis(c.Until))
	}
	if err := tx.InsertRows(insertClaims, claimRow, claimRowArgs, args); err != nil {
		return err
	}
	for _, c := range list {
		areas, err := b.takeUnits(tx, c)
		if err != nil {
			return err
		}
		places := slices.Clone(c.Places)
		slices.Sort(places)
		b.tell(tx, seating.Delta{Kind: seating.Begun, Session: c.Session, Owner: c.Owner,
			State: c.State, Until: c.Until, Places: places, Areas: areas})
	}
	return nil
}
