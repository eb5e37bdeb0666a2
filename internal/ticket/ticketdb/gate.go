package ticketdb

import (
	"foyer/internal/clock"
	"foyer/internal/money"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// The guards say all that must hold in the moment of the use, so that nothing read before
// needs to be true any more. Entitlement first, then ticket: VoidUnused goes the same way.
const (
	enter = `UPDATE entitlement SET used = used + ?, inside = inside + ?
		WHERE organization_id = ? AND ticket_id = ? AND number = ? AND state = 'live'
		AND used + ? <= allowed AND EXISTS (SELECT 1 FROM ticket WHERE organization_id = ?
		AND id = ? AND state = 'live' AND code_version = ?)`
	leave = `UPDATE entitlement SET inside = inside - ?
		WHERE organization_id = ? AND ticket_id = ? AND number = ? AND inside >= ?
		AND EXISTS (SELECT 1 FROM ticket WHERE organization_id = ?
		AND id = ? AND state = 'live' AND code_version = ?)`
	unenter = `UPDATE entitlement SET used = used - ?, inside = inside - ?
		WHERE organization_id = ? AND ticket_id = ? AND number = ? AND used >= ? AND inside >= ?`
	unleave = `UPDATE entitlement SET inside = inside + ?
		WHERE organization_id = ? AND ticket_id = ? AND number = ? AND inside + ? <= used`
	selectEntitlement = `SELECT number, session_id, state, allowed, used, inside, share_minor,
		valid_from, valid_until FROM entitlement
		WHERE organization_id = ? AND ticket_id = ? AND number = ?`
)

// EnterIfAllowed lets N people in while used + N <= allowed.
func (s *Store) EnterIfAllowed(tx *sqldb.Tx, u ticket.Use) (bool, error) {
	n, err := tx.Exec(enter, u.N, u.N, u.Organization, u.Ticket, u.Number, u.N,
		u.Organization, u.Ticket, u.CodeVersion)
	return n == 1, err
}

// LeaveIfInside lets N people out of those inside.
func (s *Store) LeaveIfInside(tx *sqldb.Tx, u ticket.Use) (bool, error) {
	n, err := tx.Exec(leave, u.N, u.Organization, u.Ticket, u.Number, u.N,
		u.Organization, u.Ticket, u.CodeVersion)
	return n == 1, err
}

// UnenterIfInside takes an entry back while its people are still inside.
func (s *Store) UnenterIfInside(tx *sqldb.Tx, u ticket.Use) (bool, error) {
	n, err := tx.Exec(unenter, u.N, u.N, u.Organization, u.Ticket, u.Number, u.N, u.N)
	return n == 1, err
}

// UnleaveIfOutside takes an exit back.
func (s *Store) UnleaveIfOutside(tx *sqldb.Tx, u ticket.Use) (bool, error) {
	n, err := tx.Exec(unleave, u.N, u.Organization, u.Ticket, u.Number, u.N)
	return n == 1, err
}

// Entitlement reads one as the transaction sees it.
func (s *Store) Entitlement(tx *sqldb.Tx, u ticket.Use) (ticket.Entitlement, error) {
	return scanEntitlement(tx.QueryRow(selectEntitlement, u.Organization, u.Ticket, u.Number))
}

func scanEntitlement(r row) (ticket.Entitlement, error) {
	var e ticket.Entitlement
	var share, from, until int64
	err := r.Scan(&e.Number, &e.Session, &e.State, &e.Allowed, &e.Used, &e.Inside, &share,
		&from, &until)
	e.Share = money.Minor(share)
	e.ValidFrom, e.ValidUntil = clock.FromMillis(from), clock.FromMillis(until)
	return e, err
}
