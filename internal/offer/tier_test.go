package offer

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/fault"
)

func ladder() *Ladder {
	return &Ladder{Tiers: []Tier{
		{Key: 7, Name: "早鸟", Quantity: 3, Until: time.Unix(1000, 0), Change: Percent, Value: 8000},
		{Key: 2, Name: "第二轮", MinutesBefore: 60, Change: Add, Value: -500}}}
}

func TestTiersFollowEachOther(t *testing.T) {
	t.Parallel()
	starts := time.Unix(10_000, 0)
	for name, c := range map[string]struct {
		now  int64
		sold int
		ends bool
		key  int // 0: the list's price
		left int
		ok   bool
	}{
		"the first":                  {0, 0, false, 7, 3, true},
		"one is left":                {999, 2, false, 7, 1, true},
		"its number is gone":         {0, 3, false, 2, -1, true},
		"its time is over":           {1000, 0, false, 2, -1, true},
		"an hour before, the list's": {6400, 0, false, 0, -1, true},
		"or nothing":                 {6400, 0, true, 0, -1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := ladder()
			l.Ends = c.ends
			s, ok := l.Now(time.Unix(c.now, 0), starts, func(key int) int {
				if key == 7 {
					return c.sold
				}
				return 1_000_000
			})
			key := 0
			if s.Tier != nil {
				key = s.Tier.Key
			}
			if ok != c.ok || key != c.key || ok && s.Left != c.left {
				t.Errorf("tier %d with %d left, %v", key, s.Left, ok)
			}
		})
	}
}

// Whatever the order of the units, the same ones get the tier that is running out.
func TestAssigningTiersIgnoresTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		_, units := draw(t)
		l, sold := ladder(), rapid.IntRange(0, 4).Draw(t, "sold")
		count := func(int) int { return sold }
		a, _ := l.Assign(units, time.Unix(0, 0), time.Unix(9999, 0), count)
		perm := rapid.Permutation(indexes(len(units))).Draw(t, "order")
		mixed := make([]Unit, len(units))
		for i, p := range perm {
			mixed[i] = units[p]
		}
		b, _ := l.Assign(mixed, time.Unix(0, 0), time.Unix(9999, 0), count)
		first := 0
		for i, p := range perm {
			if a[p] != b[i] {
				t.Fatalf("unit %s is of another tier when listed otherwise", units[p].Key)
			}
			if b[i] == &l.Tiers[0] {
				first++
			}
		}
		if want := min(max(3-sold, 0), len(units)); first != want {
			t.Fatalf("%d units of the first tier, want %d", first, want)
		}
	})
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for field, r := range map[string]Rule{
		"name":        {Kind: Reduction, Percent: 1},
		"kind":        {Name: "x", Kind: "gift"},
		"percent_off": {Name: "x", Kind: Reduction},
		"size":        {Name: "x", Kind: EveryNth, Reduced: 1, Percent: 1},
		"reduced":     {Name: "x", Kind: EveryNth, Size: 3, Reduced: 4, Percent: 1},
		"needs":       {Name: "x", Kind: Combo, Price: 1},
		"until": {Name: "x", Kind: Reduction, Off: 1, From: time.Unix(2, 0),
			Until: time.Unix(1, 0)},
		"weekdays":       {Name: "x", Kind: Reduction, Off: 1, Weekdays: []int{8}},
		"most_per_order": {Name: "x", Kind: Reduction, Off: 1, MostPerOrder: -1},
	} {
		var bad fault.Problems
		r.Check(&bad)
		if named := fault.Of(bad.Err()); named == nil || !slices.ContainsFunc(named.Fields,
			func(p fault.FieldProblem) bool { return p.Field == field }) {
			t.Errorf("%s is not named: %v", field, bad.Err())
		}
	}
	l := ladder()
	l.Tiers[0].Quantity, l.Tiers[0].Until = 0, time.Time{}
	l.Tiers[1].Key = 7
	var bad fault.Problems
	if l.Check(&bad); bad.Len() != 2 {
		t.Errorf("two mistakes in a ladder: %v", bad.Err())
	}
}
