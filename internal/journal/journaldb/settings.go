package journaldb

import (
	"context"

	"foyer/internal/sqldb"
)

const selectSetting = `SELECT value FROM setting WHERE name = ?`

// Setting is a value that the installation keeps about itself; false when it has none.
func (s *Store) Setting(ctx context.Context, name string) (value []byte, ok bool, err error) {
	ok, err = sqldb.Found(s.db.QueryRow(ctx, selectSetting, name).Scan(&value))
	return value, ok, err
}
