package bench

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"foyer/internal/clock"
)

// bar shows how far long work is: a moving bar on a terminal, nothing elsewhere.
type bar struct {
	out  io.Writer
	clk  clock.Clock
	live bool

	mu    sync.Mutex
	shown time.Time
	wide  int
}

const (
	barWidth = 30
	barEvery = 100 * time.Millisecond
)

func newBar(clk clock.Clock, out io.Writer) *bar {
	b := &bar{out: out, clk: clk}
	if f, ok := out.(*os.File); ok {
		st, err := f.Stat()
		b.live = err == nil && st.Mode()&os.ModeCharDevice != 0
	}
	return b
}

func (b *bar) show(what string, done, total int) {
	if !b.live || total <= 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clk.Now()
	if now.Sub(b.shown) < barEvery && done < total {
		return
	}
	b.shown = now
	full := min(done*barWidth/total, barWidth)
	line := fmt.Sprintf("%-14s %s%s %d/%d", what, strings.Repeat("█", full),
		strings.Repeat("░", barWidth-full), done, total)
	pad := max(0, b.wide-len(line))
	b.wide = len(line)
	fmt.Fprint(b.out, "\r", line, strings.Repeat(" ", pad))
}

// done takes the bar off the terminal.
func (b *bar) done() {
	if !b.live {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprint(b.out, "\r", strings.Repeat(" ", b.wide), "\r")
	b.wide = 0
}

// during moves the bar with time while something runs that cannot tell how far it is.
func (b *bar) during(what string, d time.Duration) (stop func()) {
	if !b.live {
		return func() {}
	}
	end := make(chan struct{})
	var ended sync.WaitGroup
	start := b.clk.Now()
	ended.Go(func() {
		for {
			tick, cancel := b.clk.After(barEvery)
			select {
			case <-end:
				cancel()
				return
			case <-tick:
				b.show(what, int(b.clk.Now().Sub(start)/barEvery), int(d/barEvery))
			}
		}
	})
	return func() {
		close(end)
		ended.Wait()
		b.done()
	}
}
