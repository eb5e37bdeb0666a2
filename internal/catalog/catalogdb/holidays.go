package catalogdb

import (
	"foyer/internal/catalog"
	"foyer/internal/sqldb"
)

func holidayTable(db *sqldb.DB) *table[catalog.HolidayList] {
	return ruleTable(db, statements{
		insert: `INSERT INTO holiday_list (id, organization_id, name, doc, revision, created_at,
			updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		update: `UPDATE holiday_list SET name = ?, doc = ?, revision = ?, updated_at = ?
			WHERE id = ? AND organization_id = ? AND revision = ?`,
		find: `SELECT ` + ruleColumns + ` FROM holiday_list
			WHERE id = ? AND organization_id = ?`,
		list: `SELECT ` + ruleColumns + ` FROM holiday_list
			WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?`,
		known: `SELECT ` + ruleColumns + ` FROM holiday_list WHERE id > ?
			/* any organization: the public picture */ ORDER BY id LIMIT ?`,
		one: `SELECT ` + ruleColumns + ` FROM holiday_list WHERE id = ?
			/* any organization: the public picture */`,
	}, func(l *catalog.HolidayList) *catalog.Meta { return &l.Meta },
		func(l *catalog.HolidayList) string { return l.Name() },
		func(l *catalog.HolidayList) any { return &l.HolidayListInfo })
}
