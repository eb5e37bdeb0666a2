package visitordb

import (
	"database/sql"

	"foyer/internal/clock"
	"foyer/internal/sqldb"
	"foyer/internal/visitor"
)

// NamedIn are the people of an order who enter.
func (s *Store) NamedIn(tx *sqldb.Tx, organization, order int64) ([]visitor.Row, error) {
	rows, err := tx.Query(`SELECT line, unit, person, subject FROM visitor
		WHERE organization_id = ? AND order_id = ? AND state = ? AND person > 0`, organization,
		order, visitor.Entering)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (v visitor.Row, err error) {
		return v, r.Scan(&v.Line, &v.Unit, &v.Person, &v.Subject)
	})
}

// Arrive lets those who come with new units enter, and forgets the old units' people.
func (s *Store) Arrive(tx *sqldb.Tx, a visitor.Arrive) error {
	for _, u := range a.Old {
		if _, err := tx.Exec(`DELETE FROM visitor WHERE organization_id = ? AND order_id = ?
			AND line = ? AND unit = ?`, a.Organization, a.Order, u.Line, u.Unit); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(`UPDATE visitor SET state = ? WHERE organization_id = ?
		AND order_id = ? AND state IN (?, ?)`, visitor.Entering, a.Organization, a.Order,
		visitor.Coming, visitor.Moving); err != nil {
		return err
	}
	if a.Buyer == 0 {
		return nil
	}
	until := clock.Millis(a.Until)
	_, err := tx.Exec(`UPDATE visitor SET session_id = ?, subject = ?, delete_after = CASE
		WHEN delete_after > ? THEN delete_after ELSE ? END WHERE organization_id = ?
		AND order_id = ? AND person = 0`, a.Session, a.Buyer, until, until, a.Organization,
		a.Order)
	return err
}

// Stay forgets who was to come with new units.
func (s *Store) Stay(tx *sqldb.Tx, organization, order int64) error {
	_, err := tx.Exec(`DELETE FROM visitor WHERE organization_id = ? AND order_id = ?
		AND state IN (?, ?)`, organization, order, visitor.Coming, visitor.Moving)
	return err
}
