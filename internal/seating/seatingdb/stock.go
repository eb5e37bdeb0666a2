package seatingdb

import (
	"database/sql"

	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// Areas of a session, in order of their numbers.
func (s *Store) Areas(tx *sqldb.Tx, session int64) ([]seating.AreaStock, error) {
	rows, err := tx.Query(`SELECT area, capacity, taken, kept FROM area_stock
		WHERE session_id = ? ORDER BY area`, session)
	return sqldb.Collect(rows, err, scanArea)
}

// AddArea opens an area of a session.
func (s *Store) AddArea(tx *sqldb.Tx, session int64, area int32, capacity int) error {
	tx.Forget(areasKey{session})
	_, err := tx.Exec(`INSERT INTO area_stock (session_id, area, capacity, taken)
		VALUES (?, ?, ?, 0)`, session, area, capacity)
	return err
}

// ResizeIfEnough is false when more is taken than the new capacity.
func (s *Store) ResizeIfEnough(tx *sqldb.Tx, session int64, area int32, capacity int,
) (bool, error) {
	n, err := tx.Exec(`UPDATE area_stock SET capacity = ? WHERE session_id = ? AND area = ?
		AND taken <= ?`, capacity, session, area, capacity)
	return n == 1, err
}

// DropAreaIfFree is false when something of it is taken.
func (s *Store) DropAreaIfFree(tx *sqldb.Tx, session int64, area int32) (bool, error) {
	tx.Forget(areasKey{session})
	n, err := tx.Exec(`DELETE FROM area_stock WHERE session_id = ? AND area = ? AND taken = 0`,
		session, area)
	return n == 1, err
}

// HasClaims says whether anybody has anything of the session.
func (s *Store) HasClaims(tx *sqldb.Tx, session int64) (bool, error) {
	var one int
	ok, err := sqldb.Found(tx.QueryRow(`SELECT 1 FROM claim WHERE session_id = ? LIMIT 1`,
		session).Scan(&one))
	if ok || err != nil {
		return ok, err
	}
	return sqldb.Found(tx.QueryRow(`SELECT 1 FROM area_claim WHERE session_id = ? LIMIT 1`,
		session).Scan(&one))
}

// Claimed are the claimed places of a session after a place, in order.
func (s *Store) Claimed(tx *sqldb.Tx, session int64, after int32, limit int) ([]int32, error) {
	rows, err := tx.Query(`SELECT place FROM claim WHERE session_id = ? AND place > ?
		ORDER BY place LIMIT ?`, session, after, limit)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (p int32, err error) {
		return p, rows.Scan(&p)
	})
}
