package security_test

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"foyer/internal/idgen"
)

// callers are all kinds of callers, by the name of their token.
var callers = []string{"", "revoked", "expired", "member", "other member", "owner", "manager",
	"box_office", "usher", "bookkeeper", "elsewhere", "other owner", "device", "other device"}

func kindOf(caller string) string {
	switch {
	case caller == "" || caller == "revoked" || caller == "expired":
		return "nobody"
	case strings.HasSuffix(caller, "member"):
		return "member"
	case strings.HasSuffix(caller, "device"):
		return "device"
	}
	return "staff"
}

// reaches reads who may: names split by commas and spaces; two-word names are whole words.
func (r route) reaches(caller string) bool {
	if r.may == everybody {
		return true
	}
	rest := r.may
	for _, two := range []string{"other member", "other owner", "other device"} {
		if strings.Contains(rest, two) {
			if caller == two {
				return true
			}
			rest = strings.ReplaceAll(rest, two, "-")
		}
	}
	if caller == "" {
		return strings.HasPrefix(r.may, ",")
	}
	return slices.Contains(strings.FieldsFunc(rest, func(c rune) bool {
		return c == ',' || c == ' '
	}), caller)
}

// wants is the status that a caller must get: 0 for "reached".
func (r route) wants(caller string) []int {
	if r.reaches(caller) {
		return nil
	}
	kinds := map[string]bool{}
	for _, c := range callers {
		if r.reaches(c) {
			kinds[kindOf(c)] = true
		}
	}
	switch kind := kindOf(caller); {
	case kind != "nobody" && r.mine && kinds[kind]:
		return []int{404}
	case kind == "nobody":
		return []int{401}
	case !kinds[kind]:
		return []int{403} // the wrong kind of caller, whatever the object
	case strings.HasPrefix(caller, "other") && r.public:
		return []int{403}
	case strings.HasPrefix(caller, "other"):
		return []int{404} // another's object is a missing one
	case caller == "elsewhere":
		return []int{403, 404} // of the house, and without the right at this venue
	case kind == "member" || kind == "device":
		return []int{404}
	}
	return []int{403} // of the house, and without the right
}

func (r route) content(h *house) any {
	if fn, ok := r.body.(func(*house) any); ok {
		return fn(h)
	}
	return r.body
}

