package memberdb

import "foyer/internal/sqldb"

const closeIfActive = `UPDATE member SET state = 'closed', phone_index = NULL,
  phone_sealed = NULL, name_sealed = NULL, subject_key = ?, password = '',
  revision = revision + 1 WHERE id = ? AND state = 'active'`

// CloseIfActive leaves of a member the number and the day it came; false when it was closed
// already.
func (s *Store) CloseIfActive(tx *sqldb.Tx, id int64) (bool, error) {
	n, err := tx.Exec(closeIfActive, []byte{}, id)
	return n > 0, err
}

const (
	deleteTails = `DELETE FROM member_tail WHERE member_id = ?
  /* any organization: a member who is forgotten is forgotten everywhere */`
	deletePhoneCodes = `DELETE FROM sms_code WHERE phone_index = ?`
)

// Erase deletes what a member's own rows do not hold: address, companions, what
// organizations find the member by, and codes that were sent to the phone.
func (s *Store) Erase(tx *sqldb.Tx, id int64, phoneIndexes [][]byte) error {
	if err := s.DeleteEmail(tx, id); err != nil {
		return err
	}
	if _, err := s.DeleteCompanions(tx, id); err != nil {
		return err
	}
	if _, err := tx.Exec(deleteTails, id); err != nil {
		return err
	}
	for _, index := range phoneIndexes {
		if _, err := tx.Exec(deletePhoneCodes, index); err != nil {
			return err
		}
	}
	return nil
}
