package catalog

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"foyer/internal/catalog/almanac"
	"foyer/internal/money"
)

// PriceList says what a seat costs: zone × ticket type, changed by rules.
type PriceList struct {
	Meta
	PriceListInfo
}

// PriceListInfo is what people write about a price list.
type PriceListInfo struct {
	Name     string         `json:"name"`
	Currency money.Currency `json:"currency,omitempty"`
	Cells    []PriceCell    `json:"cells"`
	Rules    []PriceRule    `json:"rules,omitempty"`
	// RoundTo rounds each price that a rule changed, half away from zero: 100 is to whole yuan.
	RoundTo money.Minor `json:"round_to_minor,omitempty"`
}

// PriceCell is the base price of one zone and ticket type.
type PriceCell struct {
	Zone       string      `json:"zone"`
	TicketType int64       `json:"ticket_type"`
	Amount     money.Minor `json:"amount_minor"`
	// Original is shown struck through until OriginalUntil, which follows from when it was
	// last asked.
	Original      money.Minor `json:"original_minor,omitempty"`
	OriginalUntil time.Time   `json:"original_until,omitzero"`
}

// PriceRule changes prices of the sessions and moments that it matches. Rules are applied
// in the order of the list, each to the result of those before it; one with Stop that
// matched ends the list. An empty condition matches everything.
type PriceRule struct {
	Name     string `json:"name"`
	Weekdays []int  `json:"weekdays,omitempty"`
	// Dates are calendar days of the business day, e.g. holidays.
	Dates []string `json:"dates,omitempty"`
	// DayKinds are kinds of the business day: holiday, adjusted_workday, weekend, workday.
	DayKinds []almanac.Kind `json:"day_kinds,omitempty"`
	// From and Before bound the session's start as wall time of the business day; half past
	// midnight is 24:30.
	From   string `json:"from,omitempty"`
	Before string `json:"before,omitempty"`
	// DaysBeforeLeast and DaysBeforeMost bound the whole days between the day of buying and
	// the session's business day.
	DaysBeforeLeast *int     `json:"days_before_least,omitempty"`
	DaysBeforeMost  *int     `json:"days_before_most,omitempty"`
	Zones           []string `json:"zones,omitempty"`
	TicketTypes     []int64  `json:"ticket_types,omitempty"`
	// Change: set replaces the price, add adds (or takes off), percent keeps that many
	// hundredths of a percent: 8000 is 80 %.
	Change PriceChange `json:"change"`
	Value  int64       `json:"value"`
	Stop   bool        `json:"stop,omitempty"`
}

// PriceChange is how a rule changes a price.
type PriceChange string

// The three changes.
const (
	ChangeSet     PriceChange = "set"
	ChangeAdd     PriceChange = "add"
	ChangePercent PriceChange = "percent"
)

// MaxPrice bounds one price: a million yuan.
const MaxPrice money.Minor = 100_000_000

func (l *PriceList) check() error {
	tidyText(&l.Name)
	var c checker
	c.text("name", l.Name, 1, 120)
	c.number("round_to_minor", int64(l.RoundTo), 0, 100_000)
	if len(l.Cells) > 600 || len(l.Rules) > 40 {
		c.Add("cells", "has more than 600 cells or 40 rules / 条目过多")
		return c.Err()
	}
	seen := map[priceKey]bool{}
	for i, cell := range l.Cells {
		at := fmt.Sprintf("cells[%d]", i)
		c.text(at+".zone", cell.Zone, 1, 40)
		c.number(at+".amount_minor", int64(cell.Amount), 0, int64(MaxPrice))
		c.number(at+".original_minor", int64(cell.Original), 0, int64(MaxPrice))
		key := priceKey{cell.Zone, cell.TicketType}
		if seen[key] {
			c.Add(at, "zone and ticket type appear twice / 票区与票种重复")
		}
		seen[key] = true
	}
	for i := range l.Rules {
		l.Rules[i].check(&c, fmt.Sprintf("rules[%d]", i))
	}
	return c.Err()
}

