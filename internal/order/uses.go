package order

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/offer"
	"foyer/internal/sqldb"
)

// ErrOfferGone refuses an order whose price rests on what is gone by now. Placing prices
// it anew before it says so.
var ErrOfferGone = fault.Define(fault.Conflict, "offer_gone",
	"优惠名额刚刚用完,请重新确认价格", "What the price rested on has just been used up.",
	"Ask for the price again.")

// UseKind is what is counted.
type UseKind int

// The things that have a number. A rule's are counted over all sessions, the others within
// one.
const (
	UseTimes UseKind = 1 // applications of a rule
	UseMoney UseKind = 2 // what a rule took off
	UseTier  UseKind = 3 // units of a tier; Item is its key
	UseStock UseKind = 4 // units of an add-on
)

// Use is how much of a thing something uses.
type Use struct {
	Kind    UseKind `json:"k"`
	Subject int64   `json:"s"`
	Item    int     `json:"i,omitempty"`
	N       int64   `json:"n"`
}

// Used names a thing that has a number.
type Used struct {
	Kind    UseKind
	Subject int64
	Item    int
}

func (u Use) key() Used { return Used{u.Kind, u.Subject, u.Item} }

// session is where the thing is counted.
func (k Used) session(session int64) int64 {
	if k.ofRule() {
		return 0
	}
	return session
}

// ofRule says that the thing is counted over all sessions.
func (k Used) ofRule() bool { return k.Kind == UseTimes || k.Kind == UseMoney }

// UseCount is one change of one counter in the book.
type UseCount struct {
	Organization, Session int64
	Used
	N, Most int64 // Most 0: no bound
}

// Terms are what rules and codes made of an order; nil for an order without any.
type Terms struct {
	Said  []offer.Statement `json:"s,omitempty"`
	Codes []int64           `json:"c,omitempty"` // that the order has used
	Run   *RunTerms         `json:"v,omitempty"` // the season that it was bought as
}

// Uses is what the order's units use up. It is what the counters of the book are made of.
func (o *Order) Uses() map[Used]int64 {
	return o.usesOf(every, none)
}

func every(*Unit) bool { return true }

func none(*Unit) bool { return false }

// counts are the counters of what the units in hand use, in the order in which every
// transaction takes them. What is counted within a session is counted in that of its line.
func (o *Order) counts(in, gone func(*Unit) bool) []UseCount {
	if !o.several() {
		return o.sorted(o.usesOf(in, gone))
	}
	rules := o.usesOf(in, gone)
	maps.DeleteFunc(rules, func(k Used, _ int64) bool { return !k.ofRule() })
	list := o.sorted(rules)
	for _, p := range o.parts() {
		uses := p.usesOf(in, gone)
		maps.DeleteFunc(uses, func(k Used, _ int64) bool { return k.ofRule() })
		list = append(list, p.sorted(uses)...)
	}
	return list
}

// usedIn is what the order uses of rules, and within a session.
func (o *Order) usedIn(session int64) map[Used]int64 {
	uses := map[Used]int64{}
	for _, c := range o.counts(every, none) {
		if c.Session == 0 || c.Session == session {
			uses[c.Used] += c.N
		}
	}
	return uses
}

// usesOf sums what the units in hand use. An application of a rule counts once all its
// units are in hand or gone before.
func (o *Order) usesOf(in, gone func(*Unit) bool) map[Used]int64 {
	var sum map[Used]int64
	add := func(k Used, n int64) {
		if sum == nil {
			sum = map[Used]int64{}
		}
		sum[k] += n
	}
	type application struct {
		rule int64
		n    int
	}
	whole := map[application]bool{}
	for i := range o.Lines {
		for k := range o.Lines[i].Units {
			u := &o.Lines[i].Units[k]
			for _, p := range u.Parts {
				if !p.Counted {
					continue
				}
				a := application{p.Rule, p.Application}
				if in(u) {
					if _, ok := whole[a]; !ok {
						whole[a] = true
					}
					add(Used{Kind: UseMoney, Subject: p.Rule}, int64(p.Off))
				} else if !gone(u) {
					whole[a] = false
				}
			}
			for _, use := range u.Uses {
				if in(u) {
					add(use.key(), use.N)
				}
			}
		}
	}
	for a, ok := range whole {
		if ok {
			add(Used{Kind: UseTimes, Subject: a.rule}, 1)
		}
	}
	return sum
}

// sorted are counters in the order in which every transaction takes them, so that two of
// them cannot wait for each other.
func (o *Order) sorted(uses map[Used]int64) []UseCount {
	list := make([]UseCount, 0, len(uses))
	for k, n := range uses {
		if n != 0 {
			list = append(list, UseCount{Organization: o.Organization,
				Session: k.session(o.Session), Used: k, N: n})
		}
	}
	slices.SortFunc(list, func(a, b UseCount) int {
		return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Item, b.Item))
	})
	return list
}

