package orderdb

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/order"
	"foyer/internal/sqldb"
)

const (
	insertAgreement = `INSERT INTO order_agreement (order_id, organization_id, state, pay_hours,
		decided_by, decided_at, words) VALUES (?, ?, ?, ?, 0, 0, '')`
	answerIfWaiting = `UPDATE order_agreement SET state = ?, decided_by = ?, decided_at = ?,
		words = ? WHERE order_id = ? AND organization_id = ? AND state = 'waiting'`
	selectAgreement = `SELECT order_id, organization_id, state, pay_hours, decided_by, decided_at,
		words FROM order_agreement WHERE order_id = ? AND organization_id = ?`
	selectRequests = `SELECT ` + orderColumns + ` FROM orders WHERE organization_id = ?
		AND state = 'requested' AND id < ? AND id IN (SELECT order_id FROM order_agreement
		WHERE organization_id = ? AND state = 'waiting') ORDER BY id DESC LIMIT ?`
	selectRequested = `SELECT ` + orderColumns + ` FROM orders WHERE id > ?
		AND state IN ('requested', 'pending', 'closing') AND id IN (SELECT order_id
		FROM order_agreement WHERE state IN ('waiting', 'agreed')
		/* any organization: expiry serves all */)
		/* any organization: expiry serves all */ ORDER BY id LIMIT ?`
)

// InsertAgreement stores that an order waits for the house.
func (s *Store) InsertAgreement(tx *sqldb.Tx, a order.Agreement) error {
	_, err := tx.Exec(insertAgreement, a.Order, a.Organization, string(a.State), a.PayHours)
	return err
}

// AnswerIfWaiting stores the house's word; false when it was given before.
func (s *Store) AnswerIfWaiting(tx *sqldb.Tx, a order.Agreement) (bool, error) {
	n, err := tx.Exec(answerIfWaiting, string(a.State), a.DecidedBy, millis(a.DecidedAt), a.Words,
		a.Order, a.Organization)
	return n == 1, err
}

// Agreement is the house's word on an order; order.ErrNotFound without one.
func (s *Store) Agreement(ctx context.Context, organization, id int64) (order.Agreement, error) {
	var a order.Agreement
	var decided int64
	err := s.db.QueryRow(ctx, selectAgreement, id, organization).Scan(&a.Order, &a.Organization,
		&a.State, &a.PayHours, &a.DecidedBy, &decided, &a.Words)
	if found, err := sqldb.Found(err); err != nil {
		return a, err
	} else if !found {
		return a, order.ErrNotFound
	}
	if decided != 0 {
		a.DecidedAt = clock.FromMillis(decided)
	}
	return a, nil
}

// MarkPendingIfRequested takes a requested order to pending, with a new end.
func (s *Store) MarkPendingIfRequested(tx *sqldb.Tx, o *order.Order, until time.Time) (
	bool, error,
) {
	return s.edge(tx, o, `UPDATE orders SET state = 'pending', expires_at = ?,
		revision = revision + 1 WHERE id = ? AND organization_id = ? AND state = 'requested'
		AND revision = ?`, millis(until), o.ID, o.Organization, o.Revision)
}

// MarkPaidIfRequested takes a requested order that costs nothing to paid.
func (s *Store) MarkPaidIfRequested(tx *sqldb.Tx, o *order.Order) (bool, error) {
	return s.edge(tx, o, `UPDATE orders SET state = 'paid', ended_at = ?, ended_by = '',
		revision = revision + 1 WHERE id = ? AND organization_id = ? AND state = 'requested'
		AND total_minor = 0 AND revision = ?`, millis(tx.Now), o.ID, o.Organization, o.Revision)
}

// Requests are the requested orders of an organization below a key, newest first.
func (s *Store) Requests(ctx context.Context, in actor.Scope, before int64, limit int) (
	[]*order.Order, error,
) {
	return s.list(ctx, selectRequests, in.Organization, before, in.Organization, limit)
}

// Requested are unpaid orders of all organizations that needed the house's word, by key.
func (s *Store) Requested(ctx context.Context, after int64, limit int) ([]*order.Order, error) {
	return s.list(ctx, selectRequested, after, limit)
}
