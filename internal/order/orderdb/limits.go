package orderdb

import (
	"context"
	"errors"
	"math"
	"time"

	"foyer/internal/order"
	"foyer/internal/sqldb"
)

// limitMember is the kind of counter whose subject is a member's id.
const limitMember = 1

// lapseWindow is how long lapsed orders count together, and lapseLimit how many of them
// bring a cool-down.
const (
	lapseWindow = time.Hour
	lapseLimit  = 3
)

// TakeMember counts t.N more places up to t.Max, and notes t.Order as the live one. Most
// buyers come to a session once, so the insert goes first and a standing row is the
// exception: the key refuses it, and the guarded update decides.
func (s *Store) TakeMember(tx *sqldb.Tx, t order.MemberTake) error {
	if t.Max == 0 {
		t.Max = math.MaxInt32
	}
	if t.N > t.Max {
		return order.ErrLimit.With("max", t.Max)
	}
	_, err := tx.Exec(`INSERT INTO limit_counter (session_id, kind, subject, n, live_order_id,
		lapses, lapsed_since, cool_until) VALUES (?, ?, ?, ?, ?, 0, 0, 0)`,
		t.Session, limitMember, t.Member, t.N, t.Order)
	if !sqldb.IsDuplicate(err) {
		return err
	}
	if t.Late {
		return tx.Guard(order.ErrLimit.With("max", t.Max), `UPDATE limit_counter SET n = n + ?
			WHERE session_id = ? AND kind = ? AND subject = ? AND n + ? <= ?`, t.N, t.Session,
			limitMember, t.Member, t.N, t.Max)
	}
	n, err := tx.Exec(`UPDATE limit_counter SET n = n + ?, live_order_id = ?
		WHERE session_id = ? AND kind = ? AND subject = ? AND live_order_id = 0
		AND n + ? <= ? AND cool_until <= ?`, t.N, t.Order, t.Session, limitMember, t.Member,
		t.N, t.Max, millis(tx.Now))
	if err != nil || n == 1 {
		return err
	}
	return s.whyNot(tx, t)
}

const (
	insertCounters = `INSERT INTO limit_counter (session_id, kind, subject, n, live_order_id,
		lapses, lapsed_since, cool_until) VALUES `
	counterRow     = `(?, ?, ?, ?, ?, 0, 0, 0)`
	counterRowArgs = 5
)

// TakeNewMembers is TakeMember for many at once who come to their sessions for the first
// time; the key refuses all when one of them does not.
func (s *Store) TakeNewMembers(tx *sqldb.Tx, list []order.MemberTake) error {
	args := make([]any, 0, len(list)*counterRowArgs)
	for _, t := range list {
		if t.Max != 0 && t.N > t.Max {
			return order.ErrLimit.With("max", t.Max)
		}
		args = append(args, t.Session, limitMember, t.Member, t.N, t.Order)
	}
	return tx.InsertRows(insertCounters, counterRow, counterRowArgs, args)
}

func (s *Store) whyNot(tx *sqldb.Tx, t order.MemberTake) error {
	var n int
	var live, cool int64
	if err := tx.QueryRow(`SELECT n, live_order_id, cool_until FROM limit_counter
		WHERE session_id = ? AND kind = ? AND subject = ?`, t.Session, limitMember,
		t.Member).Scan(&n, &live, &cool); err != nil {
		return err
	}
	switch {
	case live != 0:
		return &order.LiveOrder{Order: live}
	case cool > millis(tx.Now):
		return order.ErrCoolDown.Retry(time.Duration(cool-millis(tx.Now)) * time.Millisecond)
	}
	return order.ErrLimit.With("max", t.Max).With("have", n)
}

// GiveMember takes g.N places back and, with EndLive, frees the member for another order
// if g.Order was the live one. A lapse counts; the third within an hour cools down.
func (s *Store) GiveMember(tx *sqldb.Tx, g order.MemberGive) error {
	now := millis(tx.Now)
	var live, since int64
	var lapses int
	err := tx.QueryRow(`SELECT live_order_id, lapses, lapsed_since FROM limit_counter
		WHERE session_id = ? AND kind = ? AND subject = ?`, g.Session, limitMember,
		g.Member).Scan(&live, &lapses, &since)
	if found, err := sqldb.Found(err); err != nil {
		return err
	} else if !found {
		return errCounter
	}
	if g.EndLive && live == g.Order {
		live = 0
	}
	cool := int64(0)
	if g.Lapsed {
		if now-since > lapseWindow.Milliseconds() {
			lapses, since = 0, now
		}
		if lapses++; lapses >= lapseLimit {
			lapses, since, cool = 0, 0, now+g.CoolDown.Milliseconds()
		}
	}
	return tx.Guard(errCounter, `UPDATE limit_counter SET n = n - ?, live_order_id = ?, lapses = ?,
		lapsed_since = ?, cool_until = CASE WHEN ? > cool_until THEN ? ELSE cool_until END
		WHERE session_id = ? AND kind = ? AND subject = ? AND n >= ?`, g.N, live, lapses, since,
		cool, cool, g.Session, limitMember, g.Member, g.N)
}

// EndLive frees the member for another order if this was the live one; the count stays.
func (s *Store) EndLive(tx *sqldb.Tx, session, member, id int64) error {
	_, err := tx.Exec(`UPDATE limit_counter SET live_order_id = 0 WHERE session_id = ?
		AND kind = ? AND subject = ? AND live_order_id = ?`, session, limitMember, member, id)
	return err
}

// Live is the member's unpaid order in the session, else 0.
func (s *Store) Live(ctx context.Context, session, member int64) (id int64, err error) {
	_, err = sqldb.Found(s.db.QueryRow(ctx, `SELECT live_order_id FROM limit_counter
		WHERE session_id = ? AND kind = ? AND subject = ?`, session, limitMember, member).Scan(&id))
	return id, err
}

// errCounter means that less was counted than is given back: a mistake of ours, and the
// command must not go on as if the books were right.
var errCounter = errors.New("orderdb: a member's counter holds less than the order")
