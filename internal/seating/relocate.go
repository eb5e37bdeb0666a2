package seating

import (
	"cmp"
	"context"
	"slices"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/seating/seatmap"
	"foyer/internal/sqldb"
)

// RelocateAsk asks where everybody of a session would sit on another seat map.
type RelocateAsk struct {
	Session  int64
	From, To int64           // versions of seat maps
	Given    map[int32]int32 // what the house says itself: place on the old map, on the new
	// Worth is the price of a zone: nobody comes to a cheaper one. False: not sold there.
	Worth func(zone string) (money.Minor, bool)
}

// Fate is how a place of the new map was found.
type Fate string

// The fates.
const (
	FateKept     Fate = "kept"     // the same row and number
	FateGiven    Fate = "given"    // the house said so
	FateProposed Fate = "proposed" // chosen, of an equal or better zone
	FateNone     Fate = "none"     // there is none
	FateDropped  Fate = "dropped"  // the house's own, put on sale again
)

// Reseated is one claimed place on its way. Of an area, N units go together.
type Reseated struct {
	Owner           Owner
	State           ClaimState
	Place, To       int32
	Area            bool
	N               int
	Label, NewLabel string
	Fate            Fate
}

// Relocation is where everything that a session has claimed goes.
type Relocation struct {
	To       *Plan
	Places   map[int32]int32 // seats: old to new; the house's own may be missing
	Areas    map[int32]int32
	Capacity map[int32]int // of each area of the new map
	Seats    []Reseated    // in order of owner and place
}

// Count is how many of people's places have a fate, blocks and allotments left out.
func (r *Relocation) Count(f Fate) (n int) {
	for _, s := range r.Seats {
		if s.Fate == f {
			n += max(s.N, 1)
		}
	}
	return n
}

