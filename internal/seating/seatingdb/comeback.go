package seatingdb

import (
	"context"
	"database/sql"
	"slices"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// StandingIn is for whoever is about to claim from allotments.
func (b *Book) StandingIn(tx *sqldb.Tx, session int64) ([]seating.Allotment, error) {
	return standingIn(tx, session)
}

// Park gives what an owner had to a return, which keeps it from everybody until its time.
// What the owner had of a standing allotment goes back there; false when that was all. The
// owner must have every one of the places.
func (b *Book) Park(tx *sqldb.Tx, r seating.Return, owner seating.Owner, places []int32,
	areas []seating.AreaQty,
) (bool, error) {
	if places == nil {
		places = []int32{}
	}
	returned, states, err := b.returnPlaces(tx, r.Session, owner, places)
	if err != nil {
		return false, err
	}
	rest := without(places, returned)
	if err := b.parkPlaces(tx, r, owner, rest); err != nil {
		return false, err
	}
	units, after, err := b.parkUnits(tx, r, owner, areas)
	if err != nil {
		return false, err
	}
	b.tell(tx, seating.Delta{Kind: seating.Ended, Session: r.Session, Owner: owner,
		Places: places, Areas: after})
	for to, back := range returned {
		b.tell(tx, seating.Delta{Kind: seating.Begun, Session: r.Session, Owner: to,
			State: states[to], Places: back})
	}
	if len(rest)+units == 0 {
		return false, nil
	}
	b.tell(tx, seating.Delta{Kind: seating.Begun, Session: r.Session, Owner: r.Owner(),
		State: seating.Held, Until: r.Until, Places: rest})
	_, err = tx.Exec(`INSERT INTO place_return (id, organization_id, session_id, due_at, until_at,
		created_at) VALUES (?, ?, ?, ?, ?, ?)`, r.ID, r.Organization, r.Session,
		clock.Millis(r.Due), clock.Millis(r.Until), clock.Millis(tx.Now))
	return true, err
}

func (b *Book) parkPlaces(tx *sqldb.Tx, r seating.Return, owner seating.Owner, places []int32,
) error {
	for chunk := range slices.Chunk(places, longestList) {
		query, args := inList(`UPDATE claim SET owner_kind = 6, owner_id = ?, state = 1,
			held_until = ?, from_id = 0 WHERE session_id = ? AND owner_kind = ? AND owner_id = ?
			AND place IN `, "", []any{r.ID, clock.Millis(r.Until), r.Session, int(owner.Kind),
			owner.ID}, chunk)
		n, err := tx.Exec(query, args...)
		if err != nil {
			return err
		}
		if int(n) != len(chunk) {
			return mismatch("park", r.Session, owner, int(n), len(chunk))
		}
	}
	return nil
}

// parkUnits moves units of areas to a return, and says how many are there: the rest went
// back to an allotment. All of them stay taken.
func (b *Book) parkUnits(tx *sqldb.Tx, r seating.Return, owner seating.Owner,
	areas []seating.AreaQty,
) (moved int, after []seating.AreaStock, err error) {
	for _, a := range areas {
		back, err := returnUnits(tx, r.Session, owner, a)
		if err != nil {
			return 0, nil, err
		}
		if err := tx.Guard(mismatch("park units", r.Session, owner, 0, a.N),
			`UPDATE area_claim SET n = n - ? WHERE session_id = ? AND area = ?
			AND owner_kind = ? AND owner_id = ? AND n >= ?`,
			a.N, r.Session, a.Area, int(owner.Kind), owner.ID, a.N); err != nil {
			return 0, nil, err
		}
		if err := dropEmpty(tx, r.Session, a.Area, owner); err != nil {
			return 0, nil, err
		}
		if a.N -= back; a.N > 0 {
			moved += a.N
			if err := noteUnits(tx, seating.Claim{Session: r.Session, Owner: r.Owner(),
				State: seating.Held, Until: r.Until}, a, 0, 0); err != nil {
				return 0, nil, err
			}
		}
		stock, _, err := stockOf(tx, r.Session, a.Area)
		if err != nil {
			return 0, nil, err
		}
		after = append(after, stock)
	}
	return moved, after, nil
}

// Unpark frees those of the places that wait in returns, and as many units of each area as
// are wanted beyond what is free. A return that has nothing left is ended by its job.
func (b *Book) Unpark(tx *sqldb.Tx, session int64, places []int32, areas []seating.AreaQty,
) error {
	if len(places) > 0 {
		query, args := inList(`SELECT owner_id, place FROM claim WHERE session_id = ?
			AND owner_kind = 6 AND place IN `, " ORDER BY place", []any{session}, places)
		waiting, err := placesBy(tx, query, args)
		if err != nil {
			return err
		}
		for id, mine := range waiting {
			owner := seating.Owner{Kind: seating.OwnerReturn, ID: id}
			if err := b.Release(tx, session, owner, mine, nil); err != nil {
				return err
			}
		}
	}
	for _, a := range areas {
		if err := b.unparkUnits(tx, session, a); err != nil {
			return err
		}
	}
	return nil
}

func (b *Book) unparkUnits(tx *sqldb.Tx, session int64, a seating.AreaQty) error {
	stock, _, err := stockOf(tx, session, a.Area)
	missing := a.N - (stock.Capacity - stock.Taken)
	if err != nil || missing <= 0 {
		return err
	}
	type part struct {
		id int64
		n  int
	}
	rows, err := tx.Query(`SELECT owner_id, n FROM area_claim WHERE session_id = ? AND area = ?
		AND owner_kind = 6 ORDER BY owner_id`, session, a.Area)
	list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (p part, err error) {
		return p, r.Scan(&p.id, &p.n)
	})
	for _, p := range list {
		n := min(p.n, missing)
		if err != nil || n <= 0 {
			break
		}
		err = b.Release(tx, session, seating.Owner{Kind: seating.OwnerReturn, ID: p.id},
			[]int32{}, []seating.AreaQty{{Area: a.Area, N: n}})
		missing -= n
	}
	return err
}

