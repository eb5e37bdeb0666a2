package orderdb

import (
	"context"
	"database/sql"
	"encoding/json"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/order"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// gateWaitDoc is what only the order's own code reads of a refund that waits.
type gateWaitDoc struct {
	Units   []ticket.UnitRef `json:"u"`
	Reason  string           `json:"r,omitempty"`
	Refunds []int64          `json:"b,omitempty"`
}

const (
	gateWaitColumns = `id, organization_id, order_id, venue_id, state, asked_kind, asked_by,
		asked_at, until_at, refund_minor, fee_minor, ended_kind, ended_by, ended_at, code, words,
		doc`
	insertGateWait = `INSERT INTO refund_wait (` + gateWaitColumns + `, slot, units)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, '', '', ?, 0, ?)`
	endGateWait = `UPDATE refund_wait SET slot = id, state = ?, ended_kind = ?, ended_by = ?,
		ended_at = ?, code = ?, words = ?, doc = ? WHERE organization_id = ? AND id = ?
		AND slot = 0`
	gateWaitByID = `SELECT ` + gateWaitColumns + ` FROM refund_wait
		WHERE id = ? /* any organization: the job serves all */`
	gateWaitsOf = `SELECT ` + gateWaitColumns + ` FROM refund_wait
		WHERE organization_id = ? AND order_id = ? ORDER BY id DESC LIMIT 100`
	gateWaitsAt = `SELECT id FROM refund_wait WHERE organization_id = ? AND venue_id = ?
		AND slot = 0 ORDER BY id LIMIT ?`
)

// InsertGateWait stores a refund that waits for a gate.
func (s *Store) InsertGateWait(tx *sqldb.Tx, w *order.GateWait) error {
	doc, err := json.Marshal(gateWaitDoc{w.Units, w.Reason, nil})
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertGateWait, w.ID, w.Organization, w.Order, w.Venue, string(w.State),
		int(w.By.Kind), w.By.ID, millis(w.AskedAt), millis(w.Until), int64(w.Refund),
		int64(w.Fee), doc, len(w.Units))
	if err != nil && sqldb.IsDuplicate(err) {
		return order.ErrRefundWaits
	}
	return err
}

// EndGateWait ends one that waits.
func (s *Store) EndGateWait(tx *sqldb.Tx, w *order.GateWait) error {
	doc, err := json.Marshal(gateWaitDoc{w.Units, w.Reason, w.Refunds})
	if err != nil {
		return err
	}
	return tx.Guard(fault.Stale, endGateWait, string(w.State), int(w.EndedBy.Kind),
		w.EndedBy.ID, millis(w.EndedAt), w.Code, w.Words, doc, w.Organization, w.ID)
}

// GateWait is one by its id.
func (s *Store) GateWait(ctx context.Context, id int64) (*order.GateWait, error) {
	w, err := scanGateWait(s.db.QueryRow(ctx, gateWaitByID, id))
	if found, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !found {
		return nil, order.ErrNoWait
	}
	return w, nil
}

// GateWaitsOf are those of an order, the newest first.
func (s *Store) GateWaitsOf(ctx context.Context, organization, id int64) (
	[]*order.GateWait, error,
) {
	rows, err := s.db.Query(ctx, gateWaitsOf, organization, id)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (*order.GateWait, error) {
		return scanGateWait(r)
	})
}

// GateWaitsAt are the ids of those that wait for gates of a venue.
func (s *Store) GateWaitsAt(ctx context.Context, scope actor.Scope, venue int64, limit int) (
	[]int64, error,
) {
	rows, err := s.db.Query(ctx, gateWaitsAt, scope.Organization, venue, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (id int64, err error) {
		err = r.Scan(&id)
		return id, err
	})
}

func scanGateWait(r row) (*order.GateWait, error) {
	var w order.GateWait
	var asked, until, ended int64
	var raw []byte
	err := r.Scan(&w.ID, &w.Organization, &w.Order, &w.Venue, &w.State, &w.By.Kind, &w.By.ID,
		&asked, &until, &w.Refund, &w.Fee, &w.EndedBy.Kind, &w.EndedBy.ID, &ended, &w.Code,
		&w.Words, &raw)
	if err != nil {
		return nil, err
	}
	var doc gateWaitDoc
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	w.Units, w.Reason, w.Refunds = doc.Units, doc.Reason, doc.Refunds
	w.AskedAt, w.Until = clock.FromMillis(asked), clock.FromMillis(until)
	if ended != 0 {
		w.EndedAt = clock.FromMillis(ended)
	}
	return &w, nil
}
