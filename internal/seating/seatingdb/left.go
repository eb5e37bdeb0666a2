package seatingdb

import (
	"context"
	"database/sql"

	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

func idArgs(ids []int64) []any {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return args
}

// SeatsTaken counts the claimed seats of sessions, without those kept for buyers online.
func (s *Store) SeatsTaken(ctx context.Context, sessions []int64) (map[int64]int, error) {
	taken := make(map[int64]int, len(sessions))
	rows, err := s.db.Query(ctx, `SELECT session_id, COUNT(*) FROM claim WHERE state <> 4
		AND session_id IN (`+sqldb.Marks(len(sessions))+`) GROUP BY session_id`,
		idArgs(sessions)...)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id int64
		var n int
		err = r.Scan(&id, &n)
		taken[id] = n
		return struct{}{}, err
	})
	return taken, err
}

// AreasOf sums the areas of sessions.
func (s *Store) AreasOf(ctx context.Context, sessions []int64) (map[int64]seating.AreaStock,
	error,
) {
	sums := make(map[int64]seating.AreaStock, len(sessions))
	rows, err := s.db.Query(ctx, `SELECT session_id, CAST(SUM(capacity) AS SIGNED),
		CAST(SUM(taken) AS SIGNED), CAST(SUM(kept) AS SIGNED) FROM area_stock
		WHERE session_id IN (`+sqldb.Marks(len(sessions))+`) GROUP BY session_id`,
		idArgs(sessions)...)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id int64
		var a seating.AreaStock
		err = r.Scan(&id, &a.Capacity, &a.Taken, &a.Kept)
		sums[id] = a
		return struct{}{}, err
	})
	return sums, err
}
