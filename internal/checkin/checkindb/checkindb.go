// Package checkindb is the SQL of gates, devices and check-ins.
package checkindb

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/checkin"
	"foyer/internal/clock"
	"foyer/internal/sqldb"
)

// Store implements checkin.Store.
type Store struct{ db *sqldb.DB }

// New makes the store over an open database.
func New(db *sqldb.DB) *Store { return &Store{db} }

// CheckIns are the check-ins, nonces and counts.
func (s *Store) CheckIns() checkin.CheckInStore { return checkIns{s.db} }

// Devices are the devices.
func (s *Store) Devices() checkin.DeviceStore { return devices{s.db} }

// Precincts are the precincts.
func (s *Store) Precincts() checkin.PrecinctStore { return precincts{s.db} }

// Gates are the gates.
func (s *Store) Gates() checkin.GateStore { return gates{s.db} }

type checkIns struct{ db *sqldb.DB }

type row interface{ Scan(...any) error }

const (
	columns = `id, organization_id, venue_id, session_id, ticket_id, entitlement, device_id,
		staff_id, gate_id, direction, n, used, allowed, inside, at, undone_at,
		counted, here, seq, outof_id, into_id, moved, received_at, conflict`
	insertCheckIn = `INSERT INTO checkin (` + columns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectCheckIn = `SELECT ` + columns + ` FROM checkin
		WHERE id = ? /* any organization: whose it is, is checked on the row */`
	markUndone = `UPDATE checkin SET undone_at = ? WHERE organization_id = ? AND id = ?
		AND undone_at = 0 AND at >= ?`
)

// Insert stores a check-in.
func (s checkIns) Insert(tx *sqldb.Tx, c *checkin.CheckIn) error {
	_, err := tx.Exec(insertCheckIn, c.ID, c.Organization, c.Venue, c.Session, c.Ticket,
		c.Entitlement, c.Device, c.Staff, c.Gate, int(c.Direction), c.N, c.Used, c.Allowed,
		c.Inside, clock.Millis(c.At), c.Counted, c.Here, c.Seq, c.OutOf, c.Into, bit(c.Moved),
		millis(c.ReceivedAt), bit(c.Conflict))
	return err
}

// MarkUndoneIfSince notes that a check-in made at or after since no longer stands.
func (s checkIns) MarkUndoneIfSince(tx *sqldb.Tx, c *checkin.CheckIn, at, since time.Time) (
	bool, error,
) {
	n, err := tx.Exec(markUndone, clock.Millis(at), c.Organization, c.ID, clock.Millis(since))
	return n == 1, err
}

// FindIn is a check-in inside a transaction; checkin.ErrNoCheckIn without one.
func (s checkIns) FindIn(tx *sqldb.Tx, id int64) (*checkin.CheckIn, error) {
	return scanCheckIn(tx.QueryRow(selectCheckIn, id))
}

// Find is a check-in; checkin.ErrNoCheckIn without one.
func (s checkIns) Find(ctx context.Context, id int64) (*checkin.CheckIn, error) {
	return scanCheckIn(s.db.QueryRow(ctx, selectCheckIn, id))
}

func scanCheckIn(r row) (*checkin.CheckIn, error) {
	var c checkin.CheckIn
	var at, undone, received int64
	var moved, conflict int
	err := r.Scan(&c.ID, &c.Organization, &c.Venue, &c.Session, &c.Ticket, &c.Entitlement,
		&c.Device, &c.Staff, &c.Gate, &c.Direction, &c.N, &c.Used, &c.Allowed, &c.Inside, &at,
		&undone, &c.Counted, &c.Here, &c.Seq, &c.OutOf, &c.Into, &moved, &received, &conflict)
	if found, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !found {
		return nil, checkin.ErrNoCheckIn
	}
	c.At = clock.FromMillis(at)
	c.UndoneAt, c.ReceivedAt = when(undone), when(received)
	c.Moved, c.Conflict = moved != 0, conflict != 0
	return &c, nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// millis is a time as a column holds it, when a stored one; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Millis(t)
}

func when(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return clock.FromMillis(ms)
}

const (
	trace = `SELECT c.at, c.n, COALESCE(g.name, ''), COALESCE(g.name_en, ''),
		COALESCE(d.name, '') FROM checkin c
		LEFT JOIN gate g ON g.id = c.gate_id AND g.organization_id = c.organization_id
		LEFT JOIN device d ON d.id = c.device_id AND d.organization_id = c.organization_id
		WHERE c.organization_id = ? AND c.ticket_id = ? AND c.direction = 1
		AND c.undone_at = 0 AND c.conflict = 0 `
	firstTrace = trace + `ORDER BY c.at, c.id LIMIT 1`
	lastTrace  = trace + `ORDER BY c.at DESC, c.id DESC LIMIT 1`
)

// Spans are the first and the last standing entries of a ticket; nil and nil without any.
func (s checkIns) Spans(ctx context.Context, scope actor.Scope, ticket int64) (
	first, last *checkin.Trace, err error,
) {
	if first, err = s.trace(ctx, firstTrace, scope, ticket); err != nil || first == nil {
		return nil, nil, err
	}
	if last, err = s.trace(ctx, lastTrace, scope, ticket); last == nil {
		last = first // undone since the first was read
	}
	return first, last, err
}

func (s checkIns) trace(ctx context.Context, query string, scope actor.Scope, ticket int64) (
	*checkin.Trace, error,
) {
	var t checkin.Trace
	var at int64
	err := s.db.QueryRow(ctx, query, scope.Organization, ticket).
		Scan(&at, &t.N, &t.Gate, &t.GateEn, &t.Device)
	if found, err := sqldb.Found(err); err != nil || !found {
		return nil, err
	}
	t.At = clock.FromMillis(at)
	return &t, nil
}
