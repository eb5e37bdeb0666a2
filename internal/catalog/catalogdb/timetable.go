package catalogdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

const sessionColumns = `id, organization_id, revision, created_at, updated_at, venue_id,
	hall_id, event_id, state, starts_at, ends_at, business_day, sale_from, sale_until,
	seat_map_version_id, price_list_id, refund_policy_id, hold_seconds, max_per_order,
	max_per_member, orphan_rule, doc`

// keptFor is how long ended sessions stay in the picture in memory.
const keptFor = 36 * time.Hour

func sessionTable(db *sqldb.DB, clk clock.Clock) *table[catalog.Session] {
	return &table[catalog.Session]{db: db, statements: statements{
		insert: `INSERT INTO session (id, organization_id, venue_id, hall_id, event_id, state,
			starts_at, ends_at, business_day, sale_from, sale_until, seat_map_version_id,
			price_list_id, refund_policy_id, hold_seconds, max_per_order, max_per_member,
			orphan_rule, doc, revision, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE session SET venue_id = ?, hall_id = ?, event_id = ?, state = ?,
			starts_at = ?, ends_at = ?, business_day = ?, sale_from = ?, sale_until = ?,
			seat_map_version_id = ?, price_list_id = ?, refund_policy_id = ?,
			hold_seconds = ?, max_per_order = ?, max_per_member = ?, orphan_rule = ?,
			doc = ?, revision = ?, updated_at = ?
			WHERE id = ? AND organization_id = ? AND revision = ?`,
		find: `SELECT ` + sessionColumns + ` FROM session WHERE id = ? AND organization_id = ?`,
		list: `SELECT ` + sessionColumns + ` FROM session
			WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		known: `SELECT ` + sessionColumns + ` FROM session WHERE id > ? AND ends_at > ?
			/* any organization: the public picture */ ORDER BY id LIMIT ?`,
		one: `SELECT ` + sessionColumns + ` FROM session WHERE id = ?
			/* any organization: the public picture */`,
	},
		since:  func() time.Time { return clk.Now().Add(-keptFor) },
		meta:   func(s *catalog.Session) *catalog.Meta { return &s.Meta },
		values: sessionValues, scan: scanSession,
	}
}

type sessionDoc struct {
	catalog.SessionInfo
	AreaCapacity map[int32]int `json:"area_capacity,omitempty"`
	Moved        int64         `json:"moved,omitempty"`
}

func sessionValues(s *catalog.Session) ([]any, error) {
	doc, err := encode("note", sessionDoc{s.SessionInfo, s.AreaCapacity, s.Moved}, 8000)
	return []any{s.VenueID, s.HallID, s.EventID, string(s.State), stored(s.StartsAt),
		stored(s.EndsAt), s.BusinessDay, stored(s.SaleFrom), stored(s.SaleUntil),
		s.SeatMapVersionID, s.PriceListID, s.RefundPolicyID, s.HoldSeconds, s.MaxPerOrder,
		s.MaxPerMember, string(s.OrphanRule), doc}, err
}

func scanSession(s *catalog.Session) ([]any, func() error) {
	var doc []byte
	var starts, ends, from, until int64
	var i catalog.SessionInfo
	return []any{&s.VenueID, &s.HallID, &s.EventID, &s.State, &starts, &ends, &s.BusinessDay,
			&from, &until, &s.SeatMapVersionID, &s.PriceListID, &s.RefundPolicyID,
			&i.HoldSeconds, &i.MaxPerOrder, &i.MaxPerMember, &i.OrphanRule, &doc},
		func() error {
			d := sessionDoc{}
			if err := json.Unmarshal(doc, &d); err != nil {
				return err
			}
			s.SessionInfo, s.AreaCapacity, s.Moved = d.SessionInfo, d.AreaCapacity, d.Moved
			s.HoldSeconds, s.MaxPerOrder = i.HoldSeconds, i.MaxPerOrder
			s.MaxPerMember, s.OrphanRule = i.MaxPerMember, i.OrphanRule
			s.StartsAt, s.EndsAt = clock.FromMillis(starts), clock.FromMillis(ends)
			s.SaleFrom, s.SaleUntil = clock.FromMillis(from), clock.FromMillis(until)
			return nil
		}
}

type timetable struct{ *table[catalog.Session] }

// longest bounds how far before a span a session may begin that still reaches into it.
const longest = 48 * time.Hour

// Overlapping is a session of the hall that touches the span, or nil.
func (t timetable) Overlapping(tx *sqldb.Tx, scope actor.Scope, hall int64, from, to time.Time,
	except int64) (*catalog.Session, error) {
	list, err := t.collect(tx.Query(`SELECT `+sessionColumns+` FROM session
		WHERE organization_id = ? AND hall_id = ? AND starts_at > ? AND starts_at < ?
		AND ends_at > ? AND state <> 'cancelled' AND id <> ? ORDER BY starts_at LIMIT 1`,
		scope.Organization, hall, stored(from.Add(-longest)), stored(to), stored(from), except))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// LockHall touches the hall's row, which on MySQL holds it until the commit; SQLite has
// one writer anyway.
func (t timetable) LockHall(tx *sqldb.Tx, scope actor.Scope, hall int64) error {
	return tx.Guard(fault.Missing, `UPDATE hall SET updated_at = updated_at
		WHERE id = ? AND organization_id = ?`, hall, scope.Organization)
}

// usingStatements are the statements by what sessions use. Each binds organization, id and
// the time after which a session must end.
type usingStatements struct{ bump, list, count string }

func using(by catalog.Using) (usingStatements, error) {
	switch by {
	case catalog.UsingPriceList:
		return usingStatements{
			bump: `UPDATE session SET revision = revision + 1, updated_at = ?
				WHERE organization_id = ? AND price_list_id = ? AND ends_at > ?`,
			list: `SELECT ` + sessionColumns + ` FROM session
				WHERE organization_id = ? AND price_list_id = ? AND ends_at > ?`,
			count: `SELECT COUNT(*) FROM session WHERE organization_id = ?
				AND price_list_id = ? AND ends_at > ? AND state IN ('on_sale', 'paused')`,
		}, nil
	case catalog.UsingPolicy:
		return usingStatements{
			bump: `UPDATE session SET revision = revision + 1, updated_at = ?
				WHERE organization_id = ? AND refund_policy_id = ? AND ends_at > ?`,
			list: `SELECT ` + sessionColumns + ` FROM session
				WHERE organization_id = ? AND refund_policy_id = ? AND ends_at > ?`,
			count: `SELECT COUNT(*) FROM session WHERE organization_id = ?
				AND refund_policy_id = ? AND ends_at > ? AND state IN ('on_sale', 'paused')`,
		}, nil
	case catalog.UsingEvent:
		return usingStatements{
			bump: `UPDATE session SET revision = revision + 1, updated_at = ?
				WHERE organization_id = ? AND event_id = ? AND ends_at > ?`,
			list: `SELECT ` + sessionColumns + ` FROM session
				WHERE organization_id = ? AND event_id = ? AND ends_at > ?`,
			count: `SELECT COUNT(*) FROM session WHERE organization_id = ?
				AND event_id = ? AND ends_at > ? AND state IN ('on_sale', 'paused')`,
		}, nil
	case catalog.UsingVenue:
		return usingStatements{count: `SELECT COUNT(*) FROM session WHERE organization_id = ?
			AND venue_id = ? AND ends_at > ? AND state IN ('on_sale', 'paused')`}, nil
	}
	if q, ok := usingOffer(by); ok {
		return q, nil
	}
	return usingStatements{}, fmt.Errorf("catalogdb: sessions are not looked up by %q", by)
}

// Bump raises the revision of the sessions to come that use a price list or policy.
func (t timetable) Bump(tx *sqldb.Tx, scope actor.Scope, by catalog.Using,
	id int64) ([]*catalog.Session, error) {
	q, err := using(by)
	if err != nil || q.bump == "" {
		return nil, err
	}
	now := stored(tx.Now)
	if n, err := tx.Exec(q.bump, now, scope.Organization, id, now); err != nil || n == 0 {
		return nil, err
	}
	return t.collect(tx.Query(q.list, scope.Organization, id, now))
}

// Selling counts the sessions to come that are on sale or paused.
func (t timetable) Selling(tx *sqldb.Tx, scope actor.Scope, by catalog.Using,
	id int64) (n int, err error) {
	q, err := using(by)
	if err == nil {
		err = tx.QueryRow(q.count, scope.Organization, id, stored(tx.Now)).Scan(&n)
	}
	return n, err
}

const selectGates = `SELECT id, revision, state, sale_from, sale_until, ends_at FROM session
	WHERE /* any organization: buyers buy of all */ id IN (`

// Gates reads what decides whether sessions sell; those that are not there are left out.
func (t timetable) Gates(tx *sqldb.Tx, sessions []int64) (map[int64]catalog.Gate, error) {
	gates := make(map[int64]catalog.Gate, len(sessions))
	for part := range slices.Chunk(sessions, 32) {
		n := 1
		for n < len(part) {
			n *= 2 // few sizes, so that few texts are prepared
		}
		args := make([]any, n)
		for i := range args {
			args[i] = part[min(i, len(part)-1)]
		}
		rows, err := tx.Query(selectGates+sqldb.Marks(n)+`)`, args...)
		_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
			var g catalog.Gate
			var id, from, until, ends int64
			err := r.Scan(&id, &g.Revision, &g.State, &from, &until, &ends)
			g.SaleFrom, g.SaleUntil = clock.FromMillis(from), clock.FromMillis(until)
			g.EndsAt = clock.FromMillis(ends)
			gates[id] = g
			return struct{}{}, err
		})
		if err != nil {
			return nil, err
		}
	}
	return gates, nil
}

// Between lists an organization's sessions by start and id.
func (t timetable) Between(ctx context.Context, scope actor.Scope,
	q catalog.SessionRange) ([]*catalog.Session, error) {
	after := stored(q.AfterStart)
	if q.Venue != 0 {
		return t.collect(t.db.Query(ctx, `SELECT `+sessionColumns+` FROM session
			WHERE organization_id = ? AND venue_id = ? AND starts_at >= ? AND starts_at < ?
			AND (starts_at > ? OR (starts_at = ? AND id > ?))
			ORDER BY starts_at, id LIMIT ?`, scope.Organization, q.Venue, stored(q.From),
			stored(q.To), after, after, q.AfterID, q.Limit))
	}
	return t.collect(t.db.Query(ctx, `SELECT `+sessionColumns+` FROM session
		WHERE organization_id = ? AND starts_at >= ? AND starts_at < ?
		AND (starts_at > ? OR (starts_at = ? AND id > ?))
		ORDER BY starts_at, id LIMIT ?`, scope.Organization, stored(q.From), stored(q.To),
		after, after, q.AfterID, q.Limit))
}

// At is the session of a hall that starts at the moment, or nil.
func (t timetable) At(tx *sqldb.Tx, scope actor.Scope, hall int64,
	start time.Time) (*catalog.Session, error) {
	list, err := t.collect(tx.Query(`SELECT `+sessionColumns+` FROM session
		WHERE organization_id = ? AND hall_id = ? AND starts_at = ? AND state <> 'cancelled'
		ORDER BY id LIMIT 1`, scope.Organization, hall, stored(start)))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}
