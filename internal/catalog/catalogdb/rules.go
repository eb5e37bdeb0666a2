package catalogdb

import (
	"encoding/json"

	"foyer/internal/catalog"
	"foyer/internal/sqldb"
)

const ruleColumns = `id, organization_id, revision, created_at, updated_at, name, doc`

// ruleTable is a table of nothing but a name and a document.
func ruleTable[T any](db *sqldb.DB, s statements, meta func(*T) *catalog.Meta,
	name func(*T) string, info func(*T) any,
) *table[T] {
	return &table[T]{db: db, statements: s, meta: meta,
		values: func(v *T) ([]any, error) {
			doc, err := encode("name", info(v), 16000)
			return []any{name(v), doc}, err
		},
		scan: func(v *T) ([]any, func() error) {
			var doc []byte
			var shown string
			return []any{&shown, &doc}, func() error { return json.Unmarshal(doc, info(v)) }
		},
	}
}

func offerTable(db *sqldb.DB) *table[catalog.Offer] {
	t := ruleTable(db, statements{
		insert: `INSERT INTO offer_rule (id, organization_id, name, doc, revision, created_at,
			updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE offer_rule SET name = ?, doc = ?, revision = ?, updated_at = ?
			WHERE id = ? AND organization_id = ? AND revision = ?`,
		find: `SELECT ` + ruleColumns + ` FROM offer_rule WHERE id = ? AND organization_id = ?`,
		list: `SELECT ` + ruleColumns + ` FROM offer_rule
			WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		known: `SELECT ` + ruleColumns + ` FROM offer_rule WHERE id > ?
			/* any organization: the public picture */ ORDER BY id LIMIT ?`,
		one: `SELECT ` + ruleColumns + ` FROM offer_rule WHERE id = ?
			/* any organization: the public picture */`,
	}, func(o *catalog.Offer) *catalog.Meta { return &o.Meta },
		func(o *catalog.Offer) string { return o.Rule.Name },
		func(o *catalog.Offer) any { return &o.OfferInfo })
	bare := t.scan
	t.scan = func(o *catalog.Offer) ([]any, func() error) {
		targets, finish := bare(o)
		return targets, func() error {
			err := finish()
			o.Rule.ID = o.ID
			return err
		}
	}
	return t
}

func releaseTable(db *sqldb.DB) *table[catalog.Release] {
	return ruleTable(db, statements{
		insert: `INSERT INTO ticket_release (id, organization_id, name, doc, revision, created_at,
			updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE ticket_release SET name = ?, doc = ?, revision = ?, updated_at = ?
			WHERE id = ? AND organization_id = ? AND revision = ?`,
		find: `SELECT ` + ruleColumns + ` FROM ticket_release
			WHERE id = ? AND organization_id = ?`,
		list: `SELECT ` + ruleColumns + ` FROM ticket_release
			WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		known: `SELECT ` + ruleColumns + ` FROM ticket_release WHERE id > ?
			/* any organization: the public picture */ ORDER BY id LIMIT ?`,
		one: `SELECT ` + ruleColumns + ` FROM ticket_release WHERE id = ?
			/* any organization: the public picture */`,
	}, func(r *catalog.Release) *catalog.Meta { return &r.Meta },
		func(r *catalog.Release) string { return r.Name },
		func(r *catalog.Release) any { return &r.ReleaseInfo })
}

func batchTable(db *sqldb.DB) *table[catalog.CodeBatch] {
	return ruleTable(db, statements{
		insert: `INSERT INTO code_batch (id, organization_id, name, doc, revision, created_at,
			updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE code_batch SET name = ?, doc = ?, revision = ?, updated_at = ?
			WHERE id = ? AND organization_id = ? AND revision = ?`,
		find: `SELECT ` + ruleColumns + ` FROM code_batch WHERE id = ? AND organization_id = ?`,
		list: `SELECT ` + ruleColumns + ` FROM code_batch
			WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		known: `SELECT ` + ruleColumns + ` FROM code_batch WHERE id > ?
			/* any organization: the public picture */ ORDER BY id LIMIT ?`,
		one: `SELECT ` + ruleColumns + ` FROM code_batch WHERE id = ?
			/* any organization: the public picture */`,
	}, func(b *catalog.CodeBatch) *catalog.Meta { return &b.Meta },
		func(b *catalog.CodeBatch) string { return b.Name },
		func(b *catalog.CodeBatch) any { return &b.CodeBatchInfo })
}

// usingOffer are the statements by what an offer is for. The organization is bound twice
// where it is all that is asked for.
func usingOffer(by catalog.Using) (usingStatements, bool) {
	switch by {
	case catalog.UsingOneSession:
		return usingStatements{
			bump: `UPDATE session SET revision = revision + 1, updated_at = ?
				WHERE organization_id = ? AND id = ? AND ends_at > ?`,
			list: `SELECT ` + sessionColumns + ` FROM session
				WHERE organization_id = ? AND id = ? AND ends_at > ?`,
		}, true
	case catalog.UsingOneEvent:
		return usingStatements{
			bump: `UPDATE session SET revision = revision + 1, updated_at = ?
				WHERE organization_id = ? AND event_id = ? AND ends_at > ?`,
			list: `SELECT ` + sessionColumns + ` FROM session
				WHERE organization_id = ? AND event_id = ? AND ends_at > ?`,
		}, true
	case catalog.UsingOrganization:
		return usingStatements{
			bump: `UPDATE session SET revision = revision + 1, updated_at = ?
				WHERE organization_id = ? AND organization_id = ? AND ends_at > ?`,
			list: `SELECT ` + sessionColumns + ` FROM session
				WHERE organization_id = ? AND organization_id = ? AND ends_at > ?`,
		}, true
	}
	return usingStatements{}, false
}
