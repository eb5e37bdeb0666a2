//go:build linux || darwin

package sqldb_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/sqldb"
)

const childEnv = "FOYER_TEST_FILE_LIMIT"

// The operating system refuses to let any file grow, so the failure comes from the write
// of the log itself. The limit holds for a whole process: a child of its own gets it.
func TestFileThatCannotGrowRefusesAndResumes(t *testing.T) {
	t.Parallel()
	if os.Getenv(childEnv) != "" {
		cannotGrow(t)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), childEnv+"=1")
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func cannotGrow(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	path := filepath.Join(t.TempDir(), "foyer.db")
	db, err := sqldb.Open(sqldb.Config{Path: path}, clock.Real{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	before, errs := fill(t, db, "before", 3)
	if len(errs) > 0 {
		t.Fatal(errs[0])
	}
	var usual syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		t.Fatal(err)
	}
	log, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	full := usual
	full.Cur = uint64(log.Size()) + 4096
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	stored, errs := fill(t, db, "full", 60)
	if len(errs) == 0 {
		t.Fatal("the file grew beyond its limit")
	}
	for _, err := range errs {
		if !errors.Is(err, sqldb.ErrStorage) {
			t.Fatalf("a write that failed was answered with %v", err)
		}
	}
	mustHave(t, db, append(stored, before...))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		t.Fatal(err)
	}
	again, errs := fill(t, db, "room", 60)
	if len(errs) > 0 {
		t.Fatalf("with room again: %v", errs[0])
	}
	all := append(append(stored, before...), again...)
	mustHave(t, db, all)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db, err = sqldb.Open(sqldb.Config{Path: path}, clock.Real{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	mustHave(t, db, all)
}
