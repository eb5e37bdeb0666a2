package choose

import (
	"math"

	"foyer/internal/seating/seatmap"
)

// Plan is what choosing needs to know of one version of a seat map, computed once. It is
// immutable and safe for any number of goroutines.
//
// Whatever a window of neighbours is judged by is kept as a running sum over all seats, so
// that any window is judged in constant time.
type Plan struct {
	ix  *seatmap.Index
	n   int
	seg []int32 // the first seat of the run of neighbours that the seat stands in
	// starts[i] is false inside a pair or block: nothing may begin or end there.
	starts  []bool
	grouped []bool
	along   []int32 // position along the rows of the section, in centimetres
	sums    []tally // sums[i] is over all seats before i
	groups  []window

	ordinary   seatmap.Set // what anybody may be given
	accessible seatmap.Set // wheelchair and companion places
	wheelchair seatmap.Set
	companion  seatmap.Set
	floors     map[string]seatmap.Set
	sections   map[[2]string]seatmap.Set
}

// tally is what is summed over a window.
type tally struct {
	distance, centre, x, y, z int64
	restricted, couple        int32
	family, wheelchair        int32
	companion, zoneChanges    int32
}

// New computes the plan of an indexed map. Pairs and blocks that Validate would refuse are
// never offered.
func New(ix *seatmap.Index) *Plan {
	n := ix.Len()
	p := &Plan{
		ix: ix, n: n, seg: make([]int32, n), starts: make([]bool, n+1),
		grouped: make([]bool, n), sums: make([]tally, n+1), along: make([]int32, n),
		ordinary: ix.NewSet(), accessible: ix.NewSet(), wheelchair: ix.NewSet(),
		companion: ix.NewSet(), floors: map[string]seatmap.Set{},
		sections: map[[2]string]seatmap.Set{},
	}
	p.starts[n] = true
	for i := range n {
		p.neighbour(i)
		p.sums[i+1] = p.sums[i].add(p.weigh(i))
	}
	for i := range n {
		p.group(i)
	}
	for i := range n {
		p.admit(i)
	}
	for _, sec := range ix.Sections() {
		p.measure(sec)
	}
	return p
}

func (p *Plan) neighbour(i int) {
	p.seg[i], p.starts[i] = int32(i), true
	if left, ok := p.ix.Left(i); ok {
		p.seg[i] = p.seg[left]
	}
}

func (p *Plan) weigh(i int) tally {
	seat := p.ix.Seat(i)
	focal := p.ix.Map().Stage.Focal
	t := tally{
		distance: int64(p.ix.Distance(i)), centre: abs(int64(seat.X) - int64(focal.X)),
		x: int64(seat.X), y: int64(seat.Y), z: int64(p.ix.FloorOf(i).Height),
	}
	switch seat.Kind {
	case seatmap.Restricted:
		t.restricted = 1
	case seatmap.Couple:
		t.couple = 1
	case seatmap.Family:
		t.family = 1
	case seatmap.Wheelchair:
		t.wheelchair = 1
	case seatmap.Companion:
		t.companion = 1
	}
	if p.seg[i] != int32(i) && p.ix.Seat(i-1).Zone != seat.Zone {
		t.zoneChanges = 1
	}
	return t
}

func (p *Plan) group(i int) {
	size := p.ix.GroupAt(i)
	if size == 0 {
		return
	}
	for k := i; k < i+size; k++ {
		p.grouped[k], p.starts[k] = true, k == i
	}
	p.groups = append(p.groups, window{from: i, to: i + size})
}

// admit puts the seat into the sets of those who may be given it.
func (p *Plan) admit(i int) {
	sec := p.ix.Sections()[p.ix.Rows()[p.ix.RowOf(i)].Section]
	join(p.floors, sec.Floor.Name, p.ix).Add(i)
	join(p.sections, [2]string{sec.Floor.Name, sec.Name}, p.ix).Add(i)
	join(p.sections, [2]string{"", sec.Name}, p.ix).Add(i)
	switch p.ix.Seat(i).Kind {
	case seatmap.Wheelchair:
		p.wheelchair.Add(i)
		p.accessible.Add(i)
	case seatmap.Companion:
		p.companion.Add(i)
		p.accessible.Add(i)
	case seatmap.Couple, seatmap.Family:
		if p.grouped[i] {
			p.ordinary.Add(i)
		}
	case seatmap.Standard, seatmap.Restricted, seatmap.Recliner:
		p.ordinary.Add(i)
	}
}

func join[K comparable](m map[K]seatmap.Set, key K, ix *seatmap.Index) seatmap.Set {
	if m[key] == nil {
		m[key] = ix.NewSet()
	}
	return m[key]
}

// measure projects the seats of a section on the direction of its longest row, so that
// columns can be compared between rows however the section is turned.
func (p *Plan) measure(sec seatmap.SectionRef) {
	ux, uy, longest := 1.0, 0.0, 0.0
	rows := p.ix.Rows()[sec.From:sec.To]
	for _, row := range rows {
		if row.To-row.From < 2 {
			continue
		}
		a, b := p.ix.Seat(row.From), p.ix.Seat(row.To-1)
		dx, dy := float64(b.X)-float64(a.X), float64(b.Y)-float64(a.Y)
		if l := math.Hypot(dx, dy); l > longest {
			ux, uy, longest = dx/l, dy/l, l
		}
	}
	for _, row := range rows {
		for i := row.From; i < row.To; i++ {
			s := p.ix.Seat(i)
			p.along[i] = int32(math.Round(float64(s.X)*ux + float64(s.Y)*uy))
		}
	}
}

func (t tally) add(o tally) tally {
	t.distance += o.distance
	t.centre += o.centre
	t.x += o.x
	t.y += o.y
	t.z += o.z
	t.restricted += o.restricted
	t.couple += o.couple
	t.family += o.family
	t.wheelchair += o.wheelchair
	t.companion += o.companion
	t.zoneChanges += o.zoneChanges
	return t
}

func abs(v int64) int64 { return max(v, -v) }
