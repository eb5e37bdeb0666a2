package catalog

import (
	"context"
	"sync"
	"time"

	"foyer/internal/fault"
)

// Left is how many places a session has, and how many of them are free for sale.
type Left struct{ Capacity, Free int }

// Remaining counts what is left of sessions; seating implements it.
type Remaining interface {
	Remaining(ctx context.Context, sessions []*Session) (map[int64]Left, error)
}

// CalendarDay is one day of a venue as a buyer sees it.
type CalendarDay struct {
	BusinessDay int
	DayPlan
	Sessions int // that may be bought now or later
	Capacity int
	Free     int
}

// months keeps the calendars that were asked for lately: many look at the same one.
type months struct {
	mu   sync.Mutex
	kept map[monthKey]*keptMonth
}

type monthKey struct {
	venue, event int64
	month        int
}

type keptMonth struct {
	once sync.Mutex
	at   time.Time
	days []CalendarDay
}

const (
	maxMonths = 512
	monthFor  = 5 * time.Second // how late what is left of a day may be
)

// Month is a venue's calendar of one month (yyyymm), of all that it shows or of one event
// (0: all): when it is open, why not, and what is left of each day. Refused with
// fault.Missing for a venue that is not public, and fault.BadInput for what is no month.
func (c *Catalog) Month(ctx context.Context, venue, event int64, month int) ([]CalendarDay, error) {
	v, _, err := c.PublicVenue(venue)
	if err != nil {
		return nil, err
	}
	first := time.Date(month/100, time.Month(month%100), 1, 0, 0, 0, 0, time.UTC)
	if month < 200001 || month > 210012 || dayNumber(first)/100 != month {
		return nil, fault.BadInput.At("month", "is no month like 2026-10 / 月份格式有误")
	}
	kept := c.months.at(monthKey{venue, event, month})
	kept.once.Lock()
	defer kept.once.Unlock()
	if now := c.cfg.Clock.Now(); kept.days == nil || now.Sub(kept.at) >= monthFor {
		days, err := c.month(ctx, v, event, first)
		if err != nil {
			return nil, err
		}
		kept.at, kept.days = now, days
	}
	return kept.days, nil
}

func (m *months) at(k monthKey) *keptMonth {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || len(m.kept) >= maxMonths {
		m.kept = map[monthKey]*keptMonth{}
	}
	if m.kept[k] == nil {
		m.kept[k] = &keptMonth{}
	}
	return m.kept[k]
}

func (c *Catalog) month(ctx context.Context, v *Venue, event int64, first time.Time) ([]CalendarDay,
	error,
) {
	byDay := map[int][]*Session{}
	var all []*Session
	now := c.cfg.Clock.Now()
	for _, s := range c.board.view.Load().byVenue.at(v.ID) {
		state := s.SaleAt(now)
		if event != 0 && s.EventID != event || s.BusinessDay/100 != dayNumber(first)/100 ||
			state == SaleCancelled || state == SaleEnded || state == SaleClosed {
			continue
		}
		byDay[s.BusinessDay] = append(byDay[s.BusinessDay], &s.Session)
		all = append(all, &s.Session)
	}
	left := map[int64]Left{}
	if r, ok := c.cfg.Stock.(Remaining); ok && len(all) > 0 {
		var err error
		if left, err = r.Remaining(ctx, all); err != nil {
			return nil, err
		}
	}
	var days []CalendarDay
	for d := first; d.Month() == first.Month(); d = d.AddDate(0, 0, 1) {
		day := CalendarDay{BusinessDay: dayNumber(d), Sessions: len(byDay[dayNumber(d)])}
		day.DayPlan = v.Hours.Plan(day.BusinessDay, c.DayOf(v.Organization, day.BusinessDay))
		for _, s := range byDay[day.BusinessDay] {
			day.Capacity += left[s.ID].Capacity
			day.Free += left[s.ID].Free
		}
		days = append(days, day)
	}
	return days, nil
}
