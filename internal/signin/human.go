package signin

import (
	"encoding/base64"
	"time"

	"foyer/internal/secret"
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
