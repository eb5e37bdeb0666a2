package seatingdb

import (
	"context"
	"database/sql"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

const versionByID = `SELECT id, organization_id, hall_id, number, seats, digest, published_at, doc
	FROM seat_map_version
	WHERE id = ? /* any organization: published maps are public, and sessions pin them */`

// Version is a published map; fault.Missing.
func (s *Store) Version(ctx context.Context, id int64) (seating.Version, []byte, error) {
	return scanVersion(s.db.QueryRow(ctx, versionByID, id))
}

// VersionIn is Version inside a transaction.
func (s *Store) VersionIn(tx *sqldb.Tx, id int64) (seating.Version, []byte, error) {
	return scanVersion(tx.QueryRow(versionByID, id))
}

func scanVersion(row *sql.Row) (v seating.Version, doc []byte, err error) {
	var at int64
	ok, err := sqldb.Found(row.Scan(&v.ID, &v.Organization, &v.Hall, &v.Number, &v.Seats, &v.Digest,
		&at, &doc))
	if err == nil && !ok {
		err = fault.Missing
	}
	v.PublishedAt = clock.FromMillis(at)
	return v, doc, err
}

// Versions of a hall, newest first, before a number (0: from the newest).
func (s *Store) Versions(ctx context.Context, scope actor.Scope, hall, before int64, limit int,
) ([]seating.Version, error) {
	if before <= 0 {
		before = 1 << 31
	}
	rows, err := s.db.Query(ctx, `SELECT id, hall_id, number, seats, digest, published_at
		FROM seat_map_version WHERE organization_id = ? AND hall_id = ? AND number < ?
		ORDER BY number DESC LIMIT ?`, scope.Organization, hall, before, limit)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (v seating.Version, err error) {
		var at int64
		err = rows.Scan(&v.ID, &v.Hall, &v.Number, &v.Seats, &v.Digest, &at)
		v.Organization, v.PublishedAt = scope.Organization, clock.FromMillis(at)
		return v, err
	})
}

// InsertVersion publishes a map.
func (s *Store) InsertVersion(tx *sqldb.Tx, v seating.Version, doc []byte) error {
	_, err := tx.Exec(`INSERT INTO seat_map_version (id, organization_id, hall_id, number, seats,
		doc, digest, published_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, v.ID, v.Organization, v.Hall,
		v.Number, v.Seats, doc, v.Digest, clock.Millis(v.PublishedAt))
	return err
}

const sheetOf = `SELECT latest_version_id, number, next_place, draft, revision, updated_at
	FROM seat_map WHERE organization_id = ? AND hall_id = ?`

// Sheet is the seat map of a hall; fault.Missing for a hall that never had a draft.
func (s *Store) Sheet(ctx context.Context, scope actor.Scope, hall int64) (seating.Sheet, error) {
	return scanSheet(hall, s.db.QueryRow(ctx, sheetOf, scope.Organization, hall))
}

// SheetIn is Sheet inside a transaction.
func (s *Store) SheetIn(tx *sqldb.Tx, scope actor.Scope, hall int64) (seating.Sheet, error) {
	return scanSheet(hall, tx.QueryRow(sheetOf, scope.Organization, hall))
}

func scanSheet(hall int64, row *sql.Row) (seating.Sheet, error) {
	sh := seating.Sheet{Hall: hall}
	var at int64
	ok, err := sqldb.Found(row.Scan(&sh.Latest, &sh.Number, &sh.NextPlace, &sh.Draft, &sh.Revision,
		&at))
	if err == nil && !ok {
		err = fault.Missing
	}
	sh.UpdatedAt = clock.FromMillis(at)
	return sh, err
}

// SaveSheet writes over revision was; 0 makes the sheet. fault.Stale when it is another.
func (s *Store) SaveSheet(tx *sqldb.Tx, scope actor.Scope, sh seating.Sheet, was int64) error {
	if was > 0 {
		return tx.Guard(fault.Stale.With("expected", was), `UPDATE seat_map SET
			latest_version_id = ?, number = ?, next_place = ?, draft = ?, revision = ?,
			updated_at = ?
			WHERE organization_id = ? AND hall_id = ? AND revision = ?`,
			sh.Latest, sh.Number, sh.NextPlace, sh.Draft, sh.Revision, clock.Millis(tx.Now),
			scope.Organization, sh.Hall, was)
	}
	_, err := tx.Exec(`INSERT INTO seat_map (hall_id, organization_id, latest_version_id, number,
		next_place, draft, revision, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, sh.Hall,
		scope.Organization, sh.Latest, sh.Number, sh.NextPlace, sh.Draft, sh.Revision,
		clock.Millis(tx.Now))
	if sqldb.IsDuplicate(err) {
		return fault.Stale
	}
	return err
}
