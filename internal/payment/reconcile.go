package payment

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	askPage  = 200 // rows read at a time
	askPause = time.Second
)

// Run asks providers about everything that is open: all of it at once at the start, and
// then each in its rhythm, until ctx ends. A bounded number of answers is awaited at a
// time; a provider that is silent delays nothing but its own.
func (p *Payments) Run(ctx context.Context) error {
	busy := newBusy()
	var running sync.WaitGroup
	defer running.Wait()
	if err := p.askAll(ctx, busy, &running); err != nil {
		return quiet(ctx, err)
	}
	for ctx.Err() == nil {
		n, err := p.askDue(ctx, busy, &running)
		if err != nil && ctx.Err() == nil {
			p.Log.Warn("open payments cannot be read", "error", err)
		}
		if n == askPage {
			continue
		}
		p.alarm(ctx)
		tick, stop := p.Clock.After(askPause)
		select {
		case <-ctx.Done():
		case <-p.wake:
		case <-tick:
		}
		stop()
	}
	return nil
}

// Round asks once about what is due and waits for the answers, for tests and simulators
// that hold the clock.
func (p *Payments) Round(ctx context.Context) (asked int, err error) {
	var running sync.WaitGroup
	n, err := p.askDue(ctx, newBusy(), &running)
	running.Wait()
	return n, err
}

// Resume asks once about everything that is open, as a start does, and waits.
func (p *Payments) Resume(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	return p.askAll(ctx, newBusy(), &running)
}

func quiet(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// busy is what is being asked about right now, so that a slow answer is awaited once.
type busy struct {
	mu  sync.Mutex
	ids map[int64]struct{}
}

func newBusy() *busy { return &busy{ids: map[int64]struct{}{}} }

func (b *busy) enter(id int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, in := b.ids[id]; in {
		return false
	}
	b.ids[id] = struct{}{}
	return true
}

func (b *busy) leave(id int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.ids, id)
}

// start runs one question in a free place; false when it runs already or ctx ended.
func (p *Payments) start(ctx context.Context, b *busy, running *sync.WaitGroup, id int64,
	ask func(context.Context, int64) error,
) bool {
	if !b.enter(id) {
		return false
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		b.leave(id)
		return false
	}
	running.Go(func() {
		defer func() { <-p.slots; b.leave(id) }()
		err := ask(ctx, id)
		if err != nil && ctx.Err() == nil && !errors.Is(err, ErrProviderSilent) {
			p.Log.Warn("an open payment or refund cannot be settled yet", "id", id, "error", err)
		}
	})
	return true
}

func (p *Payments) lookOpen(ctx context.Context, id int64) error {
	_, err := p.look(ctx, id, false, nil)
	return err
}

// askAll asks about every open payment and refund once, in pages by key.
func (p *Payments) askAll(ctx context.Context, b *busy, running *sync.WaitGroup) error {
	for _, state := range OpenStates {
		for after := int64(0); ; {
			page, err := p.Store.InState(ctx, state, after, askPage)
			if err != nil {
				return err
			}
			for _, pay := range page {
				after = pay.ID
				p.start(ctx, b, running, pay.ID, p.lookOpen)
			}
			if len(page) < askPage {
				break
			}
		}
	}
	for _, state := range [...]RefundState{Requested, Accepted} {
		for after := int64(0); ; {
			page, err := p.Store.RefundsInState(ctx, state, after, askPage)
			if err != nil {
				return err
			}
			for _, r := range page {
				after = r.ID
				p.start(ctx, b, running, r.ID, p.lookRefund)
			}
			if len(page) < askPage {
				break
			}
		}
	}
	return ctx.Err()
}

// askDue asks about what is due, what was closed a little while ago too, one page of each
// state, and returns the longest page.
func (p *Payments) askDue(ctx context.Context, b *busy, running *sync.WaitGroup) (int, error) {
	most, now := 0, p.Clock.Now()
	for _, state := range append(slices.Clone(OpenStates[:]), Closed) {
		page, err := p.Store.Due(ctx, state, now, askPage)
		if err != nil {
			return 0, err
		}
		started := 0
		for _, pay := range page {
			if p.start(ctx, b, running, pay.ID, p.lookOpen) {
				started++
			}
		}
		most = max(most, started)
	}
	for _, state := range [...]RefundState{Requested, Accepted} {
		page, err := p.Store.RefundsDue(ctx, state, now, askPage)
		if err != nil {
			return 0, err
		}
		started := 0
		for _, r := range page {
			if p.start(ctx, b, running, r.ID, p.lookRefund) {
				started++
			}
		}
		most = max(most, started)
	}
	return most, nil
}
