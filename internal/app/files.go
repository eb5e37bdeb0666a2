package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"foyer/internal/fault"
)

// fileStore keeps bytes in a folder under their digest; it implements catalog.Files.
type fileStore struct{ dir string }

func (s fileStore) path(digest string) string {
	return filepath.Join(s.dir, digest[:2], digest)
}

// Put writes the file beside its place and moves it there, so that nobody reads half.
func (s fileStore) Put(_ context.Context, digest string, data []byte) error {
	path := s.path(digest)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return os.Rename(tmp.Name(), path)
}

// Get reads a file; fault.Missing without one.
func (s fileStore) Get(_ context.Context, digest string) ([]byte, error) {
	if len(digest) != 64 {
		return nil, fault.Missing
	}
	data, err := os.ReadFile(s.path(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Missing
	}
	return data, err
}
