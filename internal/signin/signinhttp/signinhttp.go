// Package signinhttp joins sign-ins to the HTTP door: who a token belongs to.
package signinhttp

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/httpx"
	"foyer/internal/signin"
)

// Auth is the Authenticator of the HTTP door.
type Auth struct{ signin.Authenticator }

// Authenticate is the actor of a token.
func (a Auth) Authenticate(ctx context.Context, token string, _ httpx.RequestInfo,
) (actor.Actor, error) {
	return a.Authenticator.Authenticate(ctx, token)
}
