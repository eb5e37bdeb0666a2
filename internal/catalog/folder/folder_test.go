package folder

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foyer/internal/fault"
)

func TestFilesComeBack(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f, err := Open(filepath.Join(root, "media"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, digest := context.Background(), strings.Repeat("a1", 32)
	if _, err := f.Get(ctx, digest); !errors.Is(err, fault.Missing) {
		t.Errorf("a file that is not there: %v", err)
	}
	for range 2 {
		if err := f.Put(ctx, digest, []byte("bytes")); err != nil {
			t.Fatal(err)
		}
	}
	got, err := f.Get(ctx, digest)
	if err != nil || string(got) != "bytes" {
		t.Errorf("%q %v", got, err)
	}
	left, err := filepath.Glob(filepath.Join(root, "media", "a1", ".new-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestNamesNeverBecomePaths(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "../../etc/passwd", strings.Repeat("../", 21) + "x",
		strings.Repeat("A", 64), strings.Repeat("a", 63) + "/"} {
		if err := f.Put(context.Background(), name, []byte("x")); !errors.Is(err, fault.Missing) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if list, err := os.ReadDir(root); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}
