package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Admission says what a ticket of a type opens at the gates, and how often. A ticket type
// without one makes plain tickets: each person enters once, during the gate window of the
// session, anywhere in the venue.
type Admission struct {
	EntryRule
	// Pass spans days instead of one session.
	Pass *PassRule `json:"pass,omitempty"`
	// Parts make a combined ticket: one entitlement each, with a counter of its own.
	Parts []AdmissionPart `json:"parts,omitempty" maxItems:"20"`
	// RevenueOn says when the shares of the parts are booked; empty: on sale.
	RevenueOn RevenueOn `json:"revenue_on,omitempty" enum:"sale,use" doc:"empty: sale"`
	// PhotoRequired refuses a ticket at the gate until a photo is kept with it.
	PhotoRequired bool `json:"photo_required,omitempty" doc:"shown at each scan"`
	// Attention is the colour that a gate shows for the type.
	Attention   Attention `json:"attention,omitempty" enum:"green,blue,yellow,red,white"`
	StaffText   string    `json:"staff_text,omitempty" maxLength:"200" doc:"shown at each scan"`
	StaffTextEn string    `json:"staff_text_en,omitempty" maxLength:"200"`
}

// EntryRule bounds the entries of an entitlement. Numbers are for each person of the
// ticket; a ticket for five makes five times as many. 0 is no limit of its own.
type EntryRule struct {
	// Entries in all; 0 is one for a session, and any number for a pass.
	Entries           int `json:"entries,omitempty" minimum:"0" maximum:"10000" doc:"in all"`
	PerDay            int `json:"entries_per_day,omitempty" minimum:"0" maximum:"100"`
	PerGate           int `json:"entries_per_gate,omitempty" minimum:"0" maximum:"1000"`
	PerGateDay        int `json:"entries_per_gate_day,omitempty" minimum:"0" maximum:"100"`
	PerPrecinctDay    int `json:"entries_per_precinct_day,omitempty" minimum:"0" maximum:"100"`
	AfterEntryMinutes int `json:"after_entry_minutes,omitempty" minimum:"0" maximum:"10080"`
	AfterExitMinutes  int `json:"after_exit_minutes,omitempty" minimum:"0" maximum:"10080"`
	// Reentry lets people who went out come in again on the same business day; it counts
	// neither in all nor by the day.
	Reentry bool `json:"reentry,omitempty" doc:"out and in again on the day does not count"`
	// NoExits is for places where nobody scans on the way out: then no entry is refused
	// because somebody is still inside.
	NoExits bool `json:"no_exits,omitempty" doc:"exits are not scanned"`
	// EarlyMinutes before the start and LateMinutes after the end of the session are the
	// slot's tolerance. A negative LateMinutes is a last entry before the end.
	EarlyMinutes *int `json:"early_minutes,omitempty" minimum:"0" maximum:"1440" doc:"60"`
	LateMinutes  *int `json:"late_minutes,omitempty" minimum:"-1440" maximum:"1440" doc:"0"`
	// Precincts are the codes of those that it opens; none: all of the venue.
	Precincts []string `json:"precincts,omitempty" maxItems:"20" doc:"codes; empty: all"`
}

// AdmissionPart is one attraction of a combined ticket.
type AdmissionPart struct {
	Code   string `json:"code" minLength:"1" maxLength:"32" doc:"key within the ticket type"`
	Name   string `json:"name" minLength:"1" maxLength:"60"`
	NameEn string `json:"name_en,omitempty" maxLength:"60"`
	// Weight is its part of the price, beside the weights of the others.
	Weight int `json:"weight" minimum:"0" maximum:"1000000"`
	EntryRule
}

// RevenueOn says when the share of an attraction becomes its revenue.
type RevenueOn string

// The two moments.
const (
	RevenueOnSale RevenueOn = "sale"
	RevenueOnUse  RevenueOn = "use"
)

// Attention is the colour of a gate's light.
type Attention string

// Attentions are the colours that every gate can show.
func Attentions() []Attention { return []Attention{"green", "blue", "yellow", "red", "white"} }

// PassStart says from when a pass is valid.
type PassStart string

// The starts of a pass.
const (
	PassFromSale     PassStart = "sale"
	PassFromFirstUse PassStart = "first_use"
	PassFromDate     PassStart = "date"
)

