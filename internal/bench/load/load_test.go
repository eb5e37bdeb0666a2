package load

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/clock"
)

// serveRaw answers each connection with what script gives for the n-th request on it.
func serveRaw(t *testing.T, script func(n int) []string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerRaw(c, script)
		}
	}()
	return l.Addr().String()
}

func answerRaw(c net.Conn, script func(n int) []string) {
	defer c.Close()
	buf := make([]byte, 4096)
	for n := 0; ; n++ {
		if _, err := c.Read(buf); err != nil {
			return
		}
		parts := script(n)
		if parts == nil {
			return
		}
		for _, p := range parts {
			if _, err := io.WriteString(c, p); err != nil {
				return
			}
		}
	}
}

func get(path string) []byte { return Request(nil, "GET", path, "x", "", nil, nil) }

func soon() time.Time { return time.Now().Add(10 * time.Second) }

func TestConnReadsAnswersInPieces(t *testing.T) {
	t.Parallel()
	addr := serveRaw(t, func(n int) []string {
		if n == 0 {
			return []string{"HTTP/1.1 200 OK\r\nContent-Le", "ngth: 5\r\nETag: \"a\"\r",
				"\n\r\nhe", "llo"}
		}
		return []string{"HTTP/1.1 304 Not Modified\r\netag: \"b\"\r\n\r\n"}
	})
	c := NewConn(addr, soon())
	defer c.Close()
	a, err := c.Do(get("/"))
	if err != nil || a.Status != 200 || string(a.Body) != "hello" || string(a.ETag) != `"a"` {
		t.Fatalf("%+v %v", a, err)
	}
	a, err = c.Do(get("/"))
	if err != nil || a.Status != 304 || len(a.Body) != 0 || string(a.ETag) != `"b"` {
		t.Fatalf("%+v %v", a, err)
	}
}

func TestConnRefusesWhatItCannotCount(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"chunked":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"not HTTP":    "SSH-2.0-OpenSSH_9.6 and more\r\n\r\n",
		"bad status":  "HTTP/1.1 abc OK\r\n\r\n",
		"bad length":  "HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n",
		"huge length": "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
		"cut body":    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := serveRaw(t, func(n int) []string {
				if n > 0 {
					return nil
				}
				return []string{answer}
			})
			c := NewConn(addr, time.Now().Add(2*time.Second))
			defer c.Close()
			if a, err := c.Do(get("/")); err == nil {
				t.Fatalf("accepted: %+v", a)
			}
		})
	}
}

func TestConnDialsAgainAfterClose(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, r.Header.Get("Authorization"))
	}))
	defer s.Close()
	c := NewConn(s.Listener.Addr().String(), soon())
	defer c.Close()
	for range 3 {
		a, err := c.Do(Request(nil, "POST", "/", "x", "fm_1", []string{"A: b"}, []byte(`{}`)))
		if err != nil || string(a.Body) != "Bearer fm_1" {
			t.Fatalf("%q %v", a.Body, err)
		}
	}
}

// TestQuantiles compares with the definition on random samples.
func TestQuantiles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Uint32Range(0, 1_000_000), 1, 300).Draw(t, "times")
		var all []sample
		for i, v := range times {
			all = append(all, sample{uint32(i * 1000), v})
		}
		s := summarize(all, time.Duration(len(times))*time.Millisecond)
		for q, got := range map[float64]float64{0.5: s.P50Ms, 0.9: s.P90Ms, 0.99: s.P99Ms} {
			below, most := 0, 0
			for _, v := range times {
				if float64(v)/1000 < got {
					below++
				}
				if float64(v)/1000 <= got {
					most++
				}
			}
			n := float64(len(times))
			if float64(below) >= q*n || float64(most) < q*n {
				t.Fatalf("quantile %v of %v is %v: %d below, %d up to it", q, times, got, below,
					most)
			}
		}
		total := 0.0
		for _, p := range s.Points {
			total += p.RPS * (float64(len(times)) / 1000 / points)
		}
		if d := total - float64(len(times)); d > 0.5 || d < -0.5 {
			t.Fatalf("the points count %v of %d", total, len(times))
		}
	})
}

// TestOpenLoopCountsFromThePlan: a server that stalls once makes all that were planned
// meanwhile late, whether or not a connection was free to send them.
func TestOpenLoopCountsFromThePlan(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	const stall = 300 * time.Millisecond
	r := Shape{Rate: 200, Conns: 1, For: time.Second}
	addr := serveRaw(t, func(int) []string { return nil })
	s, _, err := play(context.Background(), clock.Real{}, r, addr, "",
		func(w *worker, _ int64) error {
			if n.Add(1) == 20 {
				<-timeout(w.clk, stall)
			}
			return nil
		})
	if err != nil || s.Count != 200 {
		t.Fatalf("%d requests, %v", s.Count, err)
	}
	if s.P90Ms < 100 || s.MaxMs < 290 {
		t.Fatalf("the stall is hidden: p90 %v ms, max %v ms", s.P90Ms, s.MaxMs)
	}
}

