package bankhttp

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"

	"foyer/internal/sandboxbank"
)

//go:embed cashier.html
var cashierHTML string

//go:embed faults.html
var faultsHTML string

//go:embed bank.css
var styleSheet []byte

//go:embed bank.js
var script []byte

func (h *Handler) mountCashier() {
	h.mux.HandleFunc("GET /bank.css", asset("text/css; charset=utf-8", styleSheet))
	h.mux.HandleFunc("GET /bank.js", asset("text/javascript; charset=utf-8", script))
	page := template.Must(template.New("cashier").Parse(cashierHTML))
	h.mux.HandleFunc("GET /cashier/{token}", func(w http.ResponseWriter, r *http.Request) {
		p, err := h.bank.ByLink(r.Context(), r.PathValue("token"))
		h.showCashier(w, r, page, p, err)
	})
	h.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		lang := langOf(r)
		h.render(w, page, http.StatusOK, cashier{Lang: lang, Bank: h.bank.Name(), Home: true,
			Say: wordsOf(lang)})
	})
	h.mux.HandleFunc("POST /cashier/{token}/pay", h.act(page, h.bank.Pay))
	h.mux.HandleFunc("POST /cashier/{token}/refuse", h.act(page, h.bank.Refuse))
}

func asset(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "max-age=3600")
		w.Write(body)
	}
}

// cashier is what the page shows.
type cashier struct {
	Lang, Bank, Merchant string
	Token                string
	P                    *sandboxbank.Payment
	Amount               string
	Seconds              int64 // left to pay
	Payable              bool
	Home                 bool // no payment's page: what this place is
	Say                  words
}

func (h *Handler) showCashier(w http.ResponseWriter, r *http.Request, page *template.Template,
	p *sandboxbank.Payment, err error,
) {
	lang := langOf(r)
	if p == nil {
		status := http.StatusNotFound
		if !errors.Is(err, sandboxbank.ErrNotFound) {
			status = http.StatusInternalServerError
			h.log.Error("the cashier failed", "error", err)
		}
		h.render(w, page, status, cashier{Lang: lang, Bank: h.bank.Name(), Say: wordsOf(lang)})
		return
	}
	left := int64(p.ExpiresAt.Sub(h.clk.Now()).Seconds())
	h.render(w, page, http.StatusOK, cashier{Lang: lang, Bank: h.bank.Name(),
		Merchant: h.bank.MerchantName(p.Merchant), Token: r.PathValue("token"), P: p,
		Amount: amount(p.Amount, p.Currency), Seconds: max(left, 0),
		Payable: p.State == sandboxbank.NotPaid && left > 0, Say: wordsOf(lang)})
}

func (h *Handler) render(w http.ResponseWriter, page *template.Template, status int, v any) {
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		h.log.Error("a page cannot be made", "error", err)
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// act is a button of the cashier: a form is answered with the page, a program with JSON.
func (h *Handler) act(page *template.Template,
	do func(context.Context, string) (*sandboxbank.Payment, error),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		io.Copy(io.Discard, r.Body)
		p, err := do(r.Context(), r.PathValue("token"))
		form := strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
		accepts := strings.Contains(r.Header.Get("Accept"), "text/html")
		if form && accepts {
			if p == nil {
				h.showCashier(w, r, page, p, err)
				return
			}
			http.Redirect(w, r, "/cashier/"+r.PathValue("token")+"?lang="+langOf(r),
				http.StatusSeeOther)
			return
		}
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		out, err := json.Marshal(map[string]string{"state": string(p.State),
			"out_trade_no": p.Number, "return_url": p.ReturnURL})
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(out)
	}
}

// amount is money as people read it.
func amount(minor int64, currency string) string {
	sign := map[string]string{"CNY": "¥", "USD": "$", "EUR": "€", "HKD": "HK$"}[currency]
	if currency == "JPY" || currency == "KRW" {
		return fmt.Sprintf("%d %s", minor, currency)
	}
	s := fmt.Sprintf("%s%d.%02d", sign, minor/100, minor%100)
	if sign == "" {
		s += " " + currency
	}
	return s
}

func langOf(r *http.Request) string {
	if q := r.URL.Query().Get("lang"); q == "en" || q == "zh" {
		return q
	}
	zh := strings.Index(strings.ToLower(r.Header.Get("Accept-Language")), "zh")
	en := strings.Index(strings.ToLower(r.Header.Get("Accept-Language")), "en")
	if en >= 0 && (zh < 0 || en < zh) {
		return "en"
	}
	return "zh"
}
