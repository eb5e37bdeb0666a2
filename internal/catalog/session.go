package catalog

import (
	"fmt"
	"time"

	"foyer/internal/money"
)

// Session is an event at a time in a hall, on sale.
type Session struct {
	Meta
	VenueID int64
	HallID  int64
	EventID int64
	State   SessionState
	// BusinessDay (yyyymmdd) is derived from StartsAt by the venue's clock.
	BusinessDay      int
	SeatMapVersionID int64
	PriceListID      int64
	RefundPolicyID   int64
	// AreaCapacity overrides the capacity of areas of the seat map, by area number.
	AreaCapacity map[int32]int
	// Moved is the last move of the session to another time or hall; 0: it never moved.
	Moved int64
	SessionInfo
}

// SessionInfo is what people write about a session.
type SessionInfo struct {
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	// SaleFrom and SaleUntil bound the sale; the end is the start of the session if empty.
	SaleFrom  time.Time `json:"sale_from,omitzero" doc:"empty: at once"`
	SaleUntil time.Time `json:"sale_until,omitzero" doc:"empty: when the session starts"`
	// HoldSeconds is how long an unpaid order keeps its places.
	HoldSeconds int `json:"hold_seconds,omitempty" maximum:"7200" doc:"60 to 7200; empty: 600"`
	// MaxPerOrder and MaxPerMember count places; no limit per member when that is 0.
	MaxPerOrder  int `json:"max_per_order,omitempty" maximum:"500" doc:"empty: 6"`
	MaxPerMember int `json:"max_per_member,omitempty" maximum:"5000" doc:"0: no limit"`
	// OrphanRule says what happens to an order that leaves a single seat free.
	OrphanRule OrphanRule `json:"orphan_rule,omitempty" enum:"off,warn,refuse" doc:"empty: off"`
	Version    string     `json:"version,omitempty" maxLength:"30" doc:"e.g. IMAX 3D"`
	Language   string     `json:"language,omitempty" maxLength:"30" doc:"e.g. 英语(中文字幕)"`
	// Listing is the session's number in the trade's register (排次号).
	Listing string `json:"listing,omitempty" maxLength:"32" doc:"排次号"`
	Note    string `json:"note,omitempty" maxLength:"500"`
	NoteEn  string `json:"note_en,omitempty" maxLength:"500"`
	// RealName counts instead of the event's.
	RealName *RealName `json:"real_name,omitempty" doc:"empty: as the event has it"`
	// Agreement says that orders need the house's word before they can be paid.
	Agreement *Agreement `json:"agreement,omitempty" doc:"orders need the house's word first"`
	Limits    *Limits    `json:"limits,omitempty" doc:"what one buyer may take, and give back"`
	// Returns delays what buyers give back by a random while.
	Returns *Returns `json:"returns,omitempty" doc:"what is given back waits a random while"`
	// Entry counts instead of the rules of the ticket types, for tickets sold from now on;
	// passes and combined tickets keep theirs.
	Entry *EntryRule `json:"entry,omitempty" doc:"rules of entry; empty: as the ticket types have them"`
}

const (
	defaultHold        = 600
	defaultMaxPerOrder = 6
	longestSession     = 48 * time.Hour
)

