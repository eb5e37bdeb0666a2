package programme

import (
	"fmt"
	"time"

	"foyer/internal/demo/art"
	"foyer/internal/money"
)

// The programme runs from the day before the given one to seven days after it.
const (
	FirstDay = -1
	LastDay  = 7
)

// Build makes the demo's content around a day: two organizations and their sessions from
// yesterday to seven days ahead. Only the calendar day of day in loc counts, so every call
// within one day gives the same.
func Build(day time.Time, loc *time.Location) Programme {
	b := newBuilder(day, loc)
	return Programme{Day: b.at(0, 0), Organizations: []Organization{b.galaxy(), b.seaside()}}
}

// builder knows the day that everything is relative to.
type builder struct {
	year  int
	month time.Month
	day   int
	loc   *time.Location
}

func newBuilder(day time.Time, loc *time.Location) *builder {
	y, m, d := day.In(loc).Date()
	return &builder{y, m, d, loc}
}

// at is a minute of the day that lies so many days from the middle one. Minutes over 1440
// run into the next day.
func (b *builder) at(offset, minute int) time.Time {
	return time.Date(b.year, b.month, b.day+offset, 0, minute, 0, 0, b.loc)
}

// date is YYYY-MM-DD of an offset.
func (b *builder) date(offset int) string { return b.at(offset, 0).Format(time.DateOnly) }

// number is yyyymmdd of an offset.
func (b *builder) number(offset int) int {
	y, m, d := b.at(offset, 0).Date()
	return y*10000 + int(m)*100 + d
}

func (b *builder) weekday(offset int) time.Weekday { return b.at(offset, 0).Weekday() }

// turn counts days since a fixed one, so that a hall's films rotate over midnight of the
// day the demo is built.
func (b *builder) turn(offset int) int {
	y, m, d := b.at(offset, 0).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func (b *builder) galaxy() Organization {
	o := Organization{
		Key:  "galaxy",
		Name: Text{"星河文化", "Galaxy Culture"},
		About: Text{
			"星河文化在杭州经营影城、剧院、博物馆、乐园、展览馆与茶山景区，一张会员码走遍六处。",
			"Galaxy Culture runs a cinema, a theatre, a museum, a park, an exhibition hall and " +
				"a tea mountain in Hangzhou: one member code for all six.",
		},
		Currency:    money.CNY,
		Logo:        art.StarRiver,
		TicketTypes: ticketTypes(),
		PriceLists:  galaxyPrices(),
		Policies:    policies(),
		Venues: []Venue{
			b.cinema(), b.grandTheatre(), b.museum(), b.park(), b.exhibitionHall(), b.teaMountain(),
		},
	}
	o.Events = append(o.Events, b.films()...)
	o.Events = append(o.Events, b.plays()...)
	o.Events = append(o.Events, b.exhibitions()...)
	o.Events = append(o.Events, b.outdoors()...)
	for offset := FirstDay; offset <= LastDay; offset++ {
		o.Sessions = append(o.Sessions, b.cinemaDay(offset, o.Events)...)
		o.Sessions = append(o.Sessions, b.theatreDay(offset)...)
		o.Sessions = append(o.Sessions, b.museumDay(offset)...)
		o.Sessions = append(o.Sessions, b.parkDay(offset)...)
		o.Sessions = append(o.Sessions, b.exhibitionDay(offset)...)
		o.Sessions = append(o.Sessions, b.teaDay(offset)...)
	}
	return o
}

// slot is what tells one session from its neighbours; session fills in the rest.
type slot struct {
	venue, hall, event string
	version            Version
	offset, from, to   int // day and minutes of it
	prices, policy     string
}

// session makes a session with the usual limits: on sale from two weeks before until its
// start, ten minutes to pay, six tickets an order, twelve a member.
func (b *builder) session(s slot) Session {
	start := b.at(s.offset, s.from)
	day := b.number(s.offset)
	return Session{
		Key: fmt.Sprintf("%s/%s/%s/%d/%04d", s.venue, s.hall, s.event, day,
			s.from/60*100+s.from%60),
		Venue: s.venue, Hall: s.hall, Event: s.event, Version: s.version,
		BusinessDay: day, Start: start, End: b.at(s.offset, s.to),
		SaleFrom: b.at(s.offset-14, 10*60), SaleUntil: start,
		PriceList: s.prices, Policy: s.policy,
		HoldSeconds: 600, MaxPerOrder: 6, MaxPerMember: 12, Orphans: OrphanOff,
	}
}

// everyDay, and the week without its Monday.
func everyDay() []time.Weekday {
	return []time.Weekday{
		time.Monday, time.Tuesday, time.Wednesday, time.Thursday,
		time.Friday, time.Saturday, time.Sunday,
	}
}

func notMonday() []time.Weekday { return everyDay()[1:] }

func weekend() []time.Weekday { return []time.Weekday{time.Saturday, time.Sunday} }

// Services that several venues offer.
func nursingRoom() Text { return Text{"母婴室", "Nursing room"} }
func wheelchair() Text  { return Text{"轮椅通道", "Step-free access"} }
func parking() Text     { return Text{"停车场", "Parking"} }
func guides() Text      { return Text{"人工导览", "Guided tours"} }
func mandarin() Text    { return Text{"国语", "Mandarin"} }

func hangzhou() Text { return Text{"杭州", "Hangzhou"} }
