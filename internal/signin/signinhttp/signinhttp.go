// Package signinhttp joins sign-ins to the HTTP door: who a token belongs to, and which
// sign-in a request itself rests on.
package signinhttp

import (
	"context"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/secret"
	"foyer/internal/signin"
)

// Auth is the Authenticator of the HTTP door.
type Auth struct{ signin.Authenticator }

// Authenticate is the actor of a token.
func (a Auth) Authenticate(ctx context.Context, token string, _ httpx.RequestInfo,
) (actor.Actor, error) {
	return a.Authenticator.Authenticate(ctx, token)
}

// Credentials are part of the input of a route that must know its own sign-in.
type Credentials struct {
	Authorization string `header:"Authorization" hidden:"true"`
	Cookie        string `cookie:"foyer_session" hidden:"true"`
}

// Token is what the request was let in with.
func (c Credentials) Token() string {
	if len(c.Authorization) > 7 && strings.EqualFold(c.Authorization[:7], "bearer ") {
		return strings.TrimSpace(c.Authorization[7:])
	}
	return c.Cookie
}

// Current is the sign-in that the request rests on; it was read a moment ago, so this is
// a look-up in memory.
func (c Credentials) Current(ctx context.Context, d *signin.Door, kind secret.TokenKind,
) (signin.SignIn, error) {
	return d.Read(ctx, kind, c.Token())
}

// KindSignIn is the kind of a sign-in's public id.
const KindSignIn idgen.Kind = "sgi"

// Entry is a sign-in as its owner reads it.
type Entry struct {
	ID          string    `json:"id" doc:"public id, to end it"`
	DeviceLabel string    `json:"device_label" doc:"what the device called itself"`
	CreatedAt   time.Time `json:"created_at"`
	SeenAt      time.Time `json:"seen_at" doc:"last use, roughly"`
	ExpiresAt   time.Time `json:"expires_at" doc:"moves on with use"`
	Current     bool      `json:"current" doc:"the one that asks"`
}

// Entries shows a list of sign-ins; current is the number of the one that asks.
func Entries(keys httpx.Keys, list []signin.SignIn, current int64) []Entry {
	out := make([]Entry, len(list))
	for i, s := range list {
		out[i] = Entry{keys.Public(KindSignIn, s.ID), s.Label, s.CreatedAt, s.SeenAt, s.ExpiresAt,
			s.ID == current}
	}
	return out
}
