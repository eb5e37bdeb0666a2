package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog/almanac"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// SlotTemplate makes sessions of the days of a span: every so many minutes within the
// venue's opening hours, the last one early enough for the last entry.
type SlotTemplate struct {
	HallID, EventID             int64
	PriceListID, RefundPolicyID int64
	AreaCapacity                map[int32]int
	SlotRule
}

// SlotRule is what people write about slots.
type SlotRule struct {
	From  string `json:"from" maxLength:"10" doc:"first day"`
	Until string `json:"until" maxLength:"10" doc:"last day, at most 92 later"`
	// Every and Length are the distance between two starts and how long one slot is.
	EveryMinutes  int            `json:"every_minutes" minimum:"5" maximum:"1440"`
	LengthMinutes int            `json:"length_minutes" minimum:"5" maximum:"1440"`
	First         string         `json:"first,omitempty" maxLength:"5" doc:"not before; empty: opening"`
	Last          string         `json:"last,omitempty" maxLength:"5" doc:"last start; empty: last entry"`
	Weekdays      []int          `json:"weekdays,omitempty" maxItems:"7" doc:"empty: all"`
	DayKinds      []almanac.Kind `json:"day_kinds,omitempty" maxItems:"4" doc:"empty: all"`
	Exclude       []string       `json:"exclude,omitempty" maxItems:"92" doc:"days without slots"`
	HoldSeconds   int            `json:"hold_seconds,omitempty" maximum:"7200"`
	MaxPerOrder   int            `json:"max_per_order,omitempty" maximum:"500"`
	MaxPerMember  int            `json:"max_per_member,omitempty" maximum:"5000"`
	// SaleOpens goes before the event's and the venue's own rule.
	SaleOpens *SaleOpening `json:"sale_opens,omitempty"`
}

// Slot is one session that is made, or would be.
type Slot struct {
	BusinessDay      int
	StartsAt, EndsAt time.Time
	SaleFrom         time.Time
	// Conflict is why it is not made: a session of the event and hall that is there at the
	// time, or a hall that is busy.
	Conflict *fault.Error
	Session  *Session // what was made; nil in a dry run
}

// SkippedDay is a day without slots.
type SkippedDay struct {
	BusinessDay int
	Why         string // closed, excluded, weekday, day_kind, past
	Reason      string // the venue's own words
}

// SlotPlan is what a template makes.
type SlotPlan struct {
	Slots   []Slot
	Skipped []SkippedDay
}

// Limits of one command: what it makes is written in one transaction.
const (
	maxSlots    = 600
	maxSlotDays = 93
)

// Refusals of making slots.
var (
	ErrTooManySlots = fault.Define(fault.Invalid, "too_many_slots",
		"一次最多生成 600 个时段,请缩短日期范围", "One command makes at most 600 slots.",
		"Name fewer days or a longer distance between slots.")
	ErrNoSlots = fault.Define(fault.Invalid, "no_slots",
		"所选日期都不开放,没有可生成的时段", "No day of the span has room for a slot.",
		"Check opening hours, closing days and the length of a slot; `details.days` says why.")
	ErrSlotConflict = fault.Define(fault.Conflict, "slot_conflict",
		"部分时段与已有场次冲突", "Some slots meet sessions that are there already.",
		"Look at the dry run, or repeat with skip_conflicts to make the others.")
)

func (r *SlotRule) check() error {
	var c checker
	from, until := dayOf(r.From), dayOf(r.Until)
	c.required("from", from != 0)
	c.required("until", until != 0)
	if from != 0 && until != 0 {
		if d := dayDate(until).Sub(dayDate(from)); d < 0 || d >= maxSlotDays*24*time.Hour {
			c.Add("until", "is not within %d days after from / 不在 %d 天之内", maxSlotDays-1,
				maxSlotDays-1)
		}
	}
	c.number("every_minutes", int64(r.EveryMinutes), 5, 1440)
	c.number("length_minutes", int64(r.LengthMinutes), 5, 1440)
	for _, f := range []struct{ name, v string }{{"first", r.First}, {"last", r.Last}} {
		if f.v != "" && minuteOf(f.v) < 0 {
			c.Add(f.name, "is not a time like 09:00 / 时间格式有误")
		}
	}
	checkWeekdays(&c, "weekdays", r.Weekdays)
	for i, k := range r.DayKinds {
		choice(&c, fmt.Sprintf("day_kinds[%d]", i), k, almanac.Kinds())
	}
	for i, d := range r.Exclude {
		c.date(fmt.Sprintf("exclude[%d]", i), d)
	}
	r.SaleOpens.check(&c, "sale_opens")
	return c.Err()
}

