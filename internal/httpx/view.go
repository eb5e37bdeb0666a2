package httpx

import (
	"net/http"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
)

// TimeHeader names the moment that a member of staff looks at (RFC 3339).
const TimeHeader = "X-Foyer-Time"

// PermTime lets staff see what holds at another moment.
const PermTime actor.Permission = "time.machine"

// viewSpan is how far from now a view may be.
const viewSpan = 5 * 366 * 24 * time.Hour

// Refusals of views.
var (
	NotViewed = fault.Define(fault.Conflict, "not_at_another_time",
		"该操作不能在模拟时间下进行", "This cannot be done, or seen, at another time.",
		"Leave the header X-Foyer-Time out. Sessions, venues, prices and refund quotes know it.")
	ViewTime = fault.Define(fault.Invalid, "view_time_invalid",
		"模拟时间格式有误或相距过远", "X-Foyer-Time is no time, or too far from now.",
		"Send one time like 2026-10-01T10:00:00+08:00, at most five years away.")
)

// looks says whether a request is for another moment.
func looks(h http.Header) bool { return len(h[TimeHeader]) > 0 }

// access is the route's own, but for those who look at another time: only staff may, also
// where everybody may see what holds now.
func (x *exchange) access(h http.Header) (Access, error) {
	op := &x.route.op
	switch {
	case !looks(h):
		return op.Access, nil
	case !op.Timed:
		return op.Access, NotViewed
	}
	return StaffOnly(PermTime), nil
}

// view is the request as of the moment that it names. Its answer says so, and is kept by
// nobody: another reader must never get it. Refused with ViewTime.
func (x *exchange) view(r *http.Request) (*http.Request, error) {
	if !looks(r.Header) {
		return r, nil
	}
	at, err := time.Parse(time.RFC3339Nano, r.Header[TimeHeader][0])
	off := at.Sub(x.started)
	if err != nil || len(r.Header[TimeHeader]) > 1 || off > viewSpan || off < -viewSpan {
		return r, ViewTime
	}
	at = at.UTC().Truncate(time.Millisecond)
	h := x.Header()
	h.Set(TimeHeader, at.Format(time.RFC3339Nano))
	h.Add("Vary", TimeHeader)
	h["Cache-Control"] = []string{"no-store"} // a handler's own choice stands in revalidate
	r = r.WithContext(clock.View(r.Context(), at))
	r.Header = r.Header.Clone()
	r.Header.Del("If-None-Match")
	return r, nil
}
