// Package orderdb is the orders' SQL.
package orderdb

import (
	"encoding/json"
	"fmt"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/offer"
	"foyer/internal/order"
	"foyer/internal/sqldb"
)

// Store implements order.Store.
type Store struct{ db *sqldb.DB }

// New makes the store over an open database.
func New(db *sqldb.DB) *Store { return &Store{db} }

var _ order.Store = (*Store)(nil)

const (
	insertOrders = `INSERT INTO orders (id, organization_id, member_id, session_id, channel,
		state, currency, total_minor, captured_minor, refunded_minor, payments_opened,
		open_payments, expires_at, hold_seconds, ended_at, ended_by, snapshot_id, revision)
		VALUES `
	orderRow     = `(?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, ?, '', ?, 1)`
	orderRowArgs = 12

	insertLines = `INSERT INTO order_line (order_id, line, session_id, ticket_type_id, zone,
		units, amount_minor, detail) VALUES `
	lineRow     = `(?, ?, ?, ?, ?, ?, ?, ?)`
	lineRowArgs = 8
)

// Insert stores new orders with their lines, all or none.
func (s *Store) Insert(tx *sqldb.Tx, list ...*order.Order) error {
	if err := insertHeads(tx, list...); err != nil {
		return err
	}
	return insertLinesOf(tx, list...)
}

func insertHeads(tx *sqldb.Tx, list ...*order.Order) error {
	args := make([]any, 0, len(list)*orderRowArgs)
	for _, o := range list {
		args = append(args, o.ID, o.Organization, o.Member, o.Session, string(o.Channel),
			string(o.State), string(o.Currency), int64(o.Total), millis(o.ExpiresAt),
			o.HoldSeconds, millis(o.EndedAt), o.Snapshot)
	}
	return tx.InsertRows(insertOrders, orderRow, orderRowArgs, args)
}

// insertLinesOf stores the lines of orders of one session, which agree to what their order
// does; others go through insertSeveralLines.
func insertLinesOf(tx *sqldb.Tx, list ...*order.Order) error {
	args := make([]any, 0, len(list)*lineRowArgs)
	for _, o := range list {
		terms := o.Terms // of the whole order, kept with its first line
		for _, l := range o.Lines {
			detail, err := encodeDetail(l, terms)
			if err != nil {
				return err
			}
			args = append(args, o.ID, l.Number, l.Session, l.TicketType, l.Zone,
				len(l.Units), int64(l.Amount), detail)
			terms = nil
		}
	}
	return tx.InsertRows(insertLines, lineRow, lineRowArgs, args)
}

// ReplaceLines stores another set of lines for a pending order without open payments. It
// refuses with fault.Stale when the order is no longer the revision before.
func (s *Store) ReplaceLines(tx *sqldb.Tx, o *order.Order) error {
	if err := tx.Guard(fault.Stale, `UPDATE orders SET total_minor = ?, snapshot_id = ?,
		session_id = ?, sessions = ?, revision = ? WHERE id = ? AND organization_id = ?
		AND state = 'pending' AND open_payments = 0 AND revision = ?`, int64(o.Total), o.Snapshot,
		o.Session, max(o.Sessions, 1), o.Revision, o.ID, o.Organization,
		o.Revision-1); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM order_line WHERE order_id = ?`, o.ID); err != nil {
		return err
	}
	if o.Sessions > 1 {
		return insertSeveralLines(tx, o)
	}
	return insertLinesOf(tx, o)
}

// detail is a line's JSON: short keys, since every order carries one.
type detail struct {
	Name   string       `json:"n"`
	NameEn string       `json:"e,omitempty"`
	Ruled  bool         `json:"r,omitempty"`
	Units  []unitDetail `json:"u"`
	Terms  *order.Terms `json:"w,omitempty"`
}

type unitDetail struct {
	Price    money.Minor `json:"p"`
	Discount money.Minor `json:"d,omitempty"`
	Amount   money.Minor `json:"m"`
	Places   []int32     `json:"s,omitempty"`
	Area     int32       `json:"a,omitempty"`
	Taken    int         `json:"t,omitempty"`
	People   int         `json:"h,omitempty"`
	Label    string      `json:"l"`
	// What rules took off, what it uses up, and its tier.
	Parts  []offer.Part `json:"o,omitempty"`
	Uses   []order.Use  `json:"x,omitempty"`
	Tier   string       `json:"r,omitempty"`
	TierEn string       `json:"re,omitempty"`
}

func encodeDetail(l order.Line, terms *order.Terms) ([]byte, error) {
	d := detail{Name: l.Name, NameEn: l.NameEn, Ruled: l.Ruled, Terms: terms,
		Units: make([]unitDetail, len(l.Units))}
	for i, u := range l.Units {
		d.Units[i] = unitDetail{u.Price, u.Discount, u.Amount, u.Places, u.Area, u.Taken,
			u.People, u.Label, u.Parts, u.Uses, u.Tier, u.TierEn}
	}
	return json.Marshal(d)
}

func decodeDetail(raw []byte, l *order.Line, o *order.Order) error {
	var d detail
	if err := json.Unmarshal(raw, &d); err != nil {
		return fmt.Errorf("orderdb: line %d: %w", l.Number, err)
	}
	l.Name, l.NameEn, l.Ruled = d.Name, d.NameEn, d.Ruled
	if d.Terms != nil {
		o.Terms = d.Terms
	}
	l.Units = make([]order.Unit, len(d.Units))
	for i, u := range d.Units {
		l.Units[i] = order.Unit{Price: u.Price, Discount: u.Discount, Amount: u.Amount,
			Places: u.Places, Area: u.Area, Taken: u.Taken, People: u.People, Label: u.Label,
			Parts: u.Parts, Uses: u.Uses, Tier: u.Tier, TierEn: u.TierEn}
	}
	return nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Millis(t)
}
