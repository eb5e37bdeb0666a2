package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"foyer/internal/config"
)

// fromKong is what the command line gives for arguments and a settings file.
func fromKong(t *testing.T, file *config.File, args ...string) (config.Config, error) {
	t.Helper()
	type settings struct { // as the program's commands hold it
		config.Config `embed:""`
	}
	var all struct{ settings }
	parser, err := kong.New(&all, kong.Resolvers(file), kong.Exit(func(int) {}))
	if err != nil {
		return all.Config, err
	}
	_, err = parser.Parse(args)
	return all.Config, err
}

func TestTheZeroValueIsUsable(t *testing.T) {
	t.Parallel()
	c := config.Config{Data: "d"}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.Listen == "" || c.PublicURL != "http://"+c.Listen || c.BankURL != "http://"+c.BankListen {
		t.Fatalf("%+v", c)
	}
	if !strings.HasPrefix(c.DB.Path, "d") || !strings.HasPrefix(c.KeyFile(), "d") {
		t.Fatal(c.DB.Path, c.KeyFile())
	}
}

func TestPublicURLFollowsTheDoor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config.Config
		want string
	}{
		{config.Config{Listen: ":8080"}, "http://localhost:8080"},
		{config.Config{Listen: "0.0.0.0:80"}, "http://localhost:80"},
		{config.Config{Listen: "[::]:443", ACMEHosts: []string{"a.example"}},
			"https://localhost:443"},
		{config.Config{Listen: "10.0.0.1:1", TLSCert: "c", TLSKey: "k"}, "https://10.0.0.1:1"},
		{config.Config{Listen: ":1", PublicURL: "https://t.example"}, "https://t.example"},
	} {
		if err := c.Validate(); err != nil || c.PublicURL != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.Listen, c.PublicURL, err, c.want)
		}
	}
}

// want checks that an error has exactly these lines' beginnings.
func want(t *testing.T, err error, lines ...string) {
	t.Helper()
	var got []string
	if err != nil {
		got = strings.Split(err.Error(), "\n")
	}
	if !slices.EqualFunc(got, lines, strings.HasPrefix) {
		t.Errorf("got:\n%s\nwant lines that begin with:\n%s", strings.Join(got, "\n"),
			strings.Join(lines, "\n"))
	}
}

func TestEveryProblemIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	bad := config.Config{Mode: "prod", Listen: "x", BankListen: "y", Redirect: "z",
		PublicURL: "tickets.example", BankURL: "http://b.example/path",
		Roles: []string{"api", "king"}, TLSCert: "c", ACMEHosts: []string{"a.example"},
		TrustedProxies: []string{"10.0.0.0/8", "10.0.0.1"}}
	bad.DB.Readers = -1
	for range 20 { // always in one order
		want(t, bad.Validate(), `mode: "prod"`, `listen: "x"`, `bank-listen: "y"`,
			`redirect: "z"`, `public-url: "tickets.example"`, `bank-url: "http://b.example/path"`,
			`roles: "king"`, "tls-cert and tls-key", "tls-cert and acme-hosts",
			`trusted-proxies: "10.0.0.1"`, "sqldb: readers")
	}
	for _, url := range []string{"ftp://a.example", "https://", "https://u@a.example",
		"https://a.example?x", "https://a.example#x", "https://a.example/", "//a.example", "%"} {
		c := config.Config{PublicURL: url}
		want(t, c.Validate(), "public-url: ")
	}
}

func TestProductionRefusesWhatIsForDevelopment(t *testing.T) {
	t.Parallel()
	good := config.Config{Mode: config.Production, PublicURL: "https://t.example",
		AllowPlain: true, Roles: []string{config.RoleAPI}}
	want(t, good.Validate())
	for _, c := range []struct {
		change func(*config.Config)
		says   string
	}{
		{func(c *config.Config) { c.Sandbox = true }, "production: the sandbox"},
		{func(c *config.Config) { c.Roles = []string{"bank"} }, "production: the sandbox"},
		{func(c *config.Config) { c.BankFaults = true }, "production: bank-faults"},
		{func(c *config.Config) { c.AllowPlain = false }, "production: TLS"},
		{func(c *config.Config) { c.PublicURL = "http://t.example" }, "production: public-url"},
	} {
		one := good
		c.change(&one)
		want(t, one.Validate(), c.says)
		one.Mode = config.Development
		want(t, one.Validate())
	}
}

func TestTheCommandLineValidates(t *testing.T) {
	t.Parallel()
	c, err := fromKong(t, &config.File{})
	if err != nil || !c.Sandbox || c.Mode != config.Development || !c.Has(config.RoleBank) ||
		c.DB.Path == "" {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, args := range [][]string{{"--listen=nowhere"}, {"--mode=prod"}, {"--roles=king"},
		{"--mode=production"}, {"--db-readers=-1"}, {"--no-such-flag"}} {
		if _, err := fromKong(t, &config.File{}, args...); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}
