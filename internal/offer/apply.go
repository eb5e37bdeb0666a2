package offer

import (
	"slices"

	"foyer/internal/money"
)

// Apply finds what the rules take off a basket. Exclusive rules share the units so that the
// buyer pays least; each unit is used by at most one of them. Combinable ones then apply in
// the order of the list, each to what those before it left. The result does not depend on
// the order of the units.
func Apply(rules []Offered, units []Unit, m Moment) Result {
	res := Result{Parts: make([][]Part, len(units))}
	var exclusive, combinable []Offered
	for _, o := range rules {
		switch {
		case !o.open(m) || !slices.ContainsFunc(units, func(u Unit) bool { return o.takes(&u) }):
		case o.locked(m):
			res.Said = append(res.Said, o.say(SaidCode, 0, 0))
		case o.spent():
			res.Said = append(res.Said, o.say(SaidSpent, 0, 0))
		case o.Combinable:
			combinable = append(combinable, o)
		case len(exclusive) < MaxRules:
			exclusive = append(exclusive, o)
		}
	}
	free := res.run(exclusive, units)
	for _, o := range exclusive {
		res.tell(o, units, free)
	}
	left := slices.Clone(units)
	for _, o := range combinable {
		for i := range left {
			left[i].Price = units[i].Price - res.Off(i)
		}
		res.run([]Offered{o}, left)
		res.tell(o, left, nil)
	}
	return res
}

// spent says that nothing is left of the rule over all orders.
func (o Offered) spent() bool { return o.Left.Times == 0 || o.Left.Money == 0 }

// most is how many applications an order may have; 0: no bound.
func (o Offered) most() int {
	n := o.MostPerOrder
	if o.Kind != Group && o.Left.Times > 0 && (n == 0 || o.Left.Times < int64(n)) {
		n = int(min(o.Left.Times, 1<<16))
	}
	return n
}

// run applies rules that exclude each other, and gives the units that none used. A rule
// whose budget does not reach as far as the best choice would go is held to the
// applications that it pays, and the choice is made anew.
func (res *Result) run(rules []Offered, units []Unit) (free []bool) {
	plans := make([]plan, len(rules))
	for i, o := range rules {
		plans[i] = plan{o.Rule, o.most()}
	}
	for {
		c := newChooser(units, plans)
		taken := c.choose()
		parts := make([][]Part, len(units))
		free = slices.Repeat([]bool{true}, len(units))
		for r := range plans {
			plans[r].split(taken[r], units, parts)
			for _, i := range taken[r] {
				free[i] = false
			}
		}
		i, most := overBudget(rules, parts)
		if i < 0 {
			for u := range parts {
				res.Parts[u] = append(res.Parts[u], parts[u]...)
			}
			return free
		}
		if most == 0 {
			res.short = append(res.short, rules[i].ID)
			rules, plans = slices.Delete(slices.Clone(rules), i, i+1), slices.Delete(plans, i, i+1)
		} else {
			plans[i].most = most
		}
	}
}

// overBudget is the first rule whose parts cost more than is left of its money, and how
// many of its applications that pays; -1 when there is none.
func overBudget(rules []Offered, parts [][]Part) (rule, most int) {
	for i, o := range rules {
		if o.Left.Money < 0 {
			continue
		}
		var cost []money.Minor // by application
		for _, list := range parts {
			for _, p := range list {
				if p.Rule != o.ID {
					continue
				}
				for len(cost) < p.Application {
					cost = append(cost, 0)
				}
				cost[p.Application-1] += p.Off
			}
		}
		sum := money.Minor(0)
		for n, c := range cost {
			if sum += c; sum > o.Left.Money {
				return i, n
			}
		}
	}
	return -1, 0
}

// split shares what a rule takes off among the units that it uses, exact to the fen: the
// units of a set bear its discount by their prices, so that one of them given back brings
// what it cost.
func (p *plan) split(taken []int, units []Unit, parts [][]Part) {
	switch p.Kind {
	case EveryNth:
		n := 0
		for set := range slices.Chunk(taken, p.Size) {
			n++
			var off money.Minor
			for _, i := range set[p.Size-p.Reduced:] {
				off += p.cut(units[i].Price)
			}
			p.share(off, set, units, parts, func(int) int { return n })
		}
	case Combo:
		var sum money.Minor
		for _, i := range taken {
			sum += units[i].Price
		}
		size := p.comboSize()
		p.share(sum-p.Price*money.Minor(len(taken)/size), taken, units, parts,
			func(k int) int { return k/size + 1 })
	default:
		for k, i := range taken {
			n := 1
			if p.Kind == Reduction {
				n = k + 1
			}
			if off := p.cut(units[i].Price); off > 0 {
				parts[i] = append(parts[i], Part{Rule: p.ID, Application: n, Off: off})
			}
		}
	}
}

func (p *plan) share(off money.Minor, set []int, units []Unit, parts [][]Part,
	application func(k int) int,
) {
	weights := make([]money.Minor, len(set))
	for k, i := range set {
		weights[k] = units[i].Price
	}
	for k, part := range money.Allocate(off, weights) {
		parts[set[k]] = append(parts[set[k]], Part{Rule: p.ID, Application: application(k),
			Off: part})
	}
}
