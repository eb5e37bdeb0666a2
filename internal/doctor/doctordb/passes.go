package doctordb

import (
	"context"
	"database/sql"
	"fmt"

	"foyer/internal/doctor"
	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

// passes are I5 for the rule of two people: what such a rule covers has a row that says how
// it was carried out, each row with a request has that request agreed to, and what one
// person did alone stays within what one person may in a day. Each query gives the key of
// what is wrong and two numbers.
var passes = [...]mismatch{
	{"carried out by a request that nobody agreed to (pass, request, there)", `SELECT p.id,
		p.request_id, COALESCE(q.id, 0) FROM approval_pass p LEFT JOIN approval_request q
		ON q.id = p.request_id AND q.organization_id = p.organization_id AND q.kind = p.kind
		AND q.state = 'done' AND q.asked_by = p.staff_id AND q.decided_by <> q.asked_by
		WHERE p.request_id <> 0 AND q.id IS NULL
		/* any organization: the check serves all */ LIMIT 100`},
	{"a request that was carried out not once (request, 1, times)", `SELECT q.id, 1,
		COUNT(p.id) FROM approval_rule r JOIN approval_request q
		ON q.organization_id = r.organization_id AND q.kind = r.kind AND q.state = 'done'
		AND q.decided_at >= r.since LEFT JOIN approval_pass p ON p.request_id = q.id
		WHERE r.since > 0 AND r.enabled = 1 /* any organization: the check serves all */
		GROUP BY q.id HAVING COUNT(p.id) <> 1 LIMIT 100`},
	{"more alone than one person may in a day (pass, may, did)", `SELECT p.id, p.over_minor,
		CAST(SUM(q.amount_minor) AS SIGNED) FROM approval_pass p JOIN approval_pass q
		ON q.organization_id = p.organization_id AND q.kind = p.kind AND q.staff_id = p.staff_id
		AND q.at > p.at - 86400000 AND (q.at < p.at OR (q.at = p.at AND q.id <= p.id))
		AND q.request_id = 0 WHERE p.request_id = 0 AND p.amount_minor > 0
		/* any organization: the check serves all */ GROUP BY p.id, p.over_minor
		HAVING SUM(q.amount_minor) > p.over_minor LIMIT 100`},
	{"a discount that nobody was asked for (offer, revision, 0)", `SELECT o.id, o.revision, 0
		FROM offer_rule o JOIN approval_rule r ON r.organization_id = o.organization_id
		AND r.kind = 'offer.change' LEFT JOIN approval_pass p ON p.object_id = o.id
		AND p.object_revision = o.revision AND p.object_kind = 'off'
		WHERE r.enabled = 1 AND r.since > 0 AND o.updated_at > r.since AND p.id IS NULL
		/* any organization: the check serves all */ LIMIT 100`},
	{"tiers that nobody was asked for (release, revision, 0)", `SELECT o.id, o.revision, 0
		FROM ticket_release o JOIN approval_rule r ON r.organization_id = o.organization_id
		AND r.kind = 'release.change' LEFT JOIN approval_pass p ON p.object_id = o.id
		AND p.object_revision = o.revision AND p.object_kind = 'rel'
		WHERE r.enabled = 1 AND r.since > 0 AND o.updated_at > r.since AND p.id IS NULL
		/* any organization: the check serves all */ LIMIT 100`},
	{"a batch of codes that nobody was asked for (batch, revision, 0)", `SELECT o.id,
		o.revision, 0 FROM code_batch o JOIN approval_rule r
		ON r.organization_id = o.organization_id AND r.kind = 'code_batch.change'
		LEFT JOIN approval_pass p ON p.object_id = o.id AND p.object_revision = o.revision
		AND p.object_kind = 'cbt'
		WHERE r.enabled = 1 AND r.since > 0 AND o.updated_at > r.since AND p.id IS NULL
		/* any organization: the check serves all */ LIMIT 100`},
}

// passed reports what the rule of two people did not let pass and is there all the same.
func (b *Book) passed(ctx context.Context, report doctor.Say) error {
	for _, m := range passes {
		rows, err := b.db.Query(ctx, m.query)
		if _, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
			var id, one, other int64
			err := r.Scan(&id, &one, &other)
			report(doctor.I5, m.what, fmt.Sprintf("%s: %d, %d", idgen.Number(id), one, other))
			return struct{}{}, err
		}); err != nil {
			return fmt.Errorf("%s: %w", m.what, err)
		}
	}
	return nil
}
