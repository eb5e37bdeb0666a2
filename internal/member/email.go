package member

import (
	"context"
	"errors"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/notify"
	"foyer/internal/pii"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// ErrEmailTaken refuses an address, to somebody who has proven that he reads it.
var ErrEmailTaken = fault.Define(fault.Conflict, "email_taken",
	"这个邮箱已绑定其他账号", "This address belongs to another account.",
	"Use another address, or remove it from the other account first.")

const (
	emailKind  = "member e-mail" // of blind indexes
	emailPlace = "member.email"
	// MailDaily is how many messages an address, and a member, has sent to it by asking.
	MailDaily = 5
)

// Email is a verified address as stored.
type Email struct {
	Member        int64
	Index, Sealed []byte
	VerifiedAt    time.Time
}

// EmailStore keeps verified addresses; package memberdb implements it.
type EmailStore interface {
	EmailOf(ctx context.Context, member int64) (Email, bool, error)
	EmailOfIn(tx *sqldb.Tx, member int64) (Email, bool, error)
	// ByEmailIn finds the address under any of the indexes that it may be stored under.
	ByEmailIn(tx *sqldb.Tx, indexes [][]byte) (Email, bool, error)
	SetEmail(tx *sqldb.Tx, e Email) error
	DeleteEmail(tx *sqldb.Tx, member int64) error
}

func emailAddress(text string) (string, error) {
	email, err := pii.Email(text)
	if err != nil {
		return "", pii.ErrEmail.At("email", "is no e-mail address 邮箱格式不正确")
	}
	return email, nil
}

// EmailSent says where a link went, masked, and until when it is good.
type EmailSent struct {
	To        string
	ExpiresAt time.Time
}

// OfferEmail sends a link to an address; who opens it proves that the member reads it, and
// only then it is kept. The answer is the same whether the address is another member's. It
// refuses with what prove and Require refuse with, pii.ErrEmail, signin.ErrMailLater
// and notify.ErrNotSent.
func (m *Members) OfferEmail(ctx context.Context, id int64, address string, p Proof,
) (EmailSent, error) {
	email, err := emailAddress(address)
	if err != nil {
		return EmailSent{}, err
	}
	if err := m.Require(ctx, id, ToKeepEmail); err != nil {
		return EmailSent{}, err
	}
	r, _, err := m.prove(ctx, id, p)
	if err != nil {
		return EmailSent{}, err
	}
	account := signin.MemberAccount(id)
	token, link := m.Links.Fresh(signin.ToVerifyEmail, account)
	link.Sealed, err = m.Vault.SealWith(r.SubjectKey, []byte(emailPlace), []byte(email))
	if err != nil {
		return EmailSent{}, err
	}
	var until time.Time
	err = m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, err := m.activeIn(tx, id)
		if err != nil {
			return err
		}
		if err := m.takeMail(tx, "verify", email); err != nil {
			return err
		}
		own := m.quotaSubject("mail of", tailKind(id))
		if err := mailLater(m.take(tx, own, MailDaily, 0)); err != nil {
			return err
		}
		until = tx.Now.Add(signin.VerifyLife)
		m.note(tx, now, "member.email_offered", map[string]any{})
		return m.Links.Keep(tx, link)
	})
	if err != nil {
		return EmailSent{}, err
	}
	msg := notify.Message{Channel: notify.Email, To: email, Topic: notify.TopicVerifyEmail,
		Text: notify.VerifyEmail(notify.LanguageOf(r.Language),
			m.Site+"/account/verify#"+token, signin.VerifyLife)}
	return EmailSent{pii.MaskEmail(email), until}, m.Sender.Send(ctx, msg)
}

// takeMail counts a message to an address, by what it is for: how often one was asked for
// tells nothing of the other. It refuses with signin.ErrMailLater.
func (m *Members) takeMail(tx *sqldb.Tx, what, email string) error {
	return mailLater(m.take(tx, m.mailSubject(what, email), MailDaily, ResendAfter))
}

