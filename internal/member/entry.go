package member

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"foyer/internal/fault"
	"foyer/internal/notify"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// SignedIn is what a member holds after signing in. Token and Device are shown once.
type SignedIn struct {
	Token     string
	ExpiresAt time.Time
	Device    string // keep it and send it with the next sign-in
	Member    Member
	Created   bool // the first sign-in of this phone
}

// CodeEntry signs in by a code.
type CodeEntry struct {
	Phone, Code, Challenge, Language string
	From                             Origin
}

// SignInByCode signs a phone in; a phone that was never here becomes a member. It is open
// to the owner whatever strangers did. It refuses with fault.BadInput and ErrCodeWrong, in
// the same words for every reason.
func (m *Members) SignInByCode(ctx context.Context, e CodeEntry) (SignedIn, error) {
	phone, indexes, err := m.phoneOf(e.Phone)
	if err != nil {
		return SignedIn{}, err
	}
	fresh, err := m.newborn(phone, e.Language)
	if err != nil {
		return SignedIn{}, err
	}
	token, device := m.Door.Fresh(secret.MemberToken), m.Guard.DeviceToken()
	var out SignedIn
	var r Record
	var right bool
	enter := func(tx *sqldb.Tx) (err error) {
		right, err = m.useCode(tx, phone, ToSignIn, e.Code, e.Challenge)
		if err != nil || !right {
			return err
		}
		var known bool
		if r, known, err = m.Store.ByPhoneIn(tx, indexes); err != nil {
			return err
		}
		if !known {
			r = fresh
			r.CreatedAt = tx.Now
			if err := m.Store.Insert(tx, r); err != nil {
				return err
			}
		}
		a := m.attempt(phone, r, e.From)
		if err := m.Guard.Pardon(tx, a); err != nil {
			return err
		}
		out, err = m.admit(tx, r, a, entering{token, device, e.From.Label, true, !known})
		m.note(tx, r, "member.signed_in", map[string]any{"by": "code", "created": !known})
		return err
	}
	if err = m.DB.InTx(ctx, enter); sqldb.IsDuplicate(err) {
		err = m.DB.InTx(ctx, enter) // the phone became a member in another process just now
	}
	if err != nil {
		return SignedIn{}, err
	}
	if !right {
		return SignedIn{}, ErrCodeWrong
	}
	if out.Member, err = m.open(r); err != nil {
		return SignedIn{}, err
	}
	out.Member, err = m.withEmail(ctx, r, out.Member)
	return out, err
}

// entering is how somebody comes in who has proven himself.
type entering struct {
	token          signin.Fresh
	device, label  string
	byCode, asNews bool // by a code; as a member just made
}

// admit issues the token and remembers the device; of one that was not known, the member is
// told.
func (m *Members) admit(tx *sqldb.Tx, r Record, a signin.Attempt, e entering) (SignedIn, error) {
	a.Account = signin.MemberAccount(r.ID)
	s, err := m.Door.Issue(tx, e.token, a.Account, e.label, a.Address)
	if err != nil {
		return SignedIn{}, err
	}
	known, err := m.Guard.Known(tx, a)
	if err != nil {
		return SignedIn{}, err
	}
	if !known && !e.asNews {
		if err := m.tellOfDevice(tx, r.ID, s.ID, e.byCode); err != nil {
			return SignedIn{}, err
		}
	}
	device, err := m.Guard.Know(tx, a, e.device)
	return SignedIn{Token: e.token.Token, ExpiresAt: s.ExpiresAt, Device: device,
		Created: e.asNews}, err
}

// PasswordEntry signs in by a password.
type PasswordEntry struct {
	Phone, Password string
	From            Origin
}

// SignInByPassword signs in a member who set a password. It refuses with fault.BadInput,
// signin.ErrTooManyAttempts and ErrPasswordWrong; a phone that is unknown, one without a
// password and a wrong password get the same answer in the same time.
func (m *Members) SignInByPassword(ctx context.Context, e PasswordEntry) (SignedIn, error) {
	phone, indexes, err := m.phoneOf(e.Phone)
	if err != nil {
		return SignedIn{}, err
	}
	r, _, err := m.Store.ByPhone(ctx, indexes)
	if err != nil {
		return SignedIn{}, err
	}
	a := m.attempt(phone, r, e.From)
	if err := m.Guard.Admit(ctx, a); err != nil {
		return SignedIn{}, err
	}
	ok, again, err := m.checkPassword(ctx, r, e.Password)
	if err != nil {
		return SignedIn{}, err
	}
	if !ok || r.State != Active {
		return SignedIn{}, ErrPasswordWrong
	}
	rehashed := ""
	if again {
		if rehashed, err = m.Passwords.Hash(ctx, e.Password); err != nil {
			return SignedIn{}, err
		}
	}
	token, device := m.Door.Fresh(secret.MemberToken), m.Guard.DeviceToken()
	var out SignedIn
	err = m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, err := m.activeIn(tx, r.ID)
		if err != nil {
			return err
		}
		if now.Password != r.Password { // changed since it was checked
			return ErrPasswordWrong
		}
		if rehashed != "" {
			now.Password = rehashed
			if err := m.Store.UpdateIfRevision(tx, now); err != nil {
				return err
			}
			now.Revision++
		}
		if err := m.Guard.Passed(tx, a); err != nil {
			return err
		}
		if out, err = m.admit(tx, now, a, entering{token, device, e.From.Label, false,
			false}); err != nil {
			return err
		}
		m.note(tx, now, "member.signed_in", map[string]any{"by": "password"})
		return nil
	})
	if err != nil {
		return SignedIn{}, err
	}
	if out.Member, err = m.open(r); err != nil {
		return SignedIn{}, err
	}
	out.Member, err = m.withEmail(ctx, r, out.Member)
	return out, err
}

