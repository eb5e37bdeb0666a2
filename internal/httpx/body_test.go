package httpx

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"foyer/internal/fault"
)

type placeInput struct {
	Session string `path:"session" maxLength:"30"`
	Limit   int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Body    orderBody
}

type placeOutput struct {
	Location string `header:"Location"`
	Body     struct {
		Session string `json:"session"`
		Limit   int    `json:"limit"`
		Lines   int    `json:"lines"`
	}
}

func placing(calls *int) func(*API) {
	return func(a *API) {
		o := op("POST", "/api/v1/sessions/{session}/orders", MemberOrAnonymous)
		o.Status, o.Idempotent = 201, true
		Register(a, o, func(_ context.Context, in *placeInput) (*placeOutput, error) {
			*calls++
			out := &placeOutput{Location: "/x"}
			out.Body.Session, out.Body.Limit = in.Session, in.Limit
			out.Body.Lines = len(in.Body.Lines)
			return out, nil
		})
		o = op("POST", "/api/v1/raw", Public)
		o.MaxBody = 400
		RegisterRaw(a, o, func(w http.ResponseWriter, r *http.Request) error {
			var v orderBody
			if err := DecodeJSON(r, &v, 0); err != nil {
				return err
			}
			*calls++
			return WriteJSON(w, r, 201, v)
		})
	}
}

func TestStrictBodies(t *testing.T) {
	t.Parallel()
	var calls int
	d := setup(t, nil, placing(&calls))
	typed := func(body string, more ...string) answer {
		return d.send("POST", "/api/v1/sessions/ses_1/orders", body, append(more,
			"Idempotency-Key: k")...)
	}
	a := typed(orderJSON)
	if a.StatusCode != 201 || a.Header.Get("Location") != "/x" || calls != 1 ||
		strings.TrimSpace(string(a.body)) != `{"session":"ses_1","limit":20,"lines":2}` {
		t.Fatalf("%d %s %v", a.StatusCode, a.body, a.Header)
	}
	line := `"lines":[{"ticket_type":"a"}]`
	for _, c := range []struct{ in, want string }{
		{`{"session":"x",` + line + `,"Note":"y"}`, "Note must be written `note`"},
		{`{"session":"x",` + line + `,"note":"y","note":"y"}`, "note is given twice"},
		{`{"session":"x",` + line + `,"zzz":1}`, "zzz is not known here"},
		{`{"lines":[{"ticket_type":"a","places":["a","b",3]}]}`,
			"lines[0].places[2] must be a string; session is missing"},
		{`{"session":"x","lines":[{"ticket_type":"a","quantity":1e2}]}`,
			"lines[0].quantity must be a whole number"},
	} {
		for _, a := range []answer{typed(c.in), d.send("POST", "/api/v1/raw", c.in)} {
			p := a.problem(t)
			if got := told(&fault.Error{Def: fault.BadInput, Fields: p.Errors}); got != c.want ||
				a.StatusCode != 422 || p.Code != "invalid_input" {
				t.Errorf("%s\n got %d %s\nwant %s", c.in, a.StatusCode, got, c.want)
			}
		}
	}
	for _, in := range []string{"{", orderJSON + "x", "\xff", "[[[["} {
		d.want(typed(in), 400, "malformed")
		d.want(d.send("POST", "/api/v1/raw", in), 400, "malformed")
	}
	for _, ct := range []string{"text/plain", "application/x-www-form-urlencoded",
		"application/json; charset=gbk", "x"} {
		d.want(typed(orderJSON, "Content-Type: "+ct), 415, "content_type_unsupported")
		d.want(d.send("POST", "/api/v1/raw", orderJSON, "Content-Type: "+ct), 415,
			"content_type_unsupported")
	}
	d.want(typed(orderJSON, "Content-Type: application/json; charset=UTF-8"), 201, "")
	d.want(d.send("POST", "/api/v1/raw", orderJSON+strings.Repeat(" ", 400)), 413, "body_too_large")
	d.want(typed(orderJSON+strings.Repeat(" ", DefaultMaxBody)), 413, "body_too_large")
	if calls != 2 {
		t.Errorf("handlers ran %d times", calls)
	}
}

// TestChunkedBodyIsBounded: a body of unknown length is stopped at the limit as well.
func TestChunkedBodyIsBounded(t *testing.T) {
	t.Parallel()
	var calls int
	d := setup(t, nil, placing(&calls))
	for range 20 {
		blanks := bytes.NewReader(bytes.Repeat([]byte(" "), 1<<20))
		r, _ := http.NewRequest("POST", d.server.URL+"/api/v1/raw",
			io.MultiReader(strings.NewReader(orderJSON), blanks))
		r.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultTransport.RoundTrip(r)
		if calls != 0 {
			t.Fatal("the whole body was let through")
		}
		if err != nil {
			continue // the line was cut before the answer was read: once more
		}
		res.Body.Close()
		if res.StatusCode != 413 {
			t.Errorf("got %d", res.StatusCode)
		}
		return
	}
	t.Error("no answer was read in twenty tries")
}

func TestParameters(t *testing.T) {
	t.Parallel()
	var calls int
	d := setup(t, nil, placing(&calls))
	for query, want := range map[string]string{
		"?limit=0": "limit expected number >= 1", "?limit=101": "limit expected number <= 100",
		"?limit=x": "limit invalid integer", "?limti=1": "limti unknown query parameter",
	} {
		a := d.send("POST", "/api/v1/sessions/s/orders"+query, orderJSON, "Idempotency-Key: k")
		got := told(&fault.Error{Def: fault.BadInput, Fields: a.problem(t).Errors})
		if got != want {
			t.Errorf("%s: got %d %s", query, a.StatusCode, got)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	var calls int
	d := setup(t, nil, placing(&calls))
	const path = "/api/v1/sessions/s/orders"
	d.want(d.send("POST", path, orderJSON), 400, "idempotency_key_required")
	for _, bad := range []string{strings.Repeat("k", 129), "schlüssel", ""} {
		d.want(d.send("POST", path, orderJSON, "Idempotency-Key: "+bad), 400,
			"idempotency_key_invalid")
	}
	d.want(d.send("POST", path, orderJSON, "Idempotency-Key: "+strings.Repeat("k", 128)), 201, "")
}
