package offer

import (
	"cmp"
	"slices"

	"foyer/internal/money"
)

// Limits of one calculation.
const (
	// MaxRules is how many exclusive rules compete for one basket: the first of the list
	// that are open and take one of its units.
	MaxRules = 8
	// maxSteps bounds the work of one basket. Baskets of every size that people buy stay far
	// below; beyond it the less promising ways are dropped.
	maxSteps = 200_000
)

// chooser assigns units to exclusive rules so that the buyer pays least. It walks the units
// from the dearest to the cheapest and keeps, for each state that the rules can be in, the
// best way into it. So it is exact: for a set of units, taking the dearest first is the
// best order for every kind, and a state says all that the rest of the way depends on.
type chooser struct {
	units []Unit
	order []int // of units, canonical
	rules []plan
	width int
}

// plan is a rule within one calculation.
type plan struct {
	*Rule
	most int // applications, 0: no bound
}

// state is where each rule stands; what a number means is the kind's own.
type state [MaxRules]uint32

// step is the best way into a state after some units.
type step struct {
	state state
	saved money.Minor
	prev  int32
	rule  int8 // that took the unit; -1: none
}

func newChooser(units []Unit, rules []plan) *chooser {
	c := &chooser{units: units, rules: rules, order: make([]int, len(units))}
	for i := range c.order {
		c.order[i] = i
	}
	slices.SortStableFunc(c.order, func(a, b int) int {
		x, y := &units[a], &units[b]
		return cmp.Or(-cmp.Compare(x.Price, y.Price), cmp.Compare(x.Type, y.Type),
			cmp.Compare(x.Zone, y.Zone), cmp.Compare(x.People, y.People),
			cmp.Compare(x.Key, y.Key))
	})
	c.width = max(maxSteps/max(len(units)*(len(rules)+1), 1), 64)
	return c
}

// choose gives the units of each rule, dearest first.
func (c *chooser) choose() [][]int {
	layers := make([][]step, 1, len(c.order)+1)
	layers[0] = []step{{rule: -1}}
	for _, at := range c.order {
		layers = append(layers, c.next(layers[len(layers)-1], &c.units[at]))
	}
	best, saved := -1, money.Minor(-1)
	last := layers[len(layers)-1]
	for i := range last {
		if s, ok := c.final(&last[i]); ok && s > saved {
			best, saved = i, s
		}
	}
	taken := make([][]int, len(c.rules))
	for i := len(c.order); i > 0; i-- {
		s := &layers[i][best]
		if s.rule >= 0 {
			taken[s.rule] = append(taken[s.rule], c.order[i-1])
		}
		best = int(s.prev)
	}
	for _, list := range taken {
		slices.Reverse(list)
	}
	return taken
}

// next is the layer after one more unit: nobody takes it, or one of the rules.
func (c *chooser) next(from []step, u *Unit) []step {
	out := layer{steps: make([]step, 0, len(from)*2)}
	for i := range from {
		out.add(step{from[i].state, from[i].saved, int32(i), -1})
	}
	for r := range c.rules {
		p := &c.rules[r]
		if !p.takes(u) {
			continue
		}
		for i := range from {
			ways := p.moves(from[i].state[r], u, len(c.order))
			for _, m := range ways.list[:ways.n] {
				s := step{from[i].state, from[i].saved + m.saved, int32(i), int8(r)}
				s.state[r] = m.to
				out.add(s)
			}
		}
	}
	if len(out.steps) > c.width {
		slices.SortStableFunc(out.steps, func(a, b step) int {
			return cmp.Compare(b.saved, a.saved)
		})
		return c.keep(out.steps)
	}
	return out.steps
}

// layer is the best ways after some units, one a state.
type layer struct {
	steps []step
	at    map[state]int // once there are more than a few
}

// few is up to how many ways are looked through without an index.
const few = 16

// add keeps the better of two ways into a state, and the earlier of two alike.
func (l *layer) add(s step) {
	i, ok := l.find(s.state)
	switch {
	case !ok:
		if l.at != nil {
			l.at[s.state] = len(l.steps)
		}
		l.steps = append(l.steps, s)
	case s.saved > l.steps[i].saved:
		l.steps[i] = s
	}
}

func (l *layer) find(s state) (int, bool) {
	if len(l.steps) <= few {
		i := slices.IndexFunc(l.steps, func(have step) bool { return have.state == s })
		return i, i >= 0
	}
	if l.at == nil {
		l.at = make(map[state]int, len(l.steps)*4)
		for i := range l.steps {
			l.at[l.steps[i].state] = i
		}
	}
	i, ok := l.at[s]
	return i, ok
}

// keep drops the less promising ways, and never the one in which nobody took anything:
// whatever was dropped, there is an end that all rules allow.
func (c *chooser) keep(list []step) []step {
	kept := list[:c.width]
	for _, s := range list[c.width:] {
		if s.state == (state{}) {
			kept[c.width-1] = s
			break
		}
	}
	return kept
}

// final is what a way saves, false when a rule stands in the middle of a set.
func (c *chooser) final(s *step) (money.Minor, bool) {
	saved := s.saved
	for r := range c.rules {
		less, ok := c.rules[r].end(s.state[r], len(c.order))
		if !ok {
			return 0, false
		}
		saved -= less
	}
	return saved, true
}
