// Package need finds the programs that tests need beside Go.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// Program is where a program is. Without it the test is left out; `make test`, which has
// installed all of them, sets FOYER_TEST_ALL, and there a program that is missing fails.
func Program(t testing.TB, name string) string {
	t.Helper()
	for _, at := range [...]string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(at); err == nil {
			return path
		}
	}
	if os.Getenv("FOYER_TEST_ALL") != "" {
		t.Fatalf("%s is not installed; tools/need.sh installs it", name)
	}
	t.Skip(name + " is not installed")
	return ""
}
