package httpx

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foyer/internal/clock"
)

const patience = 10 * time.Second

// follow opens a stream and gives its lines.
func follow(t *testing.T, url string, headers ...string) (*http.Response, <-chan string, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Set(k, v)
	}
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	res, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		defer res.Body.Close()
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			if s.Text() != "" {
				lines <- s.Text()
			}
		}
	}()
	return res, lines, cancel
}

func expect(t *testing.T, lines <-chan string, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case got, open := <-lines:
			if got != w || !open {
				t.Fatalf("got %q (open %v), want %q", got, open, w)
			}
		case <-time.After(patience):
			t.Fatalf("nothing came, want %q", w)
		}
	}
}

func expectEnd(t *testing.T, lines <-chan string) {
	t.Helper()
	for {
		select {
		case _, open := <-lines:
			if !open {
				return
			}
		case <-time.After(patience):
			t.Fatal("the stream did not end")
		}
	}
}

// until polls a condition that another goroutine makes true.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func streaming(frames <-chan []byte, ended chan<- error) func(*API) {
	return func(a *API) {
		o := op("GET", "/stream", MemberOrAnonymous)
		o.Stream = true
		RegisterRaw(a, o, func(w http.ResponseWriter, r *http.Request) error {
			s, err := OpenStream(w, r, StreamOptions{Stall: 300 * time.Millisecond})
			if err != nil {
				return err
			}
			defer s.Close()
			if id := s.LastEventID(); id != "" {
				s.Send(Event{ID: "echo", Data: []byte(id)})
			}
			err = s.Run(frames)
			select {
			case ended <- err:
			default:
			}
			return nil
		})
	}
}

func (a *API) open() int {
	a.streams.mu.Lock()
	defer a.streams.mu.Unlock()
	return a.streams.open
}

func TestStream(t *testing.T) {
	t.Parallel()
	frames, ended := make(chan []byte), make(chan error, 1)
	d := setup(t, nil, streaming(frames, ended))
	res, lines, leave := follow(t, d.server.URL+"/stream", "Last-Event-ID: 4-17")
	if res.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" ||
		res.Header.Get("Content-Encoding") != "" {
		t.Errorf("%v", res.Header)
	}
	expect(t, lines, ": open", "id: echo", "data: 4-17")
	frames <- Event{ID: "4-18", Name: "seats", Data: []byte("{\"a\":1}\nsecond\r\n")}.Frame()
	expect(t, lines, "id: 4-18", "event: seats", "data: {\"a\":1}", "data: second", "data: ")
	// The heartbeat rests on the clock: it fires once the handler waits again.
	until(t, "a heartbeat", func() bool {
		d.clk.Advance(defaultHeartbeat)
		select {
		case l := <-lines:
			return l == ": beat"
		default:
			return false
		}
	})
	leave()
	if err := <-ended; !errors.Is(err, ErrStreamGone) {
		t.Errorf("ended with %v", err)
	}
	until(t, "the place is given back", func() bool { return d.open() == 0 })
}

func TestStreamFrameCannotBeForged(t *testing.T) {
	t.Parallel()
	f := string(Event{ID: "1\ndata: x", Name: "a\r\nid: 9", Data: []byte("b")}.Frame())
	if f != "id: 1data: x\nevent: aid: 9\ndata: b\n\n" {
		t.Errorf("%q", f)
	}
}

