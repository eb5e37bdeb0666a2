package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"foyer/internal/sqldb"
)

const (
	defaultJobLease = time.Minute
	defaultAtOnce   = 4
	defaultMaxTries = 20
	firstDelay      = time.Second
	maxDelay        = time.Hour
	maxProblem      = 1000 // bytes
)

// JobHandler does one job. A nil error ends it, or with again > 0 has it done once more
// after that time (polling; this is no failure). With an error it is tried again after
// again, or after a delay that doubles from 1 s to 1 h.
type JobHandler func(ctx context.Context, j Job) (again time.Duration, err error)

// line is the queue of one kind of job.
type line struct {
	kind     string
	fn       JobHandler
	atOnce   int
	maxTries int

	woken chan struct{}
	mu    sync.Mutex
	next  time.Time // when the loop will look again
}

// JobOption bounds one kind of job.
type JobOption func(*line)

// AtOnce is how many jobs of the kind run at the same time in this process (default 4).
func AtOnce(n int) JobOption { return func(l *line) { l.atOnce = max(n, 1) } }

// MaxTries is how many failures put a job aside for a person (default 20).
func MaxTries(n int) JobOption { return func(l *line) { l.maxTries = max(n, 1) } }

// Handle registers who does the jobs of a kind. Call it before Run.
func (q *Jobs) Handle(
	kind string, fn func(ctx context.Context, j Job) (again time.Duration, err error),
	options ...JobOption,
) {
	if q.lines[kind] != nil || kind == "" || len(kind) > 40 {
		panic("journal: job kind " + kind + " is not 1..40 bytes and new") // composition's mistake
	}
	l := &line{kind: kind, fn: fn, atOnce: defaultAtOnce, maxTries: defaultMaxTries,
		woken: make(chan struct{}, 1)}
	for _, o := range options {
		o(l)
	}
	q.lines[kind] = l
}

// rouse wakes the loop if it sleeps beyond due.
func (l *line) rouse(due time.Time) {
	l.mu.Lock()
	sleeps := l.next.IsZero() || due.Before(l.next)
	l.mu.Unlock()
	if sleeps {
		poke(l.woken)
	}
}

// Run does jobs until ctx ends, then waits for those that run. On a database that no other
// process can write to, it first frees what a process that died had leased.
func (q *Jobs) Run(ctx context.Context) error {
	alone, err := q.cfg.DB.Exclusive()
	if err != nil {
		return err
	}
	if alone {
		err := q.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			_, err := q.cfg.Store.ReleaseJobs(tx, tx.Now)
			return err
		})
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	var all sync.WaitGroup
	for _, l := range q.lines {
		all.Go(func() { q.work(ctx, l) })
	}
	all.Wait()
	return nil
}

// work is the loop of one kind: fill the free places with what is due, then sleep until
// the next is due, a job ends, or one is enqueued.
func (q *Jobs) work(ctx context.Context, l *line) {
	var running sync.WaitGroup
	defer running.Wait()
	free := make(chan struct{}, l.atOnce)
	for range l.atOnce {
		free <- struct{}{}
	}
	for ctx.Err() == nil {
		// What is enqueued from here on wakes the sleep below.
		l.setNext(time.Time{})
		jobs, err := q.claim(ctx, l, len(free))
		if err != nil && ctx.Err() == nil {
			q.cfg.Log.Warn("jobs cannot be claimed", "kind", l.kind, "error", err)
		}
		for _, j := range jobs {
			<-free
			running.Go(func() {
				defer func() { free <- struct{}{}; poke(l.woken) }()
				q.try(ctx, l, j)
			})
		}
		q.sleep(ctx, l, len(jobs) > 0, len(free) == 0)
	}
}

// sleep ends when the next job is due, at the next poll, or when somebody pokes.
func (q *Jobs) sleep(ctx context.Context, l *line, busy, full bool) {
	wait := q.cfg.Poll
	now := q.cfg.Clock.Now()
	if busy && !full {
		return
	}
	if !full {
		if due, ok, err := q.cfg.Store.NextDue(ctx, l.kind); err == nil && ok {
			wait = min(wait, due.Sub(now))
		}
	}
	if wait <= 0 {
		wait = time.Millisecond // leased by another process a moment ago
	}
	l.setNext(now.Add(wait))
	tick, stop := q.cfg.Clock.After(wait)
	defer stop()
	select {
	case <-ctx.Done():
	case <-tick:
	case <-l.woken:
	}
}

func (l *line) setNext(t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = t
}

// claim leases up to n due jobs.
func (q *Jobs) claim(ctx context.Context, l *line, n int) ([]Job, error) {
	if n == 0 {
		return nil, nil
	}
	due, err := q.cfg.Store.DueJobs(ctx, l.kind, q.cfg.Clock.Now(), n)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	var mine []Job
	err = q.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		mine = mine[:0]
		for _, j := range due {
			ok, err := q.cfg.Store.ClaimJob(tx, j.ID, q.cfg.Holder, tx.Now,
				tx.Now.Add(q.cfg.Lease))
			if err != nil {
				return err
			}
			if ok {
				mine = append(mine, j)
			}
		}
		return nil
	})
	return mine, err
}

// try does one job and settles what came of it. What happened is stored also when ctx
// ended meanwhile, so that a stop does not repeat finished work.
func (q *Jobs) try(ctx context.Context, l *line, j Job) {
	limited, cancel := context.WithTimeout(ctx, q.cfg.Lease*9/10)
	var again time.Duration
	err := safely(func() (err error) {
		again, err = l.fn(limited, j)
		return err
	})
	cancel()
	store := context.WithoutCancel(ctx)
	err = q.cfg.DB.InTx(store, func(tx *sqldb.Tx) error {
		if err == nil && again <= 0 {
			_, err := q.cfg.Store.DeleteJob(tx, j.ID)
			return err
		}
		return q.cfg.Store.SettleJob(tx, l.settled(j, q.cfg.Holder, tx.Now, again, err))
	})
	if err != nil {
		q.cfg.Log.Warn("a job's end cannot be stored; its lease will end", "kind", l.kind,
			"job", j.ID, "error", err)
	}
}

// settled decides what becomes of a job that is not done.
func (l *line) settled(
	j Job, holder string, now time.Time, again time.Duration, err error,
) Settled {
	s := Settled{ID: j.ID, Holder: holder, Due: now.Add(again)}
	if err == nil {
		return s
	}
	s.Tries = j.Tries + 1
	s.Problem = clip(fmt.Sprint(err), maxProblem)
	s.Failed = s.Tries >= l.maxTries || errors.Is(err, ErrGiveUp)
	if again <= 0 {
		s.Due = now.Add(retryDelay(j.Tries))
	}
	return s
}

// retryDelay doubles from 1 s to 1 h.
func retryDelay(tries int) time.Duration {
	if tries > 12 {
		return maxDelay
	}
	return min(firstDelay<<max(tries, 0), maxDelay)
}

// clip shortens a text to at most n bytes of whole letters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
