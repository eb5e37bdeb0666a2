// Package memberdb stores members, their codes by SMS, addresses, companions and consents,
// and what organizations find their own buyers by.
package memberdb

import (
	"context"
	"database/sql"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/member"
	"foyer/internal/sqldb"
)

// Store implements every store that package member asks for.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

const byPhone = `SELECT id, state, phone_index, phone_sealed, name_sealed, subject_key,
  password, language, revision, created_at FROM member WHERE phone_index = ?`

// ByPhone finds a member by any of the indexes that a phone may be stored under.
func (s *Store) ByPhone(ctx context.Context, indexes [][]byte) (member.Record, bool, error) {
	return firstOf(indexes, func(index []byte) *sql.Row {
		return s.db.QueryRow(ctx, byPhone, index)
	})
}

// ByPhoneIn is ByPhone inside a transaction.
func (s *Store) ByPhoneIn(tx *sqldb.Tx, indexes [][]byte) (member.Record, bool, error) {
	return firstOf(indexes, func(index []byte) *sql.Row { return tx.QueryRow(byPhone, index) })
}

// firstOf asks for one index after another; there are two only until a rotation is over.
func firstOf(indexes [][]byte, ask func([]byte) *sql.Row) (member.Record, bool, error) {
	for _, index := range indexes {
		r, err := scan(ask(index))
		if found, err := sqldb.Found(err); found || err != nil {
			return r, found, err
		}
	}
	return member.Record{}, false, nil
}

const byID = `SELECT id, state, phone_index, phone_sealed, name_sealed, subject_key,
  password, language, revision, created_at FROM member WHERE id = ?`

// ByID reads a member.
func (s *Store) ByID(ctx context.Context, id int64) (member.Record, bool, error) {
	r, err := scan(s.db.QueryRow(ctx, byID, id))
	found, err := sqldb.Found(err)
	return r, found, err
}

// ByIDIn is ByID inside a transaction.
func (s *Store) ByIDIn(tx *sqldb.Tx, id int64) (member.Record, bool, error) {
	r, err := scan(tx.QueryRow(byID, id))
	found, err := sqldb.Found(err)
	return r, found, err
}

func scan(row *sql.Row) (member.Record, error) {
	var r member.Record
	var created int64
	err := row.Scan(&r.ID, &r.State, &r.PhoneIndex, &r.PhoneSealed, &r.NameSealed,
		&r.SubjectKey, &r.Password, &r.Language, &r.Revision, &created)
	r.CreatedAt = clock.FromMillis(created)
	return r, err
}

const insert = `INSERT INTO member (id, state, phone_index, phone_sealed, name_sealed,
  subject_key, password, language, revision, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// Insert stores a new member; a phone that is stored already is a duplicate.
func (s *Store) Insert(tx *sqldb.Tx, r member.Record) error {
	_, err := tx.Exec(insert, r.ID, string(r.State), r.PhoneIndex, r.PhoneSealed, r.NameSealed,
		r.SubjectKey, r.Password, r.Language, r.Revision, clock.Millis(r.CreatedAt))
	return err
}

const updateIfRevision = `UPDATE member SET name_sealed = ?, language = ?, password = ?,
  revision = revision + 1 WHERE id = ? AND revision = ? AND state = 'active'`

// UpdateIfRevision stores what a member may change, if nobody changed it since r was read.
// It refuses with fault.Stale.
func (s *Store) UpdateIfRevision(tx *sqldb.Tx, r member.Record) error {
	return tx.Guard(fault.Stale, updateIfRevision, r.NameSealed, r.Language, r.Password, r.ID,
		r.Revision)
}

const (
	hasTail = `SELECT 1 FROM member_tail
  WHERE organization_id = ? AND tail_index = ? AND member_id = ?`
	insertTail = `INSERT INTO member_tail (organization_id, tail_index, member_id)
  VALUES (?, ?, ?)`
	findTail = `SELECT member_id FROM member_tail WHERE organization_id = ? AND tail_index = ?
  ORDER BY member_id DESC LIMIT ?`
)

// Remember stores that an organization may find a member by a tail.
func (s *Store) Remember(tx *sqldb.Tx, sc actor.Scope, tail []byte, id int64) error {
	var one int
	row := tx.QueryRow(hasTail, sc.Organization, tail, id)
	if found, err := sqldb.Found(row.Scan(&one)); found || err != nil {
		return err
	}
	err := tx.Try(func() error {
		_, err := tx.Exec(insertTail, sc.Organization, tail, id)
		return err
	})
	if sqldb.IsDuplicate(err) { // another process stored it just now
		return nil
	}
	return err
}

// Find are the members whom an organization knows by any of the tails, the newest first.
func (s *Store) Find(ctx context.Context, sc actor.Scope, tails [][]byte, limit int,
) ([]int64, error) {
	var all []int64
	for _, tail := range tails {
		rows, err := s.db.Query(ctx, findTail, sc.Organization, tail, limit-len(all))
		list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (id int64, err error) {
			return id, r.Scan(&id)
		})
		if err != nil {
			return nil, err
		}
		if all = append(all, list...); len(all) >= limit {
			break
		}
	}
	return all, nil
}
