package orderdb

import (
	"context"
	"database/sql"
	"errors"

	"foyer/internal/order"
	"foyer/internal/sqldb"
)

// errUses means that less was counted than is given back: a mistake of ours.
var errUses = errors.New("orderdb: a counter of uses holds less than the order")

// TakeUse counts up within the bound. A counter is made by its first use.
func (s *Store) TakeUse(tx *sqldb.Tx, c order.UseCount) (bool, error) {
	if c.Most > 0 && c.N > c.Most {
		return false, nil
	}
	for range 2 { // the second time when another process made it meanwhile
		n, err := tx.Exec(`UPDATE use_counter SET n = n + ? WHERE organization_id = ?
			AND session_id = ? AND kind = ? AND subject = ? AND item = ?
			AND (? = 0 OR n + ? <= ?)`, c.N, c.Organization, c.Session, int(c.Kind), c.Subject,
			c.Item, c.Most, c.N, c.Most)
		if err != nil || n == 1 {
			return n == 1, err
		}
		_, err = tx.Exec(`INSERT INTO use_counter (organization_id, session_id, kind, subject,
			item, n) VALUES (?, ?, ?, ?, ?, ?)`, c.Organization, c.Session, int(c.Kind), c.Subject,
			c.Item, c.N)
		if !sqldb.IsDuplicate(err) {
			return err == nil, err
		}
	}
	return false, nil
}

// GiveUse counts down; never below zero.
func (s *Store) GiveUse(tx *sqldb.Tx, c order.UseCount) error {
	return tx.Guard(errUses, `UPDATE use_counter SET n = n - ? WHERE organization_id = ?
		AND session_id = ? AND kind = ? AND subject = ? AND item = ? AND n >= ?`, c.N,
		c.Organization, c.Session, int(c.Kind), c.Subject, c.Item, c.N)
}

// UsedUp is what was used of the organization's rules and within the session.
func (s *Store) UsedUp(ctx context.Context, organization, session int64) (
	map[order.Used]int64, error,
) {
	rows, err := s.db.Query(ctx, `SELECT kind, subject, item, n FROM use_counter
		WHERE organization_id = ? AND session_id IN (0, ?)`, organization, session)
	used := map[order.Used]int64{}
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var k order.Used
		var n int64
		err := r.Scan(&k.Kind, &k.Subject, &k.Item, &n)
		used[k] = n
		return struct{}{}, err
	})
	return used, err
}

const codeColumns = `id, organization_id, batch_id, shown, most, used, revoked_at`

func scanCode(r row) (c order.Code, err error) {
	var revoked int64
	err = r.Scan(&c.ID, &c.Organization, &c.Batch, &c.Text, &c.Most, &c.Used, &revoked)
	c.Revoked = revoked != 0
	return c, err
}

// FindCode is the code of a digest; false when there is none.
func (s *Store) FindCode(ctx context.Context, organization int64, digest [32]byte) (
	order.Code, bool, error,
) {
	c, err := scanCode(s.db.QueryRow(ctx, `SELECT `+codeColumns+` FROM offer_code
		WHERE organization_id = ? AND digest = ?`, organization, digest[:]))
	found, err := sqldb.Found(err)
	return c, found, err
}

// TakeCode uses a code once more; false when it is used up or revoked.
func (s *Store) TakeCode(tx *sqldb.Tx, organization, id int64) (bool, error) {
	n, err := tx.Exec(`UPDATE offer_code SET used = used + 1 WHERE id = ?
		AND organization_id = ? AND used < most AND revoked_at = 0`, id, organization)
	return n == 1, err
}

// GiveCode takes one use back.
func (s *Store) GiveCode(tx *sqldb.Tx, organization, id int64) error {
	return tx.Guard(errUses, `UPDATE offer_code SET used = used - 1 WHERE id = ?
		AND organization_id = ? AND used > 0`, id, organization)
}

// CountCodes counts the codes that a batch ever had.
func (s *Store) CountCodes(tx *sqldb.Tx, organization, batch int64) (n int64, err error) {
	err = tx.QueryRow(`SELECT COUNT(*) FROM offer_code WHERE organization_id = ?
		AND batch_id = ?`, organization, batch).Scan(&n)
	return n, err
}

// InsertCodes stores new codes, one statement each of a prepared text.
func (s *Store) InsertCodes(tx *sqldb.Tx, list []order.Code) error {
	for _, c := range list {
		if _, err := tx.Exec(`INSERT INTO offer_code (id, organization_id, batch_id, digest,
			shown, most, used, revoked_at) VALUES (?, ?, ?, ?, ?, ?, 0, 0)`, c.ID, c.Organization,
			c.Batch, c.Digest[:], c.Text, c.Most); err != nil {
			if sqldb.IsDuplicate(err) {
				return order.ErrCodeTaken
			}
			return err
		}
	}
	return nil
}

// CodesOf is a page of a batch's codes by key.
func (s *Store) CodesOf(ctx context.Context, organization, batch, after int64, limit int) (
	[]order.Code, error,
) {
	rows, err := s.db.Query(ctx, `SELECT `+codeColumns+` FROM offer_code
		WHERE organization_id = ? AND batch_id = ? AND id > ? ORDER BY id LIMIT ?`,
		organization, batch, after, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (order.Code, error) { return scanCode(r) })
}

// RevokeCode ends a code; orders that used it keep what they have. False without one.
func (s *Store) RevokeCode(tx *sqldb.Tx, organization, id int64) (bool, error) {
	n, err := tx.Exec(`UPDATE offer_code SET revoked_at = ? WHERE id = ?
		AND organization_id = ? AND revoked_at = 0`, millis(tx.Now), id, organization)
	return n == 1, err
}
