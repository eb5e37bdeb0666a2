package security_test

func offerBody() fields {
	return fields{"name": "三人行", "kind": "every_nth", "size": 3, "reduced": 1,
		"percent_off": 10000, "retired": true}
}

func releaseBody(h *house) any {
	return fields{"name": "分批", "ticket_type_id": h.ids["ticket_type"], "retired": true,
		"tiers": []fields{{"key": 1, "name": "早鸟", "quantity": 5, "change": "percent",
			"value": 8000}}}
}

func batchBody(h *house) any {
	return fields{"name": "媒体码", "uses": 5, "ticket_type_ids": []string{h.ids["ticket_type"]}}
}

// discounts makes one object of each kind that changes a price.
func (w *world) discounts(h *house) {
	w.t.Helper()
	for kind, b := range map[string]any{"offer": offerBody(), "release": releaseBody(h),
		"code_batch": batchBody(h)} {
		path := map[string]string{"offer": "/offers", "release": "/releases",
			"code_batch": "/code-batches"}[kind]
		h.ids[kind] = w.must(h.own, "POST", h.path(path), b).text("id")
	}
	codes := h.path("/code-batches/" + h.ids["code_batch"] + "/codes")
	h.secret = w.must(h.own, "POST", codes, fields{"code": "PRESS" + h.ids["org"][4:8]}).
		body["codes"].([]any)[0].(string)
	list := w.must(h.own, "GET", codes, nil).body["items"].([]any)
	h.ids["code"] = list[0].(map[string]any)["id"].(string)
}

// code is a code of the first house that nobody has ended.
func (w *world) code() {
	w.t.Helper()
	w.codes++
	codes := w.a.path("/code-batches/" + w.a.ids["code_batch"] + "/codes")
	made := w.must(w.a.own, "POST", codes, fields{"code": "SPARE" + unique(w.codes)})
	want := made.body["codes"].([]any)[0].(string)
	for _, item := range w.must(w.a.own, "GET", codes+"?limit=100", nil).body["items"].([]any) {
		if c := item.(map[string]any); c["code"] == want {
			w.a.ids["code"] = c["id"].(string)
		}
	}
}
