package httpx

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
)

// slow is the duration from which a request is written to the log in any case.
const slow = time.Second

// Header values are shared by all answers; their capacity is their length, so that an Add
// of one answer copies and never writes into another's.
var (
	nosniff      = []string{"nosniff"}
	sameOrigin   = []string{"same-origin"}
	hsts         = []string{"max-age=31536000; includeSubDomains"}
	apiPolicy    = []string{"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"}
	noFeatures   = []string{"geolocation=(self), camera=(self), microphone=(), payment=(self)"}
	pagePolicy   = []string{pagePolicyText}
	frameOptions = []string{"DENY"}
)

const pagePolicyText = "default-src 'self'; script-src 'self'; style-src 'self'; " +
	"img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; object-src 'none'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func (x *exchange) guardHeaders() {
	h := x.Header()
	h["X-Request-Id"] = []string{x.id}
	h["X-Content-Type-Options"] = nosniff
	h["Referrer-Policy"] = sameOrigin
	h["Content-Security-Policy"] = apiPolicy
	h["X-Frame-Options"] = frameOptions
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	h["Cache-Control"] = noStore
	if x.origin.secure {
		h["Strict-Transport-Security"] = hsts
	}
}

// pageHeaders loosens the guard for a page of our own: its own scripts, styles, pictures.
func (x *exchange) pageHeaders() {
	h := x.Header()
	h["Content-Security-Policy"] = pagePolicy
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	h["Permissions-Policy"] = noFeatures
}

// cors answers for the origins that the operator named, and for no other: without the
// headers a browser keeps a foreign page from reading anything. True: answered.
func (a *API) cors(x *exchange, r *http.Request) bool {
	if len(a.cfg.AllowedOrigins) == 0 {
		return false
	}
	h := x.Header()
	h.Add("Vary", "Origin")
	from := r.Header.Get("Origin")
	if from == "" || !slices.Contains(a.cfg.AllowedOrigins, from) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", from)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Expose-Headers", "ETag, Retry-After, X-Request-Id")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, "+
		"If-None-Match, If-Match, Last-Event-ID, Accept-Language, "+reasonHeader)
	h.Set("Access-Control-Max-Age", "600")
	x.WriteHeader(http.StatusNoContent)
	return true
}

// finish turns a panic into an answer, and writes and counts the request.
func (a *API) finish(x *exchange, r *http.Request) {
	if p := recover(); p != nil {
		a.panicked(x, r, p)
	}
	took := a.cfg.Clock.Now().Sub(x.started)
	if a.cfg.Observe != nil {
		a.cfg.Observe(Observation{x.routeName(), x.status, x.written, took})
	}
	level := slog.LevelDebug
	if x.route == nil || !x.route.op.Stream {
		if took >= slow {
			level = slog.LevelWarn
		}
	}
	if a.cfg.AccessLog {
		level = max(level, slog.LevelInfo)
	}
	if a.cfg.Logger.Enabled(r.Context(), level) {
		a.access(x, r, level, took)
	}
}

// access writes the line of a request: the route's pattern and never the address asked
// for, since paths and queries may carry what strangers put there; no body, no token, and
// only the network of the client.
func (a *API) access(x *exchange, r *http.Request, level slog.Level, took time.Duration) {
	attrs := []slog.Attr{slog.String("request", x.id), slog.String("route", x.routeName()),
		slog.Int("status", x.status), slog.Int64("bytes", x.written),
		slog.Int64("took_us", took.Microseconds()),
		slog.String("network", network(x.origin.client))}
	if x.actor.Kind != actor.Anonymous {
		attrs = append(attrs, slog.String("actor", x.actor.Kind.String()),
			slog.Int64("actor_id", x.actor.ID))
	}
	a.cfg.Logger.LogAttrs(r.Context(), level, "request", attrs...)
}

func (a *API) panicked(x *exchange, r *http.Request, p any) {
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p) // somebody cut the answer off on purpose
	}
	a.cfg.Logger.LogAttrs(r.Context(), slog.LevelError, "request panicked",
		slog.String("request", x.id), slog.String("route", x.routeName()),
		slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
	x.refuse(r, fault.Unexpected.Wrap(fmt.Errorf("panic: %v", p)))
}

func (x *exchange) routeName() string {
	if x.route == nil {
		return "unmatched"
	}
	return x.route.pattern
}
