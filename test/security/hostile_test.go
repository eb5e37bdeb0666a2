package security_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// All of it is thrown at one installation, one kind after the other; it must still serve
// and be coherent afterwards.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	w := founded(t)
	for _, c := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"every answer is guarded", guardsEveryAnswer},
		{"huge bodies are refused early", hugeBodies},
		{"malformed input is refused in words", malformedInput},
		{"strange addresses and ids find nothing", strangeAddresses},
		{"requests that bend HTTP are refused", bentHTTP},
		{"methods are not mistaken", mistakenMethods},
		{"forged cursors open no other list", forgedCursors},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			c.run(t, w)
		})
	}
	w.t = t
	w.must("", "GET", "/readyz", nil)
	if strings.Contains(w.log.String(), "panicked") {
		t.Error("a request panicked")
	}
}

// headersOf are what each kind of answer must carry, whatever it says.
func headersOf(t *testing.T, what string, h http.Header, page bool) {
	t.Helper()
	want := map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Referrer-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"}
	for name, value := range want {
		if h.Get(name) != value {
			t.Errorf("%s: %s is %q, want %q", what, name, h.Get(name), value)
		}
	}
	policy := h.Get("Content-Security-Policy")
	if page != strings.Contains(policy, "script-src 'self'") ||
		strings.Contains(policy, "unsafe") ||
		!strings.Contains(policy, "frame-ancestors 'none'") ||
		!strings.Contains(policy, "base-uri 'none'") {
		t.Errorf("%s: policy %q", what, policy)
	}
	if h.Get("X-Request-Id") == "" || h.Get("Cache-Control") == "" {
		t.Errorf("%s: no request id, or nothing said about keeping it: %v", what, h)
	}
	for _, name := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin",
		"Set-Cookie"} {
		if h.Get(name) != "" {
			t.Errorf("%s: carries %s: %s", what, name, h.Get(name))
		}
	}
}

func guardsEveryAnswer(t *testing.T, w *world) {
	for _, c := range []struct {
		who, method, path, media string
		status                   int
		page                     bool
	}{
		{"", "GET", "/", "text/html", 200, true},
		{"", "GET", "/staff/setup", "text/html", 200, true},
		{"", "GET", "/docs", "text/html", 200, true},
		{"", "GET", "/pages/enrol.js", "text/javascript", 200, true},
		{"", "GET", "/api/v1/events", "application/json", 200, false},
		{"member", "GET", "/api/v1/me", "application/json", 200, false},
		{"", "GET", "/api/v1/media/{media}", "image/jpeg", 200, false},
		{"member", "GET", "/api/v1/tickets/{ticket}/qr.png", "image/png", 200, false},
		{"member", "GET", "/api/v1/tickets/{ticket}/qr.svg", "image/svg+xml", 200, false},
		{"", "GET", "/api/v1/sessions/{session}/seats/stream", "text/event-stream", 200, false},
		{"", "GET", "/api/v1/me", "application/problem+json", 401, false},
		{"", "GET", "/nowhere", "application/problem+json", 404, false},
		{"", "DELETE", "/api/v1/events", "application/problem+json", 405, false},
		{"", "GET", "/metrics", "text/plain", 200, false},
		{"device", "GET", "/api/v1/gate/keys", "application/jwk-set+json", 200, false},
	} {
		r := w.call(c.who, c.method, w.a.fill(c.path), nil, "Origin", "https://evil.example")
		what := c.method + " " + c.path
		if r.status != c.status || !strings.HasPrefix(r.header.Get("Content-Type"), c.media) {
			t.Errorf("%s: %d %s", what, r.status, r.header.Get("Content-Type"))
		}
		headersOf(t, what, r.header, c.page)
	}
	// What only its owner may see stays in no shared cache.
	for _, path := range []string{"/api/v1/me", "/api/v1/orders/{order}", "/api/v1/tickets",
		"/api/v1/tickets/{ticket}/qr.png", "/api/v1/orders"} {
		kept := w.must("member", "GET", w.a.fill(path), nil).header.Get("Cache-Control")
		if !strings.Contains(kept, "no-store") && !strings.Contains(kept, "private") {
			t.Errorf("%s may be kept: %q", path, kept)
		}
	}
}

