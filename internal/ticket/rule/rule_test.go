package rule_test

import (
	"testing"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/ticket/rule"
	"pgregory.net/rapid"
)

var opening = time.Date(2026, 10, 1, 1, 0, 0, 0, time.UTC) // 09:00 in Shanghai

// passage is what the model remembers of one accepted scan: nothing but what happened.
type passage struct {
	entry        bool
	n, day, gate int
	counted      int
	precinct     string
	at           time.Time
}

// model answers the same questions as Judge by looking through all that happened, without
// a single counter.
type model struct {
	r      rule.Rule
	people int
	log    []passage
}

func (m *model) sum(of func(p passage) int) (n int) {
	for _, p := range m.log {
		n += of(p)
	}
	return n
}

// inside are the people who came in since the last day on which somebody came in.
func (m *model) inside(day int, entering bool) int {
	if m.r.NoExits {
		return 0
	}
	n, last := 0, 0
	for _, p := range m.log {
		if p.entry && p.day != last {
			n, last = 0, p.day
		}
		if p.entry {
			n += p.n
		} else {
			n -= p.n
		}
	}
	if entering && day != last {
		return 0
	}
	return n
}

func (m *model) countedOn(day int) int {
	return m.sum(func(p passage) int {
		if p.day == day {
			return p.counted
		}
		return 0
	})
}

func (m *model) last(entry bool) (at time.Time) {
	for _, p := range m.log {
		if p.entry == entry {
			at = p.at
		}
	}
	return at
}

// allows says whether n people may come in, and how many of them count.
func (m *model) allows(sc rule.Scan, gate int) (counted int, ok bool) {
	inside := m.inside(sc.Day, true)
	out := 0
	if m.r.Reentry {
		out = max(m.countedOn(sc.Day)-inside, 0)
	}
	counted = sc.N - min(sc.N, out)
	all := m.r.Entries * m.people
	if m.r.Entries == 0 {
		all = m.people
	}
	entries := func(fits func(p passage) bool) int {
		return m.sum(func(p passage) int {
			if p.entry && fits(p) {
				return p.n
			}
			return 0
		})
	}
	below := func(each, had, more int) bool { return each == 0 || had+more <= each*m.people }
	cooled := func(minutes int, since time.Time) bool {
		return minutes == 0 || m.people != 1 || since.IsZero() ||
			!sc.At.Before(since.Add(time.Duration(minutes)*time.Minute))
	}
	used := m.sum(func(p passage) int { return p.counted })
	return counted, m.r.Opens(sc.Precinct) && inside+sc.N <= m.people && used+counted <= all &&
		below(m.r.PerDay, m.countedOn(sc.Day), counted) &&
		below(m.r.PerGate, entries(func(p passage) bool { return p.gate == gate }), sc.N) &&
		below(m.r.PerGateDay, entries(func(p passage) bool {
			return p.gate == gate && p.day == sc.Day
		}), sc.N) &&
		below(m.r.PerPrecinctDay, entries(func(p passage) bool {
			return p.precinct == sc.Precinct && p.day == sc.Day
		}), sc.N) &&
		cooled(m.r.AfterEntryMinutes, m.last(true)) && cooled(m.r.AfterExitMinutes, m.last(false))
}

func drawRule(t *rapid.T) rule.Rule {
	some := func(label string, most int) int {
		return rapid.SampledFrom([]int{0, 0, rapid.IntRange(1, most).Draw(t, label)}).
			Draw(t, label+" or none")
	}
	far := 24 * 60
	r := rule.Rule{EntryRule: catalog.EntryRule{Entries: some("entries", 4),
		PerDay: some("per day", 3), PerGate: some("per gate", 3),
		PerGateDay: some("per gate and day", 2), PerPrecinctDay: some("per precinct and day", 2),
		AfterEntryMinutes: some("after entry", 40), AfterExitMinutes: some("after exit", 40),
		Reentry: rapid.Bool().Draw(t, "reentry"), EarlyMinutes: &far, LateMinutes: &far}}
	if rapid.Bool().Draw(t, "precincts") {
		r.Precincts = []string{"zoo"}
	}
	if !r.Reentry {
		r.NoExits = rapid.Bool().Draw(t, "no exits")
	}
	return r
}

