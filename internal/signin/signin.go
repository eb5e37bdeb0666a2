// Package signin is what both kinds of account share at the door: opaque tokens that are
// stored hashed, devices that an account has used before, and the growing delay of failed
// attempts. What proves a person (a code by SMS, a password, TOTP) is the business of
// packages member and staff; what a token opens is asked here, on every request.
package signin

import (
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/secret"
)

// KnownToken proves a known device; it opens nothing by itself. The kinds that do open
// something are in package secret.
const KnownToken secret.TokenKind = "fk"

// Account is one member or one staff member.
type Account struct {
	Kind actor.Kind
	ID   int64
}

// SignIn is one token as its owner may see it. The token itself is shown once.
type SignIn struct {
	ID        int64
	Account   Account
	Label     string // what the device called itself, at most 80 characters
	Network   string // where it began, shortened: see NetworkOf
	CreatedAt time.Time
	SeenAt    time.Time // to the hour for members, to ten minutes for staff
	ExpiresAt time.Time
}

// Terms are how long a sign-in lasts.
type Terms struct {
	Idle  time.Duration // without a request
	Most  time.Duration // whatever happens
	Touch time.Duration // how old SeenAt may become before it is written anew
}

// TermsOf is what a sign-in of a kind of account lasts.
func TermsOf(kind actor.Kind) Terms {
	if kind == actor.Staff {
		return Terms{Idle: 12 * time.Hour, Most: 30 * 24 * time.Hour, Touch: 10 * time.Minute}
	}
	return Terms{Idle: 60 * 24 * time.Hour, Most: 365 * 24 * time.Hour, Touch: time.Hour}
}

// until is when a sign-in ends that was last seen at seen.
func (t Terms) until(created, seen time.Time) time.Time {
	idle, most := seen.Add(t.Idle), created.Add(t.Most)
	if idle.Before(most) {
		return idle
	}
	return most
}

const (
	// MaxSignIns is how many sign-ins an account may have; the longest unseen one goes.
	MaxSignIns = 20
	// MaxKnownDevices is how many devices an account may be known on.
	MaxKnownDevices = 10
	maxLabel        = 80 // characters
)

// The refusals at the door.
var (
	ErrTokenRefused = fault.Define(fault.Unauthorized, "token_refused",
		"登录已失效,请重新登录", "The token is unknown, has ended or was revoked.",
		"Sign in again.")
	ErrTooManyAttempts = fault.Define(fault.TooMany, "too_many_attempts",
		"尝试次数过多,请稍后再试", "Too many failed attempts; the wait grows with each.",
		"Wait for the seconds that Retry-After names. A buyer may sign in by SMS code at once; "+
			"a device used before is not delayed by the failures of others.")
	ErrCaptchaRequired = fault.Define(fault.Forbidden, "captcha_required",
		"请先完成拖动验证", "Show that a person is at work first.",
		"POST /captchas with details.captcha_subject, answer the challenge, and send the "+
			"request again with the proof as captcha_proof.")
)
