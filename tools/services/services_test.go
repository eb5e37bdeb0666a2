package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"foyer/tools/need"
)

// program builds the command, for tests that send it signals.
func program(t *testing.T) string {
	t.Helper()
	for _, needed := range []string{"mariadbd", "redis-server"} {
		need.Program(t, needed)
	}
	path := filepath.Join(t.TempDir(), "services")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

var line = regexp.MustCompile(`pid (\d+), data in (\S+)`)

// assertGone fails while a process or a folder that the command named is still there.
func assertGone(t *testing.T, stderr string) {
	t.Helper()
	named := line.FindAllStringSubmatch(stderr, -1)
	if len(named) == 0 {
		t.Fatalf("no service was started:\n%s", stderr)
	}
	for _, m := range named {
		pid, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d still runs: %v", pid, err)
		}
		if _, err := os.Stat(m[2]); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", m[2], err)
		}
	}
}

func TestTheCommandGetsBothServicesAndItsExitCodeComesBack(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(program(t), "--", "sh", "-c",
		`echo "$FOYER_TEST_MYSQL"; echo "$FOYER_TEST_REDIS"; exit 7`)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if cmd.ProcessState.ExitCode() != 7 {
		t.Fatalf("exit: %v\n%s", err, &stderr)
	}
	if n := strings.Count(stderr.String(), "\n"); n != 2 {
		t.Errorf("%d lines were said, want one a service:\n%s", n, &stderr)
	}
	said := strings.Fields(stdout.String())
	if len(said) != 2 || !strings.Contains(said[0], "@tcp(127.0.0.1:") ||
		!strings.HasPrefix(said[1], "127.0.0.1:") {
		t.Errorf("the command was told %q", said)
	}
	assertGone(t, stderr.String())
}

func TestASignalStopsEverything(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	cmd := exec.Command(program(t), "--", "sh", "-c", "echo up; exec sleep 600")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	err = cmd.Wait()
	if want := 128 + int(syscall.SIGTERM); cmd.ProcessState.ExitCode() != want {
		t.Errorf("exit: %v, want %d", err, want)
	}
	if took := time.Since(start); took > stoppedWithin {
		t.Errorf("stopping took %v", took)
	}
	assertGone(t, stderr.String())
}

func TestMariaDBIsAsStrictAsProduction(t *testing.T) {
	t.Parallel()
	program(t)
	s, err := startMariaDB(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	db, err := sql.Open("mysql", strings.TrimPrefix(s.env, "FOYER_TEST_MYSQL="))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, want := range map[string]string{
		"SELECT @@tx_isolation":            "READ-COMMITTED",
		"SELECT @@time_zone":               "+00:00",
		"SELECT @@character_set_server":    "utf8mb4",
		"SELECT @@collation_server":        "utf8mb4_bin",
		"SELECT @@sql_mode LIKE '%STRIC%'": "1",
	} {
		var got string
		if err := db.QueryRow(query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, want %q (%v)", query, got, want, err)
		}
	}
	for _, statement := range []string{
		"CREATE DATABASE one", "CREATE TABLE one.t (v VARCHAR(2) NOT NULL PRIMARY KEY)",
		"INSERT INTO one.t VALUES ('a'), ('A')",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if _, err := db.Exec("INSERT INTO one.t VALUES ('too long')"); err == nil {
		t.Error("a value that does not fit was cut short in silence")
	}
}

func TestAServiceThatCannotStartIsReported(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	code, err := run([]string{"oracle"}, []string{"true"}, io.Discard, &stderr)
	if code != 1 || err == nil || !strings.Contains(err.Error(), "oracle") {
		t.Errorf("code %d, %v", code, err)
	}
	never := func(context.Context, string) error { return errors.New("no") }
	build := func(int) []string { return []string{"-c", "echo broken disk; exit 1"} }
	_, err = launch("Fake", t.TempDir(), "/bin/sh", build, never, nil)
	if err == nil || !strings.Contains(err.Error(), "broken disk") {
		t.Errorf("err = %v, want what the process said", err)
	}
}
