package journaldb

import (
	"context"

	"foyer/internal/sqldb"
)

const (
	selectSetting = `SELECT value FROM setting WHERE name = ?`
	insertSetting = `INSERT INTO setting (name, value) VALUES (?, ?)`
)

// Setting is a value that the installation keeps about itself; false when it has none.
func (s *Store) Setting(ctx context.Context, name string) (value []byte, ok bool, err error) {
	ok, err = sqldb.Found(s.db.QueryRow(ctx, selectSetting, name).Scan(&value))
	return value, ok, err
}

// Settle stores a value that never changes again, and answers what is stored: the value
// itself, or what somebody stored before.
func (s *Store) Settle(tx *sqldb.Tx, name string, value []byte) (stored []byte, err error) {
	_, err = tx.Exec(insertSetting, name, value)
	if err == nil {
		return value, nil
	}
	if !sqldb.IsDuplicate(err) {
		return nil, err
	}
	return stored, tx.QueryRow(selectSetting, name).Scan(&stored)
}
