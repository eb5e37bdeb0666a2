package backup

import (
	"errors"
	"io"
	"os"
	"strings"
)

const maxLockFile = 64 << 10 // bytes

// ReadLock is the lock that a command line names: an age recipient as it is, or else a file
// with a passphrase, a recipient or an identity in it. As in age's own files, empty lines
// and lines that begin with # are left out, and there must be one other line. A secret is
// never an argument itself: every user of the machine can read those.
func ReadLock(arg string) (string, error) {
	if strings.HasPrefix(arg, "age1") {
		return arg, nil
	}
	f, err := os.Open(arg)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxLockFile))
	if err != nil {
		return "", err
	}
	var lock string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if lock != "" {
			return "", errors.New(arg + " has more than one line that could be meant")
		}
		lock = line
	}
	if lock == "" {
		return "", errors.New(arg + " is empty")
	}
	return lock, nil
}