// Slots computes what the rule makes in a venue, without looking at other sessions. Starts
// are counted from each opening; a slot ends by the close of its opening. Slots that would
// have begun already are left out. Refused with ErrTooManySlots.
func (r *SlotRule) Slots(v *Venue, known func(day int) almanac.Day, now time.Time) (SlotPlan,
	error,
) {
	var p SlotPlan
	for d := dayDate(dayOf(r.From)); !d.After(dayDate(dayOf(r.Until))); d = d.AddDate(0, 0, 1) {
		day := dayNumber(d)
		is := known(day)
		plan := v.Hours.Plan(day, is)
		before := len(p.Slots)
		why := ""
		switch {
		case slices.Contains(r.Exclude, d.Format(time.DateOnly)):
			why = "excluded"
		case len(r.Weekdays) > 0 && !slices.Contains(r.Weekdays, isoWeekday(d)):
			why = "weekday"
		case len(r.DayKinds) > 0 && !slices.Contains(r.DayKinds, is.Kind):
			why = "day_kind"
		default:
			why = "closed"
			for _, o := range plan.Openings {
				why = r.fill(&p, v, d, o, now, why)
			}
		}
		if len(p.Slots) == before {
			p.Skipped = append(p.Skipped, SkippedDay{day, why, plan.Reason})
		}
		if len(p.Slots) > maxSlots {
			return SlotPlan{}, ErrTooManySlots
		}
	}
	return p, nil
}

// fill adds the slots of one opening, and says why there were none.
func (r *SlotRule) fill(p *SlotPlan, v *Venue, d time.Time, o Opening, now time.Time,
	why string,
) string {
	first, last := o.Open, min(o.LastEntry, o.Close-r.LengthMinutes)
	if m := minuteOf(r.First); m > first {
		first = m
	}
	if m := minuteOf(r.Last); m >= 0 && m < last {
		last = m
	}
	for m := first; m <= last; m += r.EveryMinutes {
		starts := time.Date(d.Year(), d.Month(), d.Day(), m/60, m%60, 0, 0, v.Location())
		if !starts.After(now) {
			why = "past"
			continue
		}
		p.Slots = append(p.Slots, Slot{BusinessDay: v.BusinessDay(starts),
			StartsAt: starts.UTC(), EndsAt: starts.Add(
				time.Duration(r.LengthMinutes) * time.Minute).UTC()})
		if len(p.Slots) > maxSlots {
			return why
		}
	}
	return why
}

// MakeOptions say how a command that makes sessions behaves.
type MakeOptions struct {
	Dry           bool // say what would be made, and undo it
	SkipConflicts bool // make the others
	Sell          bool // put what is made on sale
}

// MakeSlots makes the sessions of a template: all of them or none, unless conflicts are
// skipped. A dry run goes the same way and is undone. Refused with ErrNoSlots,
// ErrTooManySlots, ErrSlotConflict, and as CreateSession.
func (c *Catalog) MakeSlots(ctx context.Context, who actor.Actor, organization int64,
	t SlotTemplate, o MakeOptions,
) (*SlotPlan, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	hall, err := c.cfg.Stores.Halls.Get(ctx, scopeOf(organization), t.HallID)
	if err != nil {
		return nil, err
	}
	venue, err := c.cfg.Stores.Venues.Get(ctx, scopeOf(organization), hall.VenueID)
	if err != nil {
		return nil, err
	}
	if err := Allow(who, PermSession, organization, venue.ID); err != nil {
		return nil, err
	}
	plan, err := t.Slots(venue, func(day int) almanac.Day { return c.DayOf(organization, day) },
		c.cfg.Clock.Now())
	if err != nil {
		return nil, err
	}
	if len(plan.Slots) == 0 {
		return nil, ErrNoSlots.With("days", plan.Skipped)
	}
	list := make([]Session, len(plan.Slots))
	for i := range plan.Slots {
		s := &plan.Slots[i]
		list[i] = Session{Meta: Meta{Organization: organization}, HallID: t.HallID,
			EventID: t.EventID, PriceListID: t.PriceListID, RefundPolicyID: t.RefundPolicyID,
			AreaCapacity: t.AreaCapacity, SessionInfo: SessionInfo{StartsAt: s.StartsAt,
				EndsAt: s.EndsAt, HoldSeconds: t.HoldSeconds, MaxPerOrder: t.MaxPerOrder,
				MaxPerMember: t.MaxPerMember}}
		if t.SaleOpens != nil {
			list[i].SaleFrom = t.SaleOpens.From(venue, s.BusinessDay)
		}
	}
	return &plan, c.makeAll(ctx, who, organization, list, plan.Slots, o)
}

