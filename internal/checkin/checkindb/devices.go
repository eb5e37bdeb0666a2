package checkindb

import (
	"context"
	"database/sql"
	"time"

	"foyer/internal/actor"
	"foyer/internal/checkin"
	"foyer/internal/clock"
	"foyer/internal/sqldb"
)

type devices struct{ db *sqldb.DB }

const (
	deviceColumns = `id, organization_id, venue_id, gate_id, name, state, code_until, seen_at,
		created_at, direction, list_until, reported_at, unsent`
	insertDevice = `INSERT INTO device (id, organization_id, venue_id, gate_id, name, state,
		code_hash, code_until, token_hash, seen_at, created_at, direction)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, 0, ?, ?)`
	enrolDevice = `UPDATE device SET state = 'active', code_hash = NULL, token_hash = ?,
		name = CASE WHEN ? = '' THEN name ELSE ? END, seen_at = ?
		WHERE code_hash = ? AND state = 'waiting' AND code_until > ?
		/* any organization: the code is the proof */`
	deviceByToken = `SELECT ` + deviceColumns + ` FROM device
		WHERE token_hash = ? /* any organization: the token is the proof */`
	deviceByID = `SELECT ` + deviceColumns + ` FROM device
		WHERE id = ? /* any organization: whose it is, is checked on the row */`
	revokeDevice = `UPDATE device SET state = 'revoked', code_hash = NULL
		WHERE organization_id = ? AND id = ? AND state <> 'revoked'`
	countDevices = `SELECT COUNT(*) FROM device
		WHERE organization_id = ? AND venue_id = ? AND state <> 'revoked'`
	touchDevice = `UPDATE device SET seen_at = ?
		WHERE organization_id = ? AND id = ? AND seen_at < ?`
	report = `UPDATE device SET unsent = CASE WHEN ? < 0 THEN unsent ELSE ? END,
		reported_at = CASE WHEN ? > reported_at THEN ? ELSE reported_at END,
		list_until = CASE WHEN ? > list_until THEN ? ELSE list_until END
		WHERE organization_id = ? AND id = ?`
	holders = `SELECT ` + deviceColumns + ` FROM device
		WHERE organization_id = ? AND venue_id = ? AND list_until > ? ORDER BY id LIMIT 1000`
	listDevices = `SELECT ` + deviceColumns + ` FROM device
		WHERE organization_id = ? AND venue_id = ? AND id > ? ORDER BY id LIMIT ?`
)

// Insert stores a device that waits for its code.
func (s devices) Insert(tx *sqldb.Tx, d *checkin.Device, codeHash []byte) error {
	_, err := tx.Exec(insertDevice, d.ID, d.Organization, d.Venue, d.Gate, d.Name,
		string(d.State), codeHash, clock.Millis(d.CodeUntil), clock.Millis(d.CreatedAt),
		string(d.Ways))
	return err
}

// EnrolIfWaiting gives the device of a young code its token, and is false without one.
func (s devices) EnrolIfWaiting(tx *sqldb.Tx, codeHash, tokenHash []byte, name string,
	now time.Time,
) (bool, error) {
	ms := clock.Millis(now)
	n, err := tx.Exec(enrolDevice, tokenHash, name, name, ms, codeHash, ms)
	return n == 1, err
}

// RevokeIfNot ends a device of the organization that is not revoked.
func (s devices) RevokeIfNot(tx *sqldb.Tx, scope actor.Scope, id int64) (bool, error) {
	n, err := tx.Exec(revokeDevice, scope.Organization, id)
	return n == 1, err
}

// CountOf is how many devices of a venue are not revoked.
func (s devices) CountOf(tx *sqldb.Tx, scope actor.Scope, venue int64) (int, error) {
	var n int
	err := tx.QueryRow(countDevices, scope.Organization, venue).Scan(&n)
	return n, err
}

// Touch writes when a device was last seen.
func (s devices) Touch(tx *sqldb.Tx, scope actor.Scope, id int64, at time.Time) error {
	ms := clock.Millis(at)
	_, err := tx.Exec(touchDevice, ms, scope.Organization, id, ms)
	return err
}

// Report notes what a device says of the scans that it has not sent.
func (s devices) Report(tx *sqldb.Tx, scope actor.Scope, r checkin.Report) error {
	holds, reported := millis(r.Holds), int64(0)
	if r.Unsent == 0 {
		reported = clock.Millis(r.At)
	}
	_, err := tx.Exec(report, r.Unsent, r.Unsent, reported, reported, holds, holds,
		scope.Organization, r.Device)
	return err
}

// Holders are the devices of a venue whose lists ran out after a time, or have not.
func (s devices) Holders(ctx context.Context, scope actor.Scope, venue int64, after time.Time) (
	[]checkin.Device, error,
) {
	rows, err := s.db.Query(ctx, holders, scope.Organization, venue, clock.Millis(after))
	return sqldb.Collect(rows, err, func(r *sql.Rows) (checkin.Device, error) {
		return scanDevice(r)
	})
}

