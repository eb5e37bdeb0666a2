package choose

import "slices"

// twoRows seats the party in two rows, one behind the other: the most even split that
// exists, and of those the best two windows that overlap in column. Nil when none does.
func (s *search) twoRows() []window {
	for big := (s.r.Party + 1) / 2; big <= min(s.longest, s.r.Party-1); big++ {
		if list := s.split(big, s.r.Party-big); list != nil {
			return list
		}
	}
	return nil
}

// pairing is two neighbouring rows with the sizes of the windows wanted in them. Its bound
// is the sum of the best windows, overlapping or not: nothing in it can be better.
type pairing struct {
	front, back int // indexes of rows
	sizes       [2]int
	bound       rank
}

func (s *search) split(big, small int) []window {
	list := s.pairings(big, small)
	if big != small {
		list = append(list, s.pairings(small, big)...)
	}
	slices.SortFunc(list, func(a, b pairing) int {
		if a.bound.less(b.bound) {
			return -1
		}
		return 1
	})
	var best []window
	var least rank
	for _, p := range list {
		if best != nil && !p.bound.less(least) {
			break
		}
		s.overlapping(p, func(a, b window) {
			if r := s.rankFocal(a).plus(s.rankFocal(b)); best == nil || r.less(least) {
				best, least = []window{a, b}, r
			}
		})
	}
	return best
}

func (s *search) pairings(front, back int) []pairing {
	ahead, behind := s.rowBest(front), s.rowBest(back)
	var list []pairing
	for r := range len(s.ix.Rows()) - 1 {
		rows := s.ix.Rows()[r : r+2]
		if rows[0].Section == rows[1].Section && ahead[r].ok && behind[r+1].ok {
			list = append(list, pairing{
				r, r + 1, [2]int{front, back}, ahead[r].plus(behind[r+1].rank),
			})
		}
	}
	return list
}

// ranked is a rank that may be missing.
type ranked struct {
	rank
	ok bool
}

// rowBest is the rank of the best window of n seats in each row.
func (s *search) rowBest(n int) []ranked {
	list := make([]ranked, len(s.ix.Rows()))
	s.windows(0, s.n, n, func(w window) {
		at := &list[s.ix.RowOf(w.from)]
		if r := s.rankFocal(w); !at.ok || r.less(at.rank) {
			*at = ranked{r, true}
		}
	})
	return list
}

// overlapping visits the pairs of windows of two rows that share a column.
func (s *search) overlapping(p pairing, visit func(a, b window)) {
	front, back := s.ix.Rows()[p.front], s.ix.Rows()[p.back]
	var behind []window
	s.windows(back.From, back.To, p.sizes[1], func(b window) { behind = append(behind, b) })
	s.windows(front.From, front.To, p.sizes[0], func(a window) {
		for _, b := range behind {
			if s.overlap(a, b) {
				visit(a, b)
			}
		}
	})
}

func (s *search) overlap(a, b window) bool {
	a0, a1 := order(s.along[a.from], s.along[a.to-1])
	b0, b1 := order(s.along[b.from], s.along[b.to-1])
	return a0 <= b1 && b0 <= a1
}

func order(a, b int32) (int32, int32) { return min(a, b), max(a, b) }

// groups seats the party in as few groups as possible. Groups of the largest size are
// tried first; where pairs and blocks leave somebody without a seat, smaller ones are. Nil
// when not even two can sit together.
func (s *search) groups() []window {
	for most := s.longest; most >= 2; most-- {
		if list := s.greedy(most); list != nil {
			return list
		}
	}
	return nil
}

func (s *search) greedy(most int) []window {
	taken := *s
	taken.open = s.open.Clone()
	var list []window
	take := func(w window) {
		for i := w.from; i < w.to; i++ {
			taken.open.Remove(i)
		}
		list = append(list, w)
	}
	judge := s.rankFocal
	for left := s.r.Party; left > 0; {
		size := taken.largest(min(most, left))
		if size == 0 {
			return nil
		}
		if len(list) == 0 {
			take(taken.top(size, 1, judge)[0].window)
			left -= size
			judge = s.rankNear(list[0])
			continue
		}
		// A window taken blocks fewer than 2 × size others, so twice the seats wanted is
		// enough to find all groups of this size in one pass.
		for _, u := range taken.top(size, 2*left, judge) {
			if left >= size && taken.allOpen(u.window) {
				take(u.window)
				left -= size
			}
		}
	}
	return list
}

// largest is the size of the largest window of at most n seats, 0 without any.
func (s *search) largest(n int) int {
	best := 0
	for i := s.open.Next(0); i >= 0 && best < n; {
		end := i + 1
		for end < s.n && s.open.Has(end) && s.seg[end] == s.seg[i] {
			end++
		}
		for from := i; from < end && best < n; from++ {
			if !s.starts[from] {
				continue
			}
			to := min(from+n, end)
			for to > from && !s.starts[to] {
				to--
			}
			best = max(best, to-from)
		}
		i = s.open.Next(end)
	}
	return best
}

// top is the best windows of n seats, at most so many of them, in order.
func (s *search) top(n, most int, judge func(window) rank) []unit {
	best := make([]unit, 0, most+1)
	s.windows(0, s.n, n, func(w window) { best = keep(best, unit{w, judge(w)}, most) })
	return best
}

