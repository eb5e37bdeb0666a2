package memberdb

import (
	"context"
	"database/sql"

	"foyer/internal/clock"
	"foyer/internal/member"
	"foyer/internal/sqldb"
)

const membersAfter = `SELECT id, state, phone_index, phone_sealed, name_sealed, subject_key,
  password, language, revision, created_at FROM member WHERE id > ? ORDER BY id LIMIT ?`

// MembersAfter pages through all members by key.
func (s *Store) MembersAfter(ctx context.Context, id int64, limit int) ([]member.Record, error) {
	rows, err := s.db.Query(ctx, membersAfter, id, limit)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (member.Record, error) {
		var r member.Record
		var created int64
		err := rows.Scan(&r.ID, &r.State, &r.PhoneIndex, &r.PhoneSealed, &r.NameSealed,
			&r.SubjectKey, &r.Password, &r.Language, &r.Revision, &created)
		r.CreatedAt = clock.FromMillis(created)
		return r, err
	})
}

const rekeyMemberIfSame = `UPDATE member SET subject_key = ?, phone_index = ?
  WHERE id = ? AND subject_key = ? AND phone_index = ?`

// RekeyMemberIfSame stores the member under other keys unless somebody changed them since
// old was read. What the member sees is the same, so the revision stays.
func (s *Store) RekeyMemberIfSame(tx *sqldb.Tx, old, now member.Record) error {
	_, err := tx.Exec(rekeyMemberIfSame, now.SubjectKey, now.PhoneIndex, old.ID, old.SubjectKey,
		old.PhoneIndex)
	return err
}

const (
	tailsAfter = `SELECT organization_id, tail_index, member_id FROM member_tail
  WHERE (organization_id, tail_index, member_id) > (?, ?, ?)
  ORDER BY organization_id, tail_index, member_id LIMIT ?
  /* any organization: the keys of the installation change for all */`
	deleteTail = `DELETE FROM member_tail
  WHERE organization_id = ? AND tail_index = ? AND member_id = ?`
)

// TailsAfter pages through the tails of all organizations by key.
func (s *Store) TailsAfter(ctx context.Context, t member.Tail, limit int) ([]member.Tail, error) {
	index := t.Index
	if index == nil {
		index = []byte{}
	}
	rows, err := s.db.Query(ctx, tailsAfter, t.Organization, index, t.Member, limit)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (t member.Tail, err error) {
		return t, rows.Scan(&t.Organization, &t.Index, &t.Member)
	})
}

// RekeyTailIfSame moves a tail to its new index, where it may stand already; without one,
// the tail goes.
func (s *Store) RekeyTailIfSame(tx *sqldb.Tx, old, now member.Tail) error {
	n, err := tx.Exec(deleteTail, old.Organization, old.Index, old.Member)
	if err != nil || n == 0 || len(now.Index) == 0 {
		return err
	}
	var one int
	row := tx.QueryRow(hasTail, now.Organization, now.Index, now.Member)
	if found, err := sqldb.Found(row.Scan(&one)); found || err != nil {
		return err
	}
	_, err = tx.Exec(insertTail, now.Organization, now.Index, now.Member)
	return err
}
