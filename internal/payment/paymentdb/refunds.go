package paymentdb

import (
	"context"
	"database/sql"
	"time"

	"foyer/internal/clock"
	"foyer/internal/money"
	"foyer/internal/payment"
	"foyer/internal/sqldb"
)

// Reserve adds to what is asked back of a captured payment, never above what it took.
func (s *Store) Reserve(tx *sqldb.Tx, organization, id int64, amount money.Minor) (bool, error) {
	return one(tx.Exec(`UPDATE payment SET refunded_minor = refunded_minor + ?,
		revision = revision + 1 WHERE id = ? AND organization_id = ? AND state = 'captured'
		AND refunded_minor + ? <= captured_minor`, int64(amount), id, organization, int64(amount)))
}

// InsertRefund stores a new refund.
func (s *Store) InsertRefund(tx *sqldb.Tx, r *payment.Refund) error {
	_, err := tx.Exec(`INSERT INTO refund (id, organization_id, order_id, payment_id, state,
		cause, amount_minor, currency, reason, provider_ref, accepted_at, arrived_at, ask_at,
		tries, problem, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, 0, ?, 0, '', ?)`,
		r.ID, r.Organization, r.Order, r.Payment, string(r.State), string(r.Cause),
		int64(r.Amount), string(r.Currency), r.Reason, millis(r.AskAt), r.Revision)
	return err
}

// MoveRefundIf takes a refund from a state to r.State; an arrived one never moves.
func (s *Store) MoveRefundIf(tx *sqldb.Tx, r *payment.Refund, from payment.RefundState) (
	bool, error,
) {
	return one(tx.Exec(`UPDATE refund SET state = ?, provider_ref = ?, accepted_at = ?,
		arrived_at = ?, ask_at = ?, tries = ?, problem = ?, revision = revision + 1
		WHERE id = ? AND organization_id = ? AND state = ? AND state <> 'arrived'`,
		string(r.State), r.ProviderRef, millis(r.AcceptedAt), millis(r.ArrivedAt),
		millis(r.AskAt), r.Tries, r.Problem, r.ID, r.Organization, string(from)))
}

// PlanRefund says when a refund is tried or asked about next.
func (s *Store) PlanRefund(tx *sqldb.Tx, r *payment.Refund) error {
	_, err := tx.Exec(`UPDATE refund SET ask_at = ?, tries = ? WHERE id = ?
		AND organization_id = ? AND state IN ('requested', 'accepted')`,
		millis(r.AskAt), r.Tries, r.ID, r.Organization)
	return err
}

const refundColumns = `id, organization_id, order_id, payment_id, state, cause, amount_minor,
	currency, reason, provider_ref, accepted_at, arrived_at, ask_at, tries, problem, revision`

const (
	selectRefund = `SELECT ` + refundColumns + ` FROM refund
		WHERE id = ? /* any organization: whose it is, is checked on the row */`
	selectRefundsOfOrder = `SELECT ` + refundColumns + ` FROM refund
		WHERE order_id = ? /* any organization: who may see the order was asked */
		ORDER BY id DESC LIMIT 1000`
	selectRefundsDue = `SELECT ` + refundColumns + ` FROM refund
		WHERE state = ? AND ask_at <= ? /* any organization: reconciliation serves all */
		ORDER BY ask_at LIMIT ?`
	selectRefundsInState = `SELECT ` + refundColumns + ` FROM refund
		WHERE state = ? AND id > ? /* any organization: reconciliation serves all */
		ORDER BY id LIMIT ?`
)

func scanRefund(row interface{ Scan(...any) error }) (*payment.Refund, error) {
	var r payment.Refund
	var amount, accepted, arrived, ask int64
	err := row.Scan(&r.ID, &r.Organization, &r.Order, &r.Payment, &r.State, &r.Cause, &amount,
		&r.Currency, &r.Reason, &r.ProviderRef, &accepted, &arrived, &ask, &r.Tries, &r.Problem,
		&r.Revision)
	r.Amount = money.Minor(amount)
	r.AcceptedAt, r.ArrivedAt = clock.FromMillis(accepted), clock.FromMillis(arrived)
	r.AskAt = clock.FromMillis(ask)
	return &r, err
}

func foundRefund(r *payment.Refund, err error) (*payment.Refund, error) {
	if ok, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !ok {
		return nil, payment.ErrNotFound
	}
	return r, nil
}

