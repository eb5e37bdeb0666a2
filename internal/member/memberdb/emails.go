package memberdb

import (
	"context"
	"database/sql"

	"foyer/internal/clock"
	"foyer/internal/member"
	"foyer/internal/sqldb"
)

const emailOf = `SELECT member_id, email_index, email_sealed, verified_at FROM member_email
  WHERE member_id = ?`

// EmailOf is a member's verified address.
func (s *Store) EmailOf(ctx context.Context, id int64) (member.Email, bool, error) {
	return foundEmail(s.db.QueryRow(ctx, emailOf, id))
}

// EmailOfIn is EmailOf inside a transaction.
func (s *Store) EmailOfIn(tx *sqldb.Tx, id int64) (member.Email, bool, error) {
	return foundEmail(tx.QueryRow(emailOf, id))
}

type scanner interface{ Scan(...any) error }

func foundEmail(row scanner) (member.Email, bool, error) {
	e, err := scanEmail(row)
	ok, err := sqldb.Found(err)
	return e, ok, err
}

func scanEmail(row scanner) (e member.Email, err error) {
	var at int64
	err = row.Scan(&e.Member, &e.Index, &e.Sealed, &at)
	e.VerifiedAt = clock.FromMillis(at)
	return e, err
}

const byEmail = `SELECT member_id, email_index, email_sealed, verified_at FROM member_email
  WHERE email_index = ?`

// ByEmailIn finds an address under any of the indexes that it may be stored under.
func (s *Store) ByEmailIn(tx *sqldb.Tx, indexes [][]byte) (member.Email, bool, error) {
	for _, index := range indexes {
		e, ok, err := foundEmail(tx.QueryRow(byEmail, index))
		if ok || err != nil {
			return e, ok, err
		}
	}
	return member.Email{}, false, nil
}

const insertEmail = `INSERT INTO member_email (member_id, email_index, email_sealed, verified_at)
  VALUES (?, ?, ?, ?)`

// SetEmail stores the address of a member who has none; another's is a duplicate.
func (s *Store) SetEmail(tx *sqldb.Tx, e member.Email) error {
	_, err := tx.Exec(insertEmail, e.Member, e.Index, e.Sealed, clock.Millis(e.VerifiedAt))
	return err
}

const deleteEmail = `DELETE FROM member_email WHERE member_id = ?`

// DeleteEmail forgets a member's address.
func (s *Store) DeleteEmail(tx *sqldb.Tx, id int64) error {
	_, err := tx.Exec(deleteEmail, id)
	return err
}

const emailsAfter = `SELECT member_id, email_index, email_sealed, verified_at FROM member_email
  WHERE member_id > ? ORDER BY member_id LIMIT ?`

// EmailsAfter pages through all addresses by key.
func (s *Store) EmailsAfter(ctx context.Context, id int64, limit int) ([]member.Email, error) {
	rows, err := s.db.Query(ctx, emailsAfter, id, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (member.Email, error) { return scanEmail(r) })
}

const rekeyEmailIfSame = `UPDATE member_email SET email_index = ?
  WHERE member_id = ? AND email_index = ?`

// RekeyEmailIfSame stores an address under another index unless it changed.
func (s *Store) RekeyEmailIfSame(tx *sqldb.Tx, old, now member.Email) error {
	_, err := tx.Exec(rekeyEmailIfSame, now.Index, old.Member, old.Index)
	return err
}
