package seatingdb

import (
	"database/sql"
	"errors"
	"slices"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// takeUnits counts the units of a claim: a guarded update refuses what does not fit.
func (b *Book) takeUnits(tx *sqldb.Tx, c seating.Claim) ([]seating.AreaStock, error) {
	if len(c.Areas) == 0 {
		return nil, nil
	}
	areas := slices.Clone(c.Areas)
	slices.SortFunc(areas, func(p, q seating.AreaQty) int { return int(p.Area) - int(q.Area) })
	var after []seating.AreaStock
	for _, a := range areas {
		var from int64
		var moved int
		if len(c.From) > 0 {
			var err error
			if from, moved, err = takeKept(tx, c, a); err != nil {
				return nil, err
			}
		}
		kept := 0
		if c.State == seating.Kept {
			kept = a.N
		}
		n, err := tx.Exec(`UPDATE area_stock SET taken = taken + ?, kept = kept + ?
			WHERE session_id = ? AND area = ? AND taken + ? <= capacity`,
			a.N-moved, kept, c.Session, a.Area, a.N-moved)
		if err != nil {
			return nil, err
		}
		stock, found, err := stockOf(tx, c.Session, a.Area)
		switch {
		case err != nil:
			return nil, err
		case !found:
			return nil, seating.ErrUnknownPlace.With("areas", []int32{a.Area})
		case n != 1:
			return nil, seating.ErrAreaFull.With("area", a.Area).
				With("free", max(0, stock.Capacity-stock.Taken)+moved)
		}
		if err := noteUnits(tx, c, a, from, moved); err != nil {
			return nil, err
		}
		after = append(after, stock)
	}
	return after, nil
}

func stockOf(tx *sqldb.Tx, session int64, area int32) (a seating.AreaStock, ok bool, err error) {
	a.Area = area
	ok, err = sqldb.Found(tx.QueryRow(`SELECT capacity, taken, kept FROM area_stock
		WHERE session_id = ? AND area = ?`, session, area).Scan(&a.Capacity, &a.Taken, &a.Kept))
	return a, ok, err
}

// noteUnits writes down whose the units are, and how many of them came from an allotment.
// An owner has units of an area in one state.
func noteUnits(tx *sqldb.Tx, c seating.Claim, a seating.AreaQty, from int64, moved int) error {
	n, err := tx.Exec(`UPDATE area_claim SET n = n + ?, held_until = ?, from_n = from_n + ?
		WHERE session_id = ? AND area = ? AND owner_kind = ? AND owner_id = ? AND state = ?
		AND (from_id = ? OR 0 = ?)`, a.N, millis(c.Until), moved, c.Session, a.Area,
		int(c.Owner.Kind), c.Owner.ID, int(c.State), from, moved)
	if err != nil || n == 1 {
		return err
	}
	_, err = tx.Exec(`INSERT INTO area_claim
		(session_id, area, owner_kind, owner_id, n, state, held_until, from_id, from_n)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.Session, a.Area, int(c.Owner.Kind), c.Owner.ID,
		a.N, int(c.State), millis(c.Until), from, moved)
	return err
}

// areasKey is the key under which a batch remembers the areas of a session.
type areasKey struct{ session int64 }

// areasOf are the numbers of the session's areas, so that an owner's units are found by the
// primary key, however many other owners there are.
func areasOf(tx *sqldb.Tx, session int64) ([]int32, error) {
	return sqldb.Memo(tx, areasKey{session}, func() ([]int32, error) {
		rows, err := tx.Query(`SELECT area FROM area_stock WHERE session_id = ? ORDER BY area`,
			session)
		return sqldb.Collect(rows, err, func(rows *sql.Rows) (area int32, err error) {
			return area, rows.Scan(&area)
		})
	})
}

// sellUnits marks the held units of the owner as sold and counts them.
func (b *Book) sellUnits(tx *sqldb.Tx, session int64, owner seating.Owner) (int, error) {
	areas, err := areasOf(tx, session)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, area := range areas {
		var n int
		ok, err := sqldb.Found(tx.QueryRow(`SELECT n FROM area_claim WHERE session_id = ?
			AND area = ? AND owner_kind = ? AND owner_id = ? AND state = 1`,
			session, area, int(owner.Kind), owner.ID).Scan(&n))
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		err = tx.Guard(mismatch("sell units", session, owner, 0, n),
			`UPDATE area_claim SET state = 2, held_until = 0 WHERE session_id = ? AND area = ?
			AND owner_kind = ? AND owner_id = ? AND state = 1 AND n = ?`,
			session, area, int(owner.Kind), owner.ID, n)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// unitsOf is all that the owner has of areas.
func (b *Book) unitsOf(tx *sqldb.Tx, session int64, owner seating.Owner) ([]seating.AreaQty,
	error,
) {
	areas, err := areasOf(tx, session)
	if err != nil {
		return nil, err
	}
	var list []seating.AreaQty
	for _, area := range areas {
		a := seating.AreaQty{Area: area}
		ok, err := sqldb.Found(tx.QueryRow(`SELECT n FROM area_claim WHERE session_id = ?
			AND area = ? AND owner_kind = ? AND owner_id = ?`,
			session, area, int(owner.Kind), owner.ID).Scan(&a.N))
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, a)
		}
	}
	return list, nil
}

// giveUnits takes units from the owner and gives them back to the area. The owner must have
// them: fewer is a mistake of ours.
func (b *Book) giveUnits(tx *sqldb.Tx, session int64, owner seating.Owner,
	areas []seating.AreaQty,
) ([]seating.AreaStock, error) {
	var after []seating.AreaStock
	for _, a := range areas {
		back, err := returnUnits(tx, session, owner, a)
		if err != nil {
			return nil, err
		}
		kept, err := keptBy(tx, session, owner, a)
		if err != nil {
			return nil, err
		}
		err = tx.Guard(mismatch("release units", session, owner, 0, a.N),
			`UPDATE area_claim SET n = n - ? WHERE session_id = ? AND area = ?
			AND owner_kind = ? AND owner_id = ? AND n >= ?`,
			a.N, session, a.Area, int(owner.Kind), owner.ID, a.N)
		if err != nil {
			return nil, err
		}
		if err := dropEmpty(tx, session, a.Area, owner); err != nil {
			return nil, err
		}
		err = tx.Guard(mismatch("give units back", session, owner, 0, a.N),
			`UPDATE area_stock SET taken = taken - ?, kept = kept - ?
			WHERE session_id = ? AND area = ? AND taken >= ?`, a.N-back, kept, session, a.Area,
			a.N-back)
		if err != nil {
			return nil, err
		}
		stock, found, err := stockOf(tx, session, a.Area)
		if err != nil || !found {
			return nil, errors.Join(err, fault.Unexpected)
		}
		after = append(after, stock)
	}
	return after, nil
}

func (b *Book) extendUnits(tx *sqldb.Tx, session int64, owner seating.Owner, until time.Time,
) error {
	areas, err := areasOf(tx, session)
	if err != nil {
		return err
	}
	for _, area := range areas {
		if _, err := tx.Exec(`UPDATE area_claim SET held_until = ? WHERE session_id = ?
			AND area = ? AND owner_kind = ? AND owner_id = ? AND state = 1`,
			clock.Millis(until), session, area, int(owner.Kind), owner.ID); err != nil {
			return err
		}
	}
	return nil
}

// keptBy is how many of the units that an owner gives up were kept for buyers online: all
// of an allotment's of theirs, none of anybody else.
func keptBy(tx *sqldb.Tx, session int64, owner seating.Owner, a seating.AreaQty) (int, error) {
	if owner.Kind != seating.OwnerAllotment {
		return 0, nil
	}
	var state seating.ClaimState
	_, err := sqldb.Found(tx.QueryRow(`SELECT state FROM area_claim WHERE session_id = ?
		AND area = ? AND owner_kind = 3 AND owner_id = ?`, session, a.Area, owner.ID).Scan(&state))
	if err != nil || state != seating.Kept {
		return 0, err
	}
	return a.N, nil
}
