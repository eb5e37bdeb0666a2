package offer

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"foyer/internal/fault"
	"foyer/internal/money"
)

// Change is how a tier changes the list's price.
type Change string

// The three changes, as those of price rules.
const (
	Set     Change = "set"
	Add     Change = "add"
	Percent Change = "percent" // of the price, in basis points: 8000 keeps 80 %
)

// Tier is one step of a release. The next one opens when this is gone or at its time.
type Tier struct {
	// Key names the tier for ever: what was sold of it is counted under this number.
	Key    int    `json:"key" minimum:"1" maximum:"99" doc:"stays with the tier when others move"`
	Name   string `json:"name" maxLength:"60"`
	NameEn string `json:"name_en,omitempty" maxLength:"60"`
	// Quantity counts units of one session; 0: no number.
	Quantity int `json:"quantity,omitempty" minimum:"0" maximum:"1000000" doc:"0: no number"`
	// Until is the first moment without it; or so many minutes before the session starts.
	Until         time.Time   `json:"until,omitzero"`
	MinutesBefore int         `json:"minutes_before,omitempty" minimum:"0" maximum:"525600"`
	Change        Change      `json:"change" enum:"set,add,percent"`
	Value         money.Minor `json:"value" doc:"minor units; basis points of the price for percent"`
}

// Ladder is the tiers of a ticket type in the order in which they open. After the last one
// the list's price holds, or with Ends nothing is sold any more.
type Ladder struct {
	Tiers []Tier `json:"tiers" minItems:"1" maxItems:"20"`
	Ends  bool   `json:"ends,omitempty" doc:"nothing is sold after the last tier"`
}

// Check names every field that cannot be meant.
func (l *Ladder) Check(bad *fault.Problems) {
	within(bad, "tiers", int64(len(l.Tiers)), 1, 20)
	seen := map[int]bool{}
	for i := range l.Tiers {
		t := &l.Tiers[i]
		at := fmt.Sprintf("tiers[%d].", i)
		texts(bad, at+"name", t.Name, 1)
		texts(bad, at+"name_en", t.NameEn, 0)
		within(bad, at+"key", int64(t.Key), 1, 99)
		within(bad, at+"quantity", int64(t.Quantity), 0, 1_000_000)
		within(bad, at+"minutes_before", int64(t.MinutesBefore), 0, 525_600)
		if seen[t.Key] {
			bad.Add(at+"key", "appears twice / 重复")
		}
		seen[t.Key] = true
		if t.Quantity == 0 && t.Until.IsZero() && t.MinutesBefore == 0 && i < len(l.Tiers)-1 {
			bad.Add(at+"quantity", "a tier before the last needs a number or a time / 需要数量或时间")
		}
		low, high := int64(0), int64(maxPrice)
		switch t.Change {
		case Set:
		case Add:
			low = -high
		case Percent:
			high = 100_000
		default:
			bad.Add(at+"change", "is none of set, add, percent / 类型不正确")
		}
		within(bad, at+"value", int64(t.Value), low, high)
	}
}

// over says whether the tier's time is over at a moment.
func (t *Tier) over(now, starts time.Time) bool {
	return !t.Until.IsZero() && !now.Before(t.Until) || t.MinutesBefore > 0 &&
		!now.Before(starts.Add(-time.Duration(t.MinutesBefore)*time.Minute))
}

// Of is the tier's price for what the list says.
func (t *Tier) Of(list money.Minor) money.Minor {
	switch t.Change {
	case Set:
		list = t.Value
	case Add:
		list += t.Value
	case Percent:
		list = (list*t.Value + 5_000) / 10_000
	}
	return min(max(list, 0), maxPrice)
}

// Stage is what a ladder offers at a moment: the open tier, what is left of it, and when
// its time ends. Tier nil is the list's price.
type Stage struct {
	Tier  *Tier
	Left  int // negative: no number
	Until time.Time
}

// Now is the open stage; sold counts the units sold of a tier by its key.
func (l *Ladder) Now(now, starts time.Time, sold func(key int) int) (Stage, bool) {
	for i := range l.Tiers {
		t := &l.Tiers[i]
		if t.over(now, starts) {
			continue
		}
		s := Stage{Tier: t, Left: -1, Until: t.Until}
		if t.MinutesBefore > 0 {
			end := starts.Add(-time.Duration(t.MinutesBefore) * time.Minute)
			if s.Until.IsZero() || end.Before(s.Until) {
				s.Until = end
			}
		}
		if t.Quantity > 0 {
			if s.Left = t.Quantity - sold(t.Key); s.Left <= 0 {
				continue
			}
		}
		return s, true
	}
	return Stage{Left: -1}, !l.Ends
}

// Assign gives each unit its tier: the dearest units get the tiers that are open first, so
// that the result does not depend on the order of the units. A nil tier is the list's
// price; false when something is left that no tier sells.
func (l *Ladder) Assign(units []Unit, now, starts time.Time, sold func(key int) int) (
	[]*Tier, bool,
) {
	order := make([]int, len(units))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(-cmp.Compare(units[a].Price, units[b].Price),
			cmp.Compare(units[a].Zone, units[b].Zone), cmp.Compare(units[a].Key, units[b].Key))
	})
	out, taken := make([]*Tier, len(units)), map[int]int{}
	for _, i := range order {
		s, ok := l.Now(now, starts, func(key int) int { return sold(key) + taken[key] })
		if !ok {
			return nil, false
		}
		if s.Tier != nil {
			out[i] = s.Tier
			taken[s.Tier.Key]++
		}
	}
	return out, true
}
