// Package season sells a run of sessions together: the same seat every night, single nights
// otherwise, at a price of its own. A booking is an order over several sessions.
package season

import (
	"slices"
	"strings"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/money"
	"foyer/internal/order"
)

// KindSeason is the kind of a season's public id.
const KindSeason idgen.Kind = "sea"

// State says whose turn it is.
type State string

const (
	// Draft: the house's turn; nobody else sees it. Out to OnSale.
	Draft State = "draft"
	// OnSale: the buyers' turn, within its sale window. Out to Closed.
	OnSale State = "on_sale"
	// Closed: it sells no more; its orders stay. Out to OnSale.
	Closed State = "closed"
)

var edges = map[State][]State{Draft: {OnSale}, OnSale: {Closed}, Closed: {OnSale}}

// Limits of one season.
const (
	minSessions = 2
	maxPrices   = 40
	maxSeats    = 20 // of one booking
)

// Refusals of seasons.
var (
	ErrState = fault.Define(fault.Conflict, "season_state",
		"套票状态不允许此操作", "A season does not go from its state to that one.",
		"Read it again; a draft goes on sale, and what is on sale may be closed and opened.")
	ErrNotOnSale = fault.Define(fault.Conflict, "season_not_on_sale",
		"套票现在不在销售期", "The season is not on sale now.",
		"details.sale_from and details.sale_until say when it is.")
	ErrChanged = fault.Define(fault.Conflict, "season_changed",
		"套票刚刚有变动,请刷新后再试", "The season has just been changed.",
		"Read it again and confirm the new price.")
	ErrNights = fault.Define(fault.Invalid, "season_nights",
		"选择的场次数量不符合套票要求", "The season asks for more nights of a seat.",
		"details.least says how many nights each seat must have.")
	ErrSeatTaken = fault.Define(fault.Conflict, "season_seat_taken",
		"部分场次的座位已被选走", "The seat is taken on some of the nights.",
		"details.nights names each night with the seat and the nearest free one: take that for "+
			"the night, another seat, or leave the night out where the season allows it.")
	ErrPrice = fault.Define(fault.Invalid, "season_type_not_sold",
		"套票不包含该票种", "The season is not sold for this ticket type and zone.",
		"Choose one of the ticket types that the season lists.")
	ErrTooMany = fault.Define(fault.Conflict, "too_many_seasons",
		"套票数量已达上限", "The organization has as many seasons as it may have.",
		"Change one that is closed; details.limit is the limit.")
)

