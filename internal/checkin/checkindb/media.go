package checkindb

import (
	"context"
	"slices"

	"foyer/internal/actor"
	"foyer/internal/checkin"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

type media struct{ db *sqldb.DB }

// Media are the wristbands and cards.
func (s *Store) Media() checkin.MediumStore { return media{s.db} }

const (
	mediumColumns = `id, organization_id, venue_id, kind, uid, state, ticket_id, changed_at,
		revision`
	insertMedium = `INSERT INTO medium (` + mediumColumns + `, holds)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)`
	moveMedium = `UPDATE medium SET venue_id = ?, state = ?, ticket_id = ?, holds = ?,
		changed_at = ?, revision = revision + 1
		WHERE organization_id = ? AND id = ? AND revision = ?`
	mediumByUID = `SELECT ` + mediumColumns + ` FROM medium
		WHERE organization_id = ? AND uid = ?`
	mediumOfTicket = `SELECT ` + mediumColumns + ` FROM medium
		WHERE organization_id = ? AND holds = ?`
	mediaOfTickets = `SELECT holds, uid FROM medium WHERE organization_id = ? AND holds IN (`
)

// holds is what keeps two bound media from one ticket.
func holds(m *checkin.Medium) int64 {
	if m.Ticket != 0 {
		return m.Ticket
	}
	return -m.ID
}

// Insert stores a medium.
func (s media) Insert(tx *sqldb.Tx, m *checkin.Medium) error {
	_, err := tx.Exec(insertMedium, m.ID, m.Organization, m.Venue, string(m.Kind),
		[]byte(m.UID), string(m.State), m.Ticket, clock.Millis(m.ChangedAt), holds(m))
	m.Revision = 1
	return mediumTaken(err)
}

func mediumTaken(err error) error {
	if err != nil && sqldb.IsDuplicate(err) {
		return checkin.ErrMediumTaken
	}
	return err
}

// Move writes a medium of the revision in hand.
func (s media) Move(tx *sqldb.Tx, m *checkin.Medium) error {
	n, err := tx.Exec(moveMedium, m.Venue, string(m.State), m.Ticket, holds(m),
		clock.Millis(m.ChangedAt), m.Organization, m.ID, m.Revision)
	if err == nil && n != 1 {
		err = fault.Stale
	}
	m.Revision++
	return mediumTaken(err)
}

// ByUID is nil without one.
func (s media) ByUID(ctx context.Context, scope actor.Scope, uid string) (*checkin.Medium, error) {
	return oneMedium(s.db.QueryRow(ctx, mediumByUID, scope.Organization, []byte(uid)))
}

// ByUIDIn is ByUID inside a transaction.
func (s media) ByUIDIn(tx *sqldb.Tx, scope actor.Scope, uid string) (*checkin.Medium, error) {
	return oneMedium(tx.QueryRow(mediumByUID, scope.Organization, []byte(uid)))
}

// OfTicketIn is the medium that is bound to a ticket; nil without one.
func (s media) OfTicketIn(tx *sqldb.Tx, scope actor.Scope, ticket int64) (*checkin.Medium, error) {
	return oneMedium(tx.QueryRow(mediumOfTicket, scope.Organization, ticket))
}

func oneMedium(r row) (*checkin.Medium, error) {
	var m checkin.Medium
	var changed int64
	var uid []byte
	err := r.Scan(&m.ID, &m.Organization, &m.Venue, &m.Kind, &uid, &m.State, &m.Ticket, &changed,
		&m.Revision)
	if found, err := sqldb.Found(err); err != nil || !found {
		return nil, err
	}
	m.UID, m.ChangedAt = string(uid), clock.FromMillis(changed)
	return &m, nil
}

// OfTickets are the numbers of bound media by ticket.
func (s media) OfTickets(ctx context.Context, scope actor.Scope, tickets []int64) (
	map[int64]string, error,
) {
	out := map[int64]string{}
	for part := range slices.Chunk(tickets, countSize) {
		args := []any{scope.Organization}
		for i := range countSize {
			args = append(args, part[min(i, len(part)-1)])
		}
		rows, err := s.db.Query(ctx, mediaOfTickets+sqldb.Marks(countSize)+`)`, args...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var id int64
			var uid []byte
			if err := rows.Scan(&id, &uid); err != nil {
				rows.Close()
				return nil, err
			}
			out[id] = string(uid)
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
