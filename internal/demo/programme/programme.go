// Package programme is the content of the demo installation as plain data: two fictional
// organizations, their venues, what they show, what it costs and nine days of sessions.
// Every title, person, company, licence, permit and phone number in it is invented.
// It knows nothing of how the product stores things; whoever seeds a demo maps it.
package programme

import (
	"time"

	"foyer/internal/demo/art"
	"foyer/internal/money"
)

// Text is what a person reads: Chinese first, English beside it.
type Text struct{ ZH, EN string }

// Programme is everything. Keys are stable within an organization's kind of thing and tie
// the parts together; a session's key is unique over the whole programme.
type Programme struct {
	Day           time.Time // midnight of the day it was built around, in its location
	Organizations []Organization
}

// Organization is a tenant with all that it sells.
type Organization struct {
	Key         string
	Name        Text
	About       Text
	Currency    money.Currency
	Logo        art.Mark
	Venues      []Venue
	Events      []Event
	TicketTypes []TicketType
	PriceLists  []PriceList
	Policies    []RefundPolicy
	Sessions    []Session
}

// VenueKind is one of the six kinds of venue.
type VenueKind string

// The kinds of venue.
const (
	Cinema     VenueKind = "cinema"
	Theatre    VenueKind = "theatre"
	Museum     VenueKind = "museum"
	Exhibition VenueKind = "exhibition"
	ScenicSpot VenueKind = "scenic_spot"
	Park       VenueKind = "park"
)

// Venue is a place people go to.
type Venue struct {
	Key             string
	Kind            VenueKind
	Name            Text
	About           Text
	City            Text
	Address         Text
	Latitude        float64 // degrees, WGS 84
	Longitude       float64
	Phone           string // begins with 0000 behind the area code, which nobody can own
	TimeZone        string
	DayStartsMinute int // minutes after midnight at which a business day begins
	Hours           []Hours
	Services        []Text
	Licences        []Licence
	Picture         Picture
	Halls           []Hall
}

// Hours are the opening times of some weekdays, in minutes after midnight of the business
// day; a closing time over 1440 lies after midnight. Weekdays not named are closed.
type Hours struct {
	Weekdays    []time.Weekday
	OpenMinute  int
	CloseMinute int
}

// Licence is a permission of an authority. Demo numbers say 演示.
type Licence struct {
	Name      Text
	Number    string
	ExpiresOn string // YYYY-MM-DD
}

// Picture names a drawing of package art.
type Picture struct {
	Scene art.Scene
	Seed  uint64
}

// Hall is a room or an attraction with its own capacity. Its seats come from one of Cinema,
// Rows and GrandStage, or it has none; Areas stand beside them.
type Hall struct {
	Key        string
	Name       Text
	Cinema     *CinemaPlan
	Rows       []RowPlan // a small house of straight rows, from the stage backwards
	GrandStage bool      // the 1,200 seats on three floors; zones vip, a, b, c, d and box
	Areas      []Area
}

// CinemaPlan is the size of a cinema hall; its zones are standard, gold and couple.
type CinemaPlan struct {
	Rows, Columns int
	Couples       bool // the last row is couple pairs
	Recliner      bool // every ordinary seat is a recliner
}

// RowPlan is one straight row, its seats numbered from 1 at the left.
type RowPlan struct {
	Label string
	Seats int
	Zone  string
}

// Area is a place without numbered seats.
type Area struct {
	Key      string
	Name     Text
	Zone     string
	Capacity int
}

// EventKind is what sort of thing is shown.
type EventKind string

// The kinds of event.
const (
	Film       EventKind = "film"
	Play       EventKind = "play"
	Concert    EventKind = "concert"
	Show       EventKind = "exhibition"
	Attraction EventKind = "attraction"
	Tour       EventKind = "tour"
)

// Event is what is shown. Code is the film code, the permit number or the operator's own.
type Event struct {
	Key           string
	Kind          EventKind
	Code          string
	Title         Text
	OriginalTitle string
	Aliases       []string
	Genres        []Text
	Director      Text // of a film or play; empty where nobody directs
	Cast          []Text
	Country       Text
	Versions      []Version
	Minutes       int
	AgeNote       Text
	ReleaseOn     string // YYYY-MM-DD; for what is always there: when it opened
	EndsOn        string // empty: open end
	Distributor   Text
	Synopsis      Text
	Poster        Picture
	Stills        []Picture
}

// Version is how an event is shown: format (2D, 3D, IMAX 2D …; empty outside cinemas) and
// language.
type Version struct {
	Format   string
	Language Text
}

// TicketType says for whom a ticket is, and who may buy it.
type TicketType struct {
	Key  string // adult, child, senior, student
	Name Text
	Rule Text
}

// PriceList gives zone × ticket type → price. Of the rules that match, the first one counts.
type PriceList struct {
	Key    string
	Name   Text
	Free   bool // entry costs nothing but a ticket is still drawn
	Prices []Price
	Rules  []PriceRule
}

// Price is in fen. A zone of boxes is priced for the whole box.
type Price struct {
	Zone       string
	TicketType string
	Amount     money.Minor
}

// PriceRule changes prices by weekday of the business day, wall clock of the start and days
// before. Empty lists and a zero window match everything.
type PriceRule struct {
	Name        Text
	Weekdays    []time.Weekday
	FromMinute  int // minutes after midnight, inclusive
	UntilMinute int // exclusive; less than FromMinute: over midnight; both zero: all day
	DaysBefore  int // bought at least so many calendar days before the start
	TicketTypes []string
	Zones       []string
	BasisPoints int         // of the price; 10000 leaves it
	Add         money.Minor // added after that, may be negative
}

// RefundPolicy says until when a buyer may give tickets back, and what it costs. The first
// rung whose deadline has not passed counts; after the last one there is no refund.
type RefundPolicy struct {
	Key     string
	Name    Text
	Allowed bool
	Rungs   []Rung // earliest deadline first
	Terms   Text   // what the buyer reads
	Source  Text   // the law or notice it follows, or that it is the operator's own rule
}

// Rung is one step of a ladder.
type Rung struct {
	UntilMinutesBefore int // deadline, in minutes before the start
	FeeBasisPoints     int
	MinFee             money.Minor // per unit, when the fee is not zero
}

// OrphanRule says what happens when an order leaves one seat alone.
type OrphanRule string

// The orphan rules used here.
const (
	OrphanOff  OrphanRule = "off"
	OrphanWarn OrphanRule = "warn"
)

// Session is an event at a time in a hall.
type Session struct {
	Key          string
	Venue        string
	Hall         string
	Event        string
	Version      Version
	BusinessDay  int // yyyymmdd
	Start, End   time.Time
	SaleFrom     time.Time
	SaleUntil    time.Time
	PriceList    string
	Policy       string
	AreaCapacity map[string]int // overrides of the hall's areas, by area key
	HoldSeconds  int
	MaxPerOrder  int
	MaxPerMember int
	Orphans      OrphanRule
}
