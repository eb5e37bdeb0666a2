package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"foyer/internal/clock"
)

const (
	headerTimeout = 5 * time.Second
	writeTimeout  = 30 * time.Second // streams set their own for each event
	idleTimeout   = 2 * time.Minute
	maxHeader     = 16 << 10 // bytes
	drainTime     = 10 * time.Second
)

// Server listens and serves. The zero value of the optional fields is safe: plain HTTP is
// served on loopback only.
type Server struct {
	// Addr is host:port; ":0" chooses a port.
	Addr    string
	Handler http.Handler
	Logger  *slog.Logger
	Clock   clock.Clock
	// OnShutdown is called when the shutdown begins, e.g. API.CloseStreams.
	OnShutdown func()
	// CertFile and KeyFile are PEM files; they are read again when they change.
	CertFile, KeyFile string
	// ACME asks a certificate authority for certificates; nil does not.
	ACME *ACME
	// RedirectAddr, with TLS, listens in plain HTTP to send visitors to HTTPS (and to
	// answer the authority's challenges); usually ":80". Empty: nobody listens.
	RedirectAddr string
	// AllowPlain lets plain HTTP out of loopback, for a proxy in front that does TLS.
	AllowPlain bool

	http, redirect *http.Server
	listener, side net.Listener
}

// Listen opens the ports, so that a mistake in the configuration shows before anything
// else starts. It refuses plain HTTP on an address that others can reach.
func (s *Server) Listen() (net.Addr, error) {
	config, challenge, err := s.tls()
	if err != nil {
		return nil, err
	}
	if config == nil && !s.AllowPlain && !loopback(s.Addr) {
		return nil, fmt.Errorf("httpx: %s would serve plain HTTP to the network: give "+
			"certificates or ACME, listen on loopback, or allow plain HTTP", s.Addr)
	}
	if s.listener, err = net.Listen("tcp", s.Addr); err != nil {
		return nil, err
	}
	s.http = s.server(s.Handler)
	s.http.TLSConfig = config
	if s.OnShutdown != nil {
		s.http.RegisterOnShutdown(s.OnShutdown)
	}
	if config != nil && s.RedirectAddr != "" {
		if s.side, err = net.Listen("tcp", s.RedirectAddr); err != nil {
			return nil, errors.Join(err, s.listener.Close())
		}
		s.redirect = s.server(challenge(http.HandlerFunc(s.toHTTPS)))
	}
	return s.listener.Addr(), nil
}

func (s *Server) server(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout,
		WriteTimeout: writeTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug)}
}

// RedirectListener is where the redirect listens, if it does.
func (s *Server) RedirectListener() net.Addr {
	if s.side == nil {
		return nil
	}
	return s.side.Addr()
}

// Serve serves until Shutdown; then it returns nil.
func (s *Server) Serve() error {
	failed := make(chan error, 2)
	running := 1
	go func() {
		if s.http.TLSConfig != nil {
			failed <- s.http.ServeTLS(s.listener, "", "")
		} else {
			failed <- s.http.Serve(s.listener)
		}
	}()
	if s.redirect != nil {
		running++
		go func() { failed <- s.redirect.Serve(s.side) }()
	}
	var first error
	for range running {
		err := <-failed
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		if err != nil && first == nil {
			first = err
			s.close() // one door without the other is a half-open house
		}
	}
	return first
}

func (s *Server) close() {
	s.http.Close()
	if s.redirect != nil {
		s.redirect.Close()
	}
}

// Shutdown takes no new connection, ends the streams, waits for what is running, for ten
// seconds or until ctx ends, and then cuts off the rest.
func (s *Server) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	if s.redirect != nil {
		s.redirect.Close()
	}
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	return err
}

func (s *Server) toHTTPS(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "use https", http.StatusBadRequest) // a secret was sent in the clear
		return
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if _, port, err := net.SplitHostPort(s.listener.Addr().String()); err == nil && port != "443" {
		host = net.JoinHostPort(host, port)
	}
	http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusMovedPermanently)
}

// tls is the server's side of TLS, nil without, and what answers challenges on port 80.
func (s *Server) tls() (*tls.Config, func(http.Handler) http.Handler, error) {
	none := func(h http.Handler) http.Handler { return h }
	switch {
	case s.ACME != nil && s.CertFile != "":
		return nil, nil, errors.New("httpx: certificate files or ACME, not both")
	case s.ACME != nil:
		return s.ACME.config()
	case s.CertFile == "" && s.KeyFile == "":
		return nil, none, nil
	}
	files := &certFiles{cert: s.CertFile, key: s.KeyFile, clk: s.Clock, log: s.Logger}
	if err := files.load(); err != nil {
		return nil, nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: files.get,
		NextProtos: []string{"h2", "http/1.1"}}, none, nil
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
