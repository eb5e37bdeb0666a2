package offer

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/money"
)

const (
	adult int64 = iota + 1
	child
	senior
)

func threeForTwo() *Rule {
	return &Rule{ID: 1, Name: "三人行", Kind: EveryNth, Size: 3, Reduced: 1, Percent: 10_000}
}

func all(rules ...*Rule) []Offered {
	out := make([]Offered, len(rules))
	for i, r := range rules {
		out[i] = Offered{r, NoBound()}
	}
	return out
}

func tickets(typ int64, prices ...money.Minor) []Unit {
	out := make([]Unit, len(prices))
	for i, p := range prices {
		out[i] = Unit{Type: typ, Zone: "A", Price: p, People: 1, Key: fmt.Sprintf("%d-%d", typ, i)}
	}
	return out
}

func said(r Result, rule int64) (list []Said) {
	for _, s := range r.Said {
		if s.Rule == rule {
			list = append(list, s.Said)
		}
	}
	return list
}

// cases are one basket each: what comes off, and what is said.
func TestKinds(t *testing.T) {
	t.Parallel()
	family := &Rule{ID: 2, Name: "亲子", Kind: Combo, Price: 9900,
		Needs: []Need{{[]int64{adult}, 2}, {[]int64{child}, 1}}}
	half := &Rule{ID: 3, Name: "第二张半价", Kind: EveryNth, Size: 2, Reduced: 1, Percent: 5000}
	group := &Rule{ID: 4, Name: "团", Kind: Group, Size: 10, Percent: 2000}
	early := &Rule{ID: 5, Name: "早鸟", Kind: Reduction, Off: 1000, Until: time.Unix(1000, 0)}
	for name, c := range map[string]struct {
		rules []Offered
		units []Unit
		off   money.Minor
		rule  int64
		said  []Said
	}{
		"three for two": {all(threeForTwo()), tickets(adult, 5000, 5000, 5000), 5000, 1,
			[]Said{SaidApplied}},
		"one is missing": {all(threeForTwo()), tickets(adult, 5000, 5000), 0, 1, []Said{SaidMore}},
		"the cheapest is free": {all(threeForTwo()), tickets(adult, 3000, 8000, 5000), 3000, 1,
			[]Said{SaidApplied}},
		"two sets, dear with dear": {all(threeForTwo()),
			tickets(adult, 10, 50, 20, 40, 30, 10), 40, 1, []Said{SaidApplied}},
		"half": {all(half), tickets(adult, 5001, 5001, 5001), 2501, 3,
			[]Said{SaidApplied, SaidMore}},
		"family": {all(family), append(tickets(adult, 5000, 5000), tickets(child, 2500)...),
			2600, 2, []Said{SaidApplied}},
		"family lacks a child": {all(family), tickets(adult, 5000, 5000), 0, 2, []Said{SaidMore}},
		"a family that is no dearer": {all(family),
			append(tickets(adult, 4000, 4000), tickets(child, 1000)...), 0, 2,
			[]Said{SaidNothing}},
		"nine are no group": {all(group), tickets(adult, slices.Repeat([]money.Minor{1000},
			9)...), 0, 4, []Said{SaidMore}},
		"ten are": {all(group), tickets(adult, slices.Repeat([]money.Minor{1001}, 10)...), 2000,
			4, []Said{SaidApplied}},
		"a table is eight people": {all(group), []Unit{{Type: adult, Price: 80_000, People: 8},
			{Type: adult, Price: 5000, People: 2}}, 17_000, 4, []Said{SaidApplied}},
		"early": {all(early), tickets(adult, 5000, 300), 1300, 5, []Said{SaidApplied}},
		"the better of two": {all(half, threeForTwo()), tickets(adult, 5000, 5000, 5000), 5000, 3,
			[]Said{SaidBetter}},
		"each where it serves": {all(half, threeForTwo()),
			tickets(adult, 5000, 5000, 5000, 5000, 5000), 7500, 3, []Said{SaidApplied}},
		"used up": {[]Offered{{threeForTwo(), Left{0, -1}}}, tickets(adult, 5000, 5000, 5000), 0,
			1, []Said{SaidSpent}},
		"a budget that does not pay it": {[]Offered{{threeForTwo(), Left{-1, 4999}}},
			tickets(adult, 5000, 5000, 5000), 0, 1, []Said{SaidSpent}},
		"a budget that pays one set": {[]Offered{{threeForTwo(), Left{-1, 9000}}},
			tickets(adult, slices.Repeat([]money.Minor{5000}, 6)...), 5000, 1,
			[]Said{SaidApplied}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Apply(c.rules, c.units, Moment{Now: time.Unix(0, 0)})
			if r.Total() != c.off || !slices.Equal(said(r, c.rule), c.said) {
				t.Errorf("took %d off and said %v, want %d and %v", r.Total(), r.Said, c.off,
					c.said)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	at := Moment{Now: time.Unix(1000, 0), Channel: "h5", Weekday: 3, Minute: 18 * 60}
	for name, c := range map[string]struct {
		change func(*Rule)
		off    money.Minor
	}{
		"none":             {func(*Rule) {}, 500},
		"not yet":          {func(r *Rule) { r.From = time.Unix(1001, 0) }, 0},
		"from now":         {func(r *Rule) { r.From = time.Unix(1000, 0) }, 500},
		"over":             {func(r *Rule) { r.Until = time.Unix(1000, 0) }, 0},
		"another channel":  {func(r *Rule) { r.Channels = []string{"counter"} }, 0},
		"its channel":      {func(r *Rule) { r.Channels = []string{"counter", "h5"} }, 500},
		"another weekday":  {func(r *Rule) { r.Weekdays = []int{6, 7} }, 0},
		"too early a show": {func(r *Rule) { r.StartFrom = 18*60 + 1 }, 0},
		"too late a show":  {func(r *Rule) { r.StartBefore = 18 * 60 }, 0},
		"another type":     {func(r *Rule) { r.Types = []int64{child} }, 0},
		"another zone":     {func(r *Rule) { r.Zones = []string{"B"} }, 0},
		"no code":          {func(r *Rule) { r.NeedsCode = true }, 0},
		"its code":         {func(r *Rule) { r.NeedsCode, r.ID = true, 77 }, 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &Rule{ID: 9, Name: "减", Kind: Reduction, Percent: 1000}
			c.change(r)
			m := at
			m.Unlocked = []int64{77}
			if got := Apply(all(r), tickets(adult, 5000), m); got.Total() != c.off {
				t.Errorf("took %d off, want %d", got.Total(), c.off)
			}
		})
	}
}

// Combinable rules stand on what the others left.
func TestCombinable(t *testing.T) {
	t.Parallel()
	tenth := &Rule{ID: 8, Name: "会员", Kind: Reduction, Percent: 1000, Combinable: true}
	r := Apply(all(tenth, threeForTwo()), tickets(adult, 5000, 5000, 5000), Moment{})
	if r.Total() != 5999 || r.Off(0) != 2000 { // a tenth of 3333, of 3333 and of 3334
		t.Errorf("took %d off, the first bears %d: %v", r.Total(), r.Off(0), r.Parts)
	}
}

// draw makes a few rules and a small basket.
func draw(t *rapid.T) ([]Offered, []Unit) {
	types := rapid.SliceOfNDistinct(rapid.Int64Range(adult, senior), 0, 2, rapid.ID[int64])
	var rules []Offered
	for i := range rapid.IntRange(1, 3).Draw(t, "rules") {
		r := &Rule{ID: int64(i + 1), Name: "r", Types: types.Draw(t, "types"),
			Kind:         rapid.SampledFrom(Kinds()).Draw(t, "kind"),
			Size:         rapid.IntRange(1, 4).Draw(t, "size"),
			MostPerOrder: rapid.IntRange(0, 2).Draw(t, "most"),
			Percent:      rapid.SampledFrom([]int{3333, 5000, 10_000}).Draw(t, "percent")}
		r.Reduced = rapid.IntRange(1, r.Size).Draw(t, "reduced")
		if r.Kind == Combo {
			r.Price = money.Minor(rapid.Int64Range(0, 60).Draw(t, "price"))
			r.Needs = []Need{{[]int64{adult}, rapid.IntRange(1, 2).Draw(t, "adults")},
				{[]int64{adult, child}, 1}}
		}
		rules = append(rules, Offered{r, NoBound()})
	}
	units := make([]Unit, rapid.IntRange(0, 6).Draw(t, "units"))
	for i := range units {
		units[i] = Unit{Type: rapid.Int64Range(adult, senior).Draw(t, "type"), Zone: "A",
			Price:  money.Minor(rapid.Int64Range(0, 40).Draw(t, "price")),
			People: rapid.IntRange(1, 2).Draw(t, "people"), Key: fmt.Sprint(i)}
	}
	return rules, units
}

func TestTheBuyerGetsTheBest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, units := draw(t)
		r := Apply(rules, units, Moment{})
		if got, want := r.Total(), bruteForce(rules, units); got != want {
			t.Fatalf("took %d off, and %d is possible", got, want)
		}
	})
}

func TestTheOrderOfUnitsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, units := draw(t)
		if rapid.Bool().Draw(t, "combinable") {
			rules[0].Combinable = true
		}
		a := Apply(rules, units, Moment{})
		perm := rapid.Permutation(indexes(len(units))).Draw(t, "order")
		mixed := make([]Unit, len(units))
		for i, p := range perm {
			mixed[i] = units[p]
		}
		b := Apply(rules, mixed, Moment{})
		for i, p := range perm {
			if !slices.Equal(a.Parts[p], b.Parts[i]) {
				t.Fatalf("unit %s: %v, and %v when listed otherwise", units[p].Key, a.Parts[p],
					b.Parts[i])
			}
		}
		if !slices.Equal(a.Said, b.Said) {
			t.Fatalf("said %v, and %v", a.Said, b.Said)
		}
	})
}

// Each unit bears at most its price, and is used by at most one exclusive rule.
func TestPartsAreWithinPrices(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, units := draw(t)
		if len(rules) > 1 {
			rules[1].Combinable = true
		}
		r := Apply(rules, units, Moment{})
		for i, u := range units {
			exclusive := 0
			for _, p := range r.Parts[i] {
				if p.Off < 0 {
					t.Fatalf("a negative part: %v", p)
				}
				if !rules[p.Rule-1].Combinable {
					exclusive++
				}
			}
			if off := r.Off(i); off > u.Price || exclusive > 1 {
				t.Fatalf("%d off a price of %d by %v", off, u.Price, r.Parts[i])
			}
		}
	})
}

