package doctordb

import (
	"context"
	"database/sql"
	"fmt"

	"foyer/internal/doctor"
	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

const strayPage = 500

type claimKey struct {
	session int64
	place   int32
}

// Strays pages all claims and asks each for the order that it names: does it exist, and
// does it have the place? Then all tickets for their orders.
func (b *Book) Strays(ctx context.Context, report func(object, text string)) (int, error) {
	n, err := b.strayClaims(ctx, report)
	if err != nil {
		return n, err
	}
	m, err := b.strayTickets(ctx, report)
	return n + m, err
}

func (b *Book) strayClaims(ctx context.Context, report func(object, text string)) (int, error) {
	count := 0
	for after := (claimKey{}); ; {
		n := 0
		err := b.db.View(ctx, func(v *sqldb.View) error {
			rows, err := v.Query(`SELECT session_id, place, owner_id FROM claim
				WHERE owner_kind = 1 AND (session_id > ? OR (session_id = ? AND place > ?))
				ORDER BY session_id, place LIMIT ?`, after.session, after.session, after.place,
				strayPage)
			type row struct {
				claimKey
				order int64
			}
			list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (c row, err error) {
				return c, r.Scan(&c.session, &c.place, &c.order)
			})
			if err != nil {
				return err
			}
			for _, c := range list {
				after = c.claimKey
				if err := checkClaim(v, c.claimKey, c.order, report); err != nil {
					return err
				}
			}
			n = len(list)
			return nil
		})
		count += n
		if err != nil || n < strayPage {
			return count, err
		}
	}
}

func checkClaim(v *sqldb.View, k claimKey, order int64, report func(object, text string)) error {
	rows, err := v.Query(`SELECT line, session_id, detail FROM order_line WHERE order_id = ?`, order)
	found := false
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var line int
		var session int64
		var raw []byte
		if err := r.Scan(&line, &session, &raw); err != nil {
			return struct{}{}, err
		}
		units, err := unitsOf(line, session, raw)
		for _, u := range units {
			for _, p := range u.Places {
				found = found || (session == k.session && p == k.place)
			}
		}
		return struct{}{}, err
	})
	if err == nil && !found {
		report("claim", fmt.Sprintf("place %d of session %d is claimed for order %s, which has no "+
			"such place", k.place, k.session, idgen.Number(order)))
	}
	return err
}

func (b *Book) strayTickets(ctx context.Context, report func(object, text string)) (int, error) {
	rows, err := b.db.Query(ctx, `SELECT t.id, t.order_id FROM ticket t LEFT JOIN orders o
		ON o.id = t.order_id WHERE o.id IS NULL /* any organization: the check serves all */
		LIMIT ?`, doctor.MaxFindings)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var id, order int64
		err := r.Scan(&id, &order)
		report("ticket", fmt.Sprintf("ticket %d names order %s, which does not exist", id,
			idgen.Number(order)))
		return struct{}{}, err
	})
	if err != nil {
		return 0, err
	}
	var n int
	err = b.db.QueryRow(ctx,
		`SELECT COUNT(*) FROM ticket /* any organization: the check serves all */`).Scan(&n)
	return n, err
}

// mismatch is a query whose rows are contradictions: an object's number, what the counter
// says, and what its rows say.
type mismatch struct{ what, query string }

// counters are I8: each query gives only what is wrong.
var counters = [...]mismatch{
	{"stock of an area (session, taken, claimed)", `SELECT s.session_id, s.taken,
		COALESCE((SELECT CAST(SUM(c.n) AS SIGNED) FROM area_claim c
		WHERE c.session_id = s.session_id AND c.area = s.area), 0) AS claimed
		FROM area_stock s WHERE s.taken <> COALESCE((SELECT CAST(SUM(c.n) AS SIGNED)
		FROM area_claim c WHERE c.session_id = s.session_id AND c.area = s.area), 0)
		OR s.taken > s.capacity OR s.taken < 0 LIMIT 100`},
	{"area claims without stock (session, area, n)", `SELECT c.session_id, c.area, c.n
		FROM area_claim c LEFT JOIN area_stock s ON s.session_id = c.session_id
		AND s.area = c.area WHERE s.area IS NULL LIMIT 100`},
	{"live order of a member (member, names, unpaid)", `SELECT l.subject, l.live_order_id,
		COALESCE(o.id, 0) FROM limit_counter l LEFT JOIN orders o ON o.id = l.live_order_id
		AND o.state IN ('pending', 'closing') WHERE l.kind = 1 AND l.live_order_id <> 0
		AND o.id IS NULL /* any organization: the check serves all */ LIMIT 100`},
	{"people in a session (session, says, entitlements)", `SELECT n.session_id, n.inside,
		COALESCE((SELECT CAST(SUM(c.n * CASE WHEN c.direction = 1 THEN 1 ELSE -1 END) AS SIGNED)
		FROM checkin c WHERE c.session_id = n.session_id AND c.undone_at = 0), 0)
		FROM session_count n WHERE n.inside <>
		COALESCE((SELECT CAST(SUM(c.n * CASE WHEN c.direction = 1 THEN 1 ELSE -1 END) AS SIGNED)
		FROM checkin c WHERE c.session_id = n.session_id AND c.undone_at = 0), 0)
		/* any organization: the check serves all */ LIMIT 100`},
}

