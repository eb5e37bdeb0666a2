package seatingdb

import (
	"database/sql"
	"slices"

	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// takeAllotted moves what allotments have of the wanted places to the claim's owner and
// gives the places that are still to be claimed. The guard is the place's owner: whoever
// sold, took back or let fall back the place a moment ago has changed it. Refused with
// ErrPlaceTaken.
func takeAllotted(tx *sqldb.Tx, c seating.Claim, places []int32) (rest []int32, err error) {
	if len(c.From) == 0 || len(places) == 0 {
		return places, nil
	}
	rest = slices.Clone(places)
	for chunk := range slices.Chunk(places, longestList) {
		kept, err := allottedAmong(tx, c.Session, chunk)
		if err != nil {
			return nil, err
		}
		for _, id := range c.From { // one order for all: oldest first
			mine := kept[id]
			if len(mine) == 0 {
				continue
			}
			query, args := inList(`UPDATE claim SET owner_kind = ?, owner_id = ?, state = ?,
				held_until = ?, from_id = ? WHERE session_id = ? AND owner_kind = 3
				AND owner_id = ? AND place IN `, "", []any{int(c.Owner.Kind), c.Owner.ID,
				int(c.State), millis(c.Until), id, c.Session, id}, mine)
			n, err := tx.Exec(query, args...)
			if err != nil {
				return nil, err
			}
			if int(n) != len(mine) {
				return nil, placesTaken(tx, c, places)
			}
			rest = slices.DeleteFunc(rest, func(p int32) bool { return slices.Contains(mine, p) })
		}
	}
	return rest, nil
}

// allottedAmong are those of the places that allotments have, by allotment.
func allottedAmong(tx *sqldb.Tx, session int64, places []int32) (map[int64][]int32, error) {
	query, args := inList(`SELECT owner_id, place FROM claim WHERE session_id = ?
		AND owner_kind = 3 AND place IN `, " ORDER BY place", []any{session}, places)
	return placesBy(tx, query, args)
}

func placesBy(tx *sqldb.Tx, query string, args []any) (map[int64][]int32, error) {
	by := map[int64][]int32{}
	rows, err := tx.Query(query, args...)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id int64
		var place int32
		err = r.Scan(&id, &place)
		by[id] = append(by[id], place)
		return struct{}{}, err
	})
	return by, err
}

// takeKept moves up to n units of an area from the largest of the allotments to an owner
// that is about to have them, and says whose they were. They stay taken.
func takeKept(tx *sqldb.Tx, c seating.Claim, a seating.AreaQty) (from int64, n int, err error) {
	state := seating.Closed
	rows, err := tx.Query(`SELECT owner_id, n, state FROM area_claim WHERE session_id = ?
		AND area = ? AND owner_kind = 3 ORDER BY owner_id`, c.Session, a.Area)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id int64
		var has int
		var is seating.ClaimState
		err = r.Scan(&id, &has, &is)
		if slices.Contains(c.From, id) && has > n {
			from, n, state = id, has, is
		}
		return struct{}{}, err
	})
	if err != nil || n == 0 {
		return 0, 0, err
	}
	n = min(n, a.N)
	owner := seating.Owner{Kind: seating.OwnerAllotment, ID: from}
	full := seating.ErrAreaFull.With("area", a.Area).With("free", 0)
	if err := tx.Guard(full, `UPDATE area_claim SET n = n - ? WHERE session_id = ? AND area = ?
		AND owner_kind = 3 AND owner_id = ? AND n >= ?`, n, c.Session, a.Area, from,
		n); err != nil {
		return 0, 0, err
	}
	if err := dropEmpty(tx, c.Session, a.Area, owner); err != nil {
		return 0, 0, err
	}
	return from, n, keep(tx, c.Session, a.Area, state, -n)
}

func dropEmpty(tx *sqldb.Tx, session int64, area int32, owner seating.Owner) error {
	_, err := tx.Exec(`DELETE FROM area_claim WHERE session_id = ? AND area = ?
		AND owner_kind = ? AND owner_id = ? AND n = 0`, session, area, int(owner.Kind), owner.ID)
	return err
}

