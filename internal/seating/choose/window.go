package choose

import "foyer/internal/seating/seatmap"

// window is the seats [from, to) of one row, all neighbours.
type window struct{ from, to int }

// rank orders choices: the smaller one is better. Ranks add up over the windows of a choice.
type rank struct {
	drawbacks int32
	distance  int64 // sum over the seats, centimetres
	centre    int64 // sum over the seats, centimetres from the middle
	first     int64 // sum over the windows of their first seat, for a stable answer
}

func (a rank) less(b rank) bool {
	switch {
	case a.drawbacks != b.drawbacks:
		return a.drawbacks < b.drawbacks
	case a.distance != b.distance:
		return a.distance < b.distance
	case a.centre != b.centre:
		return a.centre < b.centre
	}
	return a.first < b.first
}

func (a rank) plus(b rank) rank {
	return rank{a.drawbacks + b.drawbacks, a.distance + b.distance, a.centre + b.centre,
		a.first + b.first}
}

// search is one request on its way through the steps.
type search struct {
	*Plan
	r    Request
	open seatmap.Set // free and as requested, seat by seat
	rest seatmap.Set // free and offered to anybody: what the orphan rule looks at
	// longest is the size of the largest window smaller than the party; from twoRows on.
	longest int
}

func (p *Plan) search(free seatmap.Set, r Request, accessible bool) *search {
	s := &search{Plan: p, r: r, open: free.Clone(), rest: free.Clone()}
	s.rest.And(p.ordinary)
	allowed := p.ordinary.Clone()
	if accessible {
		allowed.Or(p.accessible)
	}
	s.open.And(allowed)
	if len(r.Zones) > 0 {
		zones := p.ix.NewSet()
		for _, z := range r.Zones {
			if set := p.ix.Zone(z); set != nil {
				zones.Or(set)
			}
		}
		s.open.And(zones)
	}
	if r.Section != "" {
		s.narrow(p.sections[[2]string{r.Floor, r.Section}])
	} else if r.Floor != "" {
		s.narrow(p.floors[r.Floor])
	}
	if r.Affordable != nil {
		for i := s.open.Next(0); i >= 0; i = s.open.Next(i + 1) {
			if !r.Affordable(p.ix.Seat(i).Place) {
				s.open.Remove(i)
			}
		}
	}
	return s
}

func (s *search) narrow(to seatmap.Set) {
	if to == nil {
		clear(s.open)
		return
	}
	s.open.And(to)
}

// rankFocal judges a window by the focal point.
func (s *search) rankFocal(w window) rank {
	a, b := &s.sums[w.from], &s.sums[w.to]
	return rank{
		drawbacks: s.drawbacks(w), distance: b.distance - a.distance,
		centre: b.centre - a.centre, first: int64(w.from),
	}
}

// drawbacks counts what the party did not ask for.
func (s *search) drawbacks(w window) int32 {
	a, b := &s.sums[w.from], &s.sums[w.to]
	size := int32(w.to - w.from)
	n := b.restricted - a.restricted + b.zoneChanges - a.zoneChanges
	if s.seg[w.from] != int32(w.from) && s.ix.Seat(w.from-1).Zone != s.ix.Seat(w.from).Zone {
		n-- // the change lies before the window
	}
	couples := b.couple - a.couple
	if s.r.Couple {
		couples = size - couples
	}
	n += couples
	if family := b.family - a.family; family != size || !s.oneBlock(w) {
		n += family
	}
	if s.r.Wheelchairs == 0 {
		return n + b.companion - a.companion + b.wheelchair - a.wheelchair
	}
	return n + int32(abs(int64(b.companion-a.companion)-int64(s.r.Companions)))
}

// oneBlock is true when the window is a single family block.
func (s *search) oneBlock(w window) bool {
	for i := w.from + 1; i < w.to; i++ {
		if s.starts[i] {
			return false
		}
	}
	return true
}

// fits is true when the window breaks no pair and has as many wheelchair places as asked.
func (s *search) fits(w window) bool {
	if !s.starts[w.from] || !s.starts[w.to] {
		return false
	}
	return s.r.Wheelchairs == 0 ||
		int(s.sums[w.to].wheelchair-s.sums[w.from].wheelchair) == s.r.Wheelchairs
}

// windows visits all windows of n open neighbours within the seats [from, to).
func (s *search) windows(from, to, n int, visit func(window)) {
	run, last := 0, -2
	for i := s.open.Next(from); i >= 0 && i < to; i = s.open.Next(i + 1) {
		if i != last+1 || s.seg[i] == int32(i) {
			run = 0
		}
		run++
		last = i
		if run < n {
			continue
		}
		if w := (window{i + 1 - n, i + 1}); s.fits(w) {
			visit(w)
		}
	}
}

// together is the best window of n neighbours, leaving no orphan if that is demanded.
func (s *search) together(n int, noOrphans bool) (window, bool) {
	var best window
	var least rank
	found := false
	s.windows(0, s.n, n, func(w window) {
		r := s.rankFocal(w)
		if found && !r.less(least) {
			return
		}
		if noOrphans && s.orphaned(w) {
			return
		}
		best, least, found = w, r, true
	})
	return best, found
}

func (s *search) places(w window) []seatmap.Place {
	list := make([]seatmap.Place, 0, w.to-w.from)
	for i := w.from; i < w.to; i++ {
		list = append(list, s.ix.Seat(i).Place)
	}
	return list
}
