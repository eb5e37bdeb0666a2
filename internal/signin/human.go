package signin

import (
	"encoding/base64"
	"time"

	"foyer/internal/fault"
	"foyer/internal/secret"
	"foyer/internal/sqldb"
)

// Humans believes proofs that a person is at work; package captcha implements it.
type Humans interface {
	// Spend uses a proof up; false when it is none for this subject.
	Spend(proof, subject string) bool
	// Restore makes a proof good again that was spent for nothing.
	Restore(proof, subject string)
}

// From how many failures on a proof is asked for. It comes before the delay of an account
// or device does, so that a person proves himself instead of waiting; an address is shared
// by thousands.
const (
	humanAfterAccount = 3
	humanAfterDevice  = 3
	humanAfterAddress = 20
)

// AskHumans makes the guard ask for proofs of humans; without it, it asks for none. Call it
// before the guard is used.
func (g *Guard) AskHumans(h Humans) { g.humans = h }

// HumanSubject is what a proof is bound to: a keyed digest of what is done and of the name
// that was typed, so it tells nothing of either.
func (g *Guard) HumanSubject(what, name string) string {
	mac := g.macs.MAC("captcha subject", []byte(what+":"+name))
	return base64.RawURLEncoding.EncodeToString(mac[:18])
}

// Human is one proof, spent before the transaction that may want it.
type Human struct {
	guard          *Guard
	proof, subject string
	good           bool
}

// Human spends a proof for a subject. Give it back when it turned out not to be wanted.
func (g *Guard) Human(proof, subject string) Human {
	h := Human{guard: g, proof: proof, subject: subject}
	h.good = proof != "" && g.humans != nil && g.humans.Spend(proof, subject)
	return h
}

// Wanted refuses with ErrCaptchaRequired when a proof is wanted and this is none.
func (h Human) Wanted() error {
	if h.good || h.guard.humans == nil {
		return nil
	}
	return ErrCaptchaRequired.With("captcha_subject", h.subject)
}

// GiveBack makes the proof good again.
func (h Human) GiveBack() {
	if h.good {
		h.guard.humans.Restore(h.proof, h.subject)
	}
}

// Limits of the links that anybody may have sent to an address.
const (
	mailsADay      = 5
	humanAfterMail = 2
	mailApart      = time.Minute
)

// ErrMailLater refuses another link to an address that had one a moment ago, or enough.
var ErrMailLater = fault.Define(fault.TooMany, "mail_sent_recently",
	"邮件发送过于频繁,请稍后再试", "A message was sent to this address a moment ago.",
	"Use the link that was sent, or wait for the seconds that Retry-After names.")

// TakeMail counts one more link to an address; free says that no proof of a person is
// wanted yet. It refuses with ErrMailLater.
func (g *Guard) TakeMail(tx *sqldb.Tx, address string) (free bool, err error) {
	s := Subject{By: ByMail, Key: g.macs.MAC("mail", []byte(address))[:16]}
	f, err := g.store.Failures(tx, s)
	if err != nil {
		return false, err
	}
	if tx.Now.Sub(f.Last) >= 24*time.Hour/mailsADay { // one comes back each fifth of a day
		f.Count = max(0, f.Count-int(tx.Now.Sub(f.Last)/(24*time.Hour/mailsADay)))
	}
	wait := f.Last.Add(mailApart).Sub(tx.Now)
	if f.Count >= mailsADay {
		wait = f.Last.Add(24 * time.Hour / mailsADay).Sub(tx.Now)
	}
	if f.Count > 0 && wait > 0 {
		return false, ErrMailLater.Retry(wait)
	}
	free = f.Count < humanAfterMail
	return free, g.store.SetFailures(tx, s, secret.Failures{Count: f.Count + 1, Last: tx.Now})
}

// suspicious says whether a subject failed so often that a person should show himself.
func suspicious(by Dimension, f secret.Failures, now time.Time) bool {
	n := policyOf(by).Left(f, now)
	switch by {
	case ByAddress:
		return n >= humanAfterAddress
	case ByDevice:
		return n >= humanAfterDevice
	default:
		return n >= humanAfterAccount
	}
}
