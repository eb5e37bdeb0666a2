package choose_test

import (
	"math"
	"slices"

	"foyer/internal/seating/choose"
	"foyer/internal/seating/seatmap"
)

// reference answers requests the slow and plain way: it lists every possible choice of a
// step, judges each seat by seat, and takes the best. It shares no code with the package.
type reference struct {
	m     *seatmap.Map
	seats []chair // all seats in document order
	free  map[seatmap.Place]bool
	r     choose.Request
	all   bool // wheelchair and companion places may be given
}

type chair struct {
	*seatmap.Seat
	index, row, section int
	floor               *seatmap.Floor
	sectionName         string
	last                bool // of its row
}

// score is compared field by field, smaller is better.
type score [4]int64

func (a score) less(b score) bool { return slices.Compare(a[:], b[:]) < 0 }

func (a score) plus(b score) score {
	for i := range a {
		a[i] += b[i]
	}
	return a
}

func newReference(m *seatmap.Map, free map[seatmap.Place]bool, r choose.Request) *reference {
	ref := &reference{m: m, free: free, r: r, all: r.Wheelchairs > 0}
	row, section := 0, 0
	for f := range m.Floors {
		for s := range m.Floors[f].Sections {
			sec := &m.Floors[f].Sections[s]
			for i := range sec.Rows {
				for k := range sec.Rows[i].Seats {
					ref.seats = append(ref.seats, chair{
						&sec.Rows[i].Seats[k], len(ref.seats), row, section, &m.Floors[f], sec.Name,
						k == len(sec.Rows[i].Seats)-1,
					})
				}
				row++
			}
			section++
		}
	}
	return ref
}

// beside is true when b follows a in a row with no aisle between.
func beside(a, b chair) bool { return a.row == b.row && b.index == a.index+1 && !b.Gap }

func (ref *reference) ordinary(c chair) bool {
	switch c.Kind {
	case seatmap.Wheelchair, seatmap.Companion, seatmap.House:
		return false
	}
	return true
}

func (ref *reference) open(c chair) bool {
	if !ref.free[c.Place] || c.Kind == seatmap.House || (!ref.all && !ref.ordinary(c)) {
		return false
	}
	if len(ref.r.Zones) > 0 && !slices.Contains(ref.r.Zones, c.Zone) {
		return false
	}
	if ref.r.Section != "" && ref.r.Section != c.sectionName {
		return false
	}
	return ref.r.Affordable == nil || ref.r.Affordable(c.Place)
}

// whole is true when the chairs hold every seat of each group that they touch.
func (ref *reference) whole(list []chair) bool {
	for _, c := range list {
		for _, mate := range ref.seats {
			if c.Group != 0 && mate.Group == c.Group && !slices.ContainsFunc(list,
				func(x chair) bool { return x.index == mate.index }) {
				return false
			}
		}
	}
	return true
}

// windows lists every group of n open neighbours that breaks no pair.
func (ref *reference) windows(n int, taken map[int]bool) [][]chair {
	var found [][]chair
	for i := range ref.seats {
		if i+n > len(ref.seats) {
			break
		}
		list := ref.seats[i : i+n]
		ok, wheelchairs := true, 0
		for k, c := range list {
			if !ref.open(c) || taken[c.index] || (k > 0 && !beside(list[k-1], c)) {
				ok = false
			}
			if c.Kind == seatmap.Wheelchair {
				wheelchairs++
			}
		}
		if ok && ref.whole(list) && (ref.r.Wheelchairs == 0 || wheelchairs == ref.r.Wheelchairs) {
			found = append(found, list)
		}
	}
	return found
}

func (ref *reference) score(list []chair) score {
	s := score{ref.drawbacks(list), 0, 0, int64(list[0].index)}
	for _, c := range list {
		dx, dy := float64(c.X-ref.m.Stage.Focal.X), float64(c.Y-ref.m.Stage.Focal.Y)
		dz := float64(c.floor.Height)
		s[1] += int64(math.Round(math.Sqrt(dx*dx + dy*dy + dz*dz)))
		s[2] += int64(math.Abs(dx))
	}
	return s
}

func (ref *reference) drawbacks(list []chair) int64 {
	n, companions := int64(0), 0
	oneBlock := list[0].Kind == seatmap.Family
	for i, c := range list {
		if i > 0 && c.Zone != list[i-1].Zone {
			n++
		}
		oneBlock = oneBlock && c.Group == list[0].Group
		if c.Kind == seatmap.Companion {
			companions++
		}
		if c.Kind == seatmap.Restricted || (c.Kind == seatmap.Couple) != ref.r.Couple {
			n++
		}
		if c.Kind == seatmap.Restricted && ref.r.Couple {
			n++ // both: not a pair, and a restricted view
		}
		if ref.r.Wheelchairs == 0 && !ref.ordinary(c) {
			n++
		}
	}
	for _, c := range list {
		if c.Kind == seatmap.Family && !oneBlock {
			n++
		}
	}
	if ref.r.Wheelchairs > 0 {
		n += int64(math.Abs(float64(companions - ref.r.Companions)))
	}
	return n
}

