package orderdb

import "foyer/internal/sqldb"

const selectUnpaidOf = `SELECT id FROM orders WHERE member_id = ?
  AND state IN ('pending', 'closing', 'requested')
  /* any organization: a member's own orders */ LIMIT 1`

// UnpaidOf says whether a member has an order that is neither paid nor over, in the
// transaction that closes the member's account.
func (s *Store) UnpaidOf(tx *sqldb.Tx, member int64) (bool, error) {
	var id int64
	return sqldb.Found(tx.QueryRow(selectUnpaidOf, member).Scan(&id))
}
