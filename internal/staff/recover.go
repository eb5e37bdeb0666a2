package staff

import (
	"context"
	"encoding/json"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/notify"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// JobLetter is the kind of job that tells somebody on the staff something about the
// account. It is stored with what it tells of, so who asks learns nothing from how long
// telling takes.
const JobLetter = "staff.letter"

// Jobs stores work to be done after the transaction; package journal implements it.
type Jobs interface {
	Enqueue(tx *sqldb.Tx, j journal.Job) error
}

type letter struct {
	Topic  notify.Topic `json:"topic"`
	SignIn int64        `json:"sign_in,omitempty"` // of TopicNewDevice
	At     int64        `json:"at"`
	Lang   string       `json:"lang,omitempty"`
}

func (h *House) tell(tx *sqldb.Tx, staff int64, l letter) error {
	l.At = clock.Millis(tx.Now)
	payload, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return h.Jobs.Enqueue(tx, journal.Job{Kind: JobLetter, ObjectID: staff, Due: tx.Now,
		Payload: payload})
}

// SendLetter does a job of kind JobLetter. One to nobody (who asked is not on the staff), or
// whose reason is gone, is done without being sent.
func (h *House) SendLetter(ctx context.Context, j journal.Job) (time.Duration, error) {
	var l letter
	if err := json.Unmarshal(j.Payload, &l); err != nil {
		return 0, journal.ErrGiveUp.Wrap(err)
	}
	r, ok, err := h.People.ByID(ctx, j.ObjectID)
	if err != nil || !ok || r.State != Active {
		return 0, err
	}
	email, err := h.openEmail(r)
	if err != nil {
		return 0, err
	}
	text, err := h.words(ctx, r, l)
	if err != nil || text.Body == "" {
		return 0, err
	}
	return 0, h.Sender.Send(ctx, notify.Message{Channel: notify.Email, To: email, Topic: l.Topic,
		Text: text})
}

func (h *House) words(ctx context.Context, r Record, l letter) (notify.Text, error) {
	lang := notify.LanguageOf(l.Lang)
	at := clock.FromMillis(l.At).UTC().Format("2006-01-02 15:04 UTC")
	account := signin.StaffAccount(r.ID)
	switch l.Topic {
	case notify.TopicPasswordChanged:
		return notify.PasswordChanged(lang, at), nil
	case notify.TopicRecovery:
		token, link := h.Mail.Fresh(signin.ToRecover, account)
		return notify.Recovery(lang, h.Site+"/staff/recover#"+token, signin.RecoverLife),
			h.keepLink(ctx, link)
	case notify.TopicNewDevice:
		s, ok, err := h.Door.Find(ctx, account, l.SignIn)
		if err != nil || !ok {
			return notify.Text{}, err
		}
		token, link := h.Mail.Fresh(signin.ToDisown, account)
		link.SignIn = s.ID
		return notify.NewDevice(lang, s.Label, s.Network, at, h.Site+"/staff/not-me#"+token),
			h.keepLink(ctx, link)
	}
	return notify.Text{}, nil
}

func (h *House) keepLink(ctx context.Context, link signin.Link) error {
	return h.DB.InTx(ctx, func(tx *sqldb.Tx) error { return h.Mail.Keep(tx, link) })
}

// RequestRecovery sends a link for a new password. Whether the address is on the staff is
// not to be told from the answer, its time, or what is counted. It refuses with
// pii.ErrEmail, signin.ErrMailLater and signin.ErrCaptchaRequired, by the address alone.
func (h *House) RequestRecovery(ctx context.Context, address, language string, from Origin) error {
	email, err := emailOf(address)
	if err != nil {
		return err
	}
	indexes := h.Vault.BlindIndexes(emailKind, email)
	human := h.Guard.Human(from.Captcha, h.Guard.HumanSubject("staff recovery", email))
	err = h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		free, err := h.Guard.TakeMail(tx, "staff "+email)
		if err != nil {
			return err
		}
		if !free {
			if err := human.Wanted(); err != nil {
				return err
			}
		}
		r, _, err := h.People.ByEmailIn(tx, indexes)
		if err != nil {
			return err
		}
		h.note(tx, actor.Actor{}, 0, "staff.recovery_requested", map[string]any{})
		return h.tell(tx, r.ID, letter{Topic: notify.TopicRecovery, Lang: language})
	})
	if err != nil {
		human.GiveBack()
	}
	return err
}

// Recovery is a new password with what proves its owner: the token of a link, and a fresh
// code of the second factor.
type Recovery struct {
	Token, TOTP, Password string
	From                  Origin
}

