package doctordb

import (
	"context"
	"database/sql"
	"fmt"

	"foyer/internal/doctor"
	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

// changesOf counts the places that open changes of a member wait for in a session; within
// one session the old places are counted, and the new are not.
func changesOf(v *sqldb.View, session, member int64) (n int, err error) {
	err = v.QueryRow(`SELECT COALESCE(CAST(SUM(places) AS SIGNED), 0) FROM order_change
		WHERE session_id = ? AND member_id = ? AND from_session_id <> session_id
		AND state IN ('pending', 'closing') /* any organization: the check serves all */`,
		session, member).Scan(&n)
	return n, err
}

// rule is a query that gives the key of what is wrong and two numbers.
type rule struct {
	rule  doctor.Rule
	what  string
	query string
}

// changes are contradictions of changes, each found by a query that gives the key of what is
// wrong and two numbers.
var changes = [...]rule{
	{doctor.I5, "open change (its order names another, the order's change)", `SELECT c.id, c.id,
		COALESCE(o.change_id, -1) FROM order_change c LEFT JOIN orders o ON o.id = c.order_id
		WHERE c.state IN ('pending', 'closing') AND (o.id IS NULL OR o.change_id <> c.id
		OR o.state <> 'paid') /* any organization: the check serves all */ LIMIT 100`},
	{doctor.I5, "order (names a change that is not open)", `SELECT o.id, o.change_id,
		COALESCE(c.id, 0) FROM orders o LEFT JOIN order_change c ON c.id = o.change_id
		AND c.state IN ('pending', 'closing') WHERE o.change_id <> 0 AND c.id IS NULL
		/* any organization: the check serves all */ LIMIT 100`},
	{doctor.I3, "change (what its units move and it was paid, what the new ones cost)",
		`SELECT c.id, c.due_minor + COALESCE((SELECT CAST(SUM(u.moved_minor) AS SIGNED)
		FROM refund_unit u WHERE u.order_id = c.order_id AND u.change_id = c.id), 0) AS have,
		COALESCE((SELECT CAST(SUM(l.amount_minor) AS SIGNED) FROM order_line l
		WHERE l.order_id = c.order_id AND l.change_id = c.id), 0) AS cost
		FROM order_change c WHERE c.state = 'done' AND c.due_minor +
		COALESCE((SELECT CAST(SUM(u.moved_minor) AS SIGNED) FROM refund_unit u
		WHERE u.order_id = c.order_id AND u.change_id = c.id), 0) <>
		COALESCE((SELECT CAST(SUM(l.amount_minor) AS SIGNED) FROM order_line l
		WHERE l.order_id = c.order_id AND l.change_id = c.id), 0)
		/* any organization: the check serves all */ LIMIT 100`},
	{doctor.I1, "change (places that it waits for, places claimed for it)", `SELECT c.id,
		c.places, (SELECT COUNT(*) FROM claim k WHERE k.session_id = c.session_id
		AND k.owner_kind = 5 AND k.owner_id = c.id AND k.state = 1) +
		COALESCE((SELECT CAST(SUM(a.n) AS SIGNED) FROM area_claim a
		WHERE a.session_id = c.session_id AND a.owner_kind = 5 AND a.owner_id = c.id), 0) AS have
		FROM order_change c WHERE c.state IN ('pending', 'closing') AND c.places <>
		(SELECT COUNT(*) FROM claim k WHERE k.session_id = c.session_id
		AND k.owner_kind = 5 AND k.owner_id = c.id AND k.state = 1) +
		COALESCE((SELECT CAST(SUM(a.n) AS SIGNED) FROM area_claim a
		WHERE a.session_id = c.session_id AND a.owner_kind = 5 AND a.owner_id = c.id), 0)
		/* any organization: the check serves all */ LIMIT 100`},
	{doctor.I1, "place (claimed for a change that does not wait)", `SELECT k.owner_id,
		k.session_id, k.place FROM claim k LEFT JOIN order_change c ON c.id = k.owner_id
		AND c.state IN ('pending', 'closing') WHERE k.owner_kind = 5 AND c.id IS NULL
		/* any organization: the check serves all */ LIMIT 100`},
	{doctor.I1, "ticket (opens from, its moved session starts)", `SELECT e.ticket_id,
		e.valid_from, s.starts_at FROM session_move m JOIN session s ON s.id = m.session_id
		JOIN entitlement e ON e.session_id = m.session_id WHERE m.state IN ('open', 'done')
		AND e.state = 'live' AND e.admission_id = 0
		AND (e.valid_from <> s.starts_at - 3600000 OR e.valid_until <> s.ends_at)
		AND NOT EXISTS (SELECT 1 FROM session_move r WHERE r.session_id = m.session_id
		AND r.state = 'running') /* any organization: the check serves all */ LIMIT 100`},
}

// ask puts each query of a list and reports what it finds.
func (b *Book) ask(ctx context.Context, list []rule, report doctor.Say) error {
	for _, q := range list {
		rows, err := b.db.Query(ctx, q.query)
		_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
			var id, one, other int64
			err := r.Scan(&id, &one, &other)
			report(q.rule, q.what, fmt.Sprintf("%s: %d, %d", idgen.Number(id), one, other))
			return struct{}{}, err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", q.what, err)
		}
	}
	return nil
}
