package journaldb

import (
	"context"
	"database/sql"

	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

const (
	rowColumns = 10
	insertRow  = `INSERT INTO journal (lane, n, at, organization_id, actor_kind, actor_id,
		action, chained, loose, hash) VALUES `
	selectRow = `SELECT j.lane, j.n, j.at, j.organization_id, j.actor_kind, j.actor_id,
		j.action, j.chained, j.loose, j.hash FROM journal j `
)

// InsertRows stores the entries of a batch.
func (s *Store) InsertRows(tx *sqldb.Tx, rows []journal.Row) error {
	return insertAll(tx, s.insertRows, len(rows), func(args []any, i int) []any {
		r := &rows[i]
		var loose any
		if len(r.Loose) > 0 {
			loose = r.Loose
		}
		return append(args, r.Lane, r.N, clock.Millis(r.At), r.Organization,
			int(r.ActorKind), r.ActorID, r.Action, r.Chained, loose, r.Hash)
	})
}

// Advance moves a lane's head if it still stands at from with this epoch.
func (s *Store) Advance(
	tx *sqldb.Tx, lane int, epoch, from, to int64, head []byte,
) (bool, error) {
	n, err := tx.Exec(`UPDATE lane SET n = ?, head = ? WHERE id = ? AND n = ? AND epoch = ?`,
		to, head, lane, from, epoch)
	return n == 1, err
}

// Page is up to limit rows of a lane after n, in order.
func (s *Store) Page(
	ctx context.Context, lane int, after int64, limit int,
) ([]journal.Row, error) {
	rows, err := s.db.Query(ctx, selectRow+`WHERE j.lane = ? AND j.n > ?
		ORDER BY j.n LIMIT ?`, lane, after, limit)
	return sqldb.Collect(rows, err, scanRow)
}

func scanRow(rows *sql.Rows) (r journal.Row, err error) {
	var at int64
	err = rows.Scan(&r.Lane, &r.N, &at, &r.Organization, &r.ActorKind, &r.ActorID,
		&r.Action, &r.Chained, &r.Loose, &r.Hash)
	r.At = clock.FromMillis(at)
	return r, err
}

const (
	refColumns = 6
	insertRef  = `INSERT INTO journal_ref (ref_kind, ref_id, at, lane, n,
		organization_id) VALUES `
)

// InsertRefs stores references.
func (s *Store) InsertRefs(tx *sqldb.Tx, refs []journal.Ref) error {
	return insertAll(tx, s.insertRefs, len(refs), func(args []any, i int) []any {
		r := &refs[i]
		return append(args, r.Kind, r.ID, clock.Millis(r.At), r.Lane, r.N, r.Organization)
	})
}

// RowsByRef is a page of entries by one reference, newest first. The first comparison of
// the time bounds the walk of the key, the others break ties within one millisecond.
func (s *Store) RowsByRef(
	ctx context.Context, kind string, id int64, q journal.Search,
) ([]journal.Row, error) {
	at := clock.Millis(q.BeforeAt)
	rows, err := s.db.Query(ctx, `SELECT j.lane, j.n, j.at, j.organization_id, j.actor_kind,
		j.actor_id, j.action, j.chained, j.loose, j.hash
		FROM journal_ref r JOIN journal j ON j.lane = r.lane AND j.n = r.n
		WHERE r.ref_kind = ? AND r.ref_id = ? AND r.organization_id = ?
		AND r.at >= ? AND r.at <= ?
		AND (r.at < ? OR r.lane < ? OR (r.lane = ? AND r.n < ?))
		ORDER BY r.at DESC, r.lane DESC, r.n DESC LIMIT ?`,
		kind, id, q.Organization, clock.Millis(q.From), at,
		at, q.Before.Lane, q.Before.Lane, q.Before.N, q.Limit)
	return sqldb.Collect(rows, err, scanRow)
}
