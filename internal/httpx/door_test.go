package httpx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
)

// door is a bundle for a test: a door behind a real server, and who may come.
type door struct {
	*API
	t      *testing.T
	clk    *clock.Fake
	logs   *logBuffer
	server *httptest.Server
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type tokens map[string]actor.Actor

func (t tokens) Authenticate(_ context.Context, token string, _ RequestInfo) (actor.Actor,
	error) {
	if a, ok := t[token]; ok {
		return a, nil
	}
	return actor.Actor{}, fault.SignInFirst
}

var everybody = tokens{
	"member": {Kind: actor.Member, ID: 1}, "other": {Kind: actor.Member, ID: 2},
	"seller": {Kind: actor.Staff, ID: 3, Grants: []actor.Grant{
		{Organization: 9, Venue: 5, Permissions: []actor.Permission{"order.sell"}}}},
	"owner": {Kind: actor.Staff, ID: 4, Grants: []actor.Grant{
		{Organization: 9, Permissions: []actor.Permission{actor.Everything}}}},
	"trainee": {Kind: actor.Staff, ID: 5},
	"gate":    {Kind: actor.Device, ID: 6},
	"system":  {Kind: actor.System},
}

// setup makes a door; change may alter its configuration, routes adds routes.
func setup(t *testing.T, change func(*Config), routes func(*API)) *door {
	t.Helper()
	clk := clock.NewFake(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	ids, err := idgen.NewSource(clk, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	codec, err := idgen.NewCodec([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	logs := &logBuffer{}
	cfg := Config{Clock: clk, IDs: ids, Codec: codec, Auth: everybody,
		CursorSecret: []byte("0123456789abcdef0123456789abcdef"), AccessLog: true,
		Logger: slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if change != nil {
		change(&cfg)
	}
	api, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if routes != nil {
		routes(api)
	}
	srv := httptest.NewServer(api)
	t.Cleanup(srv.Close)
	return &door{api, t, clk, logs, srv}
}

// answer is what came back.
type answer struct {
	*http.Response
	body []byte
}

func (a answer) problem(t *testing.T) Problem {
	t.Helper()
	var p Problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("%d %s: not a problem: %v", a.StatusCode, a.body, err)
	}
	if a.Header.Get("Content-Type") != problemType || p.Status != a.StatusCode ||
		p.RequestID == "" || p.RequestID != a.Header.Get("X-Request-Id") {
		t.Fatalf("a crooked problem: %v %s", a.Header, a.body)
	}
	return p
}

// send sends a request; headers come as "Name: value", a body makes it JSON.
func (d *door) send(method, path, body string, headers ...string) answer {
	d.t.Helper()
	r, err := http.NewRequest(method, d.server.URL+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Set(k, v)
		if k == "Host" {
			r.Host = v
		}
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true,
		DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer{res, b}
}

func (d *door) want(a answer, status int, code string) {
	d.t.Helper()
	got := ""
	if a.StatusCode >= 400 {
		got = a.problem(d.t).Code
	}
	if a.StatusCode != status || got != code {
		d.t.Errorf("%s %s: got %d %s, want %d %s", a.Request.Method, a.Request.URL.Path,
			a.StatusCode, got, status, code)
	}
}

type nothing struct{}

func op(method, path string, access Access) Op {
	return Op{Method: method, Path: path, Access: access, Tag: "test", Summary: "s",
		OperationID: strings.ToLower(method) + strings.NewReplacer("/", "-", "{", "", "}",
			"").Replace(path)}
}

func ok(w http.ResponseWriter, r *http.Request) error {
	return WriteJSON(w, r, http.StatusOK, map[string]string{"ok": "yes"})
}

var gone = fault.Define(fault.Conflict, "test_gone", "没了", "It is gone.", "Choose another.")

func TestAccessMatrix(t *testing.T) {
	t.Parallel()
	accesses := map[string]Access{
		"public": Public, "member": MemberOnly, "both": MemberOrAnonymous,
		"staff": SignedInStaff, "sell": StaffOnly("order.sell"),
		"refund": StaffOnly("order.refund"), "device": DeviceOnly,
		"mixed": AnyOf(MemberOnly, StaffOnly("order.sell")),
	}
	d := setup(t, nil, func(a *API) {
		for name, access := range accesses {
			RegisterRaw(a, op("GET", "/api/v1/raw-"+name, access), ok)
			Register(a, op("GET", "/api/v1/typed-"+name, access),
				func(context.Context, *nothing) (*nothing, error) { return &nothing{}, nil })
		}
	})
	const in, who, no = 200, 401, 403
	for name, want := range map[string][9]int{
		//        "", wrong, member, seller, owner, trainee, gate, system, odd scheme
		"public": {in, in, in, in, in, in, in, in, in},
		"member": {who, who, in, no, no, no, no, no, who},
		"both":   {in, who, in, no, no, no, no, no, who},
		"staff":  {who, who, no, in, in, in, no, no, who},
		"sell":   {who, who, no, in, in, no, no, no, who},
		"refund": {who, who, no, no, in, no, no, no, who},
		"device": {who, who, no, no, no, no, in, no, who},
		"mixed":  {who, who, in, in, in, no, no, no, who},
	} {
		for i, token := range []string{"", "Bearer wrong", "Bearer member", "bearer seller",
			"BEARER owner", "Bearer trainee", "Bearer gate", "Bearer system", "Basic bWVtYmVy"} {
			for _, kind := range []string{"raw-", "typed-"} {
				var headers []string
				if token != "" {
					headers = []string{"Authorization: " + token}
				}
				got := d.send("GET", "/api/v1/"+kind+name, "", headers...)
				if got.StatusCode != want[i] && !(want[i] == in && got.StatusCode == 204) {
					t.Errorf("%s%s as %q: got %d, want %d", kind, name, token,
						got.StatusCode, want[i])
				}
			}
		}
	}
	if n := len(d.Routes()); n != 2*len(accesses)+1 {
		t.Errorf("%d routes are listed", n)
	}
}

func TestRegistrationRefuses(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]Op{
		"no access":  {Method: "GET", Path: "/x", Hidden: true},
		"no method":  {Path: "/x", Access: Public, Hidden: true},
		"no path":    {Method: "GET", Access: Public, Hidden: true},
		"no summary": {Method: "GET", Path: "/x", Access: Public},
		"second rates": {Method: "GET", Path: "/x", Access: Public, Hidden: true,
			Rate: Rate{Name: "unlimited", Count: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("it was registered")
				}
			}()
			d := setup(t, nil, nil)
			RegisterRaw(d.API, bad, ok)
		})
	}
}

func TestOperator(t *testing.T) {
	t.Parallel()
	d := setup(t, func(c *Config) { c.OperatorToken = "op-secret" }, func(a *API) {
		RegisterRaw(a, Op{Method: "GET", Path: "/metrics", Access: Operator, Hidden: true}, ok)
	})
	d.want(d.send("GET", "/metrics", ""), 200, "")
	d.want(d.send("GET", "/metrics", "", "X-Forwarded-For: 127.0.0.1"), 403, "operator_only")
	d.want(d.send("GET", "/metrics", "", "X-Forwarded-For: 1.2.3.4",
		"Authorization: Bearer op-secret"), 200, "")
	d.want(d.send("GET", "/metrics", "", "X-Forwarded-For: 1.2.3.4", "Authorization: Bearer owner"),
		403, "operator_only")
	// Without a token set an empty one opens nothing.
	d = setup(t, nil, func(a *API) {
		RegisterRaw(a, Op{Method: "GET", Path: "/metrics", Access: Operator, Hidden: true}, ok)
	})
	d.want(d.send("GET", "/metrics", "", "X-Forwarded-For: 1.2.3.4", "Authorization: Bearer "), 403,
		"operator_only")
}

func TestProblems(t *testing.T) {
	t.Parallel()
	refuse := func(err error) RawHandler {
		return func(http.ResponseWriter, *http.Request) error { return err }
	}
	d := setup(t, nil, func(a *API) {
		RegisterRaw(a, op("GET", "/raw", Public), refuse(gone.With("places", []string{"5-12"}).
			Wrap(errors.New("marked-secret")).Retry(1500*time.Millisecond)))
		RegisterRaw(a, op("GET", "/unknown", Public), refuse(errors.New("marked-secret")))
		RegisterRaw(a, op("GET", "/late", Public), refuse(fmt.Errorf("x: %w",
			context.DeadlineExceeded)))
		RegisterRaw(a, op("GET", "/panic", Public), func(http.ResponseWriter, *http.Request) error {
			panic("marked-secret")
		})
		Register(a, op("GET", "/typed", Public), func(context.Context, *nothing) (*nothing, error) {
			return nil, gone
		})
		Register(a, op("GET", "/typed-panic", Public), func(context.Context, *nothing) (*nothing,
			error) {
			panic("marked-secret")
		})
		RegisterRaw(a, op("GET", "/bad-detail", Public), refuse(gone.With("f", func() {})))
	})
	a := d.send("GET", "/raw", "")
	p := a.problem(t)
	if p.Detail != "没了" || p.Code != "test_gone" || a.StatusCode != 409 ||
		a.Header.Get("Retry-After") != "2" || fmt.Sprint(p.Details) != "map[places:[5-12]]" ||
		p.Type != "/problems/test_gone" || a.Header.Get("Content-Language") != "zh-Hans" {
		t.Errorf("%+v %v", p, a.Header)
	}
	p = d.send("GET", "/raw", "", "Accept-Language: en-GB,zh;q=0.5").problem(t)
	if p.Detail != gone.En {
		t.Errorf("in English: %+v", p)
	}
	for path, code := range map[string]string{"/unknown": "internal", "/panic": "internal",
		"/typed-panic": "internal", "/late": "busy", "/typed": "test_gone",
		"/bad-detail": "test_gone"} {
		a := d.send("GET", path, "")
		if p := a.problem(t); p.Code != code || strings.Contains(string(a.body), "secret") {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	if n := strings.Count(d.logs.String(), `"msg":"request failed"`); n != 3 {
		t.Errorf("%d failures were logged, want one for each", n)
	}
}

func TestUnmatched(t *testing.T) {
	t.Parallel()
	d := setup(t, nil, func(a *API) {
		RegisterRaw(a, op("GET", "/api/v1/a/{id}", Public), ok)
		RegisterRaw(a, op("POST", "/api/v1/a/{id}", Public), ok)
	})
	d.want(d.send("GET", "/nowhere", ""), 404, "not_found")
	a := d.send("DELETE", "/api/v1/a/7", "")
	d.want(a, 405, "method_not_allowed")
	if a.Header.Get("Allow") != "GET, POST" {
		t.Errorf("Allow: %q", a.Header.Get("Allow"))
	}
	if a := d.send("HEAD", "/api/v1/a/7", ""); a.StatusCode != 200 || len(a.body) > 0 {
		t.Errorf("HEAD: %d %s", a.StatusCode, a.body)
	}
	d.Fallback(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w,
			"page")
	}))
	a = d.send("GET", "/nowhere", "")
	if string(a.body) != "page" || a.Header.Get("Content-Security-Policy") != pagePolicyText {
		t.Errorf("fallback: %s %v", a.body, a.Header)
	}
	d.want(d.send("GET", "/api/v1/nowhere", ""), 404, "not_found")
	d.want(d.send("POST", "/nowhere", "{}"), 404, "not_found")
}

func TestCookies(t *testing.T) {
	t.Parallel()
	d := setup(t, nil, func(a *API) {
		RegisterRaw(a, op("GET", "/me", MemberOnly), ok)
		RegisterRaw(a, op("POST", "/me", MemberOnly), ok)
	})
	const cookie = "Cookie: foyer_session=member"
	d.want(d.send("GET", "/me", "", cookie, "Sec-Fetch-Site: cross-site"), 200, "")
	d.want(d.send("POST", "/me", "", cookie, "Sec-Fetch-Site: same-origin"), 200, "")
	d.want(d.send("POST", "/me", "", cookie, "Sec-Fetch-Site: same-site"), 403, "cross_site")
	d.want(d.send("POST", "/me", "", cookie, "Sec-Fetch-Site: cross-site"), 403, "cross_site")
	d.want(d.send("POST", "/me", "", cookie), 403, "cross_site")
	d.want(d.send("POST", "/me", "", cookie, "Origin: null"), 403, "cross_site")
	d.want(d.send("POST", "/me", "", cookie, "Origin: https://evil.example"), 403, "cross_site")
	d.want(d.send("POST", "/me", "", cookie, "Host: foyer.example",
		"Origin: https://foyer.example"), 200, "")
	d.want(d.send("POST", "/me", "", cookie, "Authorization: Bearer member"), 200, "")
	d.want(d.send("GET", "/me", "", "Cookie: foyer_session=wrong"), 401, "sign_in_required")
}

func TestHeadersAndLog(t *testing.T) {
	t.Parallel()
	d := setup(t, nil, func(a *API) {
		RegisterRaw(a, op("GET", "/api/v1/x/{id}", MemberOrAnonymous), ok)
		RegisterRaw(a, Op{Method: "GET", Path: "/page", Access: Public, Hidden: true,
			Page: true}, ok)
	})
	a := d.send("GET", "/api/v1/x/marked-path?phone=marked-query", "",
		"Authorization: Bearer member", "X-Request-Id: marked-id")
	for k, v := range map[string]string{"X-Content-Type-Options": "nosniff",
		"X-Frame-Options": "DENY",
		"Referrer-Policy": "same-origin", "Strict-Transport-Security": ""} {
		if a.Header.Get(k) != v {
			t.Errorf("%s: %q", k, a.Header.Get(k))
		}
	}
	if a.Header.Get("X-Request-Id") == "marked-id" ||
		!strings.Contains(a.Header.Get("Content-Security-Policy"), "'none'") {
		t.Errorf("%v", a.Header)
	}
	d.send("GET", "/marked-unmatched", "")
	d.send("GET", "/api/v1/x/1", "", "Authorization: Bearer marked-token")
	if a := d.send("GET", "/page", ""); a.Header.Get("Content-Security-Policy") != pagePolicyText {
		t.Errorf("page: %v", a.Header)
	}
	logs := d.logs.String()
	if strings.Contains(logs, "marked") || !strings.Contains(logs, `"route":"GET /api/v1/x/{id}"`) ||
		!strings.Contains(logs, `"network":"127.0.0.0/24"`) {
		t.Errorf("%s", logs)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	routes := func(a *API) { RegisterRaw(a, op("POST", "/x", Public), ok) }
	d := setup(t, nil, routes)
	if a := d.send("OPTIONS", "/x", "", "Origin: https://shop.example",
		"Access-Control-Request-Method: POST"); a.StatusCode != 405 ||
		a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("off by default: %d %v", a.StatusCode, a.Header)
	}
	d = setup(t, func(c *Config) { c.AllowedOrigins = []string{"https://shop.example"} }, routes)
	a := d.send("OPTIONS", "/x", "", "Origin: https://shop.example",
		"Access-Control-Request-Method: POST")
	if a.StatusCode != 204 ||
		a.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" ||
		a.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("preflight: %d %v", a.StatusCode, a.Header)
	}
	a = d.send("POST", "/x", "{}", "Origin: https://evil.example")
	if a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin: %v", a.Header)
	}
}

