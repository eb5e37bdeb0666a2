package catalogdb

import (
	"encoding/json"

	"foyer/internal/catalog"
	"foyer/internal/sqldb"
)

const organizationColumns = `id, id, revision, created_at, updated_at, name, name_en, currency`

func organizationTable(db *sqldb.DB) *table[catalog.Organization] {
	return &table[catalog.Organization]{db: db, own: true, statements: statements{
		insert: `INSERT INTO organization
			(id, name, name_en, currency, revision, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE organization SET name = ?, name_en = ?, currency = ?,
			revision = ?, updated_at = ? WHERE id = ? AND revision = ?`,
		find: `SELECT ` + organizationColumns + ` FROM organization WHERE id = ?`,
		one:  `SELECT ` + organizationColumns + ` FROM organization WHERE id = ?`,
		known: `SELECT ` + organizationColumns + ` FROM organization
			WHERE id > ? ORDER BY id LIMIT ?`,
		list: `SELECT ` + organizationColumns + ` FROM organization
			WHERE id = ? AND id > ? ORDER BY id LIMIT ?`,
	},
		meta: func(o *catalog.Organization) *catalog.Meta { return &o.Meta },
		values: func(o *catalog.Organization) ([]any, error) {
			return []any{o.Name, o.NameEn, string(o.Currency)}, nil
		},
		scan: func(o *catalog.Organization) ([]any, func() error) {
			return []any{&o.Name, &o.NameEn, &o.Currency}, func() error { return nil }
		},
	}
}

const venueColumns = `id, organization_id, revision, created_at, updated_at, kind, state,
	name, name_en, city, time_zone, day_starts_minute, doc`

type venueDoc struct {
	catalog.VenueInfo
	Images []int64 `json:"images,omitempty"`
}

func venueTable(db *sqldb.DB) *table[catalog.Venue] {
	return &table[catalog.Venue]{db: db, statements: statements{
		insert: `INSERT INTO venue (id, organization_id, kind, state, name, name_en, city,
			time_zone, day_starts_minute, doc, revision, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE venue SET kind = ?, state = ?, name = ?, name_en = ?, city = ?,
			time_zone = ?, day_starts_minute = ?, doc = ?, revision = ?, updated_at = ?
			WHERE id = ? AND organization_id = ? AND revision = ?`,
		find: `SELECT ` + venueColumns + ` FROM venue WHERE id = ? AND organization_id = ?`,
		list: `SELECT ` + venueColumns + ` FROM venue
			WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		known: `SELECT ` + venueColumns + ` FROM venue WHERE id > ?
			/* any organization: the public picture */ ORDER BY id LIMIT ?`,
		one: `SELECT ` + venueColumns + ` FROM venue WHERE id = ?
			/* any organization: the public picture */`,
	},
		meta: func(v *catalog.Venue) *catalog.Meta { return &v.Meta },
		values: func(v *catalog.Venue) ([]any, error) {
			doc, err := encode("intro", venueDoc{v.VenueInfo, v.Images}, 60000)
			return []any{string(v.Kind), string(v.State), v.Name, v.NameEn, v.City,
				v.TimeZone, v.DayStart(), doc}, err
		},
		scan: func(v *catalog.Venue) ([]any, func() error) {
			var doc []byte
			var start int
			var kind, name, nameEn, city, zone string
			return []any{&kind, &v.State, &name, &nameEn, &city, &zone, &start, &doc},
				func() error {
					d := venueDoc{}
					if err := json.Unmarshal(doc, &d); err != nil {
						return err
					}
					v.VenueInfo, v.Images = d.VenueInfo, d.Images
					_, err := catalog.Located(v)
					return err
				}
		},
	}
}

const hallColumns = `id, organization_id, revision, created_at, updated_at, venue_id, name,
	name_en, doc`

func hallTable(db *sqldb.DB) *table[catalog.Hall] {
	return &table[catalog.Hall]{db: db, statements: statements{
		insert: `INSERT INTO hall (id, organization_id, venue_id, name, name_en, doc,
			revision, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE hall SET venue_id = ?, name = ?, name_en = ?, doc = ?, revision = ?,
			updated_at = ? WHERE id = ? AND organization_id = ? AND revision = ?`,
		find: `SELECT ` + hallColumns + ` FROM hall WHERE id = ? AND organization_id = ?`,
		list: `SELECT ` + hallColumns + ` FROM hall
			WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		known: `SELECT ` + hallColumns + ` FROM hall WHERE id > ?
			/* any organization: the public picture */ ORDER BY id LIMIT ?`,
		one: `SELECT ` + hallColumns + ` FROM hall WHERE id = ?
			/* any organization: the public picture */`,
	},
		meta: func(h *catalog.Hall) *catalog.Meta { return &h.Meta },
		values: func(h *catalog.Hall) ([]any, error) {
			doc, err := encode("note", h.HallInfo, 8000)
			return []any{h.VenueID, h.Name, h.NameEn, doc}, err
		},
		scan: func(h *catalog.Hall) ([]any, func() error) {
			var doc []byte
			var name, nameEn string
			return []any{&h.VenueID, &name, &nameEn, &doc},
				func() error { return json.Unmarshal(doc, &h.HallInfo) }
		},
	}
}
