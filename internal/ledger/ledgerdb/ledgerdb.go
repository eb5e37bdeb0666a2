// Package ledgerdb is the SQL of the ledger. A posting hangs below its order, whose
// organization was checked when the order was read.
package ledgerdb

import (
	"context"
	"database/sql"

	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/sqldb"
)

// Store keeps the postings.
type Store struct{ db *sqldb.DB }

// New makes the store of a database.
func New(db *sqldb.DB) *Store { return &Store{db} }

const (
	columns = 7
	insert  = `INSERT INTO posting (order_id, lane, n, seq, account, amount_minor, currency)
		VALUES `
)

// Insert stores postings in one statement.
func (s *Store) Insert(tx *sqldb.Tx, list []ledger.Posting) error {
	args := make([]any, 0, len(list)*columns)
	for _, p := range list {
		args = append(args, p.Order, p.Position.Lane, p.Position.N, p.Seq, p.Account,
			int64(p.Amount), string(p.Currency))
	}
	_, err := tx.Exec(insert+sqldb.Values(len(list), columns), args...)
	return err
}

// LastSeq is the highest seq of an order at a position; −1 when there is none.
func (s *Store) LastSeq(tx *sqldb.Tx, order int64, pos journal.Position) (int, error) {
	seq := -1
	_, err := sqldb.Found(tx.QueryRow(`SELECT seq FROM posting WHERE order_id = ? AND lane = ?
		AND n = ? ORDER BY seq DESC LIMIT 1`, order, pos.Lane, pos.N).Scan(&seq))
	return seq, err
}

// OfOrder is the sums of an order by account and currency.
func (s *Store) OfOrder(ctx context.Context, order int64) ([]ledger.Balance, error) {
	rows, err := s.db.Query(ctx, `SELECT account, currency,
		CAST(SUM(amount_minor) AS SIGNED) FROM posting WHERE order_id = ?
		GROUP BY account, currency ORDER BY account, currency`, order)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (b ledger.Balance, err error) {
		err = rows.Scan(&b.Account, &b.Currency, &b.Amount)
		return b, err
	})
}

// After lists postings by primary key.
func (s *Store) After(
	ctx context.Context, after ledger.Posting, limit int,
) ([]ledger.Posting, error) {
	rows, err := s.db.Query(ctx, `SELECT order_id, lane, n, seq, account, amount_minor,
		currency FROM posting WHERE order_id >= ? AND (order_id > ? OR lane > ? OR
		(lane = ? AND (n > ? OR (n = ? AND seq > ?))))
		ORDER BY order_id, lane, n, seq LIMIT ?`,
		after.Order, after.Order, after.Position.Lane, after.Position.Lane,
		after.Position.N, after.Position.N, after.Seq, limit)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (p ledger.Posting, err error) {
		err = rows.Scan(&p.Order, &p.Position.Lane, &p.Position.N, &p.Seq, &p.Account,
			&p.Amount, &p.Currency)
		return p, err
	})
}
