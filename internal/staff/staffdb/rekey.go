package staffdb

import (
	"context"
	"database/sql"

	"foyer/internal/sqldb"
	"foyer/internal/staff"
)

const peopleAfter = `SELECT id, state, email_index, email_sealed, totp_sealed, name, password,
  totp_last, revision, created_at FROM staff WHERE id > ? ORDER BY id LIMIT ?`

// PeopleAfter pages through all persons by key.
func (s *Store) PeopleAfter(ctx context.Context, id int64, limit int) ([]staff.Record, error) {
	rows, err := s.db.Query(ctx, peopleAfter, id, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (staff.Record, error) { return scan(r) })
}

const (
	rekeyEmailIfSame = `UPDATE staff SET email_index = ?, email_sealed = ?
  WHERE id = ? AND email_index = ? AND email_sealed = ?`
	rekeyFactorIfSame = `UPDATE staff SET totp_sealed = ? WHERE id = ? AND totp_sealed = ?`
)

// RekeyPersonIfSame stores address and second factor under other keys, each unless
// somebody changed it since old was read. Nothing that a person sees changes, so the
// revision stays, and so does the last step of the second factor.
func (s *Store) RekeyPersonIfSame(tx *sqldb.Tx, old, now staff.Record) error {
	_, err := tx.Exec(rekeyEmailIfSame, now.EmailIndex, now.EmailSealed, old.ID, old.EmailIndex,
		old.EmailSealed)
	if err != nil || len(old.TOTPSealed) == 0 {
		return err
	}
	_, err = tx.Exec(rekeyFactorIfSame, now.TOTPSealed, old.ID, old.TOTPSealed)
	return err
}

const invitationsAfter = `SELECT id, token_hash, organization_id, venue_id, role_id,
  email_sealed, invited_by, created_at, expires_at FROM invitation
  WHERE id > ? /* any organization: the keys of the installation change for all */
  ORDER BY id LIMIT ?`

// InvitationsAfter pages through the invitations of all organizations by key.
func (s *Store) InvitationsAfter(ctx context.Context, id int64, limit int,
) ([]staff.Invitation, error) {
	rows, err := s.db.Query(ctx, invitationsAfter, id, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (staff.Invitation, error) {
		return scanInvitation(r)
	})
}

const rekeyInvitationIfSame = `UPDATE invitation SET email_sealed = ?
  WHERE organization_id = ? AND id = ? AND email_sealed = ?`

// RekeyInvitationIfSame stores the address under another key unless it changed.
func (s *Store) RekeyInvitationIfSame(tx *sqldb.Tx, old, now staff.Invitation) error {
	_, err := tx.Exec(rekeyInvitationIfSame, now.EmailSealed, old.Organization, old.ID,
		old.EmailSealed)
	return err
}
