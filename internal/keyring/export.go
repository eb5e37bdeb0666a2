package keyring

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
)

const (
	// MinPassphrase is the shortest passphrase of an encrypted copy, in bytes. The copy
	// travels with backups, so an attacker has all the time there is.
	MinPassphrase = 16
	// maxWork is log2 of the largest scrypt cost that a copy may ask for: some 4 s.
	maxWork = 20
)

// The refusals of encrypted copies.
var (
	ErrWeakLock = fault.Define(fault.Invalid, "keys_lock_weak",
		"备份口令太短或收件人公钥无效", "This cannot protect a copy of the keys.",
		"Give an age recipient (age1…) or a passphrase of at least 16 characters.")
	ErrWrongLock = fault.Define(fault.Invalid, "keys_lock_wrong",
		"口令或私钥不正确,或文件已损坏", "The copy of the keys does not open with this.",
		"Check the passphrase or the age identity, and that the file is whole.")
)

// Export writes a copy of the ring that only the holder of the lock can open, in the
// format of age (age-encryption.org), so it can be opened without Foyer too. lock is an
// age recipient ("age1…") or a passphrase. It refuses a weak one (ErrWeakLock).
func (r *Ring) Export(w io.Writer, lock string) error {
	to, err := recipient(lock)
	if err != nil {
		return ErrWeakLock.Wrap(err)
	}
	return r.exportTo(w, to)
}

func (r *Ring) exportTo(w io.Writer, to age.Recipient) error {
	text, err := r.now.Load().doc.encode()
	if err != nil {
		return err
	}
	box, err := age.Encrypt(w, to)
	if err != nil {
		return fmt.Errorf("keyring: export: %w", err)
	}
	if _, err := box.Write(text); err != nil {
		return fmt.Errorf("keyring: export: %w", err)
	}
	if err := box.Close(); err != nil {
		return fmt.Errorf("keyring: export: %w", err)
	}
	return nil
}

// Import opens a copy that Export made and writes it to path, where no ring may be yet.
// lock is the age identity ("AGE-SECRET-KEY-…") or the passphrase. It refuses a wrong lock
// or a damaged copy (ErrWrongLock) and a present file (ErrExists).
func Import(
	path string, from io.Reader, lock string, ids *idgen.Source, clk clock.Clock,
) (*Ring, error) {
	doc, err := openCopy(from, lock)
	if err != nil {
		return nil, err
	}
	if _, err := buildKeys(doc); err != nil {
		return nil, err
	}
	if err := createFile(path, doc, clk.Now()); err != nil {
		return nil, err
	}
	return newRing(path, ids, clk, doc)
}

func openCopy(from io.Reader, lock string) (document, error) {
	who, err := identity(lock)
	if err != nil {
		return document{}, ErrWrongLock.Wrap(err)
	}
	plain, err := age.Decrypt(io.LimitReader(from, 2*maxFile), who)
	if err != nil {
		return document{}, ErrWrongLock.Wrap(err)
	}
	text, err := io.ReadAll(io.LimitReader(plain, maxFile))
	if err != nil {
		return document{}, ErrWrongLock.Wrap(err)
	}
	return decodeDocument(text)
}

func recipient(lock string) (age.Recipient, error) {
	switch {
	case strings.HasPrefix(lock, "age1pq1"):
		return age.ParseHybridRecipient(lock)
	case strings.HasPrefix(lock, "age1"):
		return age.ParseX25519Recipient(lock)
	case len(lock) < MinPassphrase:
		return nil, errors.New("keyring: the passphrase is too short")
	}
	return age.NewScryptRecipient(lock)
}

func identity(lock string) (age.Identity, error) {
	switch {
	case strings.HasPrefix(lock, "AGE-SECRET-KEY-PQ-1"):
		return age.ParseHybridIdentity(lock)
	case strings.HasPrefix(lock, "AGE-SECRET-KEY-1"):
		return age.ParseX25519Identity(lock)
	}
	id, err := age.NewScryptIdentity(lock)
	if err != nil {
		return nil, err
	}
	id.SetMaxWorkFactor(maxWork)
	return id, nil
}