func TestStreamDroppedByItsOwner(t *testing.T) {
	t.Parallel()
	frames, ended := make(chan []byte), make(chan error, 1)
	d := setup(t, nil, streaming(frames, ended))
	_, lines, _ := follow(t, d.server.URL+"/stream")
	expect(t, lines, ": open")
	close(frames)
	expectEnd(t, lines)
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestStreamCaps(t *testing.T) {
	t.Parallel()
	d := setup(t, func(c *Config) {
		c.MaxStreams, c.MaxStreamsPerActor, c.MaxStreamsPerAddress = 5, 2, 2
	}, streaming(nil, nil))
	const member, other = "Authorization: Bearer member", "Authorization: Bearer other"
	var leaves []func()
	for range 2 {
		_, lines, leave := follow(t, d.server.URL+"/stream", member)
		expect(t, lines, ": open")
		leaves = append(leaves, leave)
	}
	a := d.send("GET", "/stream", "", member)
	d.want(a, 429, "too_many_streams")
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	for range 2 {
		_, lines, _ := follow(t, d.server.URL+"/stream")
		expect(t, lines, ": open")
	}
	d.want(d.send("GET", "/stream", ""), 429, "too_many_streams")
	_, lines, _ := follow(t, d.server.URL+"/stream", other)
	expect(t, lines, ": open")
	d.want(d.send("GET", "/stream", "", "Authorization: Bearer owner"), 403, "not_allowed")
	d.want(d.send("GET", "/stream", "", other), 429, "too_many_streams") // five in all
	leaves[0]()
	until(t, "a place is free", func() bool { return d.open() == 4 })
	_, lines, _ = follow(t, d.server.URL+"/stream", member)
	expect(t, lines, ": open")
}

// TestSlowReaderIsDropped: a reader that takes nothing fills the socket's buffers, and one
// write later than the stall time ends the stream.
func TestSlowReaderIsDropped(t *testing.T) {
	t.Parallel()
	frames, ended := make(chan []byte), make(chan error, 1)
	d := setup(t, nil, streaming(frames, ended))
	conn, err := net.Dial("tcp", d.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
	big := Event{Data: []byte(strings.Repeat("x", 1<<20))}.Frame()
	timeout := time.After(patience)
	for {
		select {
		case frames <- big:
		case err := <-ended:
			if !errors.Is(err, ErrStreamGone) {
				t.Errorf("ended with %v", err)
			}
			return
		case <-timeout:
			t.Fatal("a reader that reads nothing is still served")
		}
	}
}

// serve runs a Server and says when it has ended.
func serve(t *testing.T, s *Server) (net.Addr, <-chan error) {
	t.Helper()
	s.Logger, s.Clock = slog.New(slog.DiscardHandler), clock.Real{}
	addr, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	t.Cleanup(func() { s.Shutdown(context.Background()) })
	return addr, ended
}

func TestShutdownEndsStreamsAndFinishesRequests(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	entered, finish := make(chan struct{}), make(chan struct{})
	d := setup(t, nil, func(a *API) {
		streaming(nil, ended)(a)
		RegisterRaw(a, op("GET", "/slow", Public), func(w http.ResponseWriter,
			r *http.Request) error {
			close(entered)
			<-finish
			return ok(w, r)
		})
	})
	s := &Server{Addr: "127.0.0.1:0", Handler: d.API, OnShutdown: d.CloseStreams}
	addr, stopped := serve(t, s)
	_, lines, _ := follow(t, "http://"+addr.String()+"/stream")
	expect(t, lines, ": open")
	slow := make(chan int, 1)
	go func() {
		res, err := http.Get("http://" + addr.String() + "/slow")
		if err != nil {
			slow <- 0
			return
		}
		res.Body.Close()
		slow <- res.StatusCode
	}()
	<-entered
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(context.Background()) }()
	expectEnd(t, lines)
	if err := <-ended; !errors.Is(err, ErrStreamClosing) {
		t.Errorf("the stream ended with %v", err)
	}
	close(finish)
	if got := <-slow; got != 200 {
		t.Errorf("the running request got %d", got)
	}
	if err := <-down; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("serve: %v", err)
	}
	d.want(d.send("GET", "/stream", ""), 503, "busy")
}

