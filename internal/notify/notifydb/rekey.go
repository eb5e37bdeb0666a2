package notifydb

import (
	"context"
	"database/sql"

	"foyer/internal/clock"
	"foyer/internal/notify/inbox"
	"foyer/internal/sqldb"
)

const messagesAfter = `SELECT id, channel, recipient_sealed, body_sealed, at FROM inbox_message
  WHERE id > ? ORDER BY id LIMIT ?`

// MessagesAfter pages through all messages by key.
func (s *Store) MessagesAfter(ctx context.Context, id int64, limit int) ([]inbox.Sealed, error) {
	rows, err := s.db.Query(ctx, messagesAfter, id, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (inbox.Sealed, error) {
		var m inbox.Sealed
		var at int64
		err := r.Scan(&m.ID, &m.Channel, &m.Recipient, &m.Body, &at)
		m.At = clock.FromMillis(at)
		return m, err
	})
}

const rekeyMessageIfSame = `UPDATE inbox_message SET recipient_sealed = ?, body_sealed = ?
  WHERE id = ? AND recipient_sealed = ? AND body_sealed = ?`

// RekeyMessageIfSame stores a message under another key unless it changed.
func (s *Store) RekeyMessageIfSame(tx *sqldb.Tx, old, now inbox.Sealed) error {
	_, err := tx.Exec(rekeyMessageIfSame, now.Recipient, now.Body, old.ID, old.Recipient, old.Body)
	return err
}
