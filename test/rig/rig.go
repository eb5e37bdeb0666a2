// Package rig starts the shipped binary in a folder of its own and drives it as people do:
// over HTTP only. It belongs to the proofs in test/.
package rig

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The environment of a test run: where Main put the binary and the demo folder.
const (
	envBinary = "FOYER_TEST_BINARY"
	envDemo   = "FOYER_TEST_DEMO"
)

// Main builds the binary (unless FOYER_TEST_BINARY names one) and seeds one demo folder, runs
// the tests and removes both. Every server gets a copy of the folder, so tests share nothing.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "foyer-rig-*")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	binary, demo := os.Getenv(envBinary), filepath.Join(dir, "demo")
	if binary == "" {
		binary = filepath.Join(dir, "foyer")
		if err := run("go", "build", "-o", binary, "foyer/cmd/foyer"); err != nil {
			return fail(err)
		}
	}
	if err := run(binary, "demo", "--data", demo); err != nil {
		return fail(err)
	}
	os.Setenv(envBinary, binary)
	os.Setenv(envDemo, demo)
	return m.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "rig:", err)
	return 1
}

func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %v: %w\n%s", name, args, err, out)
	}
	return nil
}

// DemoFolder copies the demo into a fresh folder of the test's.
func DemoFolder(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := CopyFolder(os.Getenv(envDemo), dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// CopyFolder copies for its owner alone: keys that others may read are refused.
func CopyFolder(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), raw, 0o600)
	})
}