// TestForeignIDsLookMissing: a made-up id, an id of another kind and an id that names
// nothing are answered with the same bytes but for the request's own number.
func TestForeignIDsLookMissing(t *testing.T) {
	t.Parallel()
	d := setup(t, nil, func(a *API) {
		Register(a, op("GET", "/api/v1/orders/{id}", Public), func(_ context.Context, in *struct {
			ID string `path:"id"`
		}) (*nothing, error) {
			if _, err := a.Keys().Parse("ord", in.ID); err != nil {
				return nil, err
			}
			return nil, fault.Missing
		})
	})
	var first string
	for _, id := range []string{d.Keys().Public("ord", 7), d.Keys().Public("ses", 7), "ord_0", "x",
		strings.Repeat("z", 3000), "ord_" + strings.Repeat("0", 26)} {
		a := d.send("GET", "/api/v1/orders/"+id, "")
		d.want(a, 404, "not_found")
		body := strings.ReplaceAll(string(a.body), a.problem(t).RequestID, "R")
		if first == "" {
			first = body
		}
		if body != first {
			t.Errorf("%s: %s", id, body)
		}
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	seen := make(chan Observation, 4)
	d := setup(t, func(c *Config) { c.Observe = func(o Observation) { seen <- o } }, func(a *API) {
		RegisterRaw(a, op("GET", "/x", Public), ok)
	})
	d.send("GET", "/x", "")
	if o := <-seen; o.Route != "GET /x" || o.Status != 200 || o.Bytes == 0 {
		t.Errorf("%+v", o)
	}
}
