package security_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// public objects are shown to everybody; to name another house's in an order is to buy there.
var buysElsewhere = []string{"POST /api/v1/orders", "POST /api/v1/quotes",
	"POST /api/v1/sessions/{id}/alerts", "POST /api/v1/sessions/{id}/codes",
	"POST /api/v1/seasons/{id}/quotes", "POST /api/v1/seasons/{id}/orders"}

// Two organizations with twin data: whatever the people of one ask about the other's
// objects, by path or in a body, is answered as if those objects did not exist, and leaves
// them as they were.
func TestTwinsKnowNothingOfEachOther(t *testing.T) {
	t.Parallel()
	w := founded(t)
	w.a.plan = fields{}
	w.b.plan = w.a.plan
	w.device()
	w.leaver()
	w.b.ids["spare_device"] = w.b.ids["device"]
	for _, role := range []string{"usher", "leaver"} {
		w.b.ids["person:"+role] = w.b.ids["person:other owner"]
	}
	before := w.everythingOf(w.b)
	for _, name := range slices.Sorted(maps.Keys(matrix)) {
		r := matrix[name]
		method, pattern, _ := strings.Cut(name, " ")
		if r.path == "" {
			r.path = pattern
		}
		if r.may == everybody || r.spare || slices.Contains(buysElsewhere, name) {
			continue
		}
		for _, caller := range []string{"owner", "bookkeeper", "member", "device"} {
			if r.reaches(caller) {
				w.askAcross(name, method, r, caller)
			}
		}
	}
	for name, after := range w.everythingOf(w.b) {
		if after != before[name] {
			t.Errorf("the other house was changed: %s\n%s\n%s", name, before[name], after)
		}
	}
}

// askAcross asks about the other house's objects in three ways, each beside the same
// question about objects that nobody has.
func (w *world) askAcross(name, method string, r route, caller string) {
	w.t.Helper()
	theirs := &house{ids: maps.Clone(w.b.ids), code: w.b.code, plan: w.b.plan, later: w.b.later}
	mixed := &house{ids: maps.Clone(w.b.ids), code: w.b.code, plan: w.b.plan, later: w.b.later}
	mixed.ids["org"] = w.a.ids["org"]
	inside := &house{ids: maps.Clone(w.a.ids), code: w.a.code, plan: w.a.plan, later: w.a.later}
	for _, way := range []struct {
		what       string
		path, body *house
	}{
		{"all theirs", theirs, w.a},
		{"their object in our house", mixed, w.a},
		{"their objects in the body", inside, mixed},
	} {
		path, body := way.path.fill(r.path), w.raw(r.content(way.body))
		if path == w.a.fill(r.path) && string(body) == string(w.raw(r.content(w.a))) {
			continue // nothing of theirs is named
		}
		got := w.ask(caller, method, path, body, r, 1)
		none := w.ask(caller, method, w.blank(path), []byte(w.blank(string(body))), r, 2)
		if got.status < 300 && method != "GET" || shape(got) != shape(none) {
			w.t.Errorf("%s as %q, %s: %s\n\tnobody's: %s", name, caller, way.what, shape(got),
				shape(none))
		}
	}
}

func (w *world) raw(content any) []byte {
	if b, ok := content.([]byte); ok || content == nil {
		return b
	}
	raw, err := json.Marshal(content)
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

func (w *world) ask(caller, method, path string, body []byte, r route, n int) reply {
	headers := []string{"Content-Type", "application/json"}
	if _, file := r.body.([]byte); file {
		headers[1] = "application/octet-stream"
	}
	if r.key {
		headers = append(headers, "Idempotency-Key", unique(n))
	}
	if len(body) == 0 {
		return w.call(caller, method, path, nil, headers...)
	}
	return w.call(caller, method, path, body, headers...)
}

// blank replaces every id of the other house by one of its kind that nobody has.
func (w *world) blank(text string) string {
	return publicID.ReplaceAllStringFunc(text, func(id string) string {
		for _, theirs := range w.b.ids {
			if id == theirs {
				return w.nobodys(id[:3])
			}
		}
		return id
	})
}

// shape is an answer without the ids that it repeats and what differs between requests.
func shape(r reply) string { return publicID.ReplaceAllString(bare(r), "$1") }

// everythingOf is all that an owner can read of his house, by route.
func (w *world) everythingOf(h *house) map[string]string {
	w.t.Helper()
	all := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(matrix)) {
		method, path, _ := strings.Cut(name, " ")
		if matrix[name].path != "" {
			path = matrix[name].path
		}
		if method != "GET" || !strings.Contains(path, "/staff/organizations/") &&
			!strings.Contains(path, "{order}") {
			continue
		}
		r := w.call(h.own, method, h.fill(path), nil)
		if r.status == 200 {
			all[name] = string(r.raw)
		}
	}
	return all
}

// Whatever one house reads, no id of the other stands in it.
func TestListsHoldNothingOfTheOtherHouse(t *testing.T) {
	t.Parallel()
	w := founded(t)
	read := 0
	for name, r := range matrix {
		method, path, _ := strings.Cut(name, " ")
		if r.path != "" {
			path = r.path
		}
		if method != "GET" || r.may == everybody {
			continue
		}
		for _, caller := range []string{"owner", "manager", "bookkeeper", "member", "device"} {
			if !r.reaches(caller) {
				continue
			}
			got := w.call(caller, method, w.a.fill(path), nil)
			if got.status == 200 {
				read++
			}
			for kind, id := range w.b.ids {
				if strings.Contains(string(got.raw), id) {
					t.Errorf("%s as %q shows the other house's %s", name, caller, kind)
				}
			}
		}
	}
	if read < 60 {
		t.Errorf("only %d answers were read", read)
	}
}
