package doctordb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

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
	{"units kept for buyers online (session, kept, claimed)", `SELECT s.session_id, s.kept,
		COALESCE((SELECT CAST(SUM(c.n) AS SIGNED) FROM area_claim c
		WHERE c.session_id = s.session_id AND c.area = s.area AND c.state = 4), 0) AS claimed
		FROM area_stock s WHERE s.kept <> COALESCE((SELECT CAST(SUM(c.n) AS SIGNED)
		FROM area_claim c WHERE c.session_id = s.session_id AND c.area = s.area
		AND c.state = 4), 0) LIMIT 100`},
	{"places kept for an allotment that is over (session, place, allotment)", `SELECT
		c.session_id, c.place, c.owner_id FROM claim c LEFT JOIN allotment a
		ON a.id = c.owner_id AND a.session_id = c.session_id AND a.released_at = 0
		WHERE c.owner_kind = 3 AND a.id IS NULL
		/* any organization: the check serves all */ LIMIT 100`},
	{"units kept for an allotment that is over (session, area, allotment)", `SELECT
		c.session_id, c.area, c.owner_id FROM area_claim c LEFT JOIN allotment a
		ON a.id = c.owner_id AND a.session_id = c.session_id AND a.released_at = 0
		WHERE c.owner_kind = 3 AND a.id IS NULL
		/* any organization: the check serves all */ LIMIT 100`},
	{"places that wait to go on sale for a return that is over (session, place, return)", `SELECT
		c.session_id, c.place, c.owner_id FROM claim c LEFT JOIN place_return r
		ON r.id = c.owner_id AND r.session_id = c.session_id WHERE c.owner_kind = 6
		AND (r.id IS NULL OR c.state <> 1)
		/* any organization: the check serves all */ LIMIT 100`},
	{"units that wait to go on sale for a return that is over (session, area, return)", `SELECT
		c.session_id, c.area, c.owner_id FROM area_claim c LEFT JOIN place_return r
		ON r.id = c.owner_id AND r.session_id = c.session_id WHERE c.owner_kind = 6
		AND (r.id IS NULL OR c.state <> 1)
		/* any organization: the check serves all */ LIMIT 100`},
	{"units from an allotment (session, of all, from it)", `SELECT session_id, n, from_n
		FROM area_claim WHERE from_n > n OR from_n < 0 OR (from_n > 0 AND from_id = 0) LIMIT 100`},
	{"people in a session (session, says, check-ins)", `SELECT n.session_id, n.inside,
		COALESCE(c.inside, 0) FROM session_count n LEFT JOIN (SELECT session_id,
		CAST(SUM(here) AS SIGNED) AS inside
		FROM checkin WHERE undone_at = 0 GROUP BY session_id) c ON c.session_id = n.session_id
		WHERE n.inside <> COALESCE(c.inside, 0)
		/* any organization: the check serves all */ LIMIT 100`},
	{"people who came into a session (session, says, check-ins)", `SELECT n.session_id,
		n.entered, COALESCE(c.entered, 0) FROM session_count n LEFT JOIN (SELECT session_id,
		CAST(SUM(counted) AS SIGNED) AS entered FROM checkin WHERE undone_at = 0
		AND conflict = 0 AND direction = 1 AND moved = 0 GROUP BY session_id) c
		ON c.session_id = n.session_id WHERE n.entered <> COALESCE(c.entered, 0)
		/* any organization: the check serves all */ LIMIT 100`},
	{"people who came into a precinct (venue, says, check-ins)", `SELECT p.venue_id, p.entered,
		COALESCE(c.n, 0) FROM ` + flowDays + ` p LEFT JOIN (SELECT venue_id, precinct_id,
		CAST(SUM(n) AS SIGNED) AS n FROM (SELECT venue_id, into_id AS precinct_id, n
		FROM checkin WHERE into_id <> 0` + flowCounts + ` UNION ALL SELECT venue_id, 0, n
		FROM checkin WHERE direction = 1 AND outof_id = 0` + flowCounts + `) u
		GROUP BY venue_id, precinct_id) c ON c.venue_id = p.venue_id
		AND c.precinct_id = p.precinct_id WHERE p.entered <> COALESCE(c.n, 0)
		/* any organization: the check serves all */ LIMIT 100`},
	{"people who left a precinct (venue, says, check-ins)", `SELECT p.venue_id, p.gone,
		COALESCE(c.n, 0) FROM ` + flowDays + ` p LEFT JOIN (SELECT venue_id, precinct_id,
		CAST(SUM(n) AS SIGNED) AS n FROM (SELECT venue_id, outof_id AS precinct_id, n
		FROM checkin WHERE outof_id <> 0` + flowCounts + ` UNION ALL SELECT venue_id, 0, n
		FROM checkin WHERE direction = 2 AND into_id = 0` + flowCounts + `) u
		GROUP BY venue_id, precinct_id) c ON c.venue_id = p.venue_id
		AND c.precinct_id = p.precinct_id WHERE p.gone <> COALESCE(c.n, 0)
		/* any organization: the check serves all */ LIMIT 100`},
	{"wristbands and cards (medium, its ticket, says)", `SELECT m.id, m.ticket_id, m.holds
		FROM medium m LEFT JOIN ticket t ON t.id = m.ticket_id
		AND t.organization_id = m.organization_id WHERE (m.state = 'bound' AND (t.id IS NULL
		OR m.holds <> m.ticket_id)) OR (m.state <> 'bound' AND (m.ticket_id <> 0
		OR m.holds <> 0 - m.id)) /* any organization: the check serves all */ LIMIT 100`},
	{"booked refunds that waited for a gate (order, units, units gone)", `SELECT w.order_id,
		w.units, (SELECT COUNT(*) FROM refund_unit u WHERE u.order_id = w.order_id) AS gone
		FROM refund_wait w WHERE w.state = 'booked' AND w.units > (SELECT COUNT(*)
		FROM refund_unit u WHERE u.order_id = w.order_id)
		/* any organization: the check serves all */ LIMIT 100`},
}

