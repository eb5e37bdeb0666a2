package paymentdb

import (
	"context"
	"database/sql"

	"foyer/internal/sqldb"
)

const selectBacklog = `SELECT p.provider, COUNT(*) FROM (SELECT payment_id FROM refund
	WHERE state = 'requested' /* any organization: a provider serves all */ LIMIT ?) r
	JOIN payment p ON p.id = r.payment_id GROUP BY p.provider`

// Backlog counts by provider the refunds that it has not accepted yet, at most limit.
func (s *Store) Backlog(ctx context.Context, limit int) (map[string]int, error) {
	rows, err := s.db.Query(ctx, selectBacklog, limit)
	counts := map[string]int{}
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var provider string
		var n int
		err := r.Scan(&provider, &n)
		counts[provider] = n
		return struct{}{}, err
	})
	return counts, err
}
