package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foyer/internal/config"
)

func load(t testing.TB, text string) (*config.File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "foyer.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(path, true)
}

func TestSettingsFile(t *testing.T) {
	t.Parallel()
	file, err := load(t, `{"mode": "development", "listen": ":8443", "access_log": true,
		"sandbox": false, "db_readers": 7, "operator_token": "a, b", "log_json": null,
		"roles": ["api", "worker"], "trusted_proxies": ["10.0.0.0/8", "fd00::/8"],
		"allowed_origins": ["https://a.example", "odd,comma"], "acme_email": "7"}`)
	if err != nil {
		t.Fatal(err)
	}
	c, err := fromKong(t, file)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != ":8443" || !c.AccessLog || c.Sandbox || c.DB.Readers != 7 || c.LogJSON ||
		c.OperatorToken != "a, b" || c.ACMEEmail != "7" || c.BankListen == "" ||
		!slices.Equal(c.Roles, []string{"api", "worker"}) ||
		!slices.Equal(c.TrustedProxies, []string{"10.0.0.0/8", "fd00::/8"}) ||
		!slices.Equal(c.AllowedOrigins, []string{"https://a.example", "odd,comma"}) {
		t.Fatalf("%+v", c)
	}
	// The command line comes last.
	c, err = fromKong(t, file, "--listen=:1", "--sandbox", "--roles=bank")
	if err != nil || c.Listen != ":1" || !c.Sandbox || !slices.Equal(c.Roles, []string{"bank"}) {
		t.Fatalf("%+v, %v", c, err)
	}
}

func TestUnknownKeysAreRefusedTogether(t *testing.T) {
	t.Parallel()
	file, err := load(t, `{"mode": "development", "lisden": ":1", "bank-url": "x", "Mode": "y"}`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fromKong(t, file)
	if err == nil {
		t.Fatal("unknown keys were taken")
	}
	for _, key := range []string{`"lisden"`, `"bank-url"`, `"Mode"`} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not named: %v", key, err)
		}
	}
	if strings.Contains(err.Error(), `"mode"`) {
		t.Errorf("a setting is called unknown: %v", err)
	}
}

func TestValuesOfAnotherTypeAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"access_log": "perhaps"}`, `{"db_readers": "many"}`,
		`{"db_readers": 1.5}`, `{"mode": "prod"}`, `{"mode": true}`, `{"roles": "king"}`,
		`{"roles": [7]}`, `{"listen": 8080}`} {
		file, err := load(t, text)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := fromKong(t, file); err == nil {
			t.Errorf("%s was taken: %+v", text, c)
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "mode: development", "[]", `"x"`, `{"mode"`,
		`{"mode": "development"} {}`, `{"mode": "development"}x`, `{"db": {"path": "x"}}`,
		`{"roles": [["api"]]}`, `{"roles": [null]}`, `{"listen": {}}`,
		`{"listen": "` + strings.Repeat("x", 1<<20) + `"}`} {
		if _, err := load(t, text); err == nil {
			t.Errorf("%.40s was taken", text)
		} else if !strings.Contains(err.Error(), "foyer.json") {
			t.Errorf("%.40s: the file is not named: %v", text, err)
		}
	}
	missing := filepath.Join(t.TempDir(), "none.json")
	if _, err := config.Load(missing, true); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that was asked for is missing: %v", err)
	}
	if file, err := config.Load(missing, false); err != nil {
		t.Error(err)
	} else if _, err := fromKong(t, file); err != nil {
		t.Error(err)
	}
	if _, err := config.Load(t.TempDir(), false); err == nil {
		t.Error("a folder is no file")
	}
}

// Whatever the file says, the program starts with it or says why not.
func FuzzSettingsFile(f *testing.F) {
	for _, text := range []string{`{}`, `null`, `{"listen": ":1"}`, `{"roles": ["api"]}`,
		`{"roles": "api,bank"}`, `{"sandbox": false}`, `{"db_readers": 1e3}`, `{"x": 1}`,
		`{"mode": null}`, `{"roles": [""]}`, `{"data": "\\,"}`, `{"public_url": "%"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := load(t, text)
		if err != nil {
			return
		}
		c, err := fromKong(t, file)
		if err == nil && (c.Mode != config.Development && c.Mode != config.Production) {
			t.Fatalf("%q starts in mode %q", text, c.Mode)
		}
	})
}
