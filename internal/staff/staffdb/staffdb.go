// Package staffdb stores staff, roles, grants and one-time links.
package staffdb

import (
	"context"
	"database/sql"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/staff"
)

// Store implements staff.People, staff.Roles, staff.Grants, staff.Links and
// staff.InvitationStore.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

const byEmail = `SELECT id, state, email_index, email_sealed, totp_sealed, name, password,
  totp_last, revision, created_at FROM staff WHERE email_index = ?`

// ByEmail finds a person by any of the indexes that an address may be stored under.
func (s *Store) ByEmail(ctx context.Context, indexes [][]byte) (staff.Record, bool, error) {
	return firstOf(indexes, func(index []byte) *sql.Row {
		return s.db.QueryRow(ctx, byEmail, index)
	})
}

// ByEmailIn is ByEmail inside a transaction.
func (s *Store) ByEmailIn(tx *sqldb.Tx, indexes [][]byte) (staff.Record, bool, error) {
	return firstOf(indexes, func(index []byte) *sql.Row { return tx.QueryRow(byEmail, index) })
}

// firstOf asks for one index after another; there are two only until a rotation is over.
func firstOf(indexes [][]byte, ask func([]byte) *sql.Row) (staff.Record, bool, error) {
	for _, index := range indexes {
		r, err := scan(ask(index))
		if found, err := sqldb.Found(err); found || err != nil {
			return r, found, err
		}
	}
	return staff.Record{}, false, nil
}

const byID = `SELECT id, state, email_index, email_sealed, totp_sealed, name, password,
  totp_last, revision, created_at FROM staff WHERE id = ?`

// ByID reads a person.
func (s *Store) ByID(ctx context.Context, id int64) (staff.Record, bool, error) {
	r, err := scan(s.db.QueryRow(ctx, byID, id))
	found, err := sqldb.Found(err)
	return r, found, err
}

// ByIDIn is ByID inside a transaction.
func (s *Store) ByIDIn(tx *sqldb.Tx, id int64) (staff.Record, bool, error) {
	r, err := scan(tx.QueryRow(byID, id))
	found, err := sqldb.Found(err)
	return r, found, err
}

type scanner interface{ Scan(...any) error }

func scan(row scanner) (staff.Record, error) {
	var r staff.Record
	var created int64
	err := row.Scan(&r.ID, &r.State, &r.EmailIndex, &r.EmailSealed, &r.TOTPSealed, &r.Name,
		&r.Password, &r.TOTPLast, &r.Revision, &created)
	r.CreatedAt = clock.FromMillis(created)
	return r, err
}

const insert = `INSERT INTO staff (id, state, email_index, email_sealed, totp_sealed, name,
  password, totp_last, revision, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// Insert stores a new person; an address that is stored already is a duplicate.
func (s *Store) Insert(tx *sqldb.Tx, r staff.Record) error {
	_, err := tx.Exec(insert, r.ID, string(r.State), r.EmailIndex, r.EmailSealed, r.TOTPSealed,
		r.Name, r.Password, r.TOTPLast, r.Revision, clock.Millis(r.CreatedAt))
	return err
}

// The last step is not among what is updated here: only UseStepIfLater moves it, or a
// reset, which comes with another secret. It stands first: MySQL assigns from left to
// right, and must compare with the secret of before.
const updateIfRevision = `UPDATE staff SET
  totp_last = CASE WHEN totp_sealed = ? THEN totp_last ELSE 0 END,
  state = ?, totp_sealed = ?, password = ?, revision = revision + 1 WHERE id = ? AND revision = ?`

// UpdateIfRevision stores state, password and second factor, if nobody changed the person
// since r was read. It refuses with fault.Stale.
func (s *Store) UpdateIfRevision(tx *sqldb.Tx, r staff.Record) error {
	return tx.Guard(fault.Stale, updateIfRevision, r.TOTPSealed, string(r.State), r.TOTPSealed,
		r.Password, r.ID, r.Revision)
}

const useStepIfLater = `UPDATE staff SET totp_last = ? WHERE id = ? AND totp_last < ?`

// UseStepIfLater spends a TOTP step. It refuses with staff.ErrSignIn one that is spent.
func (s *Store) UseStepIfLater(tx *sqldb.Tx, id, step int64) error {
	return tx.Guard(staff.ErrSignIn, useStepIfLater, step, id, step)
}
