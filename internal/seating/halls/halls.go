// Package halls draws complete, valid halls: cinemas of any size, a theatre on three floors
// and an arena. The demo is seeded with them and benchmarks run on them, so they are built
// like real ones: arcs around the stage, aisles, rows that widen, couple rows, wheelchair
// places beside the entrances, and the numbering that such houses use.
package halls

import (
	"fmt"
	"math"

	"foyer/internal/seating/seatmap"
)

// curve puts the seat that stands s centimetres right of the middle of a row on the plan.
type curve func(s float64) (x, y, rotation float64)

// arc is a row on a circle: everybody on it faces the centre.
func arc(cx, cy, radius float64) curve {
	return func(s float64) (float64, float64, float64) {
		t := s / radius
		return cx + radius*math.Sin(t), cy + radius*math.Cos(t), -t * 180 / math.Pi
	}
}

// straight is a row along the picture, facing up.
func straight(cx, y float64) curve {
	return func(s float64) (float64, float64, float64) { return cx + s, y, 0 }
}

// block is one row as drawn: seats in order, with aisles before some of them.
type block struct {
	prefix string // GUIDs are prefix-row-label
	label  string
	labels []string
	pitch  float64
	aisles map[int]float64 // centimetres of aisle before the seat with this index
	shift  float64         // centimetres that the middle of the row is right of the curve's
	at     curve
	zone   func(i int) string
	kind   func(i int) seatmap.Kind
}

// drawer draws rows and keeps the numbers of groups apart.
type drawer struct{ group int32 }

func (d *drawer) row(b block) seatmap.Row {
	row := seatmap.Row{Label: b.label}
	width := b.pitch * float64(len(b.labels)-1)
	for _, w := range b.aisles {
		width += w
	}
	s := b.shift - width/2
	for i, label := range b.labels {
		if i > 0 {
			s += b.pitch + b.aisles[i]
		}
		x, y, rot := b.at(s)
		row.Seats = append(row.Seats, seatmap.Seat{
			GUID:  fmt.Sprintf("%s-%s-%s", b.prefix, b.label, label),
			Label: label, X: int32(math.Round(x)), Y: int32(math.Round(y)),
			Gap: b.aisles[i] > 0, Rotation: degrees(rot), Zone: b.zone(i),
		})
		if b.kind != nil {
			row.Seats[i].Kind = b.kind(i)
		}
	}
	d.pair(&row)
	return row
}

// pair gives couple seats their groups, two by two from each aisle.
func (d *drawer) pair(row *seatmap.Row) {
	for i := 0; i+1 < len(row.Seats); i++ {
		if row.Seats[i].Kind == seatmap.Couple {
			d.group++
			row.Seats[i].Group, row.Seats[i+1].Group = d.group, d.group
			i++
		}
	}
}

func degrees(rot float64) int16 {
	return int16((int(math.Round(rot))%360 + 360) % 360)
}

func fixed[T any](v T) func(int) T { return func(int) T { return v } }

// rectangle is a box by its upper left corner.
func rectangle(x, y, w, h int32) []seatmap.Point {
	return []seatmap.Point{{X: x, Y: y}, {X: x + w, Y: y}, {X: x + w, Y: y + h}, {X: x, Y: y + h}}
}

// number gives the first numbers of a lineage. It cannot fail within the sizes drawn here.
func number(m *seatmap.Map) *seatmap.Map {
	if err := seatmap.Assign(nil, m); err != nil {
		// A first version of these sizes has numbers enough; a test draws the largest.
		panic(err)
	}
	return m
}
