// Package visitordb is the visitors' SQL.
package visitordb

import (
	"context"
	"database/sql"
	"time"

	"foyer/internal/clock"
	"foyer/internal/document"
	"foyer/internal/sqldb"
	"foyer/internal/visitor"
)

// Store implements visitor.Store.
type Store struct{ db *sqldb.DB }

// New makes the store over an open database.
func New(db *sqldb.DB) *Store { return &Store{db} }

var _ visitor.Store = (*Store)(nil)

// The states that most of these know.
const (
	entering  = visitor.Entering
	givenBack = visitor.GivenBack
)

const columns = `id, organization_id, order_id, session_id, line, unit, person, subject,
	document, sealed, delete_after`

func scan(r *sql.Rows) (v visitor.Row, err error) {
	var kind string
	var until int64
	err = r.Scan(&v.ID, &v.Organization, &v.Order, &v.Session, &v.Line, &v.Unit, &v.Person,
		&v.Subject, &kind, &v.Sealed, &until)
	v.Kind, v.DeleteAfter = document.Kind(kind), clock.FromMillis(until)
	return v, err
}

// Insert stores people; it refuses with visitor.ErrNamed where somebody is named already.
func (s *Store) Insert(tx *sqldb.Tx, rows []visitor.Row) error {
	for _, r := range rows {
		_, err := tx.Exec(`INSERT INTO visitor (id, organization_id, order_id, session_id, line,
			unit, person, subject, document, sealed, state, delete_after)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, r.ID, r.Organization, r.Order, r.Session,
			r.Line, r.Unit, r.Person, r.Subject, string(r.Kind), r.Sealed,
			max(r.State, entering), clock.Millis(r.DeleteAfter))
		if sqldb.IsDuplicate(err) {
			return visitor.ErrNamed.With("line", r.Line).With("unit", r.Unit)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Forget deletes what was named for an order.
func (s *Store) Forget(tx *sqldb.Tx, organization, order int64) error {
	_, err := tx.Exec(`DELETE FROM visitor WHERE organization_id = ? AND order_id = ?`,
		organization, order)
	return err
}

// KeepUntil says when the names of an order go.
func (s *Store) KeepUntil(tx *sqldb.Tx, organization, order int64, until time.Time) error {
	_, err := tx.Exec(`UPDATE visitor SET delete_after = ? WHERE organization_id = ?
		AND order_id = ?`, clock.Millis(until), organization, order)
	return err
}

// GiveBack notes that a unit's people do not enter, and names their documents.
func (s *Store) GiveBack(tx *sqldb.Tx, organization, order int64, line, unit int) (
	[]int64, error,
) {
	rows, err := tx.Query(`SELECT subject FROM visitor WHERE organization_id = ?
		AND order_id = ? AND line = ? AND unit = ? AND state = ?`, organization, order, line, unit,
		entering)
	list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (subject int64, err error) {
		return subject, r.Scan(&subject)
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	_, err = tx.Exec(`UPDATE visitor SET state = ? WHERE organization_id = ? AND order_id = ?
		AND line = ? AND unit = ? AND state = ?`, givenBack, organization, order, line, unit,
		entering)
	return list, err
}

// OfOrder are the people of an order who enter, and its buyer.
func (s *Store) OfOrder(ctx context.Context, organization, order int64) ([]visitor.Row, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM visitor WHERE organization_id = ?
		AND order_id = ? AND state = ? ORDER BY line, unit, person`, organization, order, entering)
	return sqldb.Collect(rows, err, scan)
}

// OfSession is a page of the people who enter a session, after an id.
func (s *Store) OfSession(ctx context.Context, organization, session, after int64, limit int) (
	[]visitor.Row, error,
) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM visitor WHERE organization_id = ?
		AND session_id = ? AND state = ? AND person > 0 AND id > ? ORDER BY id LIMIT ?`,
		organization, session, entering, after, limit)
	return sqldb.Collect(rows, err, scan)
}

// EnterWith are the people who enter a session with some orders, the last repeated in the
// statement: one text is prepared.
func (s *Store) EnterWith(ctx context.Context, organization, session int64, orders []int64) (
	[]visitor.Row, error,
) {
	args := []any{organization, session, entering}
	for i := range visitor.OrdersPerRead {
		args = append(args, orders[min(i, len(orders)-1)])
	}
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM visitor WHERE organization_id = ?
		AND session_id = ? AND state = ? AND person > 0
		AND order_id IN (`+sqldb.Marks(visitor.OrdersPerRead)+`)
		ORDER BY order_id, line, unit, person`, args...)
	return sqldb.Collect(rows, err, scan)
}

