package journaldb

import (
	"context"
	"database/sql"

	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

const (
	insertKeys = `INSERT INTO idempotency_key (caller, key_hash, input_hash, lane, n,
		object_id, status, day) VALUES `
	keyRow     = `(?, ?, ?, ?, ?, ?, ?, ?)`
	keyRowArgs = 8

	insertAnswers = `INSERT INTO key_answer (lane, n, key_hash, answer) VALUES `
	answerRow     = `(?, ?, ?, ?)`
	answerRowArgs = 4
)

// InsertKeys stores keys, all or none; sqldb.IsDuplicate holds for its error when one of
// them stands.
func (s *Store) InsertKeys(tx *sqldb.Tx, list ...journal.KeyRow) error {
	args := make([]any, 0, len(list)*keyRowArgs)
	for i := range list {
		r := &list[i]
		args = append(args, r.Caller, r.Key[:], r.Input[:], r.Position.Lane, r.Position.N,
			r.Object, r.Status, r.Day)
	}
	if err := tx.InsertRows(insertKeys, keyRow, keyRowArgs, args); err != nil {
		return err
	}
	return insertAnswersOf(tx, list...)
}

// insertAnswersOf stores the bodies, except of keys in progress and those that are too large.
func insertAnswersOf(tx *sqldb.Tx, list ...journal.KeyRow) error {
	args := make([]any, 0, len(list)*answerRowArgs)
	for i := range list {
		if r := &list[i]; r.Status != 0 && !r.TooLarge {
			args = append(args, r.Position.Lane, r.Position.N, r.Key[:], orEmpty(r.Body))
		}
	}
	return tx.InsertRows(insertAnswers, answerRow, answerRowArgs, args)
}

// FinishKey completes a key in progress; false when there is none.
func (s *Store) FinishKey(tx *sqldb.Tx, r journal.KeyRow) (bool, error) {
	n, err := tx.Exec(`UPDATE idempotency_key SET lane = ?, n = ?, object_id = ?, status = ?
		WHERE caller = ? AND key_hash = ? AND status = 0`,
		r.Position.Lane, r.Position.N, r.Object, r.Status, r.Caller, r.Key[:])
	if err != nil || n != 1 {
		return false, err
	}
	return true, insertAnswersOf(tx, r)
}

// Key reads one key.
func (s *Store) Key(ctx context.Context, id journal.KeyID) (journal.KeyRow, bool, error) {
	r := journal.KeyRow{KeyID: id}
	var input []byte
	var has bool
	ok, err := sqldb.Found(s.db.QueryRow(ctx, `SELECT k.input_hash, k.lane, k.n, k.object_id,
		k.status, k.day, COALESCE(a.answer, k.answer), a.answer IS NOT NULL OR
		k.answer IS NOT NULL FROM idempotency_key k
		LEFT JOIN key_answer a ON a.lane = k.lane AND a.n = k.n AND a.key_hash = k.key_hash
		WHERE k.caller = ? AND k.key_hash = ?`, id.Caller, id.Key[:]).Scan(&input,
		&r.Position.Lane, &r.Position.N, &r.Object, &r.Status, &r.Day, &r.Body, &has))
	copy(r.Input[:], input)
	r.TooLarge = ok && r.Status != 0 && !has
	return r, ok, err
}

// KeysAfter lists keys by primary key, without bodies.
func (s *Store) KeysAfter(
	ctx context.Context, after journal.KeyID, limit int,
) ([]journal.KeyRow, error) {
	rows, err := s.db.Query(ctx, `SELECT caller, key_hash, day, lane, n FROM idempotency_key
		WHERE caller > ? OR (caller = ? AND key_hash > ?) ORDER BY caller, key_hash LIMIT ?`,
		after.Caller, after.Caller, after.Key[:], limit)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (r journal.KeyRow, err error) {
		var key []byte
		err = rows.Scan(&r.Caller, &key, &r.Day, &r.Position.Lane, &r.Position.N)
		copy(r.Key[:], key)
		return r, err
	})
}

// DeleteKeys drops keys with their answers.
func (s *Store) DeleteKeys(tx *sqldb.Tx, list []journal.KeyRow) error {
	for i := range list {
		r := &list[i]
		if _, err := tx.Exec(`DELETE FROM idempotency_key WHERE caller = ? AND key_hash = ?`,
			r.Caller, r.Key[:]); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM key_answer WHERE lane = ? AND n = ?
			AND key_hash = ?`, r.Position.Lane, r.Position.N, r.Key[:]); err != nil {
			return err
		}
	}
	return nil
}
