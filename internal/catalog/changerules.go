package catalog

import (
	"fmt"
	"time"
)

// ChangeRules say whether a ticket may be changed for one of another session or seat, until
// when and at what price. They are part of the refund policy, which an order keeps a copy of.
type ChangeRules struct {
	// MaxPerUnit is how often one ticket may be changed, over all that it was before.
	MaxPerUnit int    `json:"max_per_unit" minimum:"1" maximum:"20" doc:"how often one ticket may change"`
	Ladder     []Rung `json:"ladder" minItems:"1" maxItems:"10" doc:"what a change costs; earliest rung first"`
	// OtherEvent and OtherVenue allow what lies further off than another session or seat.
	OtherEvent bool `json:"other_event,omitempty" doc:"to another event too"`
	OtherVenue bool `json:"other_venue,omitempty" doc:"to another venue too"`
	// KeepDifference: what a cheaper ticket costs less does not come back.
	KeepDifference bool `json:"keep_difference,omitempty" doc:"a cheaper ticket brings nothing back"`
}

// RungAt is the rung that a change asked for now falls on; false when it is too late.
func (r *ChangeRules) RungAt(start, now time.Time) (Rung, bool) {
	for _, g := range r.Ladder {
		if !now.After(start.Add(-time.Duration(g.UntilBefore) * time.Minute)) {
			return g, true
		}
	}
	return Rung{}, false
}

func (r *ChangeRules) check(c *checker) {
	if r == nil {
		return
	}
	c.number("change.max_per_unit", int64(r.MaxPerUnit), 1, 20)
	if len(r.Ladder) == 0 || len(r.Ladder) > 10 {
		c.Add("change.ladder", "has 1 to 10 rungs / 应有 1 至 10 档")
		return
	}
	for i, g := range r.Ladder {
		at := fmt.Sprintf("change.ladder[%d]", i)
		c.number(at+".until_minutes_before", int64(g.UntilBefore), 0, 525_600)
		c.number(at+".fee_basis_points", int64(g.FeePercent), 0, 10_000)
		c.number(at+".min_fee_minor", int64(g.MinFee), 0, int64(MaxPrice))
		if i > 0 && g.UntilBefore >= r.Ladder[i-1].UntilBefore {
			c.Add(at+".until_minutes_before",
				"is not nearer to the start than the rung before / 应从早到晚排列")
		}
	}
}

// changePreset is how tickets of a kind of house are changed, to start from; nil: not at all.
func changePreset(key string) *ChangeRules {
	day := 24 * 60
	switch key {
	case "cinema":
		return &ChangeRules{MaxPerUnit: 1, Ladder: []Rung{{60, 0, 0}}, OtherEvent: true}
	case "theatre":
		return &ChangeRules{MaxPerUnit: 1, Ladder: []Rung{{7 * day, 0, 0}, {3 * day, 1000, 0}}}
	case "museum":
		return &ChangeRules{MaxPerUnit: 3, Ladder: []Rung{{0, 0, 0}}}
	case "park":
		return &ChangeRules{MaxPerUnit: 2, Ladder: []Rung{{day, 0, 0}, {0, 500, 0}}}
	}
	return nil
}
