package invoicedb

import (
	"context"
	"database/sql"

	"foyer/internal/invoice"
	"foyer/internal/sqldb"
)

const (
	selectOfMember = `SELECT ` + columns + ` FROM invoice_request WHERE member_id = ? AND id > ?
		/* any organization: a member's own */ ORDER BY id LIMIT ?`
	selectWaitingOf = `SELECT id FROM invoice_request WHERE member_id = ? AND state = 'requested'
		/* any organization: a member's own */ LIMIT 1`
	deleteWithdrawn = `DELETE FROM invoice_request WHERE member_id = ? AND state = 'withdrawn'
		/* any organization: a member who is forgotten is forgotten everywhere */`
	keepUntil = `UPDATE invoice_request SET sealed = ?, erase_after = ?, revision = revision + 1
		WHERE id = ? AND organization_id = ?`
	selectDue = `SELECT id FROM invoice_request WHERE erase_after > 0 AND erase_after < ?
		/* any organization: retention serves all */ LIMIT ?`
)

// OfMember is a page of a member's requests after an id.
func (s *Store) OfMember(ctx context.Context, member, after int64, limit int) (
	[]*invoice.Request, error,
) {
	return list(s.db.Query(ctx, selectOfMember, member, after, limit))
}

// OfMemberIn is such a page in a transaction.
func (s *Store) OfMemberIn(tx *sqldb.Tx, member, after int64, limit int) (
	[]*invoice.Request, error,
) {
	return list(tx.Query(selectOfMember, member, after, limit))
}

// WaitingOf says whether a member has a request that waits for the house.
func (s *Store) WaitingOf(tx *sqldb.Tx, member int64) (bool, error) {
	var id int64
	return sqldb.Found(tx.QueryRow(selectWaitingOf, member).Scan(&id))
}

// DeleteWithdrawn deletes a member's requests that he took back.
func (s *Store) DeleteWithdrawn(tx *sqldb.Tx, member int64) error {
	_, err := tx.Exec(deleteWithdrawn, member)
	return err
}

// KeepUntil stores what is left of a request and the day on which that goes.
func (s *Store) KeepUntil(tx *sqldb.Tx, r *invoice.Request) error {
	_, err := tx.Exec(keepUntil, r.Sealed, millis(r.EraseAfter), r.ID, r.Organization)
	return err
}

// DeleteDue deletes up to limit requests whose day has come, and says how many.
func (s *Store) DeleteDue(tx *sqldb.Tx, limit int) (int, error) {
	rows, err := tx.Query(selectDue, millis(tx.Now), limit)
	due, err := sqldb.Collect(rows, err, func(r *sql.Rows) (id any, err error) {
		var n int64
		err = r.Scan(&n)
		return n, err
	})
	if err != nil || len(due) == 0 {
		return 0, err
	}
	_, err = tx.Exec(`DELETE FROM invoice_request WHERE id IN (`+sqldb.Marks(len(due))+
		`) /* any organization: retention serves all */`, due...)
	return len(due), err
}
