package season

import (
	"context"
	"errors"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// Booking is the same seats over the nights of a season.
type Booking struct {
	Season  int64
	Channel order.Channel
	Seats   []SeatAsk
	// Expect refuses with order.ErrPriceChanged when the sum differs; negative: any.
	Expect    money.Minor
	InputHash []byte
}

// SeatAsk is one seat, with the nights that are not as the others.
type SeatAsk struct {
	Place      int32
	TicketType int64
	Nights     []Otherwise
}

// Otherwise is a night on another seat, or without one.
type Otherwise struct {
	Session  int64
	Place    int32
	LeaveOut bool
}

// Shown is a season as everybody sees it.
type Shown struct {
	*Season
	Nights []*catalog.Sellable
	Costs  []Cost
}

// Cost is what a seat of a zone costs for all nights: one night after the other, and as a
// season.
type Cost struct {
	Zone       string
	TicketType *catalog.TicketType
	Single     money.Minor
	Season     money.Minor
}

// Show is a season that everybody may see: one that is or was on sale. Refused with
// fault.Missing.
func (m *Seasons) Show(ctx context.Context, id int64) (*Shown, error) {
	s, err := m.cfg.Store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if s.State == Draft {
		return nil, fault.Missing
	}
	out := &Shown{Season: s}
	if out.Nights, err = m.nights(ctx, s); err != nil {
		return nil, err
	}
	for _, n := range out.Nights {
		if !n.Public() {
			return nil, fault.Missing
		}
	}
	return out, out.price(m.cfg.Clock.Now())
}

// price lists what each ticket type costs in each zone where all nights sell it to everybody.
func (s *Shown) price(now time.Time) (err error) {
	first := s.Nights[0]
	first.Prices.Each(now, func(zone string, ticketType int64, _ money.Minor) {
		t := first.TicketType(ticketType)
		if t == nil || t.Hidden || t.NeedsCode || t.AddOn || t.Pay != nil || err != nil {
			return
		}
		c := Cost{Zone: zone, TicketType: t}
		var sold bool
		if c.Single, sold = s.sum(zone, ticketType, now); !sold {
			return
		}
		c.Season = c.Single
		p := s.Season.price(ticketType, zone)
		if p == nil && len(s.Prices) > 0 {
			return // the season is not sold for it
		}
		if p != nil {
			c.Season, err = order.RunSeat{BasisPoints: p.BasisPoints, Price: p.Amount,
				Whole: c.Single}.Target(c.Single)
		}
		s.Costs = append(s.Costs, c)
	})
	return err
}

// sum is what all nights cost in a zone one after the other; false where one is not sold.
func (s *Shown) sum(zone string, ticketType int64, now time.Time) (sum money.Minor, ok bool) {
	for _, n := range s.Nights {
		one, sold := n.Prices.Price(zone, ticketType, now)
		if !sold {
			return 0, false
		}
		sum += one // at most a million yuan each
	}
	return sum, true
}

// FreeSeats are the seats that are free on every night.
func (m *Seasons) FreeSeats(ctx context.Context, id int64) ([]seating.RunSeat, error) {
	s, err := m.Show(ctx, id)
	if err != nil {
		return nil, err
	}
	var all *seating.Night
	for _, n := range s.Nights {
		night, err := m.cfg.Seats.Night(ctx, n)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = night
		} else if err := all.Both(night); err != nil {
			return nil, err
		}
	}
	return all.Seats(), nil
}

// Quote prices a booking without touching the book. Refused as Book.
func (m *Seasons) Quote(ctx context.Context, who actor.Actor, b Booking) (*order.Order, error) {
	s, ask, err := m.ask(ctx, b)
	if err != nil {
		return nil, err
	}
	ord, err := m.cfg.Orders.Price(ctx, who, ask)
	return ord, m.explain(ctx, who, s, ask, err)
}

