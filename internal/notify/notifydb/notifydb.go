// Package notifydb stores the sealed messages of the development inbox.
package notifydb

import (
	"context"
	"database/sql"

	"foyer/internal/clock"
	"foyer/internal/notify/inbox"
	"foyer/internal/sqldb"
)

// Store implements inbox.Store.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

const insertMessage = `INSERT INTO inbox_message
  (id, channel, recipient_sealed, body_sealed, at) VALUES (?, ?, ?, ?, ?)`

const oldestKept = `SELECT id FROM inbox_message ORDER BY id DESC LIMIT 1 OFFSET ?`

const deleteOlder = `DELETE FROM inbox_message WHERE id < ?`

// Insert stores a message and drops all but the newest keep.
func (s *Store) Insert(tx *sqldb.Tx, m inbox.Sealed, keep int) error {
	_, err := tx.Exec(insertMessage, m.ID, m.Channel, m.Recipient, m.Body, clock.Millis(m.At))
	if err != nil {
		return err
	}
	var oldest int64
	full, err := sqldb.Found(tx.QueryRow(oldestKept, keep-1).Scan(&oldest))
	if err != nil || !full {
		return err
	}
	_, err = tx.Exec(deleteOlder, oldest)
	return err
}

const newest = `SELECT id, channel, recipient_sealed, body_sealed, at FROM inbox_message
  ORDER BY id DESC LIMIT ?`

// Newest lists up to limit messages, the newest first.
func (s *Store) Newest(ctx context.Context, limit int) ([]inbox.Sealed, error) {
	rows, err := s.db.Query(ctx, newest, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (inbox.Sealed, error) {
		var m inbox.Sealed
		var at int64
		err := r.Scan(&m.ID, &m.Channel, &m.Recipient, &m.Body, &at)
		m.At = clock.FromMillis(at)
		return m, err
	})
}
