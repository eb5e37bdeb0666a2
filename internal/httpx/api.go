// Package httpx is the door of Foyer: routes with their access, strict JSON, problem
// documents, limits, live streams, the server, and the API document made from the routes.
// It knows HTTP and no business. Modules register routes through Register and RegisterRaw
// and see neither the router nor the library that makes the document.
package httpx

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
)

// Config is what a door is made of. Logger, Clock, IDs, Codec, Auth and CursorSecret are
// required; the rest has usable zero values.
type Config struct {
	// Title and Version head the API document.
	Title, Version string
	Logger         *slog.Logger
	Clock          clock.Clock
	// IDs numbers the requests.
	IDs *idgen.Source
	// Codec makes public ids.
	Codec *idgen.Codec
	// CursorSecret seals list positions: 16 bytes or more.
	CursorSecret []byte
	// Auth says who a token belongs to.
	Auth Authenticator
	// Limiter counts requests; nil is a GCRA of this process.
	Limiter Limiter
	// Rates replace classes by name, e.g. {"buy": {Count: 100, Per: time.Second}}.
	Rates map[string]Rate
	// OperatorToken opens Operator routes from elsewhere than loopback; empty: nobody.
	OperatorToken string
	// TrustedProxies are the networks whose forwarding headers are believed; default none.
	TrustedProxies []netip.Prefix
	// AllowedOrigins are web origins that may call the API with a bearer token, e.g.
	// "https://shop.example"; default none. Cookies are never accepted from them.
	AllowedOrigins []string
	// AccessLog writes a line for every request; without it only failures and requests
	// slower than a second are written.
	AccessLog bool
	// MaxStreams bounds live streams in all (default 20,000), of one signed-in actor
	// (default 8) and of all strangers of one address (default 512).
	MaxStreams, MaxStreamsPerActor, MaxStreamsPerAddress int
	// Observe hears of every finished request, for figures; it must not block.
	Observe func(Observation)
}

// Observation is one finished request. Route is the pattern, never the address asked for.
type Observation struct {
	Route    string
	Status   int
	Bytes    int64
	Duration time.Duration
}

// API is the door. Register all routes before it serves.
type API struct {
	cfg     Config
	mux     *http.ServeMux
	huma    huma.API
	decoder *Decoder
	keys    Keys
	cursors *Cursors
	streams *streamCaps
	routes  []*route
	classes map[string]Rate

	fallback http.Handler
	document struct {
		sync.Mutex
		made *Document
		of   int // how many routes it covers
	}
}

// New makes a door without routes other than the API document's.
func New(cfg Config) (*API, error) {
	switch {
	case cfg.Logger == nil, cfg.Clock == nil, cfg.IDs == nil, cfg.Codec == nil, cfg.Auth == nil:
		return nil, errors.New("httpx: Logger, Clock, IDs, Codec and Auth are required")
	}
	cursors, err := NewCursors(cfg.CursorSecret)
	if err != nil {
		return nil, err
	}
	if cfg.Limiter == nil {
		cfg.Limiter = NewGCRA(cfg.Clock, 0)
	}
	installHooks()
	a := &API{cfg: cfg, mux: http.NewServeMux(), decoder: NewDecoder(),
		keys: NewKeys(cfg.Codec), cursors: cursors, streams: newStreamCaps(cfg),
		classes: map[string]Rate{}}
	a.huma = newHuma(a, cfg)
	a.mux.HandleFunc("/", a.unmatched)
	RegisterRaw(a, Op{Method: http.MethodGet, Path: "/openapi.json", Access: Public,
		Hidden: true, Rate: Unlimited}, a.serveDocument)
	return a, nil
}

// Keys translates public ids.
func (a *API) Keys() Keys { return a.keys }

// Cursors seals list positions.
func (a *API) Cursors() *Cursors { return a.cursors }

// Decoder is the strict JSON reader of the door.
func (a *API) Decoder() *Decoder { return a.decoder }

// Limiter is what counts requests, for modules that limit by more than the actor.
func (a *API) Limiter() Limiter { return a.cfg.Limiter }

// Fallback serves GET requests outside /api/ that match no route, e.g. the buyer's pages.
// It gets the security headers of pages.
func (a *API) Fallback(h http.Handler) { a.fallback = h }

// CloseStreams ends all live streams and refuses new ones; the server calls it when it
// shuts down, since a stream never becomes idle by itself.
func (a *API) CloseStreams() { a.streams.close() }

// ServeHTTP numbers the request, guards it and sends it to its route.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{w: w, api: a, started: a.cfg.Clock.Now(),
		id:     strconv.FormatInt(a.cfg.IDs.Next(), 32),
		lang:   parseLang(r.Header.Get("Accept-Language")),
		origin: originOf(r, a.cfg.TrustedProxies)}
	r = r.WithContext(withExchange(r.Context(), x))
	defer a.finish(x, r)
	x.guardHeaders()
	if a.cors(x, r) {
		return
	}
	a.mux.ServeHTTP(x, r)
}

// unmatched answers what no route matched: 405 when the address exists with another
// method, the pages when there are any, else a problem document.
func (a *API) unmatched(_ http.ResponseWriter, r *http.Request) {
	x := exchangeOf(r.Context())
	var allow []string
	for _, m := range []string{"DELETE", "GET", "PATCH", "POST", "PUT"} {
		probe := &http.Request{Method: m, URL: r.URL, Host: r.Host}
		if _, pattern := a.mux.Handler(probe); pattern != "/" {
			allow = append(allow, m)
		}
	}
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case len(allow) > 0:
		x.Header().Set("Allow", strings.Join(allow, ", "))
		x.refuse(r, WrongMethod.With("allow", allow))
	case a.fallback != nil && reading && !strings.HasPrefix(r.URL.Path, "/api/"):
		x.pageHeaders()
		a.fallback.ServeHTTP(x, r)
	default:
		x.refuse(r, fault.Missing)
	}
}

// Route is a registered route as tests and tools see it.
type Route struct {
	Method, Path string
	OperationID  string
	Tag          string
	Access       Access
	Rate         Rate
	Idempotent   bool
	Hidden       bool
}

// Routes are all registered routes, sorted by path and method. The matrix of routes and
// actors is generated from them, so that a new route cannot be forgotten.
func (a *API) Routes() []Route {
	var out []Route
	for _, rt := range a.routes {
		out = append(out, Route{rt.op.Method, rt.op.Path, rt.op.OperationID, rt.op.Tag,
			rt.op.Access, rt.op.Rate, rt.op.Idempotent, rt.op.Hidden})
	}
	slices.SortFunc(out, func(p, q Route) int {
		return strings.Compare(p.Path+" "+p.Method, q.Path+" "+q.Method)
	})
	return out
}
