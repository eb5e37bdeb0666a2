// Package selfexec starts the running program anew in its own place: same process number,
// same arguments, same environment, nothing of its memory. It is the answer to a failed
// fsync: what the kernel dropped cannot be synced again, so what this process believes to
// be on the disk is no longer to be believed, and the next one reads it from there.
package selfexec

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"foyer/internal/clock"
)

const (
	// MaxRestarts is how often in a row a program starts itself anew. A disk that fails
	// every time is for the operator, and for the manager of services.
	MaxRestarts = 5
	// Calm is how long a process must have lived for its restart to count as the first.
	Calm = 10 * time.Minute
	// CloseWithin is how long closing may take; a writer that hangs on a dead disk must not
	// keep the process from its new start.
	CloseWithin = 5 * time.Second

	restartsEnv = "FOYER_RESTARTS" // "n" restarts in a row
)

// The refusals of Again.
var (
	ErrTooOften = errors.New("selfexec: started anew too often in a row; the disk needs a person")
	// ErrUnsupported is returned where a process cannot be replaced: end it with a failure,
	// and the manager of services starts it.
	ErrUnsupported = errors.New("selfexec: this system cannot replace a running process")
)

// Program is the running program. Make one with New at the start, before an upgrade can
// move the file away.
type Program struct {
	path     string
	args     []string
	env      []string
	clk      clock.Clock
	started  time.Time
	restarts int
}

// New notes what is running.
func New(clk clock.Clock) (*Program, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("selfexec: %w", err)
	}
	p := &Program{path: path, args: os.Args, clk: clk, started: clk.Now()}
	for _, v := range os.Environ() {
		if n, ok := strings.CutPrefix(v, restartsEnv+"="); ok {
			p.restarts, _ = strconv.Atoi(n) // nonsense counts as none
			continue
		}
		p.env = append(p.env, v)
	}
	return p, nil
}

// Restarts is how often in a row the program has started itself anew so far.
func (p *Program) Restarts() int { return p.restarts }

// Again calls closeAll, which gives back ports and locks, and replaces the process. It
// does not return when that works. closeAll is waited for at most CloseWithin: the kernel
// closes what is left, since Go opens every file so that it does not outlive the exec. It
// refuses with ErrTooOften before anything is closed, and with ErrUnsupported after.
func (p *Program) Again(closeAll func()) error {
	restarts := p.restarts
	if p.clk.Now().Sub(p.started) >= Calm {
		restarts = 0
	}
	if restarts >= MaxRestarts {
		return ErrTooOften
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		closeAll()
	}()
	late, stop := p.clk.After(CloseWithin)
	select {
	case <-closed:
		stop()
	case <-late:
	}
	env := append(p.env, restartsEnv+"="+strconv.Itoa(restarts+1))
	return replace(p.path, p.args, env)
}
