package seating

import (
	"foyer/internal/money"
	"foyer/internal/seating/choose"
	"foyer/internal/seating/seatmap"
)

// Ask is what somebody wants of a session: named places and area units, or the best n.
type Ask struct {
	Session   int64
	MapID     int64 // the seat-map version that the session pins
	By        int64 // who asks: the member's or staff's id; picks are his for ≤ 1 s
	Order     int64 // his live order, whose own places count as free; 0 without
	Orphans   string
	Channel   Channel // whose allotments it may take from; none: nobody's
	Revision  int64   // of the session, as the asker knows it
	Places    []int32
	Areas     []AreaQty
	Best      *Best
	StaffSale bool // the house may sell house seats
	// Hints asks for what to tell the buyer beside the places themselves.
	Hints bool
}

// Best asks for n places together.
type Best struct {
	N        int
	Zones    []string    // empty: any
	MaxPrice money.Minor // 0: any
	// Price is of the cheapest asked type in a zone; false: not sold there.
	Price      func(zone string) (money.Minor, bool) `json:"-"`
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
	From     []int64 // the allotments that may give
	Hints    *Hints  // when asked for, and there is something to tell
	// Also are choices of other sessions that go with this one.
	Also []*Choice
}

// Hints are words for a buyer about what was picked: "2 seats free on your right", "a
// couple pair is free for the two of you".
type Hints struct {
	Beside      []Beside
	Suggestions []Suggestion
}

// Beside is a group of neighbours of a pick and the free seats directly beside it, in the
// order of the row: left is before its first seat.
type Beside struct {
	Places      []int32
	Left, Right int
}

// Suggestion is a free couple pair or family block that fits the party just as well.
type Suggestion struct {
	Kind   seatmap.Kind
	Places []int32
}

// maxBeside bounds the groups that are told about; a party that is scattered over more has
// no neighbours to speak of.
const maxBeside = 8

// hint looks at what lies beside a pick; free still counts the picked seats as free.
func (p *Plan) hint(free seatmap.Set, places []int32, found choose.Choice) *Hints {
	var h Hints
	for _, f := range p.Chooser.Flanks(free, placesOf(places), maxBeside) {
		h.Beside = append(h.Beside, Beside{numbersOf(f.Places), f.Left, f.Right})
	}
	for _, s := range found.Suggestions {
		h.Suggestions = append(h.Suggestions, Suggestion{s.Kind, numbersOf(s.Places)})
	}
	if h.Beside == nil && h.Suggestions == nil {
		return nil
	}
	return &h
}
