package catalog

import "time"

// GatesOpenBefore is how long before the start people are let in.
const GatesOpenBefore = time.Hour

// GateWindow is when a ticket of the session opens a gate: from an hour before the start
// to the end of the session.
func (s *Session) GateWindow() (from, until time.Time) {
	return s.StartsAt.Add(-GatesOpenBefore), s.EndsAt
}
