package seatingdb

import (
	"database/sql"

	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

const (
	placeOwners = `SELECT DISTINCT owner_id FROM claim WHERE session_id = ? AND owner_kind = ?
		AND owner_id > ? ORDER BY owner_id LIMIT ?`
	unitOwners = `SELECT DISTINCT owner_id FROM area_claim WHERE session_id = ?
		AND owner_kind = ? AND owner_id > ? ORDER BY owner_id LIMIT ?`
)

// Owners are those of a kind that have anything of a session, in order of their ids, above
// one of them.
func (b *Book) Owners(tx *sqldb.Tx, session int64, kind seating.OwnerKind, after int64,
	limit int,
) ([]int64, error) {
	places, err := owners(tx, placeOwners, session, kind, after, limit)
	if err != nil {
		return nil, err
	}
	units, err := owners(tx, unitOwners, session, kind, after, limit)
	if err != nil {
		return nil, err
	}
	list := make([]int64, 0, len(places)+len(units))
	for len(places)+len(units) > 0 && len(list) < limit {
		switch {
		case len(units) == 0 || len(places) > 0 && places[0] < units[0]:
			list, places = append(list, places[0]), places[1:]
		case len(places) == 0 || units[0] < places[0]:
			list, units = append(list, units[0]), units[1:]
		default:
			places = places[1:] // the same owner has both
		}
	}
	return list, nil
}

func owners(tx *sqldb.Tx, query string, session int64, kind seating.OwnerKind, after int64,
	limit int,
) ([]int64, error) {
	rows, err := tx.Query(query, session, int(kind), after, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (id int64, err error) {
		return id, r.Scan(&id)
	})
}
