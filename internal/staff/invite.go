package staff

import (
	"context"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/notify"
	"foyer/internal/pii"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// Invite is what somebody writes to invite somebody.
type Invite struct {
	Email    string
	Venue    int64 // 0: the whole organization
	Role     int64
	Language string
}

// Invited is an invitation just made. Link is shown once; it is also sent by e-mail.
type Invited struct {
	ID        int64
	Link      string
	ExpiresAt time.Time
	Sent      bool // the e-mail was handed to its channel
}

// Invite makes a one-time link for somebody to join the staff, and sends it. It refuses with
// fault.BadInput, fault.Missing, ErrBeyondYou and ErrTooMany.
func (h *House) Invite(ctx context.Context, who actor.Actor, s actor.Scope, in Invite,
) (Invited, error) {
	if err := may(who, StaffManage, s.Organization); err != nil {
		return Invited{}, err
	}
	email, err := emailOf(in.Email)
	if err != nil {
		return Invited{}, err
	}
	if err := h.checkVenue(ctx, s, in.Venue); err != nil {
		return Invited{}, err
	}
	organization, err := h.Venues.OrganizationName(ctx, s.Organization)
	if err != nil {
		return Invited{}, err
	}
	token, hash := secret.NewToken(h.IDs, secret.InviteToken)
	id := h.IDs.Next()
	v := Invitation{ID: id, Organization: s.Organization, Venue: in.Venue, Role: in.Role,
		InvitedBy: who.ID, TokenHash: hash[:],
		EmailSealed: h.Vault.Seal("invitation", "email_sealed", id, []byte(email))}
	if err := h.storeInvitation(ctx, who, s, &v); err != nil {
		return Invited{}, err
	}
	out := Invited{ID: id, Link: h.Site + "/staff/invitation#" + token, ExpiresAt: v.ExpiresAt}
	err = h.Sender.Send(ctx, notify.Message{Channel: notify.Email, To: email,
		Topic: notify.TopicInvitation, Text: notify.Invitation(notify.LanguageOf(in.Language),
			organization, out.Link, InvitationLife)})
	if out.Sent = err == nil; err != nil {
		h.Log.WarnContext(ctx, "an invitation was not sent; its link was shown", "error", err)
	}
	return out, nil
}

func (h *House) storeInvitation(ctx context.Context, who actor.Actor, s actor.Scope,
	v *Invitation,
) error {
	open, err := h.Invites.ListInvitations(ctx, s, MaxInvitations)
	if err != nil {
		return err
	}
	now := h.Clock.Now()
	open = slices.DeleteFunc(open, func(v Invitation) bool { return !now.Before(v.ExpiresAt) })
	if len(open) >= MaxInvitations {
		return ErrTooMany.With("limit", MaxInvitations)
	}
	return h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, err := h.allowed(tx, who, StaffManage, s.Organization)
		if err != nil {
			return err
		}
		if err := h.mayGiveRole(tx, now, s, v.Role, v.Venue); err != nil {
			return err
		}
		v.CreatedAt, v.ExpiresAt = tx.Now, tx.Now.Add(InvitationLife)
		if err := h.Invites.InsertInvitation(tx, *v); err != nil {
			return err
		}
		h.note(tx, who, s.Organization, "invitation.made", map[string]any{"role": v.Role,
			"venue": v.Venue}, invitation(*v))
		return nil
	})
}

func invitation(v Invitation) journal.Object {
	return journal.Object{Kind: "inv", ID: v.ID, Revision: 1}
}

func (h *House) mayGiveRole(tx *sqldb.Tx, who actor.Actor, s actor.Scope, role, venue int64,
) error {
	r, ok, err := h.Roles.Role(tx, s, role)
	if err != nil || !ok {
		return orElse(err, fault.Missing)
	}
	return beyond(who, r.Permissions, s.Organization, venue)
}

// OpenInvitation is an invitation as the console lists it.
type OpenInvitation struct {
	Invitation
	Email string // in full or masked, as the reader may see it
}

// Invitations are the open ones of an organization, the newest first.
func (h *House) Invitations(ctx context.Context, who actor.Actor, s actor.Scope,
) ([]OpenInvitation, error) {
	if err := may(who, StaffManage, s.Organization); err != nil {
		return nil, err
	}
	list, err := h.Invites.ListInvitations(ctx, s, MaxInvitations)
	if err != nil {
		return nil, err
	}
	now := h.Clock.Now()
	out := []OpenInvitation{}
	for _, v := range list {
		if !now.Before(v.ExpiresAt) {
			continue
		}
		email, err := h.Vault.Open("invitation", "email_sealed", v.ID, v.EmailSealed)
		if err != nil {
			return nil, err
		}
		text := string(email)
		if !who.May(PersonUnmask, s.Organization, 0) {
			text = pii.MaskEmail(text)
		}
		out = append(out, OpenInvitation{v, text})
	}
	return out, nil
}

// Withdraw ends an open invitation. It refuses with fault.Missing.
func (h *House) Withdraw(ctx context.Context, who actor.Actor, s actor.Scope, id int64) error {
	if err := may(who, StaffManage, s.Organization); err != nil {
		return err
	}
	return h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if _, err := h.allowed(tx, who, StaffManage, s.Organization); err != nil {
			return err
		}
		if err := h.Invites.UseInvitation(tx, s, id); err != nil {
			return fault.Missing.Wrap(err)
		}
		h.note(tx, who, s.Organization, "invitation.withdrawn", map[string]any{},
			invitation(Invitation{ID: id}))
		return nil
	})
}

