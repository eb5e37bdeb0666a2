package ticketdb

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

const (
	changedSince = ` AND t.id > ? AND (t.issued_at >= ? OR t.changed_at >= ? OR e.touched_at >= ?)
		AND (t.state = 'live' OR ? > 0) ORDER BY t.id, e.number LIMIT ?`
	selectOfSessions = `SELECT ` + columns + ` FROM ticket t` + joined + `
		WHERE t.organization_id = ? AND e.organization_id = ? AND e.session_id IN (`
	selectAtVenue = `SELECT ` + columns + ` FROM venue_ticket v
		JOIN ticket t ON t.organization_id = v.organization_id AND t.id = v.ticket_id` +
		joined + `
		WHERE v.organization_id = ? AND v.venue_id = ? AND v.ticket_id > ? AND v.valid_until > ?
		AND (t.issued_at >= ? OR t.changed_at >= ? OR e.touched_at >= ?)
		AND (t.state = 'live' OR ? > 0) ORDER BY t.id, e.number LIMIT ?`
)

// sessionsPerList is the length of every IN list, the last id repeated: one text is prepared.
const sessionsPerList = ticket.SessionsPerList

// OfSessions are the tickets of some sessions by id, after one: the live ones, or what was
// issued, changed or used since a time. A ticket of a session has one entitlement.
func (s *Store) OfSessions(ctx context.Context, scope actor.Scope, q ticket.ListPage) (
	[]ticket.Ticket, error,
) {
	args := make([]any, 0, sessionsPerList+8)
	args = append(args, scope.Organization, scope.Organization)
	for i := range sessionsPerList {
		args = append(args, q.Sessions[min(i, len(q.Sessions)-1)])
	}
	since := millis(q.Since)
	args = append(args, q.After, since, since, since, since, q.Limit)
	rows, err := s.db.Query(ctx, selectOfSessions+sqldb.Marks(sessionsPerList)+`)`+changedSince,
		args...)
	return collect(rows, err)
}

// AtVenue are the passes and combined tickets of a venue by id, after one, as OfSessions.
// Of a ticket that was only used, a delta holds the entitlements that were.
func (s *Store) AtVenue(ctx context.Context, scope actor.Scope, q ticket.ListPage) (
	[]ticket.Ticket, error,
) {
	since := millis(q.Since)
	rows, err := s.db.Query(ctx, selectAtVenue, scope.Organization, q.Venue, q.After,
		millis(q.Now), since, since, since, since, q.Limit*maxEntitlements)
	list, err := collect(rows, err)
	return list[:min(len(list), q.Limit)], err
}

// maxEntitlements is how many a ticket has at most: the parts of its type.
const maxEntitlements = 20

const selectCurrent = `SELECT ` + columns + ` FROM ticket t` + joined + `
	WHERE t.organization_id = ? AND t.member_id = ? AND t.venue_id = ? AND t.state = 'live'
	AND e.valid_until > ? ORDER BY t.valid_from, t.id, e.number LIMIT ?`

// Current are a member's live tickets at a venue that are not over yet.
func (s *Store) Current(ctx context.Context, scope actor.Scope, q ticket.CurrentOf) (
	[]ticket.Ticket, error,
) {
	rows, err := s.db.Query(ctx, selectCurrent, scope.Organization, q.Member, q.Venue,
		millis(q.Now), q.Limit*maxEntitlements)
	list, err := collect(rows, err)
	return list[:min(len(list), q.Limit)], err
}
