package rig

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is one process of the shipped binary.
type Server struct {
	T       testing.TB
	Dir     string // its data folder
	URL     string // http://host:port
	BankURL string
	HTTP    *http.Client

	args    []string
	logPath string
	cmd     *exec.Cmd
	exited  chan struct{}
	house   *House
	people  int
}

// Start serves a folder on free ports until the test ends, with more flags as given.
func Start(t testing.TB, dir string, flags ...string) *Server {
	t.Helper()
	api, bank := freeAddress(t), freeAddress(t)
	s := &Server{T: t, Dir: dir, URL: "http://" + api, BankURL: "http://" + bank,
		logPath: filepath.Join(t.TempDir(), "server.log")}
	s.HTTP = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		MaxIdleConns: 512, MaxIdleConnsPerHost: 512}}
	s.args = append([]string{"serve", "--data", dir, "--listen", api, "--bank-listen", bank,
		"--trusted-proxies", "127.0.0.1/32"}, flags...)
	t.Cleanup(s.cleanUp)
	s.Run()
	return s
}

// Demo serves a copy of the demo whose sandbox bank misbehaves on demand.
func Demo(t testing.TB, flags ...string) *Server {
	t.Helper()
	return Start(t, DemoFolder(t), append([]string{"--bank-faults"}, flags...)...)
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Run starts the process and waits for its first answer, and says how long that took.
func (s *Server) Run() time.Duration {
	s.T.Helper()
	log, err := os.OpenFile(s.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.T.Fatal(err)
	}
	defer log.Close()
	start := time.Now()
	s.cmd = exec.Command(os.Getenv(envBinary), s.args...)
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.SysProcAttr = log, log, tied()
	if err := s.cmd.Start(); err != nil {
		s.T.Fatal(err)
	}
	s.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		cmd.Wait()
		close(exited)
	}(s.cmd, s.exited)
	s.Until("first answer", 60*time.Second, s.answers)
	return time.Since(start)
}

func (s *Server) answers() bool {
	select {
	case <-s.exited:
		s.T.Fatalf("the server ended: %v", s.cmd.ProcessState)
	default:
	}
	res, err := s.HTTP.Get(s.URL + "/readyz")
	if err != nil {
		return false
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// Until polls until ok, and fails the test when it takes longer than most.
func (s *Server) Until(what string, most time.Duration, ok func() bool) {
	s.T.Helper()
	ctx, cancel := context.WithTimeout(s.T.Context(), most)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			s.T.Fatalf("%s: not within %s", what, most)
		case <-tick.C:
		}
	}
}

// Kill is the sudden death of the process: nothing runs after it.
func (s *Server) Kill() {
	s.cmd.Process.Kill()
	<-s.exited
	s.HTTP.CloseIdleConnections()
}

// Stop asks the process to end, as a service manager does, and says how long it took. A
// process that does not end within 20 s or not with 0 fails the test.
func (s *Server) Stop() time.Duration {
	s.T.Helper()
	start := time.Now()
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(20 * time.Second):
		s.T.Errorf("the server did not end within 20 s")
		s.Kill()
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		s.T.Errorf("the server ended with %d", code)
	}
	s.HTTP.CloseIdleConnections()
	s.complaints()
	return time.Since(start)
}

// successAlarm is what a bank that misbehaves on demand brings about, rightly.
const successAlarm = `level=ERROR msg="payment success is under`

// complaints fails the test when the server's log tells of a mistake of its own.
func (s *Server) complaints() {
	s.T.Helper()
	log := strings.ReplaceAll(tail(s.logPath, 1<<20), successAlarm, "")
	for _, word := range []string{"level=ERROR", "panic:", "could not write"} {
		if at := strings.Index(log, word); at >= 0 {
			s.T.Errorf("the log complains: %s", log[at:min(at+300, len(log))])
		}
	}
}

// Running says whether the process lives.
func (s *Server) Running() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

func (s *Server) cleanUp() {
	if s.exited != nil && s.Running() {
		s.Kill()
	}
	if s.T.Failed() {
		s.T.Logf("the server's log:\n%s", tail(s.logPath, 4000))
	}
}

func tail(path string, n int) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Sprint(err)
	}
	if len(b) > n {
		b = b[len(b)-n:]
	}
	return string(b)
}