// endless is a body that never stops.
type endless struct{ sent int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.sent += int64(len(p))
	return len(p), nil
}

func hugeBodies(t *testing.T, w *world) {
	const huge = 100 << 20
	for _, c := range []struct{ who, method, path, media string }{
		{"", "POST", "/api/v1/auth/sign-in", "application/json"},
		{"member", "POST", "/api/v1/orders", "application/json"},
		{"owner", "POST", w.a.path("/events"), "application/json"},
		{"owner", "POST", w.a.path("/media"), "application/octet-stream"},
		{"owner", "PUT", w.a.path("/halls/" + w.a.ids["hall"] + "/seat-map"), "application/json"},
		{"owner", "POST", w.a.path("/halls/" + w.a.ids["hall"] + "/seat-map/import"), "text/plain"},
		{"device", "POST", "/api/v1/gate/check-ins", "application/json"},
		{"", "POST", "/api/v1/notify/sandbox", "application/json"},
		{"", "POST", "/pages/enrolment.svg", "text/plain"},
	} {
		for _, known := range []bool{true, false} {
			body := &endless{}
			req, err := http.NewRequest(c.method, w.url+c.path, io.LimitReader(body, huge))
			if err != nil {
				t.Fatal(err)
			}
			if known {
				req.ContentLength = huge
			}
			req.Header.Set("Content-Type", c.media)
			req.Header.Set("Idempotency-Key", unique(7))
			if token := w.tokens[c.who]; token != "" {
				req.Header.Set("Authorization", "Bearer "+token)
			}
			res, err := w.client.Do(req)
			if err != nil {
				continue // the server has hung up, which is as good
			}
			res.Body.Close()
			if res.StatusCode != http.StatusRequestEntityTooLarge || body.sent > 40<<20 {
				t.Errorf("%s %s (length known: %v): %d after %d MB", c.method, c.path, known,
					res.StatusCode, body.sent>>20)
			}
		}
	}
}

func malformedInput(t *testing.T, w *world) {
	deep := strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)
	lists := strings.Repeat("[", 20000) + strings.Repeat("]", 20000)
	bodies := []string{"", "{", "nul", "null", "[]", `""`, "1", deep, lists, "\x00", "\xff\xfe{}",
		`{"session_id":"\ud800"}`, `{"session_id":1e999}`, `{"a":1,"a":2}`, "{}{}", "{} x",
		`{"lines":[{"ticket_type_id":"x","places":[99999999999999999999]}]}`,
		`{"lines":[{"ticket_type_id":"x","places":[1.5]}]}`,
		`{"lines":[{"ticket_type_id":"x","places":[-9223372036854775808]}]}`,
		`{"lines":[{"ticket_type_id":"x","quantity":9223372036854775807,"area":1}]}`,
		`{"lines":[` + strings.Repeat(`{},`, 5000) + `{}]}`,
		`{"revision":-1}`, `{"revision":1e400}`, `{"n":-5}`, `{"name":null}`}
	routes := []struct{ who, method, path string }{
		{"", "POST", "/api/v1/auth/codes"}, {"", "POST", "/api/v1/auth/sign-in"},
		{"", "POST", "/api/v1/staff/setup"}, {"", "POST", "/api/v1/gate/enrol"},
		{"", "POST", "/api/v1/notify/sandbox"}, {"member", "PATCH", "/api/v1/me"},
		{"member", "POST", "/api/v1/orders"}, {"member", "POST", "/api/v1/quotes"},
		{"member", "PUT", "/api/v1/orders/{pending}/lines"},
		{"member", "POST", "/api/v1/orders/{order}/refunds"},
		{"member", "POST", "/api/v1/orders/{order}/payments"},
		{"device", "POST", "/api/v1/gate/check-ins"},
		{"owner", "POST", "/api/v1/staff/organizations/{org}/events"},
		{"owner", "POST", "/api/v1/staff/organizations/{org}/sessions"},
		{"owner", "POST", "/api/v1/staff/organizations/{org}/price-lists"},
		{"owner", "PUT", "/api/v1/staff/organizations/{org}/halls/{hall}/seat-map"},
		{"owner", "POST", "/api/v1/staff/organizations/{org}/halls/{hall}/seat-map/import"},
		{"owner", "POST", "/api/v1/staff/organizations/{org}/media"},
	}
	for _, c := range routes {
		for _, body := range bodies {
			r := w.call(c.who, c.method, w.a.fill(c.path), []byte(body), "Content-Type",
				"application/json", "Idempotency-Key", unique(8))
			short := body[:min(len(body), 40)]
			if r.status < 400 && body != "{} x" && c.method != "PATCH" || r.status >= 500 {
				t.Errorf("%s %s with %q: %d %.300s", c.method, c.path, short, r.status, r.raw)
			}
			if r.status >= 400 && (r.text("code") == "" || len(r.raw) > 256<<10) {
				t.Errorf("%s %s with %q: no problem document: %.200s", c.method, c.path, short,
					r.raw)
			}
		}
	}
}