func (r *PriceRule) check(c *checker, at string) {
	c.text(at+".name", r.Name, 1, 60)
	checkWeekdays(c, at+".weekdays", r.Weekdays)
	c.words(at+".dates", r.Dates, 100, 10)
	for i, k := range r.DayKinds {
		choice(c, fmt.Sprintf("%s.day_kinds[%d]", at, i), k, almanac.Kinds())
	}
	c.number(at+".day_kinds", int64(len(r.DayKinds)), 0, 4)
	for _, d := range r.Dates {
		c.date(at+".dates", d)
	}
	for _, f := range []struct{ name, v string }{{".from", r.From}, {".before", r.Before}} {
		if f.v != "" && minuteOf(f.v) < 0 {
			c.Add(at+f.name, "is not a time like 18:00 / 时间格式有误")
		}
	}
	if r.From != "" && r.Before != "" && minuteOf(r.From) >= minuteOf(r.Before) {
		c.Add(at+".before", "is not after from / 结束应晚于开始")
	}
	least, most := 0, 365
	if r.DaysBeforeLeast != nil {
		least = *r.DaysBeforeLeast
		c.number(at+".days_before_least", int64(least), 0, 365)
	}
	if r.DaysBeforeMost != nil {
		most = *r.DaysBeforeMost
		c.number(at+".days_before_most", int64(most), 0, 365)
	}
	if least > most {
		c.Add(at+".days_before_most", "is less than days_before_least / 上限小于下限")
	}
	c.words(at+".zones", r.Zones, 40, 40)
	choice(c, at+".change", r.Change, []PriceChange{ChangeSet, ChangeAdd, ChangePercent})
	low, high := int64(0), int64(MaxPrice)
	switch r.Change {
	case ChangeAdd:
		low = -high
	case ChangePercent:
		high = 100_000
	}
	c.number(at+".value", r.Value, low, high)
}

// moment is what the conditions of a rule look at.
type moment struct {
	day        string // business day of the session
	weekday    int
	kind       almanac.Kind
	minute     int // wall time of the start, after midnight of the business day
	daysBefore int
}

func (r *PriceRule) matches(m moment, k priceKey) bool {
	switch {
	case len(r.Weekdays) > 0 && !slices.Contains(r.Weekdays, m.weekday),
		len(r.Dates) > 0 && !slices.Contains(r.Dates, m.day),
		len(r.DayKinds) > 0 && !slices.Contains(r.DayKinds, m.kind),
		r.From != "" && m.minute < minuteOf(r.From),
		r.Before != "" && m.minute >= minuteOf(r.Before),
		r.DaysBeforeLeast != nil && m.daysBefore < *r.DaysBeforeLeast,
		r.DaysBeforeMost != nil && m.daysBefore > *r.DaysBeforeMost,
		len(r.Zones) > 0 && !slices.Contains(r.Zones, k.zone),
		len(r.TicketTypes) > 0 && !slices.Contains(r.TicketTypes, k.ticketType):
		return false
	}
	return true
}

// apply gives the price after all rules and the names of those that changed it. A price
// never falls below zero nor rises over MaxPrice.
func (l *PriceListInfo) apply(m moment, k priceKey, base money.Minor) (money.Minor, []string) {
	price := base
	var by []string
	for i := range l.Rules {
		r := &l.Rules[i]
		if !r.matches(m, k) {
			continue
		}
		price = r.change(price)
		by = append(by, r.Name)
		if r.Stop {
			break
		}
	}
	if len(by) > 0 && l.RoundTo > 1 {
		half := l.RoundTo / 2
		price = (price + half) / l.RoundTo * l.RoundTo
	}
	return min(price, MaxPrice), by
}

func (r *PriceRule) change(price money.Minor) money.Minor {
	switch r.Change {
	case ChangeSet:
		price = money.Minor(r.Value)
	case ChangeAdd:
		price += money.Minor(r.Value)
	case ChangePercent: // within int64: at most 10^8 × 10^5
		price = (price*money.Minor(r.Value) + 5_000) / 10_000
	}
	return min(max(price, 0), MaxPrice)
}

