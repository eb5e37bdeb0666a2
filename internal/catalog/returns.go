package catalog

import "time"

// Returns says that places which buyers give back of a session in demand go on sale again
// after a random while. Otherwise two people hand a place over: one gives it back, and the
// other, who knows the moment, buys it in the same second.
type Returns struct {
	// WithinSeconds is the longest that a place waits.
	WithinSeconds int `json:"within_seconds" minimum:"1" maximum:"86400" doc:"the longest that a place waits"`
	// AtOnceMinutes is how long before the start nothing waits any more.
	AtOnceMinutes int `json:"at_once_minutes,omitempty" maximum:"10080" doc:"so long before the start nothing waits any more"`
}

func (r *Returns) check(c *checker) {
	if r == nil {
		return
	}
	c.number("returns.within_seconds", int64(r.WithinSeconds), 1, 86_400)
	c.number("returns.at_once_minutes", int64(r.AtOnceMinutes), 0, 10_080)
}

// Window is how long what is given back now may wait, in a session that starts at start;
// zero: not at all.
func (r *Returns) Window(start, now time.Time) time.Duration {
	if r == nil {
		return 0
	}
	left := start.Sub(now) - time.Duration(r.AtOnceMinutes)*time.Minute
	return max(min(time.Duration(r.WithinSeconds)*time.Second, left), 0)
}
