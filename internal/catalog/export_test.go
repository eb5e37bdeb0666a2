package catalog

import "foyer/internal/catalog/almanac"

import "foyer/internal/approval"

// TableOf resolves a price list for a session, as binding a session does.
func TableOf(l *PriceList, v *Venue, s *Session) *PriceTable {
	return newPriceTable(l, v, s, builtIn().Of(s.BusinessDay).Kind)
}

// BuiltIn is what a day is by the lists that come with the program.
func BuiltIn(day int) almanac.Day { return builtIn().Of(day) }

// Scores opens the search to its tests.
func Scores(query string, fields ...string) int {
	m := &maker{view: newView(Config{})}
	t := m.index("", fields)
	return t.score(ask(query))
}

// SetApprovals lets a test join the rule of two people.
func (c *Catalog) SetApprovals(p approval.Port) { c.cfg.Approvals = p }
