package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
)

// item is one piece of work for the writer: a function, or a value for a door.
type item struct {
	fn     func(*Tx) error
	door   door
	value  any
	answer chan error
}

// door applies many values of one kind in one call.
type door interface {
	apply(tx *Tx, values []any) []error
}

// Door hands values, not functions, to the writer: a module's store applies a whole batch
// of them at once, with prepared or multi-row statements.
type Door[T any] struct {
	db *DB
	fn func(tx *Tx, batch []T) []error
}

// NewDoor makes a door. apply must call tx.Try for each value (or group of values) that
// may fail alone, and returns one error per value.
func NewDoor[T any](db *DB, apply func(tx *Tx, batch []T) []error) *Door[T] {
	return &Door[T]{db, apply}
}

// Do applies v in the writer's next transaction and returns once it is durable. Refusals
// are those of InTx and of the door's own store.
func (d *Door[T]) Do(ctx context.Context, v T) error {
	return d.db.writer.do(ctx, d.db.writer.high, &item{door: d, value: v})
}

func (d *Door[T]) apply(tx *Tx, values []any) []error {
	batch := make([]T, len(values))
	for i, v := range values {
		batch[i] = v.(T)
	}
	return d.fn(tx, batch)
}

const (
	maxWaiting  = 8192
	maxAttempts = 3
	// lowEvery is how long bulk work waits behind commands at the most: one slice of it in
	// this time costs them 2 % and keeps it from starving under a load that never ends.
	lowEvery = 250 * time.Millisecond
	// gatherFrom is how many commands a batch had after which the next one gathers.
	gatherFrom = 3
)

type writer struct {
	db         *DB
	conn       *sql.Conn
	stmts      map[string]*sql.Stmt
	high, low  chan *item
	sealer     Sealer
	failedSync func(error)
	truncate   atomic.Bool
	moveRest   atomic.Bool
	lastLow    time.Time // when bulk work was last taken
	lastTaken  time.Time // when the last batch was taken
	lastSize   int       // how many commands it had
	wary       int       // batches that still have savepoints

	closing   chan struct{}
	closeOnce sync.Once
	gate      sync.RWMutex
	closed    bool

	batches, functions, failures, reruns, largest, slow atomic.Int64
}

func newWriter(db *DB) *writer {
	return &writer{db: db, stmts: map[string]*sql.Stmt{}, closing: make(chan struct{}),
		high: make(chan *item, maxWaiting), low: make(chan *item, 64)}
}

// do queues the item and waits for its answer. A full queue refuses at once: to wait
// longer than the queue is long helps nobody.
func (w *writer) do(ctx context.Context, queue chan *item, it *item) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	it.answer = make(chan error, 1)
	if err := w.enqueue(ctx, queue, it); err != nil {
		return err
	}
	select {
	case err := <-it.answer:
		return err
	case <-ctx.Done():
		select { // the answer may have come at the same moment
		case err := <-it.answer:
			return err
		default:
			return ctx.Err()
		}
	}
}

func (w *writer) enqueue(ctx context.Context, queue chan *item, it *item) error {
	w.gate.RLock()
	defer w.gate.RUnlock()
	if w.closed {
		return ErrClosed
	}
	if queue == w.high {
		select {
		case queue <- it:
			return nil
		default:
			return ErrBusy.Retry(time.Second)
		}
	}
	select {
	case queue <- it:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return ErrClosed
	}
}

func (w *writer) close() {
	w.closeOnce.Do(func() {
		close(w.closing)
		w.gate.Lock()
		w.closed = true
		w.gate.Unlock()
	})
}

// run is the writer's life: take what waits, commit it together, answer, again. It ends
// after close once both queues are empty.
func (w *writer) run(ctx context.Context) {
	defer w.dropConn()
	for {
		batch := w.next(ctx)
		if batch == nil {
			return
		}
		w.commitBatch(ctx, batch)
		if w.moveRest.CompareAndSwap(true, false) {
			if _, err := w.db.moveWAL(ctx); err != nil {
				w.db.log.Warn("checkpoint failed", "error", err)
			}
		}
		if w.truncate.CompareAndSwap(true, false) {
			if err := w.db.truncateWAL(ctx); err != nil {
				w.db.log.Warn("checkpoint failed", "error", err)
			}
		}
	}
}

// next waits for the first item and takes all that already waits behind it; it never
// waits for company. Bulk work is taken alone, when nothing else waits or when it has
// waited for lowEvery.
func (w *writer) next(ctx context.Context) []*item {
	if it := w.overdue(); it != nil {
		return []*item{it}
	}
	var first *item
	select {
	case first = <-w.high:
	default:
		select {
		case first = <-w.high:
		case it := <-w.low:
			w.lastLow = w.db.clk.Now()
			return []*item{it}
		case <-w.closing:
			return w.drain()
		case <-ctx.Done():
			return w.drain()
		}
	}
	w.gather()
	return w.withCompany(first)
}

