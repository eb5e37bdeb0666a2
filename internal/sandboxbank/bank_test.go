package sandboxbank_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/sandboxbank"
	"foyer/internal/sandboxbank/banktest"
)

// request is a merchant's request, made by hand from docs/SANDBOX_BANK.md.
type request struct {
	method, path, body string
	merchant, keyID    string
	at                 time.Time
	nonce              string
	tamper             func(*http.Request)
}

func (r request) send(t *testing.T, b *banktest.Bank) (int, map[string]any) {
	t.Helper()
	ts := strconv.FormatInt(r.at.Unix(), 10)
	text := r.method + "\n" + r.path + "\n" + ts + "\n" + r.nonce + "\n" + r.body + "\n"
	req, err := http.NewRequest(r.method, b.URL+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Bank-Merchant", r.merchant)
	req.Header.Set("Bank-Key-Id", r.keyID)
	req.Header.Set("Bank-Timestamp", ts)
	req.Header.Set("Bank-Nonce", r.nonce)
	req.Header.Set("Bank-Signature",
		base64.StdEncoding.EncodeToString(ed25519.Sign(b.Key, []byte(text))))
	if r.tamper != nil {
		r.tamper(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return res.StatusCode, out
}

func order(number, notify string, clk clock.Clock) string {
	return fmt.Sprintf(`{"out_trade_no":%q,"amount_minor":9900,"currency":"CNY","description":`+
		`"长安三万里 × 2","expires_at":%q,"notify_url":%q,"return_url":"http://shop.example/o"}`,
		number, clk.Now().Add(10*time.Minute).UTC().Format(time.RFC3339), notify)
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	clk := clock.Real{}
	b := banktest.Start(t, clk, nil)
	body := order("N1", "http://127.0.0.1:9/n", clk)
	good := request{"POST", "/v1/payments", body, "foyer", "m-1", clk.Now().Add(time.Second),
		"nonce-0001", nil}
	if status, out := good.send(t, b); status != 200 || out["state"] != "NOTPAY" {
		t.Fatalf("a right request: %d %v", status, out)
	}
	if status, out := good.send(t, b); status != 401 || out["code"] != "NONCE_USED" {
		t.Errorf("the nonce again: %d %v", status, out)
	}
	for name, change := range map[string]func(*request){
		"old":           func(r *request) { r.at = clk.Now().Add(-300 * time.Second) },
		"early":         func(r *request) { r.at = clk.Now().Add(301 * time.Second) },
		"other key":     func(r *request) { r.keyID = "m-2" },
		"other house":   func(r *request) { r.merchant = "other" },
		"short nonce":   func(r *request) { r.nonce = "short" },
		"other query":   func(r *request) { r.tamper = otherQuery },
		"no signature":  func(r *request) { r.tamper = unsigned },
		"other content": func(r *request) { r.tamper = otherBody },
	} {
		r := good
		r.nonce = "nonce-" + name
		change(&r)
		if status, out := r.send(t, b); status != 401 || out["code"] != "SIGN_ERROR" {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
}

func otherQuery(r *http.Request) { r.URL.RawQuery = "a=1" }

func unsigned(r *http.Request) { r.Header.Del("Bank-Signature") }

func otherBody(r *http.Request) {
	body := []byte(`{"out_trade_no":"N2"}`)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

func TestStrictFields(t *testing.T) {
	t.Parallel()
	clk := clock.Real{}
	b := banktest.Start(t, clk, nil)
	right := order("N1", "http://127.0.0.1:9/n", clk)
	for i, body := range []string{``, `{}`, strings.Replace(right, "9900", "0", 1),
		strings.Replace(right, "9900", "-1", 1), strings.Replace(right, "9900", "1.5", 1),
		strings.Replace(right, "CNY", "cny", 1), strings.Replace(right, "N1", "N 1", 1),
		strings.Replace(right, "N1", strings.Repeat("N", 33), 1),
		strings.Replace(right, "http://127.0.0.1:9/n", "file:///etc/passwd", 1),
		strings.Replace(right, "{", `{"extra":1,`, 1),
		strings.Replace(right, "{", `{"amount_minor":1,`, 1)} {
		r := request{"POST", "/v1/payments", body, "foyer", "m-1", clk.Now().Add(time.Second),
			fmt.Sprintf("nonce-%04d", i), nil}
		if status, out := r.send(t, b); status != 400 || out["code"] != "PARAM_ERROR" {
			t.Errorf("%s: %d %v", body, status, out)
		}
	}
}

// TestNoticesAreRetriedAcrossARestart: a notice that nobody takes is sent again, by the next
// process too.
func TestNoticesAreRetriedAcrossARestart(t *testing.T) {
	t.Parallel()
	clk := clock.Real{}
	dir := t.TempDir()
	var tries, taken atomic.Int32
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) < 4 {
			w.WriteHeader(503)
			return
		}
		taken.Add(1)
		w.WriteHeader(204)
	}))
	defer shop.Close()
	t.Run("first", func(t *testing.T) {
		b := banktest.StartIn(t, dir, clk, nil)
		r := request{"POST", "/v1/payments", order("N1", shop.URL, clk), "foyer", "m-1",
			clk.Now().Add(time.Second), "nonce-0001", nil}
		_, out := r.send(t, b)
		b.Pay(t, out["cashier_url"].(string))
		wait(t, func() bool { return tries.Load() >= 1 })
	})
	t.Run("second", func(t *testing.T) {
		b := banktest.StartIn(t, dir, clk, func(c *sandboxbank.Config) {
			c.NoticeDelays = []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond,
				time.Millisecond}
		})
		wait(t, func() bool { return taken.Load() == 1 })
		r := request{"GET", "/v1/payments/N1", "", "foyer", "m-1", clk.Now().Add(time.Second),
			"nonce-0002", nil}
		if status, out := r.send(t, b); status != 200 || out["state"] != "SUCCESS" {
			t.Errorf("after the restart: %d %v", status, out)
		}
	})
}

func wait(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatal("it never happened")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestCashierPage: what a payer sees in both languages, without a foreign request.
func TestCashierPage(t *testing.T) {
	t.Parallel()
	clk := clock.Real{}
	b := banktest.Start(t, clk, nil)
	r := request{"POST", "/v1/payments", order("N1", "http://127.0.0.1:9/n", clk), "foyer", "m-1",
		clk.Now().Add(time.Second), "nonce-0001", nil}
	_, out := r.send(t, b)
	address := out["cashier_url"].(string)
	for query, words := range map[string][]string{
		"?lang=zh": {"立即支付", "¥99.00", "长安三万里", "前厅影城", "模拟银行卡被拒"},
		"?lang=en": {"Pay now", "¥99.00", "card be declined", "Leave without paying"},
	} {
		page := get(t, address+query, 200)
		for _, word := range words {
			if !strings.Contains(page, word) {
				t.Errorf("%s lacks %q", query, word)
			}
		}
		foreign := strings.ReplaceAll(page, "http://shop.example/o", "")
		if strings.Contains(foreign, "http://") || strings.Contains(foreign, "https://") {
			t.Errorf("%s asks elsewhere", query)
		}
	}
	get(t, strings.Replace(address, "cashier_", "cashier_0", 1), 404)
	home, _, _ := strings.Cut(address, "cashier/")
	if page := get(t, home+"?lang=zh", 200); !strings.Contains(page, "沙箱银行正在营业") {
		t.Error("the bank's own address does not say what it is")
	}
	if s := b.Pay(t, address); s != "SUCCESS" {
		t.Fatalf("paid: %s", s)
	}
	if page := get(t, address+"?lang=en", 200); !strings.Contains(page, "Back to the shop") {
		t.Error("no way back after paying")
	}
	if s := b.Refuse(t, address); s != "ORDER_CLOSED" {
		t.Errorf("refusing what is paid: %s", s)
	}
}

func get(t *testing.T, address string, status int) string {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		t.Fatalf("%s: %d %v", address, res.StatusCode, err)
	}
	return string(raw)
}

func TestFaultsOnlyWhereAllowed(t *testing.T) {
	t.Parallel()
	b := banktest.Start(t, clock.Real{}, func(c *sandboxbank.Config) { c.AllowFaults = false })
	res, err := http.Post(b.URL+"/faults", "application/json", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 404 {
		t.Errorf("faults where none are allowed: %d", res.StatusCode)
	}
	get(t, b.URL+"/faults", 404)
	spoiled := banktest.Start(t, clock.Real{}, nil)
	for body, want := range map[string]int{`{"rates":{"late":0.5}}`: 204, `{"rates":{"x":1}}`: 400,
		`{"rates":{"late":2}}`: 400, `{"scripts":{"N":["late","nonsense"]}}`: 400, `[]`: 400} {
		res, err := http.Post(spoiled.URL+"/faults", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, not %d", body, res.StatusCode, want)
		}
	}
	if !strings.Contains(get(t, spoiled.URL+"/faults", 200), "out_of_order") {
		t.Error("the page does not name the faults")
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	ids, err := idgen.NewSource(clock.Real{}, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bank.keys")
	first, err := sandboxbank.OpenKeys(path, ids, false)
	if err != nil {
		t.Fatal(err)
	}
	second, err := sandboxbank.OpenKeys(path, ids, true)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := first.Public()
	b, _ := second.Public()
	if len(a) != 1 || len(b) != 2 || !bytes.Equal(a[0].Key, b[0].Key) {
		t.Errorf("keys changed between starts: %d and %d", len(a), len(b))
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := sandboxbank.OpenKeys(path, ids, false); err == nil {
		t.Error("a key file that all may read was opened")
	}
}
