package orderdb

import (
	"database/sql"

	"foyer/internal/order"
	"foyer/internal/sqldb"
)

const selectUnpaidOf = `SELECT id FROM orders WHERE member_id = ?
  AND state IN ('pending', 'closing', 'requested')
  /* any organization: a member's own orders */ LIMIT 1`

// UnpaidOf says whether a member has an order that is neither paid nor over, in the
// transaction that closes the member's account.
func (s *Store) UnpaidOf(tx *sqldb.Tx, member int64) (bool, error) {
	var id int64
	return sqldb.Found(tx.QueryRow(selectUnpaidOf, member).Scan(&id))
}

// Placed is an order of a member as the closing of an account looks at it.
type Placed struct {
	ID    int64
	State order.State
}

// PlacedBy is a page of a member's orders after an id, in the transaction that closes the
// member's account.
func (s *Store) PlacedBy(tx *sqldb.Tx, member, after int64, limit int) ([]Placed, error) {
	rows, err := tx.Query(`SELECT id, state FROM orders WHERE member_id = ? AND id > ?
		/* any organization: a member's own orders */ ORDER BY id LIMIT ?`, member, after, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (p Placed, err error) {
		return p, r.Scan(&p.ID, &p.State)
	})
}
