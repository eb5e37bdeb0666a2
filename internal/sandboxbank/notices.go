package sandboxbank

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"foyer/internal/sqldb"
)

// Work is something that the bank has to do at a time.
type Work struct {
	ID     int64
	Kind   string
	Object int64
	Due    time.Time
	Tries  int
}

// The kinds of work: notices of payments (true, stale, false in sum, forged), notices of
// refunds, and refunds to finish.
const (
	workPaid   = "paid"
	workStale  = "stale"
	workWrong  = "wrong"
	workForged = "forged"
	workRefund = "refund"
	workFinish = "finish"
)

const (
	maxTries   = 15
	sendAtOnce = 256
	sendLimit  = 5 * time.Second
	pollEvery  = time.Second
)

func defaultDelays() []time.Duration {
	s, m, h := time.Second, time.Minute, time.Hour
	return []time.Duration{s, 2 * s, 5 * s, 15 * s, 30 * s, m, 2 * m, 5 * m, 10 * m, 20 * m,
		30 * m, 30 * m, h, 2 * h, 3 * h}
}

func (b *Bank) plan(tx *sqldb.Tx, w Work) error {
	w.ID = b.ids.Next()
	tx.AfterCommit(func() { b.soon(w) })
	return b.store.InsertWork(tx, w)
}

// announce plans the notices of a payment that has just changed, with its faults.
func (b *Bank) announce(tx *sqldb.Tx, p *Payment) error {
	if b.suffers(p.Number, FaultNever) {
		return nil
	}
	due := tx.Now
	if b.suffers(p.Number, FaultLate) {
		due = due.Add(b.lateBy())
	}
	kind, copies := workPaid, 1
	switch {
	case b.suffers(p.Number, FaultHundredfold):
		copies = 100
	case b.suffers(p.Number, FaultDoubled):
		copies = 2
	}
	if b.suffers(p.Number, FaultWrongNotice) {
		kind = workWrong
	}
	for range copies {
		if err := b.plan(tx, Work{Kind: kind, Object: p.ID, Due: due}); err != nil {
			return err
		}
	}
	if b.suffers(p.Number, FaultDisorder) {
		return b.plan(tx, Work{Kind: workStale, Object: p.ID, Due: due.Add(time.Second)})
	}
	return nil
}

// forge plans a false notice right after a payment was made.
func (b *Bank) forge(tx *sqldb.Tx, p *Payment) error {
	if !b.suffers(p.Number, FaultForged) {
		return nil
	}
	return b.plan(tx, Work{Kind: workForged, Object: p.ID, Due: tx.Now})
}

// Send delivers a notice; an error means that it was not taken with a 2xx.
type Send func(ctx context.Context, url string, headers Signed, body []byte) error

// Run does what is due until ctx ends, up to 256 notices at once: what was planned a moment
// ago at once, what was put off or left by an earlier process when the store is asked.
func (b *Bank) Run(ctx context.Context, send Send) error {
	free := make(chan struct{}, sendAtOnce)
	poll := b.clk.Now()
	for ctx.Err() == nil {
		if b.start(ctx, b.takeReady(), send, free) > 0 {
			continue
		}
		now := b.clk.Now()
		if !now.Before(poll) {
			n, err := b.round(ctx, send, free)
			if err != nil && ctx.Err() == nil {
				b.log.Warn("due notices cannot be read", "error", err)
			}
			if n == 0 {
				poll = now.Add(pollEvery)
			}
			continue
		}
		tick, stop := b.clk.After(poll.Sub(now))
		select {
		case <-ctx.Done():
		case <-b.wake:
		case <-tick:
		}
		stop()
	}
	for range sendAtOnce { // wait for those on their way
		free <- struct{}{}
	}
	return nil
}

func (b *Bank) takeReady() []Work {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.ready
	b.ready = nil
	return list
}

// round starts what the store says is due, and says how much of it was not yet started.
func (b *Bank) round(ctx context.Context, send Send, free chan struct{}) (int, error) {
	b.mu.Lock()
	flying := len(b.flying)
	b.mu.Unlock()
	list, err := b.store.DueWork(ctx, b.clk.Now(), sendAtOnce+flying)
	if err != nil {
		return 0, err
	}
	known := make(map[int64]bool, len(list))
	for _, w := range list {
		known[w.ID] = true
	}
	b.mu.Lock()
	b.ready = slices.DeleteFunc(b.ready, func(w Work) bool { return known[w.ID] })
	b.mu.Unlock()
	return b.start(ctx, list, send, free), nil
}

