package memberdb

import (
	"context"
	"database/sql"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/member"
	"foyer/internal/sqldb"
)

const companionsOf = `SELECT id, member_id, relation, name_sealed, document_kind, number_sealed,
  number_index, birth_sealed, revision, created_at FROM companion WHERE member_id = ?
  ORDER BY id LIMIT ?`

// CompanionsOf are a member's companions, the oldest first.
func (s *Store) CompanionsOf(ctx context.Context, id int64) ([]member.SealedCompanion, error) {
	rows, err := s.db.Query(ctx, companionsOf, id, 2*member.MaxCompanions)
	return sqldb.Collect(rows, err, scanCompanion)
}

// CompanionsOfIn is CompanionsOf inside a transaction.
func (s *Store) CompanionsOfIn(tx *sqldb.Tx, id int64) ([]member.SealedCompanion, error) {
	rows, err := tx.Query(companionsOf, id, 2*member.MaxCompanions)
	return sqldb.Collect(rows, err, scanCompanion)
}

func scanCompanion(r *sql.Rows) (c member.SealedCompanion, err error) {
	var at int64
	err = r.Scan(&c.ID, &c.Member, &c.Relation, &c.Name, &c.Kind, &c.Number, &c.Index, &c.Day,
		&c.Revision, &at)
	c.CreatedAt = clock.FromMillis(at)
	return c, err
}

const insertCompanion = `INSERT INTO companion (id, member_id, relation, name_sealed,
  document_kind, number_sealed, number_index, birth_sealed, revision, created_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// InsertCompanion stores a companion; a document that the member has is a duplicate.
func (s *Store) InsertCompanion(tx *sqldb.Tx, c member.SealedCompanion) error {
	_, err := tx.Exec(insertCompanion, c.ID, c.Member, string(c.Relation), c.Name, string(c.Kind),
		c.Number, c.Index, c.Day, c.Revision, clock.Millis(c.CreatedAt))
	return err
}

const updateCompanion = `UPDATE companion SET relation = ?, name_sealed = ?, document_kind = ?,
  number_sealed = ?, number_index = ?, birth_sealed = ?, revision = revision + 1
  WHERE id = ? AND member_id = ? AND revision = ?`

// UpdateCompanionIfRevision replaces a companion that nobody changed since. It refuses with
// fault.Stale.
func (s *Store) UpdateCompanionIfRevision(tx *sqldb.Tx, c member.SealedCompanion) error {
	return tx.Guard(fault.Stale, updateCompanion, string(c.Relation), c.Name, string(c.Kind),
		c.Number, c.Index, c.Day, c.ID, c.Member, c.Revision)
}

const (
	deleteCompanion  = `DELETE FROM companion WHERE id = ? AND member_id = ?`
	deleteCompanions = `DELETE FROM companion WHERE member_id = ?`
)

// DeleteCompanion forgets a companion; false when the member has none of that number.
func (s *Store) DeleteCompanion(tx *sqldb.Tx, id, companion int64) (bool, error) {
	n, err := tx.Exec(deleteCompanion, companion, id)
	return n > 0, err
}

// DeleteCompanions forgets all companions of a member and tells how many.
func (s *Store) DeleteCompanions(tx *sqldb.Tx, id int64) (int, error) {
	n, err := tx.Exec(deleteCompanions, id)
	return int(n), err
}

const companionsAfter = `SELECT id, member_id, relation, name_sealed, document_kind,
  number_sealed, number_index, birth_sealed, revision, created_at FROM companion WHERE id > ?
  ORDER BY id LIMIT ?`

// CompanionsAfter pages through all companions by key.
func (s *Store) CompanionsAfter(ctx context.Context, id int64, limit int,
) ([]member.SealedCompanion, error) {
	rows, err := s.db.Query(ctx, companionsAfter, id, limit)
	return sqldb.Collect(rows, err, scanCompanion)
}

const rekeyCompanionIfSame = `UPDATE companion SET number_index = ?
  WHERE id = ? AND number_index = ?`

// RekeyCompanionIfSame stores a companion under another index unless it changed.
func (s *Store) RekeyCompanionIfSame(tx *sqldb.Tx, old, now member.SealedCompanion) error {
	_, err := tx.Exec(rekeyCompanionIfSame, now.Index, old.ID, old.Index)
	return err
}
