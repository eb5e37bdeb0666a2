package httpx

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"foyer/internal/fault"
)

// Op describes a route: what it is called, who may call it and what it refuses with.
type Op struct {
	Method      string // GET, POST, PUT, PATCH or DELETE
	Path        string // "/api/v1/orders/{id}"
	OperationID string // unique, e.g. "place-order"
	Summary     string
	Description string
	Tag         string // the noun it belongs to
	// Access has no default: a route that names nobody is refused at registration.
	Access Access
	// Rate is the class of the route; default ReadRate for GET, else WriteRate.
	Rate Rate
	// MaxBody is in bytes; default 64 KiB.
	MaxBody int64
	// Timed routes may be seen by staff as of another moment: clock.Seen tells it. Commands
	// never are.
	Timed bool
	// Idempotent routes require an Idempotency-Key.
	Idempotent bool
	// Status of a success; default 200, or 204 without an answer.
	Status int
	// Refusals are what the route may refuse with, beside what every route may.
	Refusals []*fault.Definition
	// Hidden keeps it out of the API document: pages, pictures of pages, health.
	Hidden bool
	// Page loosens the security headers for a page of our own.
	Page bool

	// The rest is for raw routes, whose document cannot be read off a handler's types.

	// Params is a struct with path, query and header tags as in a typed route's input.
	Params any
	// Request and Response are values of the body types, e.g. placeBody{}.
	Request, Response any
	// Accepts and Produces are other content types than JSON, e.g. "image/png".
	Accepts, Produces string
	// Stream says that the answer is a stream of events, open as long as the reader stays.
	Stream bool
}

type route struct {
	op      Op
	pattern string
	body    *plan // of a typed route's JSON body; nil without one
	raw     bool  // a typed route that reads the bytes themselves
}

// RawHandler is a handler that reads the request and writes the answer itself, and leaves
// refusals to the door. After it has begun to write it must not return an error.
type RawHandler func(w http.ResponseWriter, r *http.Request) error

// RegisterRaw adds a route whose handler works on the bytes: the hot ones, streams,
// pictures. It passes the same way in as typed ones. Read the body with DecodeJSON.
func RegisterRaw(a *API, op Op, handler RawHandler) {
	rt := a.add(op)
	if !op.Hidden {
		a.documentRaw(rt)
	}
	a.mount(rt, func(x *exchange, r *http.Request) error { return handler(x, r) })
}

// Register adds a typed route. I is a struct with path, query and header fields, and Body
// for JSON or RawBody ([]byte) for other bytes; O is a struct with Body and header fields.
// Tags (minLength, maximum, enum, doc, example …) are checked and documented alike.
func Register[I, O any](a *API, op Op, handler func(context.Context, *I) (*O, error)) {
	rt := a.add(op)
	in := reflect.TypeFor[I]()
	if f, ok := in.FieldByName("Body"); ok {
		rt.body = a.decoder.types.of(f.Type)
	} else if _, ok := in.FieldByName("RawBody"); ok {
		rt.raw = true
	}
	huma.Register(a.huma, a.humaOp(rt), func(ctx context.Context, in *I) (*O, error) {
		x := exchangeOf(ctx)
		if len(x.problems) > 0 {
			x.refusal = &fault.Error{Def: fault.BadInput, Fields: x.problems}
			return nil, nil
		}
		out, err := handler(ctx, in)
		if err != nil {
			x.refusal = err
			return nil, nil
		}
		return out, nil
	})
}

// add checks an operation and fills in its defaults. It panics on what a programmer must
// mend before the program can start.
func (a *API) add(op Op) *route {
	where := op.Method + " " + op.Path
	switch {
	case op.Access.Empty():
		panic("httpx: " + where + " says nobody who may call it")
	case !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, op.Method):
		panic("httpx: " + where + " has no method that we serve")
	case !strings.HasPrefix(op.Path, "/"):
		panic("httpx: " + where + " has no path")
	case !op.Hidden && (op.OperationID == "" || op.Summary == "" || op.Tag == ""):
		panic("httpx: " + where + " needs an operation id, a summary and a tag")
	}
	if op.Rate == (Rate{}) {
		if op.Rate = WriteRate; op.Method == http.MethodGet {
			op.Rate = ReadRate
		}
	}
	if r, ok := a.cfg.Rates[op.Rate.Name]; ok {
		r.Name = op.Rate.Name
		op.Rate = r
	}
	if known, ok := a.classes[op.Rate.Name]; ok && known != op.Rate {
		panic(fmt.Sprintf("httpx: two rates are called %q", op.Rate.Name))
	}
	a.classes[op.Rate.Name] = op.Rate
	if op.MaxBody <= 0 {
		op.MaxBody = DefaultMaxBody
	}
	rt := &route{op: op, pattern: where}
	a.routes = append(a.routes, rt)
	return rt
}

func (a *API) mount(rt *route, serve func(*exchange, *http.Request) error) {
	a.mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) {
		x := w.(*exchange) // ServeHTTP is the only way here
		x.route = rt
		if rt.op.Page {
			x.pageHeaders()
		}
		err := x.admit(r)
		if err == nil {
			r, err = x.view(r)
		}
		if err == nil {
			err = serve(x, r)
		}
		if err != nil {
			x.refuse(r, err)
		}
	})
}

// adapter joins huma's routes to the door: same mux, same way in.
type adapter struct{ api *API }

// Handle mounts a typed route; huma calls it once for each.
func (ad adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	rt := op.Metadata["route"].(*route)
	ad.api.mount(rt, func(x *exchange, r *http.Request) error {
		return x.typed(r, op, handler)
	})
}

// ServeHTTP belongs to huma's idea of an adapter.
func (ad adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { ad.api.ServeHTTP(w, r) }

// typed runs a typed route: strict reading, huma's validation, handler; the answer is
// kept until all is known, so that nothing half-made is ever sent.
func (x *exchange) typed(r *http.Request, op *huma.Operation, handler func(huma.Context)) error {
	if x.route.body != nil || x.route.raw {
		body := buffers.Get().(*bytes.Buffer)
		defer release(body)
		if err := x.readTyped(r, body); err != nil {
			return err
		}
		r.Body = io.NopCloser(bytes.NewReader(body.Bytes()))
	}
	out := recorder{header: x.Header(), body: buffers.Get().(*bytes.Buffer)}
	defer release(out.body)
	handler(humago.NewContext(op, r, &out))
	if x.refusal != nil {
		return x.refusal
	}
	ct := out.header.Get("Content-Type")
	if out.body.Len() == 0 {
		send(x, out.status, nil)
		return nil
	}
	WriteBytes(x, r, out.status, ct, out.body.Bytes())
	return nil
}

func (x *exchange) readTyped(r *http.Request, into *bytes.Buffer) error {
	if b := x.route.body; b != nil {
		if b.kind == planPointer && r.ContentLength == 0 {
			return nil // a body that may be left out, and was
		}
		if err := requireJSON(r); err != nil {
			return err
		}
	}
	if err := readBody(r, x, into, 0); err != nil {
		return err
	}
	if x.route.body == nil {
		return nil
	}
	var err error
	x.problems, err = decode(into.Bytes(), reflect.Value{}, x.route.body)
	return err
}

// recorder keeps an answer in memory.
type recorder struct {
	header http.Header
	status int
	body   *bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) { w.status = status }

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.body.Write(b)
}
