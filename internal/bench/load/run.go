package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"foyer/internal/clock"
)

// Shape is how requests arrive. With a Rate they arrive at fixed times whether or not the
// ones before were answered, and a request's time counts from the moment it was planned
// for; without one each connection asks anew as soon as it has its answer.
type Shape struct {
	Rate  float64       `json:"rate,omitempty"` // per second; 0 is a closed loop
	Conns int           `json:"conns"`
	Warm  time.Duration `json:"warm"` // at the start, not counted
	For   time.Duration `json:"for"`  // counted
}

// errDrained ends a run: there is nothing left to ask for.
var errDrained = errors.New("load: nothing left")

// step asks the i-th thing over a worker's connections.
type step func(w *worker, i int64) error

// worker is one connection's worth of load.
type worker struct {
	number int
	conn   *Conn
	bank   *Conn
	clk    clock.Clock
	buf    []byte
	body   []byte
	etag   []byte
	bytes  int64
	took   time.Duration // set by a step that measures a part of itself only

	samples []sample
	done    int
	failed  map[string]int
	acked   []string
}

// run is one run of a step by many workers.
type run struct {
	shape   Shape
	clk     clock.Clock
	do      step
	start   time.Time
	next    atomic.Int64
	drained atomic.Int64 // microseconds from start; 0: not drained
}

// maxSamples bounds what a worker keeps; beyond it a run is refused as too long.
const maxSamples = 4 << 20

// play runs a step to the end of its shape.
func play(ctx context.Context, clk clock.Clock, shape Shape, addr, bank string, do step) (
	Summary, []string, error,
) {
	if shape.Conns < 1 || shape.Conns > 10_000 || shape.For <= 0 {
		return Summary{}, nil, fmt.Errorf("load: a shape of %d connections for %v", shape.Conns,
			shape.For)
	}
	r := &run{shape: shape, clk: clk, do: do}
	end := clk.Now().Add(shape.Warm + shape.For + 30*time.Second)
	workers := make([]*worker, shape.Conns)
	for i := range workers {
		workers[i] = &worker{number: i, conn: NewConn(addr, end), clk: clk,
			failed: map[string]int{}, samples: make([]sample, 0, 4096)}
		if bank != "" {
			workers[i].bank = NewConn(bank, end)
		}
	}
	if err := dialAll(workers); err != nil {
		return Summary{}, nil, err
	}
	r.start = clk.Now()
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(func() { r.work(ctx, w) })
	}
	all.Wait()
	s, acked := r.gather(workers)
	return s, acked, ctx.Err()
}

// dialAll connects before the clock runs: what is measured is requests.
func dialAll(workers []*worker) error {
	for _, w := range workers {
		if err := w.conn.dial(); err != nil {
			return err
		}
		if w.bank == nil {
			continue
		}
		if err := w.bank.dial(); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) work(ctx context.Context, w *worker) {
	defer w.conn.Close()
	if w.bank != nil {
		defer w.bank.Close()
	}
	end := r.shape.Warm + r.shape.For
	for ctx.Err() == nil && len(w.samples) < maxSamples && r.drained.Load() == 0 {
		i := r.next.Add(1) - 1
		planned := r.clk.Now()
		if r.shape.Rate > 0 {
			offset := time.Duration(float64(i) / r.shape.Rate * float64(time.Second))
			planned = r.start.Add(offset)
			if offset >= end || !r.sleep(ctx, planned) {
				return
			}
		} else if planned.Sub(r.start) >= end {
			return
		}
		w.took = 0
		err := r.do(w, i)
		if errors.Is(err, errDrained) {
			r.drained.CompareAndSwap(0, max(1, r.clk.Now().Sub(r.start).Microseconds()))
			return
		}
		r.note(w, planned, r.clk.Now(), err)
	}
}

// sleep waits for a planned moment; false when the run was called off.
func (r *run) sleep(ctx context.Context, until time.Time) bool {
	d := until.Sub(r.clk.Now())
	if d <= 0 {
		return true
	}
	c, stop := r.clk.After(d)
	defer stop()
	select {
	case <-c:
		return true
	case <-ctx.Done():
		return false
	}
}

// note keeps a sample. In a closed loop what ends after the time is over is not counted,
// so that the rate is that of the time measured.
func (r *run) note(w *worker, planned, done time.Time, err error) {
	at := planned.Sub(r.start) - r.shape.Warm
	w.done++
	if err != nil {
		w.failed[kindOf(err)]++
		return
	}
	if at < 0 || (r.shape.Rate == 0 && done.Sub(r.start) > r.shape.Warm+r.shape.For) {
		return
	}
	took := done.Sub(planned)
	if w.took > 0 {
		took = w.took
	}
	w.samples = append(w.samples, sample{uint32(at.Microseconds()), uint32(took.Microseconds())})
}

// kindOf is an error without what differs from one connection to the next.
func kindOf(err error) string {
	var broken *net.OpError
	var late net.Error
	switch {
	case errors.As(err, &late) && late.Timeout():
		return "no answer in time"
	case errors.As(err, &broken):
		return broken.Op + ": " + broken.Err.Error()
	}
	return err.Error()
}

func (r *run) gather(workers []*worker) (Summary, []string) {
	n, total := 0, 0
	for _, w := range workers {
		n += len(w.samples)
		total += w.done
	}
	all := make([]sample, 0, n)
	kinds := map[string]int{}
	var acked []string
	var bytes int64
	for _, w := range workers {
		all = append(all, w.samples...)
		acked = append(acked, w.acked...)
		bytes += w.bytes
		for k, n := range w.failed {
			kinds[k] += n
		}
	}
	span := r.shape.For
	if d := r.drained.Load(); d > 0 {
		span = min(span, time.Duration(d)*time.Microsecond-r.shape.Warm)
	}
	s := summarize(all, span)
	s.Drained = r.drained.Load() > 0
	s.Bytes, s.Total = bytes, total
	for k, n := range kinds {
		s.Errors += n
		if s.Kinds == nil {
			s.Kinds = map[string]int{}
		}
		if len(s.Kinds) < 20 {
			s.Kinds[k] = n
		}
	}
	return s, acked
}
