package staff

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/notify"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// SignedIn is what a person holds after signing in. Token and Device are shown once.
type SignedIn struct {
	Token     string
	ExpiresAt time.Time
	Device    string
	Who       actor.Actor
}

// SignIn lets a person in by password and TOTP. It refuses with ErrSignIn, in the same
// words and time for an unknown address, a wrong password, and a wrong or used code, with
// signin.ErrTooManyAttempts, and with ErrNotConfirmed who knows the password and has not
// confirmed the second factor.
func (h *House) SignIn(ctx context.Context, p Proof) (SignedIn, error) {
	return h.enter(ctx, p, Active)
}

// proven is the person whose password was right. Admit has counted the attempt as failed;
// Passed takes that back once all is proven.
func (h *House) proven(ctx context.Context, p Proof) (Record, signin.Attempt, error) {
	email, err := emailOf(p.Email)
	if err != nil {
		return Record{}, signin.Attempt{}, err
	}
	r, ok, err := h.People.ByEmail(ctx, h.Vault.BlindIndexes(emailKind, email))
	if err != nil {
		return Record{}, signin.Attempt{}, err
	}
	a := signin.Attempt{Name: email, Account: signin.StaffAccount(r.ID),
		Address: p.From.Address, Device: p.From.Device, Captcha: p.From.Captcha}
	if err := h.Guard.Admit(ctx, a); err != nil {
		return Record{}, a, err
	}
	password := p.Password
	if len(password) > secret.MaxPasswordBytes {
		password = "" // no stored password is empty, and the time must not tell
	}
	if !ok || r.Password == "" { // nobody, or one whose password ended
		return Record{}, a, orElse(h.Passwords.CheckNobody(ctx, password), ErrSignIn)
	}
	right, _, err := h.Passwords.Check(ctx, password, r.Password)
	if err != nil || !right {
		return Record{}, a, orElse(err, ErrSignIn)
	}
	return r, a, nil
}

// enter signs in somebody who is in the state from; an enrolling one becomes active.
func (h *House) enter(ctx context.Context, p Proof, from State) (SignedIn, error) {
	r, a, err := h.proven(ctx, p)
	if err != nil {
		return SignedIn{}, err
	}
	factor, err := h.factorOf(r)
	if err != nil {
		return SignedIn{}, err
	}
	token, device := h.Door.Fresh(secret.StaffToken), h.Guard.DeviceToken()
	var out SignedIn
	err = h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, ok, err := h.People.ByIDIn(tx, r.ID)
		if err != nil || !ok || now.Password != r.Password {
			return orElse(err, ErrSignIn)
		}
		if now.State != from {
			return wrongState(from)
		}
		step, right := factor.Check(p.TOTP, tx.Now, now.TOTPLast)
		if !right {
			return ErrSignIn
		}
		if err := h.People.UseStepIfLater(tx, now.ID, step); err != nil {
			return err
		}
		return h.admit(tx, now, a, p, token, device, &out)
	})
	return out, err
}

func wrongState(wanted State) error {
	if wanted == Active {
		return ErrNotConfirmed
	}
	return ErrConfirmed
}

func (h *House) admit(tx *sqldb.Tx, r Record, a signin.Attempt, p Proof, token signin.Fresh,
	device string, out *SignedIn,
) error {
	action := "staff.signed_in"
	if r.State == Enrolling {
		action, r.State = "staff.factor_confirmed", Active
		if err := h.People.UpdateIfRevision(tx, r); err != nil {
			return err
		}
		r.Revision++
		h.changed(tx)
	}
	if err := h.Guard.Passed(tx, a); err != nil {
		return err
	}
	s, err := h.Door.Issue(tx, token, a.Account, p.From.Label, a.Address)
	if err != nil {
		return err
	}
	known, err := h.Guard.Known(tx, a)
	if err != nil {
		return err
	}
	if !known && action == "staff.signed_in" {
		if err := h.tell(tx, r.ID, letter{Topic: notify.TopicNewDevice, SignIn: s.ID}); err != nil {
			return err
		}
	}
	if device, err = h.Guard.Know(tx, a, device); err != nil {
		return err
	}
	grants, err := h.Grants.AllOfIn(tx, r.ID)
	if err != nil {
		return err
	}
	*out = SignedIn{token.Token, s.ExpiresAt, device, actorOf(r, grants)}
	h.note(tx, actorOf(r, nil), 0, action, map[string]any{}, person(r))
	return nil
}

// Me is a person as he sees himself.
type Me struct {
	Record Record
	Email  string
	Grants []GrantedRole
}

// Me reads the person who asks.
func (h *House) Me(ctx context.Context, id int64) (Me, error) {
	r, ok, err := h.People.ByID(ctx, id)
	if err != nil || !ok {
		return Me{}, orElse(err, fault.Missing)
	}
	email, err := h.openEmail(r)
	if err != nil {
		return Me{}, err
	}
	grants, err := h.Grants.AllOf(ctx, id)
	return Me{r, email, grants}, err
}

// SetPassword changes the password; the present one and a fresh TOTP code are the proof.
// Every sign-in but keep ends. It refuses with secret.ErrPassword, ErrSignIn and
// signin.ErrTooManyAttempts.
func (h *House) SetPassword(ctx context.Context, id, keep int64, p Proof, password string) error {
	me, err := h.Me(ctx, id)
	if err != nil {
		return err
	}
	if err := secret.CheckStrength(password, me.Email, me.Record.Name); err != nil {
		return err
	}
	p.Email = me.Email
	r, a, err := h.proven(ctx, p)
	if err != nil {
		return err
	}
	factor, err := h.factorOf(r)
	if err != nil {
		return err
	}
	hash, err := h.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	return h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, ok, err := h.People.ByIDIn(tx, id)
		if err != nil || !ok || now.Password != r.Password {
			return orElse(err, ErrSignIn)
		}
		step, right := factor.Check(p.TOTP, tx.Now, now.TOTPLast)
		if !right {
			return ErrSignIn
		}
		if err := h.People.UseStepIfLater(tx, id, step); err != nil {
			return err
		}
		now.Password, now.TOTPLast = hash, step
		return h.storePassword(tx, now, a, keep)
	})
}

// SignIns are a person's live sign-ins, the last seen first.
func (h *House) SignIns(ctx context.Context, id int64) ([]signin.SignIn, error) {
	return h.Door.List(ctx, signin.StaffAccount(id))
}

// EndSignIn ends one of a person's own sign-ins. It refuses with fault.Missing.
func (h *House) EndSignIn(ctx context.Context, who actor.Actor, signIn int64) error {
	return h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ok, err := h.Door.Revoke(tx, signin.StaffAccount(who.ID), signIn)
		if err != nil || !ok {
			return orElse(err, fault.Missing)
		}
		h.note(tx, who, 0, "staff.signed_out", map[string]any{}, person(Record{ID: who.ID}))
		return nil
	})
}

// EndAllSignIns signs a person out everywhere and makes every device a stranger.
func (h *House) EndAllSignIns(ctx context.Context, who actor.Actor) error {
	return h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		n, err := h.signOutEverywhere(tx, who.ID)
		if err != nil {
			return err
		}
		h.note(tx, who, 0, "staff.signed_out_everywhere", map[string]any{"sign_ins_ended": n},
			person(Record{ID: who.ID}))
		return nil
	})
}

func (h *House) signOutEverywhere(tx *sqldb.Tx, id int64) (int, error) {
	account := signin.StaffAccount(id)
	n, err := h.Door.RevokeAll(tx, account, 0)
	if err != nil {
		return 0, err
	}
	return n, h.Guard.Forget(tx, account)
}
