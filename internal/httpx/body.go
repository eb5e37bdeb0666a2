package httpx

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"foyer/internal/clock"
)

const (
	// DefaultMaxBody is the bytes of a body that a route reads unless it says otherwise.
	DefaultMaxBody = 64 << 10
	bodySlack      = 5 * time.Second // to send a small body
	slowestUpload  = 16 << 10        // bytes a second below which a sender is cut off
	pooledBody     = 64 << 10        // larger buffers are left to the collector
)

// buffers are reused between requests, by raw routes too, which know no door.
//
//tidy:allow state scratch memory that remembers nothing: each is emptied when it is let go
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func release(b *bytes.Buffer) {
	if b.Cap() <= pooledBody {
		b.Reset()
		buffers.Put(b)
	}
}

// DecodeJSON reads the JSON body of a raw route strictly into v, as Decoder.Unmarshal
// does; maxBytes 0 is the route's own limit. It refuses also with WrongContentType,
// BodyTooLarge and Malformed (no body, or it stopped coming).
func DecodeJSON(r *http.Request, v any, maxBytes int64) error {
	if err := requireJSON(r); err != nil {
		return err
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer release(buf)
	x := exchangeOf(r.Context())
	if err := readBody(r, x, buf, maxBytes); err != nil {
		return err
	}
	if x == nil {
		return NewDecoder().Unmarshal(buf.Bytes(), v)
	}
	return x.api.decoder.Unmarshal(buf.Bytes(), v)
}

// ReadBody reads the whole body of a raw route, e.g. a provider's notice whose signature
// covers the very bytes, or a picture; maxBytes 0 is the route's own limit. It refuses
// with BodyTooLarge and Malformed.
func ReadBody(r *http.Request, maxBytes int64) ([]byte, error) {
	var buf bytes.Buffer
	if err := readBody(r, exchangeOf(r.Context()), &buf, maxBytes); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// ReadJSON reads the bytes of a raw route's JSON body, for a handler that needs them beside
// what they say: API.Decoder reads them strictly. It refuses as DecodeJSON does.
func ReadJSON(r *http.Request) ([]byte, error) {
	if err := requireJSON(r); err != nil {
		return nil, err
	}
	return ReadBody(r, 0)
}

// requireJSON refuses another content type; a cross-site form can only send others.
func requireJSON(r *http.Request) error {
	ct := r.Header.Get("Content-Type")
	if ct == "application/json" {
		return nil
	}
	media, params, err := mime.ParseMediaType(ct)
	charset := params["charset"]
	if err != nil || media != "application/json" ||
		charset != "" && !strings.EqualFold(charset, "utf-8") {
		return WrongContentType
	}
	if r.Header.Get("Content-Encoding") != "" {
		return WrongContentType
	}
	return nil
}

func readBody(r *http.Request, x *exchange, buf *bytes.Buffer, limit int64) error {
	if limit <= 0 {
		limit = DefaultMaxBody
		if x != nil && x.route != nil {
			limit = x.route.op.MaxBody
		}
	}
	tooLarge := BodyTooLarge.With("max_bytes", limit)
	if r.ContentLength > limit {
		return tooLarge
	}
	if x != nil {
		rc := http.NewResponseController(x.w)
		allowed := bodySlack + time.Duration(limit/slowestUpload)*time.Second
		// A socket's deadline is compared with the machine's clock, whatever ours says.
		rc.SetReadDeadline(clock.Real{}.Now().Add(allowed))
		// Left in place it would end the request's context while the handler works.
		defer rc.SetReadDeadline(time.Time{})
	}
	n, err := buf.ReadFrom(io.LimitReader(r.Body, limit+1))
	var max *http.MaxBytesError
	switch {
	case n > limit || errors.As(err, &max):
		return tooLarge
	case err != nil:
		return Malformed.With("problem", "the body did not arrive in full").Wrap(err)
	}
	return nil
}
