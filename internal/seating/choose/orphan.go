package choose

import (
	"slices"

	"foyer/internal/seating/seatmap"
)

// Orphans are the seats that the pick leaves single: free seats for anybody that end up
// with no free neighbour because of it. A couple pair or family block is sold whole and so
// is never an orphan, and it keeps the seat beside it company. A seat that was single
// before, and wheelchair, companion and house places, do not count. Numbers of the pick
// that are not seats of the map are passed over.
func (p *Plan) Orphans(free seatmap.Set, picked []seatmap.Place) []seatmap.Place {
	if p.n == 0 {
		return nil
	}
	rest := free.Clone()
	rest.And(p.ordinary)
	var mine []int
	for _, place := range picked {
		if i, ok := p.ix.Ordinal(place); ok {
			rest.Remove(i)
			if p.ordinary.Has(i) {
				mine = append(mine, i)
			}
		}
	}
	var list []int
	for _, i := range mine {
		if i > 0 && p.seg[i] != int32(i) && p.single(rest, i-1) {
			list = append(list, i-1)
		}
		if i+1 < p.n && p.seg[i+1] == p.seg[i] && p.single(rest, i+1) {
			list = append(list, i+1)
		}
	}
	slices.Sort(list)
	var places []seatmap.Place
	for _, i := range slices.Compact(list) {
		places = append(places, p.ix.Seat(i).Place)
	}
	return places
}

// single is true for a lone chair of the set without a neighbour in the set.
func (p *Plan) single(rest seatmap.Set, i int) bool {
	if !rest.Has(i) || p.grouped[i] {
		return false
	}
	if p.seg[i] != int32(i) && rest.Has(i-1) {
		return false
	}
	return i+1 >= p.n || p.seg[i+1] != p.seg[i] || !rest.Has(i+1)
}

// orphaned is Orphans for a window of open seats, in constant time: true if there are any.
func (s *search) orphaned(w window) bool {
	if i := w.from; s.seg[i] != int32(i) && s.ordinary.Has(i) && s.lonely(i-1, -1) {
		return true
	}
	i := w.to
	return i < s.n && s.seg[i] == s.seg[i-1] && s.ordinary.Has(i-1) && s.lonely(i, 1)
}

// lonely is true for a free lone chair beside the window whose other side is not free.
func (s *search) lonely(i, step int) bool {
	if !s.rest.Has(i) || s.grouped[i] {
		return false
	}
	next := i + step
	return next < 0 || next >= s.n || s.seg[next] != s.seg[i] || !s.rest.Has(next)
}

// Verdict is what the orphan rule says to seats that a person picked.
type Verdict struct {
	Orphans []seatmap.Place
	// Refused is true when the rule refuses the pick. Without it the orphans are a warning,
	// or stand because no choice of that size in those zones would leave none.
	Refused bool
}

// Check applies the rule to a pick of free seats; free still holds them.
func (p *Plan) Check(free seatmap.Set, picked []seatmap.Place, rule Rule) Verdict {
	if rule == Off || p.n == 0 {
		return Verdict{}
	}
	v := Verdict{Orphans: p.Orphans(free, picked)}
	if rule != Refuse || len(v.Orphans) == 0 {
		return v
	}
	r := Request{Orphans: Refuse}
	for _, place := range picked {
		i, ok := p.ix.Ordinal(place)
		if !ok || !p.ordinary.Has(i) {
			continue
		}
		r.Party++
		if zone := p.ix.Seat(i).Zone; !slices.Contains(r.Zones, zone) {
			r.Zones = append(r.Zones, zone)
		}
	}
	_, v.Refused = p.search(free, r, false).together(r.Party, true)
	return v
}

// Incomplete are the seats missing from the pick so that every pair it touches is whole. A
// pick with any is refused: a couple pair is sold as one. Family blocks may be picked in
// part by a person, for they are only offered together.
func (p *Plan) Incomplete(picked []seatmap.Place) []seatmap.Place {
	var missing []seatmap.Place
	mine := p.ix.SetOf(picked)
	for i := mine.Next(0); i >= 0; i = mine.Next(i + 1) {
		if p.ix.Seat(i).Kind != seatmap.Couple || !p.grouped[i] {
			continue
		}
		mate := i + 1
		if !p.starts[i] {
			mate = i - 1
		}
		if !mine.Has(mate) {
			missing = append(missing, p.ix.Seat(mate).Place)
		}
	}
	return missing
}

// Beside counts the free seats directly left and right of the group of neighbours that the
// place stands in, for a hint such as "2 seats free on your right".
func (p *Plan) Beside(free seatmap.Set, picked []seatmap.Place, place seatmap.Place) (
	left, right int,
) {
	i, ok := p.ix.Ordinal(place)
	if !ok {
		return 0, 0
	}
	mine := p.ix.SetOf(picked)
	mine.Add(i)
	from, to := i, i
	for p.seg[from] != int32(from) && mine.Has(from-1) {
		from--
	}
	for to+1 < p.n && p.seg[to+1] == p.seg[i] && mine.Has(to+1) {
		to++
	}
	offered := func(k int) bool { return free.Has(k) && p.ordinary.Has(k) }
	for k := from; p.seg[k] != int32(k) && offered(k-1); k-- {
		left++
	}
	for k := to; k+1 < p.n && p.seg[k+1] == p.seg[i] && offered(k+1); k++ {
		right++
	}
	return left, right
}
