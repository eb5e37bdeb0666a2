// Package ticketdb is the tickets' SQL.
package ticketdb

import (
	"errors"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// Store implements ticket.Store.
type Store struct{ db *sqldb.DB }

// New makes the store over an open database.
func New(db *sqldb.DB) *Store { return &Store{db} }

var _ ticket.Store = (*Store)(nil)

const (
	insertTickets = `INSERT INTO ticket (id, organization_id, order_id, line, unit, units,
		member_id, session_id, venue_id, code_version, state, label, type_name, type_name_en,
		valid_from, issued_at, voided_at) VALUES `
	ticketColumns      = 17
	insertEntitlements = `INSERT INTO entitlement (ticket_id, number, organization_id,
		session_id, state, allowed, used, inside, share_minor, valid_from, valid_until) VALUES `
	entitlementColumns = 11

	rowsPerInsert = 16 // so that at most 16 texts of each are prepared
)

// Insert stores new tickets with their entitlements, in few statements.
func (s *Store) Insert(tx *sqldb.Tx, list []ticket.Ticket) error {
	for part := range slices.Chunk(list, rowsPerInsert) {
		args := make([]any, 0, len(part)*ticketColumns)
		for i := range part {
			args = appendTicket(args, &part[i])
		}
		if _, err := tx.Exec(insertTickets+sqldb.Values(len(part), ticketColumns),
			args...); err != nil {
			return err
		}
	}
	var args []any
	for i := range list {
		if list[i].Entitlements[0].Progress.Admission != 0 {
			if err := s.insertOpened(tx, &list[i]); err != nil {
				return err
			}
			continue
		}
		for _, e := range list[i].Entitlements {
			args = append(args, list[i].ID, e.Number, list[i].Organization, e.Session,
				string(e.State), e.Allowed, e.Used, e.Inside, int64(e.Share),
				millis(e.ValidFrom), millis(e.ValidUntil))
		}
	}
	for part := range slices.Chunk(args, rowsPerInsert*entitlementColumns) {
		if _, err := tx.Exec(insertEntitlements+
			sqldb.Values(len(part)/entitlementColumns, entitlementColumns), part...); err != nil {
			return err
		}
	}
	return nil
}

func appendTicket(args []any, t *ticket.Ticket) []any {
	var from time.Time
	if len(t.Entitlements) > 0 {
		from = t.Entitlements[0].ValidFrom
	}
	return append(args, t.ID, t.Organization, t.Order, t.Line, t.Unit, t.Units, t.Member,
		t.Session, t.Venue, t.CodeVersion, string(t.State), t.Label, t.Type, t.TypeEn,
		millis(from), millis(t.IssuedAt), millis(t.VoidedAt))
}

const (
	voidEntitlements = `UPDATE entitlement SET state = 'void' WHERE organization_id = ?
		AND state = 'live' AND used = 0 AND inside = 0 AND ticket_id IN (`
	countEntitlements = `SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN used > 0 OR inside > 0
		THEN 1 ELSE 0 END), 0) AS SIGNED) FROM entitlement WHERE organization_id = ?
		AND ticket_id IN (`
	voidAny = `UPDATE entitlement SET state = 'void' WHERE organization_id = ?
		AND state = 'live' AND ticket_id IN (`
	voidTickets = `UPDATE ticket SET state = 'void', code_version = code_version + 1,
		voided_at = ?, changed_at = ? WHERE organization_id = ? AND state = 'live' AND id IN (`
)

// VoidUnused ends live tickets that nobody used, entitlements first: a gate that is letting
// somebody in changes the entitlement, and one of the two finds that the other was faster.
// It refuses with ticket.ErrUsed or, when one is no longer live, with fault.Stale.
func (s *Store) VoidUnused(tx *sqldb.Tx, scope actor.Scope, ids []int64, at time.Time) error {
	for part := range slices.Chunk(ids, rowsPerInsert) {
		marks, list := in(part)
		var entitlements, used int64
		args := append([]any{scope.Organization}, list...)
		err := tx.QueryRow(countEntitlements+marks+`)`, args...).Scan(&entitlements, &used)
		if err != nil {
			return err
		}
		if used > 0 {
			return ticket.ErrUsed
		}
		n, err := tx.Exec(voidEntitlements+marks+`)`, args...)
		if err != nil {
			return err
		}
		if n != entitlements {
			return ticket.ErrUsed.Wrap(errors.New("used or voided between the two statements"))
		}
		if err := endTickets(tx, marks, args, at, len(part)); err != nil {
			return err
		}
	}
	return nil
}

// VoidLive ends live tickets whether they were used or not. It refuses with fault.Stale
// when one is live no longer.
func (s *Store) VoidLive(tx *sqldb.Tx, scope actor.Scope, ids []int64, at time.Time) error {
	for part := range slices.Chunk(ids, rowsPerInsert) {
		marks, list := in(part)
		args := append([]any{scope.Organization}, list...)
		if _, err := tx.Exec(voidAny+marks+`)`, args...); err != nil {
			return err
		}
		if err := endTickets(tx, marks, args, at, len(part)); err != nil {
			return err
		}
	}
	return nil
}

// endTickets voids n live tickets, whose entitlements are void already.
func endTickets(tx *sqldb.Tx, marks string, args []any, at time.Time, n int) error {
	ended, err := tx.Exec(voidTickets+marks+`)`, append([]any{millis(at), millis(at)}, args...)...)
	if err == nil && ended != int64(n) {
		err = fault.Stale
	}
	return err
}

// in is the marks and arguments of a list of ids.
func in(ids []int64) (string, []any) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return sqldb.Marks(len(ids)), args
}

const raiseVersion = `UPDATE ticket SET code_version = code_version + 1, changed_at = ?
	WHERE organization_id = ? AND id = ? AND state = 'live' AND code_version = ?`

// RaiseVersionIf makes the next code version of a live ticket that still has version was.
func (s *Store) RaiseVersionIf(tx *sqldb.Tx, scope actor.Scope, id int64, was int) (bool, error) {
	n, err := tx.Exec(raiseVersion, clock.Millis(tx.Now), scope.Organization, id, was)
	return n == 1, err
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Millis(t)
}
