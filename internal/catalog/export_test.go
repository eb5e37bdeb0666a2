package catalog

// TableOf resolves a price list for a session, as binding a session does.
var TableOf = newPriceTable

// Scores opens the search to its tests.
func Scores(query string, fields ...string) int {
	m := &maker{view: newView(Config{})}
	t := m.index("", fields)
	return t.score(ask(query))
}
