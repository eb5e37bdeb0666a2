package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// bar shows how far long work is: a moving bar on a terminal, a line a stage elsewhere.
type bar struct {
	out      *os.File
	terminal bool

	mu    sync.Mutex
	stage string
	last  int
}

func newBar(out *os.File) *bar {
	st, err := out.Stat()
	return &bar{out: out, terminal: err == nil && st.Mode()&os.ModeCharDevice != 0, last: -1}
}

const barWidth = 30

func (b *bar) show(what string, done, total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if total <= 0 {
		return
	}
	if what != b.stage {
		if b.stage != "" && b.terminal {
			fmt.Fprintln(b.out)
		}
		b.stage, b.last = what, -1
		if !b.terminal {
			fmt.Fprintf(b.out, "%s (%d)\n", what, total)
		}
	}
	full := min(done*barWidth/total, barWidth)
	if !b.terminal || full == b.last && done < total {
		return
	}
	b.last = full
	fmt.Fprintf(b.out, "\r%-10s %s%s %d/%d ", what, strings.Repeat("█", full),
		strings.Repeat("░", barWidth-full), done, total)
}

func (b *bar) done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stage != "" && b.terminal {
		fmt.Fprintln(b.out)
	}
}

// count shows how many of a number that nobody knows yet.
func (b *bar) count(what string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stage = what; b.terminal {
		fmt.Fprintf(b.out, "\r%-10s %d ", what, n)
	}
}
