// Package readme_test runs the commands of the README, in both languages, as a stranger
// would type them, against the demo that `make run` starts.
package readme_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var block = regexp.MustCompile("(?s)```sh\n(.*?)```")

// walk is the commands between the marks of a README.
func walk(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", file))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "<!-- walk -->")
	inside, _, closed := strings.Cut(rest, "<!-- /walk -->")
	if !ok || !closed {
		t.Fatalf("%s has no walk between its marks", file)
	}
	var script strings.Builder
	script.WriteString("set -euo pipefail\n")
	for _, m := range block.FindAllStringSubmatch(inside, -1) {
		script.WriteString(m[1])
	}
	return script.String()
}

func TestTheWalkOfTheReadme(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	binary := filepath.Join(home, "foyer")
	run(t, "go", "build", "-o", binary, "foyer/cmd/foyer")
	base := serve(t, binary, filepath.Join(home, ".foyer", "demo"))
	script := walk(t, "README.md")
	if script != walk(t, "README.zh-CN.md") {
		t.Error("the two READMEs do not give the same commands")
	}
	code, err := os.ReadFile(filepath.Join(home, ".foyer", "demo", "gate-code.txt"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = home
	cmd.Env = append(os.Environ(), "FOYER="+base, "GATE_CODE="+strings.TrimSpace(string(code)))
	out, err := cmd.CombinedOutput()
	check(t, string(out), err)
}

// check wants the signs of each step in what the walk printed.
func check(t *testing.T, out string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{`"event_title"`, `"state": "pending"`, `"SUCCESS"`,
		`"ticket_type": "成人票"`, `"used": 1`, `"code": "already_used"`, `"refund_minor": 18000`,
		`"state": "partly_refunded"`, `"refunded_minor": 18000`} {
		if !strings.Contains(out, want) {
			t.Errorf("the walk never printed %s:\n%s", want, out)
		}
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// serve starts the demo on free ports and stops it by its process at the end.
func serve(t *testing.T, binary, data string) string {
	t.Helper()
	api, bank := freePort(t), freePort(t)
	var log bytes.Buffer
	cmd := exec.Command(binary, "demo", "--data", data, "--serve", "--listen", api,
		"--bank-listen", bank)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server ended with %v:\n%s", err, &log)
		}
	})
	base := "http://" + api
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if r, err := http.Get(base + "/readyz"); err == nil {
			r.Body.Close()
			if _, err := os.Stat(filepath.Join(data, "gate-code.txt")); err == nil {
				return base
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the demo did not come up:\n%s", &log)
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr())
}
