package backup_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foyer/internal/backup"
	"foyer/internal/clock"
)

func TestDamagedBackupsAreRefusedBeforeAnythingIsTouched(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.must(h.place())
	damages := map[string]func(dir string) error{
		"a flipped byte of the database": func(dir string) error {
			return flip(filepath.Join(dir, "foyer.db"), 5000)
		},
		"a database that was cut off": func(dir string) error {
			return os.Truncate(filepath.Join(dir, "foyer.db"), 8192)
		},
		"a missing database": func(dir string) error {
			return os.Remove(filepath.Join(dir, "foyer.db"))
		},
		"a missing manifest": func(dir string) error {
			return os.Remove(filepath.Join(dir, "manifest.json"))
		},
		"a manifest that was cut off": func(dir string) error {
			return os.Truncate(filepath.Join(dir, "manifest.json"), 300)
		},
		"an altered manifest": func(dir string) error {
			return flip(filepath.Join(dir, "manifest.json"), 60)
		},
		"a flipped byte of the keys": func(dir string) error {
			return flip(filepath.Join(dir, "keys.age"), 100)
		},
		"a missing picture": func(dir string) error {
			list, err := filepath.Glob(filepath.Join(dir, "files/*/*"))
			return errors.Join(err, os.Remove(list[0]))
		},
		"a picture that is a link": func(dir string) error {
			list, err := filepath.Glob(filepath.Join(dir, "files/*/*"))
			return errors.Join(err, os.Remove(list[0]), os.Symlink("/dev/zero", list[0]))
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lock := ""
			if strings.HasSuffix(name, "keys") {
				lock = passphrase // scrypt takes its time
			}
			taken := h.take(lock)
			if err := damage(taken.Path); err != nil {
				t.Fatal(err)
			}
			to := h.target(taken)
			if _, err := to.Restore(ctx()); !errors.Is(err, backup.ErrDamaged) {
				t.Fatalf("restored: %v", err)
			}
			mustBeAbsent(t, to.Data)
		})
	}
}

func flip(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	b := make([]byte, 1)
	_, err = f.ReadAt(b, at)
	b[0] ^= 1
	_, err2 := f.WriteAt(b, at)
	return errors.Join(err, err2, f.Close())
}

// Who alters a backup and its digests with it cannot sign it again.
func TestForgedManifestIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	taken := h.take("")
	path := filepath.Join(taken.Path, "manifest.json")
	text, err := os.ReadFile(path)
	h.must(err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	body := strings.Join(lines[:len(lines)-1], "\n")
	forged := strings.Replace(body, `"release": "test"`, `"release": "fake"`, 1)
	sum := sha256.Sum256([]byte(forged))
	h.must(os.WriteFile(path, fmt.Appendf(nil, "%s\n%x\n", forged, sum), 0o600))
	if _, err := backup.Check(ctx(), taken.Path, clock.Real{}, nil); err != nil {
		t.Fatalf("the forgery is not even consistent: %v", err)
	}
	to := h.target(taken)
	if _, err := to.Restore(ctx()); !errors.Is(err, backup.ErrDamaged) {
		t.Fatalf("a forged manifest: %v", err)
	}
	mustBeAbsent(t, to.Data)
	for _, name := range []string{"../evil", "files/../../evil", "keys.json", "/etc/passwd"} {
		forged := strings.Replace(body, `"name": "foyer.db"`, `"name": "`+name+`"`, 1)
		sum := sha256.Sum256([]byte(forged))
		h.must(os.WriteFile(path, fmt.Appendf(nil, "%s\n%x\n", forged, sum), 0o600))
		if _, err := to.Restore(ctx()); !errors.Is(err, backup.ErrDamaged) {
			t.Fatalf("a member named %s: %v", name, err)
		}
	}
}

// redigest makes the manifest tell the database's present digest and size.
func redigest(t *testing.T, archive string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(archive, "foyer.db"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(archive, "manifest.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	lines = lines[:len(lines)-1]
	for i, line := range lines {
		if strings.Contains(line, `"foyer.db"`) {
			lines[i+1] = fmt.Sprintf(`      "size_bytes": %d,`, len(data))
			lines[i+2] = fmt.Sprintf(`      "sha256": "%x"`, sha256.Sum256(data))
		}
	}
	body := strings.Join(lines, "\n")
	sum := sha256.Sum256([]byte(body))
	if err := os.WriteFile(path, fmt.Appendf(nil, "%s\n%x\n", body, sum), 0o600); err != nil {
		t.Fatal(err)
	}
}
