package seatingdb

import (
	"database/sql"
	"slices"

	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

const holdersOf = `SELECT place, owner_kind, owner_id, state FROM claim
	WHERE session_id = ? AND place IN `

// Holders are those who have any of the places of a session, by place; free ones are left
// out.
func (b *Book) Holders(tx *sqldb.Tx, session int64, places []int32) ([]seating.Holder, error) {
	var all []seating.Holder
	for chunk := range slices.Chunk(places, longestList) {
		query, args := inList(holdersOf, " ORDER BY place", []any{session}, chunk)
		rows, err := tx.Query(query, args...)
		list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (h seating.Holder, err error) {
			err = r.Scan(&h.Place, &h.Owner.Kind, &h.Owner.ID, &h.State)
			return h, err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}
