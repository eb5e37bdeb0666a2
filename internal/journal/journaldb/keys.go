package journaldb

import (
	"context"
	"database/sql"

	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

const (
	insertKeys = `INSERT INTO idempotency_key (caller, key_hash, input_hash, lane, n,
		object_id, status, day, answer) VALUES `
	keyRow     = `(?, ?, ?, ?, ?, ?, ?, ?, ?)`
	keyRowArgs = 9
)

// InsertKeys stores keys, all or none; sqldb.IsDuplicate holds for its error when one of
// them stands.
func (s *Store) InsertKeys(tx *sqldb.Tx, list ...journal.KeyRow) error {
	args := make([]any, 0, len(list)*keyRowArgs)
	for i := range list {
		r := &list[i]
		args = append(args, r.Caller, r.Key[:], r.Input[:], r.Position.Lane, r.Position.N,
			r.Object, r.Status, r.Day, answerOf(*r))
	}
	return tx.InsertRows(insertKeys, keyRow, keyRowArgs, args)
}

// answerOf is NULL for no answer and for one that was too large.
func answerOf(r journal.KeyRow) any {
	if r.Status == 0 || r.TooLarge {
		return nil
	}
	return orEmpty(r.Body)
}

// FinishKey completes a key in progress; false when there is none.
func (s *Store) FinishKey(tx *sqldb.Tx, r journal.KeyRow) (bool, error) {
	n, err := tx.Exec(`UPDATE idempotency_key SET lane = ?, n = ?, object_id = ?, status = ?,
		answer = ? WHERE caller = ? AND key_hash = ? AND status = 0`,
		r.Position.Lane, r.Position.N, r.Object, r.Status, answerOf(r), r.Caller, r.Key[:])
	return n == 1, err
}

// Key reads one key.
func (s *Store) Key(ctx context.Context, id journal.KeyID) (journal.KeyRow, bool, error) {
	r := journal.KeyRow{KeyID: id}
	var input []byte
	var has bool
	ok, err := sqldb.Found(s.db.QueryRow(ctx, `SELECT input_hash, lane, n, object_id, status,
		day, answer, answer IS NOT NULL FROM idempotency_key
		WHERE caller = ? AND key_hash = ?`, id.Caller, id.Key[:]).Scan(&input,
		&r.Position.Lane, &r.Position.N, &r.Object, &r.Status, &r.Day, &r.Body, &has))
	copy(r.Input[:], input)
	r.TooLarge = ok && r.Status != 0 && !has
	return r, ok, err
}

// KeysAfter lists keys by primary key, without bodies.
func (s *Store) KeysAfter(
	ctx context.Context, after journal.KeyID, limit int,
) ([]journal.KeyRow, error) {
	rows, err := s.db.Query(ctx, `SELECT caller, key_hash, day FROM idempotency_key
		WHERE caller > ? OR (caller = ? AND key_hash > ?) ORDER BY caller, key_hash LIMIT ?`,
		after.Caller, after.Caller, after.Key[:], limit)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (r journal.KeyRow, err error) {
		var key []byte
		err = rows.Scan(&r.Caller, &key, &r.Day)
		copy(r.Key[:], key)
		return r, err
	})
}

// DeleteKeys drops keys.
func (s *Store) DeleteKeys(tx *sqldb.Tx, ids []journal.KeyID) error {
	for _, id := range ids {
		if _, err := tx.Exec(`DELETE FROM idempotency_key WHERE caller = ? AND key_hash = ?`,
			id.Caller, id.Key[:]); err != nil {
			return err
		}
	}
	return nil
}