func strangeAddresses(t *testing.T, w *world) {
	long := strings.Repeat("a", 5000)
	for _, id := range []string{"1", "0", "-1", "null", "%00", "%2e%2e%2f%2e%2e%2fkeys.json",
		"..%2f..%2fkeys.json", "..%5c..%5ckeys.json", w.a.ids["order"][:29], w.a.ids["order"] + "0",
		strings.ToUpper(w.a.ids["order"]), strings.Replace(w.a.ids["order"], "ord_", "med_", 1),
		w.a.ids["venue"], "ord_" + strings.Repeat("0", 26), "ord_" + strings.Repeat("z", 26),
		"'%20OR%201=1--", "%F0%9F%8E%AB", long} {
		for _, c := range []struct{ who, path string }{
			{"", "/api/v1/media/"}, {"member", "/api/v1/orders/"}, {"member", "/api/v1/tickets/"},
			{"member", "/api/v1/payments/"}, {"", "/api/v1/sessions/"}, {"", "/api/v1/events/"},
			{"owner", w.a.path("/sessions/")}, {"owner", w.a.path("/events/")},
		} {
			r := w.call(c.who, "GET", c.path+id, nil)
			if r.status != 404 && r.status != 422 && r.status != 414 && r.status != 400 {
				t.Errorf("%s%.60s: %d %.200s", c.path, id, r.status, r.raw)
			}
			if bytes.Contains(r.raw, []byte("keys")) && !bytes.Contains(r.raw, []byte(`"code"`)) {
				t.Errorf("%s%s reads a file", c.path, id)
			}
		}
	}
	for _, path := range []string{"/api/v1/../../keys.json", "/pages/../keys.json",
		"/docs/..%2f..%2fgo.mod", "/pages/%2e%2e/page.css", "/.git/config", "/debug/pprof/",
		"/api/v1/media/../../../etc/passwd", "/keys.json", "/foyer.db"} {
		if got := w.rawRequest("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"); got < 300 {
			t.Errorf("%s: %d", path, got)
		}
	}
}