// Book places one order for the same seats over the nights: all of them or none. Refused with
// fault.Missing, ErrNotOnSale, ErrNights, ErrPrice, ErrChanged, ErrSeatTaken naming each
// night, and as an order over several sessions.
func (m *Seasons) Book(ctx context.Context, who actor.Actor, b Booking,
	receipt *journal.Receipt, render order.Render,
) (journal.Answer, error) {
	s, ask, err := m.ask(ctx, b)
	if err != nil {
		return journal.Answer{}, err
	}
	answer, err := m.cfg.Orders.Place(ctx, who, ask, receipt, render)
	return answer, m.explain(ctx, who, s, ask, err)
}

// ask turns a booking into a wish over the season's sessions.
func (m *Seasons) ask(ctx context.Context, b Booking) (*Shown, order.PlaceAsk, error) {
	ask := order.PlaceAsk{Channel: b.Channel, ExpectTotal: b.Expect, InputHash: b.InputHash}
	s, err := m.Show(ctx, b.Season)
	if err == nil {
		err = s.openAt(m.cfg.Clock.Now())
	}
	if err == nil && (len(b.Seats) == 0 || len(b.Seats) > maxSeats) {
		err = fault.BadInput.At("seats", "1 to 20 seats / 1 至 20 个座位")
	}
	if err != nil {
		return nil, ask, err
	}
	ask.Run = &order.Run{Season: s.ID, Revision: s.Revision, Name: s.Name, NameEn: s.NameEn,
		Guard: m.guard(s.Season)}
	home, err := m.cfg.Seats.Night(ctx, s.Nights[0])
	if err != nil {
		return nil, ask, err
	}
	for i, seat := range b.Seats {
		run, err := s.seat(i, seat, home, m.cfg.Clock.Now())
		if err != nil {
			return nil, ask, err
		}
		ask.Run.Seats = append(ask.Run.Seats, run)
		for _, n := range run.Nights {
			ask.Lines = addPlace(ask.Lines, n, seat.TicketType)
		}
	}
	slices.SortStableFunc(ask.Lines, func(x, y order.LineAsk) int {
		return slices.Index(s.Sessions, x.Session) - slices.Index(s.Sessions, y.Session)
	})
	return s, ask, nil
}

// guard refuses an order in its transaction when the season is not what was read.
func (m *Seasons) guard(s *Season) func(*sqldb.Tx) error {
	scope := actor.Scope{Organization: s.Organization}
	return func(tx *sqldb.Tx) error {
		ok, err := m.cfg.Store.Guard(tx, scope, s.ID, s.Revision)
		if err == nil && !ok {
			err = ErrChanged
		}
		return err
	}
}

func addPlace(lines []order.LineAsk, n order.RunNight, ticketType int64) []order.LineAsk {
	for i := range lines {
		if l := &lines[i]; l.Session == n.Session && l.TicketType == ticketType {
			l.Places = append(l.Places, n.Place)
			return lines
		}
	}
	return append(lines, order.LineAsk{Session: n.Session, TicketType: ticketType,
		Places: []int32{n.Place}})
}

