package httpx

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/fault"
)

// SessionCookie holds the token of Foyer's own pages.
const SessionCookie = "foyer_session"

const maxToken = 512 // characters

// RequestInfo is what an Authenticator may want to know beside the token.
type RequestInfo struct {
	RequestID string
	Address   netip.Addr // of the client, behind trusted proxies
	Route     string     // the pattern, e.g. "POST /api/v1/orders"
	UserAgent string
}

// Authenticator says who a token belongs to. It refuses an unknown, expired or revoked
// token with a fault of kind Unauthorized. It is called for every request with a token,
// so it answers from memory where it can.
type Authenticator interface {
	Authenticate(ctx context.Context, token string, r RequestInfo) (actor.Actor, error)
}

func (x *exchange) info(r *http.Request) RequestInfo {
	i := RequestInfo{RequestID: x.id, Address: x.origin.client, Route: x.routeName()}
	if r != nil {
		i.UserAgent = r.UserAgent()
	}
	return i
}

// admit is the way in, the same for every route: limits by address, who it is, whether
// the route opens to them, their own limit, the size and the key of what they send.
func (x *exchange) admit(r *http.Request) error {
	op := &x.route.op
	if op.Rate.ByAddress {
		if err := x.take(r, addressKey(x.origin.client)); err != nil {
			return err
		}
	}
	access, err := x.access(r.Header)
	if err != nil {
		return err
	}
	if err := x.enter(r, access); err != nil {
		return err
	}
	if !op.Rate.ByAddress && x.actor.Kind != actor.Anonymous {
		if err := x.take(r, actorKey(x.actor)); err != nil {
			return err
		}
	}
	if r.ContentLength > op.MaxBody {
		return BodyTooLarge.With("max_bytes", op.MaxBody)
	}
	if r.ContentLength != 0 {
		r.Body = http.MaxBytesReader(x.w, r.Body, op.MaxBody+1)
	}
	if op.Idempotent {
		var err error
		x.key, err = checkKey(r.Header[keyHeader])
		return err
	}
	return nil
}

func (x *exchange) enter(r *http.Request, access Access) error {
	switch {
	case access.is(public), access.is(provider):
		return nil
	case access.is(operator):
		return x.operator(r)
	}
	if err := x.authenticate(r); err != nil {
		return err
	}
	if x.actor.Kind == actor.Staff {
		x.reason = reasonOf(r.Header)
	}
	return access.Decide(x.actor)
}

// operator lets in a caller on this very machine who came through no proxy, or the token.
func (x *exchange) operator(r *http.Request) error {
	direct := r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
	if x.origin.peer.IsLoopback() && direct {
		return nil
	}
	want, got := x.api.cfg.OperatorToken, bearer(r)
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(got))
	if want != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1 {
		return nil
	}
	return OperatorOnly
}

func (x *exchange) authenticate(r *http.Request) error {
	token := bearer(r)
	if token == "" {
		c, err := r.Cookie(SessionCookie)
		if err != nil || c.Value == "" {
			if r.Header.Get("Authorization") != "" {
				return fault.SignInFirst // a scheme that is not ours
			}
			return nil
		}
		if err := sameSite(r); err != nil {
			return err
		}
		token = c.Value
	}
	if !wellFormed(token) {
		return fault.SignInFirst
	}
	who, err := x.api.cfg.Auth.Authenticate(r.Context(), token, x.info(r))
	if err != nil {
		return err
	}
	if who.Kind == actor.System { // Foyer itself never comes through the door
		return fault.NotAllowed
	}
	x.actor = who
	return nil
}

// bearer is the token of the Authorization header; empty when there is none.
func bearer(r *http.Request) string {
	h := r.Header.Get("Authorization")
	if len(h) > 7 && strings.EqualFold(h[:7], "bearer ") {
		return strings.TrimSpace(h[7:])
	}
	return ""
}

func wellFormed(token string) bool {
	if token == "" || len(token) > maxToken {
		return false
	}
	for i := range len(token) {
		if token[i] <= 0x20 || token[i] > 0x7e {
			return false
		}
	}
	return true
}

// sameSite guards what a browser sends by itself: a change that rests on the cookie must
// come from a page of this very origin. Bearer tokens need no such guard.
func sameSite(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		if site == "same-origin" || site == "none" {
			return nil
		}
		return CrossSite
	}
	_, host, ok := strings.Cut(r.Header.Get("Origin"), "://")
	if !ok || host != r.Host {
		return CrossSite
	}
	return nil
}

func actorKey(a actor.Actor) string {
	var b [24]byte
	return string(strconv.AppendInt(append(b[:0], 'k', '0'+byte(a.Kind), ':'), a.ID, 36))
}

// take asks the limiter. When that fails the request goes on: a limit protects from load,
// and refusing everybody because the counter is gone would be the greater harm.
func (x *exchange) take(r *http.Request, subject string) error {
	class := x.route.op.Rate
	if class.Count <= 0 {
		return nil
	}
	v, err := x.api.cfg.Limiter.Take(r.Context(), class, subject)
	if err != nil {
		x.api.cfg.Logger.LogAttrs(r.Context(), slog.LevelWarn, "rate limiter failed",
			slog.String("request", x.id), slog.Any("error", err))
		return nil
	}
	if !v.Allowed {
		return TooManyRequests.Retry(v.RetryAfter)
	}
	return nil
}
