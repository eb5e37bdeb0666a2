package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"foyer/internal/clock"
)

const (
	copyStep      = 256 << 10 // bytes between two looks at the clock and the context
	longestBreath = 250 * time.Millisecond
)

// pace keeps reading within so many bytes a second; its zero rate is no bound.
type pace struct {
	clk   clock.Clock
	rate  int64
	start time.Time
	done  int64
}

func newPace(clk clock.Clock, rate int64) *pace {
	return &pace{clk: clk, rate: rate, start: clk.Now()}
}

// took counts n bytes and waits until they are not too many for the time since the start.
func (p *pace) took(ctx context.Context, n int64) error {
	p.done += n
	for p.rate > 0 {
		due := time.Duration(float64(p.done) / float64(p.rate) * float64(time.Second))
		wait := due - p.clk.Now().Sub(p.start)
		if wait < time.Millisecond {
			break
		}
		c, stop := p.clk.After(min(wait, longestBreath))
		select {
		case <-c:
		case <-ctx.Done():
			stop()
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// digest is the SHA-256 of a file and its size.
func (p *pace) digest(ctx context.Context, path string) (string, int64, error) {
	return p.stream(ctx, io.Discard, path)
}

// copy writes a new file of the same bytes, syncs it, and gives digest and size.
func (p *pace) copy(ctx context.Context, from, to string) (string, int64, error) {
	if err := os.MkdirAll(filepath.Dir(to), folderMode); err != nil {
		return "", 0, err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return "", 0, err
	}
	sum, n, err := p.stream(ctx, out, from)
	return sum, n, errors.Join(err, out.Sync(), out.Close())
}

func (p *pace) stream(ctx context.Context, to io.Writer, path string) (string, int64, error) {
	in, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer in.Close()
	if info, err := in.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", 0, errors.Join(err, errors.New(path+" is no plain file"))
	}
	sum := sha256.New()
	var total int64
	for {
		n, err := io.CopyN(io.MultiWriter(to, sum), in, copyStep)
		total += n
		if errors.Is(err, io.EOF) {
			return hexOf(sum), total, p.took(ctx, n)
		}
		if err == nil {
			err = p.took(ctx, n)
		}
		if err != nil {
			return "", 0, err
		}
	}
}

func hexOf(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)) }

// writeFile writes a new file and syncs it.
func writeFile(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolders makes the names within dir and all folders below it durable.
func syncFolders(dir string) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncFolder(path)
	})
}

// syncFolder makes the names within dir durable.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
