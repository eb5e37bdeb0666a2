package orderdb

import (
	"context"
	"database/sql"
	"encoding/json"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/order"
	"foyer/internal/sqldb"
)

const (
	moveColumns = `id, organization_id, session_id, state, asked_kind, asked_by, default_choice,
	deadline_at, after_id, waiting, started_at, told_at, ended_at, doc`
	insertMove = `INSERT INTO session_move (` + moveColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, 0, 0, ?)`
	selectMove = `SELECT ` + moveColumns + ` FROM session_move WHERE id = ?
		/* any organization: the job serves all, and a session names its own */`

	choiceColumns = `order_id, move_id, session_id, state, was_snapshot_id, decided_at,
	decided_kind, decided_by, doc`
	insertChoices = `INSERT INTO order_move (` + choiceColumns + `) VALUES `
	choiceRow     = `(?, ?, ?, ?, ?, ?, ?, ?, ?)`
	choiceRowArgs = 9
)

// InsertMove stores a new move.
func (s *Store) InsertMove(tx *sqldb.Tx, m *order.SessionMove) error {
	doc, err := json.Marshal(m.Doc)
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertMove, m.ID, m.Organization, m.Session, string(m.State),
		int(m.By.Kind), m.By.ID, string(m.Default), millis(m.Deadline), millis(m.StartedAt), doc)
	return err
}

// MoveIn is a move inside a transaction; fault.Missing without one.
func (s *Store) MoveIn(tx *sqldb.Tx, id int64) (*order.SessionMove, error) {
	return scanMove(tx.QueryRow(selectMove, id))
}

// FindMove is MoveIn outside any transaction.
func (s *Store) FindMove(ctx context.Context, id int64) (*order.SessionMove, error) {
	return scanMove(s.db.QueryRow(ctx, selectMove, id))
}

func scanMove(r row) (*order.SessionMove, error) {
	var m order.SessionMove
	var deadline, started, told, ended int64
	var doc []byte
	err := r.Scan(&m.ID, &m.Organization, &m.Session, &m.State, &m.By.Kind, &m.By.ID, &m.Default,
		&deadline, &m.After, &m.Waiting, &started, &told, &ended, &doc)
	if found, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !found {
		return nil, fault.Missing
	}
	m.Deadline, m.StartedAt = clock.FromMillis(deadline), clock.FromMillis(started)
	m.ToldAt, m.EndedAt = clock.FromMillis(told), clock.FromMillis(ended)
	return &m, json.Unmarshal(doc, &m.Doc)
}

// SaveMove writes how far a move is over one that is in a state.
func (s *Store) SaveMove(tx *sqldb.Tx, m *order.SessionMove, from order.MoveState) error {
	return tx.Guard(fault.Stale, `UPDATE session_move SET state = ?, after_id = ?, waiting = ?,
		told_at = ?, ended_at = ? WHERE id = ? AND organization_id = ? AND state = ?`,
		string(m.State), m.After, m.Waiting, millis(m.ToldAt), millis(m.EndedAt), m.ID,
		m.Organization, string(from))
}

// MoveSums counts the choices of a move.
func (s *Store) MoveSums(ctx context.Context, move int64) (order.MoveSums, error) {
	var sums order.MoveSums
	rows, err := s.db.Query(ctx, `SELECT state, COUNT(*) FROM order_move WHERE move_id = ?
		GROUP BY state`, move)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var state order.Choice
		var n int
		err := r.Scan(&state, &n)
		switch state {
		case order.ChoiceOpen:
			sums.Open = n
		case order.ChoiceAccepted:
			sums.Accepted = n
		case order.ChoiceRefunded:
			sums.Refunded = n
		default:
			sums.Left += n
		}
		return struct{}{}, err
	})
	return sums, err
}

// InsertChoices stores what buyers are asked.
func (s *Store) InsertChoices(tx *sqldb.Tx, list ...*order.OrderMove) error {
	args := make([]any, 0, len(list)*choiceRowArgs)
	for _, c := range list {
		doc, err := json.Marshal(c.Units)
		if err != nil {
			return err
		}
		args = append(args, c.Order, c.Move, c.Session, string(c.State), c.Was,
			millis(c.DecidedAt), int(c.DecidedBy.Kind), c.DecidedBy.ID, doc)
	}
	return tx.InsertRows(insertChoices, choiceRow, choiceRowArgs, args)
}

// ChoiceIn is what an order's buyer said to a move; nil when he was not asked.
func (s *Store) ChoiceIn(tx *sqldb.Tx, id, move int64) (*order.OrderMove, error) {
	rows, err := tx.Query(`SELECT `+choiceColumns+` FROM order_move
		WHERE order_id = ? AND move_id = ?`, id, move)
	list, err := sqldb.Collect(rows, err, scanChoice)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// ChoicesOf are the moves that an order's buyer was asked about, the newest first.
func (s *Store) ChoicesOf(ctx context.Context, id int64) ([]*order.OrderMove, error) {
	rows, err := s.db.Query(ctx, `SELECT `+choiceColumns+` FROM order_move
		WHERE order_id = ? ORDER BY move_id DESC LIMIT 100`, id)
	return sqldb.Collect(rows, err, scanChoice)
}

func scanChoice(r *sql.Rows) (*order.OrderMove, error) {
	var c order.OrderMove
	var decided int64
	var doc []byte
	if err := r.Scan(&c.Order, &c.Move, &c.Session, &c.State, &c.Was, &decided,
		&c.DecidedBy.Kind, &c.DecidedBy.ID, &doc); err != nil {
		return nil, err
	}
	c.DecidedAt = clock.FromMillis(decided)
	return &c, json.Unmarshal(doc, &c.Units)
}

// ReplaceChoices closes the open choices of an order about earlier moves of a session.
func (s *Store) ReplaceChoices(tx *sqldb.Tx, id, session, move int64) error {
	_, err := tx.Exec(`UPDATE order_move SET state = 'replaced', decided_at = ?
		WHERE order_id = ? AND session_id = ? AND move_id < ? AND state = 'open'`,
		millis(tx.Now), id, session, move)
	return err
}

// DecideIfOpen is false when the choice was made before.
func (s *Store) DecideIfOpen(tx *sqldb.Tx, c *order.OrderMove) (bool, error) {
	n, err := tx.Exec(`UPDATE order_move SET state = ?, decided_at = ?, decided_kind = ?,
		decided_by = ? WHERE order_id = ? AND move_id = ? AND state = 'open'`, string(c.State),
		millis(c.DecidedAt), int(c.DecidedBy.Kind), c.DecidedBy.ID, c.Order, c.Move)
	return n == 1, err
}

// OpenChoices are the orders with an open choice about a move, after one of them.
func (s *Store) OpenChoices(tx *sqldb.Tx, move, after int64, limit int) ([]int64, error) {
	rows, err := tx.Query(`SELECT order_id FROM order_move WHERE move_id = ? AND state = 'open'
		AND order_id > ? ORDER BY order_id LIMIT ?`, move, after, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (id int64, err error) {
		return id, r.Scan(&id)
	})
}

// Reseat writes the places of all lines of an order that is still the revision that was read.
func (s *Store) Reseat(tx *sqldb.Tx, o *order.Order) (bool, error) {
	ok, err := s.edge(tx, o, `UPDATE orders SET revision = revision + 1
		WHERE id = ? AND organization_id = ? AND revision = ?`, o.ID, o.Organization, o.Revision)
	if err != nil || !ok {
		return false, err
	}
	terms := o.Terms // kept with the first line
	for _, l := range o.Lines {
		detail, err := encodeDetail(l, terms)
		if err != nil {
			return false, err
		}
		terms = nil
		if _, err := tx.Exec(`UPDATE order_line SET detail = ? WHERE order_id = ? AND line = ?`,
			detail, o.ID, l.Number); err != nil {
			return false, err
		}
	}
	return true, nil
}

// Reagree writes what an order and its lines agree to.
func (s *Store) Reagree(tx *sqldb.Tx, o *order.Order) (bool, error) {
	ok, err := s.edge(tx, o, `UPDATE orders SET snapshot_id = ?, revision = revision + 1
		WHERE id = ? AND organization_id = ? AND revision = ?`, o.Snapshot, o.ID, o.Organization,
		o.Revision)
	if err != nil || !ok {
		return false, err
	}
	for _, l := range o.Lines {
		if _, err := tx.Exec(`UPDATE order_line SET snapshot_id = ? WHERE order_id = ?
			AND line = ? AND snapshot_id <> ?`, l.Snapshot, o.ID, l.Number,
			l.Snapshot); err != nil {
			return false, err
		}
	}
	return true, nil
}

// ReseatChange writes the lines that a waiting change is to bring.
func (s *Store) ReseatChange(tx *sqldb.Tx, c *order.Change) error {
	doc, err := changeDocOf(c)
	if err != nil {
		return err
	}
	err = tx.Guard(fault.Stale, `UPDATE order_change SET doc = ?, revision = revision + 1
		WHERE id = ? AND organization_id = ? AND revision = ?`, doc, c.ID, c.Organization,
		c.Revision)
	c.Revision++
	return err
}