// Recover sets a new password; every sign-in ends. A wrong code leaves the link as it is and
// counts as a failed sign-in. It refuses with signin.ErrLinkUsed, secret.ErrPassword,
// ErrSignIn, signin.ErrTooManyAttempts and signin.ErrCaptchaRequired.
func (h *House) Recover(ctx context.Context, in Recovery) error {
	link, err := h.Mail.Find(ctx, signin.ToRecover, actor.Staff, in.Token, h.Clock.Now())
	if err != nil {
		return err
	}
	me, err := h.Me(ctx, link.Account.ID)
	if err != nil || me.Record.State != Active {
		return orElse(err, signin.ErrLinkUsed)
	}
	if err := secret.CheckStrength(in.Password, me.Email, me.Record.Name); err != nil {
		return err
	}
	a := signin.Attempt{Name: me.Email, Account: link.Account, Address: in.From.Address,
		Captcha: in.From.Captcha}
	if err := h.Guard.Admit(ctx, a); err != nil {
		return err
	}
	factor, err := h.factorOf(me.Record)
	if err != nil {
		return err
	}
	hash, err := h.Passwords.Hash(ctx, in.Password)
	if err != nil {
		return err
	}
	return h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, ok, err := h.People.ByIDIn(tx, me.Record.ID)
		if err != nil || !ok || now.State != Active {
			return orElse(err, signin.ErrLinkUsed)
		}
		step, right := factor.Check(in.TOTP, tx.Now, now.TOTPLast)
		if !right {
			return ErrSignIn
		}
		if err := h.Mail.Spend(tx, link); err != nil {
			return err
		}
		if err := h.People.UseStepIfLater(tx, now.ID, step); err != nil {
			return err
		}
		now.Password, now.TOTPLast = hash, step
		return h.storePassword(tx, now, a, 0)
	})
}

// storePassword ends every sign-in but keep and every link for a password, and tells the
// owner.
func (h *House) storePassword(tx *sqldb.Tx, r Record, a signin.Attempt, keep int64) error {
	if err := h.People.UpdateIfRevision(tx, r); err != nil {
		return err
	}
	r.Revision++
	if _, err := h.Door.RevokeAll(tx, a.Account, keep); err != nil {
		return err
	}
	if err := h.Guard.Forget(tx, a.Account); err != nil {
		return err
	}
	if err := h.Guard.Passed(tx, a); err != nil {
		return err
	}
	if err := h.Mail.SpendAll(tx, a.Account, signin.ToRecover); err != nil {
		return err
	}
	h.note(tx, actorOf(r, nil), 0, "staff.password_set", map[string]any{}, person(r))
	return h.tell(tx, r.ID, letter{Topic: notify.TopicPasswordChanged})
}

// Disown ends the sign-in that a message told of, makes every device a stranger and ends the
// password: a link for a new one follows. It refuses with signin.ErrLinkUsed.
func (h *House) Disown(ctx context.Context, token string) (open bool, err error) {
	link, err := h.Mail.Find(ctx, signin.ToDisown, actor.Staff, token, h.Clock.Now())
	if err != nil {
		return false, err
	}
	err = h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := h.Mail.Spend(tx, link); err != nil {
			return err
		}
		r, ok, err := h.People.ByIDIn(tx, link.Account.ID)
		if err != nil || !ok || r.State != Active {
			return orElse(err, signin.ErrLinkUsed)
		}
		if open, err = h.Door.Revoke(tx, link.Account, link.SignIn); err != nil {
			return err
		}
		if err := h.Guard.Forget(tx, link.Account); err != nil {
			return err
		}
		r.Password = ""
		if err := h.People.UpdateIfRevision(tx, r); err != nil {
			return err
		}
		r.Revision++
		h.note(tx, actorOf(r, nil), 0, "staff.sign_in_disowned", map[string]any{}, person(r))
		return h.tell(tx, r.ID, letter{Topic: notify.TopicRecovery})
	})
	return open, err
}

// EndOtherSignIns ends every sign-in of a person but the one that asks, and tells how many.
func (h *House) EndOtherSignIns(ctx context.Context, who actor.Actor, keep int64,
) (ended int, err error) {
	err = h.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		account := signin.StaffAccount(who.ID)
		if ended, err = h.Door.RevokeAll(tx, account, keep); err != nil {
			return err
		}
		h.note(tx, who, 0, "staff.signed_out_elsewhere", map[string]any{"sign_ins_ended": ended},
			person(Record{ID: who.ID}))
		return h.Guard.Forget(tx, account)
	})
	return ended, err
}
