package secret

import (
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"foyer/internal/idgen"
)

const (
	totpPeriod = 30 // seconds
	totpSkew   = 1  // steps that a phone's clock may be off
	totpSecret = 20 // bytes
)

// TOTP is the second factor of staff (RFC 6238: SHA-1, 30 s, 6 digits, which is what every
// authenticator app reads). Its secret is stored sealed, never hashed: both sides need it.
type TOTP struct{ secret []byte }

// NewTOTP makes a secret.
func NewTOTP(ids *idgen.Source) TOTP { return TOTP{ids.Bytes(totpSecret)} }

// TOTPFrom is the second factor with a stored secret.
func TOTPFrom(secret []byte) (TOTP, error) {
	if len(secret) != totpSecret {
		return TOTP{}, fmt.Errorf("secret: a TOTP secret has %d bytes", totpSecret)
	}
	return TOTP{append([]byte(nil), secret...)}, nil
}

// Secret is what to seal and store.
func (t TOTP) Secret() []byte { return append([]byte(nil), t.secret...) }

// Text is the secret as a person types it into an app that cannot scan.
func (t TOTP) Text() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(t.secret)
}

// URL is what the QR symbol of an enrolment says. Neither name may hold a colon.
func (t TOTP) URL(issuer, account string) (string, error) {
	if strings.Contains(issuer+account, ":") {
		return "", fmt.Errorf("secret: a colon in the issuer or account of a TOTP")
	}
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: issuer, AccountName: account, Secret: t.secret, Period: totpPeriod,
	})
	if err != nil {
		return "", fmt.Errorf("secret: totp: %w", err)
	}
	return key.URL(), nil
}

// Check is the step whose code this is, within one step around now; false for a wrong code
// and for a step that is not after lastStep, because a code that was seen over a shoulder
// must not work again. Store the step by an update guarded with `last_step < ?`.
func (t TOTP) Check(code string, now time.Time, lastStep int64) (step int64, ok bool) {
	current := now.Unix() / totpPeriod
	for s := current - totpSkew; s <= current+totpSkew; s++ {
		want, err := hotp.GenerateCode(t.Text(), uint64(s))
		if err != nil {
			return 0, false
		}
		// All steps are tried whatever matched, so the time tells nothing.
		same := subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1
		if same && s > lastStep && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}

// Code is the code of now, for demo sign-ins and tests.
func (t TOTP) Code(now time.Time) (string, error) {
	return hotp.GenerateCode(t.Text(), uint64(now.Unix()/totpPeriod))
}

// ParseTOTP reads a secret as Text wrote it.
func ParseTOTP(text string) (TOTP, error) {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(
		strings.ToUpper(strings.ReplaceAll(text, " ", "")))
	if err != nil {
		return TOTP{}, fmt.Errorf("secret: not a TOTP secret: %w", err)
	}
	return TOTPFrom(raw)
}
