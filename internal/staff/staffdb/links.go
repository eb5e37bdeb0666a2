package staffdb

import (
	"context"
	"database/sql"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/sqldb"
	"foyer/internal/staff"
)

const anyActive = `SELECT id FROM staff WHERE state = 'active' LIMIT 1`

// AnyActive says whether somebody can sign in already.
func (s *Store) AnyActive(tx *sqldb.Tx) (bool, error) {
	var id int64
	return sqldb.Found(tx.QueryRow(anyActive).Scan(&id))
}

const (
	dropSetupLinks  = `DELETE FROM setup_link`
	insertSetupLink = `INSERT INTO setup_link (token_hash, expires_at) VALUES (?, ?)`
	useSetupLink    = `DELETE FROM setup_link WHERE token_hash = ? AND expires_at > ?`
)

// ReplaceSetupLink stores the one link that holds; earlier ones end.
func (s *Store) ReplaceSetupLink(tx *sqldb.Tx, hash []byte, expires time.Time) error {
	if _, err := tx.Exec(dropSetupLinks); err != nil {
		return err
	}
	_, err := tx.Exec(insertSetupLink, hash, clock.Millis(expires))
	return err
}

// UseSetupLink spends the link. It refuses with staff.ErrLink.
func (s *Store) UseSetupLink(tx *sqldb.Tx, hash []byte) error {
	return tx.Guard(staff.ErrLink, useSetupLink, hash, clock.Millis(tx.Now))
}

const insertInvitation = `INSERT INTO invitation (id, token_hash, organization_id, venue_id,
  role_id, email_sealed, invited_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

// InsertInvitation stores an invitation.
func (s *Store) InsertInvitation(tx *sqldb.Tx, v staff.Invitation) error {
	_, err := tx.Exec(insertInvitation, v.ID, v.TokenHash, v.Organization, v.Venue, v.Role,
		v.EmailSealed, v.InvitedBy, clock.Millis(v.CreatedAt), clock.Millis(v.ExpiresAt))
	return err
}

const byToken = `SELECT id, token_hash, organization_id, venue_id, role_id, email_sealed,
  invited_by, created_at, expires_at FROM invitation WHERE token_hash = ?
  /* any organization: the link itself says which */`

// InvitationByToken finds the invitation of a link.
func (s *Store) InvitationByToken(ctx context.Context, hash []byte,
) (staff.Invitation, bool, error) {
	v, err := scanInvitation(s.db.QueryRow(ctx, byToken, hash))
	found, err := sqldb.Found(err)
	return v, found, err
}

func scanInvitation(row scanner) (staff.Invitation, error) {
	var v staff.Invitation
	var created, expires int64
	err := row.Scan(&v.ID, &v.TokenHash, &v.Organization, &v.Venue, &v.Role, &v.EmailSealed,
		&v.InvitedBy, &created, &expires)
	v.CreatedAt, v.ExpiresAt = clock.FromMillis(created), clock.FromMillis(expires)
	return v, err
}

const invitations = `SELECT id, token_hash, organization_id, venue_id, role_id, email_sealed,
  invited_by, created_at, expires_at FROM invitation
  WHERE organization_id = ? ORDER BY id DESC LIMIT ?`

// ListInvitations lists those of an organization, the newest first.
func (s *Store) ListInvitations(ctx context.Context, sc actor.Scope, limit int,
) ([]staff.Invitation, error) {
	rows, err := s.db.Query(ctx, invitations, sc.Organization, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (staff.Invitation, error) {
		return scanInvitation(r)
	})
}

const useInvitation = `DELETE FROM invitation WHERE organization_id = ? AND id = ?
  AND expires_at > ?`

// UseInvitation spends an invitation. It refuses with staff.ErrLink.
func (s *Store) UseInvitation(tx *sqldb.Tx, sc actor.Scope, id int64) error {
	return tx.Guard(staff.ErrLink, useInvitation, sc.Organization, id, clock.Millis(tx.Now))
}

const (
	endedInvitations = `SELECT organization_id, id FROM invitation WHERE expires_at <= ? LIMIT ?
  /* any organization: what has ended goes everywhere */`
	deleteInvitation = `DELETE FROM invitation WHERE organization_id = ? AND id = ?`
)

// SweepInvitations deletes at most limit ended invitations, and tells how many.
func (s *Store) SweepInvitations(tx *sqldb.Tx, limit int) (int, error) {
	rows, err := tx.Query(endedInvitations, clock.Millis(tx.Now), limit)
	list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (v staff.Invitation, err error) {
		return v, r.Scan(&v.Organization, &v.ID)
	})
	if err != nil {
		return 0, err
	}
	for _, v := range list {
		if _, err := tx.Exec(deleteInvitation, v.Organization, v.ID); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}
