package orderdb

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/sqldb"
)

const giveBackColumns = `session_id, organization_id, state, asked_kind, asked_by, after_id,
	waiting, started_at, ended_at`

// StartGiveBack notes a session whose buyers get everything back.
func (s *Store) StartGiveBack(tx *sqldb.Tx, g order.GiveBack) error {
	_, err := tx.Exec(`INSERT INTO session_give_back (`+giveBackColumns+`)
		VALUES (?, ?, ?, ?, ?, 0, 0, ?, 0)`, g.Session, g.Organization, string(g.State),
		int(g.By.Kind), g.By.ID, millis(g.StartedAt))
	return err
}

// GiveBackOf is that of a session; fault.Missing without one.
func (s *Store) GiveBackOf(ctx context.Context, scope actor.Scope, session int64) (
	*order.GiveBack, error,
) {
	return scanGiveBack(s.db.QueryRow(ctx, `SELECT `+giveBackColumns+` FROM session_give_back
		WHERE session_id = ? AND organization_id = ?`, session, scope.Organization))
}

// GiveBackIn is that of a session of any organization inside a transaction.
func (s *Store) GiveBackIn(tx *sqldb.Tx, session int64) (*order.GiveBack, error) {
	return scanGiveBack(tx.QueryRow(`SELECT `+giveBackColumns+` FROM session_give_back
		WHERE session_id = ? /* any organization: the job serves all */`, session))
}

func scanGiveBack(r row) (*order.GiveBack, error) {
	var g order.GiveBack
	var started, ended int64
	err := r.Scan(&g.Session, &g.Organization, &g.State, &g.By.Kind, &g.By.ID, &g.After,
		&g.Waiting, &started, &ended)
	if found, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !found {
		return nil, fault.Missing
	}
	g.StartedAt, g.EndedAt = clock.FromMillis(started), clock.FromMillis(ended)
	return &g, nil
}

// SaveGiveBack notes how far it is.
func (s *Store) SaveGiveBack(tx *sqldb.Tx, g *order.GiveBack) error {
	return tx.Guard(fault.Stale, `UPDATE session_give_back SET state = ?, after_id = ?,
		waiting = ?, ended_at = ? WHERE session_id = ? AND organization_id = ?
		AND state = 'running'`, string(g.State), g.After, g.Waiting, millis(g.EndedAt),
		g.Session, g.Organization)
}

// NoteGivenBack notes one refund of a cancelled session.
func (s *Store) NoteGivenBack(tx *sqldb.Tx, g order.GivenBack) error {
	arrived := 0
	if g.Arrived {
		arrived = 1
	}
	_, err := tx.Exec(`INSERT INTO given_back (refund_id, session_id, order_id, units,
		amount_minor, arrived, arrived_minor) VALUES (?, ?, ?, ?, ?, ?, 0)`, g.Refund, g.Session,
		g.Order, g.Units, int64(g.Amount), arrived)
	return err
}

// NoteArrived marks a refund of a cancelled session as arrived.
func (s *Store) NoteArrived(tx *sqldb.Tx, refund int64, amount money.Minor) error {
	_, err := tx.Exec(`UPDATE given_back SET arrived = 1, arrived_minor = ?
		WHERE refund_id = ?`, int64(amount), refund)
	return err
}

// GivenSums counts the refunds of a cancelled session.
func (s *Store) GivenSums(ctx context.Context, session int64) (order.GivenSums, error) {
	var g order.GivenSums
	var asked, arrived int64
	err := s.db.QueryRow(ctx, `SELECT COUNT(DISTINCT order_id), COUNT(*),
		COALESCE(CAST(SUM(arrived) AS SIGNED), 0),
		COALESCE(CAST(SUM(amount_minor) AS SIGNED), 0),
		COALESCE(CAST(SUM(arrived_minor) AS SIGNED), 0)
		FROM given_back WHERE session_id = ?`, session).
		Scan(&g.Orders, &g.Refunds, &g.Arrived, &asked, &arrived)
	g.Asked, g.ArrivedMinor = money.Minor(asked), money.Minor(arrived)
	return g, err
}
