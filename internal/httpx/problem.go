package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
)

const problemType = "application/problem+json"

// Problem is an RFC 9457 problem document, the answer to every refused request.
type Problem struct {
	Type      string               `json:"type" doc:"/problems/<code>, a page about it"`
	Title     string               `json:"title" doc:"the status in words"`
	Status    int                  `json:"status"`
	Detail    string               `json:"detail" doc:"what happened, in the language asked for"`
	Instance  string               `json:"instance" doc:"this occurrence"`
	Code      string               `json:"code" doc:"stable; programs compare this"`
	RequestID string               `json:"request_id" doc:"tell it to the operator"`
	Errors    []fault.FieldProblem `json:"errors,omitempty" doc:"the fields that are wrong"`
	Details   map[string]any       `json:"details,omitempty" doc:"what else is known"`
}

// Error, GetStatus and ContentType let the typed routes' library document it as the error
// that every operation may answer with.
func (p *Problem) Error() string { return p.Code }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is always that of a problem document.
func (p *Problem) ContentType(string) string { return problemType }

// statusOf is the HTTP status of a refusal.
func statusOf(d *fault.Definition) int {
	if d == WrongMethod {
		return http.StatusMethodNotAllowed
	}
	switch d.Kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Malformed:
		return http.StatusBadRequest
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Unsupported:
		return http.StatusUnsupportedMediaType
	}
	return http.StatusInternalServerError
}

// faultOf is err as a fault; a deadline that ran out below is "busy", not our mistake.
func faultOf(err error) *fault.Error {
	f := fault.Of(err)
	if f.Def == fault.Unexpected && errors.Is(err, context.DeadlineExceeded) {
		return fault.Busy.Wrap(err).Retry(time.Second)
	}
	return f
}

// refuse is the one function that turns an error into an answer. The cause is logged here
// for a 5xx and never shown.
func (x *exchange) refuse(r *http.Request, err error) {
	if x.actor.Kind == actor.Staff && x.accept(err) {
		return
	}
	f := faultOf(err)
	status := statusOf(f.Def)
	x.log(r, f, status)
	if x.status != 0 { // the answer has begun; all that is left is to cut it off
		panic(http.ErrAbortHandler)
	}
	h := x.Header()
	h.Del("Content-Encoding")
	h.Del("Content-Length")
	h.Del("Etag")
	h["Content-Type"] = problemHeader
	h["Cache-Control"] = noStore
	h.Set("Content-Language", string(x.lang))
	h.Add("Vary", "Accept-Language")
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((f.RetryAfter+time.Second-1)/time.Second), 10))
	}
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="foyer"`)
	}
	if status == http.StatusRequestEntityTooLarge {
		h.Set("Connection", "close") // the rest of the body is not worth reading
	}
	body := x.problem(f, status)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.WriteHeader(status)
	x.Write(body)
}

var (
	problemHeader = []string{problemType}
	noStore       = []string{"no-store"}
)

func (x *exchange) problem(f *fault.Error, status int) []byte {
	p := Problem{
		Type: "/problems/" + f.Def.Code, Title: http.StatusText(status), Status: status,
		Detail: f.Def.Zh, Code: f.Def.Code, RequestID: x.id,
		Instance: "urn:foyer:request:" + x.id, Errors: f.Fields, Details: f.Details,
	}
	if x.lang == En {
		p.Detail = f.Def.En
	}
	b, err := json.Marshal(&p)
	if err != nil { // a detail that is not JSON: the answer matters more than the detail
		x.api.cfg.Logger.Error("a refusal holds a detail that is not JSON",
			"code", p.Code, "error", err)
		p.Details = nil
		b, _ = json.Marshal(&p)
	}
	return append(b, '\n')
}

func (x *exchange) log(r *http.Request, f *fault.Error, status int) {
	gone := r.Context().Err() != nil // nobody is waiting for the answer any more
	switch {
	case status >= 500 && f.Def.Kind == fault.Internal && !gone:
		x.cause = f.Cause
		x.api.cfg.Logger.LogAttrs(r.Context(), slog.LevelError, "request failed",
			slog.String("request", x.id), slog.String("route", x.routeName()),
			slog.Any("error", f.Cause))
	case x.api.cfg.Logger.Enabled(r.Context(), slog.LevelDebug):
		x.api.cfg.Logger.LogAttrs(r.Context(), slog.LevelDebug, "request refused",
			slog.String("request", x.id), slog.String("route", x.routeName()),
			slog.String("code", f.Def.Code), slog.Any("cause", f.Cause))
	}
}

// WriteProblem answers err as a problem document, for handlers outside a route.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	if x := exchangeOf(r.Context()); x != nil {
		x.refuse(r, err)
		return
	}
	status := statusOf(faultOf(err).Def)
	http.Error(w, http.StatusText(status), status)
}