// start lets what is not yet on its way go, and says how much that was.
func (b *Bank) start(ctx context.Context, list []Work, send Send, free chan struct{}) int {
	started := 0
	for _, w := range list {
		if !b.takeOff(w.ID) {
			continue
		}
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			b.land(w.ID)
			return started
		}
		started++
		go func() {
			defer func() { b.land(w.ID); <-free }()
			b.do(ctx, w, send)
		}()
	}
	return started
}

func (b *Bank) takeOff(id int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, in := b.flying[id]; in {
		return false
	}
	b.flying[id] = struct{}{}
	return true
}

func (b *Bank) land(id int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.flying, id)
}

// do does one thing: it finishes a refund, or sends a notice and drops it once it was taken
// or tried often enough.
func (b *Bank) do(ctx context.Context, w Work, send Send) {
	if w.Kind == workFinish {
		err := b.db.InTx(ctx, func(tx *sqldb.Tx) error { return b.finishRefund(tx, w) })
		if err != nil && ctx.Err() == nil {
			b.log.Warn("a refund cannot be finished yet", "error", err)
		}
		return
	}
	sent := b.deliver(ctx, w, send)
	w.Tries++
	most := min(maxTries, len(b.cfg.NoticeDelays)+1)
	over := sent == nil || w.Kind == workForged || w.Tries >= most
	err := b.db.InTx(context.WithoutCancel(ctx), func(tx *sqldb.Tx) error {
		if over {
			return b.store.DropWork(tx, w.ID)
		}
		later := w
		later.Due = tx.Now.Add(b.cfg.NoticeDelays[w.Tries-1])
		return b.store.PutOff(tx, later)
	})
	if err != nil && ctx.Err() == nil {
		b.log.Warn("the outcome of a notice cannot be stored", "error", err)
	}
}

// Notice is what a merchant is told; docs/SANDBOX_BANK.md explains each field.
type Notice struct {
	ID          string     `json:"id"`
	Event       string     `json:"event"`
	Merchant    string     `json:"merchant"`
	Number      string     `json:"out_trade_no"`
	Refund      string     `json:"out_refund_no,omitempty"`
	State       string     `json:"state"`
	Amount      int64      `json:"amount_minor"`
	Currency    string     `json:"currency"`
	Transaction string     `json:"transaction_id"`
	At          *time.Time `json:"at,omitempty"`
}

// deliver makes a notice of what is true now, spoils it as its kind says, and sends it.
func (b *Bank) deliver(ctx context.Context, w Work, send Send) error {
	n, address, err := b.notice(ctx, w)
	if err != nil {
		return err
	}
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	headers := b.SignNotice(body)
	if w.Kind == workForged {
		stranger := ed25519.NewKeyFromSeed(b.ids.Bytes(ed25519.SeedSize))
		headers[HeaderSignature] = base64.StdEncoding.EncodeToString(ed25519.Sign(stranger, body))
	}
	limited, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	return send(limited, address, headers, body)
}

func (b *Bank) notice(ctx context.Context, w Work) (Notice, string, error) {
	n := Notice{ID: b.keys.codec.Encode("ntc", w.ID), Event: "payment"}
	if w.Kind == workRefund {
		return b.refundNotice(ctx, w, n)
	}
	p, err := b.find(ctx, w.Object)
	if err != nil {
		return n, "", err
	}
	n.Merchant, n.Number, n.State = p.Merchant, p.Number, string(p.State)
	n.Amount, n.Currency, n.Transaction = p.Amount, p.Currency, b.Transaction(p)
	if !p.PaidAt.IsZero() {
		n.At, n.Amount = &p.PaidAt, p.Paid
	}
	switch w.Kind {
	case workStale:
		n.State, n.At = string(UserPaying), nil
	case workWrong:
		n.Amount++
	case workForged:
		n.State = string(Success)
	}
	return n, p.NotifyURL, nil
}

func (b *Bank) refundNotice(ctx context.Context, w Work, n Notice) (Notice, string, error) {
	var r *Refund
	err := b.db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		r, err = b.store.Refund(tx, w.Object)
		return err
	})
	if err != nil {
		return n, "", err
	}
	p, err := b.store.FindPayment(ctx, r.Payment)
	if err != nil {
		return n, "", err
	}
	n.Event, n.Merchant, n.Number, n.Refund = "refund", r.Merchant, p.Number, r.Number
	n.State, n.Amount, n.Currency = string(r.State), r.Amount, p.Currency
	n.Transaction = b.Transaction(p)
	if !r.DoneAt.IsZero() {
		n.At = &r.DoneAt
	}
	return n, r.NotifyURL, nil
}
