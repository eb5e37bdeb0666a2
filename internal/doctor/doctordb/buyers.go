package doctordb

// buyerCounters are I8 for who may buy: what phones, devices, documents and members have
// counted is what their orders say that they count, in the orders that are alive, and a
// document is counted once for each person who was named with it. kind 7, the right to give
// back, stays used whatever becomes of the order.
var buyerCounters = [...]mismatch{
	{"what a buyer has counted (session or event, says, orders)", `SELECT c.session_id, c.n,
		COALESCE(t.n, 0) FROM limit_counter c LEFT JOIN (SELECT kind, scope_id, subject,
		CAST(SUM(n) AS SIGNED) AS n FROM limit_take WHERE live = 1
		GROUP BY kind, scope_id, subject) t ON t.kind = c.kind AND t.scope_id = c.session_id
		AND t.subject = c.subject
		WHERE c.kind >= 2 AND c.kind <= 8 AND c.n <> COALESCE(t.n, 0) LIMIT 100`},
	{"what an order counts without a counter (order, kind, n)", `SELECT t.order_id, t.kind, t.n
		FROM limit_take t LEFT JOIN limit_counter c ON c.session_id = t.scope_id
		AND c.kind = t.kind AND c.subject = t.subject
		WHERE t.live = 1 AND t.n > 0 AND c.subject IS NULL LIMIT 100`},
	{"what an order counts though it ended, or not though it lives (order, counts, kind)",
		`SELECT t.order_id, t.live, t.kind FROM limit_take t JOIN orders o ON o.id = t.order_id
		WHERE t.kind <> 7 AND t.live <> CASE
		WHEN o.state IN ('pending', 'closing', 'requested', 'paid') THEN 1 ELSE 0 END
		/* any organization: the check serves all */ LIMIT 100`},
	{"documents counted for an order (order, counted, named)", `SELECT t.order_id, t.n,
		COALESCE(v.n, 0) FROM limit_take t LEFT JOIN (SELECT order_id, session_id, subject,
		COUNT(*) AS n FROM visitor WHERE state IN (1, 3) AND person > 0
		GROUP BY order_id, session_id, subject) v ON v.order_id = t.order_id
		AND v.session_id = t.scope_id AND v.subject = t.subject
		WHERE t.kind = 4 AND t.by_place = 0 AND t.live = 1 AND t.n <> COALESCE(v.n, 0)
		AND EXISTS (SELECT 1 FROM visitor x WHERE x.order_id = t.order_id
		AND x.session_id = t.scope_id)
		/* any organization: the check serves all */ LIMIT 100`},
	{"people who wait for a change that is not open (order, line, unit)", `SELECT v.order_id,
		v.line, v.unit FROM visitor v JOIN orders o ON o.id = v.order_id
		WHERE v.state IN (3, 4) AND o.change_id = 0
		/* any organization: the check serves all */ LIMIT 100`},
}
