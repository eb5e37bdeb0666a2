// Package offer is the arithmetic of discounts by rule and of prices by tier: what a basket
// costs, and why. It is pure: no clock, no store; the caller says what time it is and how
// much of a budget is left.
package offer

import (
	"time"

	"foyer/internal/money"
)

// Kind is how a rule reduces.
type Kind string

// The four kinds.
const (
	// EveryNth reduces the cheapest Reduced of every Size units: 3 for 2 is size 3, reduced
	// 1, 100 % off; second half price is size 2, reduced 1, 50 % off.
	EveryNth Kind = "every_nth"
	// Group reduces every unit once there are Size people.
	Group Kind = "group"
	// Combo gives a set of units for one price: two adults and a child for 99.
	Combo Kind = "combo"
	// Reduction reduces every unit: early bird, a channel's price, a weekday's price.
	Reduction Kind = "reduction"
)

// Kinds are all kinds.
func Kinds() []Kind { return []Kind{EveryNth, Group, Combo, Reduction} }

// Rule is one discount. Empty conditions match everything.
type Rule struct {
	ID       int64    `json:"-"`
	Name     string   `json:"name"`
	NameEn   string   `json:"name_en,omitempty"`
	Kind     Kind     `json:"kind"`
	Types    []int64  `json:"types,omitempty"`
	Zones    []string `json:"zones,omitempty"`
	Channels []string `json:"channels,omitempty"`
	// From and Until bound the moment of buying; Until is the first moment without it.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Weekdays, StartFrom and StartBefore bound the session's start by the venue's clock,
	// as minutes of its business day; StartBefore 0 is no bound.
	Weekdays    []int `json:"weekdays,omitempty"`
	StartFrom   int   `json:"start_from,omitempty"`
	StartBefore int   `json:"start_before,omitempty"`
	// NeedsCode rules apply only to buyers who gave a code for them.
	NeedsCode bool `json:"needs_code,omitempty"`

	// Size is, of EveryNth, of how many; of Group, from how many people on.
	Size int `json:"size,omitempty"`
	// Reduced is how many of a set of EveryNth are reduced: the cheapest.
	Reduced int `json:"reduced,omitempty"`
	// Percent off in basis points, or a fixed amount off each; not both.
	Percent int         `json:"percent,omitempty"`
	Off     money.Minor `json:"off,omitempty"`
	// Needs and Price are a combo's: the parts of a set, and what the set costs.
	Needs []Need      `json:"needs,omitempty"`
	Price money.Minor `json:"price,omitempty"`

	// Combinable rules apply to what the others left, on top of them and of each other.
	Combinable bool `json:"combinable,omitempty"`
	// MostPerOrder bounds the applications in an order: whole sets of EveryNth and Combo,
	// units of Group and Reduction; 0: no bound.
	MostPerOrder int `json:"most_per_order,omitempty"`
	// Most and Budget bound applications and money over all orders; 0: no bound.
	Most   int64       `json:"most,omitempty"`
	Budget money.Minor `json:"budget,omitempty"`
}

// Need is one part of a combo: so many units of one of these types.
type Need struct {
	Types []int64 `json:"types"`
	Count int     `json:"count"`
}

// Unit is one unit of a basket. Key tells units apart that are alike, so that the result
// does not depend on the order in which they are listed.
type Unit struct {
	Type   int64
	Zone   string
	Price  money.Minor
	People int
	Key    string
}

// Moment is when and where a basket is bought, and when its session starts.
type Moment struct {
	Now     time.Time
	Channel string
	Weekday int // of the session's business day, 1 Monday to 7 Sunday
	Minute  int // of its start, after midnight of the business day
	// Unlocked are the rules that the buyer's codes are for.
	Unlocked []int64
}

// Left is what is left of a rule over all orders; negative is no bound.
type Left struct {
	Times int64
	Money money.Minor
}

// NoBound is left of a rule that has neither a number nor a budget.
func NoBound() Left { return Left{-1, -1} }

// Offered is a rule with what is left of it.
type Offered struct {
	*Rule
	Left Left
}

// Part is what one application of a rule takes off one unit. Applications of a rule are
// numbered from 1 in an order: a use is given back when all its units went back.
type Part struct {
	Rule        int64       `json:"r"`
	Application int         `json:"a"`
	Off         money.Minor `json:"d"`
	// Counted says that the rule has a number or a budget, in which this was counted.
	Counted bool `json:"b,omitempty"`
}

// Result is what the rules make of a basket.
type Result struct {
	Parts [][]Part // by unit, as the basket lists them
	Said  []Statement
	short []int64 // rules whose budget does not pay a single application
}

// Off is what all rules take off one unit.
func (r *Result) Off(unit int) (sum money.Minor) {
	for _, p := range r.Parts[unit] {
		sum += p.Off
	}
	return sum
}

// Total is what all rules take off the basket.
func (r *Result) Total() (sum money.Minor) {
	for i := range r.Parts {
		sum += r.Off(i)
	}
	return sum
}

// cut is what the rule takes off one price.
func (r *Rule) cut(price money.Minor) money.Minor {
	if r.Off > 0 {
		return min(r.Off, price)
	}
	// Prices are at most 10^8 and percent at most 10^4, so this stays within int64.
	return (price*money.Minor(r.Percent) + 5_000) / 10_000
}
