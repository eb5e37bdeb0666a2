package catalog

import (
	"time"

	"foyer/internal/catalog/almanac"
	"foyer/internal/money"
)

// PriceAt is what a seat costs when: one line of a price list's preview.
type PriceAt struct {
	StartsAt    time.Time
	BusinessDay int
	BoughtAt    time.Time
	Zone        string
	TicketType  int64
	Base        money.Minor
	Amount      money.Minor
	Rules       []string // names of the rules that applied, in order
}

// maxPreview bounds the lines of one preview.
const maxPreview = 5000

// Preview says what each zone and ticket type costs for sessions that start at the given
// times when bought at a moment. The list need not be stored. kindOf says what a day is.
func (l *PriceListInfo) Preview(v *Venue, starts []time.Time, bought time.Time,
	kindOf func(day int) almanac.Kind) []PriceAt {
	var out []PriceAt
	for _, start := range starts {
		s := &Session{BusinessDay: v.BusinessDay(start), SessionInfo: SessionInfo{StartsAt: start}}
		m := momentOf(v, s)
		m.kind = kindOf(s.BusinessDay)
		days := dayDate(s.BusinessDay).Sub(dayDate(v.BusinessDay(bought))) / (24 * time.Hour)
		m.daysBefore = max(int(days), 0)
		for _, c := range l.Cells {
			if len(out) == maxPreview {
				return out
			}
			price, by := l.apply(m, priceKey{c.Zone, c.TicketType}, c.Amount)
			out = append(out, PriceAt{start, s.BusinessDay, bought, c.Zone, c.TicketType,
				c.Amount, price, by})
		}
	}
	return out
}

// PreviewPrices previews a stored or edited list at a venue of the organization.
func (c *Catalog) PreviewPrices(l *PriceList, v *Venue, starts []time.Time,
	bought time.Time) ([]PriceAt, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	return l.Preview(v, starts, bought, func(day int) almanac.Kind {
		return c.DayOf(v.Organization, day).Kind
	}), nil
}