// keep puts u into a sorted list that holds at most so many.
func keep(list []unit, u unit, most int) []unit {
	if len(list) == most {
		if !u.less(list[most-1].rank) {
			return list
		}
		list = list[:most-1]
	}
	at := len(list)
	for at > 0 && u.less(list[at-1].rank) {
		at--
	}
	return slices.Insert(list, at, u)
}

// rankNear judges a window by how far its middle is from the middle of another.
func (s *search) rankNear(to window) func(window) rank {
	x, y, z := s.middle(to)
	return func(w window) rank {
		wx, wy, wz := s.middle(w)
		r := s.rankFocal(w)
		// Centre gives way to the focal point, which counts second here.
		r.distance, r.centre = square(wx-x)+square(wy-y)+square(wz-z), r.distance
		return r
	}
}

func square(v int64) int64 { return v * v }

func (s *search) middle(w window) (x, y, z int64) {
	a, b, n := &s.sums[w.from], &s.sums[w.to], int64(w.to-w.from)
	return (b.x - a.x) / n, (b.y - a.y) / n, (b.z - a.z) / n
}

// scattered is the best n seats one by one, pairs and blocks whole; nil when no sum of
// them is n.
func (s *search) scattered(n int, judge func(window) rank) []window {
	units := s.cheapest(n, judge)
	c := combination{units: units}
	c.extend(n, len(units)-1, rank{}, nil)
	slices.SortFunc(c.best, func(a, b window) int { return a.from - b.from })
	return c.best
}

// unit is a chair, pair or block with its rank.
type unit struct {
	window
	rank
}

// maxUnit is the most seats that are taken as one.
const maxUnit = 6

// cheapest keeps, for each size of unit, as many of the best ones as a party of n can use.
func (s *search) cheapest(n int, judge func(window) rank) [][]unit {
	best := make([][]unit, maxUnit+1)
	for i := s.open.Next(0); i >= 0; i = s.open.Next(i + 1) {
		w, ok := s.unitAt(i)
		size := w.to - w.from
		if !ok || size > n {
			continue
		}
		best[size] = keep(best[size], unit{w, judge(w)}, n/size)
	}
	return best
}

// unitAt is the unit that begins at the seat, if all of it is open.
func (s *search) unitAt(i int) (window, bool) {
	if !s.starts[i] {
		return window{}, false
	}
	to := i + 1
	for to < s.n && !s.starts[to] {
		if !s.open.Has(to) {
			return window{}, false
		}
		to++
	}
	return window{i, to}, true
}

// combination finds the best choice of units that sums up to a party. Of each size the best
// ones are taken, so only how many of each size is left to try.
type combination struct {
	units [][]unit
	best  []window
	least rank
}

func (c *combination) extend(left, size int, sum rank, list []window) {
	if left == 0 {
		if c.best == nil || sum.less(c.least) {
			c.best, c.least = slices.Clone(list), sum
		}
		return
	}
	if size == 0 || (c.best != nil && !sum.less(c.least)) {
		return
	}
	for k := 0; ; k++ {
		c.extend(left, size-1, sum, list)
		if k == len(c.units[size]) || left < size {
			return
		}
		u := c.units[size][k]
		left, sum, list = left-size, sum.plus(u.rank), append(list, u.window)
	}
}

// nearby gives the party its wheelchair places, the first nearest the focal point and all
// others nearest to that, then companion places, then seats, all nearest to it too. Nil
// when there are not enough.
func (s *search) nearby() []window {
	from := *s
	from.r.Wheelchairs, from.r.Companions = 0, 0 // units are judged one by one from here on
	from.open = s.open.Clone()
	from.open.And(s.wheelchair)
	anchors := from.scattered(1, from.rankFocal)
	if anchors == nil {
		return nil
	}
	near := from.rankNear(anchors[0])
	list := from.scattered(s.r.Wheelchairs, near)
	if list == nil {
		return nil
	}
	left := s.r.Party - s.r.Wheelchairs
	from.open = s.open.Clone()
	from.open.And(s.companion)
	if n := min(s.r.Companions, from.open.Count()); n > 0 {
		list = append(list, from.scattered(n, near)...)
		left -= n
	}
	if left == 0 {
		return list
	}
	from.open = s.open.Clone()
	from.open.And(s.ordinary)
	seats := from.scattered(left, near)
	if seats == nil {
		return nil
	}
	return append(list, seats...)
}

// suggest lists a free pair for two and a free block for exactly the party, unless the
// choice is one already.
func (s *search) suggest(c Choice) []Suggestion {
	if s.r.Party < 2 || s.r.Party > maxUnit || s.r.Wheelchairs > 0 {
		return nil
	}
	var best unit
	for _, w := range s.Plan.groups {
		if w.to-w.from != s.r.Party || !s.allOpen(w) {
			continue
		}
		if u := (unit{w, s.rankFocal(w)}); best.to == 0 || u.distance < best.distance {
			best = u
		}
	}
	if best.to == 0 || c.Groups[0][0] == s.ix.Seat(best.from).Place {
		return nil
	}
	return []Suggestion{{s.ix.Seat(best.from).Kind, s.places(best.window)}}
}

func (s *search) allOpen(w window) bool {
	for i := w.from; i < w.to; i++ {
		if !s.open.Has(i) {
			return false
		}
	}
	return true
}
