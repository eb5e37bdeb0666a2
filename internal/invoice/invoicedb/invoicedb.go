// Package invoicedb is the SQL of invoice requests.
package invoicedb

import (
	"context"
	"database/sql"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/invoice"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// Store implements invoice.Store.
type Store struct{ db *sqldb.DB }

// New makes the store over an open database.
func New(db *sqldb.DB) *Store { return &Store{db} }

var _ invoice.Store = (*Store)(nil)

const columns = `id, organization_id, order_id, member_id, state, title_kind, sealed, currency,
	paid_minor, exported_minor, red_minor, batch_id, number, red_number, asked_at, exported_at,
	issued_at, revision, erase_after`

const (
	insertRequest = `INSERT INTO invoice_request (` + columns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateIfRevision = `UPDATE invoice_request SET state = ?, title_kind = ?, sealed = ?,
		paid_minor = ?, exported_minor = ?, red_minor = ?, batch_id = ?, number = ?,
		red_number = ?, exported_at = ?, issued_at = ?, revision = revision + 1
		WHERE id = ? AND organization_id = ? AND revision = ?`
	setPaid = `UPDATE invoice_request SET paid_minor = ?, revision = revision + 1
		WHERE order_id = ? AND organization_id = ?`
	selectOfOrder = `SELECT ` + columns + ` FROM invoice_request
		WHERE order_id = ? AND organization_id = ?`
	selectOne = `SELECT ` + columns + ` FROM invoice_request
		WHERE id = ? AND organization_id = ?`
	selectWaiting = `SELECT ` + columns + ` FROM invoice_request WHERE organization_id = ?
		AND state = 'requested' AND id > ? ORDER BY id LIMIT ?`
	selectOfBatch = `SELECT ` + columns + ` FROM invoice_request WHERE organization_id = ?
		AND batch_id = ? AND id > ? ORDER BY id LIMIT ?`
	selectList = `SELECT ` + columns + ` FROM invoice_request WHERE organization_id = ?
		AND id < ? AND (? = '' OR state = ?) AND asked_at >= ? AND asked_at < ?
		AND (? = 0 OR (state IN ('exported', 'issued')
		AND exported_minor - red_minor > paid_minor)) ORDER BY id DESC LIMIT ?`
	insertBatch = `INSERT INTO invoice_batch (id, organization_id, made_by, made_at)
		VALUES (?, ?, ?, ?)`
	selectBatch = `SELECT id, organization_id, made_by, made_at FROM invoice_batch
		WHERE id = ? AND organization_id = ?`
)

type row interface{ Scan(...any) error }

func scan(s row) (*invoice.Request, error) {
	var r invoice.Request
	var asked, exported, issued, erase int64
	err := s.Scan(&r.ID, &r.Organization, &r.Order, &r.Member, &r.State, &r.TitleKind, &r.Sealed,
		&r.Currency, &r.Paid, &r.Amount, &r.Red, &r.Batch, &r.Number, &r.RedNumber, &asked,
		&exported, &issued, &r.Revision, &erase)
	r.AskedAt, r.ExportedAt, r.IssuedAt = timeOf(asked), timeOf(exported), timeOf(issued)
	r.EraseAfter = timeOf(erase)
	return &r, err
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return clock.FromMillis(ms)
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Millis(t)
}

// Insert stores a new request; a second one of the order is a conflict with the first.
func (s *Store) Insert(tx *sqldb.Tx, r *invoice.Request) error {
	_, err := tx.Exec(insertRequest, r.ID, r.Organization, r.Order, r.Member, string(r.State),
		string(r.TitleKind), r.Sealed, string(r.Currency), int64(r.Paid), int64(r.Amount),
		int64(r.Red), r.Batch, r.Number, r.RedNumber, millis(r.AskedAt), millis(r.ExportedAt),
		millis(r.IssuedAt), r.Revision, millis(r.EraseAfter))
	if sqldb.IsDuplicate(err) {
		return fault.Stale
	}
	return err
}

// UpdateIfRevision writes a request over the one of its revision; false over another.
func (s *Store) UpdateIfRevision(tx *sqldb.Tx, r *invoice.Request) (bool, error) {
	n, err := tx.Exec(updateIfRevision, string(r.State), string(r.TitleKind), r.Sealed,
		int64(r.Paid), int64(r.Amount), int64(r.Red), r.Batch, r.Number, r.RedNumber,
		millis(r.ExportedAt), millis(r.IssuedAt), r.ID, r.Organization, r.Revision)
	return n == 1, err
}

// SetPaid notes what an order has left, where it has a request.
func (s *Store) SetPaid(tx *sqldb.Tx, organization, order int64, left money.Minor) error {
	_, err := tx.Exec(setPaid, int64(left), order, organization)
	return err
}

// OfOrder is the request of an order inside a transaction, or nil.
func (s *Store) OfOrder(tx *sqldb.Tx, in actor.Scope, order int64) (*invoice.Request, error) {
	r, err := scan(tx.QueryRow(selectOfOrder, order, in.Organization))
	if found, err := sqldb.Found(err); err != nil || !found {
		return nil, err
	}
	return r, nil
}

func one(s row) (*invoice.Request, error) {
	r, err := scan(s)
	if found, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !found {
		return nil, fault.Missing
	}
	return r, nil
}

// Find reads a request inside a transaction; fault.Missing without one.
func (s *Store) Find(tx *sqldb.Tx, in actor.Scope, id int64) (*invoice.Request, error) {
	return one(tx.QueryRow(selectOne, id, in.Organization))
}

// Get is the request of an order; fault.Missing without one.
func (s *Store) Get(ctx context.Context, in actor.Scope, order int64) (*invoice.Request, error) {
	return one(s.db.QueryRow(ctx, selectOfOrder, order, in.Organization))
}

func list(rows *sql.Rows, err error) ([]*invoice.Request, error) {
	return sqldb.Collect(rows, err, func(r *sql.Rows) (*invoice.Request, error) { return scan(r) })
}

// List is a page of requests, newest first.
func (s *Store) List(ctx context.Context, in actor.Scope, f invoice.Filter) (
	[]*invoice.Request, error,
) {
	before, until, red := f.Before, millis(f.To), 0
	if before == 0 {
		before = 1<<63 - 1
	}
	if until == 0 {
		until = 1<<63 - 1
	}
	if f.Red {
		red = 1
	}
	return list(s.db.Query(ctx, selectList, in.Organization, before, string(f.State),
		string(f.State), millis(f.From), until, red, f.Limit))
}

// Waiting is a page of requested ones, by key.
func (s *Store) Waiting(ctx context.Context, in actor.Scope, after int64, limit int) (
	[]*invoice.Request, error,
) {
	return list(s.db.Query(ctx, selectWaiting, in.Organization, after, limit))
}

// OfBatch is a page of a batch's requests, by key.
func (s *Store) OfBatch(ctx context.Context, in actor.Scope, batch, after int64, limit int) (
	[]*invoice.Request, error,
) {
	return list(s.db.Query(ctx, selectOfBatch, in.Organization, batch, after, limit))
}

// InsertBatch stores a new batch.
func (s *Store) InsertBatch(tx *sqldb.Tx, b invoice.Batch) error {
	_, err := tx.Exec(insertBatch, b.ID, b.Organization, b.MadeBy, millis(b.MadeAt))
	return err
}

// Batch is a batch; fault.Missing without one.
func (s *Store) Batch(ctx context.Context, in actor.Scope, id int64) (invoice.Batch, error) {
	var b invoice.Batch
	var made int64
	err := s.db.QueryRow(ctx, selectBatch, id, in.Organization).Scan(&b.ID, &b.Organization,
		&b.MadeBy, &made)
	if found, err := sqldb.Found(err); err != nil || !found {
		if err == nil {
			err = fault.Missing
		}
		return b, err
	}
	b.MadeAt = timeOf(made)
	return b, nil
}

const (
	requestsAfter = `SELECT ` + columns + ` FROM invoice_request
		WHERE id > ? /* any organization: the keys of the installation change for all */
		ORDER BY id LIMIT ?`
	rekeyIfSame = `UPDATE invoice_request SET sealed = ?
		WHERE id = ? AND organization_id = ? AND sealed = ?`
)

// RequestsAfter pages through all requests by key.
func (s *Store) RequestsAfter(ctx context.Context, id int64, limit int) (
	[]invoice.Request, error,
) {
	rows, err := s.db.Query(ctx, requestsAfter, id, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (invoice.Request, error) {
		q, err := scan(r)
		return *q, err
	})
}

// RekeyRequestIfSame stores what is sealed under another key unless somebody changed it.
func (s *Store) RekeyRequestIfSame(tx *sqldb.Tx, old, now invoice.Request) error {
	_, err := tx.Exec(rekeyIfSame, now.Sealed, old.ID, old.Organization, old.Sealed)
	return err
}
