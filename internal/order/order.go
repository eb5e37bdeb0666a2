// Package order is the agreement with a buyer: placing, settling, expiring, cancelling and
// giving back. The order is the hold: its unpaid life is the time that its places wait.
package order

import (
	"time"

	"foyer/internal/idgen"
	"foyer/internal/money"
	"foyer/internal/offer"
	"foyer/internal/seating"
	"foyer/internal/visitor"
)

// State is what is stored of an order's life. Whatever follows payment (partly refunded,
// refunded, used) is derived by View and never stored.
type State string

const (
	// Pending: the buyer's turn, until ExpiresAt. In by placing; out by payment, expiry or
	// cancellation.
	Pending State = "pending"
	// Closing: the provider's turn. The time is over or the buyer cancelled, but a payment
	// is still open, so the places are kept until the provider has answered. In from
	// Pending; out to Paid, Expired or Cancelled.
	Closing State = "closing"
	// Paid: nobody's turn; tickets are issued. In when captured = total.
	Paid State = "paid"
	// Expired: over without money; places are free. Out to Paid only by re-claiming the
	// very places for money that came late.
	Expired State = "expired"
	// Cancelled: over by the buyer or the house before payment. Final.
	Cancelled State = "cancelled"
)

// EndedBy says who ended an order, and while Closing, what it will become.
type EndedBy string

const (
	EndedByTime  EndedBy = "time"
	EndedByBuyer EndedBy = "buyer"
	EndedByHouse EndedBy = "house"
)

// Final is the state that an order closes into.
func (e EndedBy) Final() State {
	if e == EndedByTime {
		return Expired
	}
	return Cancelled
}

// Channel is where it was sold.
type Channel string

const (
	ChannelH5      Channel = "h5"
	ChannelMini    Channel = "mini_program"
	ChannelCounter Channel = "counter"
	ChannelKiosk   Channel = "kiosk"
	ChannelAgency  Channel = "agency"
	ChannelHouse   Channel = "house"   // what the house gives away or sells itself
	ChannelLoyalty Channel = "loyalty" // sold by the house to its regulars
)

// Channels are all channels.
var Channels = [...]Channel{ChannelH5, ChannelMini, ChannelCounter, ChannelKiosk, ChannelAgency,
	ChannelHouse, ChannelLoyalty}

// Order is the agreement: lines, prices and policies as they were when it was made.
type Order struct {
	ID             int64
	Organization   int64
	Member         int64
	Session        int64
	Channel        Channel
	State          State
	Currency       money.Currency
	Total          money.Minor
	Captured       money.Minor
	Refunded       money.Minor // asked back by units, fees not included
	PaymentsOpened int
	OpenPayments   int
	ExpiresAt      time.Time
	HoldSeconds    int
	EndedAt        time.Time
	EndedBy        EndedBy
	Snapshot       int64
	Sessions       int   // over how many it was placed; see several
	Change         int64 // the one change under way; 0 without
	Revision       int64
	Lines          []Line
	// Alone are places that this order leaves single between others, where the session only
	// warns of it. It is known when the order is placed or priced, and not stored.
	Alone []int32
	// payHours is how long the buyer of a requested order has once the house agrees. It is
	// known when the order is placed, and stored with the house's word.
	payHours int
	// Terms are what rules and codes made of it; nil without any.
	Terms *Terms
	// Hints are told with a price, and with places that were chosen for the buyer; like
	// Alone they are not stored.
	Hints *seating.Hints
	// Buyers is what a price tells of who may buy, and Visitors who enters, masked; neither
	// is stored here.
	Buyers   *BuyersTold
	Visitors *visitor.Plan
}

// PlacedAt is when the order was made; its key says so.
func (o *Order) PlacedAt() time.Time { return idgen.TimeOf(o.ID) }

// Number is the order as people read it aloud.
func (o *Order) Number() string { return idgen.Number(o.ID) }

// Line is one priced unit type: n units of a ticket type in a zone.
type Line struct {
	Number     int
	Session    int64
	TicketType int64
	Name       string // of the ticket type when it was sold
	NameEn     string
	Zone       string
	Amount     money.Minor
	Units      []Unit
	// Snapshot is what was agreed to for a line that came by a change; 0: the order's.
	Snapshot int64
	Changes  int // how often its units were changed before
	// Ruled says that the session asked who buys: the order may have names and counters of
	// its own (package visitor).
	Ruled bool
}

// Unit is what is sold, changed and refunded as one: a seat, a couple pair, a table, or
// one place of an area. Its split is exact: Amount = Price − Discount.
type Unit struct {
	Price    money.Minor
	Discount money.Minor
	Amount   money.Minor
	Places   []int32
	Area     int32
	Taken    int // area units that it takes; 0 is one
	People   int // how many may enter with it
	Label    string
	Returned bool // derived: the unit is gone, refunded or changed for another
	Changed  bool // derived: it was changed for another
	// Parts are what rules took off, and Uses what the unit uses up besides.
	Parts        []offer.Part
	Uses         []Use
	Tier, TierEn string // in which it was sold
}

// Count is how many places or area units the unit takes: a table sold as a whole is one.
// An add-on takes none.
func (u Unit) Count() int {
	if u.Area == 0 && len(u.Places) == 0 {
		return u.Taken
	}
	return max(len(u.Places), u.Taken, 1)
}

// Places is how many places and area units the order takes.
func (o *Order) Places() int {
	n := 0
	for _, l := range o.Lines {
		for _, u := range l.Units {
			n += u.Count()
		}
	}
	return n
}

// Unit is the unit with these numbers, both from 1; nil without one.
func (o *Order) Unit(line, unit int) *Unit {
	for i := range o.Lines {
		if o.Lines[i].Number == line && unit >= 1 && unit <= len(o.Lines[i].Units) {
			return &o.Lines[i].Units[unit-1]
		}
	}
	return nil
}

// View is an order's state as people see it.
type View string

const (
	ViewPending        View = "pending"
	ViewClosing        View = "closing"
	ViewPaid           View = "paid"
	ViewPartlyRefunded View = "partly_refunded"
	ViewRefunded       View = "refunded"
	ViewExpired        View = "expired"
	ViewCancelled      View = "cancelled"
)

// ViewOf derives what people see from what is stored.
func ViewOf(o *Order) View {
	if o.State != Paid {
		return View(o.State)
	}
	units, back := 0, 0
	for _, l := range o.Lines {
		for _, u := range l.Units {
			if u.Changed {
				continue
			}
			units++
			if u.Returned {
				back++
			}
		}
	}
	switch {
	case back == 0:
		return ViewPaid
	case back < units:
		return ViewPartlyRefunded
	}
	return ViewRefunded
}
