package payment_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"foyer/internal/payment"
	"foyer/internal/payment/paymenttest"
)

func call(t *testing.T, w *paymenttest.World, method, path, token, key, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, w.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// TestRoutes walks every route as its owner and as those who must not see it.
func TestRoutes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		work(t, w)
		keys := w.API.Keys()
		o := w.Place(t, 9900, 10*time.Minute)
		orderPath := "/api/v1/orders/" + keys.Public("ord", o.ID) + "/payments"
		status, body := call(t, w, "POST", orderPath, "buyer", "k", `{"channel":"sandbox"}`)
		if status != 201 {
			t.Fatalf("open: %d %s", status, body)
		}
		var opened struct {
			ID, State   string
			RedirectURL string `json:"redirect_url"`
		}
		if err := json.Unmarshal([]byte(body), &opened); err != nil || opened.State != "open" {
			t.Fatalf("opened: %s", body)
		}
		w.Bank.Pay(t, opened.RedirectURL)
		id, err := keys.Parse("pay", opened.ID)
		if err != nil {
			t.Fatal(err)
		}
		p := reaches(t, w, id, payment.Captured)
		back := keys.Public("ref", refund(t, w, p, 100))
		arrived(t, w, o)
		day := time.Now().In(time.FixedZone("", 8*3600)).Format("2006-01-02")
		figures := "/api/v1/staff/organizations/" + keys.Public("org", paymenttest.Organization) +
			"/payment-figures?from=" + day + "&to=" + day
		for _, c := range []struct {
			method, path, token string
			status              int
			has                 string
		}{
			{"GET", orderPath, "buyer", 200, `"state":"captured"`},
			{"GET", orderPath, "staff", 200, opened.ID},
			{"GET", orderPath, "stranger", 404, "not_found"},
			{"GET", orderPath, "elsewhere", 404, ""},
			{"GET", orderPath, "", 401, ""},
			{"GET", "/api/v1/payments/" + opened.ID, "buyer", 200, `"captured_minor":9900`},
			{"GET", "/api/v1/payments/" + opened.ID, "stranger", 404, "payment_not_found"},
			{"GET", "/api/v1/payments/" + opened.ID, "elsewhere", 404, ""},
			{"GET", "/api/v1/payments/" + back, "buyer", 404, "not_found"},
			{"GET", "/api/v1/refunds/" + back, "buyer", 200, `"arrived_at"`},
			{"GET", "/api/v1/refunds/" + back, "stranger", 404, ""},
			{"GET", "/api/v1/staff" + strings.TrimPrefix(orderPath, "/api/v1"), "staff", 200,
				`"provider_ref"`},
			{"GET", "/api/v1/staff" + strings.TrimPrefix(orderPath, "/api/v1"), "buyer", 403, ""},
			{"POST", "/api/v1/staff/payments/" + opened.ID + "/query", "staff", 200, "captured"},
			{"POST", "/api/v1/staff/payments/" + opened.ID + "/query", "elsewhere", 404, ""},
			{"POST", "/api/v1/staff/payments/" + opened.ID + "/give-up", "staff", 409,
				"payment_not_unknown"},
			{"POST", "/api/v1/staff/refunds/" + back + "/retry", "staff", 409,
				"refund_not_abnormal"},
			{"POST", "/api/v1/staff/refunds/" + back + "/retry", "elsewhere", 404, ""},
			{"GET", figures, "staff", 200, `"orders_paid":1`},
			{"GET", figures, "elsewhere", 404, ""},
			{"GET", strings.Replace(figures, "to="+day, "to=2020-01-01", 1), "staff", 422,
				"day_range"},
			{"POST", "/api/v1/notify/sandbox", "", 401, "notice_refused"},
		} {
			status, body := call(t, w, c.method, c.path, c.token, "", "")
			if status != c.status || !strings.Contains(body, c.has) {
				t.Errorf("%s %s as %q: %d %s", c.method, c.path, c.token, status, body)
			}
		}
		status, body = call(t, w, "POST", orderPath, "buyer", "k2", `{"channel":"cheque"}`)
		if status != 422 || !strings.Contains(body, "payment_channel_unknown") {
			t.Errorf("unknown channel: %d %s", status, body)
		}
	})
}

func TestNoticeOfUnknownNumberTellsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *paymenttest.World) {
		for _, number := range []string{"FY0000000000001", "XX", "FR0000000000001"} {
			body := []byte(`{"id":"n-` + number + `","event":"payment","merchant":"foyer",` +
				`"out_trade_no":"` + number + `","state":"SUCCESS","amount_minor":1,` +
				`"currency":"CNY","transaction_id":"t"}`)
			headers := w.Bank.SignNotice(body)
			err := w.Payments.Notice(context.Background(), "sandbox",
				func(name string) string { return headers[name] }, body)
			if err != nil {
				t.Errorf("%s: %v", number, err)
			}
		}
	})
}