func TestEveryRouteAgainstEveryCaller(t *testing.T) {
	t.Parallel()
	w := founded(t)
	w.a.plan = w.must("owner", "GET", w.a.path("/halls/"+w.a.ids["hall"]+"/seat-map"), nil).
		body["map"]
	listed := map[string]bool{}
	for _, known := range w.app.API.Routes() {
		name := known.Method + " " + known.Path
		listed[name] = true
		r, ok := matrix[name]
		if !ok {
			t.Errorf("new route: list it in the matrix: %s (%s)", name, known.Access)
			continue
		}
		if r.path == "" {
			r.path = known.Path
		}
		// Whoever may comes last: the call may use up what the others were refused.
		order := slices.Clone(callers)
		slices.SortStableFunc(order, func(a, b string) int {
			return btoi(r.reaches(a)) - btoi(r.reaches(b))
		})
		for i, caller := range order {
			w.try(name, known.Method, r, caller, i)
		}
	}
	for name := range matrix {
		if !listed[name] {
			t.Errorf("no such route any more: %s", name)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// try calls a route as somebody and holds the answer to the matrix.
func (w *world) try(name, method string, r route, caller string, n int) {
	w.t.Helper()
	token := w.tokens[caller]
	if r.spare && r.reaches(caller) {
		token = w.spare(caller)
	}
	var headers []string
	if r.key {
		headers = []string{"Idempotency-Key", unique(n)}
	}
	if r.fresh != nil && (r.reaches(caller) || n == 0) {
		r.fresh(w)
	}
	path := w.a.fill(r.path)
	got := w.send(token, method, path, r.content(w.a), headers...)
	want := r.wants(caller)
	switch {
	case got.status >= 500:
		w.t.Errorf("%s as %q: %d %s", name, caller, got.status, got.raw)
	case want == nil && (got.status == 401 || got.status == 403 || got.status == 404) &&
		!open404(name, got):
		w.t.Errorf("%s as %q is not let in: %d %s", name, caller, got.status, got.raw)
	case want != nil && !slices.Contains(want, got.status):
		w.t.Errorf("%s as %q: %d, want %v: %.300s", name, caller, got.status, want, got.raw)
	case got.status == 404 && want != nil:
		w.likeMissing(name, method, r, token, got, headers)
	}
	if r.spare && r.reaches(caller) && strings.HasSuffix(r.path, "sign-ins") {
		w.tokens[caller] = w.renew(caller)
	}
}

// open404 is what proves who somebody is: its own 401 and 404 are its answers.
func open404(name string, got reply) bool {
	code := got.text("code")
	return strings.Contains(name, "/auth/") || strings.HasSuffix(name, "/setup") ||
		strings.HasSuffix(name, "/accept") || strings.HasSuffix(name, "/enrol") ||
		strings.Contains(name, "/notify/") || strings.HasSuffix(name, "/password") ||
		code == "place_unknown" ||
		strings.HasSuffix(name, "/alerts/{id}/withdraw") // of an alert that nobody registered
}

var publicID = regexp.MustCompile(`\b([a-z]{3})_[0-9a-z]{26}\b`)

// likeMissing asks for an object that nobody has: what a stranger got must be the same.
func (w *world) likeMissing(name, method string, r route, token string, got reply,
	headers []string,
) {
	w.t.Helper()
	path := publicID.ReplaceAllStringFunc(w.a.fill(r.path), func(id string) string {
		return w.nobodys(id[:3])
	})
	none := w.send(token, method, path, r.content(w.a), headers...)
	if none.status != got.status || bare(none) != bare(got) {
		w.t.Errorf("%s: another's object is told from a missing one:\n%s\n%s", name, got.raw,
			none.raw)
	}
}

// nobodys is an id of a kind that belongs to no object.
func (w *world) nobodys(kind string) string {
	return w.app.Codec.Encode(idgen.Kind(kind), w.app.IDs.Next())
}

var (
	requestID = regexp.MustCompile(`"(request_id|instance)":"[^"]*"`)
)

// bare is an answer without what differs between two requests.
func bare(r reply) string {
	return fmt.Sprint(r.status) + requestID.ReplaceAllString(string(r.raw), "")
}

// leaver, invitation, device, memberSignIn and staffSignIn make what a call uses up.
func (w *world) leaver() {
	w.guests++
	w.join("owner", "leaver", w.a, "usher", "", fmt.Sprintf("leaver%d@a.example", w.guests))
}

func (w *world) invitation() {
	w.guests++
	w.a.ids["invitation"] = w.must("owner", "POST", w.a.path("/invitations"), fields{
		"email":   fmt.Sprintf("guest%d@a.example", w.guests),
		"role_id": w.a.ids["role:usher"]}).text("id")
}

func (w *world) device() {
	made := w.must("owner", "POST", w.a.path("/venues/"+w.a.ids["venue"]+"/devices"),
		fields{"name": "备用机"})
	w.a.ids["spare_device"] = made.body["device"].(map[string]any)["id"].(string)
}

// approval is a request of the first house's owner that nobody has decided.
func (w *world) approval() {
	w.asked++
	w.askPrices(w.a, 7000+w.asked)
}

// askPrices has a house's owner ask for another price, which takes a second person.
func (w *world) askPrices(h *house, amount int) {
	list := w.must(h.own, "GET", h.path("/price-lists/"+h.ids["price_list2"]), nil)
	body := h.priceBody()
	body["cells"].([]fields)[0]["amount_minor"] = amount
	body["revision"] = list.body["revision"]
	h.ids["approval"] = w.must(h.own, "PUT", h.path("/price-lists/"+h.ids["price_list2"]),
		body).text("id")
}

func (w *world) memberSignIn() { w.a.ids["sign_in"] = w.anotherSignIn("member") }

func (w *world) staffSignIn() { w.a.ids["staff_sign_in"] = w.anotherSignIn("owner") }

// anotherSignIn makes a sign-in beside the one that is used, and gives its id.
func (w *world) anotherSignIn(name string) string {
	w.t.Helper()
	path := "/api/v1/me/sign-ins"
	if kindOf(name) == "staff" {
		path = "/api/v1/staff/me/sign-ins"
	}
	w.spare(name)
	for _, s := range w.must(name, "GET", path, nil).body["items"].([]any) {
		if entry := s.(map[string]any); entry["device_label"] == "spare" {
			return entry["id"].(string)
		}
	}
	w.t.Fatal("the new sign-in is not listed")
	return ""
}

// renew signs somebody in again whose tokens have all ended.
func (w *world) renew(name string) string {
	w.t.Helper()
	return w.issue(w.accounts[name], kindOfToken(name))
}

// The metrics are for whoever runs the machine: over loopback, or with its token.
func TestMetricsAreTheOperators(t *testing.T) {
	t.Parallel()
	w := open(t)
	for from, want := range map[string]int{"127.0.0.1:9": 200, "[::1]:9": 200,
		"203.0.113.9:9": 403, "10.0.0.7:9": 403} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr = from
		rec := httptest.NewRecorder()
		w.app.API.ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("from %s: %d, want %d", from, rec.Code, want)
		}
		r.Header.Set("X-Forwarded-For", "127.0.0.1")
		rec = httptest.NewRecorder()
		w.app.API.ServeHTTP(rec, r)
		if want != 200 && rec.Code == 200 {
			t.Errorf("from %s: a forwarding header opens it", from)
		}
	}
}