const returnColumns = `SELECT id, organization_id, session_id, due_at, until_at, created_at
	FROM place_return `

func scanReturn(rows *sql.Rows) (r seating.Return, err error) {
	var due, until, since int64
	err = rows.Scan(&r.ID, &r.Organization, &r.Session, &due, &until, &since)
	r.Due, r.Until = clock.FromMillis(due), clock.FromMillis(until)
	r.Since = clock.FromMillis(since)
	return r, err
}

// ReturnIn is a return without its places; fault.Missing.
func (s *Store) ReturnIn(tx *sqldb.Tx, id int64) (seating.Return, error) {
	rows, err := tx.Query(returnColumns+`WHERE id = ?
		/* any organization: its job knows the id alone */`, id)
	list, err := sqldb.Collect(rows, err, scanReturn)
	if err == nil && len(list) == 0 {
		err = fault.Missing
	}
	if err != nil {
		return seating.Return{}, err
	}
	return list[0], nil
}

// DropReturn forgets a return; false when it was gone before.
func (s *Store) DropReturn(tx *sqldb.Tx, scope actor.Scope, id int64) (bool, error) {
	n, err := tx.Exec(`DELETE FROM place_return WHERE organization_id = ? AND id = ?`,
		scope.Organization, id)
	return n == 1, err
}

// maxReturns bounds the returns that are listed and freed at once.
const maxReturns = 500

// ReturnsOf are those of a session, oldest first, with what each has.
func (s *Store) ReturnsOf(ctx context.Context, scope actor.Scope, session int64) (
	[]seating.Return, error,
) {
	rows, err := s.db.Query(ctx, returnColumns+`WHERE organization_id = ? AND session_id = ?
		ORDER BY id LIMIT ?`, scope.Organization, session, maxReturns)
	list, err := sqldb.Collect(rows, err, scanReturn)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	byID := map[int64]*seating.Return{}
	for i := range list {
		byID[list[i].ID] = &list[i]
	}
	err = s.eachOf(ctx, session, seating.OwnerReturn, func(id int64, place int32) {
		if r := byID[id]; r != nil {
			r.Places = append(r.Places, place)
		}
	}, func(id int64, q seating.AreaQty) {
		if r := byID[id]; r != nil {
			r.Areas = append(r.Areas, q)
		}
	})
	return list, err
}

// eachOf tells all places and units that owners of a kind have of a session.
func (s *Store) eachOf(ctx context.Context, session int64, kind seating.OwnerKind,
	place func(owner int64, place int32), units func(owner int64, q seating.AreaQty),
) error {
	rows, err := s.db.Query(ctx, `SELECT owner_id, place FROM claim WHERE session_id = ?
		AND owner_kind = ? ORDER BY place`, session, int(kind))
	if _, err = sqldb.Collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id int64
		var p int32
		err = r.Scan(&id, &p)
		place(id, p)
		return struct{}{}, err
	}); err != nil {
		return err
	}
	rows, err = s.db.Query(ctx, `SELECT owner_id, area, n FROM area_claim WHERE session_id = ?
		AND owner_kind = ? ORDER BY area`, session, int(kind))
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id int64
		var q seating.AreaQty
		err = r.Scan(&id, &q.Area, &q.N)
		units(id, q)
		return struct{}{}, err
	})
	return err
}
