package seatingdb

import (
	"context"
	"database/sql"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

const allotmentColumns = `SELECT id, organization_id, session_id, channel, reason,
	falls_back_at, created_by, created_at, released_at FROM allotment `

func scanAllotment(rows *sql.Rows) (a seating.Allotment, err error) {
	var falls, created, released int64
	err = rows.Scan(&a.ID, &a.Organization, &a.Session, &a.Channel, &a.Reason, &falls, &a.By,
		&created, &released)
	a.FallsBackAt, a.CreatedAt = clock.FromMillis(falls), clock.FromMillis(created)
	a.ReleasedAt = clock.FromMillis(released)
	return a, err
}

// InsertAllotment notes whom places are kept for.
func (s *Store) InsertAllotment(tx *sqldb.Tx, a seating.Allotment) error {
	return insertAllotment(tx, a)
}

func insertAllotment(tx *sqldb.Tx, a seating.Allotment) error {
	tx.Forget(standingKey{a.Session})
	_, err := tx.Exec(`INSERT INTO allotment (id, organization_id, session_id, channel, reason,
		falls_back_at, created_by, created_at, released_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`,
		a.ID, a.Organization, a.Session, string(a.Channel), bounded(a.Reason, 200),
		millis(a.FallsBackAt), a.By, millis(a.CreatedAt))
	return err
}

// EndAllotment notes that an allotment is over; false when it was before.
func (s *Store) EndAllotment(tx *sqldb.Tx, scope actor.Scope, id int64) (bool, error) {
	a, err := s.AllotmentIn(tx, scope, id)
	if err != nil {
		return false, err
	}
	tx.Forget(standingKey{a.Session})
	n, err := tx.Exec(`UPDATE allotment SET released_at = ? WHERE organization_id = ?
		AND id = ? AND released_at = 0`, clock.Millis(tx.Now), scope.Organization, id)
	return n == 1, err
}

// AllotmentIn is an allotment without its places; fault.Missing.
func (s *Store) AllotmentIn(tx *sqldb.Tx, scope actor.Scope, id int64) (seating.Allotment, error) {
	rows, err := tx.Query(allotmentColumns+`WHERE organization_id = ? AND id = ?`,
		scope.Organization, id)
	list, err := sqldb.Collect(rows, err, scanAllotment)
	if err == nil && len(list) == 0 {
		err = fault.Missing
	}
	if err != nil {
		return seating.Allotment{}, err
	}
	return list[0], nil
}

// AllotmentOrganization is whose an allotment is; fault.Missing.
func (s *Store) AllotmentOrganization(ctx context.Context, id int64) (org int64, err error) {
	found, err := sqldb.Found(s.db.QueryRow(ctx, `SELECT organization_id FROM allotment
		WHERE id = ? /* any organization: its job knows the id alone */`, id).Scan(&org))
	if err == nil && !found {
		err = fault.Missing
	}
	return org, err
}

const standingOf = allotmentColumns + `WHERE session_id = ? AND released_at = 0
	/* any organization: buyers buy of all */ ORDER BY id`

// Standing are the allotments of a session that are not over, oldest first.
func (s *Store) Standing(ctx context.Context, session int64) ([]seating.Allotment, error) {
	rows, err := s.db.Query(ctx, standingOf, session)
	return sqldb.Collect(rows, err, scanAllotment)
}

// standingKey is the key under which a batch remembers the allotments of a session.
type standingKey struct{ session int64 }

// StandingIn is Standing inside a transaction, one read for a session and batch.
func (s *Store) StandingIn(tx *sqldb.Tx, session int64) ([]seating.Allotment, error) {
	return standingIn(tx, session)
}

func standingIn(tx *sqldb.Tx, session int64) ([]seating.Allotment, error) {
	return sqldb.Memo(tx, standingKey{session}, func() ([]seating.Allotment, error) {
		rows, err := tx.Query(standingOf, session)
		return sqldb.Collect(rows, err, scanAllotment)
	})
}

// maxAllotted bounds the allotments that are listed of a session.
const maxAllotted = 500

// AllotmentsOf are all of a session, newest first, with what is left of them.
func (s *Store) AllotmentsOf(ctx context.Context, scope actor.Scope, session int64,
) ([]seating.Allotment, error) {
	rows, err := s.db.Query(ctx, allotmentColumns+`WHERE organization_id = ? AND session_id = ?
		ORDER BY id DESC LIMIT ?`, scope.Organization, session, maxAllotted)
	list, err := sqldb.Collect(rows, err, scanAllotment)
	if err != nil {
		return nil, err
	}
	byID := map[int64]*seating.Allotment{}
	for i := range list {
		byID[list[i].ID] = &list[i]
	}
	err = s.eachOf(ctx, session, seating.OwnerAllotment, func(id int64, place int32) {
		if a := byID[id]; a != nil {
			a.Places = append(a.Places, place)
		}
	}, func(id int64, q seating.AreaQty) {
		if a := byID[id]; a != nil {
			a.Areas = append(a.Areas, q)
		}
	})
	return list, err
}

// KeptUnits are the largest units that one of the allotments has left, by area: an order
// takes those of an area from one of them.
func (s *Store) KeptUnits(ctx context.Context, session int64, allotments []int64,
) ([]seating.AreaQty, error) {
	args := []any{session}
	for _, id := range allotments {
		args = append(args, id)
	}
	rows, err := s.db.Query(ctx, `SELECT area, MAX(n) FROM area_claim WHERE session_id = ?
		AND owner_kind = 3 AND owner_id IN (`+sqldb.Marks(len(allotments))+`) GROUP BY area`,
		args...)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (q seating.AreaQty, err error) {
		return q, r.Scan(&q.Area, &q.N)
	})
}
