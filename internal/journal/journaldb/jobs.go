package journaldb

import (
	"context"
	"database/sql"
	"time"

	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// The states of a job.
const (
	waiting = 0 // a process's turn, once it is due
	failed  = 1 // a person's turn: retry it, or leave it
)

// InsertJob stores a job that is due at j.Due.
func (s *Store) InsertJob(tx *sqldb.Tx, j journal.Job) error {
	_, err := tx.Exec(`INSERT INTO job (id, kind, object_id, due_at, lease_until, holder, state,
		tries, payload, problem) VALUES (?, ?, ?, ?, 0, '', ?, 0, ?, '')`,
		j.ID, j.Kind, j.ObjectID, clock.Millis(j.Due), waiting, orEmpty(j.Payload))
	return err
}

// DeleteJob ends a waiting job; false when it is gone or was put aside.
func (s *Store) DeleteJob(tx *sqldb.Tx, id int64) (bool, error) {
	n, err := tx.Exec(`DELETE FROM job WHERE id = ? AND state = ?`, id, waiting)
	return n == 1, err
}

// DueJobs are waiting jobs of a kind that are due, the longest due first. A job that a
// process works on is due again when its lease ends.
func (s *Store) DueJobs(
	ctx context.Context, kind string, now time.Time, limit int,
) ([]journal.Job, error) {
	rows, err := s.db.Query(ctx, `SELECT id, kind, object_id, due_at, tries, payload FROM job
		WHERE state = ? AND kind = ? AND due_at <= ? ORDER BY due_at LIMIT ?`,
		waiting, kind, clock.Millis(now), limit)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (j journal.Job, err error) {
		var due int64
		err = rows.Scan(&j.ID, &j.Kind, &j.ObjectID, &due, &j.Tries, &j.Payload)
		j.Due = clock.FromMillis(due)
		return j, err
	})
}

// ClaimJob leases one job if nobody else has, and counts the try at once: a job that takes
// its process down with it does not come back for ever.
func (s *Store) ClaimJob(
	tx *sqldb.Tx, id int64, holder string, now, until time.Time,
) (bool, error) {
	n, err := tx.Exec(`UPDATE job SET due_at = ?, lease_until = ?, holder = ?,
		tries = tries + 1 WHERE id = ? AND state = ? AND lease_until <= ? AND due_at <= ?`,
		clock.Millis(until), clock.Millis(until), holder, id, waiting,
		clock.Millis(now), clock.Millis(now))
	return n == 1, err
}

// SettleJob puts a claimed job back or aside, unless its lease ended and another process
// has it.
func (s *Store) SettleJob(tx *sqldb.Tx, d journal.Settled) error {
	_, err := tx.Exec(`UPDATE job SET due_at = ?, lease_until = 0, holder = '', state = ?,
		tries = ?, problem = ? WHERE id = ? AND holder = ?`,
		clock.Millis(d.Due), boolInt(d.Failed), d.Tries, d.Problem, d.ID, d.Holder)
	return err
}

// NextDue is when the next job of a kind is due.
func (s *Store) NextDue(ctx context.Context, kind string) (time.Time, bool, error) {
	var due int64
	ok, err := sqldb.Found(s.db.QueryRow(ctx, `SELECT due_at FROM job WHERE state = ? AND
		kind = ? ORDER BY due_at LIMIT 1`, waiting, kind).Scan(&due))
	return clock.FromMillis(due), ok, err
}

// FailedJobs lists those that wait for a person, by id.
func (s *Store) FailedJobs(
	ctx context.Context, after int64, limit int,
) ([]journal.FailedJob, error) {
	rows, err := s.db.Query(ctx, `SELECT id, kind, object_id, due_at, tries, payload, problem
		FROM job WHERE state = ? AND id > ? ORDER BY id LIMIT ?`, failed, after, limit)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (j journal.FailedJob, err error) {
		var due int64
		err = rows.Scan(&j.ID, &j.Kind, &j.ObjectID, &due, &j.Tries, &j.Payload, &j.Problem)
		j.Due = clock.FromMillis(due)
		return j, err
	})
}

// RetryJob makes a failed job due again, with fresh tries.
func (s *Store) RetryJob(tx *sqldb.Tx, id int64, now time.Time) (bool, error) {
	n, err := tx.Exec(`UPDATE job SET state = ?, tries = 0, due_at = ?, lease_until = 0
		WHERE id = ? AND state = ?`, waiting, clock.Millis(now), id, failed)
	return n == 1, err
}

// ReleaseJobs frees all leases and makes their jobs due.
func (s *Store) ReleaseJobs(tx *sqldb.Tx, now time.Time) (int64, error) {
	return tx.Exec(`UPDATE job SET due_at = ?, lease_until = 0, holder = ''
		WHERE state = ? AND lease_until > 0`, clock.Millis(now), waiting)
}
