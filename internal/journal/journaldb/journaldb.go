// Package journaldb is the SQL of the journal: lanes, entries, cursors, references,
// checkpoints, jobs and idempotency keys. All its tables belong to the installation.
package journaldb

import (
	"context"
	"database/sql"
	"time"

	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Store reads through the database's readers and writes through the transactions that it
// is given. Make one with New.
type Store struct {
	db *sqldb.DB

	insertRows []insertText
	insertRefs []insertText
}

// insertText is one multi-row INSERT and how many rows it takes. A few sizes serve every
// batch with few prepared statements.
type insertText struct {
	rows int
	text string
}

func insertTexts(head string, columns int, sizes ...int) []insertText {
	var list []insertText
	for _, n := range sizes {
		list = append(list, insertText{n, head + sqldb.Values(n, columns)})
	}
	return list
}

// New makes the store of a database.
func New(db *sqldb.DB) *Store {
	return &Store{db: db,
		insertRows: insertTexts(insertRow, rowColumns, 16, 4, 1),
		insertRefs: insertTexts(insertRef, refColumns, 32, 8, 1),
	}
}

// insertAll writes n rows in as few statements as the texts allow.
func insertAll(tx *sqldb.Tx, texts []insertText, n int, bind func(args []any, i int) []any) error {
	var args []any
	for i := 0; i < n; {
		t := texts[len(texts)-1]
		for _, better := range texts {
			if better.rows <= n-i {
				t = better
				break
			}
		}
		args = args[:0]
		for range t.rows {
			args = bind(args, i)
			i++
		}
		if _, err := tx.Exec(t.text, args...); err != nil {
			return err
		}
	}
	return nil
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// orEmpty keeps a NOT NULL column of bytes from being given NULL.
func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

const selectLanes = `SELECT id, n, epoch, head, holder, lease_until FROM lane ORDER BY id`

// Lanes are all lanes by number.
func (s *Store) Lanes(ctx context.Context) ([]journal.Lane, error) {
	rows, err := s.db.Query(ctx, selectLanes)
	return sqldb.Collect(rows, err, scanLane)
}

// LanesIn is Lanes inside a transaction.
func (s *Store) LanesIn(tx *sqldb.Tx) ([]journal.Lane, error) {
	rows, err := tx.Query(selectLanes)
	return sqldb.Collect(rows, err, scanLane)
}

func scanLane(rows *sql.Rows) (l journal.Lane, err error) {
	var until int64
	err = rows.Scan(&l.ID, &l.N, &l.Epoch, &l.Head, &l.Holder, &until)
	l.LeaseUntil = clock.FromMillis(until)
	return l, err
}

// CreateLane makes a lane; it fails when the number is taken.
func (s *Store) CreateLane(tx *sqldb.Tx, l journal.Lane) error {
	_, err := tx.Exec(`INSERT INTO lane (id, n, epoch, head, holder, lease_until)
		VALUES (?, ?, ?, ?, ?, ?)`,
		l.ID, l.N, l.Epoch, orEmpty(l.Head), l.Holder, clock.Millis(l.LeaseUntil))
	return err
}

// TakeLane makes l.Holder the holder if the lane's epoch is still l.Epoch-1.
func (s *Store) TakeLane(tx *sqldb.Tx, l journal.Lane) (bool, error) {
	n, err := tx.Exec(`UPDATE lane SET epoch = ?, holder = ?, lease_until = ?
		WHERE id = ? AND epoch = ?`,
		l.Epoch, l.Holder, clock.Millis(l.LeaseUntil), l.ID, l.Epoch-1)
	return n == 1, err
}

// Beat renews the lease if the lane still has this epoch, and notes the heartbeat.
func (s *Store) Beat(tx *sqldb.Tx, lane int, epoch int64, until time.Time) (bool, error) {
	n, err := tx.Exec(`UPDATE lane SET lease_until = ? WHERE id = ? AND epoch = ?`,
		clock.Millis(until), lane, epoch)
	if err != nil || n != 1 {
		return false, err
	}
	now := clock.Millis(tx.Now)
	n, err = tx.Exec(`UPDATE heartbeat SET at = ? WHERE id = ?`, now, lane)
	if err == nil && n == 0 {
		_, err = tx.Exec(`INSERT INTO heartbeat (id, at) VALUES (?, ?)`, lane, now)
	}
	return err == nil, err
}

// LastBeat is the newest heartbeat of all lanes; zero when there is none.
func (s *Store) LastBeat(ctx context.Context) (time.Time, error) {
	var at int64
	err := s.db.QueryRow(ctx, `SELECT COALESCE(MAX(at), 0) FROM heartbeat`).Scan(&at)
	return clock.FromMillis(at), err
}
