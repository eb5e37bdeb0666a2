package halls

import (
	"math"
	"strconv"

	"foyer/internal/seating/seatmap"
)

// The price areas of a cinema.
const (
	CinemaStandard = "standard"
	CinemaGold     = "gold"
	CinemaCouple   = "couple"
)

// CinemaSpec is the size of a cinema hall. Rows is at least 5 and Columns at least 8; less
// is drawn as that.
type CinemaSpec struct {
	Name    string
	Rows    int
	Columns int // seats in the widest rows
	Couples bool
	// Recliner makes every ordinary seat a recliner with more room, as in a VIP hall.
	Recliner bool
}

// Cinema draws a hall in front of a curved screen: two aisles, narrower front rows, four
// wheelchair places with companions in the second row, a gold area around the best spot,
// and, if wanted, a last row of couple pairs. Rows are numbered from the screen, seats from
// the left.
func Cinema(spec CinemaSpec) *seatmap.Map {
	c := &cinema{spec: spec, pitch: 58, depth: 115}
	if spec.Recliner {
		c.pitch, c.depth = 78, 170
	}
	c.spec.Rows, c.spec.Columns = max(spec.Rows, 5), max(spec.Columns, 8)
	c.radius = 2200 + 20*float64(c.spec.Columns)
	width := c.pitch*float64(c.spec.Columns) + 2*aisle
	m := &seatmap.Map{Name: spec.Name, Stage: c.screen(width)}
	sec := seatmap.Section{}
	for r := range c.spec.Rows {
		sec.Rows = append(sec.Rows, c.row(r))
	}
	m.Floors = []seatmap.Floor{{Name: "1层", Sections: []seatmap.Section{sec}}}
	m.Zones = c.zones()
	back := int32(front + c.depth*float64(c.spec.Rows))
	m.Entrances = []seatmap.Entrance{
		{Name: "左门", At: seatmap.Point{X: int32(-width / 2), Y: 300}},
		{Name: "右门", At: seatmap.Point{X: int32(width / 2), Y: back}},
	}
	m.Decor = []seatmap.Decor{{
		Label: "放映室", Color: "#8a8f99", Shape: rectangle(-150, back+60, 300, 120),
	}}
	return number(m)
}

const (
	front = 520.0 // centimetres from the screen to the first row
	aisle = 110.0
)

type cinema struct {
	spec                 CinemaSpec
	pitch, depth, radius float64
	d                    drawer
}

func (c *cinema) screen(width float64) seatmap.Stage {
	stage := seatmap.Stage{
		Kind: seatmap.Screen, Name: "银幕",
		Focal: seatmap.Point{Y: int32(front + c.depth*float64(c.spec.Rows)*0.64)},
	}
	half := width * 0.42
	for i := 0; i <= 12; i++ {
		x := -half + half*float64(i)/6
		bow := 60 * (x / half) * (x / half)
		stage.Shape = append(stage.Shape, seatmap.Point{
			X: int32(math.Round(x)), Y: int32(math.Round(bow)),
		})
	}
	for i := 12; i >= 0; i-- {
		p := stage.Shape[i]
		stage.Shape = append(stage.Shape, seatmap.Point{X: p.X, Y: p.Y - 25})
	}
	return stage
}

func (c *cinema) zones() []seatmap.Zone {
	zones := []seatmap.Zone{
		{Key: CinemaStandard, Name: "普通区", Color: "#5b8ff9"},
		{Key: CinemaGold, Name: "黄金区", Color: "#f6bd16"},
	}
	if c.spec.Couples {
		zones = append(zones, seatmap.Zone{Key: CinemaCouple, Name: "情侣座", Color: "#ff7fa0"})
	}
	return zones
}

func (c *cinema) row(r int) seatmap.Row {
	side := max(2, c.spec.Columns/5)
	narrow := max(0, 2-r) // the first rows miss seats at both sides
	left, middle := side-min(narrow, side-1), c.spec.Columns-2*side
	n := 2*left + middle
	b := block{
		prefix: "C", label: strconv.Itoa(r + 1), labels: seatmap.LeftRight(n, 1),
		pitch: c.pitch, aisles: map[int]float64{left: aisle, left + middle: aisle},
		at:   arc(0, front+c.depth*float64(r)-c.radius, c.radius),
		zone: func(i int) string { return c.zone(r, i, left, middle) },
	}
	b.kind = func(i int) seatmap.Kind { return c.kind(r, i, left, middle) }
	if c.spec.Couples && r == c.spec.Rows-1 {
		c.couples(&b)
	}
	return c.d.row(b)
}

// couples turns a row into pairs: a sofa takes the room of two and a half seats.
func (c *cinema) couples(b *block) {
	pairs := c.spec.Columns * 2 / 5
	b.labels = seatmap.LeftRight(2*pairs, 1)
	b.aisles = map[int]float64{}
	for i := 2; i < 2*pairs; i += 2 {
		b.aisles[i] = c.pitch / 2
	}
	b.zone, b.kind = fixed(CinemaCouple), fixed(seatmap.Couple)
}

func (c *cinema) zone(r, i, left, middle int) string {
	depth := float64(r) / float64(c.spec.Rows-1)
	margin := middle / 6
	if depth > 0.4 && depth < 0.86 && i >= left+margin && i < left+middle-margin {
		return CinemaGold
	}
	return CinemaStandard
}

// kind puts wheelchair places and companions at the aisles of the second row.
func (c *cinema) kind(r, i, left, middle int) seatmap.Kind {
	if r == 1 {
		switch i {
		case left - 1, left + middle:
			return seatmap.Companion
		case left, left + middle - 1:
			return seatmap.Wheelchair
		case left + 1, left + middle - 2:
			return seatmap.Companion
		}
	}
	if c.spec.Recliner {
		return seatmap.Recliner
	}
	return seatmap.Standard
}
