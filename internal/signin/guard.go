package signin

import (
	"context"
	"net/netip"
	"time"

	"foyer/internal/idgen"
	"foyer/internal/secret"
	"foyer/internal/sqldb"
)

// Dimension is what failed attempts are counted by.
type Dimension int

const (
	// ByAccount counts against the phone or e-mail that was typed, whether it exists or not.
	ByAccount Dimension = 1
	// ByAddress counts against the network address; thousands share a carrier's.
	ByAddress Dimension = 2
	// ByDevice counts against a device that the account is known on, and against it alone.
	ByDevice Dimension = 3
	// ByMail counts links that were sent to an address, which are no failures.
	ByMail Dimension = 4
)

// Subject is one thing that failures are counted for.
type Subject struct {
	By  Dimension
	Key []byte // 16 bytes, keyed digest
}

// Attempt is one try to prove who somebody is.
type Attempt struct {
	// Name is what was typed, normalised: a phone or an e-mail. It is only ever digested.
	Name string
	// Account is whom the name belongs to; ID 0 when nobody.
	Account Account
	Address netip.Addr
	// Device is the token of a known device, or empty.
	Device string
	// Captcha is a proof that a person is at work, or empty.
	Captcha string
}

// Guard delays repeated failures. It never locks an account: a device on which the account
// signed in before has a counter of its own, which the failures of strangers do not touch.
type Guard struct {
	db    *sqldb.DB
	store Attempts
	macs  MACs
	ids   *idgen.Source

	humans Humans // nil asks nobody
}

// NewGuard makes a guard.
func NewGuard(db *sqldb.DB, store Attempts, macs MACs, ids *idgen.Source) *Guard {
	return &Guard{db: db, store: store, macs: macs, ids: ids}
}

func policyOf(by Dimension) secret.DelayPolicy {
	switch by {
	case ByAddress:
		return secret.AddressDelay
	case ByDevice:
		return secret.DeviceDelay
	default:
		return secret.AccountDelay
	}
}

// Admit lets an attempt begin, or refuses it with ErrTooManyAttempts and the time to wait,
// or with ErrCaptchaRequired after a few failures of the account, the device or the address.
// It counts the attempt as failed before anything is verified, so that many at once gain
// nothing; Passed takes the count back.
func (g *Guard) Admit(ctx context.Context, a Attempt) error {
	var refusal error
	kind := string(rune('0' + a.Account.Kind))
	human := g.Human(a.Captcha, g.HumanSubject("sign-in "+kind, a.Name))
	err := g.db.InTx(ctx, func(tx *sqldb.Tx) error {
		refusal = nil
		subjects, err := g.subjects(tx, a)
		if err != nil {
			return err
		}
		var wait time.Duration
		var ask bool
		failures := make([]secret.Failures, len(subjects))
		for i, s := range subjects {
			if failures[i], err = g.store.Failures(tx, s); err != nil {
				return err
			}
			wait = max(wait, policyOf(s.By).Wait(failures[i], tx.Now))
			ask = ask || suspicious(s.By, failures[i], tx.Now)
		}
		if wait > 0 {
			refusal = ErrTooManyAttempts.Retry(wait)
			return nil
		}
		if ask {
			if refusal = human.Wanted(); refusal != nil {
				return nil
			}
		}
		for i, s := range subjects {
			f := policyOf(s.By).Fail(failures[i], tx.Now)
			if err := g.store.SetFailures(tx, s, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		human.GiveBack()
	}
	return err
}

// Passed forgets the failures of the account and its device, and gives the address back
// what Admit took. Call it in the transaction that signs in.
func (g *Guard) Passed(tx *sqldb.Tx, a Attempt) error {
	subjects, err := g.subjects(tx, a)
	if err != nil {
		return err
	}
	for _, s := range subjects {
		if s.By != ByAddress {
			if err := g.store.Clear(tx, s); err != nil {
				return err
			}
			continue
		}
		f, err := g.store.Failures(tx, s)
		if err != nil {
			return err
		}
		if f.Count--; f.Count >= 0 {
			if err := g.store.SetFailures(tx, s, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// subjects are what an attempt is counted by: its known device alone, else the account
// name and the address.
func (g *Guard) subjects(tx *sqldb.Tx, a Attempt) ([]Subject, error) {
	known, err := g.knows(tx, a)
	if err != nil {
		return nil, err
	}
	kind := string(rune('0' + a.Account.Kind))
	if known {
		return []Subject{{ByDevice, g.macs.MAC("sign-in device", []byte(kind+a.Device))[:16]}}, nil
	}
	list := []Subject{{ByAccount, g.macs.MAC("sign-in account", []byte(kind+a.Name))[:16]}}
	if a.Address.IsValid() {
		key := g.macs.MAC("sign-in address", []byte(AddressKey(a.Address)))[:16]
		list = append(list, Subject{ByAddress, key})
	}
	return list, nil
}

func (g *Guard) knows(tx *sqldb.Tx, a Attempt) (bool, error) {
	hash, ok := secret.ParseToken(KnownToken, a.Device)
	if !ok || a.Account.ID == 0 {
		return false, nil
	}
	return g.store.Knows(tx, a.Account, hash[:])
}

// Known says whether the device of an attempt belongs to its account.
func (g *Guard) Known(tx *sqldb.Tx, a Attempt) (bool, error) { return g.knows(tx, a) }

// DeviceToken makes the token of a device that becomes known by signing in.
func (g *Guard) DeviceToken() string {
	text, _ := secret.NewToken(g.ids, KnownToken)
	return text
}

// Know remembers the attempt's device for its account, or fresh when it had none, and
// returns the token that the device keeps.
func (g *Guard) Know(tx *sqldb.Tx, a Attempt, fresh string) (string, error) {
	token := fresh
	if known, err := g.knows(tx, a); err != nil {
		return "", err
	} else if known {
		token = a.Device
	}
	hash, _ := secret.ParseToken(KnownToken, token)
	return token, g.store.Know(tx, a.Account, hash[:], tx.Now, MaxKnownDevices)
}

// Forget makes every device of an account a stranger again.
func (g *Guard) Forget(tx *sqldb.Tx, a Account) error { return g.store.ForgetDevices(tx, a) }

// Pardon forgets the failures counted against an account's name, for an operator who helps
// an owner under attack.
func (g *Guard) Pardon(tx *sqldb.Tx, a Attempt) error {
	a.Device, a.Address = "", netip.Addr{}
	return g.Passed(tx, a)
}

// Sweep deletes old counters in one bounded slice and tells how many.
func (g *Guard) Sweep(ctx context.Context) (n int, err error) {
	err = g.db.InTxLow(ctx, func(tx *sqldb.Tx) error {
		n, err = g.store.SweepAttempts(tx, tx.Now.Add(-25*time.Hour), sweepSlice)
		return err
	})
	return n, err
}

// AddressKey is the network that an address stands for: an IPv6 client owns its /64.
func AddressKey(a netip.Addr) string {
	a = a.Unmap()
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