// orphans is the rule by its words: a chair anybody may have, not in a pair, without a free
// neighbour after the pick, and with one before.
func (ref *reference) orphans(picked map[seatmap.Place]bool) []seatmap.Place {
	var list []seatmap.Place
	for i, c := range ref.seats {
		if picked[c.Place] || !ref.free[c.Place] || !ref.ordinary(c) || c.Group != 0 {
			continue
		}
		before, after := 0, 0
		for _, k := range []int{i - 1, i + 1} {
			if k < 0 || k >= len(ref.seats) {
				continue
			}
			near := ref.seats[k]
			if !beside(c, near) && !beside(near, c) || !ref.ordinary(near) {
				continue
			}
			if ref.free[near.Place] && !picked[near.Place] {
				after++
			}
			if ref.free[near.Place] || picked[near.Place] {
				before++
			}
		}
		if after == 0 && before > 0 {
			list = append(list, c.Place)
		}
	}
	return list
}

// best gives the step and the scores of its groups.
func (ref *reference) best() (choose.Step, []score) {
	if ref.r.Orphans != choose.Off {
		if s, ok := ref.together(true); ok {
			return choose.Together, []score{s}
		}
	}
	if s, ok := ref.together(false); ok {
		if ref.r.Orphans == choose.Off {
			return choose.Together, []score{s}
		}
		return choose.Adjacent, []score{s}
	}
	if ref.r.Wheelchairs > 0 {
		return choose.Nearby, nil
	}
	if s, ok := ref.twoRows(); ok {
		return choose.TwoRows, []score{s}
	}
	for most := ref.r.Party - 1; most >= 2; most-- {
		if list := ref.greedy(most); list != nil {
			return choose.Groups, list
		}
	}
	if s, ok := ref.scattered(); ok {
		return choose.Scattered, []score{s}
	}
	return choose.None, nil
}

func (ref *reference) together(noOrphans bool) (best score, found bool) {
	for _, w := range ref.windows(ref.r.Party, nil) {
		picked := map[seatmap.Place]bool{}
		for _, c := range w {
			picked[c.Place] = true
		}
		if noOrphans && len(ref.orphans(picked)) > 0 {
			continue
		}
		if s := ref.score(w); !found || s.less(best) {
			best, found = s, true
		}
	}
	return best, found
}

func (ref *reference) twoRows() (best score, found bool) {
	for big := (ref.r.Party + 1) / 2; big < ref.r.Party && !found; big++ {
		for _, sizes := range [][2]int{{big, ref.r.Party - big}, {ref.r.Party - big, big}} {
			for _, a := range ref.windows(sizes[0], nil) {
				for _, b := range ref.windows(sizes[1], nil) {
					if b[0].row != a[0].row+1 || b[0].section != a[0].section {
						continue
					}
					// Rows of the small halls of these tests run along x.
					if b[len(b)-1].X < a[0].X || a[len(a)-1].X < b[0].X {
						continue
					}
					if s := ref.score(a).plus(ref.score(b)); !found || s.less(best) {
						best, found = s, true
					}
				}
			}
		}
	}
	return best, found
}

func (ref *reference) greedy(most int) []score {
	var scores []score
	var first []chair
	taken := map[int]bool{}
	for left := ref.r.Party; left > 0; {
		size := min(most, left)
		for size > 0 && len(ref.windows(size, taken)) == 0 {
			size--
		}
		if size == 0 || (first == nil && size < 2) {
			return nil
		}
		var best []chair
		var least score
		for _, w := range ref.windows(size, taken) {
			s := ref.score(w)
			if first != nil {
				s = score{s[0], ref.apart(w, first), s[1], s[3]}
			}
			if best == nil || s.less(least) {
				best, least = w, s
			}
		}
		if first == nil {
			first = best
		}
		for _, c := range best {
			taken[c.index] = true
		}
		scores = append(scores, ref.score(best))
		left -= size
	}
	return scores
}

func (ref *reference) apart(a, b []chair) int64 {
	ax, ay, az := middle(a)
	bx, by, bz := middle(b)
	return (ax-bx)*(ax-bx) + (ay-by)*(ay-by) + (az-bz)*(az-bz)
}

func middle(list []chair) (x, y, z int64) {
	for _, c := range list {
		x, y, z = x+int64(c.X), y+int64(c.Y), z+int64(c.floor.Height)
	}
	n := int64(len(list))
	return x / n, y / n, z / n
}

// scattered tries every set of whole units.
func (ref *reference) scattered() (best score, found bool) {
	var units [][]chair
	for n := 1; n <= 6; n++ {
		for _, w := range ref.windows(n, nil) {
			sameGroup := !slices.ContainsFunc(w, func(c chair) bool {
				return c.Group != w[0].Group || (n > 1 && c.Group == 0)
			})
			if sameGroup {
				units = append(units, w)
			}
		}
	}
	var try func(i, left int, sum score)
	try = func(i, left int, sum score) {
		if left == 0 && (!found || sum.less(best)) {
			best, found = sum, true
		}
		if left <= 0 || i == len(units) {
			return
		}
		try(i+1, left, sum)
		try(i+1, left-len(units[i]), sum.plus(ref.score(units[i])))
	}
	try(0, ref.r.Party, score{})
	return best, found
}
