package offer_test

import (
	"testing"

	"pgregory.net/rapid"

	"foyer/internal/money"
	"foyer/internal/offer"
)

func TestWhatARuleMayCost(t *testing.T) {
	t.Parallel()
	const none = money.Minor(-1)
	for name, c := range map[string]struct {
		rule offer.Rule
		want money.Minor
	}{
		"half price for everybody": {offer.Rule{Kind: offer.Reduction, Percent: 5000}, none},
		"half price, so many": {offer.Rule{Kind: offer.Reduction, Percent: 5000, Most: 9},
			none},
		"half price, a budget": {offer.Rule{Kind: offer.Reduction, Percent: 5000,
			Budget: 700}, 700},
		"an amount for everybody": {offer.Rule{Kind: offer.Reduction, Off: 500}, none},
		"an amount, so many":      {offer.Rule{Kind: offer.Reduction, Off: 500, Most: 9}, 4500},
		"an amount and a budget": {offer.Rule{Kind: offer.Reduction, Off: 500, Most: 9,
			Budget: 4000}, 4000},
		"two of every five": {offer.Rule{Kind: offer.EveryNth, Off: 500, Size: 5, Reduced: 2,
			Most: 9}, 9000},
		"groups of any size": {offer.Rule{Kind: offer.Group, Off: 500, Size: 5, Most: 9}, none},
		"groups of up to ten": {offer.Rule{Kind: offer.Group, Off: 500, MostPerOrder: 10,
			Most: 9}, 45000},
		"a set": {offer.Rule{Kind: offer.Combo, Price: 100, Most: 9}, none},
		"more than money counts": {offer.Rule{Kind: offer.Reduction, Off: 100_000_000,
			Most: 1_000_000_000}, none},
	} {
		got, bounded := c.rule.AtMost()
		if !bounded {
			got = none
		}
		if got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestWhatTiersMayCost(t *testing.T) {
	t.Parallel()
	less := offer.Tier{Change: offer.Add, Value: -500, Quantity: 10}
	for name, c := range map[string]struct {
		tiers   []offer.Tier
		want    money.Minor
		bounded bool
	}{
		"so many for less": {[]offer.Tier{less}, 5000, true},
		"dearer":           {[]offer.Tier{{Change: offer.Add, Value: 500}}, 0, true},
		"twice the price":  {[]offer.Tier{{Change: offer.Percent, Value: 20_000}}, 0, true},
		"both":             {[]offer.Tier{less, {Change: offer.Add, Value: 9}, less}, 10_000, true},
		"any number":       {[]offer.Tier{{Change: offer.Add, Value: -1}}, 0, false},
		"a price":          {[]offer.Tier{{Change: offer.Set, Value: 100, Quantity: 1}}, 0, false},
		"half": {[]offer.Tier{{Change: offer.Percent, Value: 5000, Quantity: 1}}, 0,
			false},
	} {
		l := offer.Ladder{Tiers: c.tiers}
		if got, ok := l.AtMost(); ok != c.bounded || ok && got != c.want {
			t.Errorf("%s: %d %v, want %d %v", name, got, ok, c.want, c.bounded)
		}
	}
}

// No order takes more off than its share of the bound: what Apply gives within the number
// and the budget never sums to more than AtMost.
func TestABoundHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := offer.Rule{ID: 1, Name: "r", Kind: rapid.SampledFrom([]offer.Kind{offer.EveryNth,
			offer.Reduction, offer.Group}).Draw(t, "kind"),
			Off:  money.Minor(rapid.IntRange(1, 900).Draw(t, "off")),
			Size: rapid.IntRange(1, 4).Draw(t, "size"), Most: 3, MostPerOrder: 2}
		r.Reduced = rapid.IntRange(1, r.Size).Draw(t, "reduced")
		r.Budget = money.Minor(rapid.IntRange(0, 2000).Draw(t, "budget"))
		left := offer.Left{Times: r.Most, Money: -1}
		if r.Budget > 0 {
			left.Money = r.Budget
		}
		units := make([]offer.Unit, rapid.IntRange(1, 9).Draw(t, "units"))
		for i := range units {
			units[i] = offer.Unit{Type: 1, People: 1, Key: string(rune('a' + i)),
				Price: money.Minor(rapid.IntRange(0, 1500).Draw(t, "price"))}
		}
		res := offer.Apply([]offer.Offered{{Rule: &r, Left: left}}, units, offer.Moment{Weekday: 1})
		if most, ok := r.AtMost(); ok && res.Total() > most {
			t.Fatalf("%+v takes %d off, at most %d", r, res.Total(), most)
		}
	})
}
