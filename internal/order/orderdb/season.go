package orderdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/order/season"
	"foyer/internal/sqldb"
)

// Seasons implements season.Store.
type Seasons struct{ db *sqldb.DB }

// NewSeasons makes the store of seasons over an open database.
func NewSeasons(db *sqldb.DB) *Seasons { return &Seasons{db} }

var _ season.Store = (*Seasons)(nil)

const seasonColumns = `id, organization_id, venue_id, state, sale_from, sale_until, doc, revision,
	created_at, updated_at`

const (
	insertSeason = `INSERT INTO season (` + seasonColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateSeason = `UPDATE season SET venue_id = ?, state = ?, sale_from = ?, sale_until = ?,
		doc = ?, revision = ?, updated_at = ? WHERE id = ? AND organization_id = ?
		AND revision = ?`
	findSeason = `SELECT ` + seasonColumns + ` FROM season WHERE id = ? AND organization_id = ?`
	getSeason  = `SELECT ` + seasonColumns + ` FROM season WHERE id = ?
		/* any organization: what is on sale is public, and the row says whose it is */`
	listSeasons = `SELECT ` + seasonColumns + ` FROM season WHERE organization_id = ? AND id < ?
		ORDER BY id DESC LIMIT ?`
)

func scanSeason(r row) (*season.Season, error) {
	var s season.Season
	var from, until, created, updated int64
	var doc []byte
	if err := r.Scan(&s.ID, &s.Organization, &s.Venue, &s.State, &from, &until, &doc,
		&s.Revision, &created, &updated); err != nil {
		return nil, err
	}
	s.SaleFrom, s.SaleUntil = timeOrZero(from), timeOrZero(until)
	s.CreatedAt, s.UpdatedAt = clock.FromMillis(created), clock.FromMillis(updated)
	if err := json.Unmarshal(doc, &s.Info); err != nil {
		return nil, fmt.Errorf("orderdb: season %d: %w", s.ID, err)
	}
	return &s, nil
}

func foundSeason(r row) (*season.Season, error) {
	s, err := scanSeason(r)
	if found, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !found {
		return nil, fault.Missing
	}
	return s, nil
}

// Insert stores a new season.
func (st *Seasons) Insert(tx *sqldb.Tx, s *season.Season) error {
	doc, err := json.Marshal(s.Info)
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertSeason, s.ID, s.Organization, s.Venue, string(s.State),
		millis(s.SaleFrom), millis(s.SaleUntil), doc, s.Revision, millis(s.CreatedAt),
		millis(s.UpdatedAt))
	return err
}

// Update writes a season over the one of revision was.
func (st *Seasons) Update(tx *sqldb.Tx, s *season.Season, was int64) error {
	doc, err := json.Marshal(s.Info)
	if err != nil {
		return err
	}
	return tx.Guard(fault.Stale, updateSeason, s.Venue, string(s.State), millis(s.SaleFrom),
		millis(s.SaleUntil), doc, s.Revision, millis(s.UpdatedAt), s.ID, s.Organization, was)
}

// Find reads a season of a house inside a transaction; fault.Missing without one.
func (st *Seasons) Find(tx *sqldb.Tx, in actor.Scope, id int64) (*season.Season, error) {
	return foundSeason(tx.QueryRow(findSeason, id, in.Organization))
}

// Get reads a season of any house; fault.Missing without one.
func (st *Seasons) Get(ctx context.Context, id int64) (*season.Season, error) {
	return foundSeason(st.db.QueryRow(ctx, getSeason, id))
}

// List is a page of a house's seasons below a key, the newest first.
func (st *Seasons) List(ctx context.Context, in actor.Scope, before int64, limit int) (
	[]*season.Season, error,
) {
	rows, err := st.db.Query(ctx, listSeasons, in.Organization, before, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (*season.Season, error) {
		return scanSeason(r)
	})
}

// Count is how many seasons a house has.
func (st *Seasons) Count(tx *sqldb.Tx, in actor.Scope) (n int, err error) {
	err = tx.QueryRow(`SELECT COUNT(*) FROM season WHERE organization_id = ?`,
		in.Organization).Scan(&n)
	return n, err
}

// Guard says whether a season is on sale with this revision.
func (st *Seasons) Guard(tx *sqldb.Tx, in actor.Scope, id, revision int64) (bool, error) {
	var state season.State
	var now int64
	found, err := sqldb.Found(tx.QueryRow(`SELECT state, revision FROM season WHERE id = ?
		AND organization_id = ?`, id, in.Organization).Scan(&state, &now))
	return found && state == season.OnSale && now == revision, err
}

func timeOrZero(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return clock.FromMillis(ms)
}
