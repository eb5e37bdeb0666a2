package sqldb

import "context"

// Version is the engine with its release as it says itself, e.g. "sqlite 3.53.2".
func (db *DB) Version(ctx context.Context) (string, error) {
	query := `SELECT sqlite_version()`
	if db.Engine == MySQL {
		query = `SELECT VERSION()`
	}
	var v string
	err := db.QueryRow(ctx, query).Scan(&v)
	return db.Engine.String() + " " + v, err
}
