package orderdb

import (
	"context"
	"database/sql"
	"encoding/json"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/sqldb"
)

const changeColumns = `id, organization_id, order_id, member_id, from_session_id, session_id,
	state, ended_by, places, old_minor, fee_minor, new_minor, due_minor, back_minor, until_at,
	hold_seconds, payments_opened, open_payments, snapshot_id, ended_at, doc, revision`

const (
	insertChange = `INSERT INTO order_change (` + changeColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectChange = `SELECT ` + changeColumns + ` FROM order_change WHERE id = ?
		/* any organization: whose it is, is checked on the order's row */`
	selectChangesOf = `SELECT ` + changeColumns + ` FROM order_change WHERE order_id = ?
		/* any organization: who may see the order was asked */ ORDER BY id DESC LIMIT 500`
)

// changeDoc is the units that go and the lines that come.
type changeDoc struct {
	Old   []order.ChangedUnit `json:"old"`
	Lines []changeLine        `json:"new"`
	Names *order.ChangedNames `json:"names,omitempty"`
}

type changeLine struct {
	Number     int             `json:"k"`
	Session    int64           `json:"s"`
	TicketType int64           `json:"t"`
	Zone       string          `json:"z"`
	Amount     money.Minor     `json:"m"`
	Changes    int             `json:"c"`
	Detail     json.RawMessage `json:"d"`
}

// InsertChange stores a new change.
func (s *Store) InsertChange(tx *sqldb.Tx, c *order.Change) error {
	doc, err := changeDocOf(c)
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertChange, c.ID, c.Organization, c.Order, c.Member, c.From, c.Session,
		string(c.State), string(c.Ends), c.Places, int64(c.Value), int64(c.Fee), int64(c.New),
		int64(c.Due), int64(c.Back), millis(c.Until), c.HoldSeconds, c.PaymentsOpened,
		c.OpenPayments, c.Snapshot, millis(c.EndedAt), doc, c.Revision)
	return err
}

func changeDocOf(c *order.Change) ([]byte, error) {
	d := changeDoc{Old: c.Old, Names: c.Names}
	for _, l := range c.Lines {
		detail, err := lineDetail(l)
		if err != nil {
			return nil, err
		}
		d.Lines = append(d.Lines, changeLine{l.Number, l.Session, l.TicketType, l.Zone, l.Amount,
			l.Changes, detail})
	}
	return json.Marshal(d)
}

// MoveChange takes a change along one edge, guarded by the state and revision that were read.
func (s *Store) MoveChange(tx *sqldb.Tx, c *order.Change, from order.ChangeState) error {
	if !from.MayBecome(c.State) {
		return fault.Stale
	}
	err := tx.Guard(fault.Stale, `UPDATE order_change SET state = ?, ended_by = ?, ended_at = ?,
		revision = revision + 1 WHERE id = ? AND organization_id = ? AND state = ?
		AND revision = ?`, string(c.State), string(c.Ends), millis(c.EndedAt), c.ID,
		c.Organization, string(from), c.Revision)
	c.Revision++
	return err
}

// ChangeIn reads a change inside a transaction; order.ErrNoChangeOpen without one.
func (s *Store) ChangeIn(tx *sqldb.Tx, id int64) (*order.Change, error) {
	return foundChange(tx.QueryRow(selectChange, id))
}

// FindChange is ChangeIn outside any transaction.
func (s *Store) FindChange(ctx context.Context, id int64) (*order.Change, error) {
	return foundChange(s.db.QueryRow(ctx, selectChange, id))
}

func foundChange(r row) (*order.Change, error) {
	c, err := scanChange(r)
	if found, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !found {
		return nil, order.ErrNoChangeOpen
	}
	return c, nil
}

// ChangesOf are the changes of an order, the newest first.
func (s *Store) ChangesOf(ctx context.Context, id int64) ([]*order.Change, error) {
	rows, err := s.db.Query(ctx, selectChangesOf, id)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (*order.Change, error) {
		return scanChange(r)
	})
}

func scanChange(r row) (*order.Change, error) {
	var c order.Change
	var value, fee, total, due, back, until, ended int64
	var doc []byte
	if err := r.Scan(&c.ID, &c.Organization, &c.Order, &c.Member, &c.From, &c.Session, &c.State,
		&c.Ends, &c.Places, &value, &fee, &total, &due, &back, &until, &c.HoldSeconds,
		&c.PaymentsOpened, &c.OpenPayments, &c.Snapshot, &ended, &doc, &c.Revision); err != nil {
		return nil, err
	}
	c.Value, c.Fee, c.New = money.Minor(value), money.Minor(fee), money.Minor(total)
	c.Due, c.Back = money.Minor(due), money.Minor(back)
	c.Until, c.EndedAt = clock.FromMillis(until), clock.FromMillis(ended)
	var d changeDoc
	if err := json.Unmarshal(doc, &d); err != nil {
		return nil, err
	}
	c.Old, c.Names = d.Old, d.Names
	for _, l := range d.Lines {
		line := order.Line{Number: l.Number, Session: l.Session, TicketType: l.TicketType,
			Zone: l.Zone, Amount: l.Amount, Snapshot: c.Snapshot, Changes: l.Changes}
		if err := readDetail(l.Detail, &line); err != nil {
			return nil, err
		}
		c.Lines = append(c.Lines, line)
	}
	return &c, nil
}

