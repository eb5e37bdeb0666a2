package seating

import (
	"fmt"
	"maps"
	"slices"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/seating/seatmap"
	"foyer/internal/sqldb"
)

// Stock opens and changes what a session has to sell; it is catalog's Stock and SeatMaps.
type Stock struct {
	store interface {
		MapReads
		MapStore
		StockStore
		LeftStore
		ClaimMoves
	}
	plans *PlanCache
	feed  Feed
}

// NewStock makes the stock; feed is the board.
func NewStock(store Store, plans *PlanCache, feed Feed) *Stock {
	return &Stock{store, plans, feed}
}

var (
	_ catalog.Stock    = (*Stock)(nil)
	_ catalog.SeatMaps = (*Stock)(nil)
)

// LatestVersion is the newest published map of a hall; 0 when there is none.
func (s *Stock) LatestVersion(tx *sqldb.Tx, organization, hall int64) (int64, error) {
	sheet, err := s.store.SheetIn(tx, actor.Scope{Organization: organization}, hall)
	if isMissing(err) {
		return 0, nil
	}
	return sheet.Latest, err
}

// HasClaims says whether anybody has anything of the session.
func (s *Stock) HasClaims(tx *sqldb.Tx, session int64) (bool, error) {
	return s.store.HasClaims(tx, session)
}

// Open makes the areas of a new session. Refused with ErrOtherHall, and with
// fault.BadInput for capacities of areas that the map does not have.
func (s *Stock) Open(tx *sqldb.Tx, session catalog.Session) error {
	plan, err := s.planOf(tx, session)
	if err != nil {
		return err
	}
	capacity, err := capacities(plan.Index.Map(), session.AreaCapacity)
	if err != nil {
		return err
	}
	for _, area := range slices.Sorted(maps.Keys(capacity)) {
		if err := s.store.AddArea(tx, session.ID, area, capacity[area]); err != nil {
			return err
		}
	}
	return nil
}

// planOf is the session's map, which must be a published one of its hall.
func (s *Stock) planOf(tx *sqldb.Tx, session catalog.Session) (*Plan, error) {
	plan := s.plans.Cached(session.SeatMapVersionID)
	if plan == nil {
		v, blob, err := s.store.VersionIn(tx, session.SeatMapVersionID)
		if isMissing(err) {
			return nil, ErrOtherHall.At("seat_map_version_id", "no such version")
		}
		if err != nil {
			return nil, err
		}
		plan, err = sqldb.Memo(tx, planKey{v.ID}, func() (*Plan, error) {
			m, err := seatmap.Decode(blob)
			if err != nil {
				return nil, err
			}
			return NewPlan(v, m), nil
		})
		if err != nil {
			return nil, err
		}
	}
	if plan.Organization != session.Organization || plan.Hall != session.HallID {
		return nil, ErrOtherHall.At("seat_map_version_id", "a map of another hall")
	}
	return plan, nil
}

// planKey is the key under which a batch remembers a decoded map.
type planKey struct{ version int64 }

// capacities are how much of each area is for sale: the map's, or the session's own. Of a
// table or box there is one, whatever it seats.
func capacities(m *seatmap.Map, own map[int32]int) (map[int32]int, error) {
	all := map[int32]int{}
	whole := map[int32]bool{}
	for f := range m.Floors {
		for _, a := range m.Floors[f].Areas {
			all[int32(a.Place)] = int(a.Capacity)
			if a.Kind.Whole() {
				all[int32(a.Place)], whole[int32(a.Place)] = 1, true
			}
		}
	}
	var bad fault.Problems
	for area, n := range own {
		field := fmt.Sprintf("area_capacity.%d", area)
		switch _, ok := all[area]; {
		case !ok:
			bad.Add(field, "is no area of the seat map / 座位图没有这个区域")
		case whole[area] && n > 1:
			bad.Add(field, "is sold as a whole: 0 or 1 / 整体出售,只能是 0 或 1")
		default:
			all[area] = n
		}
	}
	return all, bad.Err()
}

// Change moves the stock to the session's new map and capacities. Refused with ErrOtherHall,
// ErrDropsClaimed naming the places that the new map does not have, and ErrCapacity.
func (s *Stock) Change(tx *sqldb.Tx, was, next catalog.Session) error {
	plan, err := s.planOf(tx, next)
	if err != nil {
		return err
	}
	if was.SeatMapVersionID != next.SeatMapVersionID {
		if err := s.keepsClaimed(tx, next.ID, plan); err != nil {
			return err
		}
	}
	capacity, err := capacities(plan.Index.Map(), next.AreaCapacity)
	if err != nil {
		return err
	}
	if err := s.resize(tx, next.ID, capacity); err != nil {
		return err
	}
	tx.AfterCommit(func() { s.feed.Apply(Delta{Kind: Remade, Session: next.ID}) })
	return nil
}

// claimedPage is how many claims are read at a time.
const claimedPage = 2000

// keepsClaimed refuses a map without a seat that somebody has.
func (s *Stock) keepsClaimed(tx *sqldb.Tx, session int64, plan *Plan) error {
	var dropped []int32
	after := int32(0)
	for {
		page, err := s.store.Claimed(tx, session, after, claimedPage)
		if err != nil {
			return err
		}
		for _, place := range page {
			if _, ok := plan.Index.Ordinal(seatmap.Place(place)); !ok {
				dropped = append(dropped, place)
			}
			after = place
		}
		if len(page) < claimedPage {
			break
		}
	}
	if len(dropped) > 0 {
		return ErrDropsClaimed.With("places", dropped)
	}
	return nil
}

func (s *Stock) resize(tx *sqldb.Tx, session int64, capacity map[int32]int) error {
	have, err := s.store.Areas(tx, session)
	if err != nil {
		return err
	}
	var short []int32
	for _, a := range have {
		n, stays := capacity[a.Area]
		var ok bool
		if stays {
			ok, err = s.store.ResizeIfEnough(tx, session, a.Area, n)
		} else {
			ok, err = s.store.DropAreaIfFree(tx, session, a.Area)
		}
		if err != nil {
			return err
		}
		if !ok {
			short = append(short, a.Area)
		}
		delete(capacity, a.Area)
	}
	if len(short) > 0 {
		return ErrCapacity.With("areas", short)
	}
	for _, area := range slices.Sorted(maps.Keys(capacity)) {
		if err := s.store.AddArea(tx, session, area, capacity[area]); err != nil {
			return err
		}
	}
	return nil
}