// CopyWeek makes the sessions of a venue's week again in another: same weekday, same wall
// time, same prices and limits; days on which the venue is closed are skipped, cancelled
// sessions are not copied. Weeks are named by their Monday.
func (c *Catalog) CopyWeek(ctx context.Context, who actor.Actor, organization, venue int64,
	from, to string, o MakeOptions,
) (*SlotPlan, error) {
	v, err := c.cfg.Stores.Venues.Get(ctx, scopeOf(organization), venue)
	if err != nil {
		return nil, err
	}
	if err := Allow(who, PermSession, organization, venue); err != nil {
		return nil, err
	}
	a, b := dayOf(from), dayOf(to)
	var bad checker
	for _, f := range []struct {
		name string
		day  int
	}{{"from", a}, {"to", b}} {
		if f.day == 0 || isoWeekday(dayDate(f.day)) != 1 {
			bad.Add(f.name, "is no Monday / 应为星期一")
		}
	}
	if a == b {
		bad.Add("to", "is the same week / 与来源周相同")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	week, err := c.weekOf(ctx, organization, v, dayDate(a))
	if err != nil {
		return nil, err
	}
	plan, list := shifted(week, v, int(dayDate(b).Sub(dayDate(a))/(24*time.Hour)),
		func(day int) DayPlan { return v.Hours.Plan(day, c.DayOf(organization, day)) },
		c.cfg.Clock.Now())
	if len(plan.Slots) == 0 {
		return nil, ErrNoSlots.With("days", plan.Skipped)
	}
	return &plan, c.makeAll(ctx, who, organization, list, plan.Slots, o)
}

// weekOf are the sessions of seven business days that are not cancelled.
func (c *Catalog) weekOf(ctx context.Context, organization int64, v *Venue, monday time.Time,
) ([]*Session, error) {
	list, err := c.cfg.Stores.Timetable.Between(ctx, scopeOf(organization), SessionRange{
		Venue: v.ID, From: v.dayStartsAt(monday), To: v.dayStartsAt(monday.AddDate(0, 0, 7)),
		Limit: maxSlots + 1})
	if err != nil {
		return nil, err
	}
	if len(list) > maxSlots {
		return nil, ErrTooManySlots
	}
	return slices.DeleteFunc(list, func(s *Session) bool { return s.State == SessionCancelled }),
		nil
}

// shifted moves sessions by days of the venue's calendar, keeping their wall times.
func shifted(week []*Session, v *Venue, days int, open func(day int) DayPlan, now time.Time,
) (SlotPlan, []Session) {
	move := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return t.In(v.Location()).AddDate(0, 0, days).UTC()
	}
	var p SlotPlan
	var list []Session
	closed := map[int]bool{}
	for _, s := range week {
		day := dayNumber(dayDate(s.BusinessDay).AddDate(0, 0, days))
		plan := open(day)
		starts := move(s.StartsAt)
		if len(plan.Openings) == 0 || !starts.After(now) {
			if !closed[day] {
				why := "closed"
				if len(plan.Openings) > 0 {
					why = "past"
				}
				p.Skipped = append(p.Skipped, SkippedDay{day, why, plan.Reason})
			}
			closed[day] = true
			continue
		}
		next := *s
		next.Meta = Meta{Organization: s.Organization}
		next.StartsAt, next.EndsAt = starts, move(s.EndsAt)
		next.SaleFrom, next.SaleUntil = move(s.SaleFrom), move(s.SaleUntil)
		next.SeatMapVersionID, next.Listing = 0, ""
		list = append(list, next)
		p.Slots = append(p.Slots, Slot{BusinessDay: day, StartsAt: next.StartsAt,
			EndsAt: next.EndsAt})
	}
	return p, list
}

