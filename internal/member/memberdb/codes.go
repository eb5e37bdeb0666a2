package memberdb

import (
	"database/sql"

	"foyer/internal/clock"
	"foyer/internal/member"
	"foyer/internal/sqldb"
)

const insertCode = `INSERT INTO sms_code (phone_index, purpose, challenge, code_mac, tries,
  open_tries, sent_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

// InsertCode stores a code that is about to be sent.
func (s *Store) InsertCode(tx *sqldb.Tx, c member.Code) error {
	_, err := tx.Exec(insertCode, c.PhoneIndex, string(c.Purpose), c.Challenge, c.MAC, c.Tries,
		c.OpenTries, clock.Millis(c.SentAt), clock.Millis(c.ExpiresAt))
	return err
}

// maxLive bounds the codes of one phone that are looked at: they live for five minutes and
// are sent a minute apart, twice as often with a known device.
const maxLive = 20

const liveCodes = `SELECT phone_index, purpose, challenge, code_mac, tries, open_tries,
  sent_at, expires_at FROM sms_code
  WHERE phone_index = ? AND purpose = ? AND expires_at > ?
  ORDER BY sent_at DESC, challenge LIMIT ?`

// LiveCodes are the codes of a phone that have not ended, the newest first.
func (s *Store) LiveCodes(tx *sqldb.Tx, phone []byte, p member.Purpose) ([]member.Code, error) {
	rows, err := tx.Query(liveCodes, phone, string(p), clock.Millis(tx.Now), maxLive)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (member.Code, error) {
		var c member.Code
		var sent, expires int64
		err := r.Scan(&c.PhoneIndex, &c.Purpose, &c.Challenge, &c.MAC, &c.Tries, &c.OpenTries,
			&sent, &expires)
		c.SentAt, c.ExpiresAt = clock.FromMillis(sent), clock.FromMillis(expires)
		return c, err
	})
}

const setTries = `UPDATE sms_code SET tries = ?, open_tries = ?
  WHERE phone_index = ? AND purpose = ? AND challenge = ? AND tries <= ? AND open_tries <= ?`

// SetTries stores the tries of a code; they only ever grow.
func (s *Store) SetTries(tx *sqldb.Tx, c member.Code) error {
	_, err := tx.Exec(setTries, c.Tries, c.OpenTries, c.PhoneIndex, string(c.Purpose),
		c.Challenge, c.Tries, c.OpenTries)
	return err
}

const deleteCodes = `DELETE FROM sms_code WHERE phone_index = ? AND purpose = ?`

// DeleteCodes ends all codes of a phone for a purpose.
func (s *Store) DeleteCodes(tx *sqldb.Tx, phone []byte, p member.Purpose) error {
	_, err := tx.Exec(deleteCodes, phone, string(p))
	return err
}

const (
	readQuota   = `SELECT day, sent, last_at FROM sms_quota WHERE subject = ?`
	updateQuota = `UPDATE sms_quota SET day = ?, sent = ?, last_at = ? WHERE subject = ?`
	insertQuota = `INSERT INTO sms_quota (day, sent, last_at, subject) VALUES (?, ?, ?, ?)`
)

// Quota is what a subject had on its last day; nothing for an unknown one.
func (s *Store) Quota(tx *sqldb.Tx, subject []byte) (member.Quota, error) {
	var q member.Quota
	var last int64
	_, err := sqldb.Found(tx.QueryRow(readQuota, subject).Scan(&q.Day, &q.Sent, &last))
	q.LastAt = clock.FromMillis(last)
	return q, err
}

// SetQuota stores what a subject had. Two processes that insert at once collide, and the
// second is refused as a whole: nobody gets more than the quota.
func (s *Store) SetQuota(tx *sqldb.Tx, subject []byte, q member.Quota) error {
	var last int64
	if !q.LastAt.IsZero() {
		last = clock.Millis(q.LastAt)
	}
	n, err := tx.Exec(updateQuota, q.Day, q.Sent, last, subject)
	if err == nil && n == 0 {
		_, err = tx.Exec(insertQuota, q.Day, q.Sent, last, subject)
	}
	return err
}

const (
	endedCodes = `SELECT phone_index, purpose, challenge FROM sms_code
  WHERE expires_at < ? LIMIT ?`
	deleteCode  = `DELETE FROM sms_code WHERE phone_index = ? AND purpose = ? AND challenge = ?`
	oldQuotas   = `SELECT subject FROM sms_quota WHERE day < ? LIMIT ?`
	deleteQuota = `DELETE FROM sms_quota WHERE subject = ?`
)

// SweepCodes deletes ended codes and quotas of days before yesterday.
func (s *Store) SweepCodes(tx *sqldb.Tx, limit int) (int, error) {
	rows, err := tx.Query(endedCodes, clock.Millis(tx.Now), limit)
	codes, err := sqldb.Collect(rows, err, func(r *sql.Rows) (c member.Code, err error) {
		return c, r.Scan(&c.PhoneIndex, &c.Purpose, &c.Challenge)
	})
	if err != nil {
		return 0, err
	}
	for _, c := range codes {
		_, err := tx.Exec(deleteCode, c.PhoneIndex, string(c.Purpose), c.Challenge)
		if err != nil {
			return 0, err
		}
	}
	rows, err = tx.Query(oldQuotas, int(tx.Now.Unix()/86400)-1, limit)
	subjects, err := sqldb.Collect(rows, err, func(r *sql.Rows) (b []byte, err error) {
		return b, r.Scan(&b)
	})
	if err != nil {
		return 0, err
	}
	for _, subject := range subjects {
		if _, err := tx.Exec(deleteQuota, subject); err != nil {
			return 0, err
		}
	}
	return len(codes) + len(subjects), nil
}
