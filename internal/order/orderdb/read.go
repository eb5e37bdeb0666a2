package orderdb

import (
	"context"
	"database/sql"

	"foyer/internal/clock"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/sqldb"
)

const orderColumns = `id, organization_id, member_id, session_id, channel, state, currency,
	total_minor, captured_minor, refunded_minor, payments_opened, open_payments, expires_at,
	hold_seconds, ended_at, ended_by, snapshot_id, change_id, sessions, revision`

const (
	selectOrder = `SELECT ` + orderColumns + ` FROM orders
		WHERE id = ? /* any organization: whose it is, is checked on the row */`
	selectLines = `SELECT line, session_id, ticket_type_id, zone, amount_minor, snapshot_id,
		changes, detail FROM order_line WHERE order_id = ? ORDER BY line`
	selectReturned = `SELECT line, unit, change_id FROM refund_unit WHERE order_id = ?`
	selectOfMember = `SELECT ` + orderColumns + ` FROM orders
		WHERE member_id = ? AND id < ? /* any organization: a member's own orders */
		ORDER BY id DESC LIMIT ?`
	selectUnpaid = `SELECT ` + orderColumns + ` FROM orders
		WHERE id >= ? AND id > ? AND state IN ('pending', 'closing', 'requested')
		/* any organization: expiry serves all */ ORDER BY id LIMIT ?`
)

type row interface{ Scan(...any) error }

func scanOrder(r row) (*order.Order, error) {
	var o order.Order
	var total, captured, refunded, expires, ended int64
	err := r.Scan(&o.ID, &o.Organization, &o.Member, &o.Session, &o.Channel, &o.State,
		&o.Currency, &total, &captured, &refunded, &o.PaymentsOpened, &o.OpenPayments, &expires,
		&o.HoldSeconds, &ended, &o.EndedBy, &o.Snapshot, &o.Change, &o.Sessions, &o.Revision)
	o.Total, o.Captured = money.Minor(total), money.Minor(captured)
	o.Refunded = money.Minor(refunded)
	o.ExpiresAt, o.EndedAt = clock.FromMillis(expires), clock.FromMillis(ended)
	return &o, err
}

// querier is a transaction or the readers.
type querier struct {
	row  func(query string, args ...any) *sql.Row
	rows func(query string, args ...any) (*sql.Rows, error)
}

func inTx(tx *sqldb.Tx) querier { return querier{tx.QueryRow, tx.Query} }

func (s *Store) reader(ctx context.Context) querier {
	return querier{
		func(q string, args ...any) *sql.Row { return s.db.QueryRow(ctx, q, args...) },
		func(q string, args ...any) (*sql.Rows, error) { return s.db.Query(ctx, q, args...) },
	}
}

// Get reads an order with its lines inside a transaction; order.ErrNotFound without one.
func (s *Store) Get(tx *sqldb.Tx, id int64) (*order.Order, error) { return get(inTx(tx), id) }

// Head is the order without its lines; order.ErrNotFound without one.
func (s *Store) Head(ctx context.Context, id int64) (*order.Order, error) {
	return head(s.reader(ctx), id)
}

// Find is Get outside any transaction.
func (s *Store) Find(ctx context.Context, id int64) (*order.Order, error) {
	return get(s.reader(ctx), id)
}

func get(q querier, id int64) (*order.Order, error) {
	o, err := head(q, id)
	if err != nil {
		return nil, err
	}
	return o, fill(q, o)
}

func head(q querier, id int64) (*order.Order, error) {
	o, err := scanOrder(q.row(selectOrder, id))
	if found, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !found {
		return nil, order.ErrNotFound
	}
	return o, nil
}

// fill reads the lines of an order and which units went back.
func fill(q querier, o *order.Order) error {
	rows, err := q.rows(selectLines, o.ID)
	lines, err := sqldb.Collect(rows, err, func(r *sql.Rows) (order.Line, error) {
		var l order.Line
		var amount int64
		var raw []byte
		if err := r.Scan(&l.Number, &l.Session, &l.TicketType, &l.Zone, &amount, &l.Snapshot,
			&l.Changes, &raw); err != nil {
			return l, err
		}
		l.Amount = money.Minor(amount)
		return l, decodeDetail(raw, &l, o)
	})
	if err != nil {
		return err
	}
	o.Lines = lines
	if o.State != order.Paid {
		return nil
	}
	rows, err = q.rows(selectReturned, o.ID)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var line, unit int
		var change int64
		err := r.Scan(&line, &unit, &change)
		if u := o.Unit(line, unit); u != nil {
			u.Returned, u.Changed = true, change != 0
		}
		return struct{}{}, err
	})
	return err
}

// OfMember is a page of a member's orders, newest first, below a key.
func (s *Store) OfMember(ctx context.Context, member, before int64, limit int) (
	[]*order.Order, error,
) {
	return s.list(ctx, selectOfMember, member, before, limit)
}

// Unpaid is a page of unpaid orders made since a key, above another.
func (s *Store) Unpaid(ctx context.Context, since, after int64, limit int) (
	[]*order.Order, error,
) {
	return s.list(ctx, selectUnpaid, since, after, limit)
}

func (s *Store) list(ctx context.Context, query string, args ...any) ([]*order.Order, error) {
	rows, err := s.db.Query(ctx, query, args...)
	list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (*order.Order, error) {
		return scanOrder(r)
	})
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		if err := fill(s.reader(ctx), o); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Snapshot is what was agreed to, as stored.
func (s *Store) Snapshot(ctx context.Context, organization, id int64) ([]byte, error) {
	return snapshot(s.reader(ctx), organization, id)
}

// SnapshotIn is Snapshot inside a transaction.
func (s *Store) SnapshotIn(tx *sqldb.Tx, organization, id int64) ([]byte, error) {
	return snapshot(inTx(tx), organization, id)
}

func snapshot(q querier, organization, id int64) ([]byte, error) {
	var doc []byte
	err := q.row(`SELECT doc FROM order_snapshot WHERE id = ? AND organization_id = ?`,
		id, organization).Scan(&doc)
	if found, err := sqldb.Found(err); err != nil || found {
		return doc, err
	}
	return nil, order.ErrNotFound
}

const snapshotOf = `SELECT id FROM order_snapshot WHERE organization_id = ? AND digest = ?`

// SnapshotOf is the id under which what was agreed to is stored; 0 when it is not.
func (s *Store) SnapshotOf(ctx context.Context, organization int64, digest [32]byte) (id int64,
	err error,
) {
	_, err = sqldb.Found(s.db.QueryRow(ctx, snapshotOf, organization, digest[:]).Scan(&id))
	return id, err
}

// SaveSnapshot stores what was agreed to under its digest and returns the id that it has,
// which is the given one or an earlier one of the same bytes.
func (s *Store) SaveSnapshot(tx *sqldb.Tx, organization, id int64, digest [32]byte, doc []byte) (
	int64, error,
) {
	_, err := tx.Exec(`INSERT INTO order_snapshot (id, organization_id, digest, doc)
		VALUES (?, ?, ?, ?)`, id, organization, digest[:], doc)
	if !sqldb.IsDuplicate(err) {
		return id, err
	}
	err = tx.QueryRow(snapshotOf, organization, digest[:]).Scan(&id)
	return id, err
}
