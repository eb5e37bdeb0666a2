package checkindb

import (
	"context"
	"database/sql"
	"time"

	"foyer/internal/actor"
	"foyer/internal/checkin"
	"foyer/internal/clock"
	"foyer/internal/sqldb"
	"foyer/internal/ticket/rule"
)

type precincts struct{ db *sqldb.DB }

const (
	precinctColumns = `id, organization_id, venue_id, code, name, name_en, capacity`
	insertPrecinct  = `INSERT INTO precinct (` + precinctColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?)`
	updatePrecinct = `UPDATE precinct SET code = ?, name = ?, name_en = ?, capacity = ?
		WHERE organization_id = ? AND venue_id = ? AND id = ?`
	countPrecincts = `SELECT COUNT(*) FROM precinct WHERE organization_id = ? AND venue_id = ?`
	listPrecincts  = `SELECT ` + precinctColumns + ` FROM precinct
		WHERE organization_id = ? AND venue_id = ? ORDER BY id LIMIT 100`
)

// Insert stores a precinct.
func (s precincts) Insert(tx *sqldb.Tx, p *checkin.Precinct) error {
	_, err := tx.Exec(insertPrecinct, p.ID, p.Organization, p.Venue, p.Code, p.Name, p.NameEn,
		p.Capacity)
	return err
}

// Update changes a precinct.
func (s precincts) Update(tx *sqldb.Tx, p *checkin.Precinct) (bool, error) {
	n, err := tx.Exec(updatePrecinct, p.Code, p.Name, p.NameEn, p.Capacity, p.Organization,
		p.Venue, p.ID)
	return n == 1, err
}

// Count is how many precincts a venue has.
func (s precincts) Count(tx *sqldb.Tx, scope actor.Scope, venue int64) (n int, err error) {
	err = tx.QueryRow(countPrecincts, scope.Organization, venue).Scan(&n)
	return n, err
}

// OfVenue are the precincts of a venue.
func (s precincts) OfVenue(ctx context.Context, scope actor.Scope, venue int64) (
	[]checkin.Precinct, error,
) {
	rows, err := s.db.Query(ctx, listPrecincts, scope.Organization, venue)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (p checkin.Precinct, err error) {
		return p, r.Scan(&p.ID, &p.Organization, &p.Venue, &p.Code, &p.Name, &p.NameEn,
			&p.Capacity)
	})
}

const (
	addFlow = `UPDATE precinct_count SET entered = entered + ?, gone = gone + ?
		WHERE venue_id = ? AND precinct_id = ? AND day = ?`
	insertFlow = `INSERT INTO precinct_count (venue_id, precinct_id, day, entered, gone)
		VALUES (?, ?, ?, ?, ?)`
	selectFlows = `SELECT precinct_id, entered, gone FROM precinct_count
		WHERE venue_id = ? AND day = ?`
	selectPast = `SELECT entitlement, gate_id, outof_id, into_id, direction,
		CAST(SUM(n) AS SIGNED), CAST(SUM(CASE WHEN at >= ? THEN n ELSE 0 END) AS SIGNED)
		FROM checkin WHERE organization_id = ? AND ticket_id = ? AND undone_at = 0
		AND conflict = 0 GROUP BY entitlement, gate_id, outof_id, into_id, direction`
	selectLast = `SELECT CAST(COALESCE(MAX(CASE WHEN direction = 1 THEN at ELSE 0 END), 0)
		AS SIGNED), CAST(COALESCE(MAX(CASE WHEN direction = 2 THEN at ELSE 0 END), 0) AS SIGNED)
		FROM checkin WHERE organization_id = ? AND ticket_id = ? AND entitlement = ?
		AND undone_at = 0 AND conflict = 0 AND moved = 0`
)

// AddPrecinct counts who came into and left a precinct on a business day.
func (s checkIns) AddPrecinct(tx *sqldb.Tx, k checkin.PrecinctDay, entered, gone int) error {
	n, err := tx.Exec(addFlow, entered, gone, k.Venue, k.Precinct, k.Day)
	if err != nil || n == 1 {
		return err
	}
	err = tx.Try(func() error {
		_, err := tx.Exec(insertFlow, k.Venue, k.Precinct, k.Day, entered, gone)
		return err
	})
	if err != nil && sqldb.IsDuplicate(err) {
		_, err = tx.Exec(addFlow, entered, gone, k.Venue, k.Precinct, k.Day)
	}
	return err
}

// PrecinctsOf are the figures of a venue's precincts on a day; 0 is the whole venue.
func (s checkIns) PrecinctsOf(ctx context.Context, venue int64, day int) (
	map[int64]checkin.Flow, error,
) {
	out := map[int64]checkin.Flow{}
	rows, err := s.db.Query(ctx, selectFlows, venue, day)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id int64
		var f checkin.Flow
		err = r.Scan(&id, &f.Entered, &f.Gone)
		out[id] = f
		return struct{}{}, err
	})
	return out, err
}

// PastIn is what standing check-ins of a ticket say to a gate: of the entitlement how often
// it was used there and in its precinct, of the whole ticket who is in the precinct before.
func (s checkIns) PastIn(tx *sqldb.Tx, q checkin.PastAsk) (rule.Past, error) {
	var p rule.Past
	rows, err := tx.Query(selectPast, clock.Millis(q.DayFrom), q.Organization, q.Ticket)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var number, direction, n, today int
		var gate, outOf, into int64
		if err = r.Scan(&number, &gate, &outOf, &into, &direction, &n, &today); err != nil {
			return struct{}{}, err
		}
		if into == q.From {
			p.Behind += today
		}
		if outOf == q.From {
			p.Behind -= today
		}
		if number != q.Entitlement || direction != int(checkin.Entry) {
			return struct{}{}, nil
		}
		if gate == q.Gate {
			p.Gate, p.GateToday = p.Gate+n, p.GateToday+today
		}
		if into == q.Into && q.Into != 0 {
			p.PrecinctToday += today
		}
		return struct{}{}, nil
	})
	return p, err
}

// LastIn are when an entitlement was last entered and left.
func (s checkIns) LastIn(tx *sqldb.Tx, organization, ticket int64, number int) (
	entered, left time.Time, err error,
) {
	var in, out int64
	err = tx.QueryRow(selectLast, organization, ticket, number).Scan(&in, &out)
	return when(in), when(out), err
}
