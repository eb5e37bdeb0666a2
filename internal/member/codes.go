package member

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"foyer/internal/journal"
	"foyer/internal/notify"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// CodeRequest asks for a code by SMS.
type CodeRequest struct {
	Phone    string
	Purpose  Purpose
	Language string
	From     Origin
}

// CodeSent is the same whoever the phone belongs to, or whether to anybody.
type CodeSent struct {
	// Challenge is the asking client's own proof: with it, the tries of strangers who know
	// the phone cannot use up the code.
	Challenge   string
	ExpiresAt   time.Time
	ResendAfter time.Duration
}

// RequestCode sends a code to a phone, known or not: the answer and the work are the same.
// It refuses with fault.BadInput, ErrResendLater, signin.ErrCaptchaRequired and
// notify.ErrNotSent.
func (m *Members) RequestCode(ctx context.Context, r CodeRequest) (CodeSent, error) {
	phone, indexes, err := m.phoneOf(r.Phone)
	if err != nil {
		return CodeSent{}, err
	}
	code, mac := m.codes.New(string(r.Purpose), phone)
	challenge := base64.RawURLEncoding.EncodeToString(m.IDs.Bytes(18))
	row := Code{PhoneIndex: m.Vault.BlindIndex(phoneKind, phone), Challenge: digest(challenge),
		MAC: mac, Purpose: r.Purpose}
	human := m.Guard.Human(r.From.Captcha, m.Guard.HumanSubject("code", phone))
	err = m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := m.takeQuota(tx, phone, indexes, r.From, human); err != nil {
			return err
		}
		row.SentAt, row.ExpiresAt = tx.Now, tx.Now.Add(secret.CodeTTL)
		if err := m.Codes.InsertCode(tx, row); err != nil {
			return err
		}
		m.Journal.Append(tx, journal.Entry{Action: "member.code_requested",
			Data: []byte(`{"purpose":"` + string(r.Purpose) + `"}`)})
		return nil
	})
	if err != nil {
		human.GiveBack()
		return CodeSent{}, err
	}
	if err := m.send(ctx, phone, code, r); err != nil {
		return CodeSent{}, m.unsend(ctx, row, err)
	}
	return CodeSent{challenge, row.ExpiresAt, ResendAfter}, nil
}

func (m *Members) send(ctx context.Context, phone, code string, r CodeRequest) error {
	lang := notify.LanguageOf(r.Language)
	msg := notify.Message{Channel: notify.SMS, To: phone, Topic: notify.TopicSignInCode,
		Text: notify.SignInCode(lang, code, secret.CodeTTL)}
	switch r.Purpose {
	case ToSetPassword:
		msg.Topic, msg.Text = notify.TopicPasswordCode,
			notify.PasswordCode(lang, code, secret.CodeTTL)
	case ToConfirm:
		msg.Topic, msg.Text = notify.TopicConfirmCode,
			notify.ConfirmCode(lang, code, secret.CodeTTL)
	}
	return m.Sender.Send(ctx, msg)
}

// unsend lets a phone ask again at once when its message could not be handed over. The
// address keeps its count: a sender that fails is no reason to be asked without end.
func (m *Members) unsend(ctx context.Context, row Code, cause error) error {
	err := m.DB.InTx(context.WithoutCancel(ctx), func(tx *sqldb.Tx) error {
		subject := m.quotaSubject("phone", string(row.PhoneIndex))
		q, err := m.Codes.Quota(tx, subject)
		if err != nil || q.Sent == 0 {
			return err
		}
		q.Sent, q.LastAt = q.Sent-1, time.Time{}
		return m.Codes.SetQuota(tx, subject, q)
	})
	if err != nil {
		return err
	}
	return cause
}