// GetRefund reads a refund inside a transaction; payment.ErrNotFound without one.
func (s *Store) GetRefund(tx *sqldb.Tx, id int64) (*payment.Refund, error) {
	return foundRefund(scanRefund(tx.QueryRow(selectRefund, id)))
}

// FindRefund is GetRefund outside any transaction.
func (s *Store) FindRefund(ctx context.Context, id int64) (*payment.Refund, error) {
	return foundRefund(scanRefund(s.db.QueryRow(ctx, selectRefund, id)))
}

// RefundsOfOrder lists the refunds of an order, the newest first.
func (s *Store) RefundsOfOrder(ctx context.Context, order int64) ([]*payment.Refund, error) {
	return s.refunds(ctx, selectRefundsOfOrder, order)
}

// RefundsDue are refunds in a state to be asked by a time, the longest due first.
func (s *Store) RefundsDue(ctx context.Context, state payment.RefundState, by time.Time,
	limit int,
) ([]*payment.Refund, error) {
	return s.refunds(ctx, selectRefundsDue, string(state), clock.Millis(by), limit)
}

// RefundsInState pages over all refunds in a state by key.
func (s *Store) RefundsInState(ctx context.Context, state payment.RefundState, after int64,
	limit int,
) ([]*payment.Refund, error) {
	return s.refunds(ctx, selectRefundsInState, string(state), after, limit)
}

func (s *Store) refunds(ctx context.Context, query string, args ...any) ([]*payment.Refund, error) {
	rows, err := s.db.Query(ctx, query, args...)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (*payment.Refund, error) {
		return scanRefund(r)
	})
}

// NoteNotice records a verified notice; false when it was recorded before.
func (s *Store) NoteNotice(tx *sqldb.Tx, n payment.NoticeRow) (bool, error) {
	err := tx.Try(func() error {
		_, err := tx.Exec(`INSERT INTO payment_notice (provider, notice_id, received_at,
			object_id, digest) VALUES (?, ?, ?, ?, ?)`, n.Provider, n.ID, clock.Millis(tx.Now),
			n.Object, n.Digest)
		return err
	})
	if sqldb.IsDuplicate(err) {
		return false, nil
	}
	return err == nil, err
}

// NoticeSeen says whether a notice was recorded.
func (s *Store) NoticeSeen(ctx context.Context, provider, id string) (bool, error) {
	var n int
	err := s.db.QueryRow(ctx, `SELECT COUNT(*) FROM payment_notice
		WHERE provider = ? AND notice_id = ?`, provider, id).Scan(&n)
	return n > 0, err
}

// Each order counts once, by its best attempt: paid, else still open, else the gravest way
// in which one ended.
const (
	rankOf = `MAX(CASE WHEN outcome = 'paid' THEN 7 WHEN outcome = 'returned' THEN 6
		WHEN outcome = '' THEN 5 WHEN outcome = 'ours' THEN 4
		WHEN outcome = 'provider_silent' THEN 3 WHEN outcome = 'provider_refused' THEN 2
		ELSE 1 END)`
	selectTally = `SELECT channel, best, COUNT(*) FROM (
		SELECT order_id, MIN(channel) AS channel, ` + rankOf + ` AS best FROM payment
		WHERE organization_id = ? AND id >= ? AND id < ? GROUP BY order_id) t
		GROUP BY channel, best ORDER BY channel, best`
	selectTallyAll = `SELECT channel, best, COUNT(*) FROM (
		SELECT order_id, MIN(channel) AS channel, ` + rankOf + ` AS best FROM payment
		WHERE id >= ? AND id < ? /* any organization: the installation's alarm */
		GROUP BY order_id) t GROUP BY channel, best ORDER BY channel, best`
)

// Tally counts orders by channel and result over payments with keys in [from, to).
func (s *Store) Tally(ctx context.Context, organization, from, to int64) (
	[]payment.TallyRow, error,
) {
	ranks := [...]payment.Result{1: payment.Left, payment.Refused, payment.Silent, payment.Ours,
		payment.Pending, payment.Returned, payment.Paid}
	var rows *sql.Rows
	var err error
	if organization == 0 {
		rows, err = s.db.Query(ctx, selectTallyAll, from, to)
	} else {
		rows, err = s.db.Query(ctx, selectTally, organization, from, to)
	}
	return sqldb.Collect(rows, err, func(r *sql.Rows) (t payment.TallyRow, err error) {
		var rank int
		err = r.Scan(&t.Channel, &rank, &t.Orders)
		if err == nil && rank >= 1 && rank < len(ranks) {
			t.Result = ranks[rank]
		}
		return t, err
	})
}
