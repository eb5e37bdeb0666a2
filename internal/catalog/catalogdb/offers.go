package catalogdb

import (
	"encoding/json"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/sqldb"
)

const eventColumns = `id, organization_id, revision, created_at, updated_at, kind, state,
	code, title, title_en, doc`

type eventDoc struct {
	catalog.EventInfo
	Poster int64   `json:"poster,omitempty"`
	Stills []int64 `json:"stills,omitempty"`
}

func eventTable(db *sqldb.DB) *table[catalog.Event] {
	return &table[catalog.Event]{db: db, statements: statements{
		insert: `INSERT INTO event (id, organization_id, kind, state, code, title, title_en,
			doc, revision, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE event SET kind = ?, state = ?, code = ?, title = ?, title_en = ?,
			doc = ?, revision = ?, updated_at = ?
			WHERE id = ? AND organization_id = ? AND revision = ?`,
		find: `SELECT ` + eventColumns + ` FROM event WHERE id = ? AND organization_id = ?`,
		list: `SELECT ` + eventColumns + ` FROM event
			WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		known: `SELECT ` + eventColumns + ` FROM event WHERE id > ? AND state <> 'archived'
			/* any organization: the public picture */ ORDER BY id LIMIT ?`,
		one: `SELECT ` + eventColumns + ` FROM event WHERE id = ?
			/* any organization: the public picture */`,
	},
		meta: func(e *catalog.Event) *catalog.Meta { return &e.Meta },
		values: func(e *catalog.Event) ([]any, error) {
			doc, err := encode("synopsis", eventDoc{e.EventInfo, e.Poster, e.Stills}, 60000)
			return []any{string(e.Kind), string(e.State), e.Code, e.Title, e.TitleEn, doc}, err
		},
		scan: func(e *catalog.Event) ([]any, func() error) {
			var doc []byte
			var kind, code, title, titleEn string
			return []any{&kind, &e.State, &code, &title, &titleEn, &doc}, func() error {
				d := eventDoc{}
				err := json.Unmarshal(doc, &d)
				e.EventInfo, e.Poster, e.Stills = d.EventInfo, d.Poster, d.Stills
				return err
			}
		},
	}
}

// codes finds events by what people write in sheets.
type codes struct{ *table[catalog.Event] }

// EventByCode is the event of a code, or nil.
func (c codes) EventByCode(tx *sqldb.Tx, scope actor.Scope,
	code string) (*catalog.Event, error) {
	list, err := c.collect(tx.Query(`SELECT `+eventColumns+` FROM event
		WHERE organization_id = ? AND code = ?`, scope.Organization, code))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// EventsByTitle are up to two events of exactly that title.
func (c codes) EventsByTitle(tx *sqldb.Tx, scope actor.Scope,
	title string) ([]*catalog.Event, error) {
	return c.collect(tx.Query(`SELECT `+eventColumns+` FROM event
		WHERE organization_id = ? AND title = ? AND state <> 'archived' ORDER BY id LIMIT 2`,
		scope.Organization, title))
}

const ticketTypeColumns = `id, organization_id, revision, created_at, updated_at, kind, code,
	name, name_en, doc`

func ticketTypeTable(db *sqldb.DB) *table[catalog.TicketType] {
	return &table[catalog.TicketType]{db: db, statements: statements{
		insert: `INSERT INTO ticket_type (id, organization_id, kind, code, name, name_en, doc,
			revision, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE ticket_type SET kind = ?, code = ?, name = ?, name_en = ?, doc = ?,
			revision = ?, updated_at = ? WHERE id = ? AND organization_id = ? AND revision = ?`,
		find: `SELECT ` + ticketTypeColumns + ` FROM ticket_type
			WHERE id = ? AND organization_id = ?`,
		list: `SELECT ` + ticketTypeColumns + ` FROM ticket_type
			WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		known: `SELECT ` + ticketTypeColumns + ` FROM ticket_type WHERE id > ?
			/* any organization: the public picture */ ORDER BY id LIMIT ?`,
		one: `SELECT ` + ticketTypeColumns + ` FROM ticket_type WHERE id = ?
			/* any organization: the public picture */`,
	},
		meta: func(t *catalog.TicketType) *catalog.Meta { return &t.Meta },
		values: func(t *catalog.TicketType) ([]any, error) {
			doc, err := encode("who", t.TicketTypeInfo, 8000)
			return []any{string(t.Kind), t.Code, t.Name, t.NameEn, doc}, err
		},
		scan: func(t *catalog.TicketType) ([]any, func() error) {
			var doc []byte
			var kind, code, name, nameEn string
			return []any{&kind, &code, &name, &nameEn, &doc},
				func() error { return json.Unmarshal(doc, &t.TicketTypeInfo) }
		},
	}
}

const priceListColumns = `id, organization_id, revision, created_at, updated_at, name,
	currency, doc`

func priceListTable(db *sqldb.DB) *table[catalog.PriceList] {
	return &table[catalog.PriceList]{db: db, statements: statements{
		insert: `INSERT INTO price_list (id, organization_id, name, currency, doc, revision,
			created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE price_list SET name = ?, currency = ?, doc = ?, revision = ?,
			updated_at = ? WHERE id = ? AND organization_id = ? AND revision = ?`,
		find: `SELECT ` + priceListColumns + ` FROM price_list
			WHERE id = ? AND organization_id = ?`,
		list: `SELECT ` + priceListColumns + ` FROM price_list
			WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		known: `SELECT ` + priceListColumns + ` FROM price_list WHERE id > ?
			/* any organization: the public picture */ ORDER BY id LIMIT ?`,
		one: `SELECT ` + priceListColumns + ` FROM price_list WHERE id = ?
			/* any organization: the public picture */`,
	},
		meta: func(l *catalog.PriceList) *catalog.Meta { return &l.Meta },
		values: func(l *catalog.PriceList) ([]any, error) {
			doc, err := encode("cells", l.PriceListInfo, 60000)
			return []any{l.Name, string(l.Currency), doc}, err
		},
		scan: func(l *catalog.PriceList) ([]any, func() error) {
			var doc []byte
			var name, currency string
			return []any{&name, &currency, &doc},
				func() error { return json.Unmarshal(doc, &l.PriceListInfo) }
		},
	}
}

const refundPolicyColumns = `id, organization_id, revision, created_at, updated_at, name, doc`

func refundPolicyTable(db *sqldb.DB) *table[catalog.RefundPolicy] {
	return &table[catalog.RefundPolicy]{db: db, statements: statements{
		insert: `INSERT INTO refund_policy (id, organization_id, name, doc, revision,
			created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE refund_policy SET name = ?, doc = ?, revision = ?, updated_at = ?
			WHERE id = ? AND organization_id = ? AND revision = ?`,
		find: `SELECT ` + refundPolicyColumns + ` FROM refund_policy
			WHERE id = ? AND organization_id = ?`,
		list: `SELECT ` + refundPolicyColumns + ` FROM refund_policy
			WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		known: `SELECT ` + refundPolicyColumns + ` FROM refund_policy WHERE id > ?
			/* any organization: the public picture */ ORDER BY id LIMIT ?`,
		one: `SELECT ` + refundPolicyColumns + ` FROM refund_policy WHERE id = ?
			/* any organization: the public picture */`,
	},
		meta: func(p *catalog.RefundPolicy) *catalog.Meta { return &p.Meta },
		values: func(p *catalog.RefundPolicy) ([]any, error) {
			doc, err := encode("text", p.RefundPolicyInfo, 16000)
			return []any{p.Name, doc}, err
		},
		scan: func(p *catalog.RefundPolicy) ([]any, func() error) {
			var doc []byte
			var name string
			return []any{&name, &doc},
				func() error { return json.Unmarshal(doc, &p.RefundPolicyInfo) }
		},
	}
}

const mediaColumns = `id, organization_id, revision, created_at, updated_at, digest,
	content_type, bytes, width, height`

func mediaTable(db *sqldb.DB) *table[catalog.Media] {
	return &table[catalog.Media]{db: db, statements: statements{
		insert: `INSERT INTO media (id, organization_id, digest, content_type, bytes, width,
			height, revision, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE media SET digest = ?, content_type = ?, bytes = ?, width = ?,
			height = ?, revision = ?, updated_at = ?
			WHERE id = ? AND organization_id = ? AND revision = ?`,
		find: `SELECT ` + mediaColumns + ` FROM media WHERE id = ? AND organization_id = ?`,
		list: `SELECT ` + mediaColumns + ` FROM media
			WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		known: `SELECT ` + mediaColumns + ` FROM media WHERE id > ?
			/* any organization: pictures are public */ ORDER BY id LIMIT ?`,
		one: `SELECT ` + mediaColumns + ` FROM media WHERE id = ?
			/* any organization: pictures are public */`,
	},
		meta: func(m *catalog.Media) *catalog.Meta { return &m.Meta },
		values: func(m *catalog.Media) ([]any, error) {
			return []any{m.Digest, m.ContentType, m.Bytes, m.Width, m.Height}, nil
		},
		scan: func(m *catalog.Media) ([]any, func() error) {
			return []any{&m.Digest, &m.ContentType, &m.Bytes, &m.Width, &m.Height},
				func() error { return nil }
		},
	}
}
