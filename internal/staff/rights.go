package staff

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/pii"
	"foyer/internal/sqldb"
)

// RoleInput is what people write about a role.
type RoleInput struct {
	Name        string
	Permissions []actor.Permission
}

func (in *RoleInput) check() error {
	var p fault.Problems
	in.Name = strings.TrimSpace(in.Name)
	n := utf8.RuneCountInString(in.Name)
	if n < 1 || n > maxName || !utf8.ValidString(in.Name) ||
		strings.ContainsFunc(in.Name, unicode.IsControl) {
		p.Add("name", "must have 1 to %d printable characters 应为 1 至 %d 个字符", maxName, maxName)
	}
	for i, perm := range in.Permissions {
		if !isPermission(perm) {
			p.Add("permissions", "item %d is no permission 第 %d 项不是有效权限", i+1, i+1)
		}
	}
	slices.Sort(in.Permissions)
	in.Permissions = slices.Compact(in.Permissions)
	return p.Err()
}

// ListRoles are the roles of an organization.
func (h *House) ListRoles(ctx context.Context, who actor.Actor, s actor.Scope) ([]Role, error) {
	if err := may(who, StaffManage, s.Organization); err != nil {
		return nil, err
	}
	return h.Roles.ListRoles(ctx, s)
}

// CreateRole makes a role. It refuses with fault.BadInput, ErrBeyondYou and ErrTooMany.
func (h *House) CreateRole(ctx context.Context, who actor.Actor, s actor.Scope, in RoleInput,
) (Role, error) {
	if err := may(who, StaffManage, s.Organization); err != nil {
		return Role{}, err
	}
	if err := in.check(); err != nil {
		return Role{}, err
	}
	role := Role{ID: h.IDs.Next(), Organization: s.Organization, Name: in.Name,
		Permissions: in.Permissions, Revision: 1}
	err := h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, err := h.allowed(tx, who, StaffManage, s.Organization)
		if err != nil {
			return err
		}
		if err := beyond(now, role.Permissions, s.Organization, 0); err != nil {
			return err
		}
		roles, err := h.Roles.RolesOf(tx, s)
		if err != nil {
			return err
		}
		if len(roles) >= MaxRoles {
			return ErrTooMany.With("limit", MaxRoles)
		}
		if err := h.Roles.InsertRole(tx, role); err != nil {
			return err
		}
		h.note(tx, who, s.Organization, "role.created", roleData(role), roleObject(role))
		return nil
	})
	return role, err
}

func roleData(r Role) map[string]any {
	return map[string]any{"name": r.Name, "permissions": r.Permissions}
}

func roleObject(r Role) journal.Object {
	return journal.Object{Kind: "rol", ID: r.ID, Revision: r.Revision}
}

// ChangeRole changes a role; everybody who holds it has the new permissions with the next
// request. It refuses with fault.BadInput, fault.Stale, ErrOwnerRole and ErrBeyondYou.
func (h *House) ChangeRole(ctx context.Context, who actor.Actor, s actor.Scope, id, revision int64,
	in RoleInput,
) (Role, error) {
	if err := may(who, StaffManage, s.Organization); err != nil {
		return Role{}, err
	}
	if err := in.check(); err != nil {
		return Role{}, err
	}
	var role Role
	err := h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		var err error
		if role, err = h.roleToChange(tx, who, s, id); err != nil {
			return err
		}
		now, err := h.allowed(tx, who, StaffManage, s.Organization)
		if err != nil {
			return err
		}
		if err := beyond(now, in.Permissions, s.Organization, 0); err != nil {
			return err
		}
		if role.Revision != revision {
			return fault.Stale
		}
		role.Name, role.Permissions = in.Name, in.Permissions
		if err := h.Roles.UpdateRoleIfRevision(tx, role); err != nil {
			return err
		}
		role.Revision++
		h.changed(tx)
		h.note(tx, who, s.Organization, "role.changed", roleData(role), roleObject(role))
		return nil
	})
	return role, err
}

// roleToChange is a role that the actor may change: not the owner's, and not one that holds
// more than he does.
func (h *House) roleToChange(tx *sqldb.Tx, who actor.Actor, s actor.Scope, id int64,
) (Role, error) {
	now, err := h.allowed(tx, who, StaffManage, s.Organization)
	if err != nil {
		return Role{}, err
	}
	role, ok, err := h.Roles.Role(tx, s, id)
	if err != nil || !ok {
		return Role{}, orElse(err, fault.Missing)
	}
	if role.Preset == Owner {
		return Role{}, ErrOwnerRole
	}
	return role, beyond(now, role.Permissions, s.Organization, 0)
}

// DeleteRole deletes a role that nobody has. It refuses with fault.Missing, ErrOwnerRole,
// ErrBeyondYou and ErrRoleUsed.
func (h *House) DeleteRole(ctx context.Context, who actor.Actor, s actor.Scope, id int64) error {
	if err := may(who, StaffManage, s.Organization); err != nil {
		return err
	}
	return h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		role, err := h.roleToChange(tx, who, s, id)
		if err != nil {
			return err
		}
		if used, err := h.Roles.RoleUsed(tx, s, id); err != nil || used {
			return orElse(err, ErrRoleUsed)
		}
		if err := h.Roles.DeleteRole(tx, s, id); err != nil {
			return err
		}
		h.note(tx, who, s.Organization, "role.deleted", roleData(role), roleObject(role))
		return nil
	})
}

