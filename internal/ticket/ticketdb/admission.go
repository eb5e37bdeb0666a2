package ticketdb

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

const (
	findAdmission = `SELECT id FROM admission WHERE organization_id = ? AND digest = ?`
	saveAdmission = `INSERT INTO admission (id, organization_id, digest, doc)
		VALUES (?, ?, ?, ?)`
	selectAdmission = `SELECT doc FROM admission
		WHERE id = ? /* any organization: a ticket that was found names it */`
)

// SaveAdmission stores a document unless it is there, and answers its id.
func (s *Store) SaveAdmission(tx *sqldb.Tx, scope actor.Scope, id int64, digest [32]byte,
	doc []byte,
) (int64, error) {
	find := func() (old int64, found bool, err error) {
		err = tx.QueryRow(findAdmission, scope.Organization, digest[:]).Scan(&old)
		found, err = sqldb.Found(err)
		return old, found, err
	}
	if old, found, err := find(); err != nil || found {
		return old, err
	}
	err := tx.Try(func() error {
		_, err := tx.Exec(saveAdmission, id, scope.Organization, digest[:], doc)
		return err
	})
	if err != nil && sqldb.IsDuplicate(err) { // another process was faster
		if old, found, err := find(); err != nil || found {
			return old, err
		}
	}
	return id, err
}

// AdmissionDoc is a stored document.
func (s *Store) AdmissionDoc(ctx context.Context, id int64) (doc []byte, err error) {
	return doc, s.db.QueryRow(ctx, selectAdmission, id).Scan(&doc)
}

const (
	useIf = `UPDATE entitlement SET used = ?, inside = ?, day = ?, day_used = ?,
		activated_day = ?, entered_at = ?, left_at = ?, touched_at = ?, seq = seq + 1
		WHERE organization_id = ? AND ticket_id = ? AND number = ? AND seq = ?
		AND state = 'live' AND ? <= allowed AND EXISTS (SELECT 1 FROM ticket
		WHERE organization_id = ? AND id = ? AND state = 'live'
		AND (code_version = ? OR ? = 0))`
	keepPhoto = `UPDATE ticket SET photo_id = ?, changed_at = ?
		WHERE organization_id = ? AND id = ? AND state = 'live'`
)

// UseIf writes what an entitlement became, if nobody used it since.
func (s *Store) UseIf(tx *sqldb.Tx, u ticket.Use, e *ticket.Entitlement) (bool, error) {
	n, err := tx.Exec(useIf, e.Used, e.Inside, e.Day, e.DayUsed, e.Activated,
		millis(e.EnteredAt), millis(e.LeftAt), clock.Millis(tx.Now), u.Organization, u.Ticket,
		u.Number, e.Seq, e.Used, u.Organization, u.Ticket, u.CodeVersion, u.CodeVersion)
	return n == 1, err
}

// KeepPhoto notes the photo of a live ticket's holder.
func (s *Store) KeepPhoto(tx *sqldb.Tx, scope actor.Scope, id, media int64) (bool, error) {
	n, err := tx.Exec(keepPhoto, media, clock.Millis(tx.Now), scope.Organization, id)
	return n == 1, err
}

const (
	insertOpened = `INSERT INTO entitlement (ticket_id, number, organization_id, session_id,
		state, allowed, used, inside, share_minor, valid_from, valid_until, people,
		admission_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertVenueTicket = `INSERT INTO venue_ticket (venue_id, ticket_id, organization_id,
		valid_until) VALUES (?, ?, ?, ?)`
)

// insertOpened stores the entitlements of a ticket that is more than plain.
func (s *Store) insertOpened(tx *sqldb.Tx, t *ticket.Ticket) error {
	var until int64
	for i := range t.Entitlements {
		e := &t.Entitlements[i]
		if _, err := tx.Exec(insertOpened, t.ID, e.Number, t.Organization, e.Session,
			string(e.State), e.Allowed, e.Used, e.Inside, int64(e.Share), millis(e.ValidFrom),
			millis(e.ValidUntil), e.People, e.Progress.Admission); err != nil {
			return err
		}
		if e.Session == 0 {
			until = max(until, millis(e.ValidUntil))
		}
	}
	if until == 0 {
		return nil
	}
	_, err := tx.Exec(insertVenueTicket, t.Venue, t.ID, t.Organization, until)
	return err
}
