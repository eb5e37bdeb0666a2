// Package security_test holds the whole product, as it serves, to what nobody may do with
// it: every route against every kind of caller, two tenants with twin data against each
// other, planted secrets against everything that is written, and hostile input.
package security_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/app"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/config"
	"foyer/internal/httpx"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// world is a running installation with two organizations that hold twin data.
type world struct {
	t      *testing.T
	app    *app.App
	data   string
	url    string
	client *http.Client
	log    *logBook

	a, b   *house
	guests int // how many were invited, for addresses that nobody has
	asked  int // how many prices were asked for
	codes  int // how many codes were made to be ended

	companions int // how many people the member bought for
	// tokens are who calls, by name; "" is a stranger's.
	tokens   map[string]string
	accounts map[string]signin.Account
	// seen is every answer that was refused, for what they may not say.
	mu   sync.Mutex
	seen []string
}

// house is one organization with one object of every kind.
type house struct {
	name string
	ids  map[string]string // by what stands in a path: "org", "venue", "order" …
	own  string            // the name of its owner among the tokens
	code string            // of a live ticket
	plan any               // the seat map, as its editor reads it
	// secret is a code that unlocks a ticket type of its.
	secret string
	// later is a time at which nothing is on yet.
	later time.Time
}

// logBook keeps what was logged, at every level.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// freePort is an address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// open starts an empty installation.
func open(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, data: t.TempDir(), log: &logBook{}, tokens: map[string]string{"": ""},
		accounts: map[string]signin.Account{},
		client: &http.Client{Timeout: 20 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			}}}
	cfg := app.Settings{Config: config.Config{Mode: config.Development, Data: w.data,
		Listen: freePort(t), BankListen: freePort(t), Sandbox: true, AccessLog: true,
		Roles: []string{config.RoleAPI, config.RoleWorker, config.RoleScheduler,
			config.RoleBank}}}
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	many := httpx.Rate{Count: 1 << 20, Per: time.Second, Burst: 1 << 20}
	a, err := app.Open(t.Context(), cfg, clock.Real{}, log, func(a *app.App) {
		a.Rates = map[string]httpx.Rate{"read": many, "write": many, "buy": many, "scan": many,
			"sign_in": many, "sms": many}
	})
	if err != nil {
		t.Fatal(err)
	}
	w.app, w.url = a, "http://"+cfg.Listen
	ctx, stop := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- a.Serve(ctx, func(app.Addresses) { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.client.CloseIdleConnections()
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return w
}

// reply is an answer.
type reply struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

func (r reply) text(field string) string { s, _ := r.body[field].(string); return s }

// call asks something as somebody; body is nil, bytes or what JSON is made of.
func (w *world) call(who, method, path string, body any, headers ...string) reply {
	w.t.Helper()
	return w.send(w.tokens[who], method, path, body, headers...)
}

func (w *world) send(token, method, path string, body any, headers ...string) reply {
	w.t.Helper()
	var content io.Reader
	contentType := ""
	switch b := body.(type) {
	case nil:
	case []byte:
		content, contentType = bytes.NewReader(b), "application/octet-stream"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		content, contentType = bytes.NewReader(raw), "application/json"
	}
	address := path
	if strings.HasPrefix(path, "/") {
		address = w.url + path
	}
	req, err := http.NewRequestWithContext(context.Background(), method, address, content)
	if err != nil {
		w.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.client.Do(req)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	r := reply{status: res.StatusCode, header: res.Header}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return r // it never ends
	}
	if r.raw, err = io.ReadAll(res.Body); err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	json.Unmarshal(r.raw, &r.body)
	if r.status >= 400 {
		w.mu.Lock()
		w.seen = append(w.seen, string(r.raw))
		w.mu.Unlock()
	}
	return r
}

// must asks what has to work.
func (w *world) must(who, method, path string, body any, headers ...string) reply {
	w.t.Helper()
	r := w.call(who, method, path, body, headers...)
	if r.status >= 300 {
		w.t.Fatalf("%s: %s %s: %d %s", who, method, path, r.status, r.raw)
	}
	return r
}

type fields = map[string]any

// until asks again and again until done says so.
func (w *world) until(what string, ask func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !ask(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: it does not happen", what)
		}
	}
}

const password = "vier-pferde-im-regen"