func TestShutdownCutsOffAtItsDeadline(t *testing.T) {
	t.Parallel()
	entered, finish := make(chan struct{}), make(chan struct{})
	defer close(finish)
	s := &Server{Addr: "127.0.0.1:0", Handler: http.HandlerFunc(func(http.ResponseWriter,
		*http.Request) {
		close(entered)
		<-finish
	})}
	addr, stopped := serve(t, s)
	go http.Get("http://" + addr.String())
	<-entered
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestServerRefusesPlainHTTPToTheNetwork(t *testing.T) {
	t.Parallel()
	for addr, fine := range map[string]bool{":0": false, "0.0.0.0:0": false, "192.0.2.1:0": false,
		"[::]:0": false, "127.0.0.1:0": true, "localhost:0": true} {
		s := &Server{Addr: addr, Handler: http.NotFoundHandler(),
			Logger: slog.New(slog.DiscardHandler)}
		_, err := s.Listen()
		if (err == nil) != fine {
			t.Errorf("%s: %v", addr, err)
		}
		if err == nil {
			s.listener.Close()
		}
	}
	s := &Server{Addr: ":0", Handler: http.NotFoundHandler(), Logger: slog.New(slog.DiscardHandler),
		AllowPlain: true}
	if _, err := s.Listen(); err != nil {
		t.Error(err)
	} else {
		s.listener.Close()
	}
}

// certificate writes a fresh self-signed pair and returns its serial number.
func certificate(t *testing.T, dir string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(serial),
		Subject:   pkix.Name{CommonName: "foyer"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der},
		"key.pem": {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stamp := time.Unix(1_700_000_000+serial, 0)
	os.Chtimes(filepath.Join(dir, "cert.pem"), stamp, stamp)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certificate(t, dir, 1)
	d := setup(t, nil, func(a *API) { RegisterRaw(a, op("GET", "/x", Public), ok) })
	clk := clock.NewFake(time.Now())
	s := &Server{Addr: "127.0.0.1:0", RedirectAddr: "127.0.0.1:0", Handler: d.API,
		CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"),
		Logger: slog.New(slog.DiscardHandler), Clock: clk}
	addr, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	serial := func() int64 {
		t.Helper()
		c, err := tls.Dial("tcp", addr.String(), &tls.Config{InsecureSkipVerify: true,
			NextProtos: []string{"h2"}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if p := c.ConnectionState().NegotiatedProtocol; p != "h2" {
			t.Errorf("spoke %q", p)
		}
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Fatalf("certificate %d", n)
	}
	certificate(t, dir, 2)
	clk.Advance(certCheck)
	if n := serial(); n != 2 {
		t.Errorf("after the renewal: certificate %d", n)
	}
	os.WriteFile(s.CertFile, []byte("broken"), 0o600)
	clk.Advance(certCheck)
	if n := serial(); n != 2 {
		t.Errorf("after a broken renewal: certificate %d", n)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}}}
	res, err := client.Get("http://" + s.RedirectListener().String() + "/x")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 || res.Request.URL.Scheme != "https" || res.ProtoMajor != 2 ||
		!strings.Contains(res.Header.Get("Strict-Transport-Security"), "max-age") {
		t.Errorf("%d %s %v", res.StatusCode, res.Request.URL, res.Header)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestACMEConfiguration(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*Server{
		"no hosts":  {Addr: "127.0.0.1:0", ACME: &ACME{CacheDir: t.TempDir()}},
		"no folder": {Addr: "127.0.0.1:0", ACME: &ACME{Hosts: []string{"a.example"}}},
		"both":      {Addr: "127.0.0.1:0", ACME: &ACME{}, CertFile: "x"},
		"no file":   {Addr: "127.0.0.1:0", CertFile: "/nonexistent", KeyFile: "/nonexistent"},
	} {
		if _, err := s.Listen(); err == nil {
			t.Errorf("%s: it listens", name)
		}
	}
	config, _, err := (&ACME{Hosts: []string{"a.example"}, CacheDir: t.TempDir(),
		Directory: "http://127.0.0.1:1/"}).config()
	if err != nil {
		t.Fatal(err)
	}
	_, err = config.GetCertificate(&tls.ClientHelloInfo{ServerName: "evil.example"})
	if err == nil || !strings.Contains(err.Error(), "not configured") {
		t.Errorf("a certificate for another's name: %v", err)
	}
}
