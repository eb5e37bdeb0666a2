package backup_test

import (
	"os"
	"path/filepath"
	"testing"

	"foyer/internal/backup"
)

func TestReadLock(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"six plain words make a lock\n":                  "six plain words make a lock",
		"# created: 2026\r\n\r\nAGE-SECRET-KEY-1ABC\r\n": "AGE-SECRET-KEY-1ABC",
		"":            "",
		"# nothing\n": "",
		"one\ntwo\n":  "",
	} {
		path := filepath.Join(t.TempDir(), "lock")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := backup.ReadLock(path)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if got, err := backup.ReadLock("age1xyz"); got != "age1xyz" || err != nil {
		t.Errorf("a recipient: %q, %v", got, err)
	}
}
