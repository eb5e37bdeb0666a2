package security_test

import "time"

// seasonBody is a season of the house's two sessions.
func seasonBody(h *house) any {
	return fields{"name": "套票", "session_ids": []string{h.ids["session"], h.ids["next_session"]}}
}

// bookingBody asks for a seat that no night has.
func bookingBody(h *house) any {
	return fields{"seats": []fields{{"place": 999999, "ticket_type_id": h.ids["ticket_type"]}}}
}

// season makes one more session of the house and a season of both on sale.
func (w *world) season(h *house) {
	w.t.Helper()
	h.ids["next_session"] = w.must(h.own, "POST", h.path("/sessions"),
		h.sessionBody(time.Now().Add(70*time.Hour))).text("id")
	w.must(h.own, "POST", h.path("/sessions/"+h.ids["next_session"]+"/state"),
		fields{"state": "on_sale", "revision": 1})
	h.ids["season"] = w.must(h.own, "POST", h.path("/seasons"), seasonBody(h)).text("id")
	w.must(h.own, "POST", h.path("/seasons/"+h.ids["season"]+"/state"),
		fields{"state": "on_sale", "revision": 1})
}