type priceKey struct {
	zone       string
	ticketType int64
}

// PriceTable is a price list resolved for one session: only the days before remain open,
// and they are spans of time. It is immutable, and made when first asked.
type PriceTable struct {
	Currency money.Currency
	resolve  func() []priceSpan
}

// priceSpan is the prices from a moment on, until the next span.
type priceSpan struct {
	from   time.Time
	prices map[priceKey]money.Minor
	lowest money.Minor
	most   money.Minor
}

func newPriceTable(l *PriceList, v *Venue, s *Session, kind almanac.Kind) *PriceTable {
	return &PriceTable{l.Currency, sync.OnceValue(func() []priceSpan {
		return resolvePrices(l, v, s, kind)
	})}
}

// Price is what one unit of a ticket type costs in a zone when bought now; false when it
// is not sold there.
func (p *PriceTable) Price(zone string, ticketType int64, now time.Time) (money.Minor, bool) {
	price, ok := p.span(now).prices[priceKey{zone, ticketType}]
	return price, ok
}

// Range is the lowest and the highest price when bought now; false without any price.
func (p *PriceTable) Range(now time.Time) (lowest, most money.Minor, ok bool) {
	s := p.span(now)
	return s.lowest, s.most, len(s.prices) > 0
}

// Each calls fn for every zone and ticket type that has a price, in no order.
func (p *PriceTable) Each(now time.Time, fn func(zone string, ticketType int64,
	price money.Minor)) {
	for k, v := range p.span(now).prices {
		fn(k.zone, k.ticketType, v)
	}
}

// nextChange is when prices change after now; the zero time when never.
func (p *PriceTable) nextChange(now time.Time) time.Time {
	for _, s := range p.resolve() {
		if s.from.After(now) {
			return s.from
		}
	}
	return time.Time{}
}

func (p *PriceTable) span(now time.Time) *priceSpan {
	spans := p.resolve()
	i := len(spans) - 1
	for i > 0 && spans[i].from.After(now) {
		i--
	}
	return &spans[i]
}

// resolvePrices makes one span for each stretch of days-before between two bounds of the
// rules, from the earliest to the day itself.
func resolvePrices(l *PriceList, v *Venue, s *Session, kind almanac.Kind) []priceSpan {
	day := dayDate(s.BusinessDay)
	bounds := []int{0} // days before at which a new span may begin, counting down to it
	for _, r := range l.Rules {
		if r.DaysBeforeLeast != nil && *r.DaysBeforeLeast > 0 {
			bounds = append(bounds, *r.DaysBeforeLeast-1)
		}
		if r.DaysBeforeMost != nil {
			bounds = append(bounds, *r.DaysBeforeMost)
		}
	}
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	slices.Reverse(bounds)
	m := momentOf(v, s)
	m.kind = kind
	spans := []priceSpan{l.spanOf(m, 1<<20, time.Time{})}
	for _, b := range bounds {
		spans = append(spans, l.spanOf(m, b, v.dayStartsAt(day.AddDate(0, 0, -b))))
	}
	return spans
}

func (l *PriceListInfo) spanOf(m moment, daysBefore int, from time.Time) priceSpan {
	m.daysBefore = daysBefore
	span := priceSpan{from: from, prices: make(map[priceKey]money.Minor, len(l.Cells))}
	for i, c := range l.Cells {
		k := priceKey{c.Zone, c.TicketType}
		price, _ := l.apply(m, k, c.Amount)
		span.prices[k] = price
		if i == 0 || price < span.lowest {
			span.lowest = price
		}
		span.most = max(span.most, price)
	}
	return span
}

// momentOf is what rules see of a session, but the days before and the kind of day.
func momentOf(v *Venue, s *Session) moment {
	day := dayDate(s.BusinessDay)
	local := s.StartsAt.In(v.Location())
	minute := local.Hour()*60 + local.Minute()
	if dayNumber(local) != s.BusinessDay {
		minute += 24 * 60
	}
	return moment{day: day.Format(time.DateOnly), weekday: isoWeekday(day), minute: minute}
}

func isoWeekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }
