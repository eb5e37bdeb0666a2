// Package doctordb reads the whole book for the coherence check. It is the one place that
// looks across the modules' tables, and it only reads.
package doctordb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"foyer/internal/doctor"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// smallestPage is the page that must fit into the time of a snapshot on any machine.
const smallestPage = 4

// look runs fn on one snapshot. On a machine so busy that the snapshot's time does not do
// for a page of this size, it begins anew with a smaller one.
func (b *Book) look(ctx context.Context, size int, fn func(v *sqldb.View, size int) error) error {
	for {
		err := b.db.View(ctx, func(v *sqldb.View) error { return fn(v, size) })
		late := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrTxDone)
		if !late || ctx.Err() != nil || size <= smallestPage {
			return err
		}
		size = max(size/4, smallestPage)
	}
}

// Book implements doctor.Book.
type Book struct{ db *sqldb.DB }

// New reads an open database.
func New(db *sqldb.DB) *Book { return &Book{db} }

var _ doctor.Book = (*Book)(nil)

// page is the cases being read, found by order.
type page struct {
	v           *sqldb.View
	cases       []doctor.Case
	byID        map[int64]*doctor.Case
	first, last int64 // (first, last]
}

// Cases is a page of orders, all of one moment.
func (b *Book) Cases(ctx context.Context, after int64, limit int) ([]doctor.Case, error) {
	var p *page
	err := b.look(ctx, limit, func(v *sqldb.View, limit int) error {
		p = &page{v: v, byID: map[int64]*doctor.Case{}, first: after}
		if err := p.orders(after, limit); err != nil || len(p.cases) == 0 {
			return err
		}
		for _, read := range []func() error{p.units, p.returned, p.payments, p.refunds,
			p.postings, p.tickets, p.claims, p.areas} {
			if err := read(); err != nil {
				return err
			}
		}
		return nil
	})
	return p.cases, err
}

func (p *page) orders(after int64, limit int) error {
	rows, err := p.v.Query(`SELECT id, organization_id, member_id, session_id, state, total_minor,
		captured_minor, refunded_minor, open_payments FROM orders
		WHERE id > ? /* any organization: the check serves all */ ORDER BY id LIMIT ?`,
		after, limit)
	p.cases, err = sqldb.Collect(rows, err, func(r *sql.Rows) (c doctor.Case, err error) {
		o := &c.Order
		err = r.Scan(&o.ID, &o.Organization, &o.Member, &o.Session, &o.State, &o.Total,
			&o.Captured, &o.Refunded, &o.Open)
		return c, err
	})
	for i := range p.cases {
		c := &p.cases[i]
		p.byID[c.Order.ID], p.last = c, c.Order.ID
	}
	return err
}

// each reads rows that begin with an order's id and hands each to its case.
func (p *page) each(query string, scan func(c *doctor.Case, order int64, r *sql.Rows) error) error {
	rows, err := p.v.Query(query, p.first, p.last)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		rest, err := discard(rows)
		if err != nil {
			return err
		}
		if err := rows.Scan(append([]any{&id}, rest...)...); err != nil {
			return err
		}
		if c := p.byID[id]; c != nil {
			if err := scan(c, id, rows); err != nil {
				return err
			}
		}
	}
	return rows.Err()
}

// discard takes the columns behind the first, which the case's own scan reads again. Raw bytes
// would forbid that second scan.
func discard(rows *sql.Rows) ([]any, error) {
	cols, err := rows.Columns()
	if err != nil {
		return nil, err // the snapshot's time is over
	}
	list := make([]any, len(cols)-1)
	for i := range list {
		list[i] = new(any)
	}
	return list, nil
}

func (p *page) units() error {
	return p.each(`SELECT order_id, line, session_id, detail FROM order_line
		WHERE order_id > ? AND order_id <= ? ORDER BY order_id, line`,
		func(c *doctor.Case, id int64, r *sql.Rows) error {
			var line int
			var session int64
			var raw []byte
			if err := r.Scan(&id, &line, &session, &raw); err != nil {
				return err
			}
			units, err := unitsOf(line, session, raw)
			c.Units = append(c.Units, units...)
			return err
		})
}

// unitsOf reads a line's detail as a stranger would, not through the order module.
func unitsOf(line int, session int64, raw []byte) ([]doctor.UnitRow, error) {
	var d struct {
		Units []struct {
			Amount money.Minor `json:"m"`
			Places []int32     `json:"s"`
			Area   int32       `json:"a"`
			Taken  int         `json:"t"`
		} `json:"u"`
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, err
	}
	list := make([]doctor.UnitRow, len(d.Units))
	for i, u := range d.Units {
		list[i] = doctor.UnitRow{Line: line, Unit: i + 1, Session: session, Amount: u.Amount,
			Places: u.Places, Area: u.Area, Taken: max(u.Taken, len(u.Places), int(min(u.Area, 1)))}
	}
	return list, nil
}

func (p *page) returned() error {
	return p.each(`SELECT order_id, line, unit, amount_minor, fee_minor, moved_minor
		FROM refund_unit WHERE order_id > ? AND order_id <= ?`,
		func(c *doctor.Case, id int64, r *sql.Rows) error {
			var line, unit int
			var back, fee, moved money.Minor
			if err := r.Scan(&id, &line, &unit, &back, &fee, &moved); err != nil {
				return err
			}
			for i := range c.Units {
				if u := &c.Units[i]; u.Line == line && u.Unit == unit {
					u.Returned, u.Back, u.Fee, u.Moved = true, back, fee, moved
					return nil
				}
			}
			c.Units = append(c.Units, doctor.UnitRow{Line: line, Unit: unit, Returned: true,
				Back: back, Fee: fee, Moved: moved, Unknown: true})
			return nil
		})
}

