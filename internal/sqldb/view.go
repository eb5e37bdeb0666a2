package sqldb

import (
	"context"
	"database/sql"
	"time"
)

// View is a picture of the whole database at one moment, for reading what belongs
// together.
type View struct {
	ctx context.Context
	tx  *sql.Tx
}

// viewTime bounds a view: a long read keeps SQLite's write-ahead log from being cut.
const viewTime = 2 * time.Second

// View runs fn on one snapshot, read only, for at most two seconds; page by key instead of
// reading longer. Statements run unprepared, so it is not for hot paths.
func (db *DB) View(ctx context.Context, fn func(v *View) error) error {
	ctx, cancel := context.WithTimeout(ctx, viewTime)
	defer cancel()
	opts := &sql.TxOptions{ReadOnly: db.Engine == MySQL}
	if db.Engine == MySQL {
		opts.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.read.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return fn(&View{ctx, tx})
}

// Query reads from the snapshot. Close the rows before the next statement.
func (v *View) Query(query string, args ...any) (*sql.Rows, error) {
	return v.tx.QueryContext(v.ctx, query, args...)
}

// QueryRow reads one row from the snapshot.
func (v *View) QueryRow(query string, args ...any) *sql.Row {
	return v.tx.QueryRowContext(v.ctx, query, args...)
}