// Whatever people try, the counters decide as the whole history does, and never let in more
// than the rule.
func TestJudgeAgainstHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{r: drawRule(t), people: rapid.IntRange(1, 4).Draw(t, "people")}
		st := rule.State{People: m.people, Allowed: m.r.Allowance(m.people), SoldDay: 20261001}
		now := opening
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "minutes")) * time.Minute)
			day := 20261001 + int(now.Sub(opening)/(24*time.Hour))
			gate := rapid.IntRange(1, 2).Draw(t, "gate")
			sc := rule.Scan{Entry: rapid.IntRange(0, 2).Draw(t, "entry") > 0,
				N: rapid.IntRange(1, m.people).Draw(t, "n"), At: now, Day: day,
				Precinct: []string{"zoo", "garden"}[gate-1], Starts: now, Ends: now}
			past := rule.Past{
				Gate: m.sum(func(p passage) int {
					return when(p.entry && p.gate == gate, p.n)
				}),
				GateToday: m.sum(func(p passage) int {
					return when(p.entry && p.gate == gate && p.day == day, p.n)
				}),
				PrecinctToday: m.sum(func(p passage) int {
					return when(p.entry && p.precinct == sc.Precinct && p.day == day, p.n)
				})}
			next, effect, why := rule.Judge(&m.r, st, past, sc)
			counted, ok := 0, m.inside(day, false) >= sc.N
			if sc.Entry {
				counted, ok = m.allows(sc, gate)
			}
			if ok != (why == nil) {
				t.Fatalf("history says %v, the rule %+v of %+v at %+v", ok, why, st, sc)
			}
			if why != nil {
				continue
			}
			if effect.Counted != counted || effect.Moved {
				t.Fatalf("counted %d, want %d", effect.Counted, counted)
			}
			m.log = append(m.log, passage{entry: sc.Entry, n: sc.N, day: day, gate: gate,
				counted: counted, precinct: sc.Precinct, at: now})
			st = next
			if st.Used > st.Allowed || st.Inside > m.people || st.Inside < 0 ||
				st.Inside != m.inside(day, false) {
				t.Fatalf("%+v, inside by history %d", st, m.inside(day, false))
			}
		}
	})
}

func when(yes bool, n int) int {
	if yes {
		return n
	}
	return 0
}

func TestPassDays(t *testing.T) {
	t.Parallel()
	span := []catalog.DateSpan{{From: "2026-10-03", Until: "2026-10-04"}}
	pass := func(change func(p *catalog.PassRule)) *rule.Rule {
		p := &catalog.PassRule{Starts: catalog.PassFromFirstUse, ValidDays: 10,
			ActivateWithinDays: 5}
		change(p)
		return &rule.Rule{EntryRule: catalog.EntryRule{NoExits: true}, Pass: p}
	}
	same := pass(func(*catalog.PassRule) {})
	blackout := pass(func(p *catalog.PassRule) { p.Blackout = span })
	slots := pass(func(p *catalog.PassRule) { p.SlotDays = span })
	weekend := pass(func(p *catalog.PassRule) { p.Weekdays = []int{5, 6, 7} })
	fromSale := pass(func(p *catalog.PassRule) { p.Starts = catalog.PassFromSale })
	november := pass(func(p *catalog.PassRule) {
		p.Starts, p.StartsOn = catalog.PassFromDate, "2026-11-01"
	})
	for name, c := range map[string]struct {
		r         *rule.Rule
		activated int
		day       int
		want      rule.Reason
	}{
		"first use on the last day":  {same, 0, 20261006, ""},
		"first use too late":         {same, 0, 20261007, rule.PassExpired},
		"last day since first use":   {same, 20261006, 20261015, ""},
		"a day after it":             {same, 20261006, 20261016, rule.PassExpired},
		"blackout":                   {blackout, 0, 20261004, rule.PassBlackout},
		"after the blackout":         {blackout, 0, 20261005, ""},
		"a slot is needed":           {slots, 0, 20261003, rule.SlotNeeded},
		"Thursday is not among them": {weekend, 0, 20261001, rule.PassWeekday},
		"Friday is":                  {weekend, 0, 20261002, ""},
		"before the date":            {november, 0, 20261031, rule.PassNotYet},
		"from the date":              {november, 0, 20261110, ""},
		"from the sale":              {fromSale, 0, 20261011, rule.PassExpired},
	} {
		st := rule.State{People: 1, Allowed: rule.Unlimited, SoldDay: 20261001,
			Activated: c.activated}
		_, _, why := rule.Judge(c.r, st, rule.Past{}, rule.Scan{Entry: true, N: 1, Day: c.day,
			At: opening})
		got := rule.Reason("")
		if why != nil {
			got = why.Reason
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestSlotTolerance(t *testing.T) {
	t.Parallel()
	early, late := 30, -15
	r := rule.Rule{EntryRule: catalog.EntryRule{EarlyMinutes: &early, LateMinutes: &late}}
	ends := opening.Add(2 * time.Hour)
	for minutes, want := range map[int]rule.Reason{-31: rule.TooEarly, -30: "", 105: "",
		106: rule.TooLate} {
		_, _, why := rule.Judge(&r, rule.State{People: 1, Allowed: 1}, rule.Past{},
			rule.Scan{Entry: true, N: 1, Day: 1, Starts: opening, Ends: ends,
				At: opening.Add(time.Duration(minutes) * time.Minute)})
		if (why == nil) != (want == "") || why != nil && why.Reason != want {
			t.Errorf("%d minutes after the start: %+v, want %q", minutes, why, want)
		}
	}
}
