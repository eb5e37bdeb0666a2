package checkindb

import (
	"context"
	"database/sql"
	"math"

	"foyer/internal/actor"
	"foyer/internal/checkin"
	"foyer/internal/sqldb"
)

const (
	conflictColumns = `checkin_id, organization_id, venue_id, other_id, code, state, note,
		settled_by, settled_at`
	insertConflict = `INSERT INTO checkin_conflict (` + conflictColumns + `)
		VALUES (?, ?, ?, ?, ?, 'open', '', 0, 0)`
	settleConflict = `UPDATE checkin_conflict SET state = 'settled', note = ?, settled_by = ?,
		settled_at = ? WHERE organization_id = ? AND checkin_id = ? AND state = 'open'`
	selectConflict = `SELECT ` + conflictColumns + ` FROM checkin_conflict
		WHERE organization_id = ? AND checkin_id = ?`
	listConflicts = `SELECT ` + conflictColumns + ` FROM checkin_conflict
		WHERE organization_id = ? AND venue_id = ? AND state = ? AND checkin_id < ?
		ORDER BY checkin_id DESC LIMIT ?`
	lastStanding = `SELECT id FROM checkin WHERE organization_id = ? AND ticket_id = ?
		AND undone_at = 0 AND conflict = 0 ORDER BY at DESC, id DESC LIMIT 1`
	traceOf = `SELECT c.at, c.n, COALESCE(g.name, ''), COALESCE(g.name_en, ''),
		COALESCE(d.name, '') FROM checkin c
		LEFT JOIN gate g ON g.id = c.gate_id AND g.organization_id = c.organization_id
		LEFT JOIN device d ON d.id = c.device_id AND d.organization_id = c.organization_id
		WHERE c.organization_id = ? AND c.id = ?`
)

// InsertConflict stores an open conflict.
func (s checkIns) InsertConflict(tx *sqldb.Tx, c *checkin.Conflict) error {
	_, err := tx.Exec(insertConflict, c.CheckIn, c.Organization, c.Venue, c.Other, c.Code)
	return err
}

// SettleIfOpen notes what an open conflict was.
func (s checkIns) SettleIfOpen(tx *sqldb.Tx, c *checkin.Conflict) (bool, error) {
	n, err := tx.Exec(settleConflict, c.Note, c.SettledBy, millis(c.SettledAt), c.Organization,
		c.CheckIn)
	return n == 1, err
}

// LastStanding is the ticket's newest check-in that stands; 0 without one.
func (s checkIns) LastStanding(tx *sqldb.Tx, scope actor.Scope, ticket int64) (int64, error) {
	var id int64
	_, err := sqldb.Found(tx.QueryRow(lastStanding, scope.Organization, ticket).Scan(&id))
	return id, err
}

// ConflictOf is nil when the check-in is none of the organization's conflicts.
func (s checkIns) ConflictOf(ctx context.Context, scope actor.Scope, checkIn int64) (
	*checkin.Conflict, error,
) {
	c, err := scanConflict(s.db.QueryRow(ctx, selectConflict, scope.Organization, checkIn))
	if found, err := sqldb.Found(err); err != nil || !found {
		return nil, err
	}
	return &c, nil
}

// Conflicts is a page of a venue's conflicts, the newest first.
func (s checkIns) Conflicts(ctx context.Context, scope actor.Scope, p checkin.ConflictPage) (
	[]checkin.Conflict, error,
) {
	before := p.Before
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := s.db.Query(ctx, listConflicts, scope.Organization, p.Venue, string(p.State),
		before, p.Limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (checkin.Conflict, error) {
		return scanConflict(r)
	})
}

func scanConflict(r row) (checkin.Conflict, error) {
	var c checkin.Conflict
	var settled int64
	err := r.Scan(&c.CheckIn, &c.Organization, &c.Venue, &c.Other, &c.Code, &c.State, &c.Note,
		&c.SettledBy, &settled)
	c.SettledAt = when(settled)
	return c, err
}

// TraceOf is where and when a check-in took place, in words.
func (s checkIns) TraceOf(ctx context.Context, scope actor.Scope, checkIn int64) (
	*checkin.Trace, error,
) {
	return s.trace(ctx, traceOf, scope, checkIn)
}