// PassRule is the days of a pass. A day is the venue's business day.
type PassRule struct {
	Starts   PassStart `json:"starts" enum:"sale,first_use,date"`
	StartsOn string    `json:"starts_on,omitempty" maxLength:"10" doc:"when starts is date"`
	// ActivateWithinDays ends a pass that was never used; empty: 365.
	ActivateWithinDays int        `json:"activate_within_days,omitempty" minimum:"0" maximum:"1825"`
	ValidDays          int        `json:"valid_days" minimum:"1" maximum:"3660" doc:"with the first"`
	Weekdays           []int      `json:"weekdays,omitempty" maxItems:"7" doc:"empty: all"`
	Blackout           []DateSpan `json:"blackout,omitempty" maxItems:"60" doc:"not valid"`
	// SlotDays are those on which a session must be booked besides.
	SlotDays []DateSpan `json:"slot_days,omitempty" maxItems:"60" doc:"a booked slot is needed"`
}

// DateSpan is dates from one to another, both included.
type DateSpan struct {
	From  string `json:"from" maxLength:"10" doc:"e.g. 2026-10-01"`
	Until string `json:"until" maxLength:"10"`
}

// Days are the span as business days (yyyymmdd).
func (s DateSpan) Days() (from, until int) { return dayOf(s.From), dayOf(s.Until) }

// dayOf is 0 for what is no date.
func dayOf(date string) int {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return 0
	}
	return dayNumber(t)
}

// FirstDay is the fixed first business day of a pass; 0 without one.
func (p *PassRule) FirstDay() int {
	if p.Starts != PassFromDate {
		return 0
	}
	return dayOf(p.StartsOn)
}

// Public is the admission as a buyer may see it: without what is said to the gate's staff.
func (a *Admission) Public() *Admission {
	if a == nil {
		return nil
	}
	out := *a
	out.Attention, out.StaffText, out.StaffTextEn = "", "", ""
	return &out
}

// DayBegins is the moment at which a business day (yyyymmdd) of the venue begins.
func (v *Venue) DayBegins(day int) time.Time { return v.dayStartsAt(dayDate(day)) }

// AddDays is a business day so many days later.
func AddDays(day, days int) int { return dayNumber(dayDate(day).AddDate(0, 0, days)) }

// DayText is a business day as people write it.
func DayText(day int) string { return dayDate(day).Format(time.DateOnly) }

// Weekday is 1 for Monday to 7 for Sunday of a business day.
func Weekday(day int) int { return isoWeekday(dayDate(day)) }

// precinctCode is how precincts are named in rules.
var precinctCode = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// ValidCode says whether a text may be the code of a precinct or of a part.
func ValidCode(code string) bool { return precinctCode.MatchString(code) }

// enteredBy are ticket types with the rules of entry of their session; nil changes nothing.
// A pass spans sessions, and a combined ticket has a rule for each part: both keep theirs.
func enteredBy(list []*TicketType, rule *EntryRule) []*TicketType {
	if rule == nil {
		return list
	}
	out := make([]*TicketType, len(list))
	for i, t := range list {
		own, a := *t, Admission{}
		if t.Admission != nil {
			a = *t.Admission
		}
		if a.Pass == nil && len(a.Parts) == 0 {
			a.EntryRule = *rule
			own.Admission = &a
		}
		out[i] = &own
	}
	return out
}

func (a *Admission) check(c *checker) {
	if a == nil {
		return
	}
	tidyText(&a.StaffText, &a.StaffTextEn)
	c.text("admission.staff_text", a.StaffText, 0, 200)
	c.text("admission.staff_text_en", a.StaffTextEn, 0, 200)
	if a.Attention != "" {
		choice(c, "admission.attention", a.Attention, Attentions())
	}
	if a.RevenueOn != "" {
		choice(c, "admission.revenue_on", a.RevenueOn,
			[]RevenueOn{RevenueOnSale, RevenueOnUse})
	}
	a.EntryRule.check(c, "admission")
	a.Pass.check(c)
	a.checkParts(c)
}