func (p *page) payments() error {
	return p.each(`SELECT order_id, id, state, captured_minor FROM payment
		WHERE order_id > ? AND order_id <= ? /* any organization: the check serves all */`,
		func(c *doctor.Case, id int64, r *sql.Rows) error {
			var row doctor.PaymentRow
			err := r.Scan(&id, &row.ID, &row.State, &row.Captured)
			c.Payments = append(c.Payments, row)
			return err
		})
}

func (p *page) refunds() error {
	return p.each(`SELECT order_id, id, payment_id, state, cause, amount_minor FROM refund
		WHERE order_id > ? AND order_id <= ? /* any organization: the check serves all */`,
		func(c *doctor.Case, id int64, r *sql.Rows) error {
			var row doctor.RefundRow
			err := r.Scan(&id, &row.ID, &row.Payment, &row.State, &row.Cause, &row.Amount)
			c.Refunds = append(c.Refunds, row)
			return err
		})
}

func (p *page) postings() error {
	return p.each(`SELECT order_id, lane, n, seq, account, amount_minor, currency FROM posting
		WHERE order_id > ? AND order_id <= ?`,
		func(c *doctor.Case, id int64, r *sql.Rows) error {
			var row ledger.Posting
			var pos journal.Position
			err := r.Scan(&row.Order, &pos.Lane, &pos.N, &row.Seq, &row.Account, &row.Amount,
				&row.Currency)
			row.Position = pos
			c.Postings = append(c.Postings, row)
			return err
		})
}

func (p *page) tickets() error {
	if err := p.each(`SELECT order_id, id, line, unit, state FROM ticket
		WHERE order_id > ? AND order_id <= ? /* any organization: the check serves all */`,
		func(c *doctor.Case, id int64, r *sql.Rows) error {
			var row doctor.TicketRow
			err := r.Scan(&id, &row.ID, &row.Line, &row.Unit, &row.State)
			c.Tickets = append(c.Tickets, row)
			return err
		}); err != nil {
		return err
	}
	return p.entitlements()
}

// entitlements reads those of all tickets of the page at once: orders of a hundred tickets
// would else cost a statement each.
func (p *page) entitlements() error {
	tickets := map[int64]*doctor.TicketRow{}
	for i := range p.cases {
		for t := range p.cases[i].Tickets {
			row := &p.cases[i].Tickets[t]
			tickets[row.ID] = row
		}
	}
	return p.each(`SELECT t.order_id, t.id, e.number, e.allowed, e.used, e.inside, e.state,
		COALESCE(CAST(SUM(c.counted) AS SIGNED), 0), COALESCE(CAST(SUM(c.here) AS SIGNED), 0)
		FROM ticket t JOIN entitlement e ON e.ticket_id = t.id LEFT JOIN checkin c
		ON c.ticket_id = e.ticket_id AND c.entitlement = e.number AND c.undone_at = 0
		WHERE t.order_id > ? AND t.order_id <= ? /* any organization: the check serves all */
		GROUP BY t.order_id, t.id, e.number, e.allowed, e.used, e.inside, e.state`,
		func(_ *doctor.Case, id int64, r *sql.Rows) error {
			var ticket int64
			var e doctor.EntitlementRow
			err := r.Scan(&id, &ticket, &e.Number, &e.Allowed, &e.Used, &e.Inside, &e.State,
				&e.Counted, &e.Here)
			if t := tickets[ticket]; t != nil {
				t.Entitlements = append(t.Entitlements, e)
			}
			return err
		})
}

// claims looks for the order's name on each place that its units ever had.
func (p *page) claims() error {
	for i := range p.cases {
		c := &p.cases[i]
		for session, places := range placesBySession(c.Units) {
			args := make([]any, 0, len(places)+2)
			args = append(args, session, c.Order.ID)
			for _, pl := range places {
				args = append(args, pl)
			}
			rows, err := p.v.Query(`SELECT session_id, place, state FROM claim WHERE session_id = ?
				AND owner_kind = 1 AND owner_id = ? AND place IN (?`+
				strings.Repeat(", ?", len(places)-1)+`)`, args...)
			list, err := sqldb.Collect(rows, err,
				func(r *sql.Rows) (cl doctor.ClaimRow, err error) {
					err = r.Scan(&cl.Session, &cl.Place, &cl.State)
					return cl, err
				})
			if err != nil {
				return err
			}
			c.Claims = append(c.Claims, list...)
		}
	}
	return nil
}

func placesBySession(units []doctor.UnitRow) map[int64][]int32 {
	m := map[int64][]int32{}
	for _, u := range units {
		if len(u.Places) > 0 {
			m[u.Session] = append(m[u.Session], u.Places...)
		}
	}
	return m
}

func (p *page) areas() error {
	for i := range p.cases {
		c := &p.cases[i]
		seen := map[[2]int64]bool{}
		for _, u := range c.Units {
			at := [2]int64{u.Session, int64(u.Area)}
			if u.Area == 0 || seen[at] {
				continue
			}
			seen[at] = true
			a := doctor.AreaRow{Session: u.Session, Area: u.Area}
			err := p.v.QueryRow(`SELECT n, state FROM area_claim WHERE session_id = ? AND area = ?
				AND owner_kind = 1 AND owner_id = ?`, u.Session, u.Area, c.Order.ID).
				Scan(&a.N, &a.State)
			if found, err := sqldb.Found(err); err != nil {
				return err
			} else if found && a.N > 0 {
				c.Areas = append(c.Areas, a)
			}
		}
	}
	return nil
}