// checkPassword takes the same time whether there is a password to check or not.
func (m *Members) checkPassword(ctx context.Context, r Record, password string,
) (ok, again bool, err error) {
	if len(password) > secret.MaxPasswordBytes {
		password = "" // no stored password is empty, and the time must not tell
	}
	if r.Password == "" {
		return false, false, m.Passwords.CheckNobody(ctx, password)
	}
	return m.Passwords.Check(ctx, password, r.Password)
}

// NewPassword sets a password, with proof that the owner wants it.
type NewPassword struct {
	Current, Code, Challenge string // Current, or Code with purpose ToSetPassword
	New                      string
	Keep                     int64 // the sign-in that asks; all others end
	From                     Origin
}

// SetPassword sets or changes the password; every other sign-in ends and every known
// device is a stranger again. It refuses with secret.ErrPassword, ErrProofNeeded,
// ErrPasswordWrong, ErrCodeWrong and signin.ErrTooManyAttempts.
func (m *Members) SetPassword(ctx context.Context, id int64, n NewPassword) error {
	r, ok, err := m.Store.ByID(ctx, id)
	if err != nil {
		return err
	}
	if !ok || r.State != Active {
		return fault.Missing
	}
	me, err := m.open(r)
	if err != nil {
		return err
	}
	if err := secret.CheckStrength(n.New, me.Phone, me.Name); err != nil {
		return err
	}
	a := m.attempt(me.Phone, r, n.From)
	if err := m.proveCurrent(ctx, r, a, n); err != nil {
		return err
	}
	hash, err := m.Passwords.Hash(ctx, n.New)
	if err != nil {
		return err
	}
	right := true
	err = m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, err := m.activeIn(tx, id)
		if err != nil {
			return err
		}
		if n.Current == "" {
			right, err = m.useCode(tx, me.Phone, ToSetPassword, n.Code, n.Challenge)
			if err != nil || !right {
				return err
			}
		} else if now.Password != r.Password {
			return ErrPasswordWrong
		} else if err := m.Guard.Passed(tx, a); err != nil {
			return err
		}
		now.Password = hash
		return m.storePassword(tx, now, n.Keep)
	})
	if err == nil && !right {
		return ErrCodeWrong
	}
	return err
}

func (m *Members) proveCurrent(ctx context.Context, r Record, a signin.Attempt, n NewPassword,
) error {
	if n.Current == "" {
		if n.Code == "" {
			return ErrProofNeeded
		}
		return nil // checked in the transaction that spends it
	}
	if err := m.Guard.Admit(ctx, a); err != nil {
		return err
	}
	ok, _, err := m.checkPassword(ctx, r, n.Current)
	if err == nil && !ok {
		return ErrPasswordWrong
	}
	return err
}

func (m *Members) storePassword(tx *sqldb.Tx, r Record, keep int64) error {
	if err := m.Store.UpdateIfRevision(tx, r); err != nil {
		return err
	}
	r.Revision++
	account := signin.MemberAccount(r.ID)
	ended, err := m.Door.RevokeAll(tx, account, keep)
	if err != nil {
		return err
	}
	if err := m.Guard.Forget(tx, account); err != nil {
		return err
	}
	if err := m.Links.SpendAll(tx, account, signin.ToRecover); err != nil {
		return err
	}
	m.note(tx, r, "member.password_set", map[string]any{"sign_ins_ended": ended})
	return m.tell(tx, r.ID, letter{Topic: notify.TopicPasswordChanged, Phone: true})
}

// SignIns are the live sign-ins of a member, the last seen first.
func (m *Members) SignIns(ctx context.Context, id int64) ([]signin.SignIn, error) {
	return m.Door.List(ctx, signin.MemberAccount(id))
}

// EndSignIn ends one sign-in: this one, or a lost phone's. It refuses with fault.Missing.
func (m *Members) EndSignIn(ctx context.Context, id, signIn int64) error {
	return m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := m.activeIn(tx, id)
		if err != nil {
			return err
		}
		ok, err := m.Door.Revoke(tx, signin.MemberAccount(id), signIn)
		if err != nil {
			return err
		}
		if !ok {
			return fault.Missing
		}
		m.note(tx, r, "member.signed_out", map[string]any{})
		return nil
	})
}

// EndOtherSignIns ends every sign-in but the one that asks, makes every other device a
// stranger, and tells how many ended.
func (m *Members) EndOtherSignIns(ctx context.Context, id, keep int64) (ended int, err error) {
	err = m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := m.activeIn(tx, id)
		if err != nil {
			return err
		}
		account := signin.MemberAccount(id)
		if ended, err = m.Door.RevokeAll(tx, account, keep); err != nil {
			return err
		}
		m.note(tx, r, "member.signed_out_elsewhere", map[string]any{"sign_ins_ended": ended})
		return m.Guard.Forget(tx, account)
	})
	return ended, err
}

// EndAllSignIns signs a member out everywhere and makes every device a stranger.
func (m *Members) EndAllSignIns(ctx context.Context, id int64) error {
	return m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := m.activeIn(tx, id)
		if err != nil {
			return err
		}
		account := signin.MemberAccount(id)
		n, err := m.Door.RevokeAll(tx, account, 0)
		if err != nil {
			return err
		}
		if err := m.Guard.Forget(tx, account); err != nil {
			return err
		}
		m.note(tx, r, "member.signed_out_everywhere", map[string]any{"sign_ins_ended": n})
		return nil
	})
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
