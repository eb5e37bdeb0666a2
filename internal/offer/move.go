package offer

import "foyer/internal/money"

// move is one way in which a rule takes a unit.
type move struct {
	to    uint32
	saved money.Minor
}

// maxNeeds is how many parts a combo has at most.
const maxNeeds = 4

// moves are a few ways, n of them.
type moves struct {
	list [maxNeeds]move
	n    int
}

func (m *moves) add(to uint32, saved money.Minor) {
	m.list[m.n] = move{to, saved}
	m.n++
}

// moves are the ways in which the rule takes one more unit, the cheapest so far.
func (p *plan) moves(at uint32, u *Unit, units int) (m moves) {
	switch p.Kind {
	case EveryNth:
		p.nth(&m, at, u)
	case Group:
		p.member(&m, at, u)
	case Combo:
		p.piece(&m, at, u, units)
	case Reduction:
		if p.most == 0 {
			m.add(0, p.cut(u.Price))
		} else if int(at) < p.most {
			m.add(at+1, p.cut(u.Price))
		}
	}
	return m
}

// nth counts the units of sets; without a bound only the place within a set matters. The
// last Reduced of a set are its cheapest.
func (p *plan) nth(m *moves, at uint32, u *Unit) {
	size := uint32(p.Size)
	if p.most > 0 && at >= size*uint32(p.most) {
		return
	}
	to, saved := at+1, money.Minor(0)
	if at%size >= size-uint32(p.Reduced) {
		saved = p.cut(u.Price)
	}
	if p.most == 0 {
		to %= size
	}
	m.add(to, saved)
}

// member counts people up to the size that is needed, and units up to the bound.
func (p *plan) member(m *moves, at uint32, u *Unit) {
	base := uint32(p.most + 1)
	people, n := at/base, at%base
	if p.most > 0 {
		if int(n) >= p.most {
			return
		}
		n++
	}
	people = min(people+uint32(max(u.People, 1)), uint32(p.Size))
	m.add(people*base+n, p.cut(u.Price))
}

// piece counts the units of each need, as digits. The set's price is taken off what it
// saves at the end.
func (p *plan) piece(m *moves, at uint32, u *Unit, units int) {
	sets, weight := uint32(p.sets(units)), uint32(1)
	for _, need := range p.Needs {
		base := sets*uint32(need.Count) + 1
		if need.takes(u) && at/weight%base < base-1 {
			m.add(at+weight, u.Price)
		}
		weight *= base
	}
}

// sets is how many sets of a combo a basket may have. It is bounded so that the digits of
// four needs fit a number: (64+1)^4 and less.
func (p *plan) sets(units int) int {
	n := units / max(p.comboSize(), 1)
	if p.most > 0 {
		n = min(n, p.most)
	}
	for n > 1 && !p.fits(n) {
		n--
	}
	return n
}

func (p *plan) fits(sets int) bool {
	weight := uint64(1)
	for _, need := range p.Needs {
		weight *= uint64(sets*need.Count + 1)
	}
	return weight < 1<<32
}

// end says what a state still costs, and whether it is one that the rule allows: no set
// half full, no group too small.
func (p *plan) end(at uint32, units int) (money.Minor, bool) {
	switch p.Kind {
	case EveryNth:
		return 0, at%uint32(p.Size) == 0
	case Group:
		people := at / uint32(p.most+1)
		return 0, people == 0 || int(people) >= p.Size
	case Combo:
		sets, ok := p.full(at, units)
		return p.Price * money.Minor(sets), ok
	}
	return 0, true
}

// full is how many whole sets a state has; false when one is not whole.
func (p *plan) full(at uint32, units int) (int, bool) {
	most, sets := uint32(p.sets(units)), -1
	for _, need := range p.Needs {
		base := most*uint32(need.Count) + 1
		n := int(at % base)
		at /= base
		if n%need.Count != 0 || sets >= 0 && n/need.Count != sets {
			return 0, false
		}
		sets = n / need.Count
	}
	return sets, true
}
