package member

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/journal"
	"foyer/internal/notify"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// humanAfterMails is after how many messages to an address on a day a proof that a person
// is at work is asked for.
const humanAfterMails = 2

// RequestRecovery sends a link for a new password to a verified address. Whether there is
// one is not to be told from the answer, its time, or what is counted: in every case a
// letter is stored, and whom it goes to is found out later. It refuses with pii.ErrEmail,
// signin.ErrMailLater and signin.ErrCaptchaRequired, by the address alone.
func (m *Members) RequestRecovery(ctx context.Context, address string, from Origin) error {
	email, err := emailAddress(address)
	if err != nil {
		return err
	}
	indexes := m.Vault.BlindIndexes(emailKind, email)
	human := m.Guard.Human(from.Captcha, m.Guard.HumanSubject("recovery", email))
	err = m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		sent, err := m.sentToday(tx, m.mailSubject("recover", email))
		if err != nil {
			return err
		}
		if sent >= humanAfterMails {
			if err := human.Wanted(); err != nil {
				return err
			}
		}
		if err := m.takeMail(tx, "recover", email); err != nil {
			return err
		}
		if err := m.takeAddress(tx, from); err != nil {
			return err
		}
		e, _, err := m.Emails.ByEmailIn(tx, indexes) // of nobody: member 0
		if err != nil {
			return err
		}
		m.Journal.Append(tx, journal.Entry{Action: "member.recovery_requested",
			Data: []byte(`{}`)})
		return m.tell(tx, e.Member, letter{Topic: notify.TopicRecovery})
	})
	if err != nil {
		human.GiveBack()
	}
	return err
}

// RecoverByLink sets a new password with the token of a link; every sign-in ends. It
// refuses with signin.ErrLinkUsed and secret.ErrPassword.
func (m *Members) RecoverByLink(ctx context.Context, token, password string) error {
	link, err := m.Links.Find(ctx, signin.ToRecover, actor.Member, token, m.Clock.Now())
	if err != nil {
		return err
	}
	r, ok, err := m.Store.ByID(ctx, link.Account.ID)
	if err != nil {
		return err
	}
	if !ok || r.State != Active {
		return signin.ErrLinkUsed
	}
	me, err := m.open(r)
	if err != nil {
		return err
	}
	if err := secret.CheckStrength(password, me.Phone, me.Name); err != nil {
		return err
	}
	hash, err := m.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	return m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := m.Links.Spend(tx, link); err != nil {
			return err
		}
		now, err := m.activeIn(tx, r.ID)
		if err != nil {
			return signin.ErrLinkUsed
		}
		if err := m.Guard.Pardon(tx, m.attempt(me.Phone, now, Origin{})); err != nil {
			return err
		}
		now.Password = hash
		return m.storePassword(tx, now, 0)
	})
}

// RecoverByCode sets a new password with a code of purpose ToSetPassword; every sign-in
// ends. As with signing in, whoever proves a phone that was never here becomes its member,
// so that the answer is one and the same. It refuses with pii.ErrPhone, secret.ErrPassword
// and ErrCodeWrong.
func (m *Members) RecoverByCode(ctx context.Context, e CodeEntry, password string) error {
	phone, indexes, err := m.phoneOf(e.Phone)
	if err != nil {
		return err
	}
	if err := secret.CheckStrength(password, phone); err != nil {
		return err
	}
	right := false
	err = m.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		right, err = m.useCode(tx, phone, ToSetPassword, e.Code, e.Challenge)
		return err
	})
	if err == nil && !right {
		err = ErrCodeWrong
	}
	if err != nil {
		return err
	}
	hash, err := m.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	fresh, err := m.newborn(phone, e.Language)
	if err != nil {
		return err
	}
	set := func(tx *sqldb.Tx) error { return m.setRecovered(tx, phone, indexes, fresh, hash) }
	if err = m.DB.InTx(ctx, set); sqldb.IsDuplicate(err) {
		err = m.DB.InTx(ctx, set) // the phone became a member in another process just now
	}
	return err
}

func (m *Members) setRecovered(tx *sqldb.Tx, phone string, indexes [][]byte, fresh Record,
	hash string,
) error {
	r, known, err := m.Store.ByPhoneIn(tx, indexes)
	if err != nil {
		return err
	}
	if !known {
		r = fresh
		r.CreatedAt = tx.Now
		if err := m.Store.Insert(tx, r); err != nil {
			return err
		}
	}
	if err := m.Guard.Pardon(tx, m.attempt(phone, r, Origin{})); err != nil {
		return err
	}
	r.Password = hash
	return m.storePassword(tx, r, 0)
}

// Disowned says what "it was not me" ended.
type Disowned struct {
	SignIn   bool // it was still open
	Password bool // there was one; a new one has to be set
}

// Disown ends the sign-in that a message told of, makes every device a stranger and ends the
// password; with an e-mail address, a link for a new one follows. It refuses with
// signin.ErrLinkUsed.
func (m *Members) Disown(ctx context.Context, token string) (Disowned, error) {
	link, err := m.Links.Find(ctx, signin.ToDisown, actor.Member, token, m.Clock.Now())
	if err != nil {
		return Disowned{}, err
	}
	var out Disowned
	err = m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		out = Disowned{}
		if err := m.Links.Spend(tx, link); err != nil {
			return err
		}
		r, err := m.activeIn(tx, link.Account.ID)
		if err != nil {
			return signin.ErrLinkUsed
		}
		if out.SignIn, err = m.Door.Revoke(tx, link.Account, link.SignIn); err != nil {
			return err
		}
		if err := m.Guard.Forget(tx, link.Account); err != nil {
			return err
		}
		if out.Password = r.Password != ""; out.Password {
			r.Password = ""
			if err := m.Store.UpdateIfRevision(tx, r); err != nil {
				return err
			}
			r.Revision++
			if err := m.tell(tx, r.ID, letter{Topic: notify.TopicRecovery}); err != nil {
				return err
			}
		}
		m.note(tx, r, "member.sign_in_disowned", map[string]any{"password_ended": out.Password})
		return nil
	})
	return out, err
}
