package ticketdb

import (
	"context"
	"database/sql"
	"math"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

type row interface{ Scan(...any) error }

const (
	columns = `t.id, t.organization_id, t.order_id, t.line, t.unit, t.units, t.member_id,
		t.session_id, t.venue_id, t.code_version, t.state, t.label, t.type_name, t.type_name_en,
		t.issued_at, t.voided_at, t.changed_at, t.photo_id, e.number, e.session_id,
		e.state, e.allowed, e.used, e.inside,
		e.share_minor, e.valid_from, e.valid_until, e.people, e.admission_id, e.seq, e.day,
		e.day_used, e.activated_day, e.entered_at, e.left_at`
	joined = ` JOIN entitlement e ON e.organization_id = t.organization_id
		AND e.ticket_id = t.id `

	selectTicket = `SELECT ` + columns + ` FROM ticket t` + joined + `
		WHERE t.id = ? /* any organization: whose it is, is checked on the row */
		ORDER BY e.number`
	selectInOrder = `SELECT ` + columns + ` FROM ticket t` + joined + `
		WHERE t.organization_id = ? AND t.order_id = ? ORDER BY t.line, t.unit, t.id, e.number`
	selectOfOrder = `SELECT ` + columns + ` FROM ticket t` + joined + `
		WHERE t.order_id = ? /* any organization: whose it is, is checked on the row */
		ORDER BY t.line, t.unit, t.id, e.number`
	selectOfMember = `SELECT ` + columns + ` FROM (SELECT id, organization_id, order_id, line,
		unit, units, member_id, session_id, venue_id, code_version, state, label, type_name,
		type_name_en, valid_from, issued_at, voided_at, changed_at, photo_id FROM ticket
		WHERE member_id = ? /* any organization: a member's own tickets */
		AND (valid_from < ? OR (valid_from = ? AND id < ?))
		ORDER BY valid_from DESC, id DESC LIMIT ?) t` + joined + `
		ORDER BY t.valid_from DESC, t.id DESC, e.number`
	selectPeople = `SELECT CAST(COALESCE(SUM(CASE WHEN people > 0 THEN people ELSE
		allowed END), 0) AS SIGNED) FROM entitlement
		WHERE organization_id = ? AND session_id = ? AND state = 'live'`
)

// Find is a ticket of any organization; ticket.ErrNoTicket without one.
func (s *Store) Find(ctx context.Context, id int64) (*ticket.Ticket, error) {
	rows, err := s.db.Query(ctx, selectTicket, id)
	return one(rows, err)
}

// FindIn is Find inside a transaction.
func (s *Store) FindIn(tx *sqldb.Tx, id int64) (*ticket.Ticket, error) {
	rows, err := tx.Query(selectTicket, id)
	return one(rows, err)
}

func one(rows *sql.Rows, err error) (*ticket.Ticket, error) {
	list, err := collect(rows, err)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, ticket.ErrNoTicket
	}
	return &list[0], nil
}

// InOrder are the tickets of an order inside a transaction.
func (s *Store) InOrder(tx *sqldb.Tx, scope actor.Scope, order int64) ([]ticket.Ticket, error) {
	rows, err := tx.Query(selectInOrder, scope.Organization, order)
	return collect(rows, err)
}

// OfOrder are the tickets of an order of any organization.
func (s *Store) OfOrder(ctx context.Context, order int64) ([]ticket.Ticket, error) {
	rows, err := s.db.Query(ctx, selectOfOrder, order)
	return collect(rows, err)
}

// OfMember is a page of a member's tickets, the newest session first.
func (s *Store) OfMember(ctx context.Context, member int64, after ticket.Mark, limit int) (
	[]ticket.Ticket, error,
) {
	from, id := int64(math.MaxInt64), int64(math.MaxInt64)
	if after.ID != 0 {
		from, id = millis(after.ValidFrom), after.ID
	}
	rows, err := s.db.Query(ctx, selectOfMember, member, from, from, id, limit)
	return collect(rows, err)
}

// People is how many may enter with the live tickets of a session.
func (s *Store) People(ctx context.Context, scope actor.Scope, session int64) (int, error) {
	var n int
	err := s.db.QueryRow(ctx, selectPeople, scope.Organization, session).Scan(&n)
	return n, err
}

// collect folds the rows of one ticket, one an entitlement, into one value.
func collect(rows *sql.Rows, err error) ([]ticket.Ticket, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []ticket.Ticket
	for rows.Next() {
		t, err := scanTicket(rows)
		if err != nil {
			return nil, err
		}
		if n := len(list); n > 0 && list[n-1].ID == t.ID {
			list[n-1].Entitlements = append(list[n-1].Entitlements, t.Entitlements...)
			continue
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

func scanTicket(r row) (ticket.Ticket, error) {
	var t ticket.Ticket
	var e entitlementRow
	var issued, voided, changed int64
	err := r.Scan(append([]any{&t.ID, &t.Organization, &t.Order, &t.Line, &t.Unit, &t.Units,
		&t.Member, &t.Session, &t.Venue, &t.CodeVersion, &t.State, &t.Label, &t.Type, &t.TypeEn,
		&issued, &voided, &changed, &t.Photo}, e.targets()...)...)
	t.IssuedAt, t.VoidedAt = clock.FromMillis(issued), when(voided)
	t.ChangedAt = when(changed)
	t.Entitlements = []ticket.Entitlement{e.value()}
	return t, err
}

// when is a stored time; 0 is none.
func when(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return clock.FromMillis(ms)
}
