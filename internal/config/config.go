// Package config is how an installation is set: one struct, filled from a file, the
// environment (FOYER_…) and flags, in that order; an unknown key fails.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"

	"foyer/internal/sqldb"
)

// Modes of an installation.
const (
	Development = "development"
	Production  = "production"
)

// Roles that a process may have.
const (
	RoleAPI       = "api"       // answers requests
	RoleWorker    = "worker"    // delivers facts, works on jobs
	RoleScheduler = "scheduler" // expiry, reconciliation, clean-up
	RoleBank      = "bank"      // the sandbox bank
)

// Config is all settings of a process. The zero value of each field but Data is usable.
type Config struct {
	Mode string `enum:"development,production" default:"development" help:"production refuses the sandbox, demo data, the development inbox, missing TLS and default keys"`
	Data string `default:"foyer-data" type:"path" help:"folder of the database, the keys and the files"`

	Listen     string   `default:"127.0.0.1:8080" help:"address of the API and the pages"`
	PublicURL  string   `name:"public-url" help:"address that buyers and the payment providers reach (default: http://LISTEN)"`
	Roles      []string `default:"api,worker,scheduler,bank" help:"what this process does"`
	AllowPlain bool     `help:"serve plain HTTP to the network: a proxy in front does TLS"`
	TLSCert    string   `type:"path" help:"certificate file (PEM)"`
	TLSKey     string   `type:"path" help:"key file (PEM)"`
	ACMEHosts  []string `name:"acme-hosts" help:"ask Let's Encrypt for certificates of these names"`
	ACMEEmail  string   `name:"acme-email" help:"address that Let's Encrypt warns"`
	Redirect   string   `help:"address that sends plain HTTP to HTTPS, usually :80"`

	TrustedProxies []string `help:"networks whose X-Forwarded-For is believed, e.g. 10.0.0.0/8"`
	AllowedOrigins []string `help:"web origins that may call the API with a token"`
	OperatorToken  string   `help:"opens /metrics from elsewhere than loopback"`
	AccessLog      bool     `help:"write a line for every request"`
	LogJSON        bool     `name:"log-json" help:"write the log as JSON"`

	DB sqldb.Config `embed:"" prefix:"db-"`

	BankListen string `default:"127.0.0.1:8081" help:"address of the sandbox bank"`
	BankURL    string `name:"bank-url" help:"address of the sandbox bank as buyers reach it (default: http://BANK-LISTEN)"`
	BankRSA    bool   `name:"bank-rsa" help:"let the sandbox bank sign its notices with RSA"`
	BankFaults bool   `help:"let the sandbox bank misbehave on demand"`
	Sandbox    bool   `default:"true" negatable:"" help:"offer the sandbox provider"`
}

// Defaults fills what follows from other fields.
func (c *Config) Defaults() {
	if c.DB.Path == "" && c.DB.DSN == "" {
		c.DB.Path = filepath.Join(c.Data, "foyer.db")
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8080"
	}
	if c.BankListen == "" {
		c.BankListen = "127.0.0.1:8081"
	}
	if c.PublicURL == "" {
		c.PublicURL = c.scheme() + "://" + reached(c.Listen)
	}
	if c.BankURL == "" {
		c.BankURL = "http://" + reached(c.BankListen)
	}
}

// reached is where this machine finds a server that listens at addr; one that listens
// everywhere is found at home.
func reached(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return addr
}

func (c *Config) scheme() string {
	if c.TLSCert != "" || len(c.ACMEHosts) > 0 {
		return "https"
	}
	return "http"
}

// Has says whether the process has a role.
func (c *Config) Has(role string) bool { return slices.Contains(c.Roles, role) }

// Proxies are the trusted networks.
func (c *Config) Proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, s := range c.TrustedProxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("trusted-proxies: %q is no network such as 10.0.0.0/8", s)
		}
		list = append(list, p)
	}
	return list, nil
}

// KeyFile is where the installation's keys lie.
func (c *Config) KeyFile() string { return filepath.Join(c.Data, "keys.json") }

// Validate fills the defaults and names everything that is wrong, each problem on its own
// line. The command line calls it too, before any command runs.
func (c *Config) Validate() error {
	c.Defaults()
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !slices.Contains([]string{"", Development, Production}, c.Mode) {
		bad("mode: %q is neither development nor production", c.Mode)
	}
	errs = append(errs, c.addresses()...)
	for _, r := range c.Roles {
		if !slices.Contains([]string{RoleAPI, RoleWorker, RoleScheduler, RoleBank}, r) {
			bad("roles: %q is none of api, worker, scheduler, bank", r)
		}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		bad("tls-cert and tls-key go together")
	}
	if c.TLSCert != "" && len(c.ACMEHosts) > 0 {
		bad("tls-cert and acme-hosts exclude each other")
	}
	if _, err := c.Proxies(); err != nil {
		errs = append(errs, err)
	}
	if err := c.DB.Validate(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, c.production()...)...)
}

// addresses names each address that is none.
func (c *Config) addresses() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, a := range [][2]string{{"listen", c.Listen}, {"bank-listen", c.BankListen},
		{"redirect", c.Redirect}} {
		if a == [2]string{"redirect", ""} {
			continue // nothing redirects unless somebody says where
		}
		if _, _, err := net.SplitHostPort(a[1]); err != nil {
			bad("%s: %q is not host:port", a[0], a[1])
		}
	}
	for _, a := range [][2]string{{"public-url", c.PublicURL}, {"bank-url", c.BankURL}} {
		if !isOrigin(a[1]) {
			bad("%s: %q is not like https://tickets.example.org", a[0], a[1])
		}
	}
	return errs
}

// isOrigin says that an address is a scheme and a host alone: paths are added to it.
func isOrigin(addr string) bool {
	u, err := url.Parse(addr)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		u.User == nil && u.Path == "" && u.RawQuery == "" && u.Fragment == ""
}

// production names what an installation that takes real money must not have.
func (c *Config) production() []error {
	if c.Mode != Production {
		return nil
	}
	var errs []error
	bad := func(text string) { errs = append(errs, errors.New("production: "+text)) }
	if c.Sandbox || c.Has(RoleBank) {
		bad("the sandbox provider must be off (--no-sandbox, and no role bank)")
	}
	if c.BankFaults {
		bad("bank-faults must be off")
	}
	if c.TLSCert == "" && len(c.ACMEHosts) == 0 && !c.AllowPlain {
		bad("TLS is missing: give tls-cert and tls-key, or acme-hosts, " +
			"or allow-plain behind a proxy")
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Scheme != "https" {
		bad("public-url must be https: buyers and payment providers come there")
	}
	return errs
}
