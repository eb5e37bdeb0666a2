package security_test

import "time"

// lateBody is one sale of the last minute, of a place that nobody else has.
func (w *world) lateBody(h *house, paper string) fields {
	w.t.Helper()
	return fields{"entries": []fields{{"session_id": h.ids["session"], "amount_minor": 5000,
		"means": "cash", "sold_at": time.Now().Add(-time.Minute), "papers": []string{paper},
		"lines": []fields{{"ticket_type_id": h.ids["ticket_type"],
			"places": w.places(h)[58:59]}}}}}
}