// makeAll plans sessions in one transaction under one journal entry and notes in each slot
// what became of it.
func (c *Catalog) makeAll(ctx context.Context, who actor.Actor, organization int64,
	list []Session, slots []Slot, o MakeOptions,
) error {
	id := c.cfg.IDs.Next()
	err := c.cfg.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		b := &Bulk{c: c, tx: tx, who: who, org: organization}
		conflicts := 0
		for i := range list {
			err := tx.Try(func() error { return c.makeOne(b, list[i], &slots[i], o) })
			var e *fault.Error
			switch {
			case err == nil:
				continue
			case (errors.Is(err, ErrHallBusy) || errors.Is(err, ErrSlotConflict)) &&
				errors.As(err, &e):
				slots[i].Conflict, slots[i].Session = e, nil
				conflicts++
			default:
				return err
			}
		}
		if o.Dry {
			return errDry
		}
		if conflicts > 0 && !o.SkipConflicts {
			return ErrSlotConflict.With("conflicts", conflicts)
		}
		if b.Created > 0 {
			c.entry(tx, who, organization, "sessions.made", bulkData{What: "sessions",
				Created: b.Created}, journal.Object{Kind: importKind, ID: id, Revision: 1})
		}
		return nil
	})
	c.board.catchUp()
	if err == errDry {
		for i := range slots {
			slots[i].Session = nil
		}
		return nil
	}
	return err
}

func (c *Catalog) makeOne(b *Bulk, s Session, slot *Slot, o MakeOptions) error {
	was, err := c.cfg.Stores.Timetable.At(b.tx, b.scope(), s.HallID, s.StartsAt)
	if err != nil {
		return err
	}
	if was != nil && was.EventID == s.EventID {
		return ErrSlotConflict.With("session", c.cfg.Public(KindSession, was.ID))
	}
	s.ID, s.State = c.cfg.IDs.Next(), SessionDraft
	if s.SaleFrom.IsZero() {
		if err := c.opens(b.tx, &s); err != nil {
			return err
		}
	}
	if err := s.check(); err != nil {
		return err
	}
	if err := insert(c, b.tx, c.sessions, &s, func(tx *sqldb.Tx, s *Session) error {
		return c.planSession(tx, b.who, s)
	}); err != nil {
		return err
	}
	if o.Sell {
		if err := b.Sell(&s); err != nil {
			return err
		}
	}
	b.Created++
	slot.SaleFrom, slot.Session = s.SaleFrom, &s
	return nil
}

// opens gives a session that does not say it the time at which its sale begins: by its
// event's rule, else by its venue's; without a rule it sells at once.
func (c *Catalog) opens(tx *sqldb.Tx, s *Session) error {
	if !s.SaleFrom.IsZero() {
		return nil
	}
	hall, err := find(tx, c.halls, s.Organization, s.HallID)
	if err != nil {
		return err
	}
	venue, err := find(tx, c.venues, s.Organization, hall.VenueID)
	if err != nil {
		return err
	}
	event, err := find(tx, c.events, s.Organization, s.EventID)
	if err != nil && !isMissing(err) {
		return err // an event that is not there is refused by name later
	}
	var eventsOwn *SaleOpening
	if event != nil {
		eventsOwn = event.SaleOpens
	}
	rule := cmp.Or(eventsOwn, venue.SaleOpens)
	if rule == nil {
		return nil
	}
	if from := rule.From(venue, venue.BusinessDay(s.StartsAt)); from.Before(s.SaleUntil) ||
		s.SaleUntil.IsZero() && from.Before(s.StartsAt) {
		s.SaleFrom = from
	}
	return nil
}
