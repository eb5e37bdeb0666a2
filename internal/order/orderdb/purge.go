package orderdb

import (
	"context"
	"database/sql"

	"foyer/internal/order"
	"foyer/internal/sqldb"
)

// EndedUnpaid looks at a page of orders by key.
func (s *Store) EndedUnpaid(ctx context.Context, after, before int64, limit int) (
	f order.Forgettable, err error,
) {
	rows, err := s.db.Query(ctx, `SELECT id, CASE WHEN state IN ('expired', 'cancelled')
		AND payments_opened = 0 AND captured_minor = 0 THEN 1 ELSE 0 END FROM orders
		WHERE id > ? AND id < ? ORDER BY id LIMIT ?
		/* any organization: the house's own tidying serves all */`, after, before, limit)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var over int
		if err = r.Scan(&f.Last, &over); over == 1 {
			f.Orders = append(f.Orders, f.Last)
		}
		return struct{}{}, err
	})
	return f, err
}

// Forget deletes an order that ended without any payment ever opened, with what is its own.
func (s *Store) Forget(tx *sqldb.Tx, organization, id int64) (bool, error) {
	n, err := tx.Exec(`DELETE FROM orders WHERE id = ? AND organization_id = ?
		AND state IN ('expired', 'cancelled') AND payments_opened = 0 AND captured_minor = 0`,
		id, organization)
	if err != nil || n != 1 {
		return false, err
	}
	if _, err := tx.Exec(`DELETE FROM order_line WHERE order_id = ?`, id); err != nil {
		return false, err
	}
	_, err = tx.Exec(`DELETE FROM order_agreement WHERE order_id = ? AND organization_id = ?`, id,
		organization)
	return err == nil, err
}
