// Package rule decides whether an entitlement lets people through a gate. The decision is a
// pure function of data that a device may hold: the server asks it for each scan, and a
// device without a network computes the same from the list that it took.
package rule

import (
	"time"

	"foyer/internal/catalog"
)

// Unlimited is the allowance of an entitlement that may be used any number of times.
const Unlimited = 1_000_000_000

// Rule is what an entitlement opens, as it was sold.
type Rule struct {
	catalog.EntryRule
	Pass *catalog.PassRule `json:"pass,omitempty"`
}

// Of is the rule of the numbered entitlement of an admission; nil is a plain ticket.
func Of(a *catalog.Admission, number int) Rule {
	switch {
	case a == nil:
		return Rule{}
	case number >= 1 && number <= len(a.Parts):
		return Rule{a.Parts[number-1].EntryRule, a.Pass}
	}
	return Rule{a.EntryRule, a.Pass}
}

// Allowance is how many entries count in all for so many people.
func (r *Rule) Allowance(people int) int {
	switch {
	case r.Entries > 0:
		return people * r.Entries
	case r.Pass != nil:
		return Unlimited
	}
	return people
}

// Window is when a session's ticket opens a gate: the session with the tolerance of the
// slot on both sides.
func (r *Rule) Window(starts, ends time.Time) (from, until time.Time) {
	from, until = starts.Add(-catalog.GatesOpenBefore), ends
	if r.EarlyMinutes != nil {
		from = starts.Add(-minutes(*r.EarlyMinutes))
	}
	if r.LateMinutes != nil {
		until = ends.Add(minutes(*r.LateMinutes))
	}
	return from, until
}

// Opens says whether the rule admits to a precinct; "" is the venue as a whole.
func (r *Rule) Opens(precinct string) bool {
	if precinct == "" || len(r.Precincts) == 0 {
		return true
	}
	for _, p := range r.Precincts {
		if p == precinct {
			return true
		}
	}
	return false
}

// AsksPast says whether a decision at a gate needs more than the state.
func (r *Rule) AsksPast(inner bool) bool {
	return inner || r.PerGate > 0 || r.PerGateDay > 0 || r.PerPrecinctDay > 0
}

// later is the later of two moments: scans of a gate without a network come out of order.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// State is what is known of an entitlement between two uses.
type State struct {
	People    int       // how many may be inside at once
	Allowed   int       // how many entries count in all
	Used      int       // how many did
	Inside    int       // people inside now
	Day       int       // the business day of DayUsed; 0: never used
	DayUsed   int       // counted entries of that day
	Activated int       // the business day on which a pass began; 0: not yet
	SoldDay   int       // the business day from which the ticket counts its days
	EnteredAt time.Time // last entry; zero: none
	LeftAt    time.Time // last exit; zero: none
}

// Past is what earlier check-ins say, where a rule or a gate asks.
type Past struct {
	Gate          int // people who entered at this gate in all
	GateToday     int // on this business day
	PrecinctToday int // into this precinct on this business day
	Behind        int // people of the ticket inside the precinct that the gate leads from
}

// Scan is N people at a gate at a moment.
type Scan struct {
	Entry bool
	N     int
	At    time.Time
	Day   int // the business day of At
	// Precinct is the code of the one that the gate leads into, From that of the one it
	// leads from; "" is the venue as a whole, and the street.
	Precinct, From string
	// Starts and Ends are those of the ticket's session; not asked for a pass.
	Starts, Ends time.Time
}

// Reason is why people may not pass; it is also the code of the refusal.
type Reason string

// The reasons.
const (
	OtherPrecinct Reason = "other_precinct"
	TooEarly      Reason = "too_early"
	TooLate       Reason = "too_late"
	PassNotYet    Reason = "pass_not_yet"
	PassExpired   Reason = "pass_expired"
	PassWeekday   Reason = "pass_other_weekday"
	PassBlackout  Reason = "pass_blackout"
	SlotNeeded    Reason = "slot_needed"
	NotInside     Reason = "not_inside"
	StillInside   Reason = "still_inside"
	TooManyPeople Reason = "too_many_people"
	NoReentry     Reason = "no_reentry"
	UsedUp        Reason = "already_used"
	DayUsedUp     Reason = "daily_limit"
	GateUsedUp    Reason = "gate_limit"
	GateDayUsedUp Reason = "gate_daily_limit"
	PrecinctUsed  Reason = "precinct_daily_limit"
	TooSoon       Reason = "entry_too_soon"
	NothingToExit Reason = "nothing_to_exit"
)

// Refusal says why not, and what would do.
type Refusal struct {
	Reason Reason
	At     time.Time // from when, or since when; zero where no time decides
	Day    int       // the business day that decides; 0 where none does
	Left   int       // how many people might pass
}

// Effect is what a use does beside the state.
type Effect struct {
	Counted int  // entries that count
	Moved   bool // from one precinct to another: nobody came or went
}

