package catalog

import (
	"strconv"
	"time"

	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/offer"
)

// BasketLine is so many units of a type in a zone.
type BasketLine struct {
	TicketType int64
	Zone       string
	Quantity   int
}

// Basket is what a preview asks: what would these cost at that moment, in that channel.
type Basket struct {
	Lines   []BasketLine
	Channel string
	At      time.Time
	// Unlocked are offers for which the buyer has a code.
	Unlocked []int64
	// Draft is tried beside the stored offers, or in place of the one of its key.
	Draft *Offer
}

// BasketUnit is what one unit of the basket costs.
type BasketUnit struct {
	BasketLine
	Tier                   string
	List, Price, Off, Cost money.Minor
}

// BasketPrice is the answer of a preview.
type BasketPrice struct {
	Units []BasketUnit
	Total money.Minor
	Said  []offer.Statement
}

// maxBasket bounds the units of a preview.
const maxBasket = 100

// PriceBasket says what a basket of the session would cost and why, with nothing sold or
// used up yet. Refused with fault.BadInput naming the line.
func (s *Sellable) PriceBasket(b Basket) (*BasketPrice, error) {
	var bad checker
	out := &BasketPrice{}
	for i, l := range b.Lines {
		at := "lines[" + strconv.Itoa(i) + "]."
		list, ok := s.Prices.Price(l.Zone, l.TicketType, b.At)
		if !ok {
			bad.Add(at+"ticket_type_id", "has no price in the zone / 该票区没有此票种")
		}
		bad.number(at+"quantity", int64(l.Quantity), 1, maxBasket)
		for range min(l.Quantity, maxBasket) {
			out.Units = append(out.Units, BasketUnit{
				BasketLine: BasketLine{l.TicketType, l.Zone, 1}, List: list, Price: list})
		}
	}
	if len(out.Units) > maxBasket {
		bad.Add("lines", "more than %d units / 超过 %d 张", maxBasket, maxBasket)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if err := s.tierBasket(b, out.Units); err != nil {
		return nil, err
	}
	s.reduceBasket(b, out)
	return out, nil
}

// units is the basket as the arithmetic of offers sees it.
func (s *Sellable) basketUnits(list []BasketUnit) []offer.Unit {
	units := make([]offer.Unit, len(list))
	for i, u := range list {
		people := 1
		if t := s.TicketType(u.TicketType); t != nil {
			people = max(t.PlacesPerUnit, 1)
		}
		units[i] = offer.Unit{Type: u.TicketType, Zone: u.Zone, Price: u.Price, People: people}
	}
	return units
}

func (s *Sellable) tierBasket(b Basket, list []BasketUnit) error {
	for ticketType, r := range s.Releases {
		var at []int
		for i := range list {
			if list[i].TicketType == ticketType {
				at = append(at, i)
			}
		}
		some := make([]BasketUnit, len(at))
		for k, i := range at {
			some[k] = list[i]
		}
		tiers, ok := r.Assign(s.basketUnits(some), b.At, s.StartsAt, func(int) int { return 0 })
		if !ok {
			return fault.BadInput.At("lines", "more than the tiers sell / 超过各轮可售数量")
		}
		for k, t := range tiers {
			if t != nil {
				list[at[k]].Price, list[at[k]].Tier = t.Of(list[at[k]].List), t.Name
			}
		}
	}
	return nil
}

func (s *Sellable) reduceBasket(b Basket, out *BasketPrice) {
	var rules []offer.Offered
	add := func(o *Offer) {
		left := offer.NoBound()
		if o.Rule.Most > 0 {
			left.Times = o.Rule.Most
		}
		if o.Rule.Budget > 0 {
			left.Money = o.Rule.Budget
		}
		rules = append(rules, offer.Offered{Rule: &o.Rule, Left: left})
	}
	for _, o := range s.offersWith(b.Draft) {
		add(o)
	}
	weekday, minute := s.StartsOn()
	res := offer.Apply(rules, s.basketUnits(out.Units), offer.Moment{Now: b.At,
		Channel: b.Channel, Weekday: weekday, Minute: minute, Unlocked: b.Unlocked})
	for i := range out.Units {
		u := &out.Units[i]
		u.Off = res.Off(i)
		u.Cost = u.Price - u.Off
		out.Total += u.Cost // at most 100 units of a million yuan
	}
	out.Said = res.Said
}

// offersWith are the session's offers with a draft in its place among them.
func (s *Sellable) offersWith(draft *Offer) []*Offer {
	if draft == nil {
		return s.Offers
	}
	list := make([]*Offer, 0, len(s.Offers)+1)
	placed := false
	for _, o := range s.Offers {
		if o.ID == draft.ID {
			continue
		}
		if !placed && byRank(draft, o) < 0 {
			list, placed = append(list, draft), true
		}
		list = append(list, o)
	}
	if !placed {
		list = append(list, draft)
	}
	return list
}

// CheckDraft names what an offer that is not stored cannot mean.
func (o *Offer) CheckDraft() error {
	err := o.check()
	o.Rule.ID = o.ID
	return err
}
