package journaldb

import (
	"context"
	"database/sql"
	"time"

	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Cursors are where a subscriber stands in each lane.
func (s *Store) Cursors(ctx context.Context, subscriber string) ([]journal.Cursor, error) {
	rows, err := s.db.Query(ctx, `SELECT lane, n FROM fact_cursor WHERE subscriber = ?
		ORDER BY lane`, subscriber)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (journal.Cursor, error) {
		c := journal.Cursor{Subscriber: subscriber}
		err := rows.Scan(&c.Lane, &c.N)
		return c, err
	})
}

// SaveCursor moves a cursor forward, never back.
func (s *Store) SaveCursor(tx *sqldb.Tx, c journal.Cursor) error {
	n, err := tx.Exec(`UPDATE fact_cursor SET n = CASE WHEN n < ? THEN ? ELSE n END
		WHERE subscriber = ? AND lane = ?`, c.N, c.N, c.Subscriber, c.Lane)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.Exec(`INSERT INTO fact_cursor (subscriber, lane, n) VALUES (?, ?, ?)`,
		c.Subscriber, c.Lane, c.N)
	return err
}

// Hold takes or keeps the delivery to a subscriber for holder.
func (s *Store) Hold(
	tx *sqldb.Tx, subscriber, holder string, until time.Time,
) (bool, error) {
	n, err := tx.Exec(`UPDATE subscriber SET holder = ?, lease_until = ?
		WHERE name = ? AND (holder = ? OR lease_until <= ?)`,
		holder, clock.Millis(until), subscriber, holder, clock.Millis(tx.Now))
	if err != nil || n > 0 {
		return n > 0, err
	}
	err = tx.Try(func() error {
		_, err := tx.Exec(`INSERT INTO subscriber (name, holder, lease_until)
			VALUES (?, ?, ?)`, subscriber, holder, clock.Millis(until))
		return err
	})
	if err != nil && sqldb.IsDuplicate(err) {
		return false, nil
	}
	return err == nil, err
}

// Park puts a fact aside; parking it again keeps the newest problem.
func (s *Store) Park(tx *sqldb.Tx, p journal.Parked) error {
	n, err := tx.Exec(`UPDATE fact_parked SET tries = ?, problem = ?, parked_at = ?
		WHERE subscriber = ? AND lane = ? AND n = ?`,
		p.Tries, p.Problem, clock.Millis(p.ParkedAt), p.Subscriber, p.Lane, p.N)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.Exec(`INSERT INTO fact_parked (subscriber, lane, n, tries, problem, parked_at)
		VALUES (?, ?, ?, ?, ?, ?)`,
		p.Subscriber, p.Lane, p.N, p.Tries, p.Problem, clock.Millis(p.ParkedAt))
	return err
}

// Unpark forgets a parked fact.
func (s *Store) Unpark(tx *sqldb.Tx, subscriber string, pos journal.Position) error {
	_, err := tx.Exec(`DELETE FROM fact_parked WHERE subscriber = ? AND lane = ? AND n = ?`,
		subscriber, pos.Lane, pos.N)
	return err
}

// ParkedAfter lists parked facts by subscriber, lane and number.
func (s *Store) ParkedAfter(
	ctx context.Context, after journal.Parked, limit int,
) ([]journal.Parked, error) {
	rows, err := s.db.Query(ctx, `SELECT subscriber, lane, n, tries, problem, parked_at
		FROM fact_parked WHERE subscriber > ? OR (subscriber = ? AND (lane > ? OR
		(lane = ? AND n > ?))) ORDER BY subscriber, lane, n LIMIT ?`,
		after.Subscriber, after.Subscriber, after.Lane, after.Lane, after.N, limit)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (p journal.Parked, err error) {
		var at int64
		err = rows.Scan(&p.Subscriber, &p.Lane, &p.N, &p.Tries, &p.Problem, &at)
		p.ParkedAt = clock.FromMillis(at)
		return p, err
	})
}