// The figures of precincts over all days. Check-ins of the first release, which counted no
// precincts, have no seq.
const (
	flowCounts = ` AND undone_at = 0 AND conflict = 0 AND seq > 0`
	flowDays   = `(SELECT venue_id, precinct_id, CAST(SUM(entered) AS SIGNED) AS entered,
		CAST(SUM(gone) AS SIGNED) AS gone FROM precinct_count GROUP BY venue_id, precinct_id)`
)

// Counters compares stock and figures with the rows that they count, and each member's
// count of places with his orders.
func (b *Book) Counters(ctx context.Context, report func(object, text string)) (int, error) {
	for _, m := range slices.Concat(counters[:], buyerCounters[:], lateSales[:]) {
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
	if err != nil {
		return n, err
	}
	used, err := b.uses(ctx, report)
	return n + used + len(counters) + len(buyerCounters), err
}

// memberCount is a member's counter in a session beside what his orders say.
type memberCount struct {
	session, member int64
	n, have         int
	noted, live     int64
}

// limits recounts every member's places in every session from his orders.
func (b *Book) limits(ctx context.Context, report func(object, text string)) (int, error) {
	count := 0
	for after := (memberCount{}); ; {
		list, err := b.counts(ctx, after)
		if err != nil || len(list) == 0 {
			return count, err
		}
		for _, l := range list {
			if l.live != l.noted {
				report("live order of a member", fmt.Sprintf("member %d in session %d: noted is "+
					"%s, unpaid is %s", l.member, l.session, idgen.Number(l.noted),
					idgen.Number(l.live)))
			}
			if l.have != l.n {
				report("places of a member", fmt.Sprintf("member %d in session %d: counted %d, "+
					"orders have %d", l.member, l.session, l.n, l.have))
			}
		}
		after = list[len(list)-1]
		count += len(list)
	}
}

// counts is a page of members' counters, each recounted on the same snapshot.
func (b *Book) counts(ctx context.Context, after memberCount) (list []memberCount, err error) {
	err = b.look(ctx, strayPage, func(v *sqldb.View, size int) error {
		rows, err := v.Query(`SELECT session_id, subject, n, live_order_id FROM limit_counter
			WHERE kind = 1 AND session_id >= ? AND (session_id > ? OR subject > ?)
			ORDER BY session_id, subject LIMIT ?`, after.session, after.session, after.member,
			size)
		list, err = sqldb.Collect(rows, err, func(r *sql.Rows) (l memberCount, err error) {
			return l, r.Scan(&l.session, &l.member, &l.n, &l.noted)
		})
		if err != nil {
			return err
		}
		for i := range list {
			l := &list[i]
			if l.have, l.live, err = placesOf(v, l.session, l.member); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// placesOf counts the places of a member's orders in a session that are unpaid or paid and
// not given back, and names the unpaid one.
func placesOf(v *sqldb.View, session, member int64) (places int, live int64, err error) {
	type unitKey struct {
		order      int64
		line, unit int
	}
	rows, err := v.Query(`SELECT l.order_id, o.state, l.line, l.detail FROM orders o
		JOIN order_line l ON l.order_id = o.id WHERE o.member_id = ? AND l.session_id = ?
		AND o.state IN ('pending', 'closing', 'requested', 'paid')
		/* any organization: the check serves all */`, member, session)
	units := map[unitKey]int{}
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var order int64
		var state string
		var line int
		var raw []byte
		if err := r.Scan(&order, &state, &line, &raw); err != nil {
			return struct{}{}, err
		}
		if state != "paid" {
			live = order
		}
		list, err := unitsOf(line, session, raw)
		for _, u := range list {
			units[unitKey{order, line, u.Unit}] = u.Taken
		}
		return struct{}{}, err
	})
	if err != nil {
		return 0, 0, err
	}
	rows, err = v.Query(`SELECT r.order_id, r.line, r.unit FROM orders o
		JOIN refund_unit r ON r.order_id = o.id WHERE o.member_id = ?
		/* any organization: the check serves all */`, member)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var k unitKey
		err := r.Scan(&k.order, &k.line, &k.unit)
		delete(units, k)
		return struct{}{}, err
	})
	if err != nil {
		return 0, 0, err
	}
	for _, n := range units {
		places += n
	}
	waiting, err := changesOf(v, session, member)
	return places + waiting, live, err
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
