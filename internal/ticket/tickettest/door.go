package tickettest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
)

// Door is an HTTP door before modules, with the tokens of who may come.
type Door struct {
	*httpx.API
	T      testing.TB
	Tokens map[string]actor.Actor
	// Other answers the tokens that Tokens does not hold; nil refuses them.
	Other func(ctx context.Context, token string) (actor.Actor, error)
}

// NewDoor makes a door that knows nobody.
func NewDoor(t testing.TB, clk clock.Clock, ids *idgen.Source) *Door {
	t.Helper()
	codec, err := idgen.NewCodec([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	d := &Door{T: t, Tokens: map[string]actor.Actor{}}
	d.API, err = httpx.New(httpx.Config{Title: "test", Version: "0", Clock: clk, IDs: ids,
		Codec: codec, Auth: d, CursorSecret: []byte("0123456789abcdef"),
		Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Authenticate finds the token.
func (d *Door) Authenticate(ctx context.Context, token string, _ httpx.RequestInfo) (
	actor.Actor, error,
) {
	if who, ok := d.Tokens[token]; ok {
		return who, nil
	}
	if d.Other != nil {
		return d.Other(ctx, token)
	}
	return actor.Actor{}, fault.SignInFirst
}

// Answer is what the door answered.
type Answer struct {
	*httptest.ResponseRecorder
	T testing.TB
}

// Ask sends a request; body nil sends none.
func (d *Door) Ask(token, method, path string, body any, headers ...string) Answer {
	d.T.Helper()
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			d.T.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, path, &b)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return Answer{w, d.T}
}

// JSON reads the answer, which must have this status.
func (a Answer) JSON(status int) map[string]any {
	a.T.Helper()
	var m map[string]any
	if a.Code != status || json.Unmarshal(a.Body.Bytes(), &m) != nil {
		a.T.Fatalf("got %d, want %d: %s", a.Code, status, a.Body)
	}
	return m
}

// Refused checks that the answer is a problem document with this code, and gives its
// details.
func (a Answer) Refused(def *fault.Definition) map[string]any {
	a.T.Helper()
	var p httpx.Problem
	if json.Unmarshal(a.Body.Bytes(), &p) != nil || p.Code != def.Code || a.Code < 400 ||
		a.Code >= http.StatusInternalServerError || p.Detail == "" {
		a.T.Fatalf("got %d %s, want %s", a.Code, a.Body, def.Code)
	}
	return p.Details
}
