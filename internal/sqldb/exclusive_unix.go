//go:build unix

package sqldb

import (
	"errors"
	"os"
	"syscall"
)

// lockFile takes the lock at path, or refuses with ErrInUse.
func lockFile(path string) (mark *os.File, certain bool, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, false, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, true, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, false, ErrInUse.With("lock", path)
	}
	return nil, false, err
}
