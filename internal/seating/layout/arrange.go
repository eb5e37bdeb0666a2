package layout

import (
	"math"
	"slices"

	"foyer/internal/seating/seatmap"
)

// gapFactor times the usual distance of neighbours is an aisle.
const gapFactor = 1.6

// arrange puts the seats of each row in the order in which they stand and marks the aisles
// between them: formats with coordinates alone do not say who sits beside whom.
func arrange(m *seatmap.Map) {
	var rows []*seatmap.Row
	for f := range m.Floors {
		for s := range m.Floors[f].Sections {
			for r := range m.Floors[f].Sections[s].Rows {
				rows = append(rows, &m.Floors[f].Sections[s].Rows[r])
			}
		}
	}
	var steps []float64
	for _, row := range rows {
		lineUp(row.Seats)
		for i := 1; i < len(row.Seats); i++ {
			steps = append(steps, apart(row.Seats[i-1], row.Seats[i]))
		}
	}
	if len(steps) == 0 {
		return
	}
	slices.Sort(steps)
	aisle := steps[len(steps)/2] * gapFactor
	for _, row := range rows {
		for i := 1; i < len(row.Seats); i++ {
			row.Seats[i].Gap = apart(row.Seats[i-1], row.Seats[i]) > aisle
		}
	}
}

// lineUp sorts seats along the line on which they stand, left to right. Where the order of
// the document makes the shorter walk (around a table, say), that order stays.
func lineUp(seats []seatmap.Seat) {
	if len(seats) < 2 {
		return
	}
	far := 0
	for i := range seats {
		if apart(seats[0], seats[i]) > apart(seats[0], seats[far]) {
			far = i
		}
	}
	dx, dy := float64(seats[far].X-seats[0].X), float64(seats[far].Y-seats[0].Y)
	if dx < 0 || (dx == 0 && dy < 0) {
		dx, dy = -dx, -dy
	}
	sorted := slices.Clone(seats)
	slices.SortStableFunc(sorted, func(a, b seatmap.Seat) int {
		pa, pb := float64(a.X)*dx+float64(a.Y)*dy, float64(b.X)*dx+float64(b.Y)*dy
		switch {
		case pa < pb:
			return -1
		case pa > pb:
			return 1
		}
		return 0
	})
	if walk(sorted) <= walk(seats)+1 {
		copy(seats, sorted)
	}
}

func walk(seats []seatmap.Seat) float64 {
	sum := 0.0
	for i := 1; i < len(seats); i++ {
		sum += apart(seats[i-1], seats[i])
	}
	return sum
}

func apart(a, b seatmap.Seat) float64 {
	return math.Hypot(float64(a.X)-float64(b.X), float64(a.Y)-float64(b.Y))
}

// inDepth is the spot at a share of the depth of the hall, from the stage, in its middle.
func inDepth(b bounds, share float64, fromBottom bool) seatmap.Point {
	if fromBottom {
		share = 1 - share
	}
	return seatmap.Point{
		X: b.middleX(), Y: b.minY + int32(math.Round(float64(b.maxY-b.minY)*share)),
	}
}
