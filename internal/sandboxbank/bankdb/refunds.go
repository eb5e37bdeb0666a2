package bankdb

import (
	"context"
	"database/sql"
	"time"

	"foyer/internal/clock"
	"foyer/internal/sandboxbank"
	"foyer/internal/sqldb"
)

// Reserve adds a refund to a paid payment, never above what was paid, at most 50 of them.
func (s *Store) Reserve(tx *sqldb.Tx, id, amount int64) (bool, error) {
	return one(tx.Exec(`UPDATE bank_payment SET refunded = refunded + ?, refunds = refunds + 1,
		state = 'REFUND' WHERE id = ? AND state IN ('SUCCESS', 'REFUND')
		AND refunded + ? <= paid AND refunds < 50`, amount, id, amount))
}

// InsertRefund stores a refund; a used number fails as a duplicate.
func (s *Store) InsertRefund(tx *sqldb.Tx, r *sandboxbank.Refund) error {
	_, err := tx.Exec(`INSERT INTO bank_refund (id, merchant, number, payment_id, state, amount,
		notify_url, done_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0)`, r.ID, r.Merchant, r.Number,
		r.Payment, string(r.State), r.Amount, r.NotifyURL)
	return err
}

const refundColumns = `id, merchant, number, payment_id, state, amount, notify_url, done_at`

const (
	selectRefund       = `SELECT ` + refundColumns + ` FROM bank_refund WHERE id = ?`
	selectRefundNumber = `SELECT ` + refundColumns + ` FROM bank_refund
		WHERE merchant = ? AND number = ?`
	selectDone = `SELECT ` + refundColumns + ` FROM bank_refund
		WHERE merchant = ? AND done_at >= ? AND done_at < ? AND id > ? ORDER BY id LIMIT 500`
)

func scanRefund(row interface{ Scan(...any) error }) (*sandboxbank.Refund, error) {
	var r sandboxbank.Refund
	var done int64
	err := row.Scan(&r.ID, &r.Merchant, &r.Number, &r.Payment, &r.State, &r.Amount,
		&r.NotifyURL, &done)
	r.DoneAt = clock.FromMillis(done)
	if ok, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !ok {
		return nil, sandboxbank.ErrNotFound
	}
	return &r, nil
}

// Refund reads a refund inside a transaction.
func (s *Store) Refund(tx *sqldb.Tx, id int64) (*sandboxbank.Refund, error) {
	return scanRefund(tx.QueryRow(selectRefund, id))
}

// FindRefund reads a merchant's refund by his number.
func (s *Store) FindRefund(ctx context.Context, merchant, number string) (
	*sandboxbank.Refund, error,
) {
	return scanRefund(s.db.QueryRow(ctx, selectRefundNumber, merchant, number))
}

// MoveRefund takes a refund from a state to r.State.
func (s *Store) MoveRefund(tx *sqldb.Tx, r *sandboxbank.Refund, from sandboxbank.RefundState) (
	bool, error,
) {
	return one(tx.Exec(`UPDATE bank_refund SET state = ?, done_at = ? WHERE id = ? AND state = ?`,
		string(r.State), millis(r.DoneAt), r.ID, string(from)))
}

// DoneBetween is a page of the refunds that arrived in a time.
func (s *Store) DoneBetween(ctx context.Context, merchant string, from, to time.Time,
	after int64,
) ([]*sandboxbank.Refund, error) {
	rows, err := s.db.Query(ctx, selectDone, merchant, millis(from), millis(to), after)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (*sandboxbank.Refund, error) {
		return scanRefund(r)
	})
}

// InsertWork stores something to do.
func (s *Store) InsertWork(tx *sqldb.Tx, w sandboxbank.Work) error {
	_, err := tx.Exec(`INSERT INTO bank_work (id, kind, object_id, due_at, tries)
		VALUES (?, ?, ?, ?, ?)`, w.ID, w.Kind, w.Object, millis(w.Due), w.Tries)
	return err
}

// DueWork is what is to be done by a time, the longest due first.
func (s *Store) DueWork(ctx context.Context, by time.Time, limit int) ([]sandboxbank.Work, error) {
	rows, err := s.db.Query(ctx, `SELECT id, kind, object_id, due_at, tries FROM bank_work
		WHERE due_at <= ? ORDER BY due_at LIMIT ?`, millis(by), limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (w sandboxbank.Work, err error) {
		var due int64
		err = r.Scan(&w.ID, &w.Kind, &w.Object, &due, &w.Tries)
		w.Due = clock.FromMillis(due)
		return w, err
	})
}

// PutOff says when something is tried again.
func (s *Store) PutOff(tx *sqldb.Tx, w sandboxbank.Work) error {
	_, err := tx.Exec(`UPDATE bank_work SET due_at = ?, tries = ? WHERE id = ?`,
		millis(w.Due), w.Tries, w.ID)
	return err
}

// DropWork ends something that was to be done.
func (s *Store) DropWork(tx *sqldb.Tx, id int64) error {
	_, err := tx.Exec(`DELETE FROM bank_work WHERE id = ?`, id)
	return err
}
