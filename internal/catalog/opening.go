package catalog

import (
	"slices"
	"time"

	"foyer/internal/catalog/almanac"
)

// KindHours are the hours of all days of a kind: holidays, adjusted workdays.
type KindHours struct {
	Kind      almanac.Kind `json:"kind" enum:"workday,weekend,holiday,adjusted_workday"`
	Closed    bool         `json:"closed,omitempty"`
	Open      string       `json:"open,omitempty" maxLength:"5"`
	Close     string       `json:"close,omitempty" maxLength:"5"`
	LastEntry string       `json:"last_entry,omitempty" maxLength:"5"`
}

// Opening is one opening of a day, in minutes after midnight of the business day. LastEntry
// is when the last visitor is let in; it is Close where nothing else is said.
type Opening struct{ Open, Close, LastEntry int }

// DayPlan is when a venue is open on a day, and why it differs from the week.
type DayPlan struct {
	Openings []Opening
	Reason   string // of a special or closing day
	Day      almanac.Day
}

// Plan is when a venue is open on a business day (yyyymmdd) of some kind. A date that is
// named wins over a kind of day, and that over the weekday. No openings: closed.
func (h Hours) Plan(day int, is almanac.Day) DayPlan {
	p := DayPlan{Day: is, Reason: is.Name}
	iso := dayDate(day).Format(time.DateOnly)
	named := false
	for _, e := range h.Exceptions {
		if e.Date != iso {
			continue
		}
		named, p.Reason = true, e.Reason
		if e.Closed {
			p.Openings = nil
			return p
		}
		p.add(e.Open, e.Close, e.LastEntry)
	}
	for _, k := range h.Kinds {
		if !named && k.Kind == is.Kind {
			named = true
			if !k.Closed {
				p.add(k.Open, k.Close, k.LastEntry)
			}
		}
	}
	if !named {
		weekday := isoWeekday(dayDate(day))
		for _, w := range h.Weekly {
			if slices.Contains(w.Weekdays, weekday) {
				p.add(w.Open, w.Close, w.LastEntry)
			}
		}
	}
	slices.SortFunc(p.Openings, func(a, b Opening) int { return a.Open - b.Open })
	return p
}

func (p *DayPlan) add(open, end, last string) {
	o := Opening{minuteOf(open), minuteOf(end), minuteOf(last)}
	if o.LastEntry < 0 {
		o.LastEntry = o.Close
	}
	p.Openings = append(p.Openings, o)
}

// checkKinds is part of Hours.check.
func (h Hours) checkKinds(c *checker, at string) {
	if len(h.Kinds) > 4 {
		c.Add(at+".kinds", "has more than 4 entries / 最多 4 项")
		return
	}
	for i, k := range h.Kinds {
		field := at + ".kinds[" + string(rune('0'+i)) + "]"
		choice(c, field+".kind", k.Kind, almanac.Kinds())
		if !k.Closed {
			checkSpan(c, field, k.Open, k.Close)
		}
		if k.LastEntry != "" && minuteOf(k.LastEntry) < 0 {
			c.Add(field+".last_entry", "is not a time like 16:30 / 时间格式有误")
		}
	}
}

// SaleOpening says when sessions go on sale that do not say it themselves: so many days
// ahead, at a time of the venue's clock.
type SaleOpening struct {
	DaysAhead int    `json:"days_ahead" minimum:"0" maximum:"365"`
	At        string `json:"at" maxLength:"5" doc:"e.g. 17:00"`
}

func (o *SaleOpening) check(c *checker, at string) {
	if o == nil {
		return
	}
	c.number(at+".days_ahead", int64(o.DaysAhead), 0, 365)
	if m := minuteOf(o.At); m < 0 || m >= 24*60 {
		c.Add(at+".at", "is not a time like 17:00 / 时间格式有误")
	}
}

// From is when the sale of a session of a business day begins.
func (o SaleOpening) From(v *Venue, day int) time.Time {
	d, m := dayDate(day).AddDate(0, 0, -o.DaysAhead), minuteOf(o.At)
	return time.Date(d.Year(), d.Month(), d.Day(), m/60, m%60, 0, 0, v.Location()).UTC()
}

// OpenOn is when a venue is open on a business day, in order; empty is closed.
func (c *Catalog) OpenOn(v *Venue, day int) []Span {
	spans := []Span{}
	for _, o := range v.Hours.Plan(day, c.DayOf(v.Organization, day)).Openings {
		spans = append(spans, Span{o.Open, o.Close})
	}
	return spans
}
