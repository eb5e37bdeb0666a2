// Package orderhttp is the routes of orders.
package orderhttp

import (
	"strconv"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/seating"
	"foyer/internal/ticket"
)

// Kinds of public ids.
const (
	kindOrder      idgen.Kind = "ord"
	kindRefund     idgen.Kind = "ref"
	kindSession    idgen.Kind = "ses"
	kindTicketType idgen.Kind = "tty"
	kindVenue      idgen.Kind = "ven"
)

// lineBody is one wish: places by number, or a quantity of an area, or with `best` a
// quantity of places that are chosen.
type lineBody struct {
	Session    string  `json:"session_id,omitempty" doc:"of this line; default: the order's"`
	TicketType string  `json:"ticket_type_id" doc:"whose ticket it is" example:"tty_…"`
	Places     []int32 `json:"places,omitempty" doc:"place numbers of the seat map"`
	Area       int32   `json:"area,omitempty" doc:"number of an area without numbered seats"`
	Quantity   int     `json:"quantity,omitempty" doc:"how many of the area, of the best, or of what takes no place"`
	Pay        *int64  `json:"pay_minor,omitempty" doc:"for each, where the buyer says what he pays"`

	Visitors []PersonBody `json:"visitors,omitempty" doc:"who enters, in the order of the places; where the session asks"`
}

// bestBody asks for the best places together.
type bestBody struct {
	Zones      []string `json:"zones,omitempty" doc:"price zones to choose from; none: any"`
	MaxPrice   int64    `json:"max_price_minor,omitempty" doc:"the most a place may cost"`
	Wheelchair int      `json:"wheelchair,omitempty" doc:"of them, how many for wheelchairs"`
	Companion  int      `json:"companion,omitempty" doc:"of them, how many for companions"`
	Couple     bool     `json:"couple,omitempty" doc:"prefer couple pairs"`
	Section    string   `json:"section,omitempty"`
	Floor      string   `json:"floor,omitempty"`
}

// check refuses what no house can mean.
func (b *bestBody) check() error {
	var bad fault.Problems
	for _, n := range []struct {
		field string
		value int64
	}{{"max_price_minor", b.MaxPrice}, {"wheelchair", int64(b.Wheelchair)},
		{"companion", int64(b.Companion)}} {
		if n.value < 0 {
			bad.Add("best."+n.field, "must not be negative / 不能为负数")
		}
	}
	return bad.Err()
}

// LinesBody is what places of one session are wanted. It is exported since bodies are read
// by their exported embedded fields only.
type LinesBody struct {
	Lines       []lineBody `json:"lines" doc:"one entry a ticket type and area"`
	Best        *bestBody  `json:"best,omitempty" doc:"choose the places that lines leave open"`
	ExpectTotal *int64     `json:"expect_total_minor,omitempty" doc:"refuse at any other total"`
	Codes       []string   `json:"codes,omitempty" maxItems:"5" doc:"for what is sold or reduced with a code"`

	Buyer *PersonBody `json:"buyer,omitempty" doc:"who answers for the order; where the session asks"`
}

type placeBody struct {
	Session string `json:"session_id,omitempty" doc:"the session of lines that name none" example:"ses_…"`
	Channel string `json:"channel,omitempty" enum:"h5,mini_program,counter,kiosk,agency,house,loyalty" doc:"where it is sold; default h5"`
	LinesBody
}

type unitBody struct {
	Unit     int         `json:"unit"`
	Label    string      `json:"label" doc:"how people find it, e.g. 5排12座"`
	Price    money.Minor `json:"price_minor"`
	Discount money.Minor `json:"discount_minor"`
	Amount   money.Minor `json:"amount_minor" doc:"price less discount: what this unit cost"`
	Places   []int32     `json:"places,omitempty"`
	Area     int32       `json:"area,omitempty"`
	People   int         `json:"people" doc:"how many may enter with it"`
	Returned bool        `json:"returned" doc:"given back"`
	Tier     string      `json:"tier,omitempty" doc:"in which it was sold"`
	TierEn   string      `json:"tier_en,omitempty"`

	Visitors []VisitorBody `json:"visitors,omitempty" doc:"who enters with it, masked"`
}

type orderLine struct {
	Line       int         `json:"line"`
	Session    string      `json:"session_id"`
	TicketType string      `json:"ticket_type_id"`
	Name       string      `json:"name"`
	NameEn     string      `json:"name_en"`
	Zone       string      `json:"zone"`
	Amount     money.Minor `json:"amount_minor"`
	Units      []unitBody  `json:"units"`
}

