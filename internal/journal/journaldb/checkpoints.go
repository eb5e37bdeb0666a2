package journaldb

import (
	"context"
	"database/sql"
	"time"

	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// InsertCheckpoint stores a checkpoint; it fails when another process made one in the
// same millisecond.
func (s *Store) InsertCheckpoint(tx *sqldb.Tx, c journal.Checkpoint) error {
	_, err := tx.Exec(`INSERT INTO journal_checkpoint (at, heads, key_id, signature)
		VALUES (?, ?, ?, ?)`, clock.Millis(c.At), c.Heads, int(c.KeyID), c.Signature)
	return err
}

// LastCheckpoint is the newest one.
func (s *Store) LastCheckpoint(ctx context.Context) (journal.Checkpoint, bool, error) {
	rows, err := s.db.Query(ctx, `SELECT at, heads, key_id, signature FROM journal_checkpoint
		ORDER BY at DESC LIMIT 1`)
	list, err := sqldb.Collect(rows, err, scanCheckpoint)
	if err != nil || len(list) == 0 {
		return journal.Checkpoint{}, false, err
	}
	return list[0], true, nil
}

// CheckpointsAfter lists checkpoints by time.
func (s *Store) CheckpointsAfter(
	ctx context.Context, at time.Time, limit int,
) ([]journal.Checkpoint, error) {
	rows, err := s.db.Query(ctx, `SELECT at, heads, key_id, signature FROM journal_checkpoint
		WHERE at > ? ORDER BY at LIMIT ?`, clock.Millis(at), limit)
	return sqldb.Collect(rows, err, scanCheckpoint)
}

func scanCheckpoint(rows *sql.Rows) (c journal.Checkpoint, err error) {
	var at int64
	err = rows.Scan(&at, &c.Heads, &c.KeyID, &c.Signature)
	c.At = clock.FromMillis(at)
	return c, err
}

// InsertMonth notes that a month of a lane is in its file.
func (s *Store) InsertMonth(tx *sqldb.Tx, m journal.Month) error {
	_, err := tx.Exec(`INSERT INTO journal_month (lane, month, first_n, last_n, last_hash)
		VALUES (?, ?, ?, ?, ?)`, m.Lane, m.Month, m.First, m.Last, orEmpty(m.LastHash))
	return err
}

// LastMonth is the newest closed month of a lane.
func (s *Store) LastMonth(
	ctx context.Context, lane int,
) (journal.Month, bool, error) {
	m := journal.Month{Lane: lane}
	ok, err := sqldb.Found(s.db.QueryRow(ctx, `SELECT month, first_n, last_n, last_hash
		FROM journal_month WHERE lane = ? ORDER BY month DESC LIMIT 1`, lane).
		Scan(&m.Month, &m.First, &m.Last, &m.LastHash))
	return m, ok, err
}
