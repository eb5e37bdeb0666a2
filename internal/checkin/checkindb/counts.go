package checkindb

import (
	"context"
	"slices"

	"foyer/internal/checkin"
	"foyer/internal/sqldb"
)

// TakeNonce is false when the scanner has used the nonce before.
func (s checkIns) TakeNonce(tx *sqldb.Tx, n checkin.Nonce, checkIn int64) (bool, error) {
	_, err := tx.Exec(`INSERT INTO scan_nonce (scanner_id, nonce, digest, checkin_id)
		VALUES (?, ?, ?, ?)`, n.Scanner, []byte(n.Text), n.Digest[:], checkIn)
	if err != nil && sqldb.IsDuplicate(err) {
		return false, nil
	}
	return err == nil, err
}

// CheckInOf is the check-in that was accepted under a nonce, and the digest of its scan.
func (s checkIns) CheckInOf(ctx context.Context, n checkin.Nonce) (
	id int64, digest []byte, found bool, err error,
) {
	err = s.db.QueryRow(ctx, `SELECT checkin_id, digest FROM scan_nonce
		WHERE scanner_id = ? AND nonce = ?`, n.Scanner, []byte(n.Text)).Scan(&id, &digest)
	found, err = sqldb.Found(err)
	return id, digest, found, err
}

const (
	addCount = `UPDATE session_count SET entered = entered + ?, inside = inside + ?
		WHERE session_id = ?`
	insertCount  = `INSERT INTO session_count (session_id, entered, inside) VALUES (?, ?, ?)`
	selectCounts = `SELECT session_id, entered, inside FROM session_count WHERE session_id IN (`
)

// AddCount changes the figures of a session by one guarded statement. The first check-in
// of a session makes the row; when another process made it just now, the update is repeated.
func (s checkIns) AddCount(tx *sqldb.Tx, session int64, entered, inside int) error {
	n, err := tx.Exec(addCount, entered, inside, session)
	if err != nil || n == 1 {
		return err
	}
	_, err = tx.Exec(insertCount, session, entered, inside)
	if err != nil && sqldb.IsDuplicate(err) {
		_, err = tx.Exec(addCount, entered, inside, session)
	}
	return err
}

// countSize is the length of every IN list, the last id repeated: one text is prepared.
const countSize = 50

// CountsOf are the figures of sessions; those without any are left out.
func (s checkIns) CountsOf(ctx context.Context, sessions []int64) (
	map[int64]checkin.Figures, error,
) {
	out := map[int64]checkin.Figures{}
	for part := range slices.Chunk(sessions, countSize) {
		args := make([]any, countSize)
		for i := range args {
			args[i] = part[min(i, len(part)-1)]
		}
		rows, err := s.db.Query(ctx, selectCounts+sqldb.Marks(countSize)+`)`, args...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var id int64
			var f checkin.Figures
			if err := rows.Scan(&id, &f.Entered, &f.Inside); err != nil {
				rows.Close()
				return nil, err
			}
			out[id] = f
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