// seat is one seat over the nights that were chosen, with what they cost together.
func (s *Shown) seat(i int, ask SeatAsk, home *seating.Night, now time.Time) (
	order.RunSeat, error,
) {
	var run order.RunSeat
	for k, other := range ask.Nights {
		at := "seats[" + itoa(i) + "].nights[" + itoa(k) + "].session_id"
		if !slices.Contains(s.Sessions, other.Session) || slices.ContainsFunc(ask.Nights[:k],
			func(o Otherwise) bool { return o.Session == other.Session }) {
			return run, fault.BadInput.At(at, "not a night of the season, or named twice")
		}
		if other.LeaveOut == (other.Place != 0) {
			return run, fault.BadInput.At(at, "name another place, or leave the night out")
		}
	}
	for _, session := range s.Sessions {
		n := order.RunNight{Session: session, Place: ask.Place}
		k := slices.IndexFunc(ask.Nights, func(o Otherwise) bool { return o.Session == session })
		if k >= 0 && ask.Nights[k].LeaveOut {
			continue
		}
		if k >= 0 {
			n.Place = ask.Nights[k].Place
		}
		run.Nights = append(run.Nights, n)
	}
	if len(run.Nights) < s.Least() {
		return run, ErrNights.With("least", s.Least()).At("seats["+itoa(i)+"].nights",
			"too few nights / 场次太少")
	}
	seat, ok := home.Seat(ask.Place)
	if !ok {
		return run, nil // the order refuses it, once the caller may buy at all
	}
	p := s.Season.price(ask.TicketType, seat.Zone)
	if p == nil {
		if len(s.Prices) > 0 {
			return run, ErrPrice.At("seats["+itoa(i)+"].ticket_type_id", "not in the season")
		}
		return run, nil
	}
	run.BasisPoints, run.Price = p.BasisPoints, p.Amount
	if p.Amount > 0 {
		if run.Whole, ok = s.sum(seat.Zone, ask.TicketType, now); !ok || run.Whole == 0 {
			return run, ErrPrice.At("seats["+itoa(i)+"].ticket_type_id", "no price every night")
		}
	}
	return run, nil
}

// TakenNight is a night on which a seat is not free, and the nearest that is.
type TakenNight struct {
	Session      string    `json:"session_id"`
	StartsAt     time.Time `json:"starts_at"`
	Place        int32     `json:"place"`
	Label        string    `json:"label"`
	Nearest      int32     `json:"nearest_place,omitempty"`
	NearestLabel string    `json:"nearest_label,omitempty"`
}

// explain turns a refusal of taken seats into one that names every such night and the seat
// nearest to the one that was wanted. Other errors stay as they are.
func (m *Seasons) explain(ctx context.Context, who actor.Actor, s *Shown, ask order.PlaceAsk,
	err error,
) error {
	if !errors.Is(err, seating.ErrPlaceTaken) && !errors.Is(err, seating.ErrAllHeld) &&
		!errors.Is(err, seating.ErrSoldOut) {
		return err
	}
	refused := fault.Of(err)
	at, _ := refused.Details["session_id"].(string)
	named, _ := refused.Details["places"].([]int32)
	mine, lookErr := m.cfg.Orders.Holds(ctx, who, s.Sessions)
	if lookErr != nil {
		return err
	}
	var list []TakenNight
	for _, n := range s.Nights {
		id := m.cfg.Public(catalog.KindSession, n.Session.ID)
		if id != at && mine {
			continue // his own seats are free for him, and the picture does not say whose they are
		}
		night, lookErr := m.cfg.Seats.Night(ctx, n)
		if lookErr != nil {
			return err
		}
		for _, t := range takenOf(night, placesIn(ask, n.Session.ID), id == at, named) {
			t.Session, t.StartsAt = id, n.Session.StartsAt
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		return err
	}
	return ErrSeatTaken.With("nights", list).Wrap(err)
}

func placesIn(ask order.PlaceAsk, session int64) (places []int32) {
	for _, l := range ask.Lines {
		if l.Session == session {
			places = append(places, l.Places...)
		}
	}
	return places
}

// takenOf are the places of a night that are not free. Those that were refused are taken
// whatever the picture says.
func takenOf(night *seating.Night, places []int32, refused bool, named []int32) (
	list []TakenNight,
) {
	keep := slices.Clone(places)
	for _, p := range places {
		if night.Free(p) && !(refused && slices.Contains(named, p)) {
			continue
		}
		seat, ok := night.Seat(p)
		if !ok {
			continue
		}
		t := TakenNight{Place: p, Label: seat.Label}
		if near, ok := night.Nearest(p, keep); ok {
			t.Nearest, t.NearestLabel = near.Place, near.Label
			keep = append(keep, near.Place)
		}
		list = append(list, t)
	}
	return list
}
