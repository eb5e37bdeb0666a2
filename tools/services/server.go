package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	readyWithin   = 30 * time.Second
	stoppedWithin = 10 * time.Second
	pollEvery     = 10 * time.Millisecond
	portTries     = 3 // another process may take a port between our look and the start
)

// server is one running service.
type server struct {
	name string
	addr string
	env  string // what the command is told: NAME=value
	dir  string
	took time.Duration
	cmd  *exec.Cmd
	out  *bytes.Buffer
	gone chan struct{} // closed when the process has ended
}

func (s *server) String() string {
	return fmt.Sprintf("%s on %s after %d ms, pid %d, data in %s",
		s.name, s.addr, s.took.Milliseconds(), s.cmd.Process.Pid, s.dir)
}

// launch starts the process on a free port and waits until ready says so. build makes its
// arguments from the port.
func launch(
	name, dir, program string, build func(port int) []string,
	ready func(context.Context, string) error, signals <-chan os.Signal,
) (*server, error) {
	var err error
	for range portTries {
		var port int
		if port, err = freePort(); err != nil {
			return nil, err
		}
		s := &server{name: name, dir: dir, addr: fmt.Sprintf("127.0.0.1:%d", port),
			out: &bytes.Buffer{}, gone: make(chan struct{})}
		s.cmd = exec.Command(program, build(port)...)
		s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = dir, s.out, s.out
		s.cmd.SysProcAttr = ownGroup()
		start := time.Now()
		if err = s.cmd.Start(); err != nil {
			return nil, err
		}
		go func() {
			_ = s.cmd.Wait() // how it ended is told by who asked it to
			close(s.gone)
		}()
		if err = s.wait(ready, signals); err == nil {
			s.took = time.Since(start)
			return s, nil
		}
		if stopErr := s.stop(); stopErr != nil || errors.Is(err, errInterrupted) {
			return nil, errors.Join(err, stopErr)
		}
		err = fmt.Errorf("%s did not start: %w\n%s", name, err, tail(s.out.String()))
	}
	return nil, err
}

var errInterrupted = errors.New("interrupted while starting")

func (s *server) wait(
	ready func(context.Context, string) error, signals <-chan os.Signal,
) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		err := ready(ctx, s.addr)
		if err == nil {
			return nil
		}
		select {
		case <-s.gone:
			return errors.New("it ended by itself")
		case <-signals:
			return errInterrupted
		case <-ctx.Done():
			return fmt.Errorf("not ready within %v: %w", readyWithin, err)
		case <-poll.C:
		}
	}
}

// stop ends the process by its id: politely, then not.
func (s *server) stop() error {
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		err := s.cmd.Process.Signal(sig)
		if err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		select {
		case <-s.gone:
			return nil
		case <-time.After(stoppedWithin):
		}
	}
	return fmt.Errorf("%s, pid %d, does not stop", s.name, s.cmd.Process.Pid)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// find is the first of the programs that is installed, also where only root looks.
func find(install string, programs ...string) (string, error) {
	for _, p := range programs {
		for _, candidate := range []string{p, "/usr/sbin/" + p, "/usr/libexec/" + p} {
			if full, err := exec.LookPath(candidate); err == nil {
				return full, nil
			}
		}
	}
	return "", fmt.Errorf("%s is not installed: apt-get install %s", programs[0], install)
}

// tail is the last lines of what a process said.
func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}
