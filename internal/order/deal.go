package order

import (
	"context"
	"slices"
	"strconv"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/offer"
)

// Refusals of tiers.
var (
	ErrTierOver = fault.Define(fault.Conflict, "tiers_over",
		"该票种已售完", "The last tier of this ticket type is gone or over.",
		"Choose another ticket type.")
)

// deal is what tiers, codes and rules have to say of one wish.
type deal struct {
	s       *catalog.Sellable
	now     time.Time
	channel Channel
	priced  bool // a run has the price: no rule reduces it further
	keys    *unlocked
	used    map[Used]int64
}

// deal prepares what tiers, codes and rules make of a wish; nil where nothing of it
// applies, which costs nothing. own is the caller's live order: what it uses is his.
// Refused as unlock, and with the refusals of kinds.
func (o *Orders) deal(ctx context.Context, who actor.Actor, s *catalog.Sellable, ask PlaceAsk,
	own int64, now time.Time,
) (*deal, error) {
	if !special(s, ask) {
		return nil, nil
	}
	d := &deal{s: s, now: now, channel: ask.Channel, priced: ask.priced}
	mine := &Order{}
	var err error
	if own != 0 && (len(ask.Codes) > 0 || counted(s, ask)) {
		if mine, err = o.Store.Find(ctx, own); err != nil {
			return nil, err
		}
	}
	var codes []int64
	if mine.Terms != nil {
		codes = mine.Terms.Codes
	}
	if d.keys, err = o.unlock(ctx, who, s, ask.Codes, codes, now); err != nil {
		return nil, err
	}
	if err := d.checkKinds(ask); err != nil {
		return nil, err
	}
	if counted(s, ask) {
		if d.used, err = o.Store.UsedUp(ctx, s.Session.Organization, s.Session.ID); err != nil {
			return nil, err
		}
		for k, n := range mine.usedIn(s.Session.ID) {
			d.used[k] -= n
		}
		for k, n := range ask.spent {
			d.used[k] += n
		}
	}
	return d, d.checkStock(ask)
}

// special says whether anything beside the price list has a say in the wish.
func special(s *catalog.Sellable, ask PlaceAsk) bool {
	if len(s.Offers) > 0 || s.Releases != nil || len(ask.Codes) > 0 {
		return true
	}
	return slices.ContainsFunc(ask.Lines, func(l LineAsk) bool {
		t := s.TicketType(l.TicketType)
		return t != nil && t.SaleRules != catalog.SaleRules{}
	})
}

// counted says whether something of the wish has a number in the book.
func counted(s *catalog.Sellable, ask PlaceAsk) bool {
	for _, of := range s.Offers {
		if of.Rule.Most > 0 || of.Rule.Budget > 0 {
			return true
		}
	}
	return slices.ContainsFunc(ask.Lines, func(l LineAsk) bool {
		t := s.TicketType(l.TicketType)
		return s.Releases[l.TicketType] != nil || t != nil && t.Stock > 0
	})
}

// apply changes priced lines by tiers and rules; total is their new sum. Refused with
// ErrTierOver.
func (d *deal) apply(lines []Line) ([]Line, money.Minor, *Terms, error) {
	if err := d.tiers(lines); err != nil {
		return nil, 0, nil, err
	}
	for i := range lines {
		if t := d.s.TicketType(lines[i].TicketType); t != nil && t.OneTicket {
			lines[i].Units = oneUnit(lines[i].Units)
		}
	}
	terms := d.discounts(lines)
	var total money.Minor
	for i := range lines {
		l := &lines[i]
		l.Amount = 0
		for k := range l.Units {
			l.Amount += l.Units[k].Amount // at most a million yuan each
		}
		var err error
		if total, err = money.Add(total, l.Amount); err != nil {
			return nil, 0, nil, fault.BadInput.At("lines", "the sum is too large")
		}
	}
	return lines, total, terms, nil
}

