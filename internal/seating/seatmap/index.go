package seatmap

import (
	"math"
	"sync"
)

// Index answers questions about one Map quickly. It is immutable, safe for any number of
// goroutines, and keeps the map, which must not be changed any more.
//
// Inside an Index a seat is named by its ordinal: its position, from 0, among all seats in
// document order. Seats of a row have consecutive ordinals in the order in which they
// stand. Ordinals belong to one version; only the Place outlives it.
type Index struct {
	m        *Map
	seats    []*Seat
	rows     []RowRef
	sections []SectionRef
	rowOf    []int32
	dense    []int32 // ordinal+1 by place, when places are few enough
	sparse   map[Place]int32
	areas    map[Place]AreaRef
	zones    map[string]Set
	distance []int32
	names    func() map[string][]int32
}

// RowRef is a row with the ordinals [From, To) of its seats.
type RowRef struct {
	*Row
	Section  int // index into Sections
	From, To int
}

// SectionRef is a section with its floor and the rows [From, To) it has.
type SectionRef struct {
	*Section
	Floor    *Floor
	From, To int
}

// AreaRef is an area with its floor.
type AreaRef struct {
	*Area
	Floor *Floor
}

// NewIndex builds the index. It accepts any map, also one that Validate refuses.
func NewIndex(m *Map) *Index {
	ix := &Index{m: m, areas: map[Place]AreaRef{}, zones: map[string]Set{}}
	for f := range m.Floors {
		floor := &m.Floors[f]
		for s := range floor.Sections {
			ix.section(floor, &floor.Sections[s])
		}
		for a := range floor.Areas {
			ix.areas[floor.Areas[a].Place] = AreaRef{&floor.Areas[a], floor}
		}
	}
	ix.byPlace()
	ix.byZone()
	ix.measure()
	ix.names = sync.OnceValue(ix.labels)
	return ix
}

func (ix *Index) section(floor *Floor, sec *Section) {
	ref := SectionRef{Section: sec, Floor: floor, From: len(ix.rows)}
	for r := range sec.Rows {
		row := RowRef{Row: &sec.Rows[r], Section: len(ix.sections), From: len(ix.seats)}
		for i := range row.Seats {
			ix.seats = append(ix.seats, &row.Seats[i])
			ix.rowOf = append(ix.rowOf, int32(len(ix.rows)))
		}
		row.To = len(ix.seats)
		ix.rows = append(ix.rows, row)
	}
	ref.To = len(ix.rows)
	ix.sections = append(ix.sections, ref)
}

func (ix *Index) byPlace() {
	most := Place(0)
	for _, s := range ix.seats {
		most = max(most, s.Place)
	}
	if int(most) <= 4*len(ix.seats)+1024 {
		ix.dense = make([]int32, most+1)
	} else {
		ix.sparse = make(map[Place]int32, len(ix.seats))
	}
	for i, s := range ix.seats {
		switch {
		case s.Place <= 0:
		case ix.dense != nil:
			ix.dense[s.Place] = int32(i + 1)
		default:
			ix.sparse[s.Place] = int32(i + 1)
		}
	}
}

func (ix *Index) byZone() {
	for _, z := range ix.m.Zones {
		ix.zones[z.Key] = ix.NewSet()
	}
	for i, s := range ix.seats {
		if ix.zones[s.Zone] == nil {
			ix.zones[s.Zone] = ix.NewSet()
		}
		ix.zones[s.Zone].Add(i)
	}
}

// measure computes how far each seat is from the focal point, its floor's height included.
func (ix *Index) measure() {
	ix.distance = make([]int32, len(ix.seats))
	for i, s := range ix.seats {
		dx := float64(s.X) - float64(ix.m.Stage.Focal.X)
		dy := float64(s.Y) - float64(ix.m.Stage.Focal.Y)
		dz := float64(ix.FloorOf(i).Height)
		ix.distance[i] = int32(math.Round(math.Sqrt(dx*dx + dy*dy + dz*dz)))
	}
}

// Map is the indexed map; read only.
func (ix *Index) Map() *Map { return ix.m }

// Len is the number of seats; ordinals are 0 to Len-1.
func (ix *Index) Len() int { return len(ix.seats) }

// Seat is the seat with this ordinal; read only.
func (ix *Index) Seat(i int) *Seat { return ix.seats[i] }