// Season is a run of sessions that is sold together.
type Season struct {
	ID           int64
	Organization int64
	Venue        int64
	State        State
	// SaleFrom and SaleUntil bound its sale, beside those of its sessions; zero: no bound.
	SaleFrom  time.Time
	SaleUntil time.Time
	Info
	Revision  int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Info is what people write about a season.
type Info struct {
	Name   string `json:"name"`
	NameEn string `json:"name_en,omitempty"`
	// Sessions of one hall and one seat map, in the order of their starts.
	Sessions []int64 `json:"sessions"`
	// LeastNights is how many nights a seat must have; 0: all of them.
	LeastNights int     `json:"least_nights,omitempty"`
	Prices      []Price `json:"prices,omitempty"`
}

// Price is what a ticket type costs in a season: so much off the sum of its nights, or a sum
// for all nights, of which fewer nights cost their part. Without a price for its type and
// zone a seat costs what its nights cost.
type Price struct {
	TicketType  int64       `json:"ticket_type"`
	Zone        string      `json:"zone,omitempty"` // empty: any
	BasisPoints int         `json:"off,omitempty"`
	Amount      money.Minor `json:"amount,omitempty"`
}

// Least is how many nights a seat must have.
func (s *Season) Least() int {
	if s.LeastNights == 0 {
		return len(s.Sessions)
	}
	return s.LeastNights
}

// price is the rule for a ticket type in a zone, the narrower first; nil without one.
func (s *Season) price(ticketType int64, zone string) *Price {
	var found *Price
	for i := range s.Prices {
		p := &s.Prices[i]
		if p.TicketType == ticketType && (p.Zone == zone || p.Zone == "" && found == nil) {
			found = p
		}
	}
	return found
}

// check holds what people wrote to its bounds.
func (s *Season) check() error {
	var bad fault.Problems
	s.Name, s.NameEn = strings.TrimSpace(s.Name), strings.TrimSpace(s.NameEn)
	if s.Name == "" || len(s.Name) > 200 || len(s.NameEn) > 200 {
		bad.Add("name", "1 to 200 bytes / 请填写名称")
	}
	n := len(s.Sessions)
	if n < minSessions || n > order.MaxSessions {
		bad.Add("session_ids", "%d to %d sessions / 需要 2 至 16 个场次", minSessions,
			order.MaxSessions)
	}
	for i, id := range s.Sessions {
		if slices.Contains(s.Sessions[:i], id) {
			bad.Add("session_ids", "a session is named twice / 场次重复")
		}
	}
	if s.LeastNights < 0 || s.LeastNights > n {
		bad.Add("least_nights", "0 to %d", n)
	}
	if !s.SaleFrom.IsZero() && !s.SaleUntil.IsZero() && !s.SaleUntil.After(s.SaleFrom) {
		bad.Add("sale_until", "is not after sale_from / 结束应晚于开始")
	}
	s.checkPrices(&bad)
	return bad.Err()
}

func (s *Season) checkPrices(bad *fault.Problems) {
	if len(s.Prices) > maxPrices {
		bad.Add("prices", "at most %d", maxPrices)
		return
	}
	for i, p := range s.Prices {
		field := "prices[" + itoa(i) + "]"
		switch {
		case (p.BasisPoints == 0) == (p.Amount == 0):
			bad.Add(field, "either off_basis_points or price_minor / 折扣或总价二选一")
		case p.BasisPoints < 0 || p.BasisPoints >= 10_000:
			bad.Add(field+".off_basis_points", "1 to 9999")
		case p.Amount < 0 || p.Amount > maxAmount:
			bad.Add(field+".price_minor", "1 to %d", maxAmount)
		}
		for _, other := range s.Prices[:i] {
			if other.TicketType == p.TicketType && other.Zone == p.Zone {
				bad.Add(field, "the type has a price in this zone / 重复的票种与票区")
			}
		}
	}
}

// maxAmount bounds the price of a whole season for one seat: a million yuan.
const maxAmount = 100_000_000

// fits holds the season's sessions to each other: those of one house and hall with the same
// seats, which an order may have together, whose ticket types are the season's. It sorts
// them by their start.
func (s *Season) fits(nights []*catalog.Sellable) error {
	var bad fault.Problems
	first := nights[0]
	for i, n := range nights {
		field := "session_ids[" + itoa(i) + "]"
		switch {
		case n.Session.Organization != s.Organization:
			return fault.Missing.At(field, "unknown / 没有该场次")
		case n.Session.HallID != first.Session.HallID ||
			n.Session.SeatMapVersionID != first.Session.SeatMapVersionID:
			bad.Add(field, "has another hall or seat map / 影厅或座位图不同")
		case n.Currency != first.Currency:
			bad.Add(field, "has another currency / 货币不同")
		case n.Buyers != nil || n.Session.Agreement != nil:
			bad.Add(field, "asks for names or the house's word / 需实名或确认,不能加入套票")
		case n.Session.State == catalog.SessionCancelled:
			bad.Add(field, "was cancelled / 已取消")
		}
	}
	for i, p := range s.Prices {
		t := first.TicketType(p.TicketType)
		if t == nil || t.AddOn || t.Pay != nil {
			bad.Add("prices["+itoa(i)+"].ticket_type_id", "has no fixed price there / 该票种不适用")
		}
	}
	if err := bad.Err(); err != nil {
		return err
	}
	slices.SortStableFunc(nights, func(a, b *catalog.Sellable) int {
		return a.Session.StartsAt.Compare(b.Session.StartsAt)
	})
	for i, n := range nights {
		s.Sessions[i] = n.Session.ID
	}
	s.Venue = first.Session.VenueID
	return nil
}

// openAt refuses a season that does not sell at a moment.
func (s *Season) openAt(now time.Time) error {
	if s.State == OnSale && !now.Before(s.SaleFrom) &&
		(s.SaleUntil.IsZero() || now.Before(s.SaleUntil)) {
		return nil
	}
	no := ErrNotOnSale.With("state", s.State)
	if !s.SaleFrom.IsZero() {
		no = no.With("sale_from", s.SaleFrom)
	}
	if !s.SaleUntil.IsZero() {
		no = no.With("sale_until", s.SaleUntil)
	}
	return no
}
