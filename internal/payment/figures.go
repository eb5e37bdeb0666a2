package payment

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"foyer/internal/actor"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Figure is one day of one channel: orders whose payment was opened, and how they ended.
// Success is Paid ÷ Opened, in basis points; orders still open are in neither.
type Figure struct {
	Day     string // YYYY-MM-DD
	Channel string
	Opened  int64
	Paid    int64
	Left    int64
	Refused int64
	Silent  int64
	Ours    int64
	Open    int64
}

// Success is Paid ÷ Opened in basis points; 10,000 when nothing was opened.
func (f Figure) Success() int64 {
	if f.Opened == 0 {
		return 10_000
	}
	return f.Paid * 10_000 / f.Opened
}

func (f *Figure) add(r TallyRow) {
	if r.Result == Pending {
		f.Open += r.Orders
		return
	}
	f.Opened += r.Orders
	switch r.Result {
	case Paid, Returned:
		f.Paid += r.Orders
	case Left:
		f.Left += r.Orders
	case Refused:
		f.Refused += r.Orders
	case Silent:
		f.Silent += r.Orders
	default:
		f.Ours += r.Orders
	}
}

const (
	maxDays  = 92
	keptDays = 4096 // finished days of organizations kept in memory
	dayForm  = "2006-01-02"
)

type dayKey struct {
	organization int64
	day          string
}

// Figures are the days from..to (YYYY-MM-DD, both included) of an organization, per channel.
// A day's row counts the orders whose payment was opened on it. Refused with ErrRange.
func (p *Payments) Figures(ctx context.Context, organization int64, from, to string) (
	[]Figure, error,
) {
	first, err1 := time.ParseInLocation(dayForm, from, p.cfg.TimeZone)
	last, err2 := time.ParseInLocation(dayForm, to, p.cfg.TimeZone)
	if err1 != nil || err2 != nil || last.Before(first) || last.Sub(first) >= maxDays*24*time.Hour {
		return nil, ErrRange.At("from", "must be a day not after to").
			At("to", "must be a day within 92 days of from")
	}
	var out []Figure
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		rows, err := p.day(ctx, organization, day)
		if err != nil {
			return nil, err
		}
		out = append(out, byChannel(day.Format(dayForm), rows)...)
	}
	return out, nil
}

func byChannel(day string, rows []TallyRow) []Figure {
	var out []Figure
	for _, r := range rows {
		i := slices.IndexFunc(out, func(f Figure) bool { return f.Channel == r.Channel })
		if i < 0 {
			i, out = len(out), append(out, Figure{Day: day, Channel: r.Channel})
		}
		out[i].add(r)
	}
	return out
}

// day counts one day; a day whose orders have all ended is counted once and remembered.
func (p *Payments) day(ctx context.Context, organization int64, day time.Time) ([]TallyRow, error) {
	key := dayKey{organization, day.Format(dayForm)}
	p.mu.Lock()
	rows, ok := p.days[key]
	p.mu.Unlock()
	if ok {
		return rows, nil
	}
	end := day.AddDate(0, 0, 1)
	rows, err := p.Store.Tally(ctx, organization, idgen.FloorAt(day), idgen.FloorAt(end))
	if err != nil {
		return nil, err
	}
	open := slices.ContainsFunc(rows, func(r TallyRow) bool { return r.Result == Pending })
	if !open && p.Clock.Now().Sub(end) > 48*time.Hour {
		p.mu.Lock()
		if len(p.days) >= keptDays {
			clear(p.days)
		}
		p.days[key] = rows
		p.mu.Unlock()
	}
	return rows, nil
}

// hourly counts how attempts ended in each minute of the last hour, so that the alarm asks
// the book only when something may be wrong.
type hourly struct {
	mu      sync.Mutex
	minutes [60]struct {
		minute    int64
		all, good int64
	}
	checked, raised int64 // minutes
}

func (h *hourly) count(r Result, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	minute := now.Unix() / 60
	m := &h.minutes[minute%60]
	if m.minute != minute {
		m.minute, m.all, m.good = minute, 0, 0
	}
	m.all++
	if r == Paid || r == Returned {
		m.good++
	}
}

// sum is the last hour; due is true once a minute.
func (h *hourly) sum(now time.Time) (all, good int64, due bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	minute := now.Unix() / 60
	for _, m := range h.minutes {
		if minute-m.minute < 60 {
			all, good = all+m.all, good+m.good
		}
	}
	due = h.checked != minute
	h.checked = minute
	return all, good, due
}

// raise is true at most once an hour.
func (h *hourly) raise(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	minute := now.Unix() / 60
	if minute-h.raised < 60 {
		return false
	}
	h.raised = minute
	return true
}

// Hour is how the attempts of the last hour ended in this process, for the metrics page.
func (p *Payments) Hour() (ended, paid int64) {
	all, good, _ := p.hour.sum(p.Clock.Now())
	return all, good
}

const (
	alarmBelow = 9800 // basis points
	alarmFrom  = 20   // ended orders: fewer say nothing
)

// alarm writes a fact when fewer than 98 % of the orders whose payment was opened in the
// last hour, and has ended, were paid.
func (p *Payments) alarm(ctx context.Context) {
	now := p.Clock.Now()
	all, good, due := p.hour.sum(now)
	if !due || all < alarmFrom || good*10_000 >= all*alarmBelow {
		return
	}
	rows, err := p.Store.Tally(ctx, 0, idgen.FloorAt(now.Add(-time.Hour)), idgen.FloorAt(now))
	if err != nil {
		p.Log.Warn("the success rate cannot be counted", "error", err)
		return
	}
	var f Figure
	for _, r := range rows {
		f.add(r)
	}
	if f.Opened < alarmFrom || f.Success() >= alarmBelow || !p.hour.raise(now) {
		return
	}
	p.Log.Error("payment success is under 98 % in the last hour", "opened", f.Opened,
		"paid", f.Paid, "buyer_left", f.Left, "provider_refused", f.Refused,
		"provider_silent", f.Silent, "ours", f.Ours)
	data, err := json.Marshal(map[string]int64{"opened": f.Opened, "paid": f.Paid,
		"buyer_left": f.Left, "provider_refused": f.Refused, "provider_silent": f.Silent,
		"ours": f.Ours, "success_bp": f.Success()})
	if err == nil {
		err = p.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			p.Journal.Append(tx, journal.Entry{Actor: actor.SystemActor,
				Action: "payment.success_low", Data: data})
			return nil
		})
	}
	if err != nil {
		p.Log.Warn("the alarm could not be written", "error", err)
	}
}
