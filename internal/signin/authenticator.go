package signin

import (
	"context"
	"strings"

	"foyer/internal/actor"
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
	switch {
	case strings.HasPrefix(token, MemberPrefix):
		s, err := a.Door.Read(ctx, token)
		if err != nil {
			return actor.Actor{}, err
		}
		if s.Account.Kind != actor.Member {
			return actor.Actor{}, ErrTokenRefused
		}
		return actor.Actor{Kind: actor.Member, ID: s.Account.ID}, nil
	case strings.HasPrefix(token, StaffPrefix):
		s, err := a.Door.Read(ctx, token)
		if err != nil {
			return actor.Actor{}, err
		}
		if s.Account.Kind != actor.Staff {
			return actor.Actor{}, ErrTokenRefused
		}
		return a.Staff.Actor(ctx, s.Account.ID)
	case strings.HasPrefix(token, DevicePrefix) && a.Devices != nil:
		return a.Devices.Authenticate(ctx, token)
	}
	return actor.Actor{}, ErrTokenRefused
}