// hasTerms says whether anything of the order is counted by rules, tiers, codes or stock.
func (o *Order) hasTerms() bool {
	if o.Terms != nil && len(o.Terms.Codes) > 0 {
		return true
	}
	for i := range o.Lines {
		for k := range o.Lines[i].Units {
			if u := &o.Lines[i].Units[k]; len(u.Parts) > 0 || len(u.Uses) > 0 {
				return true
			}
		}
	}
	return false
}

// takeUses counts what the order uses up. It refuses with ErrOfferGone when something is
// gone that was there when the order was priced, and with ErrCode for a code.
func (o *Orders) takeUses(tx *sqldb.Tx, s *catalog.Sellable, ord *Order) error {
	return o.takeUsesOf(tx, ord, func(c UseCount) int64 { return bound(s, c.Used) })
}

// takeUsesOf is takeUses with the bound of each counter.
func (o *Orders) takeUsesOf(tx *sqldb.Tx, ord *Order, most func(UseCount) int64) error {
	if !ord.hasTerms() {
		return nil
	}
	for _, c := range ord.counts(every, none) {
		c.Most = most(c)
		ok, err := o.Store.TakeUse(tx, c)
		if err != nil {
			return err
		}
		if !ok {
			return ErrOfferGone
		}
	}
	if ord.Terms == nil {
		return nil
	}
	for _, id := range ord.Terms.Codes {
		ok, err := o.Store.TakeCode(tx, ord.Organization, id)
		if err != nil {
			return err
		}
		if !ok {
			return ErrCode.At("codes", "is not valid")
		}
	}
	return nil
}

// swapUses gives back what the lines before used and takes what the new ones use.
func (o *Orders) swapUses(tx *sqldb.Tx, s *catalog.Sellable, was, next *Order) error {
	if err := o.giveUses(tx, was); err != nil {
		return err
	}
	return o.takeUses(tx, s, next)
}

// giveUses gives back what an order used that ended, or had before its lines were replaced.
func (o *Orders) giveUses(tx *sqldb.Tx, ord *Order) error {
	if !ord.hasTerms() {
		return nil
	}
	if err := o.give(tx, ord.counts(every, none)); err != nil {
		return err
	}
	return o.giveCodes(tx, ord)
}

func (o *Orders) give(tx *sqldb.Tx, list []UseCount) error {
	for _, c := range list {
		if err := o.Store.GiveUse(tx, c); err != nil {
			return err
		}
	}
	return nil
}

func (o *Orders) giveCodes(tx *sqldb.Tx, ord *Order) error {
	if ord.Terms == nil {
		return nil
	}
	for _, id := range ord.Terms.Codes {
		if err := o.Store.GiveCode(tx, ord.Organization, id); err != nil {
			return err
		}
	}
	return nil
}

// giveUnits gives back what the quoted units used: their tiers and stock, their part of a
// budget, an application once all its units are gone, and the codes with the last unit of
// those that were bought with them: what a change brought uses nothing up.
func (o *Orders) giveUnits(tx *sqldb.Tx, ord *Order, q Quote) error {
	if !ord.hasTerms() {
		return nil
	}
	going := map[*Unit]bool{}
	for _, qu := range q.Units {
		going[ord.Unit(qu.Line, qu.UnitRef.Unit)] = true
	}
	uses := ord.counts(func(u *Unit) bool { return going[u] },
		func(u *Unit) bool { return u.Returned })
	if err := o.give(tx, uses); err != nil {
		return err
	}
	if !ord.lastOfFirst(going) {
		return nil
	}
	return o.giveCodes(tx, ord)
}

// lastOfFirst says whether the last of the units that were first bought are going.
func (o *Order) lastOfFirst(going map[*Unit]bool) (last bool) {
	for i := range o.Lines {
		for k := range o.Lines[i].Units {
			u := &o.Lines[i].Units[k]
			switch {
			case o.Lines[i].Changes > 0 || u.Returned:
			case !going[u]:
				return false
			default:
				last = true
			}
		}
	}
	return last
}

// bound is how many there may be of a thing now; 0: no bound. What the house changed since
// an order was priced holds for orders from now on.
func bound(s *catalog.Sellable, k Used) int64 {
	switch k.Kind {
	case UseTimes, UseMoney:
		for _, of := range s.Offers {
			if of.ID == k.Subject && k.Kind == UseTimes {
				return of.Rule.Most
			} else if of.ID == k.Subject {
				return int64(of.Rule.Budget)
			}
		}
	case UseTier:
		for _, r := range s.Releases {
			for _, t := range r.Tiers {
				if r.ID == k.Subject && t.Key == k.Item {
					return int64(t.Quantity)
				}
			}
		}
	case UseStock:
		if t := s.TicketType(k.Subject); t != nil {
			return int64(t.Stock)
		}
	}
	return 0
}

// UseBook is the counters of what has a number; package orderdb implements it.
type UseBook interface {
	// TakeUse counts up and is false when that would pass the bound.
	TakeUse(tx *sqldb.Tx, c UseCount) (bool, error)
	// GiveUse counts down.
	GiveUse(tx *sqldb.Tx, c UseCount) error
	// UsedUp is what has been used of the organization's rules, and within the session.
	UsedUp(ctx context.Context, organization, session int64) (map[Used]int64, error)
}
