package apipage_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/httpx/apipage"
	"foyer/internal/idgen"
	"foyer/tools/need"
)

type nobody struct{}

func (nobody) Authenticate(context.Context, string, httpx.RequestInfo) (actor.Actor, error) {
	return actor.Actor{}, fault.SignInFirst
}

type order struct {
	Session string   `json:"session" example:"ses_1" doc:"which session"`
	Places  []string `json:"places" maxItems:"20"`
	Channel string   `json:"channel,omitempty" enum:"h5,mini"`
}

type orderInput struct {
	Venue string `path:"venue" doc:"which venue"`
	Body  order
}

type orderOutput struct{ Body order }

type pageInput struct{ httpx.PageQuery }

type pageOutput struct{ Body httpx.Page[order] }

func serve(t *testing.T) string {
	t.Helper()
	ids, err := idgen.NewSource(clock.Real{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	codec, err := idgen.NewCodec([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpx.New(httpx.Config{Title: "Foyer 前厅", Version: "1.0", Clock: clock.Real{},
		IDs:   ids,
		Codec: codec, CursorSecret: []byte("0123456789abcdef"), Auth: nobody{},
		Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	apipage.Register(api)
	httpx.Register(api, httpx.Op{Method: "POST", Path: "/api/v1/venues/{venue}/orders",
		OperationID: "place-order", Summary: "Place an order", Tag: "orders", Idempotent: true,
		Status: 201, Access: httpx.MemberOrAnonymous, Description: "Places are held until paid."},
		func(_ context.Context, in *orderInput) (*orderOutput, error) {
			return &orderOutput{in.Body},
				nil
		})
	httpx.Register(api, httpx.Op{Method: "GET", Path: "/api/v1/orders", OperationID: "list-orders",
		Summary: "My orders", Tag: "orders", Access: httpx.MemberOnly},
		func(context.Context, *pageInput) (*pageOutput, error) { return &pageOutput{}, nil })
	httpx.RegisterRaw(api, httpx.Op{Method: "GET", Path: "/api/v1/sessions/{id}/seats/stream",
		OperationID: "follow-seats", Summary: "Follow the seats", Tag: "seats", Stream: true,
		Access: httpx.Public}, func(w http.ResponseWriter,
		r *http.Request) error {
		return fault.Missing
	})
	srv := httptest.NewServer(api)
	t.Cleanup(srv.Close)
	return srv.URL
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestPageIsServed(t *testing.T) {
	t.Parallel()
	url := serve(t)
	for path, ct := range map[string]string{
		"/docs": "text/html", "/docs/page.js": "text/javascript",
		"/docs/words.js": "text/javascript", "/docs/schema.js": "text/javascript",
		"/docs/page.css": "text/css",
	} {
		res, body := get(t, url+path)
		if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), ct) ||
			!strings.Contains(res.Header.Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
		if strings.Contains(body, "http://") || strings.Contains(body, "https://") {
			t.Errorf("%s names another host", path)
		}
	}
	res, _ := get(t, url+"/problems/seat_taken")
	if res.StatusCode != 302 || res.Header.Get("Location") != "/docs#problem-seat_taken" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	if res, _ := get(t, url+"/problems/%2F%2Fevil.example"); res.StatusCode != 404 {
		t.Errorf("an odd code: %d", res.StatusCode)
	}
}

// TestPageInABrowser runs the page where a browser is installed: what is shown comes from
// its own scripts, under the very policy that the door sends.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	browser := need.Program(t, "chromium")
	url := serve(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "foyer-browser-") // not TempDir: the browser ends a little later
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	out, err := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu",
		"--user-data-dir="+dir, "--lang=en", "--virtual-time-budget=5000", "--dump-dom",
		url+"/docs#place-order").Output()
	if err != nil {
		t.Fatalf("%v", err)
	}
	dom := string(out)
	for _, want := range []string{`id="place-order" class="op" open`,
		"/api/v1/venues/{venue}/orders",
		`id="tag-seats"`, `id="schema-Apipage_testOrder"`, `id="problem-idempotency_key_required"`,
		"Places are held until paid.", "which session", "anonymous|member"} {
		if !strings.Contains(dom, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if strings.Contains(dom, "[object") || !strings.Contains(dom, "<dt>Idempotency-Key</dt>") {
		t.Error("the page does not say how to begin")
	}
	if dom == "" || t.Failed() {
		t.Logf("%.3000s", dom)
	}
}
