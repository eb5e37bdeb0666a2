package signin

import (
	"context"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/secret"
)

// Authenticator turns a bearer token into an actor, for the HTTP door: the prefix says who
// is asked. Devices may be nil in a process without gates.
type Authenticator struct {
	Door    *Door
	Staff   StaffActors
	Devices Devices
}

// Authenticate is the actor of a token. It refuses with ErrTokenRefused whatever opens
// nothing, in the same words for every reason.
func (a Authenticator) Authenticate(ctx context.Context, token string) (actor.Actor, error) {
	kind, _, _ := strings.Cut(token, "_")
	switch kind := secret.TokenKind(kind); {
	case kind == secret.MemberToken:
		s, err := a.Door.Read(ctx, kind, token)
		if err != nil || s.Account.Kind != actor.Member {
			return actor.Actor{}, refused(err)
		}
		return actor.Actor{Kind: actor.Member, ID: s.Account.ID}, nil
	case kind == secret.StaffToken:
		s, err := a.Door.Read(ctx, kind, token)
		if err != nil || s.Account.Kind != actor.Staff {
			return actor.Actor{}, refused(err)
		}
		return a.Staff.Actor(ctx, s.Account.ID)
	case kind == secret.DeviceToken && a.Devices != nil:
		return a.Devices.Authenticate(ctx, token)
	}
	return actor.Actor{}, ErrTokenRefused
}

func refused(err error) error {
	if err == nil {
		return ErrTokenRefused
	}
	return err
}
