package staff

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/journal"
	"foyer/internal/notify"
	"foyer/internal/sqldb"
)

// People is the store of persons; package staffdb implements it.
type People interface {
	ByEmail(ctx context.Context, indexes [][]byte) (Record, bool, error)
	ByEmailIn(tx *sqldb.Tx, indexes [][]byte) (Record, bool, error)
	ByID(ctx context.Context, id int64) (Record, bool, error)
	ByIDIn(tx *sqldb.Tx, id int64) (Record, bool, error)
	Insert(tx *sqldb.Tx, r Record) error
	// UpdateIfRevision stores state, password and second factor and raises the revision.
	UpdateIfRevision(tx *sqldb.Tx, r Record) error
	// UseStepIfLater spends a TOTP step; ErrSignIn when it or a later one was spent.
	UseStepIfLater(tx *sqldb.Tx, id, step int64) error
}

// Roles is the store of roles; package staffdb implements it.
type Roles interface {
	RolesOf(tx *sqldb.Tx, s actor.Scope) ([]Role, error)
	ListRoles(ctx context.Context, s actor.Scope) ([]Role, error)
	Role(tx *sqldb.Tx, s actor.Scope, id int64) (Role, bool, error)
	InsertRole(tx *sqldb.Tx, r Role) error
	UpdateRoleIfRevision(tx *sqldb.Tx, r Role) error
	DeleteRole(tx *sqldb.Tx, s actor.Scope, id int64) error
	RoleUsed(tx *sqldb.Tx, s actor.Scope, id int64) (bool, error)
}

// Grants is the store of grants; package staffdb implements it.
type Grants interface {
	// AllOf are a person's grants in every organization, with what they allow.
	AllOf(ctx context.Context, staff int64) ([]GrantedRole, error)
	AllOfIn(tx *sqldb.Tx, staff int64) ([]GrantedRole, error)
	GrantsIn(tx *sqldb.Tx, s actor.Scope, staff int64) ([]GrantedRole, error)
	InsertGrant(tx *sqldb.Tx, g Grant) error
	DeleteGrant(tx *sqldb.Tx, g Grant) error
	// Owners counts the active persons who hold the owner's role in the organization.
	Owners(tx *sqldb.Tx, s actor.Scope) (int, error)
	// List is an organization's staff with the grants they have in it.
	List(ctx context.Context, s actor.Scope, limit int) ([]Record, []Grant, error)
}

// Links is the store of the first owner's link; package staffdb implements it.
type Links interface {
	AnyActive(tx *sqldb.Tx) (bool, error)
	ReplaceSetupLink(tx *sqldb.Tx, hash []byte, expires time.Time) error
	UseSetupLink(tx *sqldb.Tx, hash []byte) error // ErrLink
}

// InvitationStore keeps invitations; package staffdb implements it.
type InvitationStore interface {
	InsertInvitation(tx *sqldb.Tx, v Invitation) error
	InvitationByToken(ctx context.Context, hash []byte) (Invitation, bool, error)
	ListInvitations(ctx context.Context, s actor.Scope, limit int) ([]Invitation, error)
	// UseInvitation deletes it if it has not ended; ErrLink else.
	UseInvitation(tx *sqldb.Tx, s actor.Scope, id int64) error
	// SweepInvitations deletes at most limit ended ones.
	SweepInvitations(tx *sqldb.Tx, limit int) (int, error)
}

// Organizations makes the tenant of a first owner; package catalog implements it. It
// stores rows and appends no journal entry: the command's one entry is written here.
type Organizations interface {
	AddOrganization(tx *sqldb.Tx, id int64, name string) error
}

// Venues knows which venues an organization has; package catalog implements it.
type Venues interface {
	HasVenue(ctx context.Context, s actor.Scope, venue int64) (bool, error)
	OrganizationName(ctx context.Context, id int64) (string, error)
}

// Vault seals values for one place in a table and makes blind indexes; the key ring
// implements it.
type Vault interface {
	Seal(table, column string, id int64, plain []byte) []byte
	Open(table, column string, id int64, sealed []byte) ([]byte, error)
	BlindIndex(kind, value string) []byte
	BlindIndexes(kind, value string) [][]byte
}

// Passwords hashes and checks passwords; package secret implements it.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Check(ctx context.Context, password, stored string) (ok, again bool, err error)
	CheckNobody(ctx context.Context, password string) error
}

// Journal takes one entry for each accepted command; package journal implements it.
type Journal interface {
	Append(tx *sqldb.Tx, e journal.Entry) journal.Position
}

// Sender hands messages to their channel; package notify's senders implement it.
type Sender interface {
	Send(ctx context.Context, m notify.Message) error
}
