// Package signindb stores sign-ins, failed attempts and known devices.
package signindb

import (
	"context"
	"database/sql"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// Store implements signin.Tokens and signin.Attempts.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

// maxRows bounds every list read here; accounts keep far fewer.
const maxRows = 100

const insertToken = `INSERT INTO access_token
  (hash, id, account_kind, account_id, device_label, network, created_at, seen_at, expires_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

// Insert stores a sign-in under the hash of its token.
func (s *Store) Insert(tx *sqldb.Tx, hash []byte, in signin.SignIn) error {
	_, err := tx.Exec(insertToken, hash, in.ID, int(in.Account.Kind), in.Account.ID, in.Label,
		in.Network, clock.Millis(in.CreatedAt), clock.Millis(in.SeenAt), clock.Millis(in.ExpiresAt))
	return err
}

const tokenByHash = `SELECT hash, id, account_kind, account_id, device_label, network,
  created_at, seen_at, expires_at FROM access_token WHERE hash = ?`

// ByHash is the sign-in of a token's hash.
func (s *Store) ByHash(ctx context.Context, hash []byte) (signin.SignIn, bool, error) {
	in, err := scanToken(s.db.QueryRow(ctx, tokenByHash, hash))
	ok, err := sqldb.Found(err)
	return in.SignIn, ok, err
}

const tokensOf = `SELECT hash, id, account_kind, account_id, device_label, network,
  created_at, seen_at, expires_at FROM access_token WHERE account_kind = ? AND account_id = ?
  ORDER BY seen_at, id LIMIT ?`

// Of lists the sign-ins of an account, the longest unseen first.
func (s *Store) Of(tx *sqldb.Tx, a signin.Account) ([]signin.StoredSignIn, error) {
	rows, err := tx.Query(tokensOf, int(a.Kind), a.ID, maxRows)
	return sqldb.Collect(rows, err, scanTokens)
}

const liveTokens = `SELECT hash, id, account_kind, account_id, device_label, network,
  created_at, seen_at, expires_at FROM access_token
  WHERE account_kind = ? AND account_id = ? AND expires_at > ?
  ORDER BY seen_at DESC, id DESC LIMIT ?`

// List is the live sign-ins of an account, the last seen first.
func (s *Store) List(ctx context.Context, a signin.Account, now time.Time,
) ([]signin.SignIn, error) {
	rows, err := s.db.Query(ctx, liveTokens, int(a.Kind), a.ID, clock.Millis(now), maxRows)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (signin.SignIn, error) {
		in, err := scanToken(r)
		return in.SignIn, err
	})
}

type scanner interface{ Scan(...any) error }

func scanTokens(r *sql.Rows) (signin.StoredSignIn, error) { return scanToken(r) }

func scanToken(r scanner) (signin.StoredSignIn, error) {
	var in signin.StoredSignIn
	var kind int
	var created, seen, expires int64
	err := r.Scan(&in.Hash, &in.ID, &kind, &in.Account.ID, &in.Label, &in.Network,
		&created, &seen, &expires)
	in.Account.Kind = actor.Kind(kind)
	in.CreatedAt, in.SeenAt = clock.FromMillis(created), clock.FromMillis(seen)
	in.ExpiresAt = clock.FromMillis(expires)
	return in, err
}

const deleteToken = `DELETE FROM access_token WHERE hash = ?`

// Delete ends a sign-in; one that is gone already is no error.
func (s *Store) Delete(tx *sqldb.Tx, hash []byte) error {
	_, err := tx.Exec(deleteToken, hash)
	return err
}

const touchToken = `UPDATE access_token SET seen_at = ?, expires_at = ? WHERE hash = ?`

// Touch writes when an account was last seen.
func (s *Store) Touch(tx *sqldb.Tx, hash []byte, seen, expires time.Time) error {
	_, err := tx.Exec(touchToken, clock.Millis(seen), clock.Millis(expires), hash)
	return err
}

const endedTokens = `SELECT hash FROM access_token WHERE expires_at < ?
  ORDER BY expires_at LIMIT ?`

// Sweep deletes sign-ins that ended before now.
func (s *Store) Sweep(tx *sqldb.Tx, now time.Time, limit int) (int, error) {
	rows, err := tx.Query(endedTokens, clock.Millis(now), limit)
	hashes, err := sqldb.Collect(rows, err, func(r *sql.Rows) (hash []byte, err error) {
		return hash, r.Scan(&hash)
	})
	if err != nil {
		return 0, err
	}
	for _, hash := range hashes {
		if err := s.Delete(tx, hash); err != nil {
			return 0, err
		}
	}
	return len(hashes), nil
}

const tokensAfter = `SELECT hash, id, account_kind, account_id, device_label, network,
  created_at, seen_at, expires_at FROM access_token WHERE hash > ? ORDER BY hash LIMIT ?`

// SeenSince is a page over the live sign-ins that were seen since a time.
func (s *Store) SeenSince(ctx context.Context, since, now time.Time, after []byte, limit int) (
	page []signin.StoredSignIn, last []byte, err error,
) {
	if after == nil {
		after = []byte{}
	}
	rows, err := s.db.Query(ctx, tokensAfter, after, limit)
	all, err := sqldb.Collect(rows, err, scanTokens)
	if err != nil || len(all) == 0 {
		return nil, nil, err
	}
	for _, in := range all {
		if !in.SeenAt.Before(since) && in.ExpiresAt.After(now) {
			page = append(page, in)
		}
	}
	if len(all) < limit {
		return page, nil, nil
	}
	return page, all[len(all)-1].Hash, nil
}