// confirm gives somebody the second factor of an enrolment and keeps the token.
func (w *world) confirm(name, email, factor string) {
	w.t.Helper()
	totp, err := secret.ParseTOTP(factor)
	if err != nil {
		w.t.Fatal(err)
	}
	code, err := totp.Code(time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	r := w.must("", "POST", "/api/v1/staff/auth/totp",
		fields{"email": email, "password": password, "totp": code})
	w.tokens[name] = r.text("token")
}

// join invites somebody and lets him accept.
func (w *world) join(by, name string, h *house, role, venue, email string) {
	w.t.Helper()
	body := fields{"email": email, "role_id": h.ids["role:"+role]}
	if venue != "" {
		body["venue_id"] = venue
	}
	r := w.must(by, "POST", h.path("/invitations"), body)
	_, token, _ := strings.Cut(r.text("link"), "#")
	done := w.must("", "POST", "/api/v1/staff/invitations/accept",
		fields{"token": token, "name": name, "password": password})
	w.confirm(name, email, done.body["enrolment"].(map[string]any)["totp_secret"].(string))
	h.ids["person:"+name] = w.must(name, "GET", "/api/v1/staff/me", nil).text("id")
}

func (h *house) path(rest string) string {
	return "/api/v1/staff/organizations/" + h.ids["org"] + rest
}

// signIn makes a member with a phone.
func (w *world) signIn(name, phone string) {
	w.t.Helper()
	asked := w.must("", "POST", "/api/v1/auth/codes", fields{"phone": phone})
	r := w.must("", "POST", "/api/v1/auth/sign-in", fields{"phone": phone,
		"code": w.codeFor(phone), "challenge": asked.text("challenge")})
	w.tokens[name] = r.text("token")
}

// codeFor reads the newest code that the development inbox has for a phone.
func (w *world) codeFor(phone string) string {
	w.t.Helper()
	letters := w.must("", "GET", "/dev/inbox.json", nil).body["items"].([]any)
	for _, l := range letters {
		letter := l.(map[string]any)
		if !strings.HasSuffix(letter["to"].(string), phone) {
			continue
		}
		digits := strings.FieldsFunc(letter["text"].(string), func(r rune) bool {
			return r < '0' || r > '9'
		})
		for _, d := range digits {
			if len(d) == 6 {
				return d
			}
		}
	}
	w.t.Fatalf("no code for %s", phone)
	return ""
}

// founded starts an installation with two organizations, their people and twin data.
func founded(t *testing.T) *world {
	t.Helper()
	w := open(t)
	later := time.Now().Add(90 * time.Hour)
	w.a = &house{name: "甲", ids: map[string]string{}, own: "owner", later: later}
	w.b = &house{name: "乙", ids: map[string]string{}, own: "other owner", later: later}
	w.firstOwner("owner@a.example")
	w.secondHouse()
	for _, role := range []string{"manager", "box_office", "usher", "bookkeeper"} {
		w.join("owner", role, w.a, role, "", role+"@a.example")
	}
	w.signIn("member", "13812340001")
	w.signIn("other member", "13812340002")
	w.furnish(w.a, "member")
	w.furnish(w.b, "other member")
	// A manager of another venue of the same organization.
	w.join("owner", "elsewhere", w.a, "manager", w.a.ids["venue2"], "elsewhere@a.example")
	w.oldTokens()
	return w
}

func (w *world) firstOwner(email string) {
	w.t.Helper()
	link, err := w.app.Staff.SetupLink(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "#")
	r := w.must("", "POST", "/api/v1/staff/setup", fields{"token": token,
		"organization_name": w.a.name, "email": email, "name": "甲主", "password": password})
	w.confirm("owner", email, r.text("totp_secret"))
	w.a.ids["org"] = r.text("organization_id")
	w.roles(w.a, "owner")
}

// roles learns the numbers of an organization's preset roles.
func (w *world) roles(h *house, by string) {
	w.t.Helper()
	for _, v := range w.must(by, "GET", h.path("/roles"), nil).body["items"].([]any) {
		role := v.(map[string]any)
		h.ids["role:"+role["preset"].(string)] = role["id"].(string)
	}
}

// secondHouse founds the other organization and leaves it to an owner of its own.
func (w *world) secondHouse() {
	w.t.Helper()
	ctx := w.t.Context()
	org, err := w.app.Catalog.CreateOrganization(ctx, actor.SystemActor,
		catalog.OrganizationInfo{Name: w.b.name})
	if err != nil {
		w.t.Fatal(err)
	}
	account := w.account("owner", secret.StaffToken)
	err = w.app.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		return w.app.Staff.Found(tx, account.ID, org.ID)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.app.Staff.Forget()
	w.b.ids["org"] = w.app.Codec.Encode("org", org.ID)
	w.roles(w.b, "owner")
	w.join("owner", "other owner", w.b, "owner", "", "owner@b.example")
	me := w.must("owner", "GET", "/api/v1/staff/me", nil).text("id")
	w.must("other owner", "DELETE", w.b.path("/staff/"+me), nil)
	w.a.ids["person:owner"] = me
	w.tokens["owner"] = w.issue(account, secret.StaffToken) // who is removed is signed out
}

func (w *world) account(name string, kind secret.TokenKind) signin.Account {
	w.t.Helper()
	s, err := w.app.Door.Read(w.t.Context(), kind, w.tokens[name])
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	return s.Account
}

// spare is another token of the same person, for a request that ends tokens.
func (w *world) spare(name string) string {
	w.t.Helper()
	kind := kindOfToken(name)
	if w.accounts[name] == (signin.Account{}) {
		w.accounts[name] = w.account(name, kind)
	}
	return w.issue(w.accounts[name], kind)
}

func kindOfToken(name string) secret.TokenKind {
	if strings.HasSuffix(name, "member") {
		return secret.MemberToken
	}
	return secret.StaffToken
}

func (w *world) issue(account signin.Account, kind secret.TokenKind) string {
	w.t.Helper()
	fresh := w.app.Door.Fresh(kind)
	err := w.app.DB.InTx(w.t.Context(), func(tx *sqldb.Tx) error {
		_, err := w.app.Door.Issue(tx, fresh, account, "spare", netip.Addr{})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return fresh.Token
}

// oldTokens makes the token that was revoked and the token whose time is over.
func (w *world) oldTokens() {
	w.t.Helper()
	w.tokens["revoked"] = w.spare("owner")
	w.must("revoked", "GET", "/api/v1/staff/me", nil)
	w.must("revoked", "POST", "/api/v1/staff/auth/sign-out", nil)
	w.tokens["expired"] = w.spare("owner")
	err := w.app.DB.InTx(w.t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`UPDATE access_token SET expires_at = 1 WHERE created_at =
			(SELECT MAX(created_at) FROM access_token)`)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 30, 40))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unique(n int) string { return fmt.Sprintf("key-%08d-%d", n, time.Now().UnixNano()) }
