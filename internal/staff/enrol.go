package staff

import (
	"context"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// SetupLink makes the one-time link of the first owner, in place of earlier ones. It holds
// for SetupLife and until somebody has confirmed a second factor. It refuses with ErrSetUp
// once the installation has an active member of staff.
func (h *House) SetupLink(ctx context.Context) (string, error) {
	token, hash := secret.NewToken(h.IDs, secret.OwnerToken)
	err := h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if any, err := h.Links.AnyActive(tx); err != nil || any {
			return orElse(err, ErrSetUp)
		}
		if err := h.Links.ReplaceSetupLink(tx, hash[:], tx.Now.Add(SetupLife)); err != nil {
			return err
		}
		h.note(tx, actor.SystemActor, 0, "staff.setup_link_made", map[string]any{})
		return nil
	})
	if err != nil {
		return "", err
	}
	return h.Site + "/staff/setup#" + token, nil
}

func orElse(err, refusal error) error {
	if err != nil {
		return err
	}
	return refusal
}

// Setup is what the first owner fills in.
type Setup struct {
	Token, Organization, Email, Name, Password string
}

// Enrolment is the second factor to be scanned or typed into an authenticator. It is shown
// until it is confirmed.
type Enrolment struct {
	Staff, Organization int64
	Secret, URL         string
}

// newcomer prepares a person: checks, hash, second factor. All problems are told at once.
func (h *House) newcomer(ctx context.Context, email, name, password string,
) (Record, secret.TOTP, error) {
	var p fault.Problems
	name = personName(&p, name)
	if err := p.Err(); err != nil {
		return Record{}, secret.TOTP{}, err
	}
	if err := secret.CheckStrength(password, email, name); err != nil {
		return Record{}, secret.TOTP{}, err
	}
	hash, err := h.Passwords.Hash(ctx, password)
	if err != nil {
		return Record{}, secret.TOTP{}, err
	}
	id, factor := h.IDs.Next(), secret.NewTOTP(h.IDs)
	return Record{ID: id, State: Enrolling, Name: name, Password: hash, Revision: 1,
		EmailIndex:  h.Vault.BlindIndex(emailKind, email),
		EmailSealed: h.Vault.Seal("staff", "email_sealed", id, []byte(email)),
		TOTPSealed:  h.Vault.Seal("staff", "totp_sealed", id, factor.Secret())}, factor, nil
}

// SetUp makes the first organization and its owner from a one-time link. The owner may sign
// in once the second factor is confirmed. A second link after an owner who never confirmed
// makes another organization for another e-mail address, and refuses the same address with
// ErrNotConfirmed. It refuses with fault.BadInput, secret.ErrPassword, ErrLink and ErrSetUp.
func (h *House) SetUp(ctx context.Context, s Setup) (Enrolment, error) {
	hash, ok := secret.ParseToken(secret.OwnerToken, s.Token)
	if !ok {
		return Enrolment{}, ErrLink
	}
	email, err := emailOf(s.Email)
	if err != nil {
		return Enrolment{}, err
	}
	s.Organization = strings.TrimSpace(s.Organization)
	if s.Organization == "" || len([]rune(s.Organization)) > 120 {
		return Enrolment{}, fault.BadInput.At("organization_name",
			"must have 1 to 120 characters 应为 1 至 120 个字符")
	}
	r, factor, err := h.newcomer(ctx, email, s.Name, s.Password)
	if err != nil {
		return Enrolment{}, err
	}
	roles := h.presetRoles()
	organization := h.IDs.Next()
	err = h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if any, err := h.Links.AnyActive(tx); err != nil || any {
			return orElse(err, ErrSetUp)
		}
		if err := h.Links.UseSetupLink(tx, hash[:]); err != nil {
			return err
		}
		if _, known, err := h.People.ByEmailIn(tx, h.Vault.BlindIndexes(emailKind, email)); known ||
			err != nil {
			return orElse(err, ErrNotConfirmed)
		}
		r := r
		r.CreatedAt = tx.Now
		if err := h.Organizations.AddOrganization(tx, organization, s.Organization); err != nil {
			return err
		}
		if err := h.insertOwner(tx, r, roles, organization); err != nil {
			return err
		}
		h.note(tx, actor.Actor{Kind: actor.Staff, ID: r.ID, Name: r.Name}, organization,
			"staff.owner_set_up", map[string]any{}, person(r),
			journal.Object{Kind: "org", ID: organization, Revision: 1})
		return nil
	})
	if err != nil {
		return Enrolment{}, err
	}
	return h.enrolment(r, factor, organization)
}