// Orders are the owners of a kind that have any of it, in order of their ids.
func (r *Relocation) Orders() []int64 {
	var list []int64
	for _, s := range r.Seats {
		if s.Owner.Kind == OwnerOrder {
			list = append(list, s.Owner.ID)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// ErrGiven refuses what the house says about single places.
var ErrGiven = fault.Define(fault.Invalid, "move_mapping_invalid",
	"座位对应关系有误", "The mapping of seats breaks rules.",
	"Name claimed places of the old map and seats of the new one, each once.")

// ClaimMoves is a session's book rewritten at one go; package seatingdb implements it.
type ClaimMoves interface {
	Truth
	// AreaClaims of a session after one, in order.
	AreaClaims(ctx context.Context, session int64, after AreaClaim, limit int) ([]AreaClaim, error)
	// MoveClaims rewrites all claims of a session and says which orders have any. It is
	// fault.Stale when a place of an order has nowhere to go.
	MoveClaims(tx *sqldb.Tx, session int64, r *Relocation) (orders []int64, err error)
}

// Relocate looks where everybody of a session would sit on another map. Nothing is changed.
// Refused with fault.Missing and ErrGiven.
func (s *Stock) Relocate(ctx context.Context, ask RelocateAsk) (*Relocation, error) {
	from, err := s.plans.Plan(ctx, ask.From)
	if err != nil {
		return nil, err
	}
	to, err := s.plans.Plan(ctx, ask.To)
	if err != nil {
		return nil, err
	}
	m := newMover(from, to, ask)
	if m.Capacity, err = capacities(to.Index.Map(), nil); err != nil {
		return nil, err
	}
	pic, err := s.store.Picture(ctx, ask.Session)
	if err != nil {
		return nil, err
	}
	if err := m.seat(pic.Claims); err != nil {
		return nil, err
	}
	areas, err := s.areaClaims(ctx, ask.Session)
	if err != nil {
		return nil, err
	}
	m.stand(areas)
	slices.SortFunc(m.Seats, func(a, b Reseated) int {
		return cmp.Or(cmp.Compare(a.Owner.Kind, b.Owner.Kind), cmp.Compare(a.Owner.ID, b.Owner.ID),
			cmp.Compare(a.Place, b.Place))
	})
	return &m.Relocation, nil
}

// areaPage is how many claims of areas are read at a time.
const areaPage = 2000

func (s *Stock) areaClaims(ctx context.Context, session int64) (all []AreaClaim, err error) {
	var after AreaClaim
	for {
		page, err := s.store.AreaClaims(ctx, session, after, areaPage)
		if err != nil {
			return nil, err
		}
		if all = append(all, page...); len(page) < areaPage {
			return all, nil
		}
		after = page[len(page)-1]
	}
}

// MoveClaims takes all that a session has claimed to its new map, in the transaction that
// gives it the map, and says which orders have any of it. Refused with ErrOtherHall, and with
// fault.Stale when somebody has a place that the relocation does not know.
func (s *Stock) MoveClaims(tx *sqldb.Tx, next catalog.Session, r *Relocation) ([]int64, error) {
	if _, err := s.planOf(tx, next); err != nil {
		return nil, err
	}
	if r.To.Version != next.SeatMapVersionID {
		return nil, fault.Stale
	}
	orders, err := s.store.MoveClaims(tx, next.ID, r)
	if err != nil {
		return nil, err
	}
	tx.AfterCommit(func() { s.feed.Apply(Delta{Kind: Remade, Session: next.ID}) })
	return orders, nil
}

// stand finds an area for the units of each area: the same one, else one of its name, else
// any of its kind, of an equal or better zone, with room for all.
func (m *mover) stand(claims []AreaClaim) {
	need := map[int32]int{}
	var order []int32
	for _, c := range claims {
		if need[c.Area] == 0 {
			order = append(order, c.Area)
		}
		need[c.Area] += c.N
	}
	left := map[int32]int{}
	for area, n := range m.Capacity {
		left[area] = n
	}
	for _, area := range order {
		if to := m.areaFor(area, need[area], left); to != 0 {
			m.Areas[area] = to
			left[to] -= need[area]
		}
	}
	for _, c := range claims {
		r := Reseated{Owner: c.Owner, State: c.State, Place: c.Area, Area: true, N: c.N,
			To: m.Areas[c.Area], Label: m.areaName(m.from, c.Area), Fate: FateNone}
		if r.To != 0 {
			r.NewLabel, r.Fate = m.areaName(m.to, r.To), FateProposed
			if r.NewLabel == r.Label {
				r.Fate = FateKept
			}
		} else if c.Owner.house() {
			r.Fate = FateDropped
		}
		m.Seats = append(m.Seats, r)
	}
}

func (m *mover) areaFor(area int32, n int, left map[int32]int) int32 {
	was, ok := m.from.Index.Area(seatmap.Place(area))
	if !ok {
		return 0
	}
	rank := func(a *seatmap.Area) int {
		switch {
		case m.sameHall() && a.Place == was.Place:
			return 0
		case a.Name == was.Name:
			return 1
		}
		return 2
	}
	best, to := 3, int32(0)
	floors := m.to.Index.Map().Floors
	for f := range floors {
		for i := range floors[f].Areas {
			a := &floors[f].Areas[i]
			fits := a.Kind == was.Kind && left[int32(a.Place)] >= n &&
				(!a.Kind.Whole() || a.Capacity >= was.Capacity) && m.asGood(was.Zone, a.Zone)
			if k := rank(a); fits && k < best {
				best, to = k, int32(a.Place)
			}
		}
	}
	return to
}

func (m *mover) areaName(p *Plan, area int32) string {
	if a, ok := p.Index.Area(seatmap.Place(area)); ok {
		return a.Name
	}
	return ""
}

// house says whether the owner is the house itself, whose places may be put on sale again.
func (o Owner) house() bool { return o.Kind != OwnerOrder && o.Kind != OwnerChange }
