package rule

import (
	"slices"

	"foyer/internal/catalog"
)

// defaultActivate is how many days a pass waits for its first use where its type does not
// say.
const defaultActivate = 365

// timely is why a scan is at the wrong time: outside the slot with its tolerance, or on a
// day that the pass does not cover.
func (r *Rule) timely(st State, sc Scan) *Refusal {
	if r.Pass != nil {
		return r.passDay(st, sc.Day)
	}
	from, until := r.Window(sc.Starts, sc.Ends)
	switch {
	case sc.At.Before(from):
		return &Refusal{Reason: TooEarly, At: from}
	case sc.At.After(until):
		return &Refusal{Reason: TooLate, At: until}
	}
	return nil
}

func (r *Rule) passDay(st State, day int) *Refusal {
	first, last := r.Days(st)
	switch {
	case first != 0 && day < first:
		return &Refusal{Reason: PassNotYet, Day: first}
	case day > last:
		return &Refusal{Reason: PassExpired, Day: last}
	case len(r.Pass.Weekdays) > 0 && !slices.Contains(r.Pass.Weekdays, catalog.Weekday(day)):
		return &Refusal{Reason: PassWeekday, Day: day}
	case within(r.Pass.Blackout, day):
		return &Refusal{Reason: PassBlackout, Day: day}
	case within(r.Pass.SlotDays, day):
		return &Refusal{Reason: SlotNeeded, Day: day}
	}
	return nil
}

// Days are the first and the last business day of a pass. first is 0 while it waits for its
// first use; last is then the last day on which it may begin.
func (r *Rule) Days(st State) (first, last int) {
	switch r.Pass.Starts {
	case catalog.PassFromDate:
		first = r.Pass.FirstDay()
	case catalog.PassFromSale:
		first = st.SoldDay
	default:
		first = st.Activated
	}
	if first != 0 {
		return first, catalog.AddDays(first, r.Pass.ValidDays-1)
	}
	return 0, catalog.AddDays(st.SoldDay, r.waits())
}

func (r *Rule) waits() int {
	if r.Pass.ActivateWithinDays > 0 {
		return r.Pass.ActivateWithinDays
	}
	return defaultActivate
}

// LastDay is the last business day on which a pass sold on a day can be used at all.
func (r *Rule) LastDay(soldDay int) int {
	_, last := r.Days(State{SoldDay: soldDay})
	if r.Pass.Starts == catalog.PassFromFirstUse {
		last = catalog.AddDays(last, r.Pass.ValidDays-1)
	}
	return last
}

func within(spans []catalog.DateSpan, day int) bool {
	return slices.ContainsFunc(spans, func(s catalog.DateSpan) bool {
		from, until := s.Days()
		return from <= day && day <= until
	})
}
