package pages_test

import (
	"encoding/base32"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/app/pages"
	"foyer/internal/clock"
	"foyer/internal/httpx"
	"foyer/internal/secret"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/staff"
	"foyer/internal/staff/staffhttp"
	"foyer/internal/staff/stafftest"
	"foyer/tools/need"
)

func setup(t *testing.T) (*stafftest.Bundle, *httpx.API) {
	t.Helper()
	clk := clock.NewFake(sqldbtest.Start)
	b := stafftest.New(t, sqldbtest.Open(t, clk), clk)
	api := b.API(t, b.House)
	staffhttp.Mount(api, b.House)
	pages.Mount(api, pages.Config{Development: true})
	return b, api
}

func ask(api http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w
}

func TestPagesAreOursAlone(t *testing.T) {
	t.Parallel()
	_, api := setup(t)
	for _, path := range []string{"/", "/staff/setup", "/staff/invitation", "/account/verify",
		"/account/recover", "/account/not-me", "/staff/recover", "/staff/not-me"} {
		w := ask(api, "GET", path, "")
		policy := w.Header().Get("Content-Security-Policy")
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") ||
			!strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		page := w.Body.String()
		for _, m := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).
			FindAllStringSubmatch(page, -1) {
			if m[1] == "/dev/inbox" || m[1] == "/docs" || strings.HasPrefix(m[1], "/api/") {
				continue // other packages' routes
			}
			if w := ask(api, "GET", m[1], ""); w.Code != 200 {
				t.Errorf("%s names %s: %d", path, m[1], w.Code)
			}
		}
		// What the policy would stop must not be there to be stopped.
		for _, bad := range []string{" style=", "<style", " onclick=", "<script>", "//cdn"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s has %s", path, bad)
			}
		}
	}
}

