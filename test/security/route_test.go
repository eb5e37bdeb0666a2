package security_test

import "strings"

// Who may do a thing, as the sets that come up again and again. "elsewhere" is a manager of
// another venue of the same organization.
const (
	nobody    = ""
	everybody = "*"
	anyStaff  = "owner manager box_office usher bookkeeper elsewhere"
	everyone  = anyStaff + " other owner" // of the staff, whatever the organization
	managers  = "owner manager"
	counter   = "owner manager box_office"
	books     = "owner manager bookkeeper"
	viewers   = "owner manager box_office bookkeeper"
	gatekeep  = "owner manager box_office usher"
	members   = "member,other member"
)

// route is how a route is called: with ids of the first organization's own objects and a
// body that means something there.
type route struct {
	path  string // with {order}, {venue} … of the house; empty: the pattern itself
	may   string // who reaches it: names, split by commas
	body  any    // a value, or func(h *house) any
	spare bool   // the call ends the caller's token: use another one
	key   bool   // it wants an Idempotency-Key
	// mine says that the object is a person's own: everybody else misses it.
	mine bool
	// public says that the object is no secret: staff of other houses may not, and may know.
	public bool
	// fresh makes the object anew before each call that may use it up.
	fresh func(w *world)
}

// short writes the long beginnings of addresses out.
var short = strings.NewReplacer("ORG", "/api/v1/staff/organizations/{org}", "API", "/api/v1")

// matrix is shortMatrix written out.
var matrix = func() map[string]route {
	out := make(map[string]route, len(shortMatrix))
	for name, r := range shortMatrix {
		r.path = short.Replace(r.path)
		out[short.Replace(name)] = r
	}
	return out
}()

// of is a route below the organization.
func of(rest, may string, body any) route {
	return route{path: "ORG/" + rest, may: may, body: body}
}

func renewed(r route, fresh func(w *world)) route {
	r.fresh = fresh
	return r
}

// outdated is stale of a body that names what its house has.
func outdated(body func(h *house) any) any {
	return func(h *house) any { return stale(body(h).(fields)) }
}

// stale is a body with a revision that nothing has, so that nothing changes.
func stale(body fields) fields {
	body["revision"] = 99
	return body
}