// bruteForce tries every way to give the units to the rules.
func bruteForce(rules []Offered, units []Unit) money.Minor {
	sets := make([][]Unit, len(rules))
	var best money.Minor
	var try func(i int)
	try = func(i int) {
		if i == len(units) {
			sum := money.Minor(0)
			for r := range rules {
				v, ok := worth(rules[r].Rule, sets[r])
				if !ok {
					return
				}
				sum += v
			}
			best = max(best, sum)
			return
		}
		try(i + 1)
		for r := range rules {
			if rules[r].takes(&units[i]) {
				sets[r] = append(sets[r], units[i])
				try(i + 1)
				sets[r] = sets[r][:len(sets[r])-1]
			}
		}
	}
	try(0)
	return best
}

// worth is what a rule takes off exactly these units, in the best way to form sets.
func worth(r *Rule, set []Unit) (money.Minor, bool) {
	if len(set) == 0 {
		return 0, true
	}
	people, sum := 0, money.Minor(0)
	for _, u := range set {
		people += u.People
		sum += r.cut(u.Price)
	}
	within := r.MostPerOrder == 0 || len(set) <= r.MostPerOrder
	switch r.Kind {
	case EveryNth:
		n := len(set) / r.Size
		return bestSets(r, set), len(set)%r.Size == 0 &&
			(r.MostPerOrder == 0 || n <= r.MostPerOrder)
	case Group:
		return sum, people >= r.Size && within
	case Combo:
		n := len(set) / r.comboSize()
		price := -r.Price * money.Minor(n)
		for _, u := range set {
			price += u.Price
		}
		return price, len(set)%r.comboSize() == 0 && (r.MostPerOrder == 0 || n <= r.MostPerOrder) &&
			fills(r, set, n)
	}
	return sum, within
}

// bestSets forms sets of r.Size in every way: the first unit with every choice of others.
func bestSets(r *Rule, set []Unit) (best money.Minor) {
	if len(set) < r.Size {
		return 0
	}
	var pick func(from int, group, rest []Unit)
	pick = func(from int, group, rest []Unit) {
		if len(group) == r.Size {
			sorted := slices.Clone(group)
			slices.SortFunc(sorted, func(a, b Unit) int { return int(a.Price - b.Price) })
			sum := money.Minor(0)
			for _, u := range sorted[:r.Reduced] {
				sum += r.cut(u.Price)
			}
			best = max(best, sum+bestSets(r, append(slices.Clone(rest), set[from:]...)))
			return
		}
		if from == len(set) {
			return
		}
		pick(from+1, append(slices.Clone(group), set[from]), rest)
		pick(from+1, group, append(slices.Clone(rest), set[from]))
	}
	pick(1, []Unit{set[0]}, nil)
	return best
}

// fills says whether the units fill n sets of a combo, however they are dealt.
func fills(r *Rule, set []Unit, n int) bool {
	left := make([]int, len(r.Needs))
	for i, need := range r.Needs {
		left[i] = need.Count * n
	}
	var deal func(i int) bool
	deal = func(i int) bool {
		if i == len(set) {
			return true
		}
		for k, need := range r.Needs {
			if left[k] > 0 && need.takes(&set[i]) {
				left[k]--
				if deal(i + 1) {
					return true
				}
				left[k]++
			}
		}
		return false
	}
	return deal(0)
}

// A hundred units and eight rules are the most that anybody may ask.
func BenchmarkTheMost(b *testing.B) {
	var rules []*Rule
	for i := range MaxRules {
		rules = append(rules, &Rule{ID: int64(i), Kind: EveryNth, Size: 3 + i, Reduced: 1,
			Percent: 10_000})
	}
	var prices []money.Minor
	for i := range 100 {
		prices = append(prices, money.Minor(1000+i*7))
	}
	units := tickets(adult, prices...)
	for b.Loop() {
		Apply(all(rules...), units, Moment{})
	}
}

func BenchmarkThreeForTwo(b *testing.B) {
	rules, units := all(threeForTwo()), tickets(adult, 5000, 5000, 5000, 5000)
	for b.Loop() {
		Apply(rules, units, Moment{})
	}
}

func indexes(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