const selectKey = `SELECT sealed FROM visitor_key WHERE event_id = ? AND organization_id = ?`

// Key is the sealed key of an event; nil without one.
func (s *Store) Key(ctx context.Context, organization, event int64) (sealed []byte, err error) {
	_, err = sqldb.Found(s.db.QueryRow(ctx, selectKey, event, organization).Scan(&sealed))
	return sealed, err
}

// SaveKey keeps a key unless the event has one, and returns the one it has.
func (s *Store) SaveKey(tx *sqldb.Tx, organization, event int64, sealed []byte) ([]byte, error) {
	_, err := tx.Exec(`INSERT INTO visitor_key (event_id, organization_id, sealed)
		VALUES (?, ?, ?)`, event, organization, sealed)
	if !sqldb.IsDuplicate(err) {
		return sealed, err
	}
	err = tx.QueryRow(selectKey, event, organization).Scan(&sealed)
	return sealed, err
}

// DeleteDue deletes the people of up to limit orders whose time is over. Of one session an
// order loses all of them at once: half a party would look like a mistake.
func (s *Store) DeleteDue(tx *sqldb.Tx, limit int) (int, error) {
	rows, err := tx.Query(`SELECT DISTINCT order_id FROM visitor WHERE delete_after < ?
		/* any organization: retention serves all */ LIMIT ?`, clock.Millis(tx.Now), limit)
	ids, err := sqldb.Collect(rows, err, func(r *sql.Rows) (id int64, err error) {
		return id, r.Scan(&id)
	})
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if _, err := tx.Exec(`DELETE FROM visitor WHERE order_id = ? AND delete_after < ?
			/* any organization: retention serves all */`, id, clock.Millis(tx.Now)); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// RowsAfter is a page of all rows, for a change of keys.
func (s *Store) RowsAfter(ctx context.Context, id int64, limit int) ([]visitor.Row, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM visitor WHERE id > ?
		/* any organization: a change of keys serves all */ ORDER BY id LIMIT ?`, id, limit)
	return sqldb.Collect(rows, err, scan)
}

// RekeyRowIfSame stores a row under another key unless it went or changed meanwhile.
func (s *Store) RekeyRowIfSame(tx *sqldb.Tx, old, now visitor.Row) error {
	_, err := tx.Exec(`UPDATE visitor SET sealed = ? WHERE id = ? AND sealed = ?
		/* any organization: a change of keys serves all */`, now.Sealed, old.ID, old.Sealed)
	return err
}

// KeysAfter is a page of the events' keys.
func (s *Store) KeysAfter(ctx context.Context, event int64, limit int) (
	[]visitor.EventKey, error,
) {
	rows, err := s.db.Query(ctx, `SELECT event_id, organization_id, sealed FROM visitor_key
		WHERE event_id > ? /* any organization: a change of keys serves all */
		ORDER BY event_id LIMIT ?`, event, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (k visitor.EventKey, err error) {
		return k, r.Scan(&k.Event, &k.Organization, &k.Sealed)
	})
}

// RekeyEventIfSame stores the key of an event under another key of the ring.
func (s *Store) RekeyEventIfSame(tx *sqldb.Tx, old, now visitor.EventKey) error {
	_, err := tx.Exec(`UPDATE visitor_key SET sealed = ? WHERE event_id = ?
		AND organization_id = ? AND sealed = ?`, now.Sealed, old.Event, old.Organization,
		old.Sealed)
	return err
}
