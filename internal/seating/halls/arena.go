package halls

import (
	"math"
	"strconv"

	"foyer/internal/seating/seatmap"
)

// ArenaSeats is the number of numbered seats of Arena; 2,000 people stand besides.
const ArenaSeats = 20_000

// Arena draws an indoor arena set for a concert: a stage at the head of the floor, a
// standing area before it, numbered floor seats behind, and two rings of stands. Sections
// behind the stage have a restricted view. Row letters leave out I and O.
func Arena(name string) *seatmap.Map {
	a := &arena{}
	m := &seatmap.Map{
		Name: name,
		Stage: seatmap.Stage{
			Kind: seatmap.Podium, Name: "舞台", Focal: seatmap.Point{Y: -1500},
			Shape: rectangle(-1100, -2500, 2200, 1000),
		},
		Zones: []seatmap.Zone{
			{Key: "floor", Name: "内场", Color: "#d7263d"},
			{Key: "standing", Name: "内场站席", Color: "#f46036"},
			{Key: "lower", Name: "看台一", Color: "#2e86ab"},
			{Key: "upper", Name: "看台二", Color: "#1b998b"},
			{Key: "rear", Name: "舞台侧后", Color: "#8d99ae"},
		},
	}
	lower := a.ring(ring{
		first: 100, sections: 26, rows: 19, a: 3600, b: 3100, zone: "lower", pitch: 50, depth: 80,
	})
	upper := a.ring(ring{
		first: 200, sections: 34, rows: 16, a: 5400, b: 4900, zone: "upper", pitch: 50, depth: 82,
	})
	stands := count(lower) + count(upper)
	m.Floors = []seatmap.Floor{
		{Name: "内场", Sections: a.floor(ArenaSeats - stands), Areas: []seatmap.Area{{
			GUID: "pit", Name: "内场站席", Kind: seatmap.Standing, Zone: "standing",
			Capacity: 2000, Shape: rectangle(-1500, -1300, 3000, 900),
		}}},
		{Name: "看台一层", Height: 400, Sections: lower},
		{Name: "看台二层", Height: 1400, Sections: upper},
	}
	m.Entrances = a.doors()
	return number(m)
}

type arena struct{ d drawer }

// ring is one storey of stands around an ellipse with half axes a and b.
type ring struct {
	first, sections, rows int
	a, b, pitch, depth    float64
	zone                  string
}

func (a *arena) ring(r ring) []seatmap.Section {
	var list []seatmap.Section
	letters := seatmap.RowLetters(r.rows, "A", "IO")
	for s := range r.sections {
		// Angles run clockwise from the middle of the side behind the stage.
		from := 2 * math.Pi * float64(s) / float64(r.sections)
		to := 2 * math.Pi * float64(s+1) / float64(r.sections)
		turn := math.Abs(math.Mod((from+to)/2+math.Pi, 2*math.Pi) - math.Pi)
		zone, kind := r.zone, seatmap.Standard
		if turn < math.Pi/7 {
			zone, kind = "rear", seatmap.Restricted
		}
		number := strconv.Itoa(r.first + s + 1)
		sec := seatmap.Section{Name: number}
		for row := range r.rows {
			grow := r.depth * float64(row)
			at, length := ellipse(r.a+grow, r.b+grow, from, to)
			n := int((length - aisle) / r.pitch)
			sec.Rows = append(sec.Rows, a.d.row(block{
				prefix: number, label: letters[row], labels: seatmap.LeftRight(n, 1),
				pitch: r.pitch, at: at, zone: fixed(zone), kind: fixed(kind),
			}))
		}
		list = append(list, sec)
	}
	return list
}

// ellipse is the part of an ellipse between two angles, by arc length from its middle.
func ellipse(a, b, from, to float64) (curve, float64) {
	const steps = 200
	point := func(t float64) (float64, float64) { return a * math.Sin(t), -b * math.Cos(t) }
	lengths := make([]float64, steps+1)
	x0, y0 := point(from)
	for i := 1; i <= steps; i++ {
		x, y := point(from + (to-from)*float64(i)/steps)
		lengths[i] = lengths[i-1] + math.Hypot(x-x0, y-y0)
		x0, y0 = x, y
	}
	total := lengths[steps]
	return func(s float64) (float64, float64, float64) {
		want, i := s+total/2, 0
		for i < steps-1 && lengths[i+1] < want {
			i++
		}
		part := (want - lengths[i]) / (lengths[i+1] - lengths[i])
		t := from + (to-from)*(float64(i)+part)/steps
		x, y := point(t)
		// The normal of the ellipse points outwards; people look the other way.
		nx, ny := x/(a*a), y/(b*b)
		return x, y, math.Atan2(-nx, ny) * 180 / math.Pi
	}, total
}

func count(sections []seatmap.Section) int {
	n := 0
	for _, s := range sections {
		for _, r := range s.Rows {
			n += len(r.Seats)
		}
	}
	return n
}

// floor puts n seats in three blocks of rows behind the standing area.
func (a *arena) floor(n int) []seatmap.Section {
	const wide, pitch, depth = 18, 55.0, 90.0
	sections := []seatmap.Section{{Name: "内场A"}, {Name: "内场B"}, {Name: "内场C"}}
	for row := 0; n > 0; row++ {
		for s := range sections {
			seats := min(n, wide)
			if seats == 0 {
				break
			}
			n -= seats
			sections[s].Rows = append(sections[s].Rows, a.d.row(block{
				prefix: sections[s].Name, label: strconv.Itoa(row + 1),
				labels: seatmap.LeftRight(seats, 1, 13), pitch: pitch,
				at:   straight(float64(s-1)*(wide*pitch+130), -200+depth*float64(row)),
				zone: fixed("floor"),
			}))
		}
	}
	return sections
}

func (a *arena) doors() []seatmap.Entrance {
	var list []seatmap.Entrance
	for i, name := range []string{"北门", "东门", "南门", "西门"} {
		t := float64(i) * math.Pi / 2
		list = append(list, seatmap.Entrance{Name: name, At: seatmap.Point{
			X: int32(7100 * math.Sin(t)), Y: int32(-6600 * math.Cos(t)),
		}})
	}
	return list
}