// gather lets Config.Gather pass from one batch to the next while commands come together:
// more of them then share what a commit costs. A lone command never waits.
func (w *writer) gather() {
	least := w.db.cfg.Gather
	if least < 0 {
		return
	}
	machine := clock.Real{} // commits take real time, whatever time the product is told
	now := machine.Now()
	if wait := least - now.Sub(w.lastTaken); w.lastSize >= gatherFrom && wait > 0 &&
		wait <= least {
		tick, stop := machine.After(wait)
		select {
		case <-tick:
		case <-w.closing:
		}
		stop()
		now = machine.Now()
	}
	w.lastTaken = now
}

// withCompany is the batch of what waits.
func (w *writer) withCompany(first *item) []*item {
	batch := []*item{first}
	for waits := true; waits && len(batch) < w.db.cfg.MaxBatch; {
		select {
		case it := <-w.high:
			batch = append(batch, it)
		default:
			waits = false
		}
	}
	w.lastSize = len(batch)
	return batch
}

// overdue is the first piece of bulk work when none was taken for lowEvery.
func (w *writer) overdue() *item {
	if len(w.low) == 0 {
		return nil
	}
	now := w.db.clk.Now()
	if gone := now.Sub(w.lastLow); gone >= 0 && gone < lowEvery {
		return nil
	}
	select {
	case it := <-w.low:
		w.lastLow = now
		return it
	default:
		return nil
	}
}

func (w *writer) drain() []*item {
	w.gate.Lock() // nobody is between the check and the send
	w.closed = true
	w.gate.Unlock()
	var batch []*item
	for len(batch) < w.db.cfg.MaxBatch {
		select {
		case it := <-w.high:
			batch = append(batch, it)
		case it := <-w.low:
			batch = append(batch, it)
		default:
			return batch
		}
	}
	return batch
}

// commitBatch runs the batch in one transaction. When the transaction does not stand at
// the end, nobody has been answered: all is undone and each item runs alone.
func (w *writer) commitBatch(ctx context.Context, batch []*item) {
	w.batches.Add(1)
	w.functions.Add(int64(len(batch)))
	if n := int64(len(batch)); n > w.largest.Load() {
		w.largest.Store(n)
	}
	answers, hooks, err := w.attempt(ctx, batch)
	if err == nil {
		w.finish(batch, answers, hooks)
		return
	}
	if errors.Is(err, errCommit) {
		w.refuseAll(batch, err)
		return
	}
	w.reruns.Add(1)
	w.db.log.Debug("batch undone, running each alone", "items", len(batch), "error", err)
	for _, it := range batch {
		w.alone(ctx, it)
	}
}

func (w *writer) alone(ctx context.Context, it *item) {
	one := []*item{it}
	var err error
	for range maxAttempts {
		var answers []error
		var hooks []func()
		if answers, hooks, err = w.attempt(ctx, one); err == nil {
			w.finish(one, answers, hooks)
			return
		}
		if errors.Is(err, errCommit) {
			break
		}
	}
	w.refuseAll(one, err)
}

func (w *writer) finish(batch []*item, answers []error, hooks []func()) {
	for _, h := range hooks {
		w.runHook(h)
	}
	for i, it := range batch {
		if answers[i] != nil {
			w.failures.Add(1)
		}
		it.answer <- answers[i]
	}
}

// runHook keeps a mistake in one hook from taking the writer down with it: the commit has
// happened, and all that a hook may change can be rebuilt from the book.
func (w *writer) runHook(h func()) {
	defer func() {
		if p := recover(); p != nil {
			w.db.log.Error("after-commit hook panicked", "panic", fmt.Sprint(p))
		}
	}()
	h()
}

func (w *writer) refuseAll(batch []*item, err error) {
	w.failures.Add(int64(len(batch)))
	def := ErrStorage
	if errors.Is(err, errOutcome) {
		def = ErrUnknownOutcome
	}
	var refusal error = def.Wrap(err).Retry(time.Second)
	var f *fault.Error
	if errors.As(err, &f) && !errors.Is(err, errCommit) {
		refusal = f
	}
	w.db.log.Error("nothing of the batch was stored", "items", len(batch), "error", err)
	for _, it := range batch {
		it.answer <- refusal
	}
	if isFailedSync(err) && w.failedSync != nil {
		w.failedSync(err)
	}
}

// prepared is the writer's own statement cache; nil without an error when it is full.
func (w *writer) prepared(query string) (*sql.Stmt, error) {
	if s, ok := w.stmts[query]; ok {
		return s, nil
	}
	if len(w.stmts) >= maxStatements {
		return nil, nil
	}
	ctx := context.Background() //tidy:allow context statements run under the writer's context
	s, err := w.conn.PrepareContext(ctx, query)
	if err != nil && !isUnpreparable(err) {
		return nil, err
	}
	w.stmts[query] = s // nil: not to be tried again
	return s, nil
}

func (w *writer) dropConn() {
	for _, s := range w.stmts {
		if s != nil {
			s.Close()
		}
	}
	w.stmts = map[string]*sql.Stmt{}
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}

func (w *writer) stats() Stats {
	return Stats{Batches: w.batches.Load(), Functions: w.functions.Load(),
		Failures: w.failures.Load(), Reruns: w.reruns.Load(), Waiting: len(w.high),
		LargestBatch: w.largest.Load(), SlowFunctions: w.slow.Load()}
}
