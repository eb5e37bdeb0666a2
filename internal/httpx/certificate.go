package httpx

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"foyer/internal/clock"
)

// certCheck is how often changed certificate files are looked for.
const certCheck = 5 * time.Second

// certFiles serves the certificate in two files and reads them again when they change, so
// that a renewal needs no restart. A pair that cannot be read leaves the old one in place.
type certFiles struct {
	cert, key string
	clk       clock.Clock
	log       *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	stamp   [2]fileStamp
	checked time.Time
}

type fileStamp struct {
	modified time.Time
	size     int64
}

func (c *certFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clk.Now()
	if now.Sub(c.checked) < certCheck {
		return c.pair, nil
	}
	c.checked = now
	stamp, err := c.stamps()
	if err == nil && stamp == c.stamp {
		return c.pair, nil
	}
	if err == nil {
		err = c.read(stamp)
	}
	if err != nil {
		c.log.Error("certificate files cannot be read; serving the old ones", "error", err)
	} else {
		c.log.Info("certificate files changed and were read")
	}
	return c.pair, nil
}

func (c *certFiles) load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp, err := c.stamps()
	if err != nil {
		return err
	}
	c.checked = c.clk.Now()
	return c.read(stamp)
}

func (c *certFiles) read(stamp [2]fileStamp) error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err
	}
	c.pair, c.stamp = &pair, stamp
	return nil
}

func (c *certFiles) stamps() (s [2]fileStamp, err error) {
	for i, name := range []string{c.cert, c.key} {
		info, err := os.Stat(name)
		if err != nil {
			return s, err
		}
		s[i] = fileStamp{info.ModTime(), info.Size()}
	}
	return s, nil
}

// ACME asks a certificate authority for certificates of the named hosts and renews them.
type ACME struct {
	// Hosts are the names to be certified; requests for others are refused.
	Hosts []string
	// CacheDir keeps keys and certificates; it must be private to the process's user.
	CacheDir string
	// Email is where the authority writes to; may be empty.
	Email string
	// Directory is the authority's address; empty is Let's Encrypt.
	Directory string
}

func (a *ACME) config() (*tls.Config, func(http.Handler) http.Handler, error) {
	if len(a.Hosts) == 0 || a.CacheDir == "" {
		return nil, nil, errors.New("httpx: ACME needs the names of the hosts and a folder")
	}
	m := &autocert.Manager{Prompt: autocert.AcceptTOS, Email: a.Email,
		HostPolicy: autocert.HostWhitelist(a.Hosts...), Cache: autocert.DirCache(a.CacheDir)}
	if a.Directory != "" {
		m.Client = &acme.Client{DirectoryURL: a.Directory}
	}
	config := m.TLSConfig()
	config.MinVersion = tls.VersionTLS12
	return config, m.HTTPHandler, nil
}
