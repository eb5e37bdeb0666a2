// Package bankdb is the sandbox bank's SQL, in a file of its own: three tables that the
// product's migrations know nothing of.
package bankdb

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"foyer/internal/clock"
	"foyer/internal/sandboxbank"
	"foyer/internal/sqldb"
)

// schema is the bank's tables. All hold one bank's rows; merchants are told apart by key.
const (
	createPayment = `CREATE TABLE IF NOT EXISTS bank_payment (
		id BIGINT NOT NULL,
		merchant VARCHAR(32) NOT NULL,
		number VARCHAR(32) NOT NULL,
		state VARCHAR(12) NOT NULL,
		amount BIGINT NOT NULL,
		paid BIGINT NOT NULL,
		refunded BIGINT NOT NULL,
		refunds INT NOT NULL,
		currency VARCHAR(3) NOT NULL,
		description VARCHAR(512) NOT NULL,
		notify_url VARCHAR(512) NOT NULL,
		return_url VARCHAR(512) NOT NULL,
		expires_at BIGINT NOT NULL,
		paid_at BIGINT NOT NULL,
		PRIMARY KEY (id)) WITHOUT ROWID`
	createNumber = `CREATE UNIQUE INDEX IF NOT EXISTS bank_payment_number
		ON bank_payment (merchant, number)`
	createRefund = `CREATE TABLE IF NOT EXISTS bank_refund (
		id BIGINT NOT NULL,
		merchant VARCHAR(32) NOT NULL,
		number VARCHAR(32) NOT NULL,
		payment_id BIGINT NOT NULL,
		state VARCHAR(12) NOT NULL,
		amount BIGINT NOT NULL,
		notify_url VARCHAR(512) NOT NULL,
		done_at BIGINT NOT NULL,
		PRIMARY KEY (id)) WITHOUT ROWID`
	createRefundNumber = `CREATE UNIQUE INDEX IF NOT EXISTS bank_refund_number
		ON bank_refund (merchant, number)`
	createWork = `CREATE TABLE IF NOT EXISTS bank_work (
		id BIGINT NOT NULL,
		kind VARCHAR(8) NOT NULL,
		object_id BIGINT NOT NULL,
		due_at BIGINT NOT NULL,
		tries INT NOT NULL,
		PRIMARY KEY (id)) WITHOUT ROWID`
	createDue = `CREATE INDEX IF NOT EXISTS bank_work_due ON bank_work (due_at)`
)

// Store keeps the bank's rows.
type Store struct{ db *sqldb.DB }

var _ sandboxbank.Store = (*Store)(nil)

// Open opens the bank's own file with the house's writer: durable, grouped commits.
// unsafe turns fsync off, for tests. Close the database after the bank has stopped.
func Open(ctx context.Context, path string, unsafe bool, clk clock.Clock, log *slog.Logger) (
	*sqldb.DB, *Store, error,
) {
	db, err := sqldb.Open(sqldb.Config{Path: path, Unsafe: unsafe}, clk, log)
	if err != nil {
		return nil, nil, err
	}
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		for _, stmt := range [...]string{createPayment, createNumber, createRefund,
			createRefundNumber, createWork, createDue} {
			if _, err := tx.Exec(stmt); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return db, &Store{db}, nil
}

func one(n int64, err error) (bool, error) { return n == 1, err }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Millis(t)
}

// InsertPayment stores a payment; a used number fails as a duplicate.
func (s *Store) InsertPayment(tx *sqldb.Tx, p *sandboxbank.Payment) error {
	_, err := tx.Exec(`INSERT INTO bank_payment (id, merchant, number, state, amount, paid,
		refunded, refunds, currency, description, notify_url, return_url, expires_at, paid_at)
		VALUES (?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?, ?, ?, 0)`, p.ID, p.Merchant, p.Number,
		string(p.State), p.Amount, p.Currency, p.Description, p.NotifyURL, p.ReturnURL,
		millis(p.ExpiresAt))
	return err
}

const paymentColumns = `id, merchant, number, state, amount, paid, refunded, refunds, currency,
	description, notify_url, return_url, expires_at, paid_at`

const (
	selectPayment = `SELECT ` + paymentColumns + ` FROM bank_payment WHERE id = ?`
	selectNumber  = `SELECT ` + paymentColumns + ` FROM bank_payment
		WHERE merchant = ? AND number = ?`
	selectPaid = `SELECT ` + paymentColumns + ` FROM bank_payment
		WHERE merchant = ? AND paid_at >= ? AND paid_at < ? AND id > ? ORDER BY id LIMIT 500`
)

func scanPayment(r interface{ Scan(...any) error }) (*sandboxbank.Payment, error) {
	var p sandboxbank.Payment
	var expires, paid int64
	err := r.Scan(&p.ID, &p.Merchant, &p.Number, &p.State, &p.Amount, &p.Paid, &p.Refunded,
		&p.Refunds, &p.Currency, &p.Description, &p.NotifyURL, &p.ReturnURL, &expires, &paid)
	p.ExpiresAt, p.PaidAt = clock.FromMillis(expires), clock.FromMillis(paid)
	if ok, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !ok {
		return nil, sandboxbank.ErrNotFound
	}
	return &p, nil
}

// Payment reads a payment inside a transaction.
func (s *Store) Payment(tx *sqldb.Tx, id int64) (*sandboxbank.Payment, error) {
	return scanPayment(tx.QueryRow(selectPayment, id))
}

// FindPayment reads a payment.
func (s *Store) FindPayment(ctx context.Context, id int64) (*sandboxbank.Payment, error) {
	return scanPayment(s.db.QueryRow(ctx, selectPayment, id))
}

// FindNumber reads a merchant's payment by his number.
func (s *Store) FindNumber(ctx context.Context, merchant, number string) (
	*sandboxbank.Payment, error,
) {
	return scanPayment(s.db.QueryRow(ctx, selectNumber, merchant, number))
}

// MarkPaid takes a payment to SUCCESS in time, or with force whenever it is unpaid.
func (s *Store) MarkPaid(tx *sqldb.Tx, id, paid int64, force bool) (bool, error) {
	if force {
		return one(tx.Exec(`UPDATE bank_payment SET state = 'SUCCESS', paid = ?, paid_at = ?
			WHERE id = ? AND state IN ('NOTPAY', 'CLOSED')`, paid, millis(tx.Now), id))
	}
	return one(tx.Exec(`UPDATE bank_payment SET state = 'SUCCESS', paid = ?, paid_at = ?
		WHERE id = ? AND state = 'NOTPAY' AND expires_at > ?`, paid, millis(tx.Now), id,
		millis(tx.Now)))
}

// MarkIfNotPaid takes an unpaid payment to PAYERROR or CLOSED.
func (s *Store) MarkIfNotPaid(tx *sqldb.Tx, id int64, to sandboxbank.State) (bool, error) {
	return one(tx.Exec(`UPDATE bank_payment SET state = ? WHERE id = ? AND state = 'NOTPAY'`,
		string(to), id))
}

// PaidBetween is a page of what was paid in a time.
func (s *Store) PaidBetween(ctx context.Context, merchant string, from, to time.Time,
	after int64,
) ([]*sandboxbank.Payment, error) {
	rows, err := s.db.Query(ctx, selectPaid, merchant, millis(from), millis(to), after)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (*sandboxbank.Payment, error) {
		return scanPayment(r)
	})
}
