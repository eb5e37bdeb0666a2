package doctordb

import "foyer/internal/doctor"

// closed is what may not be left of a member whose account was closed. What a gate or a law
// keeps has its day (visitor.delete_after, invoice_request.erase_after).
var closed = [...]rule{
	{doctor.I10, "closed account (its own row still says something)", `SELECT id, revision, 0
		FROM member WHERE state = 'closed' AND (phone_index IS NOT NULL
		OR phone_sealed IS NOT NULL OR name_sealed IS NOT NULL OR LENGTH(subject_key) > 0
		OR password <> '') LIMIT 100`},
	{doctor.I10, "closed account (it has companions)", `SELECT m.id, c.id, 0 FROM companion c
		JOIN member m ON m.id = c.member_id WHERE m.state = 'closed' LIMIT 100`},
	{doctor.I10, "closed account (it has an address)", `SELECT m.id, 0, 0 FROM member_email e
		JOIN member m ON m.id = e.member_id WHERE m.state = 'closed' LIMIT 100`},
	{doctor.I10, "closed account (a house finds it by its phone)", `SELECT m.id,
		t.organization_id, 0 FROM member_tail t JOIN member m ON m.id = t.member_id
		WHERE m.state = 'closed' /* any organization: the check serves all */ LIMIT 100`},
	{doctor.I10, "closed account (somebody is signed in)", `SELECT m.id, t.id, 0
		FROM access_token t JOIN member m ON m.id = t.account_id
		WHERE t.account_kind = 1 AND m.state = 'closed' LIMIT 100`},
	{doctor.I10, "closed account (it waits to be told)", `SELECT m.id, a.id, 0 FROM alert a
		JOIN member m ON m.id = a.member_id WHERE m.state = 'closed'
		/* any organization: the check serves all */ LIMIT 100`},
	{doctor.I10, "closed account (people of an order that ended are named)", `SELECT m.id,
		o.id, v.id FROM member m JOIN orders o ON o.member_id = m.id
		JOIN visitor v ON v.order_id = o.id WHERE m.state = 'closed'
		AND o.state IN ('expired', 'cancelled') /* any organization: the check serves all */
		LIMIT 100`},
	{doctor.I10, "closed account (an invoice request without its day)", `SELECT m.id, r.id,
		r.erase_after FROM invoice_request r JOIN member m ON m.id = r.member_id
		WHERE m.state = 'closed' AND r.erase_after = 0
		/* any organization: the check serves all */ LIMIT 100`},
}