// tiers gives each unit of a type that is released in tiers the price of its tier.
func (d *deal) tiers(lines []Line) error {
	for ticketType, r := range d.s.Releases {
		units, list := basket(lines, func(l *Line) bool { return l.TicketType == ticketType })
		if len(list) == 0 {
			continue
		}
		tiers, ok := r.Assign(list, d.now, d.s.StartsAt, func(key int) int {
			return int(d.used[Used{UseTier, r.ID, key}])
		})
		if !ok {
			return ErrTierOver.With("ticket_type", d.s.TicketType(ticketType).Name)
		}
		for i, t := range tiers {
			if t == nil {
				continue
			}
			u := units[i]
			u.Price = t.Of(u.Price)
			u.Amount, u.Tier, u.TierEn = u.Price, t.Name, t.NameEn
			if t.Quantity > 0 {
				u.Uses = append(u.Uses, Use{UseTier, r.ID, t.Key, 1})
			}
		}
	}
	return nil
}

// basket is the units of some lines as the arithmetic of offers sees them.
func basket(lines []Line, of func(*Line) bool) ([]*Unit, []offer.Unit) {
	var units []*Unit
	var list []offer.Unit
	for i := range lines {
		l := &lines[i]
		if !of(l) {
			continue
		}
		for k := range l.Units {
			u := &l.Units[k]
			units = append(units, u)
			list = append(list, offer.Unit{Type: l.TicketType, Zone: l.Zone, Price: u.Price,
				People: u.People, Key: u.key()})
		}
	}
	return units, list
}

// key tells units apart that are alike, whatever the order in which they were asked for.
func (u *Unit) key() string {
	if len(u.Places) > 0 {
		return "p" + strconv.Itoa(int(slices.Min(u.Places)))
	}
	return "a" + strconv.Itoa(int(u.Area))
}

// maxSaid bounds what is said of one order.
const maxSaid = 20

// discounts takes off what the rules allow, and says why. Add-ons and what the buyer names
// the price of are no part of it.
func (d *deal) discounts(lines []Line) *Terms {
	terms := &Terms{Codes: d.keys.codes}
	if len(d.s.Offers) > 0 && !d.priced {
		units, list := basket(lines, func(l *Line) bool {
			t := d.s.TicketType(l.TicketType)
			return t != nil && !t.AddOn && t.Pay == nil
		})
		weekday, minute := d.s.StartsOn()
		res := offer.Apply(d.rules(), list, offer.Moment{Now: d.now, Channel: string(d.channel),
			Weekday: weekday, Minute: minute, Unlocked: d.keys.offers})
		d.take(units, &res)
		for _, said := range res.Said {
			// What is for those with a code is nobody else's business.
			if said.Said != offer.SaidCode && len(terms.Said) < maxSaid {
				terms.Said = append(terms.Said, said)
			}
		}
	}
	if len(terms.Said) == 0 && len(terms.Codes) == 0 {
		return nil
	}
	return terms
}

func (d *deal) take(units []*Unit, res *offer.Result) {
	limited := map[int64]bool{}
	for _, of := range d.s.Offers {
		limited[of.ID] = of.Rule.Most > 0 || of.Rule.Budget > 0
	}
	for i, u := range units {
		u.Parts = res.Parts[i]
		for k := range u.Parts {
			u.Parts[k].Counted = limited[u.Parts[k].Rule]
		}
		u.Discount = res.Off(i)
		u.Amount = u.Price - u.Discount
	}
}

// rules are the session's offers with what is left of them.
func (d *deal) rules() []offer.Offered {
	list := make([]offer.Offered, len(d.s.Offers))
	for i, of := range d.s.Offers {
		left := offer.NoBound()
		if of.Rule.Most > 0 {
			left.Times = max(of.Rule.Most-d.used[Used{Kind: UseTimes, Subject: of.ID}], 0)
		}
		if of.Rule.Budget > 0 {
			used := money.Minor(d.used[Used{Kind: UseMoney, Subject: of.ID}])
			left.Money = max(of.Rule.Budget-used, 0)
		}
		list[i] = offer.Offered{Rule: &of.Rule, Left: left}
	}
	return list
}
