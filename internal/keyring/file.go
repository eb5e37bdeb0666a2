package keyring

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

const (
	fileFormat = "foyer-keys-1"
	// maxFile is the largest key file that is read: 7 kinds of 255 keys fit four times.
	maxFile = 2 << 20
	// staleLock is how old the temporary file of a crashed change must be to be cleared.
	staleLock = time.Minute
)

// document is the key file. Check is the SHA-256 of the rest.
type document struct {
	Format       string    `json:"format"`
	Installation string    `json:"installation"`
	Keys         []fileKey `json:"keys"`
	Check        string    `json:"check"`
}

type fileKey struct {
	Kind      Kind      `json:"kind"`
	ID        uint8     `json:"id"`
	State     State     `json:"state"`
	CreatedAt time.Time `json:"created_at"`
	Secret    []byte    `json:"secret"`
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func (d document) encode() ([]byte, error) {
	d.Check = ""
	plain, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	d.Check = hexOf(sum[:])
	text, err := json.MarshalIndent(d, "", "  ")
	return append(text, '\n'), err
}

// decodeDocument accepts exactly what encode writes: anything else was cut off or edited.
func decodeDocument(text []byte) (document, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return document{}, ErrDamaged.Wrap(err)
	}
	if d.Format != fileFormat {
		return document{}, ErrDamaged.With("format", d.Format)
	}
	again, err := d.encode()
	if err != nil {
		return document{}, ErrDamaged.Wrap(err)
	}
	if !bytes.Equal(again, text) {
		return document{}, ErrDamaged.Wrap(errors.New("keyring: the checksum does not match"))
	}
	return d, nil
}

func readFile(path string) (document, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return document{}, ErrMissing.With("path", path)
	}
	if err != nil {
		return document{}, fmt.Errorf("keyring: open: %w", err)
	}
	defer f.Close()
	// The opened file is looked at, not the path: nobody can swap it in between.
	info, err := f.Stat()
	if err != nil {
		return document{}, fmt.Errorf("keyring: stat: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return document{}, ErrDamaged.With("path", path)
	}
	if exposed(info.Mode()) {
		return document{}, ErrExposed.With("path", path).
			With("mode", fmt.Sprintf("%04o", info.Mode().Perm()))
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return document{}, fmt.Errorf("keyring: read: %w", err)
	}
	return decodeDocument(text)
}

// exposed is true when somebody but the owner may touch the file. Windows keeps its rights
// elsewhere and shows made-up mode bits.
func exposed(mode fs.FileMode) bool {
	return runtime.GOOS != "windows" && mode.Perm()&0o077 != 0
}

// createFile writes a new key file and refuses to replace one.
func createFile(path string, doc document, now time.Time) error {
	return writeLocked(path, now, func() (document, error) {
		if _, err := os.Lstat(path); err == nil {
			return document{}, ErrExists.With("path", path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return document{}, fmt.Errorf("keyring: stat: %w", err)
		}
		return doc, nil
	})
}

// replaceFile changes the key file; change gets what is in it now.
func replaceFile(
	path string, now time.Time, change func(document) (document, error),
) error {
	return writeLocked(path, now, func() (document, error) {
		doc, err := readFile(path)
		if err != nil {
			return document{}, err
		}
		return change(doc)
	})
}

// writeLocked writes what make returns, in one step that is there or not after a power
// cut. The temporary file, opened exclusively, is also the lock between processes.
func writeLocked(path string, now time.Time, make func() (document, error)) (err error) {
	temp := path + ".new"
	f, err := openLock(temp, now)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(temp)
		}
	}()
	doc, err := make()
	if err != nil {
		return err
	}
	text, err := doc.encode()
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err != nil {
		return fmt.Errorf("keyring: write: %w", err)
	}
	if err = f.Sync(); err != nil {
		return fmt.Errorf("keyring: sync: %w", err)
	}
	if err = f.Close(); err != nil {
		return fmt.Errorf("keyring: close: %w", err)
	}
	if err = os.Rename(temp, path); err != nil {
		return fmt.Errorf("keyring: rename: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

func openLock(temp string, now time.Time) (*os.File, error) {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	f, err := os.OpenFile(temp, flags, 0o600)
	if !errors.Is(err, fs.ErrExist) {
		if err != nil {
			return nil, fmt.Errorf("keyring: create: %w", err)
		}
		return f, nil
	}
	info, statErr := os.Lstat(temp)
	if statErr == nil && now.Sub(info.ModTime()) < staleLock {
		return nil, ErrLocked.With("path", temp)
	}
	if statErr == nil {
		if err := os.Remove(temp); err != nil {
			return nil, ErrLocked.Wrap(err)
		}
	}
	if f, err = os.OpenFile(temp, flags, 0o600); err != nil {
		return nil, ErrLocked.Wrap(err)
	}
	return f, nil
}

// syncFolder makes the rename itself durable.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("keyring: open folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("keyring: sync folder: %w", err)
	}
	return nil
}
