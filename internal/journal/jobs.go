package journal

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// Job is work that is due at a time. It is stored in the transaction that makes it
// necessary and done at least once, so its handler must bear a repeat.
type Job struct {
	ID       int64 // 0 in Enqueue: made there
	Kind     string
	ObjectID int64
	Due      time.Time
	Tries    int    // failed tries before this one
	Payload  []byte // ≤ MaxPayload; no personal values
}

// FailedJob is one that a person must decide about.
type FailedJob struct {
	Job
	Problem string
}

// MaxPayload bounds a job's payload, in bytes.
const MaxPayload = 4000

// ErrGiveUp ends a job at once: a handler that returns it (wrapped) says that no later try
// can succeed. The job is kept for a person.
var ErrGiveUp = fault.Define(fault.Internal, "job_given_up",
	"任务无法完成,需要人工处理", "The job cannot succeed; a person must look.",
	"Open the list of failed jobs, repair the cause and retry it.")

// JobStore keeps the jobs; journaldb implements it.
type JobStore interface {
	InsertJob(tx *sqldb.Tx, j Job) error
	DeleteJob(tx *sqldb.Tx, id int64) (bool, error)
	// DueJobs are waiting jobs of a kind that are due, oldest first.
	DueJobs(ctx context.Context, kind string, now time.Time, limit int) ([]Job, error)
	// ClaimJob leases one job if nobody else has; it counts the try.
	ClaimJob(tx *sqldb.Tx, id int64, holder string, now, until time.Time) (bool, error)
	// SettleJob puts a claimed job back (state 0) or aside (state 1).
	SettleJob(tx *sqldb.Tx, s Settled) error
	NextDue(ctx context.Context, kind string) (time.Time, bool, error)
	JobAdmin
}

// JobAdmin is the part of the store for people and for a start after a crash.
type JobAdmin interface {
	FailedJobs(ctx context.Context, after int64, limit int) ([]FailedJob, error)
	RetryJob(tx *sqldb.Tx, id int64, now time.Time) (bool, error)
	// ReleaseJobs frees all leases: nobody else can be alive.
	ReleaseJobs(tx *sqldb.Tx, now time.Time) (int64, error)
}

// Settled is how a try ended that did not finish its job.
type Settled struct {
	ID      int64
	Holder  string
	Due     time.Time
	Tries   int
	Failed  bool // for good
	Problem string
}

// Enqueue stores a job in the transaction. It refuses an unknown kind and an oversize
// payload, which are mistakes of ours.
func (q *Jobs) Enqueue(tx *sqldb.Tx, j Job) error {
	line := q.lines[j.Kind]
	if j.Kind == "" || len(j.Kind) > 40 || len(j.Payload) > MaxPayload {
		return fault.Unexpected.Wrap(fmt.Errorf("journal: job %q with %d bytes of payload",
			j.Kind, len(j.Payload)))
	}
	if j.ID == 0 {
		j.ID = q.cfg.IDs.Next()
	}
	if err := q.cfg.Store.InsertJob(tx, j); err != nil {
		return err
	}
	if line != nil {
		due := j.Due
		tx.AfterCommit(func() { line.rouse(due) })
	}
	return nil
}

// Done deletes a job in a transaction of its handler's own, so that its effect and its end
// are one. It is false when the job is gone already: then the effect must not happen twice.
func (q *Jobs) Done(tx *sqldb.Tx, id int64) (bool, error) {
	return q.cfg.Store.DeleteJob(tx, id)
}

// IDs makes the jobs' keys; idgen.Source implements it.
type IDs interface{ Next() int64 }

// JobsConfig is what the queue is made of.
type JobsConfig struct {
	DB    *sqldb.DB
	Store JobStore
	Clock clock.Clock
	IDs   IDs
	Log   *slog.Logger
	// Holder names the process in leases, ≤ 60 letters; no two processes share one.
	Holder string
	// Lease is the longest that one try may take; 0 means 60 s.
	Lease time.Duration
	// Poll is how often the book is asked although nothing was heard; 0 means 1 s. It
	// finds what other processes enqueued.
	Poll time.Duration
}

// Jobs is the queue of work that is due at a time. Make one with NewJobs.
type Jobs struct {
	cfg   JobsConfig
	lines map[string]*line // by kind; fixed once Run begins
}

// NewJobs makes the queue.
func NewJobs(cfg JobsConfig) *Jobs {
	if cfg.Lease == 0 {
		cfg.Lease = defaultJobLease
	}
	if cfg.Poll == 0 {
		cfg.Poll = time.Second
	}
	return &Jobs{cfg: cfg, lines: map[string]*line{}}
}

// Failed lists jobs that were put aside, by id, at most limit after the one given.
func (q *Jobs) Failed(ctx context.Context, after int64, limit int) ([]FailedJob, error) {
	return q.cfg.Store.FailedJobs(ctx, after, min(max(limit, 1), 1000))
}

// Retry makes a failed job due now, with fresh tries. It refuses with fault.Missing when
// no failed job has this id.
func (q *Jobs) Retry(ctx context.Context, id int64) error {
	err := q.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ok, err := q.cfg.Store.RetryJob(tx, id, tx.Now)
		if err == nil && !ok {
			return fault.Missing
		}
		return err
	})
	if err == nil {
		for _, l := range q.lines {
			poke(l.woken)
		}
	}
	return err
}
