package doctordb

// lateSales are I8 for sales that were entered late: each is an order that was paid by
// hand with the very sum, and each payment by hand belongs to one; numbers of paper
// tickets are those of the orders that were made of them.
var lateSales = [...]mismatch{
	{"late sale (order, amount, its total)", `SELECT l.order_id, l.amount_minor,
		COALESCE(o.total_minor, -1) FROM late_sale l LEFT JOIN orders o ON o.id = l.order_id
		AND o.organization_id = l.organization_id AND o.state = 'paid'
		WHERE o.id IS NULL OR o.total_minor <> l.amount_minor
		/* any organization: the check serves all */ LIMIT 100`},
	{"late sale (order, amount, paid by hand)", `SELECT l.order_id, l.amount_minor,
		COALESCE((SELECT CAST(SUM(p.captured_minor) AS SIGNED) FROM payment p
		WHERE p.order_id = l.order_id AND p.provider LIKE 'counter!_%' ESCAPE '!'), 0) AS paid
		FROM late_sale l WHERE l.amount_minor <> COALESCE((SELECT
		CAST(SUM(p.captured_minor) AS SIGNED) FROM payment p WHERE p.order_id = l.order_id
		AND p.provider LIKE 'counter!_%' ESCAPE '!'), 0)
		/* any organization: the check serves all */ LIMIT 100`},
	{"payment by hand without a late sale (order, payment, captured)", `SELECT p.order_id, p.id,
		p.captured_minor FROM payment p LEFT JOIN late_sale l ON l.order_id = p.order_id
		WHERE p.provider LIKE 'counter!_%' ESCAPE '!' AND l.order_id IS NULL
		/* any organization: the check serves all */ LIMIT 100`},
	{"number of a paper ticket (its sheet, order, late sale)", `SELECT n.sheet_id, n.order_id,
		COALESCE(l.order_id, 0) FROM late_paper n LEFT JOIN late_sale l
		ON l.order_id = n.order_id AND l.sheet_id = n.sheet_id AND l.entry = n.entry
		WHERE n.order_id <> 0 AND l.order_id IS NULL
		/* any organization: the check serves all */ LIMIT 100`},
}
