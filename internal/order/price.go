package order

import (
	"slices"
	"strconv"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/seating"
	"foyer/internal/seating/seatmap"
	"foyer/internal/visitor"
)

// Limits of one request; a session's own limits are usually far below.
const (
	MaxLines  = 20
	MaxPlaces = 100
)

// LineAsk is what a buyer wants of one ticket type: places by number, or a quantity of an
// area. Quantity without an area counts units of a Best request.
type LineAsk struct {
	Session    int64 `json:",omitempty"` // 0: the wish's own
	TicketType int64
	Places     []int32
	Area       int32
	Quantity   int
	// Pay is what the buyer pays for each, where the type lets him say.
	Pay *money.Minor
	// Visitors are who enters, in the order of the places; fewer where names may follow.
	Visitors []visitor.Person
}

// pricedAt carries what pricing reads.
type pricedAt struct {
	s   *catalog.Sellable
	ix  *seatmap.Index
	now time.Time
}

// price turns asks and chosen places into priced lines: one line for each ticket type and
// zone, in the order of the asks. best holds the places chosen for asks without any.
// Refused with ErrTicketType naming the ask, seating.ErrSplitsPair, seating.ErrUnknownPlace.
func price(p pricedAt, asks []LineAsk, best []int32) ([]Line, money.Minor, error) {
	var lines []Line
	var total money.Minor
	for i, ask := range asks {
		units, err := p.units(i, ask, &best)
		if err == nil {
			units, err = p.bundle(i, ask, units)
		}
		if err == nil {
			err = p.pay(i, ask, units)
		}
		if err != nil {
			return nil, 0, err
		}
		for _, u := range units {
			if total, err = money.Add(total, u.unit.Amount); err != nil {
				return nil, 0, fault.BadInput.At("lines", "the sum is too large")
			}
			lines = addUnit(lines, p.s, ask.TicketType, u)
		}
	}
	for i := range lines {
		lines[i].Number = i + 1
		for _, u := range lines[i].Units {
			lines[i].Amount += u.Amount // bounded by total, which was checked
		}
	}
	return lines, total, nil
}

// zoned is a priced unit with the zone that priced it.
type zoned struct {
	unit Unit
	zone string
}

// maxLabel bounds what a unit is called, in letters: a ticket has room for 200.
const maxLabel = 120

func addUnit(lines []Line, s *catalog.Sellable, ticketType int64, u zoned) []Line {
	u.unit.Label = shortLabel(u.unit.Label)
	for i := range lines {
		if lines[i].TicketType == ticketType && lines[i].Zone == u.zone {
			lines[i].Units = append(lines[i].Units, u.unit)
			return lines
		}
	}
	var name, nameEn string
	if t := s.TicketType(ticketType); t != nil {
		name, nameEn = t.Name, t.NameEn
	}
	return append(lines, Line{Session: s.Session.ID, TicketType: ticketType, Zone: u.zone,
		Name: name, NameEn: nameEn, Units: []Unit{u.unit}})
}

func (p pricedAt) units(i int, ask LineAsk, best *[]int32) ([]zoned, error) {
	if takesNoPlace(p.s, ask) {
		return p.addOns(i, ask)
	}
	if ask.Area != 0 {
		return p.areaUnits(i, ask)
	}
	places := ask.Places
	if len(places) == 0 {
		n := min(ask.Quantity, len(*best))
		places, *best = (*best)[:n], (*best)[n:]
	}
	return p.seatUnits(i, ask, places)
}