// keep counts units that are kept for buyers online, when the state is theirs.
func keep(tx *sqldb.Tx, session int64, area int32, state seating.ClaimState, n int) error {
	if state != seating.Kept {
		return nil
	}
	_, err := tx.Exec(`UPDATE area_stock SET kept = kept + ? WHERE session_id = ? AND area = ?`,
		n, session, area)
	return err
}

// standingFor finds the allotment that a place or unit goes back to; nil when it is over.
func standingFor(tx *sqldb.Tx, session, id int64) (*seating.Allotment, error) {
	list, err := standingIn(tx, session)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].ID == id && list[i].Stands(tx.Now) {
			return &list[i], nil
		}
	}
	return nil, nil
}

// returnPlaces gives an order's places back to the allotments that they were taken from, as
// long as those stand; nil stands for all. What is left is released as ever.
func (b *Book) returnPlaces(tx *sqldb.Tx, session int64, owner seating.Owner, places []int32,
) (returned map[seating.Owner][]int32, states map[seating.Owner]seating.ClaimState, err error) {
	list, err := standingIn(tx, session)
	if err != nil || len(list) == 0 || owner.Kind != seating.OwnerOrder {
		return nil, nil, err
	}
	by, err := placesBy(tx, `SELECT from_id, place FROM claim WHERE session_id = ?
		AND owner_kind = 1 AND owner_id = ? AND from_id <> 0 ORDER BY place`,
		[]any{session, owner.ID})
	if err != nil {
		return nil, nil, err
	}
	returned = map[seating.Owner][]int32{}
	states = map[seating.Owner]seating.ClaimState{}
	for _, a := range list {
		mine := by[a.ID]
		if places != nil {
			mine = slices.DeleteFunc(mine, func(p int32) bool {
				return !slices.Contains(places, p)
			})
		}
		if len(mine) == 0 || !a.Stands(tx.Now) {
			continue
		}
		to := a.Owner()
		for chunk := range slices.Chunk(mine, longestList) {
			query, args := inList(`UPDATE claim SET owner_kind = 3, owner_id = ?, state = ?,
				held_until = 0, from_id = 0 WHERE session_id = ? AND owner_kind = 1
				AND owner_id = ? AND place IN `, "", []any{a.ID, int(a.State()), session, owner.ID},
				chunk)
			n, err := tx.Exec(query, args...)
			if err != nil {
				return nil, nil, err
			}
			if int(n) != len(chunk) {
				return nil, nil, mismatch("return", session, owner, int(n), len(chunk))
			}
		}
		returned[to], states[to] = mine, a.State()
	}
	return returned, states, nil
}

// returnUnits gives up to n units of an order back to the allotment that they were taken
// from, as long as it stands, and says how many. They stay taken.
func returnUnits(tx *sqldb.Tx, session int64, owner seating.Owner, a seating.AreaQty) (int, error) {
	list, err := standingIn(tx, session)
	if err != nil || len(list) == 0 || owner.Kind != seating.OwnerOrder {
		return 0, err
	}
	var from int64
	var n int
	if _, err := sqldb.Found(tx.QueryRow(`SELECT from_id, from_n FROM area_claim
		WHERE session_id = ? AND area = ? AND owner_kind = 1 AND owner_id = ?`, session, a.Area,
		owner.ID).Scan(&from, &n)); err != nil || n == 0 {
		return 0, err
	}
	al, err := standingFor(tx, session, from)
	if err != nil || al == nil {
		return 0, err
	}
	n = min(n, a.N)
	if err := tx.Guard(mismatch("return units", session, owner, 0, n), `UPDATE area_claim
		SET from_n = from_n - ? WHERE session_id = ? AND area = ? AND owner_kind = 1
		AND owner_id = ? AND from_id = ? AND from_n >= ?`, n, session, a.Area, owner.ID, from,
		n); err != nil {
		return 0, err
	}
	if err := noteUnits(tx, seating.Claim{Session: session, Owner: al.Owner(),
		State: al.State()}, seating.AreaQty{Area: a.Area, N: n}, 0, 0); err != nil {
		return 0, err
	}
	return n, keep(tx, session, a.Area, al.State(), n)
}
