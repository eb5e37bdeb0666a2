// Package folder keeps files under their digest in a folder of the machine.
package folder

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"foyer/internal/fault"
)

// Folder is a file store. A file's name is the digest of its bytes, so it never changes.
type Folder struct{ root string }

// Open makes the folder if it is not there.
func Open(root string) (*Folder, error) {
	return &Folder{root}, os.MkdirAll(root, 0o750)
}

// path refuses with fault.Missing whatever is not 64 hexadecimal digits: no name from
// outside ever becomes a path.
func (f *Folder) path(digest string) (string, error) {
	if len(digest) != 64 {
		return "", fault.Missing
	}
	for i := range len(digest) {
		if c := digest[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", fault.Missing
		}
	}
	return filepath.Join(f.root, digest[:2], digest), nil
}

// Put writes the bytes durably: beside, synced, then in place. A file that is there stays.
func (f *Folder) Put(_ context.Context, digest string, data []byte) (err error) {
	path, err := f.path(digest)
	if err != nil {
		return err
	}
	if s, err := os.Stat(path); err == nil && s.Size() == int64(len(data)) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(path)), syncDir(f.root))
}

// syncDir makes a name durable, not only the bytes behind it.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Get reads a file; fault.Missing when there is none.
func (f *Folder) Get(_ context.Context, digest string) ([]byte, error) {
	path, err := f.path(digest)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Missing
	}
	return data, err
}
