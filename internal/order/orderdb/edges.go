package orderdb

import (
	"time"

	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/sqldb"
)

// edge runs a guarded update. Every edge names the revision that was read in the same
// transaction, so that nothing that was decided from the row can be out of date; once it
// holds, the order in hand is of the next revision.
func (s *Store) edge(tx *sqldb.Tx, o *order.Order, query string, args ...any) (bool, error) {
	n, err := tx.Exec(query, args...)
	if n == 1 {
		o.Revision++
	}
	return n == 1, err
}

// MarkPaidIfUnpaid takes an order from pending or closing to paid, and counts one open
// payment less when the money came by one.
func (s *Store) MarkPaidIfUnpaid(tx *sqldb.Tx, o *order.Order, wasOpen bool) (bool, error) {
	ended := 0
	if wasOpen {
		ended = 1
		o.OpenPayments = max(o.OpenPayments-1, 0)
	}
	return s.edge(tx, o, `UPDATE orders SET state = 'paid', captured_minor = total_minor,
		open_payments = CASE WHEN open_payments > ? THEN open_payments - ? ELSE 0 END,
		ended_at = ?, ended_by = '', revision = revision + 1
		WHERE id = ? AND organization_id = ? AND state IN ('pending', 'closing')
		AND revision = ?`, ended, ended, millis(tx.Now), o.ID, o.Organization, o.Revision)
}

// MarkPaidIfExpired takes an expired order to paid; only re-claiming may call it.
func (s *Store) MarkPaidIfExpired(tx *sqldb.Tx, o *order.Order) (bool, error) {
	return s.edge(tx, o, `UPDATE orders SET state = 'paid', captured_minor = total_minor,
		ended_at = ?, ended_by = '', revision = revision + 1
		WHERE id = ? AND organization_id = ? AND state = 'expired' AND revision = ?`,
		millis(tx.Now), o.ID, o.Organization, o.Revision)
}

// MarkEndedIfIdle takes a pending or requested order without open payments to expired or cancelled.
func (s *Store) MarkEndedIfIdle(tx *sqldb.Tx, o *order.Order, by order.EndedBy) (bool, error) {
	return s.edge(tx, o, `UPDATE orders SET state = ?, ended_at = ?, ended_by = ?,
		revision = revision + 1 WHERE id = ? AND organization_id = ?
		AND state IN ('pending', 'requested') AND open_payments = 0 AND revision = ?`,
		string(by.Final()), millis(tx.Now), string(by), o.ID, o.Organization, o.Revision)
}

// MarkClosingIfPending takes a pending order with an open payment to closing.
func (s *Store) MarkClosingIfPending(tx *sqldb.Tx, o *order.Order, by order.EndedBy) (bool, error) {
	return s.edge(tx, o, `UPDATE orders SET state = 'closing', ended_by = ?,
		revision = revision + 1 WHERE id = ? AND organization_id = ? AND state = 'pending'
		AND open_payments > 0 AND revision = ?`, string(by), o.ID, o.Organization, o.Revision)
}

// MarkEndedIfClosing takes a closing order without open payments to what it closes into.
func (s *Store) MarkEndedIfClosing(tx *sqldb.Tx, o *order.Order) (bool, error) {
	return s.edge(tx, o, `UPDATE orders SET state = ?, ended_at = ?, revision = revision + 1
		WHERE id = ? AND organization_id = ? AND state = 'closing' AND open_payments = 0
		AND revision = ?`, string(o.EndedBy.Final()), millis(tx.Now), o.ID, o.Organization,
		o.Revision)
}

// CountPaymentIfPending counts one more open payment of a pending order of the revision
// that was shown to the payer, with at least minLeft to go and fewer than most opened.
func (s *Store) CountPaymentIfPending(tx *sqldb.Tx, o *order.Order, minLeft time.Duration,
	most int,
) (bool, error) {
	n, err := tx.Exec(`UPDATE orders SET payments_opened = payments_opened + 1,
		open_payments = open_payments + 1 WHERE id = ? AND organization_id = ?
		AND state = 'pending' AND revision = ? AND expires_at >= ? AND payments_opened < ?`,
		o.ID, o.Organization, o.Revision, millis(tx.Now.Add(minLeft)), most)
	return n == 1, err
}

// CountPaymentEnded counts one open payment less; it never goes below zero.
func (s *Store) CountPaymentEnded(tx *sqldb.Tx, organization, id int64) error {
	_, err := tx.Exec(`UPDATE orders SET open_payments = open_payments - 1
		WHERE id = ? AND organization_id = ? AND open_payments > 0`, id, organization)
	return err
}

// ExtendIfPending moves the end of a pending order.
func (s *Store) ExtendIfPending(tx *sqldb.Tx, o *order.Order, until time.Time) (bool, error) {
	return s.edge(tx, o, `UPDATE orders SET expires_at = ?, revision = revision + 1
		WHERE id = ? AND organization_id = ? AND state = 'pending' AND revision = ?`,
		millis(until), o.ID, o.Organization, o.Revision)
}

// ReturnUnit notes that a unit goes back, once for ever.
func (s *Store) ReturnUnit(tx *sqldb.Tx, u order.ReturnedUnit) error {
	_, err := tx.Exec(`INSERT INTO refund_unit (order_id, line, unit, refund_id, amount_minor,
		fee_minor) VALUES (?, ?, ?, ?, ?, ?)`, u.Order, u.Line, u.Unit, u.Refund,
		int64(u.Amount), int64(u.Fee))
	if sqldb.IsDuplicate(err) {
		return order.ErrUnitReturned
	}
	return err
}

// AddRefunded adds to what was asked back of a paid order; never more than was captured.
func (s *Store) AddRefunded(tx *sqldb.Tx, organization, id int64, amount money.Minor) error {
	return tx.Guard(order.ErrNotPaid, `UPDATE orders SET refunded_minor = refunded_minor + ?,
		revision = revision + 1 WHERE id = ? AND organization_id = ? AND state = 'paid'
		AND refunded_minor + ? <= captured_minor`, int64(amount), id, organization, int64(amount))
}
