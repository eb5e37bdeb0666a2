package offer

import "slices"

// open says whether the rule is there at all at this moment, in this channel, for this
// session's start.
func (r *Rule) open(m Moment) bool {
	switch {
	case !r.From.IsZero() && m.Now.Before(r.From),
		!r.Until.IsZero() && !m.Now.Before(r.Until),
		len(r.Channels) > 0 && !slices.Contains(r.Channels, m.Channel),
		len(r.Weekdays) > 0 && !slices.Contains(r.Weekdays, m.Weekday),
		m.Minute < r.StartFrom,
		r.StartBefore > 0 && m.Minute >= r.StartBefore:
		return false
	}
	return true
}

// locked says that the buyer has no code for a rule that needs one.
func (r *Rule) locked(m Moment) bool {
	return r.NeedsCode && !slices.Contains(m.Unlocked, r.ID)
}

// takes says whether the rule may use the unit.
func (r *Rule) takes(u *Unit) bool {
	if len(r.Zones) > 0 && !slices.Contains(r.Zones, u.Zone) {
		return false
	}
	if r.Kind == Combo {
		return slices.ContainsFunc(r.Needs, func(n Need) bool { return n.takes(u) })
	}
	return len(r.Types) == 0 || slices.Contains(r.Types, u.Type)
}

func (n Need) takes(u *Unit) bool { return slices.Contains(n.Types, u.Type) }

// comboSize is how many units one set of a combo has.
func (r *Rule) comboSize() int {
	n := 0
	for _, need := range r.Needs {
		n += need.Count
	}
	return n
}
