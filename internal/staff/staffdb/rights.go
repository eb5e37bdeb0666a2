package staffdb

import (
	"context"
	"database/sql"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/staff"
)

const rolesOf = `SELECT id, organization_id, preset, name, permissions, revision FROM role
  WHERE organization_id = ? ORDER BY id LIMIT ?`

// RolesOf lists the roles of an organization inside a transaction.
func (s *Store) RolesOf(tx *sqldb.Tx, sc actor.Scope) ([]staff.Role, error) {
	rows, err := tx.Query(rolesOf, sc.Organization, 2*staff.MaxRoles)
	return sqldb.Collect(rows, err, scanRoles)
}

// ListRoles lists the roles of an organization.
func (s *Store) ListRoles(ctx context.Context, sc actor.Scope) ([]staff.Role, error) {
	rows, err := s.db.Query(ctx, rolesOf, sc.Organization, 2*staff.MaxRoles)
	return sqldb.Collect(rows, err, scanRoles)
}

const roleByID = `SELECT id, organization_id, preset, name, permissions, revision FROM role
  WHERE organization_id = ? AND id = ?`

// Role reads a role of an organization.
func (s *Store) Role(tx *sqldb.Tx, sc actor.Scope, id int64) (staff.Role, bool, error) {
	r, err := scanRole(tx.QueryRow(roleByID, sc.Organization, id))
	found, err := sqldb.Found(err)
	return r, found, err
}

func scanRoles(r *sql.Rows) (staff.Role, error) { return scanRole(r) }

func scanRole(row scanner) (staff.Role, error) {
	var r staff.Role
	var list string
	err := row.Scan(&r.ID, &r.Organization, &r.Preset, &r.Name, &list, &r.Revision)
	r.Permissions = staff.SplitPermissions(list)
	return r, err
}

const insertRole = `INSERT INTO role (id, organization_id, preset, name, permissions, revision)
  VALUES (?, ?, ?, ?, ?, ?)`

// InsertRole stores a role.
func (s *Store) InsertRole(tx *sqldb.Tx, r staff.Role) error {
	_, err := tx.Exec(insertRole, r.ID, r.Organization, string(r.Preset), r.Name,
		join(r.Permissions), r.Revision)
	return err
}

func join(list []actor.Permission) string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = string(p)
	}
	return strings.Join(words, " ")
}

const updateRoleIfRevision = `UPDATE role SET name = ?, permissions = ?, revision = revision + 1
  WHERE organization_id = ? AND id = ? AND revision = ? AND preset <> 'owner'`

// UpdateRoleIfRevision stores name and permissions. It refuses with fault.Stale.
func (s *Store) UpdateRoleIfRevision(tx *sqldb.Tx, r staff.Role) error {
	return tx.Guard(fault.Stale, updateRoleIfRevision, r.Name, join(r.Permissions),
		r.Organization, r.ID, r.Revision)
}

const deleteRole = `DELETE FROM role WHERE organization_id = ? AND id = ? AND preset <> 'owner'`

// DeleteRole deletes a role. It refuses with fault.Missing.
func (s *Store) DeleteRole(tx *sqldb.Tx, sc actor.Scope, id int64) error {
	return tx.Guard(fault.Missing, deleteRole, sc.Organization, id)
}

const (
	roleGranted = `SELECT staff_id FROM staff_grant
  WHERE organization_id = ? AND role_id = ? LIMIT 1`
	roleInvited = `SELECT id FROM invitation WHERE organization_id = ? AND role_id = ?
  AND expires_at > ? LIMIT 1`
)

// RoleUsed says whether anybody has a role or is invited to it.
func (s *Store) RoleUsed(tx *sqldb.Tx, sc actor.Scope, id int64) (bool, error) {
	var any int64
	found, err := sqldb.Found(tx.QueryRow(roleGranted, sc.Organization, id).Scan(&any))
	if found || err != nil {
		return found, err
	}
	row := tx.QueryRow(roleInvited, sc.Organization, id, tx.Now.UnixMilli())
	return sqldb.Found(row.Scan(&any))
}

const grantsOfPerson = `SELECT g.staff_id, g.organization_id, g.venue_id, g.role_id, r.preset,
  r.permissions FROM staff_grant g
  JOIN role r ON r.organization_id = g.organization_id AND r.id = g.role_id
  WHERE g.staff_id = ? ORDER BY g.organization_id, g.venue_id, g.role_id LIMIT ?
  /* any organization: what one person may do, wherever */`

