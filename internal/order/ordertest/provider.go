package ordertest

import (
	"context"
	"errors"
	"sync"

	"foyer/internal/money"
	"foyer/internal/payment"
)

// ProviderName is the provider of the world, and its channel.
const ProviderName = "till"

// Till is a payment provider in memory, whose other side the test plays.
type Till struct {
	mu      sync.Mutex
	silent  bool
	flaky   int // of so many calls, one is answered; 0: all
	calls   int
	paid    map[string]payment.Answer
	closed  map[string]bool
	known   map[string]payment.Attempt
	refunds map[string]money.Minor
}

func newTill() *Till {
	return &Till{paid: map[string]payment.Answer{}, closed: map[string]bool{},
		known: map[string]payment.Attempt{}, refunds: map[string]money.Minor{}}
}

// Silence makes every call end without an answer, or answers again.
func (p *Till) Silence(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = on
}

// Take has the buyer pay a sum, whatever was asked for; also what was closed before.
func (p *Till) Take(number string, amount money.Minor, currency money.Currency) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paid[number] = payment.Answer{Phase: payment.Taken, Ref: "r" + number, Amount: amount,
		Currency: currency}
}

// Sent is how much went back in all.
func (p *Till) Sent() (sum money.Minor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.refunds {
		sum += m
	}
	return sum
}

// Flaky makes only one of n calls be answered; the others may have happened all the same.
func (p *Till) Flaky(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flaky, p.calls = n, 0
}

// Refunds is how many refunds were sent, each once.
func (p *Till) Refunds() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.refunds)
}

func (p *Till) lock() error {
	p.mu.Lock()
	p.calls++
	if p.silent || p.flaky > 0 && p.calls%p.flaky != 0 {
		p.mu.Unlock()
		return payment.ErrNoAnswer
	}
	return nil
}

// Name is the provider's.
func (p *Till) Name() string { return ProviderName }

// Create takes note of an attempt.
func (p *Till) Create(_ context.Context, a payment.Attempt) (payment.Opened, error) {
	if err := p.lock(); err != nil {
		return payment.Opened{}, err
	}
	defer p.mu.Unlock()
	p.known[a.Number] = a
	return payment.Opened{Ref: "r" + a.Number, RedirectURL: "https://till.example"}, nil
}

// Query says what became of it.
func (p *Till) Query(_ context.Context, a payment.Attempt) (payment.Answer, error) {
	if err := p.lock(); err != nil {
		return payment.Answer{}, err
	}
	defer p.mu.Unlock()
	answer, paid := p.paid[a.Number]
	_, known := p.known[a.Number]
	switch {
	case paid:
		return answer, nil
	case p.closed[a.Number]:
		return payment.Answer{Phase: payment.Gone}, nil
	case known:
		return payment.Answer{Phase: payment.Waiting}, nil
	}
	return payment.Answer{Phase: payment.Absent}, nil
}

// Close ends an attempt that was not paid.
func (p *Till) Close(_ context.Context, a payment.Attempt) error {
	if err := p.lock(); err != nil {
		return err
	}
	defer p.mu.Unlock()
	if _, paid := p.paid[a.Number]; paid {
		return payment.ErrPaid
	}
	p.closed[a.Number] = true
	return nil
}

// Refund sends money back at once; the same number again sends nothing more.
func (p *Till) Refund(_ context.Context, r payment.RefundAttempt) (payment.RefundAnswer, error) {
	if err := p.lock(); err != nil {
		return payment.RefundAnswer{}, err
	}
	defer p.mu.Unlock()
	if r.Amount > p.paid[r.Payment].Amount {
		return payment.RefundAnswer{}, payment.ErrDeclined
	}
	p.refunds[r.Number] = r.Amount
	return payment.RefundAnswer{Phase: payment.Landed, Ref: "b" + r.Number, Amount: r.Amount}, nil
}

// QueryRefund says what became of a refund.
func (p *Till) QueryRefund(ctx context.Context, r payment.RefundAttempt) (
	payment.RefundAnswer, error,
) {
	return p.Refund(ctx, r)
}

// Bill is empty: the tests read the ledger.
func (p *Till) Bill(context.Context, string) ([]payment.BillLine, error) { return nil, nil }

// ParseNotice refuses all: the query is the truth, and the tests let it be asked.
func (p *Till) ParseNotice(func(string) string, []byte) (payment.Notice, error) {
	return payment.Notice{}, errors.Join(payment.ErrForged, errNoNotices)
}

var errNoNotices = errors.New("ordertest: the till sends no notices")
