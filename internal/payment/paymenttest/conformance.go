package paymenttest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"foyer/internal/money"
	"foyer/internal/payment"
)

// Harness is a provider with the hands of its payers.
type Harness struct {
	Provider    payment.Provider
	Pay, Refuse func(t testing.TB, redirectURL string) string
	Now         func() time.Time
	// Number makes a fresh number of a payment or a refund.
	Number func() string
	// Day is today as the provider's bill names it.
	Day string
}

func (h Harness) attempt(amount money.Minor) payment.Attempt {
	return payment.Attempt{Number: h.Number(), Amount: amount, Currency: money.CNY,
		Title: "一张票", ReturnURL: "http://shop.example/orders/1",
		ExpiresAt: h.Now().Add(10 * time.Minute).UTC().Truncate(time.Millisecond)}
}

// Conform checks what the port promises, against the real other side.
func Conform(t *testing.T, start func(t *testing.T) Harness) {
	t.Helper()
	for name, fn := range map[string]func(*testing.T, Harness){
		"attempts": attempts, "closing": closing, "refunds": refunds, "silence": silence,
		"declined": declined} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn(t, start(t))
		})
	}
}

func phase(t *testing.T, h Harness, a payment.Attempt) payment.Answer {
	t.Helper()
	got, err := h.Provider.Query(context.Background(), a)
	check(t, err)
	return got
}

func attempts(t *testing.T, h Harness) {
	a := h.attempt(9900)
	if got := phase(t, h, a); got.Phase != payment.Absent {
		t.Fatalf("an unknown number is %s", got.Phase)
	}
	first, err := h.Provider.Create(t.Context(), a)
	check(t, err)
	again, err := h.Provider.Create(t.Context(), a)
	if err != nil || again != first || first.RedirectURL == "" {
		t.Fatalf("a repeat answers %+v after %+v: %v", again, first, err)
	}
	other := a
	other.Amount++
	if _, err := h.Provider.Create(t.Context(), other); !errors.Is(err, payment.ErrDeclined) {
		t.Fatalf("another sum under the number: %v", err)
	}
	if got := phase(t, h, a); got.Phase != payment.Waiting {
		t.Fatalf("an unpaid attempt is %s", got.Phase)
	}
	h.Pay(t, first.RedirectURL)
	got := phase(t, h, a)
	if got.Phase != payment.Taken || got.Amount != 9900 || got.Currency != money.CNY ||
		got.At.IsZero() {
		t.Fatalf("a paid attempt is %+v", got)
	}
	if err := h.Provider.Close(t.Context(), a); !errors.Is(err, payment.ErrPaid) {
		t.Fatalf("closing what is paid: %v", err)
	}
}

func closing(t *testing.T, h Harness) {
	a := h.attempt(100)
	opened, err := h.Provider.Create(t.Context(), a)
	check(t, err)
	for range 2 {
		check(t, h.Provider.Close(t.Context(), a))
	}
	if got := phase(t, h, a); got.Phase != payment.Gone {
		t.Fatalf("a closed attempt is %s", got.Phase)
	}
	h.Pay(t, opened.RedirectURL)
	if got := phase(t, h, a); got.Phase != payment.Gone {
		t.Fatalf("paying what is closed made it %s", got.Phase)
	}
}

func declined(t *testing.T, h Harness) {
	a := h.attempt(100)
	opened, err := h.Provider.Create(t.Context(), a)
	check(t, err)
	h.Refuse(t, opened.RedirectURL)
	if got := phase(t, h, a); got.Phase != payment.Declined {
		t.Fatalf("a declined attempt is %s", got.Phase)
	}
	none := func(string) string { return "" }
	if _, err := h.Provider.ParseNotice(none, []byte("{}")); !errors.Is(err, payment.ErrForged) {
		t.Fatalf("an unsigned notice: %v", err)
	}
}

func refunds(t *testing.T, h Harness) {
	a := h.attempt(1000)
	opened, err := h.Provider.Create(t.Context(), a)
	check(t, err)
	r := payment.RefundAttempt{Number: h.Number(), Payment: a.Number, Amount: 600, Total: 1000,
		Currency: money.CNY, Reason: "退票"}
	if _, err := h.Provider.Refund(t.Context(), r); !errors.Is(err, payment.ErrDeclined) {
		t.Fatalf("refund of what is not paid: %v", err)
	}
	got, err := h.Provider.QueryRefund(t.Context(), r)
	if err != nil || got.Phase != payment.Absent {
		t.Fatalf("an unknown refund is %s: %v", got.Phase, err)
	}
	h.Pay(t, opened.RedirectURL)
	first, err := h.Provider.Refund(t.Context(), r)
	check(t, err)
	again, err := h.Provider.Refund(t.Context(), r)
	if err != nil || again.Ref != first.Ref || again.Amount != 600 {
		t.Fatalf("a repeat answers %+v after %+v: %v", again, first, err)
	}
	r2 := r
	r2.Number = h.Number()
	if _, err := h.Provider.Refund(t.Context(), r2); !errors.Is(err, payment.ErrDeclined) {
		t.Fatalf("1200 of 1000 went back: %v", err)
	}
	Until(t, "the refund arrives", func() bool {
		got, err := h.Provider.QueryRefund(t.Context(), r)
		return err == nil && got.Phase == payment.Landed && got.Amount == 600
	})
	bill, err := h.Provider.Bill(t.Context(), h.Day)
	check(t, err)
	lines := map[string]money.Minor{}
	for _, l := range bill {
		lines[l.Number+l.Refund] += l.Amount
	}
	if lines[a.Number] != 1000 || lines[a.Number+r.Number] != -600 {
		t.Fatalf("the bill says %v", fmt.Sprint(bill))
	}
}

func silence(t *testing.T, h Harness) {
	gone, stop := context.WithCancel(t.Context())
	stop()
	a := h.attempt(100)
	if _, err := h.Provider.Create(gone, a); !errors.Is(err, payment.ErrNoAnswer) {
		t.Errorf("create without an answer: %v", err)
	}
	if _, err := h.Provider.Query(gone, a); !errors.Is(err, payment.ErrNoAnswer) {
		t.Errorf("query without an answer: %v", err)
	}
	if err := h.Provider.Close(gone, a); !errors.Is(err, payment.ErrNoAnswer) {
		t.Errorf("close without an answer: %v", err)
	}
}

// Until polls for at most ten seconds.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	end := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(end) {
			t.Fatalf("it never happened that %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