// StartChange notes the one change under way of a paid order.
func (s *Store) StartChange(tx *sqldb.Tx, o *order.Order, change int64) (bool, error) {
	ok, err := s.edge(tx, o, `UPDATE orders SET change_id = ?, revision = revision + 1
		WHERE id = ? AND organization_id = ? AND state = 'paid' AND change_id = 0
		AND revision = ?`, change, o.ID, o.Organization, o.Revision)
	if ok {
		o.Change = change
	}
	return ok, err
}

// FinishChange adds to a paid order what a change brought and what goes back of it.
func (s *Store) FinishChange(tx *sqldb.Tx, o *order.Order, c *order.Change, started bool) (
	bool, error,
) {
	var open int64
	if started {
		open = c.ID
	}
	return s.edge(tx, o, `UPDATE orders SET change_id = 0, total_minor = total_minor + ?,
		captured_minor = captured_minor + ?, refunded_minor = refunded_minor + ?,
		revision = revision + 1 WHERE id = ? AND organization_id = ? AND state = 'paid'
		AND change_id = ? AND revision = ?`, int64(c.Due), int64(c.Due), int64(c.Back), o.ID,
		o.Organization, open, o.Revision)
}

// DropChange notes that the order has no change under way any more.
func (s *Store) DropChange(tx *sqldb.Tx, o *order.Order, change int64) (bool, error) {
	return s.edge(tx, o, `UPDATE orders SET change_id = 0, revision = revision + 1
		WHERE id = ? AND organization_id = ? AND change_id = ? AND revision = ?`, o.ID,
		o.Organization, change, o.Revision)
}

const insertChangedLine = `INSERT INTO order_line (order_id, line, session_id, ticket_type_id,
	zone, units, amount_minor, detail, snapshot_id, change_id, changes)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// AddLines stores the new lines of a change.
func (s *Store) AddLines(tx *sqldb.Tx, id int64, c *order.Change) error {
	for _, l := range c.Lines {
		detail, err := lineDetail(l)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(insertChangedLine, id, l.Number, l.Session, l.TicketType, l.Zone,
			len(l.Units), int64(l.Amount), detail, c.Snapshot, c.ID, l.Changes); err != nil {
			return err
		}
	}
	return nil
}

// MoveUnit notes that a unit goes by a change, once for ever.
func (s *Store) MoveUnit(tx *sqldb.Tx, u order.MovedUnit) error {
	_, err := tx.Exec(`INSERT INTO refund_unit (order_id, line, unit, refund_id, amount_minor,
		fee_minor, moved_minor, change_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, u.Order, u.Line,
		u.Unit, u.Refund, int64(u.Amount), int64(u.Fee), int64(u.Moved), u.Change)
	if sqldb.IsDuplicate(err) {
		return order.ErrUnitReturned
	}
	return err
}

// CountChangePayment counts one more open payment of a change and of its order.
func (s *Store) CountChangePayment(tx *sqldb.Tx, c *order.Change, payment int64) error {
	if err := tx.Guard(fault.Stale, `UPDATE order_change SET payments_opened = payments_opened + 1,
		open_payments = open_payments + 1 WHERE id = ? AND organization_id = ?
		AND state = 'pending' AND revision = ?`, c.ID, c.Organization, c.Revision); err != nil {
		return err
	}
	if err := tx.Guard(fault.Stale, `UPDATE orders SET open_payments = open_payments + 1
		WHERE id = ? AND organization_id = ? AND state = 'paid' AND change_id = ?`, c.Order,
		c.Organization, c.ID); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO change_payment (payment_id, change_id) VALUES (?, ?)`,
		payment, c.ID)
	return err
}

// CountChangePaymentEnded counts one open payment of a change less.
func (s *Store) CountChangePaymentEnded(tx *sqldb.Tx, c *order.Change) error {
	_, err := tx.Exec(`UPDATE order_change SET open_payments = open_payments - 1
		WHERE id = ? AND organization_id = ? AND open_payments > 0`, c.ID, c.Organization)
	c.OpenPayments = max(c.OpenPayments-1, 0)
	return err
}

// ChangeOfPayment is the change that a payment pays, else 0.
func (s *Store) ChangeOfPayment(tx *sqldb.Tx, payment int64) (id int64, err error) {
	_, err = sqldb.Found(tx.QueryRow(`SELECT change_id FROM change_payment
		WHERE payment_id = ?`, payment).Scan(&id))
	return id, err
}

// lineDetail is a line's own JSON, without what rules made of it: a change has no such rules.
func lineDetail(l order.Line) ([]byte, error) { return encodeDetail(l, nil) }

func readDetail(raw []byte, l *order.Line) error {
	return decodeDetail(raw, l, &order.Order{})
}
