package seatmap

// Geometry is a map as buyers' clients draw it: columns instead of an object per seat, so
// that a hall of 20,000 seats is small. It never changes for a version, so it is cached.
//
// Seats are in the order of their ordinals. Delta columns (place, x, y) hold the difference
// to the value before; their running sum is the value. Run columns (row, zone, kind,
// rotation) hold pairs: value, how many seats in a row have it.
type Geometry struct {
	Name      string        `json:"name"`
	Stage     Stage         `json:"stage"`
	Zones     []Zone        `json:"zones"`
	Entrances []Entrance    `json:"entrances,omitempty"`
	Decor     []Decor       `json:"decor,omitempty"`
	Floors    []FloorShape  `json:"floors"`
	Rows      []RowShape    `json:"rows"`
	Areas     []AreaShape   `json:"areas,omitempty"`
	Seats     SeatColumns   `json:"seats"`
	Legend    []string      `json:"kinds"` // the words for the numbers of the kind column
	Count     GeometryCount `json:"count"`
}

// GeometryCount says how much is in a Geometry.
type GeometryCount struct {
	Seats int `json:"seats"`
	Areas int `json:"areas"`
}

// FloorShape names a floor and its sections.
type FloorShape struct {
	Name     string   `json:"name"`
	Sections []string `json:"sections"`
}

// RowShape is a row: which section of which floor, its label and its number of seats.
type RowShape struct {
	Floor   int    `json:"floor"`
	Section int    `json:"section"`
	Label   string `json:"label"`
	Seats   int    `json:"seats"`
}

// AreaShape is an area with the index of its floor.
type AreaShape struct {
	Area
	Floor int `json:"floor"`
}

// SeatColumns are the seats, a column per property; empty columns hold zeros only.
type SeatColumns struct {
	Place    []int32  `json:"place"`              // delta
	X        []int32  `json:"x"`                  // delta, centimetres
	Y        []int32  `json:"y"`                  // delta, centimetres
	Label    []string `json:"label"`              //
	Zone     []int32  `json:"zone"`               // runs of indexes into zones, -1 for none
	Kind     []int32  `json:"kind,omitempty"`     // runs of indexes into kinds
	Rotation []int32  `json:"rotation,omitempty"` // runs of degrees
	// Groups lists the first ordinal and the number of seats of each pair and block.
	Groups []int32 `json:"groups,omitempty"`
	// Gaps lists the ordinals of seats that have an aisle before them within their row.
	Gaps []int32 `json:"gaps,omitempty"`
}

// NewGeometry makes the geometry of the indexed map.
func NewGeometry(ix *Index) *Geometry {
	m := ix.Map()
	g := &Geometry{
		Name: m.Name, Stage: m.Stage, Zones: m.Zones, Entrances: m.Entrances, Decor: m.Decor,
		Legend: kindNames(), Count: GeometryCount{Seats: ix.Len()},
	}
	for f := range m.Floors {
		shape := FloorShape{Name: m.Floors[f].Name, Sections: []string{}}
		for s := range m.Floors[f].Sections {
			sec := &m.Floors[f].Sections[s]
			shape.Sections = append(shape.Sections, sec.Name)
			for r := range sec.Rows {
				row := &sec.Rows[r]
				g.Rows = append(g.Rows, RowShape{f, s, row.Label, len(row.Seats)})
			}
		}
		for a := range m.Floors[f].Areas {
			g.Areas = append(g.Areas, AreaShape{m.Floors[f].Areas[a], f})
		}
		g.Floors = append(g.Floors, shape)
	}
	g.Count.Areas = len(g.Areas)
	g.Seats = seatColumns(ix)
	return g
}

func seatColumns(ix *Index) SeatColumns {
	zones := map[string]int32{}
	for i, z := range ix.m.Zones {
		zones[z.Key] = int32(i) + 1
	}
	n := ix.Len()
	c := SeatColumns{
		Place: deltaColumn(n, func(i int) int32 { return int32(ix.seats[i].Place) }),
		X:     deltaColumn(n, func(i int) int32 { return ix.seats[i].X }),
		Y:     deltaColumn(n, func(i int) int32 { return ix.seats[i].Y }),
		Label: make([]string, n),
		Zone:  runColumn(n, func(i int) int32 { return zones[ix.seats[i].Zone] - 1 }),
		Kind:  runColumn(n, func(i int) int32 { return int32(ix.seats[i].Kind) }),
	}
	if col := runColumn(n, func(i int) int32 { return int32(ix.seats[i].Rotation) }); !zero(col) {
		c.Rotation = col
	}
	if zero(c.Kind) {
		c.Kind = nil
	}
	for i := 0; i < n; i++ {
		c.Label[i] = ix.seats[i].Label
		if _, beside := ix.Left(i); !beside && i > ix.rows[ix.rowOf[i]].From {
			c.Gaps = append(c.Gaps, int32(i))
		}
		if size := ix.GroupAt(i); size > 0 {
			c.Groups = append(c.Groups, int32(i), int32(size))
		}
	}
	return c
}

func deltaColumn(n int, of func(int) int32) []int32 {
	col := make([]int32, n)
	last := int32(0)
	for i := range col {
		v := of(i)
		col[i], last = v-last, v
	}
	return col
}

func runColumn(n int, of func(int) int32) []int32 {
	col := []int32{}
	for i := 0; i < n; i++ {
		v := of(i)
		if at := len(col); at > 0 && col[at-2] == v {
			col[at-1]++
		} else {
			col = append(col, v, 1)
		}
	}
	return col
}

// zero is true for a run column of zeros only.
func zero(col []int32) bool { return len(col) == 0 || (len(col) == 2 && col[0] == 0) }
