package member

import (
	"context"

	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// Proof shows anew that the member is the one who asks, for what a stolen sign-in must not
// be able to do: the password, or a code asked for with purpose ToConfirm.
type Proof struct {
	Password, Code, Challenge string
	From                      Origin
}

// prove checks a proof and spends it. It refuses with fault.Missing, ErrProofNeeded,
// ErrPasswordWrong, ErrCodeWrong, signin.ErrTooManyAttempts and signin.ErrCaptchaRequired.
func (m *Members) prove(ctx context.Context, id int64, p Proof) (Record, Member, error) {
	r, ok, err := m.Store.ByID(ctx, id)
	if err != nil {
		return r, Member{}, err
	}
	if !ok || r.State != Active {
		return r, Member{}, fault.Missing
	}
	me, err := m.open(r)
	if err != nil {
		return r, me, err
	}
	if p.Password == "" && p.Code == "" {
		return r, me, ErrProofNeeded
	}
	a := m.attempt(me.Phone, r, p.From)
	if p.Password == "" {
		right := false
		err = m.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
			right, err = m.useCode(tx, me.Phone, ToConfirm, p.Code, p.Challenge)
			return err
		})
		if err == nil && !right {
			err = ErrCodeWrong
		}
		return r, me, err
	}
	if err := m.Guard.Admit(ctx, a); err != nil {
		return r, me, err
	}
	right, _, err := m.checkPassword(ctx, r, p.Password)
	if err != nil {
		return r, me, err
	}
	if !right {
		return r, me, ErrPasswordWrong
	}
	return r, me, m.DB.InTx(ctx, func(tx *sqldb.Tx) error { return m.Guard.Passed(tx, a) })
}