// List is the staff of an organization. E-mail addresses are masked for those who may not
// see personal values in full.
func (h *House) List(ctx context.Context, who actor.Actor, s actor.Scope) ([]Person, error) {
	if err := may(who, StaffManage, s.Organization); err != nil {
		return nil, err
	}
	records, grants, err := h.Grants.List(ctx, s, MaxStaff)
	if err != nil {
		return nil, err
	}
	full := who.May(PersonUnmask, s.Organization, 0)
	of := map[int64][]Grant{}
	for _, g := range grants {
		of[g.Staff] = append(of[g.Staff], g)
	}
	people := make([]Person, len(records))
	for i, r := range records {
		email, err := h.openEmail(r)
		if err != nil {
			return nil, err
		}
		if !full {
			email = pii.MaskEmail(email)
		}
		people[i] = Person{r.ID, r.State, r.Name, email, of[r.ID]}
	}
	return people, nil
}

// SetGrants gives a person exactly these roles in an organization; none removes him from
// it, and signs him out if he works nowhere else. What changes counts from the next request on. It
// refuses with fault.Missing, fault.BadInput, ErrBeyondYou (for what is given and for what
// is taken away), ErrLastOwner and ErrTooMany.
func (h *House) SetGrants(ctx context.Context, who actor.Actor, s actor.Scope, staff int64,
	want []Grant,
) error {
	if err := may(who, StaffManage, s.Organization); err != nil {
		return err
	}
	if len(want) > MaxGrants {
		return ErrTooMany.With("limit", MaxGrants)
	}
	for i := range want {
		want[i].Staff, want[i].Organization = staff, s.Organization
		if err := h.checkVenue(ctx, s, want[i].Venue); err != nil {
			return err
		}
	}
	return h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, err := h.allowed(tx, who, StaffManage, s.Organization)
		if err != nil {
			return err
		}
		have, err := h.Grants.GrantsIn(tx, s, staff)
		if err != nil {
			return err
		}
		if len(have) == 0 { // newcomers come by invitation; strangers are missing here
			return fault.Missing
		}
		if err := h.replace(tx, now, s, have, want); err != nil {
			return err
		}
		if n, err := h.Grants.Owners(tx, s); err != nil || n == 0 {
			return orElse(err, ErrLastOwner)
		}
		if err := h.signOutIfNowhere(tx, staff); err != nil {
			return err
		}
		h.changed(tx)
		h.note(tx, who, s.Organization, "staff.grants_set", grantData(want),
			person(Record{ID: staff}))
		return nil
	})
}

// signOutIfNowhere ends the sign-ins of somebody who has no grant left in any organization.
// Who works elsewhere stays signed in there: here, each request asks for his grants anew.
func (h *House) signOutIfNowhere(tx *sqldb.Tx, staff int64) error {
	left, err := h.Grants.AllOfIn(tx, staff)
	if err != nil || len(left) > 0 {
		return err
	}
	_, err = h.signOutEverywhere(tx, staff)
	return err
}

func (h *House) checkVenue(ctx context.Context, s actor.Scope, venue int64) error {
	if venue == 0 {
		return nil
	}
	ok, err := h.Venues.HasVenue(ctx, s, venue)
	if err != nil || !ok {
		return orElse(err, fault.Missing)
	}
	return nil
}

func grantData(list []Grant) map[string]any {
	out := []map[string]int64{}
	for _, g := range list {
		out = append(out, map[string]int64{"venue": g.Venue, "role": g.Role})
	}
	return map[string]any{"grants": out}
}

// replace deletes and inserts what differs, and asks of each whether the actor holds it.
func (h *House) replace(tx *sqldb.Tx, who actor.Actor, s actor.Scope, have []GrantedRole,
	want []Grant,
) error {
	kept := map[Grant]bool{}
	for _, g := range have {
		if slices.Contains(want, g.Grant) {
			kept[g.Grant] = true
			continue
		}
		if err := beyond(who, g.Permissions, s.Organization, g.Venue); err != nil {
			return err
		}
		if err := h.Grants.DeleteGrant(tx, g.Grant); err != nil {
			return err
		}
	}
	for _, g := range want {
		if kept[g] {
			continue
		}
		kept[g] = true
		role, ok, err := h.Roles.Role(tx, s, g.Role)
		if err != nil || !ok {
			return orElse(err, fault.Missing)
		}
		if err := beyond(who, role.Permissions, s.Organization, g.Venue); err != nil {
			return err
		}
		if err := h.Grants.InsertGrant(tx, g); err != nil {
			return err
		}
	}
	return nil
}

// SignOut ends all sign-ins of somebody on an organization's staff, e.g. after a phone was
// lost. It refuses with fault.Missing and ErrBeyondYou.
func (h *House) SignOut(ctx context.Context, who actor.Actor, s actor.Scope, staff int64) error {
	if err := may(who, StaffManage, s.Organization); err != nil {
		return err
	}
	return h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, err := h.allowed(tx, who, StaffManage, s.Organization)
		if err != nil {
			return err
		}
		grants, err := h.Grants.GrantsIn(tx, s, staff)
		if err != nil || len(grants) == 0 {
			return orElse(err, fault.Missing)
		}
		for _, g := range grants {
			if err := beyond(now, g.Permissions, s.Organization, g.Venue); err != nil {
				return err
			}
		}
		n, err := h.signOutEverywhere(tx, staff)
		if err != nil {
			return err
		}
		h.note(tx, who, s.Organization, "staff.sign_ins_ended", map[string]any{"ended": n},
			person(Record{ID: staff}))
		return nil
	})
}
