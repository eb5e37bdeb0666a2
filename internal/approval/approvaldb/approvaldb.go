// Package approvaldb is the SQL of requests that wait for a second person.
package approvaldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// Store implements approval.Store.
type Store struct{ db *sqldb.DB }

// New makes the store over an open database.
func New(db *sqldb.DB) *Store { return &Store{db} }

var _ approval.Store = (*Store)(nil)

const columns = `id, organization_id, venue_id, kind, state, object_kind, object_id,
	object_revision, amount_minor, asked_by, asked_at, expires_at, decided_by, decided_at,
	problem, made_kind, made_id, doc, input, open_digest`

const (
	insertRequest = `INSERT INTO approval_request (` + columns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectRequest = `SELECT ` + columns + ` FROM approval_request
		WHERE id = ? AND organization_id = ?`
	selectOpen = `SELECT ` + columns + ` FROM approval_request
		WHERE organization_id = ? AND open_digest = ?`
	endIfPending = `UPDATE approval_request SET state = ?, decided_by = ?, decided_at = ?,
		problem = ?, made_kind = ?, made_id = ?, doc = ?, open_digest = NULL
		WHERE id = ? AND organization_id = ? AND state = 'pending'`
	countOpen = `SELECT COUNT(*) FROM approval_request
		WHERE organization_id = ? AND asked_by = ? AND state = 'pending' AND expires_at > ?`
	countAll = `SELECT kind, venue_id, asked_by, COUNT(*) FROM approval_request
		WHERE organization_id = ? AND state = 'pending' AND expires_at > ?
		GROUP BY kind, venue_id, asked_by`
)

type row interface{ Scan(...any) error }

func scan(r row) (*approval.Request, error) {
	var q approval.Request
	var asked, expires, decided int64
	var doc []byte
	err := r.Scan(&q.ID, &q.Organization, &q.Venue, &q.Kind, &q.State, &q.Object.Kind,
		&q.Object.ID, &q.Object.Revision, &q.Amount, &q.AskedBy, &asked, &expires, &q.DecidedBy,
		&decided, &q.Problem, &q.Made.Kind, &q.Made.ID, &doc, &q.Input, &q.Digest)
	if err != nil {
		return nil, err
	}
	q.AskedAt, q.ExpiresAt = clock.FromMillis(asked), clock.FromMillis(expires)
	if decided != 0 {
		q.DecidedAt = clock.FromMillis(decided)
	}
	return &q, json.Unmarshal(doc, &q.Doc)
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Millis(t)
}

// Insert stores a new request.
func (s *Store) Insert(tx *sqldb.Tx, q *approval.Request) error {
	doc, err := json.Marshal(q.Doc)
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertRequest, q.ID, q.Organization, q.Venue, string(q.Kind),
		string(q.State), q.Object.Kind, q.Object.ID, q.Object.Revision, int64(q.Amount),
		q.AskedBy, millis(q.AskedAt), millis(q.ExpiresAt), q.DecidedBy, millis(q.DecidedAt),
		q.Problem, q.Made.Kind, q.Made.ID, doc, q.Input, q.Digest)
	return err
}

// one is the request of a row; fault.Missing without one.
func one(r row) (*approval.Request, error) {
	q, err := scan(r)
	if found, err := sqldb.Found(err); err != nil || found {
		return q, err
	}
	return nil, fault.Missing
}

// Find reads a request inside a transaction; fault.Missing without one.
func (s *Store) Find(tx *sqldb.Tx, in actor.Scope, id int64) (*approval.Request, error) {
	return one(tx.QueryRow(selectRequest, id, in.Organization))
}

// Get is Find outside any transaction.
func (s *Store) Get(ctx context.Context, in actor.Scope, id int64) (*approval.Request, error) {
	return one(s.db.QueryRow(ctx, selectRequest, id, in.Organization))
}

// FindOpen is the undecided request of a digest, or nil.
func (s *Store) FindOpen(tx *sqldb.Tx, in actor.Scope, digest []byte) (*approval.Request, error) {
	q, err := scan(tx.QueryRow(selectOpen, in.Organization, digest))
	if found, err := sqldb.Found(err); err != nil || !found {
		return nil, err
	}
	return q, nil
}

