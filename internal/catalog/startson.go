package catalog

// StartsOn is the weekday of the session's business day, 1 Monday to 7 Sunday, and the
// minute of its start after midnight of that day, by the venue's clock.
func (s *Sellable) StartsOn() (weekday, minute int) {
	m := momentOf(s.Venue, &s.Session)
	return m.weekday, m.minute
}
