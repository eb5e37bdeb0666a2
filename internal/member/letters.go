package member

import (
	"context"
	"encoding/json"
	"time"

	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/notify"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// JobLetter is the kind of job that tells a member something about the account. It is
// stored with what it tells of, so nothing is told that did not happen, and whoever asks
// learns nothing from how long telling takes.
const JobLetter = "member.letter"

// Jobs stores work to be done after the transaction; package journal implements it.
type Jobs interface {
	Enqueue(tx *sqldb.Tx, j journal.Job) error
}

// letter is a job's payload. It holds no phone and no address in the clear.
type letter struct {
	Topic  notify.Topic `json:"topic"`
	SignIn int64        `json:"sign_in,omitempty"` // of TopicNewDevice
	At     int64        `json:"at"`
	// Phone says that it may go by SMS; else it goes by e-mail or not at all.
	Phone bool `json:"phone,omitempty"`
	// To is another address than the present one, sealed under the member's key.
	To []byte `json:"to,omitempty"`
}

// tell lets a letter be sent once the transaction is durable.
func (m *Members) tell(tx *sqldb.Tx, member int64, l letter) error {
	l.At = clock.Millis(tx.Now)
	payload, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return m.Jobs.Enqueue(tx, journal.Job{Kind: JobLetter, ObjectID: member, Due: tx.Now,
		Payload: payload})
}

// SendLetter does a job of kind JobLetter. A letter to nobody (who asked was not a member)
// and one whose reason is gone meanwhile are done without being sent.
func (m *Members) SendLetter(ctx context.Context, j journal.Job) (time.Duration, error) {
	var l letter
	if err := json.Unmarshal(j.Payload, &l); err != nil {
		return 0, journal.ErrGiveUp.Wrap(err)
	}
	r, ok, err := m.Store.ByID(ctx, j.ObjectID)
	if err != nil || !ok || r.State != Active {
		return 0, err
	}
	msg := notify.Message{Topic: l.Topic}
	if msg.Channel, msg.To, err = m.addressee(ctx, r, l); err != nil || msg.To == "" {
		return 0, err
	}
	if msg.Text, err = m.words(ctx, r, l); err != nil || msg.Text.Body == "" {
		return 0, err
	}
	return 0, m.Sender.Send(ctx, msg)
}

// addressee is the verified e-mail address, else the phone when it may be.
func (m *Members) addressee(ctx context.Context, r Record, l letter,
) (notify.Channel, string, error) {
	if len(l.To) > 0 {
		to, err := m.Vault.OpenWith(r.SubjectKey, []byte(emailPlace), l.To)
		return notify.Email, string(to), err
	}
	e, ok, err := m.Emails.EmailOf(ctx, r.ID)
	if err != nil {
		return "", "", err
	}
	if ok && l.Topic != notify.TopicEmailChanged {
		to, err := m.Vault.OpenWith(r.SubjectKey, []byte(emailPlace), e.Sealed)
		return notify.Email, string(to), err
	}
	if !l.Phone {
		return "", "", nil
	}
	to, err := m.Vault.OpenWith(r.SubjectKey, []byte(phonePlace), r.PhoneSealed)
	return notify.SMS, string(to), err
}

// words makes the text; empty when there is nothing to tell any more.
func (m *Members) words(ctx context.Context, r Record, l letter) (notify.Text, error) {
	lang := notify.LanguageOf(r.Language)
	at := clock.FromMillis(l.At).UTC().Format("2006-01-02 15:04 UTC")
	account := signin.MemberAccount(r.ID)
	switch l.Topic {
	case notify.TopicPasswordChanged:
		return notify.PasswordChanged(lang, at), nil
	case notify.TopicEmailChanged:
		return notify.EmailChanged(lang, at), nil
	case notify.TopicRecovery:
		token, link := m.Links.Fresh(signin.ToRecover, account)
		return notify.Recovery(lang, m.Site+"/account/recover#"+token, signin.RecoverLife),
			m.keepLink(ctx, link)
	case notify.TopicNewDevice:
		s, ok, err := m.Door.Find(ctx, account, l.SignIn)
		if err != nil || !ok {
			return notify.Text{}, err
		}
		token, link := m.Links.Fresh(signin.ToDisown, account)
		link.SignIn = s.ID
		return notify.NewDevice(lang, s.Label, s.Network, at, m.Site+"/account/not-me#"+token),
			m.keepLink(ctx, link)
	}
	return notify.Text{}, nil
}

func (m *Members) keepLink(ctx context.Context, link signin.Link) error {
	return m.DB.InTx(ctx, func(tx *sqldb.Tx) error { return m.Links.Keep(tx, link) })
}

// tellOfDevice tells of a sign-in on a device that the account was not known on. Who signs
// in by a code has just read a message on the phone: then only the e-mail address is told.
func (m *Members) tellOfDevice(tx *sqldb.Tx, member, signIn int64, byCode bool) error {
	if byCode {
		_, ok, err := m.Emails.EmailOfIn(tx, member)
		if err != nil || !ok {
			return err
		}
	}
	return m.tell(tx, member, letter{Topic: notify.TopicNewDevice, SignIn: signIn, Phone: !byCode})
}
