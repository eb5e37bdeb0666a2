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
	enter = `UPDATE entitlement SET used = used + ?, inside = inside + ?, seq = seq + 1,
		touched_at = ? WHERE organization_id = ? AND ticket_id = ? AND number = ? AND state = 'live'
		AND used + ? <= allowed AND EXISTS (SELECT 1 FROM ticket WHERE organization_id = ?
		AND id = ? AND state = 'live' AND code_version = ?)`
	leave = `UPDATE entitlement SET inside = inside - ?, seq = seq + 1, touched_at = ?
		WHERE organization_id = ? AND ticket_id = ? AND number = ? AND inside >= ?
		AND EXISTS (SELECT 1 FROM ticket WHERE organization_id = ?
		AND id = ? AND state = 'live' AND code_version = ?)`
	unenter = `UPDATE entitlement SET used = used - ?, inside = inside - ?, seq = seq + 1,
		touched_at = ? WHERE organization_id = ? AND ticket_id = ? AND number = ?
		AND used >= ? AND inside >= ?`
	unleave = `UPDATE entitlement SET inside = inside + ?, seq = seq + 1, touched_at = ?
		WHERE organization_id = ? AND ticket_id = ? AND number = ? AND inside + ? <= used`
	selectEntitlement = `SELECT number, session_id, state, allowed, used, inside, share_minor,
		valid_from, valid_until, people, admission_id, seq, day, day_used, activated_day,
		entered_at, left_at FROM entitlement
		WHERE organization_id = ? AND ticket_id = ? AND number = ?`
)

// EnterIfAllowed lets N people in while used + N <= allowed.
func (s *Store) EnterIfAllowed(tx *sqldb.Tx, u ticket.Use) (bool, error) {
	n, err := tx.Exec(enter, u.N, u.N, clock.Millis(tx.Now), u.Organization, u.Ticket,
		u.Number, u.N,
		u.Organization, u.Ticket, u.CodeVersion)
	return n == 1, err
}

// LeaveIfInside lets N people out of those inside.
func (s *Store) LeaveIfInside(tx *sqldb.Tx, u ticket.Use) (bool, error) {
	n, err := tx.Exec(leave, u.N, clock.Millis(tx.Now), u.Organization, u.Ticket, u.Number, u.N,
		u.Organization, u.Ticket, u.CodeVersion)
	return n == 1, err
}

// UnenterIfInside takes an entry back while its people are still inside.
func (s *Store) UnenterIfInside(tx *sqldb.Tx, u ticket.Use) (bool, error) {
	n, err := tx.Exec(unenter, u.N, u.N, clock.Millis(tx.Now), u.Organization, u.Ticket,
		u.Number, u.N, u.N)
	return n == 1, err
}

// UnleaveIfOutside takes an exit back.
func (s *Store) UnleaveIfOutside(tx *sqldb.Tx, u ticket.Use) (bool, error) {
	n, err := tx.Exec(unleave, u.N, clock.Millis(tx.Now), u.Organization, u.Ticket, u.Number, u.N)
	return n == 1, err
}

// Entitlement reads one as the transaction sees it.
func (s *Store) Entitlement(tx *sqldb.Tx, u ticket.Use) (ticket.Entitlement, error) {
	return scanEntitlement(tx.QueryRow(selectEntitlement, u.Organization, u.Ticket, u.Number))
}

// entitlementRow scans the columns of an entitlement.
type entitlementRow struct {
	e                                 ticket.Entitlement
	share, from, until, entered, left int64
}

func (r *entitlementRow) targets() []any {
	e := &r.e
	return []any{&e.Number, &e.Session, &e.State, &e.Allowed, &e.Used, &e.Inside, &r.share,
		&r.from, &r.until, &e.People, &e.Progress.Admission, &e.Seq, &e.Day, &e.DayUsed,
		&e.Activated, &r.entered, &r.left}
}

func (r *entitlementRow) value() ticket.Entitlement {
	r.e.Share = money.Minor(r.share)
	r.e.ValidFrom, r.e.ValidUntil = clock.FromMillis(r.from), clock.FromMillis(r.until)
	r.e.EnteredAt, r.e.LeftAt = when(r.entered), when(r.left)
	return r.e
}

func scanEntitlement(r row) (ticket.Entitlement, error) {
	var e entitlementRow
	err := r.Scan(e.targets()...)
	return e.value(), err
}