func (a *Admission) checkParts(c *checker) {
	switch {
	case len(a.Parts) == 0:
		return
	case len(a.Parts) < 2 || len(a.Parts) > 20:
		c.Add("admission.parts", "has %d entries, 2 to 20 / 应为 2 到 20 项", len(a.Parts))
		return
	case !a.EntryRule.plain():
		c.Add("admission.parts", "each part has a rule of its own; leave the ticket's empty / "+
			"组合票的规则写在各部分里")
	}
	weights := 0
	seen := map[string]bool{}
	for i := range a.Parts {
		p := &a.Parts[i]
		at := fmt.Sprintf("admission.parts[%d]", i)
		tidyText(&p.Code, &p.Name, &p.NameEn)
		if !ValidCode(p.Code) || len(p.Code) > 32 || seen[p.Code] {
			c.Add(at+".code", "is a to z, 0 to 9, - and _, and each once / 编码有误或重复")
		}
		seen[p.Code] = true
		c.text(at+".name", p.Name, 1, 60)
		c.text(at+".name_en", p.NameEn, 0, 60)
		c.number(at+".weight", int64(p.Weight), 0, 1_000_000)
		weights += max(p.Weight, 0)
		if len(p.Precincts) == 0 {
			c.Add(at+".precincts", "is required: where the part is used / 必填")
		}
		p.EntryRule.check(c, at)
	}
	if weights == 0 {
		c.Add("admission.parts", "have no weight between them / 权重之和为零")
	}
}

func (r *EntryRule) plain() bool {
	return r.Entries == 0 && r.PerDay == 0 && r.PerGate == 0 && r.PerGateDay == 0 &&
		r.PerPrecinctDay == 0 && r.AfterEntryMinutes == 0 && r.AfterExitMinutes == 0 &&
		!r.Reentry && !r.NoExits && r.EarlyMinutes == nil && r.LateMinutes == nil &&
		len(r.Precincts) == 0
}

func (r *EntryRule) check(c *checker, at string) {
	for _, f := range []struct {
		name string
		v    int
		most int64
	}{{"entries", r.Entries, 10_000}, {"entries_per_day", r.PerDay, 100},
		{"entries_per_gate", r.PerGate, 1000}, {"entries_per_gate_day", r.PerGateDay, 100},
		{"entries_per_precinct_day", r.PerPrecinctDay, 100},
		{"after_entry_minutes", r.AfterEntryMinutes, 7 * 24 * 60},
		{"after_exit_minutes", r.AfterExitMinutes, 7 * 24 * 60}} {
		c.number(at+"."+f.name, int64(f.v), 0, f.most)
	}
	if r.NoExits && r.Reentry {
		c.Add(at+".no_exits", "and reentry exclude each other: who went out is not known / "+
			"不扫出场时无法判断再次入场")
	}
	if r.EarlyMinutes != nil {
		c.number(at+".early_minutes", int64(*r.EarlyMinutes), 0, 24*60)
	}
	if r.LateMinutes != nil {
		c.number(at+".late_minutes", int64(*r.LateMinutes), -24*60, 24*60)
	}
	if len(r.Precincts) > 20 {
		c.Add(at+".precincts", "has %d entries, at most 20 / 最多 20 项", len(r.Precincts))
		return
	}
	for i, p := range r.Precincts {
		if !ValidCode(p) || slices.Contains(r.Precincts[:i], p) {
			c.Add(fmt.Sprintf("%s.precincts[%d]", at, i),
				"is a to z, 0 to 9, - and _, and each once / 编码有误或重复")
		}
	}
}

func (p *PassRule) check(c *checker) {
	if p == nil {
		return
	}
	choice(c, "admission.pass.starts", p.Starts,
		[]PassStart{PassFromSale, PassFromFirstUse, PassFromDate})
	c.number("admission.pass.valid_days", int64(p.ValidDays), 1, 3660)
	c.number("admission.pass.activate_within_days", int64(p.ActivateWithinDays), 0, 1825)
	if p.ActivateWithinDays == 0 {
		p.ActivateWithinDays = 365
	}
	if (p.Starts == PassFromDate) != (dayOf(p.StartsOn) != 0) {
		c.Add("admission.pass.starts_on", "is a date like 2026-10-01 when starts is date, "+
			"and empty otherwise / 仅在按日期生效时填写日期")
	}
	checkWeekdays(c, "admission.pass.weekdays", p.Weekdays)
	checkSpans(c, "admission.pass.blackout", p.Blackout)
	checkSpans(c, "admission.pass.slot_days", p.SlotDays)
}

func checkSpans(c *checker, at string, list []DateSpan) {
	if len(list) > 60 {
		c.Add(at, "has %d entries, at most 60 / 最多 60 项", len(list))
		return
	}
	for i, s := range list {
		if from, until := s.Days(); from == 0 || until < from {
			c.Add(fmt.Sprintf("%s[%d]", at, i),
				"is no span of dates like 2026-10-01 to 2026-10-07 / 日期区间有误")
		}
	}
}
