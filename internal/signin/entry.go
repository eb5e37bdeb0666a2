package signin

import (
	"context"
	"strings"
	"time"

	"foyer/internal/idgen"
	"foyer/internal/secret"
)

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
func (c Credentials) Current(ctx context.Context, d *Door, kind secret.TokenKind,
) (SignIn, error) {
	return d.Read(ctx, kind, c.Token())
}

// KindSignIn is the kind of a sign-in's public id.
const KindSignIn idgen.Kind = "sgi"

// Entry is a sign-in as its owner reads it.
type Entry struct {
	ID          string    `json:"id" doc:"public id, to end it"`
	DeviceLabel string    `json:"device_label" doc:"what the device called itself"`
	Network     string    `json:"network" doc:"where it began, shortened"`
	CreatedAt   time.Time `json:"created_at"`
	SeenAt      time.Time `json:"seen_at" doc:"last use, roughly"`
	ExpiresAt   time.Time `json:"expires_at" doc:"moves on with use"`
	Current     bool      `json:"current" doc:"the one that asks"`
}

// PublicIDs makes the ids that the API shows.
type PublicIDs interface {
	Public(kind idgen.Kind, id idgen.ID) string
}

// Entries shows a list of sign-ins; current is the number of the one that asks.
func Entries(ids PublicIDs, list []SignIn, current int64) []Entry {
	out := make([]Entry, len(list))
	for i, s := range list {
		out[i] = Entry{ids.Public(KindSignIn, s.ID), s.Label, s.Network, s.CreatedAt, s.SeenAt,
			s.ExpiresAt, s.ID == current}
	}
	return out
}
