package offer

import "foyer/internal/money"

// AtMost is what the rule may take off over all orders; false when nothing bounds it. A
// budget does, and so does a number of applications of a fixed amount.
func (r *Rule) AtMost() (money.Minor, bool) {
	most, bounded := r.countedMost()
	if r.Budget > 0 && (!bounded || r.Budget < most) {
		return r.Budget, true
	}
	return most, bounded
}

// countedMost is the fixed amount times what one application may reduce, times their number.
func (r *Rule) countedMost() (money.Minor, bool) {
	if r.Off == 0 || r.Most == 0 {
		return 0, false
	}
	units := 1
	switch r.Kind {
	case EveryNth:
		units = r.Reduced
	case Group: // is applied once to an order, to all of its units
		units = r.MostPerOrder
	case Reduction:
	default:
		return 0, false
	}
	// An amount is at most 10^8, a number at most 10^9 and units at most 500: within int64
	// only by steps.
	each := r.Off * money.Minor(units)
	if units == 0 || each > money.Max/money.Minor(r.Most) {
		return 0, false
	}
	return each * money.Minor(r.Most), true
}

// AtMost is what the tiers may take off the list's price within one session; false when
// nothing bounds it. A tier that sets a price, or keeps a part of it, is bounded by nothing
// that it says itself.
func (l *Ladder) AtMost() (sum money.Minor, bounded bool) {
	for i := range l.Tiers {
		t := &l.Tiers[i]
		switch {
		case t.Change == Add && t.Value >= 0, t.Change == Percent && t.Value >= 10_000:
			continue // as the list, or dearer
		case t.Change != Add || t.Quantity == 0:
			return 0, false
		}
		// At most 10^8 times 10^6, of at most 20 tiers.
		sum += -t.Value * money.Minor(t.Quantity)
	}
	return sum, sum <= money.Max
}
