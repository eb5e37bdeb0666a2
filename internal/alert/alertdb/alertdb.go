// Package alertdb is the SQL of alerts.
package alertdb

import (
	"context"
	"database/sql"

	"foyer/internal/actor"
	"foyer/internal/alert"
	"foyer/internal/clock"
	"foyer/internal/sqldb"
)

// Store implements alert.Store.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

var _ alert.Store = (*Store)(nil)

const columns = `SELECT id, organization_id, session_id, member_id, kind, created_at, told_at
	FROM alert `

func scan(r *sql.Rows) (a alert.Alert, err error) {
	var created, told int64
	err = r.Scan(&a.ID, &a.Organization, &a.Session, &a.Member, &a.Kind, &created, &told)
	a.CreatedAt, a.ToldAt = clock.FromMillis(created), clock.FromMillis(told)
	return a, err
}

// Insert is false when the member has one of the kind for the session already.
func (s *Store) Insert(tx *sqldb.Tx, a alert.Alert) (bool, error) {
	err := tx.Try(func() error {
		_, err := tx.Exec(`INSERT INTO alert (id, organization_id, session_id, member_id, kind,
			created_at, told_at) VALUES (?, ?, ?, ?, ?, ?, 0)`, a.ID, a.Organization, a.Session,
			a.Member, string(a.Kind), clock.Millis(a.CreatedAt))
		return err
	})
	if sqldb.IsDuplicate(err) {
		return false, nil
	}
	return err == nil, err
}

// Waiting counts those of a session who have not been told.
func (s *Store) Waiting(tx *sqldb.Tx, session int64) (n int, err error) {
	err = tx.QueryRow(`SELECT COUNT(*) FROM alert WHERE session_id = ? AND told_at = 0
		/* any organization: members wait at all */`, session).Scan(&n)
	return n, err
}

// Next are the first of a session and kind who have not been told.
func (s *Store) Next(ctx context.Context, session int64, k alert.Kind, limit int,
) ([]alert.Alert, error) {
	rows, err := s.db.Query(ctx, columns+`WHERE session_id = ? AND kind = ? AND told_at = 0
		/* any organization: members wait at all */ ORDER BY id LIMIT ?`, session, string(k),
		limit)
	return sqldb.Collect(rows, err, scan)
}

// MarkTold is false when somebody else told him, or he withdrew.
func (s *Store) MarkTold(tx *sqldb.Tx, scope actor.Scope, id int64) (bool, error) {
	n, err := tx.Exec(`UPDATE alert SET told_at = ? WHERE organization_id = ? AND id = ?
		AND told_at = 0`, clock.Millis(tx.Now), scope.Organization, id)
	return n == 1, err
}

// OfMember are a member's, newest first.
func (s *Store) OfMember(ctx context.Context, member int64, limit int) ([]alert.Alert, error) {
	rows, err := s.db.Query(ctx, columns+`WHERE member_id = ?
		/* any organization: a member's own */ ORDER BY id DESC LIMIT ?`, member, limit)
	return sqldb.Collect(rows, err, scan)
}

// Withdraw is false when the member has no such alert that waits.
func (s *Store) Withdraw(tx *sqldb.Tx, member, id int64) (bool, error) {
	n, err := tx.Exec(`DELETE FROM alert WHERE id = ? AND member_id = ? AND told_at = 0
		/* any organization: a member's own */`, id, member)
	return n == 1, err
}

// Forget deletes a member's, told or not.
func (s *Store) Forget(tx *sqldb.Tx, member int64) error {
	_, err := tx.Exec(`DELETE FROM alert WHERE member_id = ?
		/* any organization: a member who is forgotten is forgotten everywhere */`, member)
	return err
}