// maxGrants bounds what is read of one person over all organizations.
const maxGrants = 500

// AllOf are a person's grants in every organization.
func (s *Store) AllOf(ctx context.Context, id int64) ([]staff.GrantedRole, error) {
	rows, err := s.db.Query(ctx, grantsOfPerson, id, maxGrants)
	return sqldb.Collect(rows, err, scanGrant)
}

// AllOfIn is AllOf inside a transaction.
func (s *Store) AllOfIn(tx *sqldb.Tx, id int64) ([]staff.GrantedRole, error) {
	rows, err := tx.Query(grantsOfPerson, id, maxGrants)
	return sqldb.Collect(rows, err, scanGrant)
}

const grantsIn = `SELECT g.staff_id, g.organization_id, g.venue_id, g.role_id, r.preset,
  r.permissions FROM staff_grant g
  JOIN role r ON r.organization_id = g.organization_id AND r.id = g.role_id
  WHERE g.organization_id = ? AND g.staff_id = ? ORDER BY g.venue_id, g.role_id LIMIT ?`

// GrantsIn are a person's grants in one organization.
func (s *Store) GrantsIn(tx *sqldb.Tx, sc actor.Scope, id int64) ([]staff.GrantedRole, error) {
	rows, err := tx.Query(grantsIn, sc.Organization, id, maxGrants)
	return sqldb.Collect(rows, err, scanGrant)
}

func scanGrant(r *sql.Rows) (staff.GrantedRole, error) {
	var g staff.GrantedRole
	var list string
	err := r.Scan(&g.Staff, &g.Organization, &g.Venue, &g.Role, &g.Preset, &list)
	g.Permissions = staff.SplitPermissions(list)
	return g, err
}

const insertGrant = `INSERT INTO staff_grant (staff_id, organization_id, venue_id, role_id)
  VALUES (?, ?, ?, ?)`

// InsertGrant stores a grant.
func (s *Store) InsertGrant(tx *sqldb.Tx, g staff.Grant) error {
	_, err := tx.Exec(insertGrant, g.Staff, g.Organization, g.Venue, g.Role)
	return err
}

const deleteGrant = `DELETE FROM staff_grant
  WHERE organization_id = ? AND staff_id = ? AND venue_id = ? AND role_id = ?`

// DeleteGrant takes a grant away. It refuses with fault.Stale one that is gone.
func (s *Store) DeleteGrant(tx *sqldb.Tx, g staff.Grant) error {
	return tx.Guard(fault.Stale, deleteGrant, g.Organization, g.Staff, g.Venue, g.Role)
}

const owners = `SELECT COUNT(DISTINCT p.id) FROM staff_grant g
  JOIN role r ON r.organization_id = g.organization_id AND r.id = g.role_id
  JOIN staff p ON p.id = g.staff_id
  WHERE g.organization_id = ? AND g.venue_id = 0 AND r.preset = 'owner' AND p.state = 'active'`

// Owners counts the active owners of an organization.
func (s *Store) Owners(tx *sqldb.Tx, sc actor.Scope) (n int, err error) {
	err = tx.QueryRow(owners, sc.Organization).Scan(&n)
	return n, err
}

const staffOf = `SELECT p.id, p.state, p.email_index, p.email_sealed, p.totp_sealed, p.name,
  p.password, p.totp_last, p.revision, p.created_at FROM staff p
  WHERE p.id IN (SELECT g.staff_id FROM staff_grant g WHERE g.organization_id = ?)
  ORDER BY p.id LIMIT ?`

const grantsOfAll = `SELECT staff_id, organization_id, venue_id, role_id FROM staff_grant
  WHERE organization_id = ? ORDER BY staff_id, venue_id, role_id LIMIT ?`

// List is an organization's staff with their grants in it.
func (s *Store) List(ctx context.Context, sc actor.Scope, limit int,
) ([]staff.Record, []staff.Grant, error) {
	rows, err := s.db.Query(ctx, staffOf, sc.Organization, limit)
	people, err := sqldb.Collect(rows, err, func(r *sql.Rows) (staff.Record, error) {
		return scan(r)
	})
	if err != nil {
		return nil, nil, err
	}
	rows, err = s.db.Query(ctx, grantsOfAll, sc.Organization, limit*staff.MaxGrants)
	grants, err := sqldb.Collect(rows, err, func(r *sql.Rows) (g staff.Grant, err error) {
		return g, r.Scan(&g.Staff, &g.Organization, &g.Venue, &g.Role)
	})
	return people, grants, err
}