type orderBody struct {
	ID        string         `json:"id"`
	Number    string         `json:"number" doc:"the order as people read it aloud"`
	State     order.View     `json:"state" enum:"requested,pending,closing,paid,partly_refunded,refunded,expired,cancelled"`
	Session   string         `json:"session_id"`
	Channel   order.Channel  `json:"channel"`
	Currency  money.Currency `json:"currency"`
	Total     money.Minor    `json:"total_minor"`
	Captured  money.Minor    `json:"captured_minor"`
	Refunded  money.Minor    `json:"refunded_minor"`
	PlacedAt  time.Time      `json:"placed_at"`
	ExpiresAt *time.Time     `json:"expires_at,omitempty" doc:"until when an unpaid order waits"`
	EndedAt   *time.Time     `json:"ended_at,omitempty" doc:"when it was paid, expired or cancelled"`
	EndedBy   order.EndedBy  `json:"ended_by,omitempty"`
	Revision  int64          `json:"revision"`
	Lines     []orderLine    `json:"lines"`
	Alone     []int32        `json:"leaves_alone,omitempty" doc:"places left single by this order"`
	HintsBody
	OffersBody
	VisitorsBody
	MovesBody
	SeveralBody
	Agreed *agreedBody `json:"agreed,omitempty"`
}

// agreedBody is what the buyer agreed to, as it stood then.
type agreedBody struct {
	Event     string                   `json:"event"`
	EventEn   string                   `json:"event_en"`
	Venue     string                   `json:"venue_id"`
	VenueName string                   `json:"venue"`
	VenueEn   string                   `json:"venue_en"`
	Hall      string                   `json:"hall"`
	HallEn    string                   `json:"hall_en"`
	TimeZone  string                   `json:"time_zone"`
	Starts    time.Time                `json:"starts_at"`
	Ends      time.Time                `json:"ends_at"`
	Policy    catalog.RefundPolicyInfo `json:"refund_policy"`
}

// wire turns orders into what the API says.
type wire struct{ keys httpx.Keys }

func (wr wire) order(o *order.Order) orderBody {
	b := orderBody{ID: wr.keys.Public(kindOrder, o.ID), Number: o.Number(),
		State: order.ViewOf(o), Session: wr.keys.Public(kindSession, o.Session),
		Channel: o.Channel, Currency: o.Currency, Total: o.Total, Captured: o.Captured,
		Refunded: o.Refunded, PlacedAt: o.PlacedAt(), ExpiresAt: timeOrNil(o.ExpiresAt),
		EndedAt: timeOrNil(o.EndedAt), EndedBy: o.EndedBy, Revision: o.Revision,
		Lines: make([]orderLine, len(o.Lines)), Alone: o.Alone,
		HintsBody: hintsOf(o.Hints), OffersBody: wr.offers(o), SeveralBody: wr.several(o)}
	if o.State != order.Pending && o.State != order.Requested {
		b.ExpiresAt = nil
	}
	for i, l := range o.Lines {
		b.Lines[i] = wr.line(l, b.Session, o.Session)
	}
	showVisitors(&b, o)
	return b
}

func (wr wire) line(l order.Line, session string, sessionID int64) orderLine {
	if l.Session != sessionID {
		session = wr.keys.Public(kindSession, l.Session)
	}
	out := orderLine{Line: l.Number, Session: session,
		TicketType: wr.keys.Public(kindTicketType, l.TicketType), Name: l.Name, NameEn: l.NameEn,
		Zone: l.Zone, Amount: l.Amount, Units: make([]unitBody, len(l.Units))}
	for i, u := range l.Units {
		out.Units[i] = unitBody{i + 1, u.Label, u.Price, u.Discount, u.Amount, u.Places, u.Area,
			u.People, u.Returned, u.Tier, u.TierEn, nil}
	}
	return out
}

