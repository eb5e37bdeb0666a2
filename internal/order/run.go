package order

import (
	"slices"

	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// Run is a run of sessions that is bought together at a price of its own: a season. It is
// given with a wish over the sessions; the agreement keeps the split of each unit, so that a
// single night goes back for what it cost.
type Run struct {
	Season       int64
	Revision     int64
	Name, NameEn string
	// Seats are what is the same seat each night; what is in none costs its own price.
	Seats []RunSeat
	// Guard refuses in the order's transaction when the run is no longer what was priced.
	Guard func(tx *sqldb.Tx) error `json:"-"`
}

// RunSeat is one seat over the nights that were chosen of a run.
type RunSeat struct {
	Nights []RunNight
	// BasisPoints go off the sum of the nights' own prices; else Price is what all nights of
	// the run cost together, and Whole the sum of their own prices: fewer nights, or others,
	// cost their part of it. Without either the nights cost their own prices.
	BasisPoints  int
	Price, Whole money.Minor
}

// RunNight is a place in a session.
type RunNight struct {
	Session int64
	Place   int32
}

// priced says whether the run has a price of its own; then it is the only reduction.
func (r *Run) priced() bool {
	return slices.ContainsFunc(r.Seats, func(s RunSeat) bool {
		return s.BasisPoints > 0 || s.Whole > 0
	})
}

// RunTerms is what an order keeps of the run that it was bought as.
type RunTerms struct {
	Season int64  `json:"i"`
	Name   string `json:"n"`
	NameEn string `json:"e,omitempty"`
}

// apply prices the units of each seat as a whole and splits it over the nights by their own
// prices, to the minor unit. A pair or a bundle is one unit and counts once.
func (r *Run) apply(ord *Order) error {
	if r.Season != 0 {
		if ord.Terms == nil {
			ord.Terms = &Terms{}
		}
		ord.Terms.Run = &RunTerms{r.Season, r.Name, r.NameEn}
	}
	done := map[*Unit]bool{}
	for _, seat := range r.Seats {
		var units []*Unit
		for _, n := range seat.Nights {
			u := ord.unitAt(n)
			if u == nil {
				return fault.Unexpected.With("place", n.Place)
			}
			if !done[u] {
				done[u] = true
				units = append(units, u)
			}
		}
		if err := seat.reduce(units); err != nil {
			return err
		}
	}
	return nil
}

// unitAt is the unit that has a place of a session.
func (o *Order) unitAt(n RunNight) *Unit {
	for i := range o.Lines {
		if o.Lines[i].Session != n.Session {
			continue
		}
		for k := range o.Lines[i].Units {
			if slices.Contains(o.Lines[i].Units[k].Places, n.Place) {
				return &o.Lines[i].Units[k]
			}
		}
	}
	return nil
}

// reduce sets what the units of one seat cost.
func (s RunSeat) reduce(units []*Unit) error {
	if s.BasisPoints == 0 && s.Whole == 0 || len(units) == 0 {
		return nil
	}
	var sum money.Minor
	prices := make([]money.Minor, len(units))
	for i, u := range units {
		prices[i] = u.Price
		sum += u.Price // at most a million yuan each
	}
	target, err := s.Target(sum)
	if err != nil {
		return err
	}
	for i, part := range money.Allocate(target, prices) {
		u := units[i]
		u.Amount, u.Discount = part, u.Price-part
	}
	return nil
}

// Target is what units cost together whose own prices sum to this; never more than that.
func (s RunSeat) Target(sum money.Minor) (money.Minor, error) {
	if s.BasisPoints > 0 {
		off, err := money.Portion(sum, int64(s.BasisPoints), 10_000)
		return sum - off, err
	}
	cost, err := money.Portion(s.Price, int64(sum), int64(s.Whole))
	return min(cost, sum), err
}

// errTooMuch refuses a sum beyond what money may be.
func errTooMuch() error { return fault.BadInput.At("lines", "the sum is too large") }