// presetRoles are the roles of a new organization, with fresh numbers; the owner's first.
func (h *House) presetRoles() []Role {
	var roles []Role
	for _, p := range Presets() {
		roles = append(roles, Role{ID: h.IDs.Next(), Preset: p.Preset, Name: p.Zh,
			Permissions: p.Permissions, Revision: 1})
	}
	return roles
}

func (h *House) insertOwner(tx *sqldb.Tx, r Record, roles []Role, organization int64) error {
	if err := h.People.Insert(tx, r); err != nil {
		return err
	}
	for _, role := range roles {
		role.Organization = organization
		if err := h.Roles.InsertRole(tx, role); err != nil {
			return err
		}
	}
	return h.Grants.InsertGrant(tx, Grant{r.ID, organization, 0, roles[0].ID})
}

// Found makes the roles of an organization that an existing person founds, and makes that
// person its owner. catalog calls it where it makes further organizations; it appends no
// journal entry.
func (h *House) Found(tx *sqldb.Tx, owner, organization int64) error {
	roles := h.presetRoles()
	for _, role := range roles {
		role.Organization = organization
		if err := h.Roles.InsertRole(tx, role); err != nil {
			return err
		}
	}
	h.changed(tx)
	return h.Grants.InsertGrant(tx, Grant{owner, organization, 0, roles[0].ID})
}

func (h *House) enrolment(r Record, factor secret.TOTP, organization int64) (Enrolment, error) {
	email, err := h.openEmail(r)
	if err != nil {
		return Enrolment{}, err
	}
	url, err := factor.URL(h.Issuer, email)
	return Enrolment{r.ID, organization, factor.Text(), url}, err
}

// Proof is what a person signs in with.
type Proof struct {
	Email, Password, TOTP string
	From                  Origin
}

// Enrolment shows the second factor again to somebody who knows the password and has not
// confirmed it, e.g. because the page was closed. It refuses with ErrSignIn,
// signin.ErrTooManyAttempts, and ErrConfirmed.
func (h *House) Enrolment(ctx context.Context, p Proof) (Enrolment, error) {
	r, a, err := h.proven(ctx, p)
	if err != nil {
		return Enrolment{}, err
	}
	if r.State != Enrolling {
		return Enrolment{}, ErrConfirmed
	}
	factor, err := h.factorOf(r)
	if err != nil {
		return Enrolment{}, err
	}
	err = h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		h.note(tx, actorOf(r, nil), 0, "staff.enrolment_shown", map[string]any{}, person(r))
		return h.Guard.Passed(tx, a)
	})
	if err != nil {
		return Enrolment{}, err
	}
	return h.enrolment(r, factor, 0)
}

func (h *House) factorOf(r Record) (secret.TOTP, error) {
	plain, err := h.Vault.Open("staff", "totp_sealed", r.ID, r.TOTPSealed)
	if err != nil {
		return secret.TOTP{}, err
	}
	return secret.TOTPFrom(plain)
}

// Confirm ends an enrolment with a first right code and signs in. It refuses with
// ErrSignIn, signin.ErrTooManyAttempts and ErrConfirmed.
func (h *House) Confirm(ctx context.Context, p Proof) (SignedIn, error) {
	return h.enter(ctx, p, Enrolling)
}

// ResetFactor gives a person a new second factor and signs him out everywhere, for an
// operator at the machine: the one way back for somebody who lost the authenticator.
func (h *House) ResetFactor(ctx context.Context, email string) error {
	email, err := emailOf(email)
	if err != nil {
		return err
	}
	factor := secret.NewTOTP(h.IDs)
	return h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, ok, err := h.People.ByEmailIn(tx, h.Vault.BlindIndexes(emailKind, email))
		if err != nil || !ok {
			return orElse(err, fault.Missing)
		}
		r.State, r.TOTPLast = Enrolling, 0
		r.TOTPSealed = h.Vault.Seal("staff", "totp_sealed", r.ID, factor.Secret())
		if err := h.People.UpdateIfRevision(tx, r); err != nil {
			return err
		}
		r.Revision++
		account := signin.StaffAccount(r.ID)
		if _, err := h.Door.RevokeAll(tx, account, 0); err != nil {
			return err
		}
		if err := h.Guard.Pardon(tx, signin.Attempt{Name: email, Account: account}); err != nil {
			return err
		}
		h.changed(tx)
		h.note(tx, actor.SystemActor, 0, "staff.factor_reset", map[string]any{}, person(r))
		return nil
	})
}
