package orderdb

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/order"
	"foyer/internal/sqldb"
)

// selectTail goes by the index of members.
const selectTail = `SELECT ` + orderColumns + ` FROM orders WHERE organization_id = ?
	AND id >= ? AND id < ? AND (? = 0 OR session_id = ?) AND (? = '' OR state = ?)
	AND member_id IN (`

const selectSearch = `SELECT ` + orderColumns + ` FROM orders WHERE organization_id = ?
	AND id >= ? AND id < ? AND (? = 0 OR session_id = ?) AND (? = '' OR state = ?)
	ORDER BY id DESC LIMIT ?`

// Search is a page of an organization's orders made since a key, the newest first.
func (s *Store) Search(ctx context.Context, scope actor.Scope, q order.Search, since int64) (
	[]*order.Order, error,
) {
	return s.list(ctx, selectSearch, scope.Organization, since, q.Before, q.Session, q.Session,
		string(q.State), string(q.State), q.Limit)
}

// SearchMembers are the newest orders of some members of an organization.
func (s *Store) SearchMembers(ctx context.Context, scope actor.Scope, q order.TailAsk,
	since int64,
) ([]*order.Order, error) {
	args := []any{scope.Organization, since, q.Before, q.Session, q.Session, string(q.State),
		string(q.State)}
	for _, m := range q.Members {
		args = append(args, m)
	}
	return s.list(ctx, selectTail+sqldb.Marks(len(q.Members))+`) ORDER BY id DESC LIMIT ?`,
		append(args, q.Limit)...)
}
