package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"foyer/internal/fault"
	"foyer/internal/journal"
)

// catchUpLimit is how long the facts of a row may take to be delivered.
const catchUpLimit = 2 * time.Minute

// catchUp waits until what a row caused is delivered, so that the next row does not pay for
// it, and says how many seconds that took.
func (b *bench) catchUp(ctx context.Context) (float64, error) {
	start := b.Clock.Now()
	for {
		lags, err := b.serving.app.Journal.Lags(ctx)
		if err != nil {
			return 0, err
		}
		waiting := mostBehind(lags)
		took := b.Clock.Now().Sub(start)
		if waiting == 0 {
			return took.Seconds(), nil
		}
		if took > catchUpLimit {
			return 0, fmt.Errorf("%d facts are not delivered after %v", waiting, catchUpLimit)
		}
		tick, stop := b.Clock.After(50 * time.Millisecond)
		select {
		case <-tick:
		case <-ctx.Done():
			stop()
			return 0, ctx.Err()
		}
	}
}

func mostBehind(lags []journal.Lag) (n int64) {
	for _, l := range lags {
		n = max(n, l.Facts)
	}
	return n
}

// check is the coherence check over what the load left behind, with every acknowledged
// order looked for by its id.
func (b *bench) check(ctx context.Context) error {
	began := b.Clock.Now()
	stop, err := b.profile("check")
	if err != nil {
		return err
	}
	report, err := b.serving.app.Doctor(func(orders int) {
		b.bar.show("checking", orders, orders+1)
	}).Check(ctx)
	err = errors.Join(err, stop())
	if err != nil {
		return fmt.Errorf("bench: the coherence check: %w", err)
	}
	acked, lost, err := b.acknowledged(ctx)
	b.bar.done()
	if err != nil {
		return fmt.Errorf("bench: acknowledged orders: %w", err)
	}
	b.checked = fmt.Sprintf("coherence check: %s; %d acknowledged orders, %d lost; %.1f s",
		strings.Join(report.Counts(), ", "), acked, lost, b.Clock.Now().Sub(began).Seconds())
	b.say("%s", b.checked)
	for _, f := range report.Findings[:min(10, len(report.Findings))] {
		b.say("  %s", f)
	}
	if !report.Healthy() {
		b.verdict = append(b.verdict, fmt.Sprintf("the coherence check found %d contradictions",
			len(report.Findings)+report.More))
	}
	if lost > 0 {
		b.verdict = append(b.verdict, fmt.Sprintf("%d acknowledged orders are lost", lost))
	}
	return nil
}

// acknowledged reads the generator's own file and looks for each order in it.
func (b *bench) acknowledged(ctx context.Context) (acked, lost int, err error) {
	ids, err := readLines(b.world.out.Acked)
	if err != nil {
		return 0, 0, err
	}
	var gone atomic.Int64
	err = inParallel(ctx, 4, len(ids), func(ctx context.Context, i int) error {
		if i%1000 == 0 {
			b.bar.show("acknowledged", i, len(ids))
		}
		id, err := b.serving.app.Codec.Decode(orderKind, ids[i])
		if err != nil {
			return err
		}
		_, err = b.serving.app.Orders.Store.Find(ctx, id)
		if errors.Is(err, fault.Missing) {
			gone.Add(1)
			return nil
		}
		return err
	})
	return len(ids), int(gone.Load()), err
}

func readLines(path string) ([]string, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []string
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		list = append(list, scan.Text())
	}
	return list, scan.Err()
}