// ByTokenIn is ByToken inside a transaction.
func (s devices) ByTokenIn(tx *sqldb.Tx, tokenHash []byte) (*checkin.Device, error) {
	return oneDevice(tx.QueryRow(deviceByToken, tokenHash))
}

// ByToken is the device of a token; nil without one.
func (s devices) ByToken(ctx context.Context, tokenHash []byte) (*checkin.Device, error) {
	return oneDevice(s.db.QueryRow(ctx, deviceByToken, tokenHash))
}

// ByID is a device; nil without one.
func (s devices) ByID(ctx context.Context, id int64) (*checkin.Device, error) {
	return oneDevice(s.db.QueryRow(ctx, deviceByID, id))
}

// OfVenue is a page of a venue's devices by id.
func (s devices) OfVenue(ctx context.Context, scope actor.Scope, venue, after int64, limit int) (
	[]checkin.Device, error,
) {
	rows, err := s.db.Query(ctx, listDevices, scope.Organization, venue, after, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (checkin.Device, error) {
		return scanDevice(r)
	})
}

func oneDevice(r row) (*checkin.Device, error) {
	d, err := scanDevice(r)
	if found, err := sqldb.Found(err); err != nil || !found {
		return nil, err
	}
	return &d, nil
}

func scanDevice(r row) (checkin.Device, error) {
	var d checkin.Device
	var until, seen, created, list, reported int64
	err := r.Scan(&d.ID, &d.Organization, &d.Venue, &d.Gate, &d.Name, &d.State, &until, &seen,
		&created, &d.Ways, &list, &reported, &d.Unsent)
	d.ListUntil, d.ReportedAt = when(list), when(reported)
	d.CodeUntil, d.CreatedAt = clock.FromMillis(until), clock.FromMillis(created)
	if seen != 0 {
		d.SeenAt = clock.FromMillis(seen)
	}
	return d, err
}

type gates struct{ db *sqldb.DB }

const (
	gateColumns = `id, organization_id, venue_id, name, name_en, precinct_id,
		from_precinct_id, opens_minute, closes_minute`
	insertGate = `INSERT INTO gate (` + gateColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateGate = `UPDATE gate SET name = ?, name_en = ?, precinct_id = ?,
		from_precinct_id = ?, opens_minute = ?, closes_minute = ?
		WHERE organization_id = ? AND id = ?`
	countGates = `SELECT COUNT(*) FROM gate WHERE organization_id = ? AND venue_id = ?`
	selectGate = `SELECT ` + gateColumns + ` FROM gate WHERE organization_id = ? AND id = ?`
	listGates  = `SELECT ` + gateColumns + ` FROM gate
		WHERE organization_id = ? AND venue_id = ? ORDER BY id LIMIT 200`
)

// Insert stores a gate.
func (s gates) Insert(tx *sqldb.Tx, g *checkin.Gate) error {
	_, err := tx.Exec(insertGate, g.ID, g.Organization, g.Venue, g.Name, g.NameEn, g.Precinct,
		g.From, g.Opens, g.Closes)
	return err
}

// Update changes a gate.
func (s gates) Update(tx *sqldb.Tx, g *checkin.Gate) (bool, error) {
	n, err := tx.Exec(updateGate, g.Name, g.NameEn, g.Precinct, g.From, g.Opens, g.Closes,
		g.Organization, g.ID)
	return n == 1, err
}

// Count is how many gates a venue has.
func (s gates) Count(tx *sqldb.Tx, scope actor.Scope, venue int64) (int, error) {
	var n int
	err := tx.QueryRow(countGates, scope.Organization, venue).Scan(&n)
	return n, err
}

// Find is nil when the organization has no such gate.
func (s gates) Find(ctx context.Context, scope actor.Scope, id int64) (*checkin.Gate, error) {
	g, err := scanGate(s.db.QueryRow(ctx, selectGate, scope.Organization, id))
	if found, err := sqldb.Found(err); err != nil || !found {
		return nil, err
	}
	return &g, nil
}

// OfVenue are the gates of a venue.
func (s gates) OfVenue(ctx context.Context, scope actor.Scope, venue int64) (
	[]checkin.Gate, error,
) {
	rows, err := s.db.Query(ctx, listGates, scope.Organization, venue)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (checkin.Gate, error) {
		return scanGate(r)
	})
}

func scanGate(r row) (checkin.Gate, error) {
	var g checkin.Gate
	err := r.Scan(&g.ID, &g.Organization, &g.Venue, &g.Name, &g.NameEn, &g.Precinct, &g.From,
		&g.Opens, &g.Closes)
	return g, err
}