func (m *Members) mailSubject(what, email string) []byte {
	return m.quotaSubject("mail "+what, string(m.Vault.BlindIndex(emailKind, email)))
}

// mailLater says of a message what ErrResendLater says of a code.
func mailLater(err error) error {
	if errors.Is(err, ErrResendLater) {
		return signin.ErrMailLater.Retry(fault.Of(err).RetryAfter)
	}
	return err
}

// VerifyEmail takes the token of a link and keeps the address that it was sent to. An
// address that was kept before is told. It refuses with signin.ErrLinkUsed and
// ErrEmailTaken.
func (m *Members) VerifyEmail(ctx context.Context, token string) error {
	link, err := m.Links.Find(ctx, signin.ToVerifyEmail, actor.Member, token, m.Clock.Now())
	if err != nil {
		return err
	}
	return m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := m.Links.Spend(tx, link); err != nil {
			return err
		}
		r, err := m.activeIn(tx, link.Account.ID)
		if err != nil {
			return signin.ErrLinkUsed
		}
		email, err := m.Vault.OpenWith(r.SubjectKey, []byte(emailPlace), link.Sealed)
		if err != nil {
			return signin.ErrLinkUsed.Wrap(err)
		}
		had, taken, err := m.Emails.ByEmailIn(tx, m.Vault.BlindIndexes(emailKind, string(email)))
		if err != nil {
			return err
		}
		if taken && had.Member != r.ID {
			return ErrEmailTaken
		}
		if err := m.leaveEmail(tx, r.ID); err != nil {
			return err
		}
		err = m.Emails.SetEmail(tx, Email{Member: r.ID, Sealed: link.Sealed, VerifiedAt: tx.Now,
			Index: m.Vault.BlindIndex(emailKind, string(email))})
		if sqldb.IsDuplicate(err) {
			return ErrEmailTaken
		}
		m.note(tx, r, "member.email_verified", map[string]any{})
		return err
	})
}

// leaveEmail deletes the present address, if there is one, and tells it and the phone.
func (m *Members) leaveEmail(tx *sqldb.Tx, member int64) error {
	old, had, err := m.Emails.EmailOfIn(tx, member)
	if err != nil || !had {
		return err
	}
	if err := m.Emails.DeleteEmail(tx, member); err != nil {
		return err
	}
	// What was sent to the old address must open nothing any more.
	if err := m.Links.SpendAll(tx, signin.MemberAccount(member), signin.ToRecover); err != nil {
		return err
	}
	const topic = notify.TopicEmailChanged
	if err := m.tell(tx, member, letter{Topic: topic, To: old.Sealed}); err != nil {
		return err
	}
	return m.tell(tx, member, letter{Topic: topic, Phone: true})
}

// RemoveEmail forgets the address. It refuses with what prove refuses with, and
// fault.Missing when there is none.
func (m *Members) RemoveEmail(ctx context.Context, id int64, p Proof) error {
	if _, _, err := m.prove(ctx, id, p); err != nil {
		return err
	}
	return m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := m.activeIn(tx, id)
		if err != nil {
			return err
		}
		if _, had, err := m.Emails.EmailOfIn(tx, id); err != nil {
			return err
		} else if !had {
			return fault.Missing
		}
		if err := m.leaveEmail(tx, id); err != nil {
			return err
		}
		m.note(tx, r, "member.email_removed", map[string]any{})
		return nil
	})
}

// withEmail adds the address to what its owner sees.
func (m *Members) withEmail(ctx context.Context, r Record, me Member) (Member, error) {
	e, ok, err := m.Emails.EmailOf(ctx, r.ID)
	if err != nil || !ok {
		return me, err
	}
	plain, err := m.Vault.OpenWith(r.SubjectKey, []byte(emailPlace), e.Sealed)
	me.Email = string(plain)
	return me, err
}
