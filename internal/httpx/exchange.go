package httpx

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
)

// exchange is one request and its answer: what the door knows of it, in one value that is
// both the response writer and the only thing in the context.
type exchange struct {
	w       http.ResponseWriter
	api     *API
	route   *route // nil until one matched
	id      string
	started time.Time
	lang    Lang
	origin  origin
	actor   actor.Actor
	key     string
	reason  string // of a member of staff, for a command that waits for a second person

	status   int
	written  int64
	cause    error                // of a 5xx
	problems []fault.FieldProblem // of a strict reading, before validation adds its own
	refusal  error                // what a typed handler or its validation refused with
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// Header, Write and WriteHeader make the exchange a response writer; Unwrap lets
// http.ResponseController reach the connection for deadlines and flushing.
func (x *exchange) Header() http.Header { return x.w.Header() }

func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.w.Write(b)
	x.written += int64(n)
	return n, err
}

func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
	}
	x.w.WriteHeader(status)
}

func (x *exchange) Unwrap() http.ResponseWriter { return x.w }

// ActorOf is who sends the request; anonymous outside a request.
func ActorOf(ctx context.Context) actor.Actor {
	if x := exchangeOf(ctx); x != nil {
		return x.actor
	}
	return actor.Actor{}
}

// RequestIDOf is the number of the request as logs and answers show it; empty outside one.
func RequestIDOf(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.id
	}
	return ""
}

// ClientOf says where the request comes from, e.g. to guard sign-in per address; the zero
// value outside a request.
func ClientOf(ctx context.Context) RequestInfo {
	if x := exchangeOf(ctx); x != nil {
		return x.info(nil)
	}
	return RequestInfo{}
}

func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}