func TestFilesNameNoOtherHost(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(os.DirFS("files"), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile("files/" + p)
		foreign := strings.ReplaceAll(string(text), "http://www.w3.org/2000/svg", "")
		if regexp.MustCompile(`https?://|innerHTML|document\.write|eval\(`).MatchString(foreign) {
			t.Errorf("%s names another host or builds markup from text", p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheInboxIsNamedInDevelopmentAlone(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(sqldbtest.Start)
	b := stafftest.New(t, sqldbtest.Open(t, clk), clk)
	api := b.API(t, b.House)
	pages.Mount(api, pages.Config{})
	if page := ask(api, "GET", "/", "").Body.String(); strings.Contains(page, "/dev/inbox") {
		t.Error("production names the development inbox")
	}
}

func TestEnrolmentCodesAreDrawnAndNothingElse(t *testing.T) {
	t.Parallel()
	_, api := setup(t)
	const url = "otpauth://totp/Foyer:a%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Foyer"
	w := ask(api, "POST", "/pages/enrolment.svg", url)
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), "<svg ") ||
		w.Header().Get("Cache-Control") != "no-store" || strings.Contains(w.Body.String(), "JBSW") {
		t.Errorf("%d %v %.60s", w.Code, w.Header(), w.Body)
	}
	for body, status := range map[string]int{
		"":                       422,
		"https://elsewhere":      422,
		"otpauth://hotp/x":       422,
		strings.Repeat("a", 9e3): 413,
	} {
		if w := ask(api, "POST", "/pages/enrolment.svg", body); w.Code != status {
			t.Errorf("%.20q: %d, want %d", body, w.Code, status)
		}
	}
	if w := ask(api, "GET", "/pages/enrolment.svg?"+url, ""); w.Code == 200 {
		t.Error("a secret may come in an address")
	}
}

// driver fills in the forms as a person would, and writes into the title what happened.
const driver = `
const at = (id) => document.getElementById(id);
const until = async (fn) => { while (!fn()) await new Promise((r) => setTimeout(r, 20)); };
const put = (form, name, value) => { at(form).elements.namedItem(name).value = value; };
const send = (form) => at(form).requestSubmit();
const said = (form) => [...at(form).querySelectorAll('.wrong, .refused')]
  .map((p) => p.textContent).filter(Boolean).join(' | ');
try {
  if (at('start').hidden === false) {
    send('first');
    await until(() => said('first'));
    document.body.dataset.empty = said('first');
    if (document.body.dataset.flow === 'setup') {
      put('first', 'organization_name', '前厅影城');
      put('first', 'email', 'owner@example.com');
    }
    put('first', 'name', '林小满');
    put('first', 'password', '12345678');
    send('first');
    await until(() => said('first') && !said('first').includes('Please'));
    document.body.dataset.weak = said('first');
    put('first', 'password', 'correct horse battery');
    send('first');
    await until(() => !at('enrolment').hidden && at('qr').firstChild);
    document.body.dataset.hash = 'hash:' + location.hash;
    put('confirm', 'totp', '000000');
    send('confirm');
    await until(() => said('confirm'));
    document.body.dataset.wrong = said('confirm');
    const code = await fetch('/test/code', { method: 'POST', body: at('secret').textContent });
    put('confirm', 'totp', await code.text());
    send('confirm');
    await until(() => !at('done').hidden);
  }
  document.title = 'driven';
} catch (e) { document.title = 'failed: ' + e; }
`

// drive opens a page in a real browser with the driver beside it and gives the page as it
// stands afterwards.
func drive(t *testing.T, api http.Handler, clk clock.Clock, address string) string {
	t.Helper()
	return driveBy(t, api, clk, driver, nil, address)
}

// driveBy is drive with another driver, and more that it may ask for.
func driveBy(t *testing.T, api http.Handler, clk clock.Clock, driver string,
	more map[string]http.HandlerFunc, address string,
) string {
	t.Helper()
	chromium := need.Program(t, "chromium")
	mux := http.NewServeMux()
	for pattern, h := range more {
		mux.HandleFunc(pattern, h)
	}
	mux.HandleFunc("GET /test/driver.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, driver)
	})
	mux.HandleFunc("POST /test/code", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		key, err := base32.StdEncoding.WithPadding(base32.NoPadding).
			DecodeString(strings.ReplaceAll(string(text), " ", ""))
		if err != nil {
			t.Errorf("the key on the page: %v", err)
			return
		}
		factor, err := secret.TOTPFrom(key)
		if err != nil {
			t.Error(err)
			return
		}
		code, _ := factor.Code(clk.Now())
		io.WriteString(w, code)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/staff/") {
			api.ServeHTTP(w, r)
			return
		}
		page := httptest.NewRecorder()
		r.Header.Del("Accept-Encoding")
		api.ServeHTTP(page, r)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", page.Header().Get("Content-Security-Policy"))
		io.WriteString(w, strings.Replace(page.Body.String(), "</head>",
			`<script src="/test/driver.js" type="module"></script></head>`, 1))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	cmd := exec.CommandContext(t.Context(), chromium, "--headless", "--no-sandbox",
		"--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-dev-shm-usage", "--user-data-dir="+t.TempDir(), "--virtual-time-budget=30000",
		"--timeout=60000", "--dump-dom", server.URL+address)
	page, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func TestABrowserSetsUpTheFirstOwner(t *testing.T) {
	t.Parallel()
	b, api := setup(t)
	link, err := b.House.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	page := drive(t, api, b.Clock, "/staff/setup#"+stafftest.TokenOf(link))
	wantDriven(t, page)
	if _, err := b.House.SetupLink(t.Context()); err == nil {
		t.Error("the installation has no owner after all")
	}
}

func TestABrowserAcceptsAnInvitation(t *testing.T) {
	t.Parallel()
	b, api := setup(t)
	owner := b.Owner(t)
	made, err := b.House.Invite(t.Context(), owner.In.Who,
		actor.Scope{Organization: owner.Organization},
		staff.Invite{Email: "new@example.com", Role: b.Role(t, owner, staff.Usher)})
	if err != nil {
		t.Fatal(err)
	}
	page := drive(t, api, b.Clock, "/staff/invitation#"+stafftest.TokenOf(made.Link))
	wantDriven(t, page)
}

func wantDriven(t *testing.T, page string) {
	t.Helper()
	for _, want := range []string{"<title>driven</title>", `id="done" aria`, "Please fill",
		`data-weak="`, `data-wrong="`, `data-hash="hash:"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if t.Failed() {
		t.Log(page)
	}
}

func TestAPageWithoutItsTokenSaysSo(t *testing.T) {
	t.Parallel()
	b, api := setup(t)
	page := drive(t, api, b.Clock, "/staff/setup")
	if !strings.Contains(page, "<title>driven</title>") ||
		!strings.Contains(page, `id="start" aria-labelledby="start-title" hidden`) {
		t.Error(page)
	}
}
