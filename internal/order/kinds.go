package order

import (
	"slices"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/money"
)

// Refusals of kinds of ticket.
var (
	ErrRequires = fault.Define(fault.Invalid, "ticket_type_requires",
		"该票种须与其他票种一起购买", "This ticket type needs others in the same order.",
		"details.codes names the types that count, details.allowed how many units they allow.")
	ErrStock = fault.Define(fault.Conflict, "stock_gone",
		"附加项已售完", "Not so many of this are left.", "Take fewer; details.left says how many.")
	ErrPay = fault.Define(fault.Invalid, "amount_out_of_range",
		"金额不在可选范围内", "The amount is outside what may be paid for this.",
		"details.least_minor and details.most_minor say what may be paid.")
)

// takesNoPlace says whether a line is of add-ons.
func takesNoPlace(s *catalog.Sellable, l LineAsk) bool {
	t := s.TicketType(l.TicketType)
	return t != nil && t.AddOn
}

func checkAddOn(bad *fault.Problems, i int, l LineAsk) {
	if len(l.Places) > 0 || l.Area != 0 {
		bad.Add(field("lines", i, "places"), "this takes no place / 该项不占座位")
	}
	if l.Quantity < 1 || l.Quantity > MaxPlaces {
		bad.Add(field("lines", i, "quantity"), "must be within 1..%d", MaxPlaces)
	}
}

// addOns makes one unit of each; its price is what the list says of the type, in the zone
// that comes first by name.
func (p pricedAt) addOns(i int, ask LineAsk) ([]zoned, error) {
	zone, found := "", false
	p.s.Prices.Each(p.now, func(z string, t int64, _ money.Minor) {
		if t == ask.TicketType && (!found || z < zone) {
			zone, found = z, true
		}
	})
	if !found {
		return nil, ErrTicketType.At(field("lines", i, "ticket_type_id"), "no price")
	}
	t := p.s.TicketType(ask.TicketType)
	list := make([]zoned, ask.Quantity)
	for k := range list {
		u := Unit{Label: t.Name, People: 1}
		if err := p.setPrice(&u, i, zone, ask.TicketType); err != nil {
			return nil, err
		}
		if t.Stock > 0 {
			u.Uses = []Use{{UseStock, t.ID, 0, 1}}
		}
		list[k] = zoned{u, zone}
	}
	return list, nil
}

// pay sets the amount that the buyer names, where the type lets him. Refused with ErrPay.
func (p pricedAt) pay(i int, ask LineAsk, units []zoned) error {
	t := p.s.TicketType(ask.TicketType)
	if t == nil || t.Pay == nil {
		if ask.Pay != nil {
			return fault.BadInput.At(field("lines", i, "pay_minor"),
				"the price of this type is the list's / 该票种不可自定金额")
		}
		return nil
	}
	amount := t.Pay.Suggested
	if ask.Pay != nil {
		amount = *ask.Pay
	}
	if amount < t.Pay.Least || amount > t.Pay.Most {
		return ErrPay.With("least_minor", t.Pay.Least).With("most_minor", t.Pay.Most).
			At(field("lines", i, "pay_minor"), "is outside what may be paid")
	}
	for k := range units {
		units[k].unit.Price, units[k].unit.Amount = amount, amount
	}
	return nil
}

// ticketEach shares the price of each bundle among its places, which keep a unit each.
func (p pricedAt) ticketEach(i int, ask LineAsk, size int, units []zoned) ([]zoned, error) {
	whole, err := p.wholeBundles(i, ask, size, slices.Clone(units))
	if err != nil {
		return nil, err
	}
	at := 0
	for _, b := range whole {
		from, n := at, 0
		var weights []money.Minor
		for ; n < size; at++ {
			n += units[at].unit.Count()
			weights = append(weights, money.Minor(units[at].unit.Count()))
		}
		for k, part := range money.Allocate(b.unit.Price, weights) {
			units[from+k].unit.Price, units[from+k].unit.Amount = part, part
		}
	}
	return units, nil
}

// oneUnit joins the units of a line: a group enters with one code.
func oneUnit(units []Unit) []Unit {
	one := units[0]
	for _, u := range units[1:] {
		price := one.Price + u.Price // at most a million yuan each
		uses := append(slices.Clip(one.Uses), u.Uses...)
		one = joined(one, u)
		one.Price, one.Amount, one.Uses = price, price, uses
	}
	one.Label = shortLabel(one.Label)
	return []Unit{one}
}

func shortLabel(label string) string {
	if letters := []rune(label); len(letters) > maxLabel {
		return string(letters[:maxLabel-1]) + "…"
	}
	return label
}

// asked counts the units of each type as the wish names them: places, or a quantity.
func asked(ask PlaceAsk) map[int64]int {
	count := map[int64]int{}
	for _, l := range ask.Lines {
		count[l.TicketType] += max(len(l.Places), l.Quantity)
	}
	return count
}

// checkKinds holds each type to what it asks of the others, and to codes. A hidden type is
// refused like one that does not exist.
func (d *deal) checkKinds(ask PlaceAsk) error {
	count := asked(ask)
	for i, l := range ask.Lines {
		t := d.s.TicketType(l.TicketType)
		if t == nil {
			continue
		}
		n := count[t.ID] / max(t.PlacesPerUnit, 1)
		if err := d.checkLock(i, t, n); err != nil {
			return err
		}
		if q := t.Requires; q != nil {
			others := 0
			for _, o := range d.s.TicketTypes {
				if slices.Contains(q.Codes, o.Code) {
					others += count[o.ID]
				}
			}
			if allowed := q.Allowed(others); n > allowed {
				return ErrRequires.With("codes", q.Codes).With("allowed", allowed).
					At(field("lines", i, "quantity"), "needs more of the others")
			}
		}
	}
	return nil
}

func (d *deal) checkLock(i int, t *catalog.TicketType, n int) error {
	if !t.Hidden && !t.NeedsCode {
		return nil
	}
	most, open := d.keys.types[t.ID]
	switch {
	case !open && t.Hidden:
		return ErrTicketType.At(field("lines", i, "ticket_type_id"), "not sold in this session")
	case !open:
		return ErrCodeNeeded.At(field("lines", i, "ticket_type_id"), "needs a code")
	case most >= 0 && n > most:
		return ErrCodeUnits.With("max", most).At(field("lines", i, "quantity"),
			"too many for a code")
	}
	return nil
}

// checkStock refuses more add-ons than are left; the book decides.
func (d *deal) checkStock(ask PlaceAsk) error {
	for id, n := range asked(ask) {
		t := d.s.TicketType(id)
		if t == nil || t.Stock == 0 {
			continue
		}
		if left := t.Stock - int(d.used[Used{Kind: UseStock, Subject: id}]); n > left {
			return ErrStock.With("left", max(left, 0)).With("ticket_type", t.Name)
		}
	}
	return nil
}

// unusual says that a wish has more to it than places and types, so that a look at these
// does not tell whether an order is what is asked for.
func (ask *PlaceAsk) unusual() bool {
	return len(ask.Codes) > 0 || slices.ContainsFunc(ask.Lines, func(l LineAsk) bool {
		return l.Pay != nil || l.Area == 0 && len(l.Places) == 0
	})
}
