package seatingdb

import (
	"cmp"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"foyer/internal/fault"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// movedClaim is a row of a claim, whole.
type movedClaim struct {
	place int32
	owner seating.Owner
	n     int // of an area
	state seating.ClaimState
	until int64
	from  int64
	fromN int
}

const (
	movedClaims = `INSERT INTO claim (session_id, place, owner_kind, owner_id, state, held_until,
		from_id) VALUES `
	movedClaimRow = `(?, ?, ?, ?, ?, ?, ?)`
	movedUnits    = `INSERT INTO area_claim (session_id, area, owner_kind, owner_id, n, state,
		held_until, from_id, from_n) VALUES `
	movedUnitsRow = `(?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// MoveClaims rewrites all claims of a session for another seat map, at one go: seats and
// units of areas go where the relocation says, what the house had of its own and has no place
// there is free. It says which orders have anything. fault.Stale when somebody's place is
// not in the relocation.
func (s *Store) MoveClaims(tx *sqldb.Tx, session int64, r *seating.Relocation) ([]int64, error) {
	seats, err := claimsOf(tx, session)
	if err != nil {
		return nil, err
	}
	units, err := unitsIn(tx, session)
	if err != nil {
		return nil, err
	}
	orders := map[int64]bool{}
	if seats, err = rename(seats, r.Places, orders); err != nil {
		return nil, err
	}
	if units, err = rename(units, r.Areas, orders); err != nil {
		return nil, err
	}
	if err := rewriteSeats(tx, session, seats); err != nil {
		return nil, err
	}
	if err := rewriteUnits(tx, session, units, r.Capacity); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(orders)), nil
}

func claimsOf(tx *sqldb.Tx, session int64) ([]movedClaim, error) {
	rows, err := tx.Query(`SELECT place, owner_kind, owner_id, state, held_until, from_id
		FROM claim WHERE session_id = ?`, session)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (c movedClaim, err error) {
		return c, r.Scan(&c.place, &c.owner.Kind, &c.owner.ID, &c.state, &c.until, &c.from)
	})
}

func unitsIn(tx *sqldb.Tx, session int64) ([]movedClaim, error) {
	rows, err := tx.Query(`SELECT area, owner_kind, owner_id, n, state, held_until, from_id, from_n
		FROM area_claim WHERE session_id = ?`, session)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (c movedClaim, err error) {
		return c, r.Scan(&c.place, &c.owner.Kind, &c.owner.ID, &c.n, &c.state, &c.until, &c.from,
			&c.fromN)
	})
}

// rename gives claims their new places and notes whose orders they are.
func rename(list []movedClaim, to map[int32]int32, orders map[int64]bool) ([]movedClaim, error) {
	kept := list[:0]
	for _, c := range list {
		place, ok := to[c.place]
		switch kind := c.owner.Kind; {
		case ok:
		case kind == seating.OwnerOrder, kind == seating.OwnerChange:
			return nil, fault.Stale.Wrap(errors.New("seatingdb: a place has nowhere to go"))
		default:
			continue
		}
		if c.owner.Kind == seating.OwnerOrder {
			orders[c.owner.ID] = true
		}
		c.place = place
		kept = append(kept, c)
	}
	slices.SortFunc(kept, func(a, b movedClaim) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.owner.Kind, b.owner.Kind),
			cmp.Compare(a.owner.ID, b.owner.ID))
	})
	return kept, nil
}

func rewriteSeats(tx *sqldb.Tx, session int64, list []movedClaim) error {
	if _, err := tx.Exec(`DELETE FROM claim WHERE session_id = ?`, session); err != nil {
		return err
	}
	args := make([]any, 0, 7*len(list))
	for _, c := range list {
		args = append(args, session, c.place, int(c.owner.Kind), c.owner.ID, int(c.state), c.until,
			c.from)
	}
	return tx.InsertRows(movedClaims, movedClaimRow, 7, args)
}

// rewriteUnits rewrites the areas of a session and whose their units are. Two areas that
// became one are one claim of each owner.
func rewriteUnits(tx *sqldb.Tx, session int64, list []movedClaim, capacity map[int32]int) error {
	tx.Forget(areasKey{session})
	for _, query := range []string{`DELETE FROM area_claim WHERE session_id = ?`,
		`DELETE FROM area_stock WHERE session_id = ?`} {
		if _, err := tx.Exec(query, session); err != nil {
			return err
		}
	}
	taken, kept := map[int32]int{}, map[int32]int{}
	var merged []movedClaim
	for _, c := range list {
		taken[c.place] += c.n
		if c.state == seating.Kept {
			kept[c.place] += c.n
		}
		if n := len(merged); n > 0 && merged[n-1].place == c.place && merged[n-1].owner == c.owner {
			merged[n-1].n, merged[n-1].fromN = merged[n-1].n+c.n, merged[n-1].fromN+c.fromN
			continue
		}
		merged = append(merged, c)
	}
	var args []any
	for _, c := range merged {
		args = append(args, session, c.place, int(c.owner.Kind), c.owner.ID, c.n, int(c.state),
			c.until, c.from, c.fromN)
	}
	if err := tx.InsertRows(movedUnits, movedUnitsRow, 9, args); err != nil {
		return err
	}
	args = nil
	for _, area := range slices.Sorted(maps.Keys(capacity)) {
		if taken[area] > capacity[area] {
			return fault.Stale.Wrap(errors.New("seatingdb: an area is too small by now"))
		}
		args = append(args, session, area, capacity[area], taken[area], kept[area])
	}
	return tx.InsertRows(`INSERT INTO area_stock (session_id, area, capacity, taken, kept) VALUES `,
		`(?, ?, ?, ?, ?)`, 5, args)
}
