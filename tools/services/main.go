// Command services runs a command beside a private MariaDB and a private Redis:
//
//	go run ./tools/services [-only mysql,redis] -- go test ./...
//
// The command finds them in FOYER_TEST_MYSQL, a go-sql-driver DSN without a database whose
// user may create databases, and FOYER_TEST_REDIS, host:port. Both listen on free ports of
// 127.0.0.1, keep their data in a temporary folder, and are stopped by process id when the
// command ends, when it fails, and on SIGINT, SIGTERM or SIGHUP. The exit code is the
// command's.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

func main() {
	// A server dies with the thread that started it; the main thread outlives all others.
	runtime.LockOSThread()
	dieWithParent()
	only := flag.String("only", "mysql,redis", "which services to start, separated by commas")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "services: name a command: services [-only mysql] -- go test ./...")
		os.Exit(2)
	}
	code, err := run(strings.Split(*only, ","), flag.Args(), os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "services:", err)
	}
	os.Exit(code)
}

// run starts what is asked for, runs the command, stops everything, and gives the exit
// code of the command; 1 when a service did not start.
func run(only, command []string, stdout, stderr io.Writer) (code int, err error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	folder, err := temporaryFolder()
	if err != nil {
		return 1, err
	}
	var running []*server
	defer func() {
		for _, s := range slices.Backward(running) {
			err = errors.Join(err, s.stop())
		}
		err = errors.Join(err, os.RemoveAll(folder))
	}()
	env := os.Environ()
	for _, name := range only {
		start, ok := starters()[name]
		if !ok {
			return 1, fmt.Errorf("there is no service %q: mysql, redis", name)
		}
		s, err := start(folder, signals)
		if err != nil {
			return 1, err
		}
		running = append(running, s)
		env = append(env, s.env)
		fmt.Fprintf(stderr, "services: %s\n", s)
	}
	return runCommand(command, env, signals, stdout, stderr)
}

func starters() map[string]func(string, <-chan os.Signal) (*server, error) {
	return map[string]func(string, <-chan os.Signal) (*server, error){
		"mysql": startMariaDB,
		"redis": startRedis,
	}
}

// runCommand passes signals on to the command and waits for it; 128 + n when signal n
// ended it.
func runCommand(
	command, env []string, signals <-chan os.Signal, stdout, stderr io.Writer,
) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, stdout, stderr
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			// The command may be gone by now; then Wait has the answer.
			_ = cmd.Process.Signal(sig)
		case err := <-done:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return 1, err
			}
			status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if ok && status.Signaled() {
				return 128 + int(status.Signal()), nil
			}
			return cmd.ProcessState.ExitCode(), nil
		}
	}
}

// roomBytes is what a test run may need for its databases.
const roomBytes = 2 << 30

// temporaryFolder lies in memory where there is room, else where temporary files go.
func temporaryFolder() (string, error) {
	const memory = "/dev/shm"
	var st syscall.Statfs_t
	if syscall.Statfs(memory, &st) == nil && st.Bavail*uint64(st.Bsize) >= roomBytes {
		if dir, err := os.MkdirTemp(memory, "foyer-"); err == nil {
			return dir, nil
		}
	}
	return os.MkdirTemp("", "foyer-")
}
