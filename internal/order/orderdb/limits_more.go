package orderdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"foyer/internal/clock"
	"foyer/internal/order"
	"foyer/internal/sqldb"
	"foyer/internal/visitor"
)

var _ order.BuyerLimits = (*Store)(nil)

const insertCounter = `INSERT INTO limit_counter (session_id, kind, subject, n, live_order_id,
	lapses, lapsed_since, cool_until) VALUES (?, ?, ?, ?, 0, 0, 0, ?)`

// TakeCounts counts what an order takes, and notes it as the order's own.
func (s *Store) TakeCounts(tx *sqldb.Tx, id int64, takes []visitor.Take) error {
	for _, t := range takes {
		if err := s.count(tx, t); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO limit_take (order_id, kind, scope_id, subject, n, most,
			by_place, live) VALUES (?, ?, ?, ?, ?, ?, ?, 1)`, id, int(t.Kind), t.Scope, t.Subject,
			t.N, t.Most, number(t.ByPlace))
		if sqldb.IsDuplicate(err) {
			err = tx.Guard(errTaken, `UPDATE limit_take SET n = n + ? WHERE order_id = ?
				AND kind = ? AND scope_id = ? AND subject = ? AND live = 1`, t.N, id, int(t.Kind),
				t.Scope, t.Subject)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// count raises a counter within its bound. As for members, the insert goes first: most
// subjects come to a session once.
func (s *Store) count(tx *sqldb.Tx, t visitor.Take) error {
	if t.N > t.Most {
		return t.Refused(0)
	}
	_, err := tx.Exec(insertCounter, t.Scope, int(t.Kind), t.Subject, t.N, 0)
	if !sqldb.IsDuplicate(err) {
		return err
	}
	n, err := tx.Exec(`UPDATE limit_counter SET n = n + ? WHERE session_id = ? AND kind = ?
		AND subject = ? AND n + ? <= ?`, t.N, t.Scope, int(t.Kind), t.Subject, t.N, t.Most)
	if err != nil || n == 1 {
		return err
	}
	have, _, err := counter(tx.QueryRow(selectCounter, t.Scope, int(t.Kind), t.Subject))
	if err != nil {
		return err
	}
	return t.Refused(have)
}

const selectCounter = `SELECT n, cool_until FROM limit_counter
	WHERE session_id = ? AND kind = ? AND subject = ?`

// counter reads what is counted and until when it cools down; zero where nothing was.
func counter(row *sql.Row) (n int, cool time.Time, err error) {
	var until int64
	if _, err = sqldb.Found(row.Scan(&n, &until)); until > 0 {
		cool = clock.FromMillis(until)
	}
	return n, cool, err
}

// takenBy are the counts of an order with the given life. The right to give back stays
// used whatever becomes of the order.
func takenBy(tx *sqldb.Tx, id int64, live int) ([]visitor.Take, error) {
	rows, err := tx.Query(`SELECT kind, scope_id, subject, n, most, by_place FROM limit_take
		WHERE order_id = ? AND live = ? AND kind <> ? ORDER BY kind, scope_id, subject`, id, live,
		int(visitor.RefundRight))
	return sqldb.Collect(rows, err, func(r *sql.Rows) (t visitor.Take, err error) {
		var kind, byPlace int
		err = r.Scan(&kind, &t.Scope, &t.Subject, &t.N, &t.Most, &byPlace)
		t.Kind, t.ByPlace = visitor.CounterKind(kind), byPlace == 1
		return t, err
	})
}

// GiveCounts gives back all that an order has counted.
func (s *Store) GiveCounts(tx *sqldb.Tx, id int64, forget bool) error {
	list, err := takenBy(tx, id, 1)
	if err != nil {
		return err
	}
	for _, t := range list {
		if err := uncount(tx, t, t.N); err != nil {
			return err
		}
	}
	if forget {
		_, err = tx.Exec(`DELETE FROM limit_take WHERE order_id = ? AND kind <> ?`, id,
			int(visitor.RefundRight))
		return err
	}
	_, err = tx.Exec(`UPDATE limit_take SET live = 0 WHERE order_id = ? AND live = 1
		AND kind <> ?`, id, int(visitor.RefundRight))
	return err
}

// TakeCountsAgain counts once more what an ended order had counted.
func (s *Store) TakeCountsAgain(tx *sqldb.Tx, id int64) error {
	list, err := takenBy(tx, id, 0)
	if err != nil {
		return err
	}
	for _, t := range list {
		if err := s.count(tx, t); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`UPDATE limit_take SET live = 1 WHERE order_id = ? AND live = 0`, id)
	return err
}

// CountsOf is what an order counts now, but the right to give back.
func (s *Store) CountsOf(tx *sqldb.Tx, id int64) ([]visitor.Take, error) {
	return takenBy(tx, id, 1)
}

// GiveSome gives back a part of what an order counts.
func (s *Store) GiveSome(tx *sqldb.Tx, id int64, list []visitor.Take) error {
	for _, t := range list {
		if err := uncount(tx, t, t.N); err != nil {
			return err
		}
		if err := tx.Guard(errTaken, `UPDATE limit_take SET n = n - ? WHERE order_id = ?
			AND kind = ? AND scope_id = ? AND subject = ? AND live = 1 AND n >= ?`, t.N, id,
			int(t.Kind), t.Scope, t.Subject, t.N); err != nil {
			return err
		}
	}
	return nil
}

func uncount(tx *sqldb.Tx, t visitor.Take, n int) error {
	return tx.Guard(errTaken, `UPDATE limit_counter SET n = n - ? WHERE session_id = ?
		AND kind = ? AND subject = ? AND n >= ?`, n, t.Scope, int(t.Kind), t.Subject, n)
}

// BookableFrom refuses while the subject does not buy in the scope.
func (s *Store) BookableFrom(tx *sqldb.Tx, t visitor.Take) error {
	_, cool, err := counter(tx.QueryRow(selectCounter, t.Scope, int(t.Kind), t.Subject))
	if err == nil && cool.After(tx.Now) {
		err = visitor.ErrRebooking.With("until", cool).Retry(cool.Sub(tx.Now))
	}
	return err
}

// NotBookableUntil lets the subject buy nothing in the scope until a time.
func (s *Store) NotBookableUntil(tx *sqldb.Tx, t visitor.Take, until time.Time) error {
	_, err := tx.Exec(insertCounter, t.Scope, int(t.Kind), t.Subject, 0, millis(until))
	if !sqldb.IsDuplicate(err) {
		return err
	}
	_, err = tx.Exec(`UPDATE limit_counter SET cool_until = ? WHERE session_id = ? AND kind = ?
		AND subject = ?`, millis(until), t.Scope, int(t.Kind), t.Subject)
	return err
}

// Counted is what each subject has now.
func (s *Store) Counted(ctx context.Context, takes []visitor.Take) ([]int, error) {
	have := make([]int, len(takes))
	for i, t := range takes {
		var err error
		have[i], _, err = counter(s.db.QueryRow(ctx, selectCounter, t.Scope, int(t.Kind),
			t.Subject))
		if err != nil {
			return nil, fmt.Errorf("what counter %s says: %w", t.Kind, err)
		}
	}
	return have, nil
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// errTaken means that less was counted than is given back: a mistake of ours, and the
// command must not go on as if the books were right.
var errTaken = errors.New("orderdb: a counter holds less than the order has counted")
