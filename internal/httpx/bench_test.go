package httpx

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/idgen"
)

// sink is a response writer that costs nothing of its own.
type sink struct{ h http.Header }

func (s *sink) Header() http.Header         { return s.h }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}

// BenchmarkDoor compares a POST of an order through the bare mux with encoding/json, as a
// raw route and as a typed route, and a refusal of a raw route. The difference to bare is
// the price of the door: number, headers, actor, limit, strictness, log.
func BenchmarkDoor(b *testing.B) {
	ids, _ := idgen.NewSource(clock.Real{}, 1, nil)
	codec, _ := idgen.NewCodec([]byte("0123456789abcdef"))
	api, err := New(Config{Clock: clock.Real{}, IDs: ids, Codec: codec, Auth: everybody,
		CursorSecret: []byte("0123456789abcdef"),
		Rates:        map[string]Rate{"write": {Count: 1e9, Per: 1e9, Burst: 1e9}},
		Logger:       slog.New(slog.NewJSONHandler(io.Discard, nil))})
	if err != nil {
		b.Fatal(err)
	}
	RegisterRaw(api, op("POST", "/api/v1/raw", MemberOnly), func(w http.ResponseWriter,
		r *http.Request) error {
		var v orderBody
		if err := DecodeJSON(r, &v, 0); err != nil {
			return err
		}
		return WriteJSON(w, r, 201, &v)
	})
	RegisterRaw(api, op("POST", "/api/v1/refuse", MemberOnly), func(_ http.ResponseWriter,
		r *http.Request) error {
		var v orderBody
		if err := DecodeJSON(r, &v, 0); err != nil {
			return err
		}
		return gone.With("places", v.Lines[0].Places)
	})
	type io struct{ Body orderBody }
	Register(api, op("POST", "/api/v1/typed", MemberOnly), func(_ context.Context, in *io) (*io,
		error) {
		return in, nil
	})
	bare := http.NewServeMux()
	bare.HandleFunc("POST /api/v1/bare", func(w http.ResponseWriter, r *http.Request) {
		var v orderBody
		if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(201)
		json.NewEncoder(w).Encode(&v)
	})
	for name, h := range map[string]http.Handler{"bare": bare, "raw": api, "refuse": api,
		"typed": api} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequest("POST", "/api/v1/"+name, nil)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer member")
			r.ContentLength = int64(len(orderJSON))
			for b.Loop() {
				r.Body = readCloser{strings.NewReader(orderJSON)}
				h.ServeHTTP(&sink{http.Header{}}, r)
			}
		})
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
