// Package catalogdb keeps the catalogue in SQL.
package catalogdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// Open makes the stores of the catalogue.
func Open(db *sqldb.DB, clk clock.Clock) catalog.Stores {
	sessions := sessionTable(db, clk)
	return catalog.Stores{
		Organizations:  organizationTable(db),
		Venues:         venueTable(db),
		Halls:          hallTable(db),
		Events:         eventTable(db),
		TicketTypes:    ticketTypeTable(db),
		PriceLists:     priceListTable(db),
		RefundPolicies: refundPolicyTable(db),
		Sessions:       sessions,
		Media:          mediaTable(db),
		Offers:         offerTable(db),
		Releases:       releaseTable(db),
		Batches:        batchTable(db),
		PastPrices:     pastPrices{},
		Holidays:       holidayTable(db),
		Timetable:      timetable{sessions},
		Codes:          codes{eventTable(db)},
	}
}

// table is the store of one kind of object. Its statements bind, in this order:
//
//	insert  id, organization, values…, revision, created_at, updated_at
//	update  values…, revision, updated_at, id, organization, revision as it was
//	find    id, organization
//	list    organization, after, limit
//	known   after, (since,) limit
//	one     id
//
// and every SELECT gives id, organization, revision, created_at, updated_at, values….
type table[T any] struct {
	db *sqldb.DB
	statements
	// own says that the object is the organization itself: its key stands for both.
	own bool
	// since binds what the picture in memory goes back to, for what has an end.
	since func() time.Time

	meta   func(*T) *catalog.Meta
	values func(*T) ([]any, error)
	scan   func(v *T) (targets []any, finish func() error)
}

type statements struct{ insert, update, find, list, known, one string }

// Insert writes a new row; a duplicate key is the caller's to name.
func (t *table[T]) Insert(tx *sqldb.Tx, v *T) error {
	values, err := t.values(v)
	if err != nil {
		return err
	}
	m := t.meta(v)
	args := []any{m.ID}
	if !t.own {
		args = append(args, m.Organization)
	}
	args = append(append(args, values...), m.Revision, clock.Millis(m.CreatedAt),
		clock.Millis(m.UpdatedAt))
	_, err = tx.Exec(t.insert, args...)
	return err
}

// Update writes v over the row of revision was; fault.Stale when it has another.
func (t *table[T]) Update(tx *sqldb.Tx, v *T, was int64) error {
	values, err := t.values(v)
	if err != nil {
		return err
	}
	m := t.meta(v)
	args := append(slices.Clip(values), m.Revision, clock.Millis(m.UpdatedAt), m.ID)
	if !t.own {
		args = append(args, m.Organization)
	}
	return tx.Guard(fault.Stale, t.update, append(args, was)...)
}

// Find reads one object in the transaction; fault.Missing when there is none in scope.
func (t *table[T]) Find(tx *sqldb.Tx, scope actor.Scope, id int64) (*T, error) {
	if t.own && id != scope.Organization {
		return nil, fault.Missing
	}
	return t.read(tx.QueryRow(t.find, t.key(scope, id)...))
}

// Get is Find outside a transaction.
func (t *table[T]) Get(ctx context.Context, scope actor.Scope, id int64) (*T, error) {
	if t.own && id != scope.Organization {
		return nil, fault.Missing
	}
	return t.read(t.db.QueryRow(ctx, t.find, t.key(scope, id)...))
}

func (t *table[T]) key(scope actor.Scope, id int64) []any {
	if t.own {
		return []any{id}
	}
	return []any{id, scope.Organization}
}

// List is a page of the organization's objects by id.
func (t *table[T]) List(ctx context.Context, scope actor.Scope, after int64,
	limit int) ([]*T, error) {
	return t.collect(t.db.Query(ctx, t.list, scope.Organization, after, limit))
}

// Known is a page of all organizations' objects that the picture in memory holds.
func (t *table[T]) Known(ctx context.Context, after int64, limit int) ([]*T, error) {
	args := []any{after}
	if t.since != nil {
		args = append(args, clock.Millis(t.since()))
	}
	return t.collect(t.db.Query(ctx, t.known, append(args, limit)...))
}

// One is an object of any organization; fault.Missing when there is none.
func (t *table[T]) One(ctx context.Context, id int64) (*T, error) {
	return t.read(t.db.QueryRow(ctx, t.one, id))
}

type row interface{ Scan(targets ...any) error }

func (t *table[T]) read(r row) (*T, error) {
	v := new(T)
	m := t.meta(v)
	var created, updated int64
	targets, finish := t.scan(v)
	all := append([]any{&m.ID, &m.Organization, &m.Revision, &created, &updated}, targets...)
	if found, err := sqldb.Found(r.Scan(all...)); err != nil {
		return nil, err
	} else if !found {
		return nil, fault.Missing
	}
	m.CreatedAt, m.UpdatedAt = clock.FromMillis(created), clock.FromMillis(updated)
	return v, finish()
}

func (t *table[T]) collect(rows *sql.Rows, err error) ([]*T, error) {
	return sqldb.Collect(rows, err, func(r *sql.Rows) (*T, error) { return t.read(r) })
}

// encode makes the document of a row; fault.BadInput when it is over the column's size.
func encode(field string, doc any, most int) ([]byte, error) {
	raw, err := json.Marshal(doc)
	if err == nil && len(raw) > most {
		err = fault.BadInput.At(field, "all texts together are too long / 内容总长度超出限制")
	}
	return raw, err
}

// stored is a time as a column holds it; the zero time is 0.
func stored(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Millis(t)
}
