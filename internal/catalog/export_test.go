package catalog

import "foyer/internal/approval"

// TableOf resolves a price list for a session, as binding a session does.
var TableOf = newPriceTable

// Scores opens the search to its tests.
func Scores(query string, fields ...string) int {
	m := &maker{view: newView(Config{})}
	t := m.index("", fields)
	return t.score(ask(query))
}

// SetApprovals lets a test join the rule of two people.
func (c *Catalog) SetApprovals(p approval.Port) { c.cfg.Approvals = p }
