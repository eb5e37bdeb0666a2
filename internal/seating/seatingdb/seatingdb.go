// Package seatingdb is the SQL of seating: the book of claims, seat maps, stock, blocks.
package seatingdb

import (
	"context"
	"database/sql"
	"strings"

	"foyer/internal/clock"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// Store keeps seat maps, stock and blocks, and reads the book.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

var _ seating.Store = (*Store)(nil)

// Picture is all that a session has, for drawing its board.
func (s *Store) Picture(ctx context.Context, session int64) (seating.Picture, error) {
	var p seating.Picture
	rows, err := s.db.Query(ctx, `SELECT place, owner_kind, owner_id, state, held_until
		FROM claim WHERE session_id = ?`, session)
	if p.Claims, err = sqldb.Collect(rows, err, scanEntry); err != nil {
		return p, err
	}
	rows, err = s.db.Query(ctx, `SELECT area, capacity, taken, kept FROM area_stock
		WHERE session_id = ? ORDER BY area`, session)
	p.Areas, err = sqldb.Collect(rows, err, scanArea)
	return p, err
}

func scanEntry(rows *sql.Rows) (e seating.Entry, err error) {
	var until int64
	err = rows.Scan(&e.Place, &e.Owner.Kind, &e.Owner.ID, &e.State, &until)
	e.Until = clock.FromMillis(until)
	return e, err
}

func scanArea(rows *sql.Rows) (a seating.AreaStock, err error) {
	err = rows.Scan(&a.Area, &a.Capacity, &a.Taken, &a.Kept)
	return a, err
}

// verdict is one statement, and so one moment: the digest of the claims, of the areas, and
// what of the areas is held. The terms are those of seating.Sum.
const verdict = `SELECT 1, COUNT(*),
	CAST(COALESCE(SUM(owner_id % 1000003 * place), 0) AS SIGNED),
	CAST(COALESCE(SUM(place * 4 + state), 0) AS SIGNED)
	FROM claim WHERE session_id = ?
	UNION ALL SELECT 2, COUNT(*), CAST(COALESCE(SUM(taken * (area % 10007 + 1)), 0) AS SIGNED),
	CAST(COALESCE(SUM(capacity * (area % 10007 + 1)), 0) AS SIGNED)
	FROM area_stock WHERE session_id = ?
	UNION ALL SELECT 3, CAST(COALESCE(SUM(n), 0) AS SIGNED), COALESCE(MIN(held_until), 0), 0
	FROM area_claim WHERE session_id = ? AND state = 1`

// Verdict digests the claims of a session.
func (s *Store) Verdict(ctx context.Context, session int64) (v seating.Verdict, err error) {
	rows, err := s.db.Query(ctx, verdict, session, session, session)
	if err != nil {
		return v, err
	}
	defer rows.Close()
	for rows.Next() {
		var part int
		var a, b, c int64
		if err := rows.Scan(&part, &a, &b, &c); err != nil {
			return v, err
		}
		switch part {
		case 1:
			v.Claims, v.Mix, v.States = a, b, c
		case 2:
			v.Areas, v.Taken, v.Capacity = a, b, c
		case 3:
			v.HeldUnits, v.NextRelease = a, clock.FromMillis(b)
		}
	}
	return v, rows.Err()
}

// listSizes are the lengths of IN lists that are prepared; a shorter list repeats its last.
var listSizes = []int{1, 2, 4, 8, 16, 32, 64, 128, 256}

const longestList = 256

// inList completes a statement's prefix with a list of placeholders of one of few lengths
// and appends the values; list has 1 to longestList numbers.
func inList(prefix, suffix string, args []any, list []int32) (string, []any) {
	n := len(list)
	for _, size := range listSizes {
		if size >= n {
			n = size
			break
		}
	}
	for i := range n {
		args = append(args, list[min(i, len(list)-1)])
	}
	return prefix + "(" + sqldb.Marks(n) + ")" + suffix, args
}

// bounded cuts a text to what its column holds, at a letter's end.
func bounded(text string, letters int) string {
	if r := []rune(text); len(r) > letters {
		return strings.TrimSpace(string(r[:letters]))
	}
	return text
}
