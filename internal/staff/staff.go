// Package staff is the people who run organizations: how they sign in (password and TOTP,
// both always), what they may do (roles as sets of permissions, for an organization or one
// venue of it), and how they come and go. A member of staff is one person for the whole
// installation; what he may do is said by grants, each within one organization.
package staff

import (
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
)

// State says whether a person may sign in.
type State string

const (
	// Enrolling has a password and not yet a confirmed second factor: the person's turn. One
	// becomes it by the owner's link or an invitation and leaves it by a right TOTP code.
	Enrolling State = "enrolling"
	// Active signs in with password and TOTP. An operator's reset leads back to Enrolling.
	Active State = "active"
)

// Record is a person as stored.
type Record struct {
	ID                                  int64
	State                               State
	EmailIndex, EmailSealed, TOTPSealed []byte
	Name, Password                      string
	TOTPLast                            int64 // the last step that was used: none is used twice
	Revision                            int64
	CreatedAt                           time.Time
}

// Role is a set of permissions of one organization.
type Role struct {
	ID, Organization int64
	Preset           Preset // empty for a role of the organization's own making
	Name             string
	Permissions      []actor.Permission
	Revision         int64
}

// Grant gives a person a role, at one venue or (0) in the whole organization.
type Grant struct {
	Staff, Organization, Venue, Role int64
}

// GrantedRole is a grant with what it allows.
type GrantedRole struct {
	Grant
	Preset      Preset
	Permissions []actor.Permission
}

// Person is one row of an organization's staff list.
type Person struct {
	ID     int64
	State  State
	Name   string
	Email  string // in full or masked, as the reader may see it
	Grants []Grant
}

// Invitation waits for somebody to accept it.
type Invitation struct {
	ID, Organization, Venue, Role, InvitedBy int64
	TokenHash, EmailSealed                   []byte
	CreatedAt, ExpiresAt                     time.Time
}

// Limits.
const (
	SetupLife      = 24 * time.Hour
	InvitationLife = 72 * time.Hour
	MaxRoles       = 50   // of an organization
	MaxStaff       = 1000 // of an organization
	MaxGrants      = 50   // of a person in an organization
	MaxInvitations = 200  // open ones of an organization
	maxName        = 60   // characters
)

// The refusals of staff.
var (
	ErrSignIn = fault.Define(fault.Unauthorized, "staff_sign_in_refused",
		"邮箱、密码或动态口令错误", "E-mail, password and one-time password do not belong together.",
		"Try again with a fresh code from the authenticator; a code works once.")
	ErrNotConfirmed = fault.Define(fault.Conflict, "totp_not_confirmed",
		"请先完成动态口令绑定", "The second factor is not confirmed yet.",
		"Read the secret from POST /staff/auth/enrolment and confirm at POST /staff/auth/totp.")
	ErrConfirmed = fault.Define(fault.Conflict, "totp_confirmed",
		"动态口令已绑定", "The second factor is confirmed already; its secret is not shown again.",
		"Sign in. Who lost the authenticator asks the operator to reset it.")
	ErrLink = fault.Define(fault.NotFound, "link_invalid",
		"链接无效、已使用或已过期", "The link is unknown, used, or has ended.",
		"Ask for a new one; the first owner's link is printed anew at each start.")
	ErrSetUp = fault.Define(fault.Conflict, "already_set_up",
		"系统已完成初始化", "This installation has an owner already.",
		"Sign in, or ask an owner for an invitation.")
	ErrBeyondYou = fault.Define(fault.Forbidden, "beyond_your_permissions",
		"不能授予或更改超出自己权限的角色", "Nobody gives, changes or takes away more than he holds.",
		"Ask somebody who holds these permissions; details.permissions names them.")
	ErrLastOwner = fault.Define(fault.Conflict, "last_owner",
		"商户至少需要一位所有者", "An organization keeps at least one owner who can sign in.",
		"Make somebody else an owner first.")
	ErrRoleUsed = fault.Define(fault.Conflict, "role_in_use",
		"角色正在使用中", "People or open invitations still have this role.",
		"Give them another role first.")
	ErrOwnerRole = fault.Define(fault.Conflict, "role_fixed",
		"所有者角色不能更改", "The owner's role cannot be changed or deleted.",
		"Make a role of your own.")
	ErrTooMany = fault.Define(fault.Conflict, "staff_limit_reached",
		"数量已达上限", "The organization has as many of these as it can have.",
		"Delete what is not needed any more; details.limit is the number.")
)

// actorOf is what a person may do, from his grants.
func actorOf(r Record, grants []GrantedRole) actor.Actor {
	a := actor.Actor{Kind: actor.Staff, ID: r.ID, Name: r.Name}
	for _, g := range grants {
		a.Grants = append(a.Grants, actor.Grant{Organization: g.Organization, Venue: g.Venue,
			Permissions: g.Permissions})
	}
	return a
}

// beyond names the permissions that the actor lacks, for the refusal.
func beyond(who actor.Actor, list []actor.Permission, organization, venue int64) error {
	if mayGive(who, list, organization, venue) {
		return nil
	}
	missing := slices.DeleteFunc(slices.Clone(list), func(p actor.Permission) bool {
		return who.May(p, organization, venue)
	})
	return ErrBeyondYou.With("permissions", missing)
}
