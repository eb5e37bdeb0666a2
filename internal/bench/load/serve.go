package load

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"foyer/internal/clock"
)

// generator plays jobs over one world. What was asked for once (seats, tickets) is not
// asked for again by a later job.
type generator struct {
	World
	clk   clock.Clock
	acked *bufio.Writer
	run   string // makes idempotency keys of this process its own

	pairs int64 // seats handed out so far, in pairs over all sessions
	calls int64 // numbers idempotency keys
}

// Serve reads a World and then Jobs from in, one JSON value after another, and writes a
// Result for each job to out, until in ends.
func Serve(ctx context.Context, clk clock.Clock, in io.Reader, out io.Writer) error {
	dec, enc := json.NewDecoder(in), json.NewEncoder(out)
	g := &generator{clk: clk, run: fmt.Sprintf("%012x", clk.Now().UnixNano()&0xffffffffffff)}
	if err := dec.Decode(&g.World); err != nil {
		return fmt.Errorf("load: the world: %w", err)
	}
	g.pairs = g.Skip
	file, err := os.OpenFile(g.Acked, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	g.acked = bufio.NewWriter(file)
	for ctx.Err() == nil {
		var job Job
		if err := dec.Decode(&job); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("load: a job: %w", err)
		}
		if err := enc.Encode(g.play(ctx, job)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// play runs a job and keeps the ids of what was acknowledged in the file before it answers.
func (g *generator) play(ctx context.Context, job Job) Result {
	scene, err := g.scene(job.Name)
	if err != nil {
		return Result{Error: err.Error()}
	}
	if job.Shape.Rate > 0 {
		// Between planned moments idle threads look for work, on cores that are the server's.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	stop := func() error { return nil }
	if job.Changes > 0 {
		stop = g.changes(ctx, job)
	}
	s, acked, err := play(ctx, g.clk, job.Shape, scene.addr, scene.bank, scene.do)
	if sideErr := stop(); err == nil {
		err = sideErr
	}
	if err == nil {
		err = g.keep(acked)
	}
	if err != nil {
		return Result{Summary: s, Error: err.Error()}
	}
	return Result{Summary: s, Pairs: g.pairs}
}

func (g *generator) keep(ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := g.acked.WriteString(strings.Join(ids, "\n") + "\n"); err != nil {
		return err
	}
	return g.acked.Flush()
}

// changeConns is how many connections change seats beside `seatmap`; each claims a seat of
// its own and gives it back by turns, so that none runs out.
const changeConns = 40

// changes runs the seat changes until the returned function is called; that reports
// whether they went well.
func (g *generator) changes(ctx context.Context, job Job) func() error {
	ctx, cancel := context.WithCancel(ctx)
	shape := Shape{Rate: job.Changes, Conns: changeConns, For: job.Shape.Warm + job.Shape.For}
	held := make([]string, changeConns)
	done := make(chan error, 1)
	go func() {
		s, _, err := play(ctx, g.clk, shape, g.API, "", func(w *worker, i int64) error {
			return g.change(w, &held[w.number])
		})
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		if err == nil && s.Errors > 0 {
			err = fmt.Errorf("load: %d seat changes failed: %v", s.Errors, s.Kinds)
		}
		want := job.Changes * (job.Shape.Warm + job.Shape.For).Seconds() / 2
		if err == nil && float64(s.Count) < want {
			err = fmt.Errorf("load: only %d seat changes of %.0f/s", s.Count, job.Changes)
		}
		done <- err
	}()
	return func() error {
		select {
		case err := <-done:
			cancel()
			return err
		case <-timeout(g.clk, 10*time.Second):
			cancel()
			return <-done
		}
	}
}

func timeout(clk clock.Clock, d time.Duration) <-chan time.Time {
	c, _ := clk.After(d)
	return c
}
