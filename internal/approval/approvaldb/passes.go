package approvaldb

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

const (
	insertPass = `INSERT INTO approval_pass (id, organization_id, kind, staff_id, at, request_id,
		object_kind, object_id, object_revision, amount_minor, over_minor)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	sumAlone = `SELECT COALESCE(CAST(SUM(amount_minor) AS SIGNED), 0) FROM approval_pass
		WHERE organization_id = ? AND kind = ? AND staff_id = ? AND at > ? AND request_id = 0`
)

// InsertPass stores how a command was carried out.
func (s *Store) InsertPass(tx *sqldb.Tx, p approval.Pass) error {
	_, err := tx.Exec(insertPass, p.ID, p.Organization, string(p.Kind), p.Staff, millis(p.At),
		p.Request, p.Object.Kind, p.Object.ID, p.Object.Revision, int64(p.Amount), int64(p.Over))
	return err
}

// Alone sums what a person carried out alone since a moment.
func (s *Store) Alone(ctx context.Context, in actor.Scope, k approval.Kind, staff int64,
	since time.Time,
) (sum money.Minor, err error) {
	err = s.db.QueryRow(ctx, sumAlone, in.Organization, string(k), staff, millis(since)).Scan(&sum)
	return sum, err
}

// AloneIn is Alone as the transaction sees it.
func (s *Store) AloneIn(tx *sqldb.Tx, in actor.Scope, k approval.Kind, staff int64,
	since time.Time,
) (sum money.Minor, err error) {
	err = tx.QueryRow(sumAlone, in.Organization, string(k), staff, millis(since)).Scan(&sum)
	return sum, err
}