// rawRequest sends bytes as they are, and gives the status of the answer; 0: hung up.
func (w *world) rawRequest(text string) int {
	w.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		return 0
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

func bentHTTP(t *testing.T, w *world) {
	for name, text := range map[string]string{
		"two lengths": "POST /api/v1/auth/codes HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n" +
			"Content-Length: 2\r\n\r\n{}",
		"no host":          "GET /api/v1/events HTTP/1.1\r\n\r\n",
		"a bare LF header": "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
		"a space in the name": "GET /api/v1/events HTTP/1.1\r\nHost: x\r\n" +
			"Authorization : Bearer x\r\n\r\n",
		"headers of 2 MB": "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 2<<20) +
			"\r\n\r\n",
		"an odd encoding": "POST /api/v1/auth/codes HTTP/1.1\r\nHost: x\r\n" +
			"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"CONNECT": "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
		"TRACE":   "TRACE / HTTP/1.1\r\nHost: x\r\nCookie: a\r\n\r\n",
	} {
		if got := w.rawRequest(text); got >= 200 && got < 400 || got >= 500 && got != 501 {
			t.Errorf("%s: %d", name, got)
		}
	}
	// A header that a stranger sends never breaks out of one that we send.
	for _, value := range []string{"x%0d%0aSet-Cookie:%20a=b", "x%09Set-Cookie:%20a=b"} {
		r := w.call("", "GET", "/problems/"+value, nil, "X-Request-Id", "x\tSet-Cookie: a=b",
			"Accept-Language", "en\tSet-Cookie: a=b")
		if r.header.Get("Set-Cookie") != "" || r.status < 400 {
			t.Errorf("%q: %d %v", value, r.status, r.header)
		}
	}
}

func mistakenMethods(t *testing.T, w *world) {
	state := func() string {
		return w.must("member", "GET", "/api/v1/orders/"+w.a.ids["pending"], nil).text("state")
	}
	was := state()
	cancel := "/api/v1/orders/" + w.a.ids["pending"] + "/cancel"
	for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"} {
		r := w.call("member", method, cancel, nil, "X-HTTP-Method-Override", "POST")
		if r.status != 405 {
			t.Errorf("%s: %d", method, r.status)
		}
	}
	w.call("member", "GET", cancel+"?_method=POST", nil)
	w.call("member", "POST", "/api/v1/orders/"+w.a.ids["pending"], nil,
		"X-HTTP-Method-Override", "DELETE")
	if now := state(); now != was {
		t.Errorf("the order is %s now, it was %s", now, was)
	}
	// A page elsewhere can make a browser send only these content types without asking.
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded",
		"multipart/form-data; boundary=x", ""} {
		r := w.call("member", "PATCH", "/api/v1/me", []byte(`{"name":"x"}`), "Content-Type", media)
		if r.status != 415 && r.status != 400 {
			t.Errorf("content type %q: %d", media, r.status)
		}
	}
}

func forgedCursors(t *testing.T, w *world) {
	for i := range 3 {
		w.must("owner", "POST", w.a.path("/ticket-types"), typeBody(fmt.Sprint("t", i)))
		w.must("other owner", "POST", w.b.path("/ticket-types"), typeBody(fmt.Sprint("t", i)))
	}
	next := w.must("owner", "GET", w.a.path("/ticket-types?limit=2"), nil).text("next_cursor")
	if next == "" {
		t.Fatal("the list has no second page")
	}
	w.must("owner", "GET", w.a.path("/ticket-types?limit=2&cursor="+next), nil)
	flipped := []byte(next)
	flipped[len(flipped)/2] ^= 1
	for _, c := range []struct{ who, path, cursor string }{
		{"other owner", w.b.path("/ticket-types"), next},
		{"owner", w.a.path("/venues"), next},
		{"owner", w.a.path("/ticket-types"), string(flipped)},
		{"owner", w.a.path("/ticket-types"), next + "A"},
		{"owner", w.a.path("/ticket-types"), next[1:]},
		{"owner", w.a.path("/ticket-types"), "AAAA"},
		{"member", "/api/v1/orders", next},
		{"", "/api/v1/events", next},
	} {
		r := w.call(c.who, "GET", c.path+"?limit=2&cursor="+c.cursor, nil)
		if r.status != 422 && r.status != 400 {
			t.Errorf("%s as %q: %d %s", c.path, c.who, r.status, r.raw)
		}
	}
}
