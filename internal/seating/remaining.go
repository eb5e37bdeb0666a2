package seating

import (
	"context"

	"foyer/internal/catalog"
)

// LeftStore counts what of sessions is taken.
type LeftStore interface {
	// SeatsTaken counts the claimed seats of sessions, without those kept for buyers online.
	SeatsTaken(ctx context.Context, sessions []int64) (map[int64]int, error)
	// AreasOf sums the areas of sessions.
	AreasOf(ctx context.Context, sessions []int64) (map[int64]AreaStock, error)
}

// sessionsAtOnce bounds the sessions that one statement counts.
const sessionsAtOnce = 200

var _ catalog.Remaining = (*Stock)(nil)

// Remaining counts what is left of sessions, of the book itself.
func (s *Stock) Remaining(ctx context.Context, sessions []*catalog.Session) (
	map[int64]catalog.Left, error,
) {
	left := make(map[int64]catalog.Left, len(sessions))
	for len(sessions) > 0 {
		n := min(len(sessions), sessionsAtOnce)
		if err := s.count(ctx, sessions[:n], left); err != nil {
			return nil, err
		}
		sessions = sessions[n:]
	}
	return left, nil
}

func (s *Stock) count(ctx context.Context, list []*catalog.Session,
	left map[int64]catalog.Left,
) error {
	ids := make([]int64, len(list))
	for i, one := range list {
		ids[i] = one.ID
	}
	seats, err := s.store.SeatsTaken(ctx, ids)
	if err != nil {
		return err
	}
	areas, err := s.store.AreasOf(ctx, ids)
	if err != nil {
		return err
	}
	for _, one := range list {
		plan, err := s.plans.Plan(ctx, one.SeatMapVersionID)
		if err != nil {
			return err
		}
		a := areas[one.ID]
		left[one.ID] = catalog.Left{Capacity: plan.Index.Len() + a.Capacity,
			Free: max(0, plan.Index.Len()-seats[one.ID]) + a.Free()}
	}
	return nil
}
