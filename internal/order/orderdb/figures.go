package orderdb

import (
	"context"
	"database/sql"

	"foyer/internal/sqldb"
)

// Figures counts the orders made since a key by state. It walks the primary key, so ask
// for a day, not for ever.
func (s *Store) Figures(ctx context.Context, since int64) (map[string]int, error) {
	rows, err := s.db.Query(ctx, `SELECT state, COUNT(*) FROM orders WHERE id >= ?
		/* any organization: figures of the installation */ GROUP BY state`, since)
	counts := map[string]int{}
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var state string
		var n int
		err := r.Scan(&state, &n)
		counts[state] = n
		return struct{}{}, err
	})
	return counts, err
}
