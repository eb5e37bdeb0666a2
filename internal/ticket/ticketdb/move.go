package ticketdb

import (
	"time"

	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

const (
	// moveTicket keeps the day by which a member's list is sorted when a pass moves: 0.
	moveTicket = `UPDATE ticket SET venue_id = ?, label = ?,
		valid_from = CASE WHEN ? > 0 THEN ? ELSE valid_from END,
		code_version = code_version + 1, changed_at = ? WHERE organization_id = ? AND id = ?
		AND state = 'live' AND code_version = ?`
	moveWindow = `UPDATE entitlement SET valid_from = ?, valid_until = ?
		WHERE organization_id = ? AND ticket_id = ? AND number = ? AND state = 'live'`
	moveAtVenue = `UPDATE venue_ticket SET venue_id = ?, valid_until = ?
		WHERE venue_id = ? AND ticket_id = ? AND organization_id = ?`
)

// MoveTicket writes a live ticket's new label and windows under its next code version.
func (s *Store) MoveTicket(tx *sqldb.Tx, m ticket.MovedTicket) (bool, error) {
	var first int64
	if len(m.Windows) > 0 {
		first = millis(m.Windows[0].From)
	}
	n, err := tx.Exec(moveTicket, m.Venue, m.Label, first, first, millis(tx.Now),
		m.Organization, m.ID, m.Was)
	if err != nil || n != 1 {
		return false, err
	}
	var last time.Time
	for _, w := range m.Windows {
		if w.Until.After(last) {
			last = w.Until
		}
		if _, err := tx.Exec(moveWindow, millis(w.From), millis(w.Until), m.Organization, m.ID,
			w.Number); err != nil {
			return false, err
		}
	}
	if m.AtVenue {
		_, err = tx.Exec(moveAtVenue, m.Venue, millis(last), m.WasVenue, m.ID, m.Organization)
	}
	return err == nil, err
}
