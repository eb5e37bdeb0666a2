package seating

import (
	"foyer/internal/money"
	"foyer/internal/seating/seatmap"
)

// Ask is what somebody wants of a session: named places and area units, or the best n.
type Ask struct {
	Session   int64
	MapID     int64 // the seat-map version that the session pins
	By        int64 // who asks: the member's or staff's id; picks are his for ≤ 1 s
	Order     int64 // his live order, whose own places count as free; 0 without
	Orphans   string
	Places    []int32
	Areas     []AreaQty
	Best      *Best
	StaffSale bool // the house may sell house seats
}

// Best asks for n places together.
type Best struct {
	N          int
	Zones      []string                              // empty: any
	MaxPrice   money.Minor                           // 0: any
	Price      func(zone string) (money.Minor, bool) // cheapest asked type; false: not sold
	Wheelchair int                                   // of the n, how many are wheelchair places
	Companion  int                                   // of the n, how many are companions' places
	Couple     bool                                  // prefer couple pairs
	Section    string
	Floor      string
}

// Choice is what was picked: places that nobody had a moment ago, in stable order.
type Choice struct {
	Session  int64
	Index    *seatmap.Index
	Places   []int32
	Areas    []AreaQty
	Step     string  // how the best were found, for telling the buyer
	Warnings []int32 // places left alone, when the orphan rule only warns
	Token    uint64
}