// EndIfPending writes the outcome over a pending request; false when it is pending no more.
func (s *Store) EndIfPending(tx *sqldb.Tx, q *approval.Request) (bool, error) {
	doc, err := json.Marshal(q.Doc)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(endIfPending, string(q.State), q.DecidedBy, millis(q.DecidedAt), q.Problem,
		q.Made.Kind, q.Made.ID, doc, q.ID, q.Organization)
	return n == 1, err
}

// OpenOf counts the pending requests of one asker.
func (s *Store) OpenOf(tx *sqldb.Tx, in actor.Scope, asker int64) (n int, err error) {
	err = tx.QueryRow(countOpen, in.Organization, asker, millis(tx.Now)).Scan(&n)
	return n, err
}

// Counts is what waits, by kind, venue and asker.
func (s *Store) Counts(ctx context.Context, in actor.Scope, now time.Time) (
	[]approval.Count, error,
) {
	rows, err := s.db.Query(ctx, countAll, in.Organization, millis(now))
	return sqldb.Collect(rows, err, func(r *sql.Rows) (c approval.Count, err error) {
		err = r.Scan(&c.Kind, &c.Venue, &c.Asker, &c.N)
		return c, err
	})
}

// A page is all of an organization, or what is in a state; each by kind and asker where they
// are given.
const (
	listOf = `SELECT ` + columns + ` FROM approval_request
		WHERE organization_id = ? AND id < ? AND (? = '' OR kind = ?) AND (? = 0 OR asked_by = ?)`
	newest      = ` ORDER BY id DESC LIMIT ?`
	listAll     = listOf + newest
	listPending = listOf + ` AND state = 'pending' AND expires_at > ?` + newest
	listExpired = listOf + ` AND (state = 'expired' OR (state = 'pending'
		AND expires_at <= ?))` + newest
	listIn = listOf + ` AND state = ?` + newest
)

// List is a page of requests, newest first. What is stored as pending and is too old is
// found as expired.
func (s *Store) List(ctx context.Context, in actor.Scope, f approval.Filter) (
	[]*approval.Request, error,
) {
	before := f.Before
	if before == 0 {
		before = 1<<63 - 1
	}
	args := []any{in.Organization, before, string(f.Kind), string(f.Kind), f.Asker, f.Asker}
	query := listAll
	switch f.State {
	case "":
	case approval.Pending:
		query, args = listPending, append(args, millis(f.Now))
	case approval.Expired:
		query, args = listExpired, append(args, millis(f.Now))
	default:
		query, args = listIn, append(args, string(f.State))
	}
	rows, err := s.db.Query(ctx, query, append(args, f.Limit)...)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (*approval.Request, error) { return scan(r) })
}

const (
	selectRules = `SELECT organization_id, kind, enabled, over_minor, days FROM approval_rule
		WHERE organization_id = ?`
	insertRule = `INSERT INTO approval_rule (organization_id, kind, enabled, over_minor, days,
		since) VALUES (?, ?, ?, ?, ?, ?)`
	// since comes first: MariaDB reads what stands to the left as changed already.
	updateRule = `UPDATE approval_rule SET since = CASE WHEN enabled = 0 THEN ? ELSE since END,
		enabled = ?, over_minor = ?, days = ? WHERE organization_id = ? AND kind = ?`
)

func rules(rows *sql.Rows, err error) ([]approval.Rule, error) {
	return sqldb.Collect(rows, err, func(r *sql.Rows) (q approval.Rule, err error) {
		err = r.Scan(&q.Organization, &q.Kind, &q.Enabled, &q.Over, &q.Days)
		return q, err
	})
}

// Rules are the rules that an organization has set.
func (s *Store) Rules(ctx context.Context, in actor.Scope) ([]approval.Rule, error) {
	return rules(s.db.Query(ctx, selectRules, in.Organization))
}

// RulesIn is Rules inside a transaction.
func (s *Store) RulesIn(tx *sqldb.Tx, in actor.Scope) ([]approval.Rule, error) {
	return rules(tx.Query(selectRules, in.Organization))
}

// PutRule stores a rule, new or over the old one.
func (s *Store) PutRule(tx *sqldb.Tx, r approval.Rule) error {
	enabled := 0
	if r.Enabled {
		enabled = 1
	}
	n, err := tx.Exec(updateRule, millis(tx.Now), enabled, int64(r.Over), r.Days, r.Organization,
		string(r.Kind))
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.Exec(insertRule, r.Organization, string(r.Kind), enabled, int64(r.Over), r.Days,
		millis(tx.Now))
	return err
}
