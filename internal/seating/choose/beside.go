package choose

import "foyer/internal/seating/seatmap"

// Flank is a group of neighbours within a pick, and the free seats directly beside it.
type Flank struct {
	Places      []seatmap.Place // in the order of the row
	Left, Right int             // free seats before and after it, up to the next taken
}

// Flanks are the first groups of neighbours of a pick, at most as many as limit, each with
// what Beside counts.
func (p *Plan) Flanks(free seatmap.Set, picked []seatmap.Place, limit int) []Flank {
	mine := p.ix.SetOf(picked)
	var list []Flank
	for i := mine.Next(0); i >= 0 && len(list) < limit; {
		f := Flank{Places: []seatmap.Place{p.ix.Seat(i).Place}}
		next := mine.Next(i + 1)
		for next == i+1 && p.seg[next] == p.seg[i] {
			f.Places = append(f.Places, p.ix.Seat(next).Place)
			i, next = next, mine.Next(next+1)
		}
		f.Left, f.Right = p.Beside(free, picked, f.Places[0])
		list, i = append(list, f), next
	}
	return list
}
