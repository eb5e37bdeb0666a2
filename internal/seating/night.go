package seating

import (
	"context"
	"slices"

	"foyer/internal/catalog"
	"foyer/internal/seating/seatmap"
)

// Night is which seats of a session are free, by the board: it only proposes.
type Night struct {
	plan *Plan
	free seatmap.Set
}

// Night looks at a session's board.
func (s *Seating) Night(ctx context.Context, session *catalog.Sellable) (*Night, error) {
	plan, err := s.cfg.Plans.Plan(ctx, session.SeatMapVersionID)
	if err != nil {
		return nil, err
	}
	shot, err := s.cfg.Board.Snapshot(ctx, Ref{session.Session.ID, plan.Version})
	if err != nil {
		return nil, err
	}
	n := &Night{plan, plan.Index.AllSeats().Clone()}
	for k := n.free.Next(0); k >= 0; k = n.free.Next(k + 1) {
		if shot.State(k) != 0 {
			n.free.Remove(k)
		}
	}
	return n, nil
}

// Both keeps what is free on another night as well. Refused with ErrOtherMap.
func (n *Night) Both(other *Night) error {
	if other.plan.Version != n.plan.Version {
		return ErrOtherMap
	}
	n.free.And(other.free)
	return nil
}

// Seats are the free ones that everybody may buy.
func (n *Night) Seats() []RunSeat { return n.plan.seatsOf(n.free) }

// Seat is a seat by its number; false when there is none.
func (n *Night) Seat(place int32) (RunSeat, bool) {
	k, ok := n.plan.Index.Ordinal(seatmap.Place(place))
	if !ok {
		return RunSeat{}, false
	}
	return n.plan.seat(k), true
}

// Free says whether a seat is free.
func (n *Night) Free(place int32) bool {
	k, ok := n.plan.Index.Ordinal(seatmap.Place(place))
	return ok && n.free.Has(k)
}

// Nearest is the free seat of the same kind that is nearest to one that is not, in its zone
// and on its floor if there is any; places that are spoken for are left out.
func (n *Night) Nearest(place int32, except []int32) (RunSeat, bool) {
	ix := n.plan.Index
	at, ok := ix.Ordinal(seatmap.Place(place))
	if !ok {
		return RunSeat{}, false
	}
	home := ix.Seat(at)
	best, least := -1, int64(0)
	for k := n.free.Next(0); k >= 0; k = n.free.Next(k + 1) {
		seat := ix.Seat(k)
		if seat.Kind != home.Kind || slices.Contains(except, int32(seat.Place)) {
			continue
		}
		dx, dy := int64(seat.X)-int64(home.X), int64(seat.Y)-int64(home.Y)
		far := min(dx*dx+dy*dy, elsewhere-1)
		if seat.Zone != home.Zone || ix.FloorOf(k) != ix.FloorOf(at) {
			far += elsewhere
		}
		if best < 0 || far < least {
			best, least = k, far
		}
	}
	if best < 0 {
		return RunSeat{}, false
	}
	return n.plan.seat(best), true
}

// elsewhere is farther than any seat of the same zone and floor.
const elsewhere = int64(1) << 61