func (wr wire) agreed(a *order.Agreed) *agreedBody {
	return &agreedBody{Event: a.Event, EventEn: a.EventEn,
		Venue: wr.keys.Public(kindVenue, a.Venue), VenueName: a.VenueName, VenueEn: a.VenueEn,
		Hall: a.Hall, HallEn: a.HallEn, TimeZone: a.TimeZone, Starts: a.Starts, Ends: a.Ends,
		Policy: a.Policy}
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// ask turns a body into a wish. It refuses with fault.Missing for a foreign session id and
// with order.ErrTicketType for a foreign ticket type.
func (wr wire) ask(b placeBody) (order.PlaceAsk, error) {
	ask, err := wr.lines(b.LinesBody)
	if err != nil {
		return ask, err
	}
	ask.Channel = order.Channel(b.Channel)
	if ask.Channel == "" {
		ask.Channel = order.ChannelH5
	}
	if b.Session == "" && len(b.Lines) > 0 && b.Lines[0].Session != "" {
		return ask, wr.everyLine(&ask, b.Lines)
	}
	ask.Session, err = wr.keys.Parse(kindSession, b.Session)
	return ask, err
}

func (wr wire) lines(b LinesBody) (order.PlaceAsk, error) {
	ask := order.PlaceAsk{ExpectTotal: -1, Codes: b.Codes,
		Lines: make([]order.LineAsk, len(b.Lines))}
	if b.ExpectTotal != nil {
		if *b.ExpectTotal < 0 {
			return ask, fault.BadInput.At("expect_total_minor", "must not be negative")
		}
		ask.ExpectTotal = money.Minor(*b.ExpectTotal)
	}
	for i, l := range b.Lines {
		id, err := wr.keys.Parse(kindTicketType, l.TicketType)
		if err != nil {
			return ask, order.ErrTicketType.At(path("lines", i, "ticket_type_id"), "unknown")
		}
		ask.Lines[i] = order.LineAsk{TicketType: id, Places: l.Places, Area: l.Area,
			Quantity: l.Quantity}
		if l.Session != "" {
			if ask.Lines[i].Session, err = wr.keys.Parse(kindSession, l.Session); err != nil {
				return ask, fault.Missing.At(path("lines", i, "session_id"), "unknown")
			}
		}
		if l.Pay != nil {
			pay := money.Minor(*l.Pay)
			ask.Lines[i].Pay = &pay
		}
		if ask.Lines[i].Visitors, err = wr.persons(l.Visitors, i); err != nil {
			return ask, err
		}
	}
	if b.Buyer != nil {
		buyer, err := wr.person(*b.Buyer, "buyer")
		if err != nil {
			return ask, err
		}
		ask.Buyer = &buyer
	}
	if b.Best != nil {
		if err := b.Best.check(); err != nil {
			return ask, err
		}
		ask.Best = &seating.Best{Zones: b.Best.Zones, MaxPrice: money.Minor(b.Best.MaxPrice),
			Wheelchair: b.Best.Wheelchair, Companion: b.Best.Companion, Couple: b.Best.Couple,
			Section: b.Best.Section, Floor: b.Best.Floor}
	}
	return ask, nil
}

type refundBody struct {
	Units  []ticket.UnitRef `json:"units,omitempty" doc:"what goes back; none: all that is left"`
	Expect *int64           `json:"expect_refund_minor,omitempty" doc:"refuse at any other sum"`
	Reason string           `json:"reason,omitempty" maxLength:"200"`
}

type quotedUnit struct {
	Line   int         `json:"line"`
	Unit   int         `json:"unit"`
	Label  string      `json:"label"`
	Amount money.Minor `json:"amount_minor"`
	Refund money.Minor `json:"refund_minor"`
	Fee    money.Minor `json:"fee_minor"`
}

type quoteBody struct {
	Order    string                    `json:"order_id"`
	Currency money.Currency            `json:"currency"`
	Refund   money.Minor               `json:"refund_minor" doc:"what comes back now"`
	Fee      money.Minor               `json:"fee_minor" doc:"what the house keeps now"`
	Until    *time.Time                `json:"holds_until,omitempty" doc:"until when these sums hold; none: for good"`
	Next     *catalog.Rung             `json:"then,omitempty" doc:"what holds after; none: no refund"`
	Units    []quotedUnit              `json:"units"`
	Policy   *catalog.RefundPolicyInfo `json:"refund_policy,omitempty" doc:"left out of a refund"`
}

type returnedBody struct {
	Order   orderBody `json:"order"`
	Quote   quoteBody `json:"quote"`
	Refunds []string  `json:"refund_ids" doc:"follow each at /api/v1/refunds/{id}"`
	// Waiting: nothing was given back yet; a gate is asked first.
	Waiting *gateWaitBody `json:"waiting,omitempty" doc:"it waits for a gate; the status is 202"`
}

func (wr wire) quote(q order.Quote) quoteBody {
	b := quoteBody{Order: wr.keys.Public(kindOrder, q.Order), Currency: q.Currency,
		Refund: q.Refund, Fee: q.Fee, Until: timeOrNil(q.Until), Next: q.Next, Policy: &q.Policy,
		Units: make([]quotedUnit, len(q.Units))}
	for i, u := range q.Units {
		b.Units[i] = quotedUnit{u.Line, u.UnitRef.Unit, u.Label, u.Amount, u.Refund, u.Fee}
	}
	return b
}

// path is where a field stands in the body, e.g. lines[0].places.
func path(list string, i int, name string) string {
	return list + "[" + strconv.Itoa(i) + "]." + name
}
