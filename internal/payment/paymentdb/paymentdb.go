// Package paymentdb is the payments' SQL.
package paymentdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"foyer/internal/clock"
	"foyer/internal/money"
	"foyer/internal/payment"
	"foyer/internal/sqldb"
)

// Store keeps payments, refunds and notices.
type Store struct{ db *sqldb.DB }

var _ payment.Store = (*Store)(nil)

// New makes the store of a database.
func New(db *sqldb.DB) *Store { return &Store{db} }

func one(n int64, err error) (bool, error) { return n == 1, err }

// Insert stores a new attempt.
func (s *Store) Insert(tx *sqldb.Tx, p *payment.Payment) error {
	doc, err := json.Marshal(p.Sent)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO payment (id, organization_id, order_id, provider, channel,
		state, amount_minor, currency, captured_minor, refunded_minor, provider_ref, expires_at,
		settled_at, answered_at, ask_at, outcome, doc, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '', ?, 0, ?, ?, '', ?, ?)`,
		p.ID, p.Organization, p.Order, p.Provider, p.Channel, string(p.State), int64(p.Amount),
		string(p.Currency), clock.Millis(p.ExpiresAt), millis(p.AnsweredAt), millis(p.AskAt), doc,
		p.Revision)
	return err
}

// millis stores the zero time as 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Millis(t)
}

// MarkOpenIfOpening takes an attempt from opening to open.
func (s *Store) MarkOpenIfOpening(tx *sqldb.Tx, p *payment.Payment) (bool, error) {
	doc, err := json.Marshal(p.Sent)
	if err != nil {
		return false, err
	}
	return one(tx.Exec(`UPDATE payment SET state = 'open', provider_ref = ?, doc = ?,
		answered_at = ?, ask_at = ?, revision = revision + 1
		WHERE id = ? AND organization_id = ? AND state = 'opening'`, p.ProviderRef, doc,
		millis(p.AnsweredAt), millis(p.AskAt), p.ID, p.Organization))
}

// MarkCapturedIf takes an attempt from a state to captured.
func (s *Store) MarkCapturedIf(tx *sqldb.Tx, p *payment.Payment, from payment.State) (bool, error) {
	return one(tx.Exec(`UPDATE payment SET state = 'captured', outcome = ?, captured_minor = ?,
		provider_ref = ?, settled_at = ?, answered_at = ?, ask_at = 0, revision = revision + 1
		WHERE id = ? AND organization_id = ? AND state = ? AND state <> 'captured'`,
		string(p.Result), int64(p.Captured), p.ProviderRef, millis(p.SettledAt),
		millis(p.AnsweredAt), p.ID, p.Organization, string(from)))
}

// MarkEndedIf takes an attempt from an open state to failed or closed; p.AskAt is when it is
// looked at again all the same.
func (s *Store) MarkEndedIf(tx *sqldb.Tx, p *payment.Payment, from payment.State) (bool, error) {
	return one(tx.Exec(`UPDATE payment SET state = ?, outcome = ?, settled_at = ?,
		answered_at = ?, ask_at = ?, revision = revision + 1
		WHERE id = ? AND organization_id = ? AND state = ?
		AND state IN ('opening', 'open', 'unknown')`,
		string(p.State), string(p.Result), millis(p.SettledAt), millis(p.AnsweredAt),
		millis(p.AskAt), p.ID, p.Organization, string(from)))
}

// MarkUnknownIf takes an attempt from opening or open to unknown.
func (s *Store) MarkUnknownIf(tx *sqldb.Tx, p *payment.Payment, from payment.State) (bool, error) {
	return one(tx.Exec(`UPDATE payment SET state = 'unknown', ask_at = ?,
		revision = revision + 1 WHERE id = ? AND organization_id = ? AND state = ?
		AND state IN ('opening', 'open')`, millis(p.AskAt), p.ID, p.Organization, string(from)))
}

// SetResult corrects how a captured payment counts.
func (s *Store) SetResult(tx *sqldb.Tx, p *payment.Payment) error {
	return tx.Guard(payment.ErrPaymentEnded, `UPDATE payment SET outcome = ?
		WHERE id = ? AND organization_id = ? AND state = 'captured'`,
		string(p.Result), p.ID, p.Organization)
}

// Plan says when an attempt is asked next; one that has its money is left alone.
func (s *Store) Plan(tx *sqldb.Tx, p *payment.Payment) error {
	_, err := tx.Exec(`UPDATE payment SET ask_at = ?, answered_at = ?
		WHERE id = ? AND organization_id = ? AND state <> 'captured'`,
		millis(p.AskAt), millis(p.AnsweredAt), p.ID, p.Organization)
	return err
}

const paymentColumns = `id, organization_id, order_id, provider, channel, state, amount_minor,
	currency, captured_minor, refunded_minor, provider_ref, expires_at, settled_at, answered_at,
	ask_at, outcome, doc, revision`

const (
	selectPayment = `SELECT ` + paymentColumns + ` FROM payment
		WHERE id = ? /* any organization: whose it is, is checked on the row */`
	selectOfOrder = `SELECT ` + paymentColumns + ` FROM payment
		WHERE order_id = ? /* any organization: who may see the order was asked */
		ORDER BY id DESC LIMIT 100`
	selectOfOrderIn = `SELECT ` + paymentColumns + ` FROM payment
		WHERE order_id = ? AND organization_id = ? ORDER BY id DESC LIMIT 100`
	selectDue = `SELECT ` + paymentColumns + ` FROM payment
		WHERE state = ? AND ask_at > 0 AND ask_at <= ?
		/* any organization: reconciliation serves all */ ORDER BY ask_at LIMIT ?`
	selectInState = `SELECT ` + paymentColumns + ` FROM payment
		WHERE state = ? AND id > ? /* any organization: reconciliation serves all */
		ORDER BY id LIMIT ?`
)

func scanPayment(r interface{ Scan(...any) error }) (*payment.Payment, error) {
	var p payment.Payment
	var amount, captured, refunded, expires, settled, answered, ask int64
	var doc []byte
	err := r.Scan(&p.ID, &p.Organization, &p.Order, &p.Provider, &p.Channel, &p.State, &amount,
		&p.Currency, &captured, &refunded, &p.ProviderRef, &expires, &settled, &answered, &ask,
		&p.Result, &doc, &p.Revision)
	if err != nil {
		return nil, err
	}
	p.Amount, p.Captured = money.Minor(amount), money.Minor(captured)
	p.Refunded = money.Minor(refunded)
	p.ExpiresAt, p.SettledAt = clock.FromMillis(expires), clock.FromMillis(settled)
	p.AnsweredAt, p.AskAt = clock.FromMillis(answered), clock.FromMillis(ask)
	return &p, json.Unmarshal(doc, &p.Sent)
}

func found(p *payment.Payment, err error) (*payment.Payment, error) {
	if ok, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !ok {
		return nil, payment.ErrNotFound
	}
	return p, nil
}

// Get reads a payment inside a transaction; payment.ErrNotFound without one.
func (s *Store) Get(tx *sqldb.Tx, id int64) (*payment.Payment, error) {
	return found(scanPayment(tx.QueryRow(selectPayment, id)))
}

// Find is Get outside any transaction.
func (s *Store) Find(ctx context.Context, id int64) (*payment.Payment, error) {
	return found(scanPayment(s.db.QueryRow(ctx, selectPayment, id)))
}

// OfOrder lists the payments of an order, the newest first.
func (s *Store) OfOrder(ctx context.Context, order int64) ([]*payment.Payment, error) {
	rows, err := s.db.Query(ctx, selectOfOrder, order)
	return collect(rows, err)
}

// OfOrderIn is OfOrder inside a transaction and an organization.
func (s *Store) OfOrderIn(tx *sqldb.Tx, organization, order int64) ([]*payment.Payment, error) {
	rows, err := tx.Query(selectOfOrderIn, order, organization)
	return collect(rows, err)
}

// Due are payments in a state to be asked by a time, the longest due first.
func (s *Store) Due(ctx context.Context, state payment.State, by time.Time, limit int) (
	[]*payment.Payment, error,
) {
	rows, err := s.db.Query(ctx, selectDue, string(state), clock.Millis(by), limit)
	return collect(rows, err)
}

// InState pages over all payments in a state by key.
func (s *Store) InState(ctx context.Context, state payment.State, after int64, limit int) (
	[]*payment.Payment, error,
) {
	rows, err := s.db.Query(ctx, selectInState, string(state), after, limit)
	return collect(rows, err)
}

func collect(rows *sql.Rows, err error) ([]*payment.Payment, error) {
	return sqldb.Collect(rows, err, func(r *sql.Rows) (*payment.Payment, error) {
		return scanPayment(r)
	})
}