// Ordinal finds the seat with this number.
func (ix *Index) Ordinal(p Place) (int, bool) {
	at := int32(0)
	switch {
	case ix.dense == nil:
		at = ix.sparse[p]
	case p > 0 && int(p) < len(ix.dense):
		at = ix.dense[p]
	}
	return int(at) - 1, at > 0
}

// Area finds the area with this number.
func (ix *Index) Area(p Place) (AreaRef, bool) {
	a, ok := ix.areas[p]
	return a, ok && p > 0
}

// Rows are all rows in document order; read only.
func (ix *Index) Rows() []RowRef { return ix.rows }

// Sections are all sections in document order; read only.
func (ix *Index) Sections() []SectionRef { return ix.sections }

// RowOf is the index in Rows of the seat's row.
func (ix *Index) RowOf(i int) int { return int(ix.rowOf[i]) }

// FloorOf is the floor of the seat.
func (ix *Index) FloorOf(i int) *Floor {
	return ix.sections[ix.rows[ix.rowOf[i]].Section].Floor
}

// Distance is how far, in centimetres, the seat is from the focal point.
func (ix *Index) Distance(i int) int { return int(ix.distance[i]) }

// Left is the neighbour before the seat: same row, no aisle between.
func (ix *Index) Left(i int) (int, bool) {
	return i - 1, i > ix.rows[ix.rowOf[i]].From && !ix.seats[i].Gap
}

// Right is the neighbour after the seat: same row, no aisle between.
func (ix *Index) Right(i int) (int, bool) {
	return i + 1, i+1 < ix.rows[ix.rowOf[i]].To && !ix.seats[i+1].Gap
}

// Zone is the set of seats of a zone, nil for a zone without seats; read only.
func (ix *Index) Zone(key string) Set { return ix.zones[key] }

// NewSet is an empty set for the seats of this index.
func (ix *Index) NewSet() Set { return make(Set, (len(ix.seats)+63)/64) }

// AllSeats is the set of all seats.
func (ix *Index) AllSeats() Set {
	s := ix.NewSet()
	for i := range ix.seats {
		s.Add(i)
	}
	return s
}

// SetOf is the set of the seats with these numbers; numbers that are no seat are left out.
func (ix *Index) SetOf(places []Place) Set {
	s := ix.NewSet()
	for _, p := range places {
		if i, ok := ix.Ordinal(p); ok {
			s.Add(i)
		}
	}
	return s
}

// Places are the numbers of the seats in the set, in document order.
func (ix *Index) Places(s Set) []Place {
	var list []Place
	for i := s.Next(0); i >= 0; i = s.Next(i + 1) {
		list = append(list, ix.seats[i].Place)
	}
	return list
}

// Entrance is the door for the seat: its own, else its section's, else the nearest one of
// its floor; empty when the map has none.
func (ix *Index) Entrance(i int) string {
	s := ix.seats[i]
	if s.Entrance != "" {
		return s.Entrance
	}
	sec := ix.sections[ix.rows[ix.rowOf[i]].Section]
	if sec.Entrance != "" {
		return sec.Entrance
	}
	best, name := math.MaxFloat64, ""
	for _, e := range ix.m.Entrances {
		if e.Floor != "" && e.Floor != sec.Floor.Name {
			continue
		}
		d := math.Hypot(float64(e.At.X)-float64(s.X), float64(e.At.Y)-float64(s.Y))
		if d < best {
			best, name = d, e.Name
		}
	}
	return name
}

// GroupAt is the number of seats of the pair or block that begins at the seat: 2 for a
// couple pair, 3 to 6 for a family block; 0 when none begins there or when its seats are
// not neighbours of one kind, as Validate demands.
func (ix *Index) GroupAt(i int) int {
	s := ix.seats[i]
	if s.Group == 0 || (s.Kind != Couple && s.Kind != Family) {
		return 0
	}
	if l, ok := ix.Left(i); ok && ix.seats[l].Group == s.Group {
		return 0
	}
	size := 1
	for r, ok := ix.Right(i); ok && ix.seats[r].Group == s.Group; r, ok = ix.Right(r) {
		if ix.seats[r].Kind != s.Kind {
			return 0
		}
		size++
	}
	if (s.Kind == Couple && size != 2) || (s.Kind == Family && (size < 3 || size > 6)) {
		return 0
	}
	return size
}
