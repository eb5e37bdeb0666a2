// Package journaltest gives tests a journal, jobs, keys and a ledger on their database.
package journaltest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/journal/journaldb"
	"foyer/internal/ledger"
	"foyer/internal/ledger/ledgerdb"
	"foyer/internal/sqldb"
)

// Bundle is what a module needs beside its own store.
type Bundle struct {
	DB      *sqldb.DB
	Clock   clock.Clock
	IDs     *idgen.Source
	Store   *journaldb.Store
	Secrets *Secrets
	Journal *journal.Journal
	Jobs    *journal.Jobs
	Keys    *journal.Keys
	Ledger  *ledger.Ledger
}

// New opens the journal of a fresh database. Nothing runs until the test calls Run.
func New(t testing.TB, db *sqldb.DB, clk clock.Clock) *Bundle {
	t.Helper()
	ids, err := idgen.NewSource(clk, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(output(t), nil))
	b := &Bundle{DB: db, Clock: clk, IDs: ids, Store: journaldb.New(db),
		Secrets: NewSecrets(), Ledger: ledger.New(ledgerdb.New(db))}
	b.Journal, err = journal.Open(context.Background(), journal.Config{DB: db, Store: b.Store,
		Clock: clk, Sealer: b.Secrets, Signer: b.Secrets, Log: log, Holder: "test"})
	if err != nil {
		t.Fatal(err)
	}
	b.Jobs = journal.NewJobs(journal.JobsConfig{DB: db, Store: b.Store, Clock: clk, IDs: ids,
		Log: log, Holder: "test"})
	b.Keys = journal.NewKeys(db, b.Store, clk)
	return b
}

// Run delivers facts and does jobs until the test ends.
func (b *Bundle) Run(t testing.TB) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- b.Journal.Run(ctx) }()
	go func() { done <- b.Jobs.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

// Verify fails the test unless the journal is whole and the ledger balances.
func (b *Bundle) Verify(t testing.TB) journal.Report {
	t.Helper()
	report, err := journal.Verify(context.Background(), b.Store, b.Secrets)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Problems {
		t.Errorf("journal at %s: %s", p.Position, p.What)
	}
	wrong, err := b.Ledger.Unbalanced(context.Background(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wrong {
		t.Errorf("ledger: order %d at %s: %d %s", w.Order, w.Position, w.Sum, w.Currency)
	}
	return report
}

// Secrets seals and signs with keys of its own. A member's key is any 32 bytes.
type Secrets struct{ sign ed25519.PrivateKey }

// NewSecrets makes the same keys each time.
func NewSecrets() *Secrets {
	seed := sha256.Sum256([]byte("journaltest"))
	return &Secrets{ed25519.NewKeyFromSeed(seed[:])}
}

// SealWith encrypts under a member's key; it refuses one that is not of 32 bytes.
func (s *Secrets) SealWith(key, ad, plain []byte) ([]byte, error) {
	box, err := boxOf(key)
	if err != nil {
		return nil, err
	}
	return box.Seal(nil, nil, plain, ad), nil
}

// OpenWith decrypts what SealWith made.
func (s *Secrets) OpenWith(key, ad, sealed []byte) ([]byte, error) {
	box, err := boxOf(key)
	if err != nil {
		return nil, err
	}
	return box.Open(nil, nil, sealed, ad)
}

func boxOf(key []byte) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, errors.New("journaltest: not a member's key")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// SignCheckpoint signs with key 1.
func (s *Secrets) SignCheckpoint(msg []byte) (id uint8, signature []byte) {
	return 1, ed25519.Sign(s.sign, msg)
}

// CheckCheckpoint checks a signature of key 1.
func (s *Secrets) CheckCheckpoint(id uint8, msg, signature []byte) bool {
	return id == 1 && ed25519.Verify(s.sign.Public().(ed25519.PublicKey), msg, signature)
}

func output(t testing.TB) io.Writer {
	if testing.Verbose() {
		return t.Output()
	}
	return io.Discard
}