// seatUnits makes one unit of each seat, and one of both seats of a couple pair.
func (p pricedAt) seatUnits(i int, ask LineAsk, places []int32) ([]zoned, error) {
	var list []zoned
	done := make(map[int32]bool, len(places))
	for _, place := range places {
		if done[place] {
			continue
		}
		at, ok := p.ix.Ordinal(seatmap.Place(place))
		if !ok {
			return nil, seating.ErrUnknownPlace.With("places", []int32{place})
		}
		seat := p.ix.Seat(at)
		u := Unit{Places: []int32{place}, Label: p.ix.Label(at)}
		if seat.Kind == seatmap.Couple {
			other, ok := p.partner(at, places)
			if !ok {
				return nil, seating.ErrSplitsPair.With("places", []int32{place})
			}
			u.Places = append(u.Places, other)
			u.Label += "+" + p.seatLabel(other)
		}
		u.People = len(u.Places)
		for _, q := range u.Places {
			done[q] = true
		}
		if err := p.setPrice(&u, i, seat.Zone, ask.TicketType); err != nil {
			return nil, err
		}
		list = append(list, zoned{u, seat.Zone})
	}
	return list, nil
}

// partner is the other half of a couple pair, when the asked places have it.
func (p pricedAt) partner(at int, places []int32) (int32, bool) {
	group := p.ix.Seat(at).Group
	for _, place := range places {
		i, ok := p.ix.Ordinal(seatmap.Place(place))
		if ok && i != at && p.ix.Seat(i).Group == group {
			return place, true
		}
	}
	return 0, false
}

func (p pricedAt) seatLabel(place int32) string {
	at, _ := p.ix.Ordinal(seatmap.Place(place))
	return p.ix.Seat(at).Label + "座"
}

// areaUnits makes one unit of each place of an area; a table or a box is one unit whole.
func (p pricedAt) areaUnits(i int, ask LineAsk) ([]zoned, error) {
	area, ok := p.ix.Area(seatmap.Place(ask.Area))
	if !ok {
		return nil, seating.ErrUnknownPlace.With("areas", []int32{ask.Area})
	}
	people := 1
	if area.Kind.Whole() {
		people = int(area.Capacity)
	}
	list := make([]zoned, 0, ask.Quantity)
	for range ask.Quantity {
		u := Unit{Area: ask.Area, Label: area.Name, People: people}
		if err := p.setPrice(&u, i, area.Zone, ask.TicketType); err != nil {
			return nil, err
		}
		list = append(list, zoned{u, area.Zone})
	}
	return list, nil
}

// bundle joins units where one ticket of the type takes several places, as a family ticket
// does: they must be in one zone, and as many as fill whole tickets. A couple pair counts
// as its two places, and is not divided between tickets.
func (p pricedAt) bundle(i int, ask LineAsk, units []zoned) ([]zoned, error) {
	t := p.s.TicketType(ask.TicketType)
	if t == nil || t.PlacesPerUnit <= 1 {
		return units, nil
	}
	if t.TicketEach {
		return p.ticketEach(i, ask, t.PlacesPerUnit, units)
	}
	return p.wholeBundles(i, ask, t.PlacesPerUnit, units)
}

// wholeBundles joins units to bundles of the size.
func (p pricedAt) wholeBundles(i int, ask LineAsk, size int, units []zoned) ([]zoned, error) {
	var out []zoned
	for len(units) > 0 {
		one, n := units[0], 1
		for ; n < len(units) && one.unit.Count() < size; n++ {
			if units[n].zone != one.zone {
				return nil, ErrTicketType.At(field("lines", i, "places"),
					"the places of one ticket must be in one zone")
			}
			one.unit = joined(one.unit, units[n].unit)
		}
		if one.unit.Count() != size {
			return nil, ErrTicketType.At(field("lines", i, "places"),
				"this ticket takes "+strconv.Itoa(size)+" places each")
		}
		out, units = append(out, one), units[n:]
	}
	return out, nil
}

// joined is one unit of two, at the price of the first.
func joined(u, more Unit) Unit {
	taken := u.Count() + more.Count()
	u.Places = append(slices.Clip(u.Places), more.Places...)
	u.Taken = taken
	u.People += more.People
	if more.Area == 0 {
		u.Label += " " + more.Label
	}
	return u
}

func (p pricedAt) setPrice(u *Unit, i int, zone string, ticketType int64) error {
	each, ok := p.s.Prices.Price(zone, ticketType, p.now)
	if !ok {
		return ErrTicketType.At(field("lines", i, "ticket_type_id"), "no price in zone "+zone)
	}
	u.Price, u.Amount = each, each
	return nil
}