func TestClosedLoopStopsWhenDrained(t *testing.T) {
	t.Parallel()
	addr := serveRaw(t, func(int) []string { return nil })
	s, _, err := play(context.Background(), clock.Real{}, Shape{Conns: 4, For: time.Minute}, addr,
		"", func(w *worker, i int64) error {
			if i >= 100 {
				return errDrained
			}
			if i%10 == 0 {
				return fmt.Errorf("bad")
			}
			return nil
		})
	if err != nil || !s.Drained || s.Count != 90 || s.Kinds["bad"] != 10 {
		t.Fatalf("%+v %v", s, err)
	}
	if s.Seconds > 10 {
		t.Fatalf("the span is %v s", s.Seconds)
	}
}

// world is a server that notes which seats and keys were sent.
type world struct {
	mu    sync.Mutex
	seats map[string]int
	who   map[string]int
	keys  map[string]int
	n     int
}

func (v *world) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var b struct {
		Session string `json:"session_id"`
		Lines   []struct {
			Places []int32 `json:"places"`
		} `json:"lines"`
	}
	if err := json.Unmarshal(body, &b); err != nil || len(b.Lines) != 1 {
		http.Error(w, "bad", 400)
		return
	}
	v.mu.Lock()
	v.n++
	for _, p := range b.Lines[0].Places {
		v.seats[fmt.Sprint(b.Session, p)]++
	}
	v.who[b.Session+r.Header.Get("Authorization")]++
	v.keys[r.Header.Get("Idempotency-Key")]++
	n := v.n
	v.mu.Unlock()
	w.WriteHeader(201)
	fmt.Fprintf(w, `{"id":"ord_%d"}`, n)
}

// TestServePlacesEachSeatOnce plays a job over the protocol until the seats run out: each
// seat is asked for once, with its own key, and no member twice in a session.
func TestServePlacesEachSeatOnce(t *testing.T) {
	t.Parallel()
	v := &world{seats: map[string]int{}, who: map[string]int{}, keys: map[string]int{}}
	server := httptest.NewServer(v)
	defer server.Close()
	acked := filepath.Join(t.TempDir(), "acked")
	w := World{API: server.Listener.Addr().String(), TicketType: "tty_1", Acked: acked}
	for i := range 50 {
		w.Members = append(w.Members, fmt.Sprint("fm_", i))
	}
	for i := range 3 {
		s := Session{ID: fmt.Sprint("ses_", i, "_")}
		for p := range int32(41) {
			s.Free = append(s.Free, p)
		}
		w.Sessions = append(w.Sessions, s)
	}
	var in, out bytes.Buffer
	enc := json.NewEncoder(&in)
	enc.Encode(w)
	enc.Encode(Job{Name: "place", Shape: Shape{Conns: 8, For: 20 * time.Second}})
	enc.Encode(Job{Name: "nonsense", Shape: Shape{Conns: 1, For: time.Second}})
	if err := Serve(context.Background(), clock.Real{}, &in, &out); err != nil {
		t.Fatal(err)
	}
	var r, bad Result
	dec := json.NewDecoder(&out)
	if err := dec.Decode(&r); err != nil || r.Error != "" || r.Summary.Count != 60 {
		t.Fatalf("%+v %v", r, err)
	}
	if err := dec.Decode(&bad); err != nil || bad.Error == "" {
		t.Fatalf("an unknown job was played: %+v %v", bad, err)
	}
	for name, m := range map[string]map[string]int{"seat": v.seats, "member": v.who,
		"key": v.keys} {
		for k, n := range m {
			if n != 1 {
				t.Errorf("%s %q was sent %d times", name, k, n)
			}
		}
	}
	if len(v.seats) != 120 || len(v.keys) != 60 {
		t.Errorf("%d seats, %d keys", len(v.seats), len(v.keys))
	}
	ids, err := os.ReadFile(acked)
	if err != nil || strings.Count(string(ids), "\n") != 60 {
		t.Errorf("%d acknowledged ids kept, %v", strings.Count(string(ids), "\n"), err)
	}
}

func TestDecodeStates(t *testing.T) {
	t.Parallel()
	packed := base64.StdEncoding.EncodeToString([]byte{0b11_10_01_00, 0b00_00_00_01})
	got, err := decodeStates(nil, []byte(`{"stamp":"1.2","states":"`+packed+`"}`), 6)
	if err != nil || !bytes.Equal(got, []byte{0, 1, 2, 3, 1, 0}) {
		t.Fatalf("%v %v", got, err)
	}
	for _, bad := range []string{`{}`, `{"states":"AA=="}`, `{"states":"***"}`} {
		if _, err := decodeStates(nil, []byte(bad), 6); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}
