package httpx

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestTagsAndCompression(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("座位图 ", 500)
	doc := NewDocument("application/json", []byte(`"`+long+`"`), "public, max-age=5")
	type out struct{ Body map[string]string }
	d := setup(t, nil, func(a *API) {
		Register(a, op("GET", "/typed", Public), func(context.Context, *nothing) (*out, error) {
			return &out{map[string]string{"a": long}}, nil
		})
		RegisterRaw(a, op("GET", "/raw", MemberOrAnonymous), func(w http.ResponseWriter,
			r *http.Request) error {
			return WriteJSON(w, r, 200, long)
		})
		RegisterRaw(a, op("GET", "/doc", Public), func(w http.ResponseWriter,
			r *http.Request) error {
			doc.Serve(w, r)
			return nil
		})
		RegisterRaw(a, op("GET", "/short", Public), ok)
		RegisterRaw(a, op("POST", "/raw", Public), func(w http.ResponseWriter,
			r *http.Request) error {
			return WriteJSON(w, r, 200, long)
		})
	})
	for path, cache := range map[string]string{"/typed": "no-cache", "/raw": "private, no-cache",
		"/doc": "public, max-age=5"} {
		plain := d.send("GET", path, "")
		zipped := d.send("GET", path, "", "Accept-Encoding: br, gzip")
		if zipped.Header.Get("Content-Encoding") != "gzip" || len(zipped.body) > len(plain.body)/5 {
			t.Fatalf("%s: not compressed: %v", path, zipped.Header)
		}
		z, err := gzip.NewReader(bytes.NewReader(zipped.body))
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(z); !bytes.Equal(b, plain.body) || len(b) < 1000 {
			t.Errorf("%s: the forms differ", path)
		}
		one, two := plain.Header.Get("ETag"), zipped.Header.Get("ETag")
		if one == "" || one == two || plain.Header.Get("Cache-Control") != cache ||
			plain.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %v", path, plain.Header)
		}
		for _, tag := range []string{one, two, `"x", ` + one, "W/" + two, "*"} {
			a := d.send("GET", path, "", "If-None-Match: "+tag)
			if a.StatusCode != 304 || len(a.body) != 0 || a.Header.Get("ETag") == "" {
				t.Errorf("%s with %s: %d", path, tag, a.StatusCode)
			}
		}
		d.want(d.send("GET", path, "", `If-None-Match: "other"`), 200, "")
		a := d.send("GET", path, "", "Accept-Encoding: gzip;q=0")
		if a.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: compressed against the reader's wish", path)
		}
	}
	a := d.send("GET", "/short", "", "Accept-Encoding: gzip")
	if a.Header.Get("Content-Encoding") != "" {
		t.Error("a short answer was compressed")
	}
	a = d.send("POST", "/raw", "{}", "Accept-Encoding: gzip")
	if a.Header.Get("Content-Encoding") != "" || a.Header.Get("ETag") != "" ||
		a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("POST: %v", a.Header)
	}
}
