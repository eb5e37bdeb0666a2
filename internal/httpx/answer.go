package httpx

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"foyer/internal/fault"
)

const (
	gzipFrom  = 1 << 10 // bytes from which compressing pays
	jsonMedia = "application/json"
)

var jsonHeader = []string{jsonMedia}

// gzips are reused: each holds a window of some 300 KB, too much to make for an answer.
//
//tidy:allow state scratch memory that remembers nothing: Reset comes before each use
var gzips = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return z
}}

// ETag is the strong entity tag of bytes.
func ETag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
}

// NotModified sets the ETag header and, when the reader has this very version already,
// answers 304 and says true. etag is strong, in its quotes.
func NotModified(w http.ResponseWriter, r *http.Request, etag string) bool {
	w.Header()["Etag"] = []string{etag}
	if !matches(r.Header.Get("If-None-Match"), etag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// matches compares weakly, as If-None-Match asks; a tag of the compressed form counts.
func matches(header, etag string) bool {
	if header == "" || len(header) > 4096 {
		return false
	}
	want := strings.Trim(etag, `"`)
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == "*" || strings.TrimSuffix(strings.Trim(tag, `"`), "-gzip") == want {
			return true
		}
	}
	return false
}

// gzipTag is the tag of the compressed form: two encodings are two representations.
func gzipTag(etag string) string { return etag[:len(etag)-1] + `-gzip"` }

// accepts says that the reader takes gzip.
func acceptsGzip(r *http.Request) bool {
	header := r.Header.Get("Accept-Encoding")
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name != "gzip" && name != "*" {
			continue
		}
		q = strings.TrimPrefix(strings.ReplaceAll(q, " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return q == "" || err == nil && weight > 0
	}
	return false
}

// Document is an answer made once and served many times: tag and compressed form are
// ready, so serving it is a header and a copy. It is read-only.
type Document struct {
	contentType []string
	etag, gzTag []string
	body, gz    []byte
	cache       []string
}

// NewDocument makes a document; cacheControl may be empty for "ask each time".
func NewDocument(contentType string, body []byte, cacheControl string) *Document {
	if cacheControl == "" {
		cacheControl = "no-cache"
	}
	tag := ETag(body)
	d := &Document{contentType: []string{contentType}, etag: []string{tag},
		gzTag: []string{gzipTag(tag)}, body: body, cache: []string{cacheControl}}
	if len(body) >= gzipFrom {
		var buf bytes.Buffer
		z, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression)
		z.Write(body)
		z.Close()
		if buf.Len() < len(body) {
			d.gz = buf.Bytes()
		}
	}
	return d
}

// ETag is the document's tag.
func (d *Document) ETag() string { return d.etag[0] }

// Serve answers with the document: 304 when the reader has it, compressed when it may be.
func (d *Document) Serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Cache-Control"] = d.cache
	body, tag := d.body, d.etag
	if d.gz != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			body, tag = d.gz, d.gzTag
		}
	}
	h["Etag"] = tag
	if matches(r.Header.Get("If-None-Match"), d.etag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"] = d.contentType
	if d.gz != nil && &body[0] == &d.gz[0] {
		h["Content-Encoding"] = []string{"gzip"}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.Write(body)
}

// WriteJSON answers a raw route with a JSON document.
func WriteJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	buf := buffers.Get().(*bytes.Buffer)
	defer release(buf)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fault.Unexpected.Wrap(err)
	}
	WriteBytes(w, r, status, jsonMedia, buf.Bytes())
	return nil
}

// WriteBytes answers with bytes that are ready. An answer 200 to a GET gets a strong ETag
// (304 when the reader has it) unless the handler set one, and text of 1 KiB or more is
// compressed. Other methods are not compressed: their answers may hold a fresh secret
// beside text that a stranger chose.
func WriteBytes(w http.ResponseWriter, r *http.Request, status int, ct string, body []byte) {
	h := w.Header()
	if ct == jsonMedia {
		h["Content-Type"] = jsonHeader
	} else {
		h.Set("Content-Type", ct)
	}
	if status != http.StatusOK || r.Method != http.MethodGet && r.Method != http.MethodHead {
		send(w, status, body)
		return
	}
	etag := h.Get("Etag")
	if etag == "" {
		etag = ETag(body)
		h["Etag"] = []string{etag}
	}
	revalidate(h, r)
	compress := len(body) >= gzipFrom && compressible(ct)
	if compress {
		h.Add("Vary", "Accept-Encoding")
		compress = acceptsGzip(r)
	}
	if compress {
		h["Etag"] = []string{gzipTag(etag)}
	}
	if matches(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if compress {
		buf := buffers.Get().(*bytes.Buffer)
		defer release(buf)
		deflate(buf, body)
		h["Content-Encoding"] = []string{"gzip"}
		body = buf.Bytes()
	}
	send(w, status, body)
}

func deflate(into *bytes.Buffer, body []byte) {
	z := gzips.Get().(*gzip.Writer)
	z.Reset(into)
	z.Write(body)
	z.Close()
	gzips.Put(z)
}

func send(w http.ResponseWriter, status int, body []byte) {
	if status != http.StatusNoContent && status != http.StatusNotModified {
		w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	if len(body) > 0 {
		w.Write(body)
	}
}

// revalidate lets a reader keep the answer if it asks each time; what a signed-in actor
// sees is kept by its own browser only. A handler's own choice stands.
func revalidate(h http.Header, r *http.Request) {
	if c := h["Cache-Control"]; len(c) > 0 && &c[0] != &noStore[0] {
		return
	}
	x := exchangeOf(r.Context())
	if x != nil && x.route != nil && x.route.op.Access.is(public) {
		h["Cache-Control"] = []string{"no-cache"}
	} else {
		h["Cache-Control"] = []string{"private, no-cache"}
	}
}

func compressible(ct string) bool {
	return strings.HasPrefix(ct, "text/") || strings.HasPrefix(ct, jsonMedia) ||
		strings.HasSuffix(ct, "+json") || strings.HasPrefix(ct, "image/svg")
}