// check fills the defaults and collects what breaks a rule.
func (s *Session) check() error {
	s.fill()
	var c checker
	c.required("starts_at", !s.StartsAt.IsZero())
	c.required("event_id", s.EventID != 0)
	c.required("hall_id", s.HallID != 0)
	c.required("price_list_id", s.PriceListID != 0)
	c.required("refund_policy_id", s.RefundPolicyID != 0)
	if !s.EndsAt.After(s.StartsAt) || s.EndsAt.Sub(s.StartsAt) > longestSession {
		c.Add("ends_at", "is not within 48 h after starts_at / 结束时间应在开始后 48 小时内")
	}
	if !s.SaleUntil.After(s.SaleFrom) {
		c.Add("sale_until", "is not after sale_from / 停售时间应晚于开售时间")
	}
	if s.SaleUntil.After(s.EndsAt) {
		c.Add("sale_until", "is after the end of the session / 停售时间晚于散场时间")
	}
	c.number("hold_seconds", int64(s.HoldSeconds), 60, 7200)
	c.number("max_per_order", int64(s.MaxPerOrder), 1, 500)
	c.number("max_per_member", int64(s.MaxPerMember), 0, 5000)
	choice(&c, "orphan_rule", s.OrphanRule, []OrphanRule{OrphanOff, OrphanWarn, OrphanRefuse})
	if len(s.AreaCapacity) > 200 {
		c.Add("area_capacity", "has more than 200 areas / 最多 200 个区域")
	} else {
		for area, n := range s.AreaCapacity {
			c.number(fmt.Sprintf("area_capacity.%d", area), int64(n), 0, 1_000_000)
		}
	}
	s.Agreement.check(&c)
	c.text("version", s.Version, 0, 30)
	c.text("language", s.Language, 0, 30)
	c.text("listing", s.Listing, 0, 32)
	c.text("note", s.Note, 0, 500)
	c.text("note_en", s.NoteEn, 0, 500)
	s.RealName.check(&c)
	s.Limits.check(&c)
	s.Returns.check(&c)
	if s.Entry != nil {
		s.Entry.check(&c, "entry")
	}
	return c.Err()
}

func (s *Session) fill() {
	tidyText(&s.Version, &s.Language, &s.Listing, &s.Note, &s.NoteEn)
	for _, t := range []*time.Time{&s.StartsAt, &s.EndsAt, &s.SaleFrom, &s.SaleUntil} {
		*t = t.UTC().Truncate(time.Millisecond)
	}
	if s.SaleUntil.IsZero() {
		s.SaleUntil = s.StartsAt
	}
	if s.HoldSeconds == 0 {
		s.HoldSeconds = defaultHold
	}
	if s.MaxPerOrder == 0 {
		s.MaxPerOrder = defaultMaxPerOrder
	}
	if s.OrphanRule == "" {
		s.OrphanRule = OrphanOff
	}
}

// SaleState is what a buyer may do with a session at a moment; it is derived, never stored.
type SaleState string

const (
	SaleNotYet    SaleState = "not_yet"   // sells from sale_from on
	SaleOpen      SaleState = "open"      // sells
	SalePaused    SaleState = "paused"    // the operator's turn
	SaleClosed    SaleState = "closed"    // after sale_until
	SaleEnded     SaleState = "ended"     // it has taken place
	SaleCancelled SaleState = "cancelled" // it never takes place
	SaleDraft     SaleState = "draft"     // not announced
)

// SaleAt derives the sale state.
func (s *Session) SaleAt(now time.Time) SaleState {
	switch {
	case s.State == SessionCancelled:
		return SaleCancelled
	case s.State == SessionDraft:
		return SaleDraft
	case !now.Before(s.EndsAt):
		return SaleEnded
	case s.State == SessionPaused:
		return SalePaused
	case now.Before(s.SaleFrom):
		return SaleNotYet
	case !now.Before(s.SaleUntil):
		return SaleClosed
	}
	return SaleOpen
}

// Hold is how long an unpaid order keeps its places.
func (s *Session) Hold() time.Duration { return time.Duration(s.HoldSeconds) * time.Second }

// Sellable is everything that selling a session needs, from memory. It is immutable: all
// pointers in it are shared and must not be written through.
type Sellable struct {
	Session
	Organization *Organization
	Venue        *Venue
	Hall         *Hall
	Event        *Event
	Prices       *PriceTable
	TicketTypes  []*TicketType // that have a price, in the order of the price list
	Policy       *RefundPolicy
	Currency     money.Currency
	// Offers are the discounts of the session by rank, and Releases its tiers by ticket
	// type; nil when there are none.
	Offers   []*Offer
	Releases map[int64]*Release
	Buyers   *BuyerRules // nil: anybody may buy without saying who

	facets []string // what it adds to its event's card
	// originals are the prices to strike through.
	originals map[priceKey]PriceCell
}

// TicketType is one of the session's ticket types; nil when it has no price.
func (s *Sellable) TicketType(id int64) *TicketType {
	for _, t := range s.TicketTypes {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// Public says whether everybody may see the session.
func (s *Sellable) Public() bool {
	return s.State != SessionDraft && s.Event.State == Published && s.Venue.State == Published
}