// Sweep deletes ended invitations in one bounded slice and tells how many.
func (h *House) Sweep(ctx context.Context) (n int, err error) {
	err = h.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		n, err = h.Invites.SweepInvitations(tx, 100)
		return err
	})
	return n, err
}

// Accept is what somebody sends who opened the link of an invitation.
type Accept struct {
	Token, Name, Password string
	TOTP                  string // of somebody who is on the staff of another organization
	From                  Origin
}

// Accepted says what the invitation led to.
type Accepted struct {
	Organization int64
	// Enrolment is set for a newcomer, who confirms the second factor next.
	Enrolment *Enrolment
}

// Accept turns an invitation into a grant, once. A newcomer gives a name and a password and
// then confirms a second factor; somebody who has an account proves it with password and
// TOTP. The inviter must still hold what he gave. It refuses with ErrLink, fault.BadInput,
// secret.ErrPassword, ErrSignIn, ErrNotConfirmed, signin.ErrTooManyAttempts and ErrTooMany.
func (h *House) Accept(ctx context.Context, in Accept) (Accepted, error) {
	hash, ok := secret.ParseToken(secret.InviteToken, in.Token)
	if !ok {
		return Accepted{}, ErrLink
	}
	v, ok, err := h.Invites.InvitationByToken(ctx, hash[:])
	if err != nil || !ok || !h.Clock.Now().Before(v.ExpiresAt) {
		return Accepted{}, orElse(err, ErrLink)
	}
	email, err := h.Vault.Open("invitation", "email_sealed", v.ID, v.EmailSealed)
	if err != nil {
		return Accepted{}, err
	}
	_, known, err := h.People.ByEmail(ctx, h.Vault.BlindIndexes(emailKind, string(email)))
	if err != nil {
		return Accepted{}, err
	}
	if known {
		return h.acceptKnown(ctx, v, string(email), in)
	}
	r, factor, err := h.newcomer(ctx, string(email), in.Name, in.Password)
	if err != nil {
		return Accepted{}, err
	}
	err = h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r := r
		r.CreatedAt = tx.Now
		if err := h.People.Insert(tx, r); err != nil {
			return err
		}
		return h.join(tx, v, r)
	})
	if sqldb.IsDuplicate(err) { // the same address accepted another invitation just now
		return Accepted{}, fault.Stale.Wrap(err)
	}
	if err != nil {
		return Accepted{}, err
	}
	e, err := h.enrolment(r, factor, v.Organization)
	return Accepted{v.Organization, &e}, err
}

func (h *House) acceptKnown(ctx context.Context, v Invitation, email string, in Accept,
) (Accepted, error) {
	p := Proof{Email: email, Password: in.Password, TOTP: in.TOTP, From: in.From}
	r, a, err := h.proven(ctx, p)
	if err != nil {
		return Accepted{}, err
	}
	if r.State != Active {
		return Accepted{}, ErrNotConfirmed
	}
	factor, err := h.factorOf(r)
	if err != nil {
		return Accepted{}, err
	}
	err = h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, ok, err := h.People.ByIDIn(tx, r.ID)
		if err != nil || !ok || now.Password != r.Password || now.State != Active {
			return orElse(err, ErrSignIn)
		}
		step, right := factor.Check(in.TOTP, tx.Now, now.TOTPLast)
		if !right {
			return ErrSignIn
		}
		if err := h.People.UseStepIfLater(tx, r.ID, step); err != nil {
			return err
		}
		if err := h.Guard.Passed(tx, a); err != nil {
			return err
		}
		return h.join(tx, v, now)
	})
	return Accepted{Organization: v.Organization}, err
}

// join spends the invitation and grants its role, if the inviter may still give it.
func (h *House) join(tx *sqldb.Tx, v Invitation, r Record) error {
	s := actor.Scope{Organization: v.Organization}
	if err := h.Invites.UseInvitation(tx, s, v.ID); err != nil {
		return err
	}
	inviter, err := h.allowed(tx, signinActor(v.InvitedBy), StaffManage, v.Organization)
	if err == nil {
		err = h.mayGiveRole(tx, inviter, s, v.Role, v.Venue)
	}
	if err != nil && fault.KindOf(err) == fault.Internal {
		return err
	}
	if err != nil { // the inviter may not give it any more
		return ErrLink.Wrap(err)
	}
	have, err := h.Grants.GrantsIn(tx, s, r.ID)
	if err != nil {
		return err
	}
	if len(have) >= MaxGrants {
		return ErrTooMany.With("limit", MaxGrants)
	}
	g := Grant{r.ID, v.Organization, v.Venue, v.Role}
	for _, old := range have {
		if old.Grant == g {
			g = Grant{}
		}
	}
	if g != (Grant{}) {
		if err := h.Grants.InsertGrant(tx, g); err != nil {
			return err
		}
	}
	h.changed(tx)
	h.note(tx, actorOf(r, nil), v.Organization, "invitation.accepted",
		map[string]any{"role": v.Role, "venue": v.Venue}, person(r), invitation(v))
	return nil
}

func signinActor(id int64) actor.Actor {
	a := signin.StaffAccount(id)
	return actor.Actor{Kind: a.Kind, ID: a.ID}
}
