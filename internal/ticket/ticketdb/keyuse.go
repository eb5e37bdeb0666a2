package ticketdb

import (
	"context"
	"time"

	"foyer/internal/clock"
)

const liveIssuedBefore = `SELECT COUNT(*) FROM (SELECT t.id FROM ticket t
	JOIN entitlement e ON e.organization_id = t.organization_id AND e.ticket_id = t.id
	WHERE t.state = 'live' AND t.issued_at < ? AND e.state = 'live' AND e.valid_until > ?
	/* any organization: the keys of the installation serve all */ LIMIT ?) waiting`

// LiveIssuedBefore counts, up to limit, the tickets that were issued before a time and may
// still be used after now: their codes may have been printed under an older key.
func (s *Store) LiveIssuedBefore(ctx context.Context, before, now time.Time, limit int,
) (n int, err error) {
	row := s.db.QueryRow(ctx, liveIssuedBefore, clock.Millis(before), clock.Millis(now), limit)
	return n, row.Scan(&n)
}