// Judge decides one scan. It answers either the state after it and its effect, or why not.
func Judge(r *Rule, st State, past Past, sc Scan) (State, Effect, *Refusal) {
	if !sc.Entry {
		return exit(r, st, sc)
	}
	if !r.Opens(sc.Precinct) {
		return no(Refusal{Reason: OtherPrecinct})
	}
	if why := r.timely(st, sc); why != nil {
		return no(*why)
	}
	if sc.Day < st.Day {
		return late(r, st, sc)
	}
	if st.Day != sc.Day {
		// Whoever did not scan out yesterday is no longer inside.
		st.Day, st.DayUsed, st.Inside = sc.Day, 0, 0
	}
	if sc.From != "" {
		if past.Behind < sc.N {
			return no(Refusal{Reason: NotInside, Left: max(past.Behind, 0)})
		}
		if r.Opens(sc.From) {
			return move(r, st, past, sc)
		}
	}
	return enter(r, st, past, sc)
}

// late is an entry that took place on an earlier day than the last use: a gate had no
// network. It takes its part of the allowance in all; who is inside now does not change.
func late(r *Rule, st State, sc Scan) (State, Effect, *Refusal) {
	if left := st.Allowed - st.Used; sc.N > left {
		return no(Refusal{Reason: UsedUp, At: st.EnteredAt, Left: max(left, 0)})
	}
	st.Used += sc.N
	return st, Effect{Counted: sc.N}, nil
}

func no(why Refusal) (State, Effect, *Refusal) { return State{}, Effect{}, &why }

// move is from one precinct into another by the same entitlement: the gate's own limits
// hold, the counters stay.
func move(r *Rule, st State, past Past, sc Scan) (State, Effect, *Refusal) {
	if why := r.gateLimits(st, past, sc); why != nil {
		return no(*why)
	}
	return st, Effect{Moved: true}, nil
}

func enter(r *Rule, st State, past Past, sc Scan) (State, Effect, *Refusal) {
	free := st.People - st.Inside // st.Inside is 0 where nobody scans out
	if sc.N > free {
		if free <= 0 {
			return no(Refusal{Reason: StillInside, At: st.EnteredAt})
		}
		return no(Refusal{Reason: TooManyPeople, Left: free})
	}
	counted := sc.N
	if r.Reentry {
		counted -= min(sc.N, max(st.DayUsed-st.Inside, 0)) // those who were out
	}
	if why := r.allowance(st, counted, sc); why != nil {
		return no(*why)
	}
	if why := r.gateLimits(st, past, sc); why != nil {
		return no(*why)
	}
	if why := r.coolDown(st, sc); why != nil {
		return no(*why)
	}
	st.Used, st.DayUsed = st.Used+counted, st.DayUsed+counted
	st.EnteredAt = later(st.EnteredAt, sc.At)
	if !r.NoExits {
		st.Inside += sc.N
	}
	if st.Activated == 0 {
		st.Activated = sc.Day
	}
	return st, Effect{Counted: counted}, nil
}

// allowance is the limits in all and by the day.
func (r *Rule) allowance(st State, counted int, sc Scan) *Refusal {
	back := sc.N - counted // who come in again may always
	if left := st.Allowed - st.Used; counted > left {
		switch {
		case back+max(left, 0) > 0:
			return &Refusal{Reason: TooManyPeople, Left: back + max(left, 0)}
		case !r.Reentry && !st.LeftAt.IsZero() && st.DayUsed > 0:
			return &Refusal{Reason: NoReentry, At: st.LeftAt}
		}
		return &Refusal{Reason: UsedUp, At: st.EnteredAt}
	}
	if most := r.PerDay * st.People; most > 0 && st.DayUsed+counted > most {
		return &Refusal{Reason: DayUsedUp, Day: sc.Day, Left: back + max(most-st.DayUsed, 0)}
	}
	return nil
}

func (r *Rule) gateLimits(st State, past Past, sc Scan) *Refusal {
	for _, l := range []struct {
		each, had int
		reason    Reason
	}{{r.PerGate, past.Gate, GateUsedUp}, {r.PerGateDay, past.GateToday, GateDayUsedUp},
		{r.PerPrecinctDay, past.PrecinctToday, PrecinctUsed}} {
		if most := l.each * st.People; most > 0 && l.had+sc.N > most {
			return &Refusal{Reason: l.reason, Left: max(most-l.had, 0)}
		}
	}
	return nil
}

// coolDown holds for a ticket of one person: of a group nobody knows who comes again.
func (r *Rule) coolDown(st State, sc Scan) *Refusal {
	if st.People != 1 {
		return nil
	}
	var next time.Time
	if r.AfterEntryMinutes > 0 && !st.EnteredAt.IsZero() {
		next = st.EnteredAt.Add(minutes(r.AfterEntryMinutes))
	}
	if r.AfterExitMinutes > 0 && !st.LeftAt.IsZero() {
		if t := st.LeftAt.Add(minutes(r.AfterExitMinutes)); t.After(next) {
			next = t
		}
	}
	if sc.At.Before(next) {
		return &Refusal{Reason: TooSoon, At: next}
	}
	return nil
}

// exit lets people out at any time. Through a gate between two precincts of the same
// entitlement they only move back.
func exit(r *Rule, st State, sc Scan) (State, Effect, *Refusal) {
	if sc.Day < st.Day {
		return st, Effect{}, nil // told late: those people are long gone
	}
	if st.Inside < sc.N {
		return no(Refusal{Reason: NothingToExit, Left: st.Inside})
	}
	if sc.From != "" && r.Opens(sc.From) {
		return st, Effect{Moved: true}, nil
	}
	st.Inside -= sc.N
	st.LeftAt = later(st.LeftAt, sc.At)
	return st, Effect{}, nil
}