// takeQuota counts a code against the known device alone, or against phone and address. It
// refuses with ErrResendLater and the time to wait, and with signin.ErrCaptchaRequired after
// some codes on a day.
func (m *Members) takeQuota(tx *sqldb.Tx, phone string, indexes [][]byte, from Origin,
	human signin.Human,
) error {
	r, _, err := m.Store.ByPhoneIn(tx, indexes)
	if err != nil {
		return err
	}
	known, err := m.Guard.Known(tx, m.attempt(phone, r, from))
	if err != nil {
		return err
	}
	subject, daily, free := m.quotaSubject("device", from.Device), DeviceDaily, humanAfterDevice
	if !known {
		index := string(m.Vault.BlindIndex(phoneKind, phone))
		subject, daily, free = m.quotaSubject("phone", index), PhoneDaily, humanAfterPhone
	}
	sent, err := m.sentToday(tx, subject)
	if err != nil {
		return err
	}
	crowd := 0
	if !known && from.Address.IsValid() {
		if crowd, err = m.sentToday(tx, m.addressSubject(from)); err != nil {
			return err
		}
	}
	if sent >= free || crowd >= humanAfterAddress {
		if err := human.Wanted(); err != nil {
			return err
		}
	}
	if err := m.take(tx, subject, daily, ResendAfter); err != nil || known {
		return err
	}
	return m.takeAddress(tx, from)
}

// takeAddress counts a message that somebody at an address asked for.
func (m *Members) takeAddress(tx *sqldb.Tx, from Origin) error {
	if !from.Address.IsValid() {
		return nil
	}
	return m.take(tx, m.addressSubject(from), AddressDaily, 0)
}

func (m *Members) addressSubject(from Origin) []byte {
	return m.quotaSubject("address", signin.AddressKey(from.Address))
}

// sentToday is how many messages a subject had today.
func (m *Members) sentToday(tx *sqldb.Tx, subject []byte) (int, error) {
	q, err := m.Codes.Quota(tx, subject)
	if err != nil || q.Day != int(tx.Now.Unix()/86400) {
		return 0, err
	}
	return q.Sent, nil
}

func (m *Members) quotaSubject(kind, value string) []byte {
	return m.Vault.MAC("sms quota", []byte(kind+":"+value))[:16]
}

// take counts one more; beyond daily there is one an hour left.
func (m *Members) take(tx *sqldb.Tx, subject []byte, daily int, resend time.Duration) error {
	q, err := m.Codes.Quota(tx, subject)
	if err != nil {
		return err
	}
	if day := int(tx.Now.Unix() / 86400); day != q.Day {
		q.Day, q.Sent = day, 0
	}
	if q.Sent >= daily {
		resend = SlowResend
	}
	if wait := q.LastAt.Add(resend).Sub(tx.Now); wait > 0 && !q.LastAt.After(tx.Now) {
		return ErrResendLater.Retry(wait)
	}
	q.Sent, q.LastAt = q.Sent+1, tx.Now
	return m.Codes.SetQuota(tx, subject, q)
}

// useCode spends a try on a code and says whether it was the right one; a right one ends
// all codes of its purpose. The caller must commit also when it was wrong.
//
// With a challenge the try counts against that client's own code; without one, against the
// open tries of the newest code, which everybody shares who knows the phone.
func (m *Members) useCode(tx *sqldb.Tx, phone string, p Purpose, code, challenge string,
) (bool, error) {
	index := m.Vault.BlindIndex(phoneKind, phone)
	list, err := m.Codes.LiveCodes(tx, index, p)
	if err != nil || len(list) == 0 {
		return false, err
	}
	c, tries := &list[0], &list[0].OpenTries
	if challenge != "" {
		want := string(digest(challenge))
		for i := range list {
			if string(list[i].Challenge) == want {
				c, tries = &list[i], &list[i].Tries
				break
			}
		}
	}
	if *tries >= secret.CodeTries {
		return false, nil
	}
	*tries++
	if !m.codes.Check(string(p), phone, code, c.MAC) {
		return false, m.Codes.SetTries(tx, *c)
	}
	return true, m.Codes.DeleteCodes(tx, index, p)
}

// Sweep deletes ended codes in one bounded slice and tells how many.
func (m *Members) Sweep(ctx context.Context) (n int, err error) {
	err = m.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		n, err = m.Codes.SweepCodes(tx, 100)
		return err
	})
	return n, err
}

func digest(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
