package catalog

// StartsOn is the weekday of the session's business day, 1 Monday to 7 Sunday, and the
// minute of its start after midnight of that day, by the venue's clock.
func (s *Sellable) StartsOn() (weekday, minute int) {
	local := s.StartsAt.In(s.Venue.Location())
	minute = local.Hour()*60 + local.Minute()
	if dayNumber(local) != s.BusinessDay {
		minute += 24 * 60
	}
	return isoWeekday(dayDate(s.BusinessDay)), minute
}
