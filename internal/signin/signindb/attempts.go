package signindb

import (
	"database/sql"
	"time"

	"foyer/internal/clock"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

const readCount = `SELECT failures, last_at FROM sign_in_attempt WHERE kind = ? AND subject = ?`

// Failures are those of a subject; none for an unknown one.
func (s *Store) Failures(tx *sqldb.Tx, sub signin.Subject) (secret.Failures, error) {
	var f secret.Failures
	var last int64
	_, err := sqldb.Found(tx.QueryRow(readCount, int(sub.By), sub.Key).Scan(&f.Count, &last))
	f.Last = clock.FromMillis(last)
	return f, err
}

const (
	updateCount = `UPDATE sign_in_attempt SET failures = ?, last_at = ?
  WHERE kind = ? AND subject = ?`
	insertCount = `INSERT INTO sign_in_attempt (failures, last_at, kind, subject)
  VALUES (?, ?, ?, ?)`
)

// SetFailures stores the failures of a subject.
func (s *Store) SetFailures(tx *sqldb.Tx, sub signin.Subject, f secret.Failures) error {
	return upsert(tx, updateCount, insertCount, f.Count, clock.Millis(f.Last), int(sub.By),
		sub.Key)
}

// upsert updates, inserts when there is nothing to update, and updates again when another
// process inserted in between.
func upsert(tx *sqldb.Tx, update, insert string, args ...any) error {
	n, err := tx.Exec(update, args...)
	if err != nil || n > 0 {
		return err
	}
	err = tx.Try(func() error {
		_, err := tx.Exec(insert, args...)
		return err
	})
	if !sqldb.IsDuplicate(err) {
		return err
	}
	_, err = tx.Exec(update, args...)
	return err
}

const clearCount = `DELETE FROM sign_in_attempt WHERE kind = ? AND subject = ?`

// Clear forgets a subject.
func (s *Store) Clear(tx *sqldb.Tx, sub signin.Subject) error {
	_, err := tx.Exec(clearCount, int(sub.By), sub.Key)
	return err
}

const oldCounts = `SELECT kind, subject FROM sign_in_attempt WHERE last_at < ?
  ORDER BY last_at LIMIT ?`

// SweepAttempts deletes counters whose last failure is before cut.
func (s *Store) SweepAttempts(tx *sqldb.Tx, cut time.Time, limit int) (int, error) {
	rows, err := tx.Query(oldCounts, clock.Millis(cut), limit)
	list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (sub signin.Subject, err error) {
		return sub, r.Scan(&sub.By, &sub.Key)
	})
	if err != nil {
		return 0, err
	}
	for _, sub := range list {
		if err := s.Clear(tx, sub); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

const knowsDevice = `SELECT 1 FROM known_device
  WHERE account_kind = ? AND account_id = ? AND hash = ?`

// Knows says whether an account signed in on a device before.
func (s *Store) Knows(tx *sqldb.Tx, a signin.Account, device []byte) (bool, error) {
	var one int
	return sqldb.Found(tx.QueryRow(knowsDevice, int(a.Kind), a.ID, device).Scan(&one))
}

const (
	renewDevice = `UPDATE known_device SET seen_at = ?
  WHERE account_kind = ? AND account_id = ? AND hash = ?`
	insertDevice = `INSERT INTO known_device (seen_at, account_kind, account_id, hash)
  VALUES (?, ?, ?, ?)`
	devicesOf = `SELECT hash FROM known_device WHERE account_kind = ? AND account_id = ?
  ORDER BY seen_at DESC, hash LIMIT ?`
	deleteDevice = `DELETE FROM known_device
  WHERE account_kind = ? AND account_id = ? AND hash = ?`
	deleteDevices = `DELETE FROM known_device WHERE account_kind = ? AND account_id = ?`
)

// Know stores a device or renews it, and drops the longest unseen beyond keep.
func (s *Store) Know(tx *sqldb.Tx, a signin.Account, device []byte, at time.Time, keep int,
) error {
	err := upsert(tx, renewDevice, insertDevice, clock.Millis(at), int(a.Kind), a.ID, device)
	if err != nil {
		return err
	}
	rows, err := tx.Query(devicesOf, int(a.Kind), a.ID, maxRows)
	hashes, err := sqldb.Collect(rows, err, func(r *sql.Rows) (hash []byte, err error) {
		return hash, r.Scan(&hash)
	})
	if err != nil {
		return err
	}
	for i := keep; i < len(hashes); i++ {
		if _, err := tx.Exec(deleteDevice, int(a.Kind), a.ID, hashes[i]); err != nil {
			return err
		}
	}
	return nil
}

// ForgetDevices drops every device of an account.
func (s *Store) ForgetDevices(tx *sqldb.Tx, a signin.Account) error {
	_, err := tx.Exec(deleteDevices, int(a.Kind), a.ID)
	return err
}