// Counters compares stock and figures with the rows that they count, and each member's
// count of places with his orders.
func (b *Book) Counters(ctx context.Context, report func(object, text string)) (int, error) {
	for _, m := range counters {
		rows, err := b.db.Query(ctx, m.query)
		_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
			var id, says, rowsSay int64
			err := r.Scan(&id, &says, &rowsSay)
			report(m.what, fmt.Sprintf("%d: %d, %d", id, says, rowsSay))
			return struct{}{}, err
		})
		if err != nil {
			return 0, fmt.Errorf("%s: %w", m.what, err)
		}
	}
	n, err := b.limits(ctx, report)
	return n + len(counters), err
}

// limits recounts every member's places in every session from his orders.
func (b *Book) limits(ctx context.Context, report func(object, text string)) (int, error) {
	count := 0
	type key struct{ session, member int64 }
	for after := (key{}); ; {
		n := 0
		err := b.db.View(ctx, func(v *sqldb.View) error {
			type row struct {
				key
				n int
			}
			rows, err := v.Query(`SELECT session_id, subject, n FROM limit_counter WHERE kind = 1
				AND (session_id > ? OR (session_id = ? AND subject > ?))
				ORDER BY session_id, subject LIMIT ?`, after.session, after.session, after.member,
				strayPage)
			list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (l row, err error) {
				return l, r.Scan(&l.session, &l.member, &l.n)
			})
			if err != nil {
				return err
			}
			for _, l := range list {
				after = l.key
				have, err := placesOf(v, l.session, l.member)
				if err != nil {
					return err
				}
				if have != l.n {
					report("places of a member", fmt.Sprintf("member %d in session %d: counted %d, "+
						"orders have %d", l.member, l.session, l.n, have))
				}
			}
			n = len(list)
			return nil
		})
		count += n
		if err != nil || n < strayPage {
			return count, err
		}
	}
}

// placesOf counts the places of a member's orders in a session that are unpaid or paid and
// not given back.
func placesOf(v *sqldb.View, session, member int64) (int, error) {
	type unitKey struct {
		order      int64
		line, unit int
	}
	rows, err := v.Query(`SELECT l.order_id, l.line, l.session_id, l.detail FROM orders o
		JOIN order_line l ON l.order_id = o.id WHERE o.member_id = ? AND o.session_id = ?
		AND o.state IN ('pending', 'closing', 'paid')
		/* any organization: the check serves all */`, member, session)
	units := map[unitKey]int{}
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var order, session int64
		var line int
		var raw []byte
		if err := r.Scan(&order, &line, &session, &raw); err != nil {
			return struct{}{}, err
		}
		list, err := unitsOf(line, session, raw)
		for _, u := range list {
			units[unitKey{order, line, u.Unit}] = u.Taken
		}
		return struct{}{}, err
	})
	if err != nil {
		return 0, err
	}
	rows, err = v.Query(`SELECT r.order_id, r.line, r.unit FROM orders o
		JOIN refund_unit r ON r.order_id = o.id WHERE o.member_id = ? AND o.session_id = ?
		/* any organization: the check serves all */`, member, session)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var k unitKey
		err := r.Scan(&k.order, &k.line, &k.unit)
		delete(units, k)
		return struct{}{}, err
	})
	n := 0
	for _, places := range units {
		n += places
	}
	return n, err
}

// PaidNotTicketed counts paid orders made since a key that have units not given back and
// no live ticket: "paid, but no ticket", which must be none.
func (b *Book) PaidNotTicketed(ctx context.Context, since int64) (int, error) {
	var n int
	err := b.db.QueryRow(ctx, `SELECT COUNT(*) FROM orders o WHERE o.id >= ? AND o.state = 'paid'
		AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.order_id = o.id)
		/* any organization: figures of the installation */`, since).Scan(&n)
	return n, err
}
