// Package seatmap is the plan of a hall: floors, sections, rows, seats, areas, entrances
// and what people look at. A Map is a plain document. A published version of it never
// changes, is stored as one compressed blob (Encode) and is read through an Index.
//
// # Geometry
//
// Coordinates are whole centimetres. X grows to the right and Y away from the top of the
// picture, as on a screen. Angles are whole degrees, clockwise; a seat at rotation 0 looks
// up the picture (towards smaller Y). The labels a person reads say nothing about the
// geometry: seat 1 may be on the right, 13 may be missing, and the order of a row's seats
// in the document, not their numbers, says who sits beside whom.
//
// # Numbers
//
// Each seat and each area carries a Place, given once to its GUID for the whole lineage of
// a hall's versions and never given to another GUID (see Assign). Claims, tickets and seat
// states name the Place alone. Seats and areas draw from the same sequence.
package seatmap

// Place numbers a seat or an area over all versions of one hall. 0 means not yet numbered.
type Place int32

// Limits of one map. Validate names what exceeds them, Encode and Decode refuse it.
const (
	MaxSeats     = 100_000 // seats in a map
	MaxAreas     = 200     // areas in a map
	MaxFloors    = 20      // floors in a map
	MaxSections  = 500     // sections in a map
	MaxRows      = 10_000  // rows in a map
	MaxRowSeats  = 1_000   // seats in a row
	MaxZones     = 100     // zones in a map
	MaxEntrances = 100     // entrances in a map
	MaxDecor     = 500     // decorations in a map
	MaxPoints    = 500     // corners of one shape
	MaxRetired   = 200_000 // numbers remembered of seats and areas that are gone
	MaxCapacity  = 1_000_000
	MaxName      = 200       // bytes of any name, label, key or GUID
	MaxCoord     = 1_000_000 // centimetres from the origin, 10 km
	MaxPlace     = 10_000_000
)

// Point is a position in centimetres.
type Point struct {
	X int32 `json:"x"`
	Y int32 `json:"y"`
}

// Map is one version of a hall's plan.
type Map struct {
	Name      string     `json:"name"`
	Stage     Stage      `json:"stage"`
	Zones     []Zone     `json:"zones"`
	Entrances []Entrance `json:"entrances,omitempty"`
	Floors    []Floor    `json:"floors"`
	Decor     []Decor    `json:"decor,omitempty"`
	// NextPlace is the lowest number never given in this lineage; 0 before the first Assign.
	NextPlace Place `json:"next_place,omitempty"`
	// Retired remembers the numbers of seats and areas that earlier versions had, so that a
	// GUID that comes back gets its number back and no number serves two GUIDs.
	Retired []Retired `json:"retired,omitempty"`
}

// Retired is the number of a GUID that this version no longer has.
type Retired struct {
	GUID  string `json:"guid"`
	Place Place  `json:"place"`
}

// Zone is a price area. Its key is what price lists name; the name is shown to buyers.
type Zone struct {
	Key   string `json:"key"`
	Name  string `json:"name"`
	Color string `json:"color,omitempty"` // #rrggbb, or empty
}

// Entrance is a door that tickets name, e.g. 东门. Seats without one of their own take
// their section's, and sections without one the nearest on their floor.
type Entrance struct {
	Name  string `json:"name"`
	Floor string `json:"floor,omitempty"` // empty: serves every floor
	At    Point  `json:"at"`
}

// Stage is what the audience faces. The best seat is the one nearest to Focal: for a stage
// that is the front of the stage, for a cinema a spot in the hall, two thirds back.
type Stage struct {
	Kind  StageKind `json:"kind"`
	Name  string    `json:"name,omitempty"`
	Shape []Point   `json:"shape,omitempty"`
	Focal Point     `json:"focal"`
}

// Floor is a storey. Height, in centimetres above the stage floor, only counts for how far
// its seats are from the focal point.
type Floor struct {
	Name     string    `json:"name"`
	Height   int32     `json:"height,omitempty"`
	Sections []Section `json:"sections,omitempty"`
	Areas    []Area    `json:"areas,omitempty"`
}

// Section is a block of rows with a name of its own, e.g. 池座 or 102. Seat labels are
// unique within it. Rows stand in the order in which they lie behind each other.
type Section struct {
	Name     string `json:"name,omitempty"`
	Entrance string `json:"entrance,omitempty"`
	Rows     []Row  `json:"rows"`
}

// Row holds seats in the order in which they stand beside each other.
type Row struct {
	Label string `json:"label"`
	Seats []Seat `json:"seats"`
}

// Seat is one chair, or one place for a wheelchair.
type Seat struct {
	GUID  string `json:"guid"`
	Place Place  `json:"place,omitempty"`
	Label string `json:"label"`
	X     int32  `json:"x"`
	Y     int32  `json:"y"`
	// Gap says that an aisle, a pillar or a missing seat separates this seat from the one
	// before it in the row: the two are not neighbours.
	Gap      bool   `json:"gap,omitempty"`
	Rotation int16  `json:"rotation,omitempty"`
	Kind     Kind   `json:"kind,omitempty"`
	Zone     string `json:"zone"`
	// Group is shared by the seats of one couple pair or family block; unique in the map.
	Group    int32  `json:"group,omitempty"`
	Entrance string `json:"entrance,omitempty"`
}

// Area is a place without numbered seats: its capacity is counted, not chosen.
type Area struct {
	GUID     string   `json:"guid"`
	Place    Place    `json:"place,omitempty"`
	Name     string   `json:"name"`
	Kind     AreaKind `json:"kind"`
	Zone     string   `json:"zone"`
	Capacity int32    `json:"capacity"` // people; a table or box is sold as one with all of them
	Entrance string   `json:"entrance,omitempty"`
	Shape    []Point  `json:"shape,omitempty"`
}

// Decor is drawn and not sold: a bar, a pillar, a staircase, a label.
type Decor struct {
	Floor string  `json:"floor,omitempty"`
	Label string  `json:"label,omitempty"`
	Color string  `json:"color,omitempty"`
	Shape []Point `json:"shape"`
}

// SeatCount is the number of seats in the map.
func (m *Map) SeatCount() int {
	n := 0
	for r := range m.rows() {
		n += len(r.Seats)
	}
	return n
}

// rows walks all rows in document order.
func (m *Map) rows() func(yield func(*Row) bool) {
	return func(yield func(*Row) bool) {
		for f := range m.Floors {
			for s := range m.Floors[f].Sections {
				rows := m.Floors[f].Sections[s].Rows
				for r := range rows {
					if !yield(&rows[r]) {
						return
					}
				}
			}
		}
	}
}

// areas walks all areas in document order.
func (m *Map) areas() func(yield func(*Area) bool) {
	return func(yield func(*Area) bool) {
		for f := range m.Floors {
			for a := range m.Floors[f].Areas {
				if !yield(&m.Floors[f].Areas[a]) {
					return
				}
			}
		}
	}
}
