package seating

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/seating/seatmap"
)

// ErrOtherMap refuses a run of sessions whose seats are not the same seats.
var ErrOtherMap = fault.Define(fault.Conflict, "other_seat_map",
	"这些场次的座位图不同,无法选同一座位", "The sessions do not share one seat map.",
	"Name sessions of one hall that pin the same seat map; `details.session` is another's.")

// maxRun is how many sessions a run may have.
const maxRun = 100

// RunSeat is a seat of a run of sessions.
type RunSeat struct {
	Place int32
	Label string
	Zone  string
}

// FreeInAll are the seats that are free for sale in every session of a run, for a season
// ticket: the same seat each night. House seats are left out. Refused with fault.Missing,
// NotAllowed, BadInput and ErrOtherMap.
func (s *Seating) FreeInAll(ctx context.Context, who actor.Actor, organization int64,
	sessions []int64,
) ([]RunSeat, error) {
	if len(sessions) < 2 || len(sessions) > maxRun {
		return nil, fault.BadInput.At("session_ids", "2 to 100 sessions / 需选择 2 至 100 个场次")
	}
	var all *Night
	for i, id := range sessions {
		sellable, err := s.mayBlock(ctx, who, organization, id)
		if err != nil {
			return nil, err
		}
		night, err := s.Night(ctx, sellable)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = night
		} else if err := all.Both(night); err != nil {
			return nil, ErrOtherMap.With("session", i)
		}
	}
	return all.Seats(), nil
}

// seatsOf are the seats of a set that everybody may buy, in the order of the map.
func (p *Plan) seatsOf(set seatmap.Set) []RunSeat {
	list := []RunSeat{}
	for k := set.Next(0); k >= 0; k = set.Next(k + 1) {
		if p.Index.Seat(k).Kind != seatmap.House {
			list = append(list, p.seat(k))
		}
	}
	return list
}

func (p *Plan) seat(k int) RunSeat {
	seat := p.Index.Seat(k)
	return RunSeat{int32(seat.Place), p.Index.Label(k), seat.Zone}
}
