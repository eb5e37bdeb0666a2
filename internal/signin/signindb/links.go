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

const insertLink = `INSERT INTO account_link (token_hash, purpose, account_kind, account_id,
  sign_in_id, sealed, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

// InsertLink stores a one-time link under the hash of its token.
func (s *Store) InsertLink(tx *sqldb.Tx, l signin.Link) error {
	_, err := tx.Exec(insertLink, l.Hash, string(l.Purpose), int(l.Account.Kind), l.Account.ID,
		l.SignIn, l.Sealed, clock.Millis(l.CreatedAt), clock.Millis(l.ExpiresAt))
	return err
}

const linkByHash = `SELECT token_hash, purpose, account_kind, account_id, sign_in_id, sealed,
  created_at, expires_at FROM account_link WHERE token_hash = ?`

// LinkByHash is the link of a token's hash.
func (s *Store) LinkByHash(ctx context.Context, hash []byte) (signin.Link, bool, error) {
	l, err := scanLink(s.db.QueryRow(ctx, linkByHash, hash))
	ok, err := sqldb.Found(err)
	return l, ok, err
}

func scanLink(r scanner) (signin.Link, error) {
	var l signin.Link
	var kind int
	var created, expires int64
	err := r.Scan(&l.Hash, &l.Purpose, &kind, &l.Account.ID, &l.SignIn, &l.Sealed, &created,
		&expires)
	l.Account.Kind = actor.Kind(kind)
	l.CreatedAt, l.ExpiresAt = clock.FromMillis(created), clock.FromMillis(expires)
	return l, err
}

const deleteLink = `DELETE FROM account_link WHERE token_hash = ?`

// DeleteLink ends a link; false when it is gone already.
func (s *Store) DeleteLink(tx *sqldb.Tx, hash []byte) (bool, error) {
	n, err := tx.Exec(deleteLink, hash)
	return n > 0, err
}

const linksOf = `SELECT token_hash, purpose, account_kind, account_id, sign_in_id, sealed,
  created_at, expires_at FROM account_link
  WHERE account_kind = ? AND account_id = ? AND purpose = ?
  ORDER BY created_at, token_hash LIMIT ?`

// LinksOf lists the links of an account and purpose, the oldest first.
func (s *Store) LinksOf(tx *sqldb.Tx, a signin.Account, p signin.LinkPurpose,
) ([]signin.Link, error) {
	rows, err := tx.Query(linksOf, int(a.Kind), a.ID, string(p), maxRows)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (signin.Link, error) { return scanLink(r) })
}

const deleteLinks = `DELETE FROM account_link WHERE account_kind = ? AND account_id = ?`

// DeleteLinks ends all links of an account.
func (s *Store) DeleteLinks(tx *sqldb.Tx, a signin.Account) error {
	_, err := tx.Exec(deleteLinks, int(a.Kind), a.ID)
	return err
}

const endedLinks = `SELECT token_hash FROM account_link WHERE expires_at < ?
  ORDER BY expires_at LIMIT ?`

// SweepLinks deletes links that ended before now.
func (s *Store) SweepLinks(tx *sqldb.Tx, now time.Time, limit int) (int, error) {
	rows, err := tx.Query(endedLinks, clock.Millis(now), limit)
	hashes, err := sqldb.Collect(rows, err, func(r *sql.Rows) (hash []byte, err error) {
		return hash, r.Scan(&hash)
	})
	if err != nil {
		return 0, err
	}
	for _, hash := range hashes {
		if _, err := s.DeleteLink(tx, hash); err != nil {
			return 0, err
		}
	}
	return len(hashes), nil
}
