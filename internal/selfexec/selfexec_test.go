//go:build unix

package selfexec_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/selfexec"
)

const (
	lifeEnv = "FOYER_TEST_LIFE" // what the child does
	portEnv = "FOYER_TEST_PORT"
	lockEnv = "FOYER_TEST_LOCK"
)

// TestMain is also the program that starts itself anew.
func TestMain(m *testing.M) {
	if how := os.Getenv(lifeEnv); how != "" {
		if err := live(how); err != nil {
			fmt.Println("ended:", err)
		}
		return
	}
	os.Exit(m.Run())
}

// live takes a port and a lock that only one process may have, says which life it is, and
// starts anew.
func live(how string) error {
	clk := clock.NewFake(time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC))
	p, err := selfexec.New(clk)
	if how != "calm" {
		p, err = selfexec.New(clock.Real{})
	}
	if err != nil {
		return err
	}
	door, err := net.Listen("tcp", os.Getenv(portEnv))
	if err != nil {
		return err
	}
	lock, err := os.OpenFile(os.Getenv(lockEnv), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return err
	}
	fmt.Println("life", p.Restarts(), os.Getpid(), strings.Join(os.Args[1:], " "))
	switch {
	case how != "always" && p.Restarts() == 1:
		return nil
	case how == "calm":
		clk.Advance(selfexec.Calm)
	case how == "hang": // closing never ends; exec closes port and lock
		return p.Again(func() { select {} })
	}
	return p.Again(func() { door.Close() })
}

func run(t *testing.T, how string, env ...string) []string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	child := exec.Command(os.Args[0], "serve", "--data", "x y")
	child.Env = append(os.Environ(), lifeEnv+"="+how, portEnv+"="+addr,
		lockEnv+"="+t.TempDir()+"/lock")
	child.Env = append(child.Env, env...)
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestAgainKeepsProcessAndArgumentsAndGivesBackPortAndLock(t *testing.T) {
	t.Parallel()
	lines := run(t, "once")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "life 0 ") {
		t.Fatalf("the program said %q", lines)
	}
	want := strings.Replace(lines[0], "life 0", "life 1", 1)
	if lines[1] != want || !strings.HasSuffix(want, " serve --data x y") {
		t.Fatalf("the second life said %q, want %q", lines[1], want)
	}
}

func TestAgainDoesNotWaitForAClosingThatHangs(t *testing.T) {
	t.Parallel()
	start := time.Now()
	if lines := run(t, "hang"); len(lines) != 2 {
		t.Fatalf("the program said %q", lines)
	}
	if took := time.Since(start); took > selfexec.CloseWithin+20*time.Second {
		t.Fatalf("it took %s", took)
	}
}

func TestAgainGivesUpAfterRestartsInARow(t *testing.T) {
	t.Parallel()
	lines := run(t, "always")
	if len(lines) != selfexec.MaxRestarts+2 {
		t.Fatalf("the program lived %d times: %q", len(lines)-1, lines)
	}
	if last := lines[len(lines)-1]; last != "ended: "+selfexec.ErrTooOften.Error() {
		t.Fatalf("it ended with %q", last)
	}
}

func TestRestartsInARowAreForgottenAfterACalmTime(t *testing.T) {
	t.Parallel()
	lines := run(t, "calm", "FOYER_RESTARTS=5")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "life 5 ") ||
		!strings.HasPrefix(lines[1], "life 1 ") {
		t.Fatalf("the program said %q", lines)
	}
}
