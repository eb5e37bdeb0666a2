package backup_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foyer/internal/backup"
	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/journal/journaldb"
	"foyer/internal/keyring"
	"foyer/internal/sqldb"
)

const passphrase = "six plain words make a lock"

// house is an installation with a database, keys, two pictures and a closed month.
type house struct {
	t       testing.TB
	dir     string
	db      *sqldb.DB
	ring    *keyring.Ring
	ids     *idgen.Source
	journal *journal.Journal
}

func records(db *sqldb.DB) backup.Records { return journaldb.New(db) }

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	var err error
	h.ids, err = idgen.NewSource(clock.Real{}, 0, nil)
	h.must(err)
	h.ring, err = keyring.Create(filepath.Join(h.dir, "keys.json"), h.ids, clock.Real{})
	h.must(err)
	log := slog.New(slog.DiscardHandler)
	h.db, err = sqldb.Open(sqldb.Config{Path: h.path(), Unsafe: true}, clock.Real{}, log)
	h.must(err)
	t.Cleanup(func() { h.db.Close() })
	h.must(h.db.Migrate(ctx(), nil))
	h.must(h.db.InTx(ctx(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO setting (name, value) VALUES ('installation', ?)`,
			[]byte(h.ring.Installation()))
		return err
	}))
	h.journal, err = journal.Open(ctx(), journal.Config{DB: h.db, Store: journaldb.New(h.db),
		Clock: clock.Real{}, Sealer: h.ring, Signer: h.ring, Log: log, Holder: "test"})
	h.must(err)
	for _, text := range []string{"poster", "still"} {
		sum := sha256.Sum256([]byte(text))
		name := hex.EncodeToString(sum[:])
		h.write(filepath.Join("files", name[:2], name), text)
	}
	h.write("files/aa/new-123", "half written")
	h.write("journal/journal-0-202610.jsonl.gz", "a month")
	return h
}

func ctx() context.Context { return context.Background() }

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) path() string { return filepath.Join(h.dir, "foyer.db") }

func (h *house) write(name, text string) {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	h.must(os.MkdirAll(filepath.Dir(path), 0o700))
	h.must(os.WriteFile(path, []byte(text), 0o600))
}

// place stores an order and its journal entry in one transaction.
func (h *house) place() error {
	id := h.ids.Next()
	return h.db.InTx(ctx(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO orders (id, organization_id, member_id, session_id,
			channel, state, currency, total_minor, captured_minor, refunded_minor,
			payments_opened, open_payments, expires_at, hold_seconds, ended_at, ended_by,
			snapshot_id, revision) VALUES (?, 1, 1, 1, 'h5', 'pending', 'CNY', 100, 0, 0, 0, 0,
			0, 600, 0, '', 1, 1)`, id)
		h.journal.Append(tx, journal.Entry{Action: "order.placed", Data: []byte(`{}`),
			Objects: []journal.Object{{Kind: "ord", ID: id, Revision: 1}}})
		return err
	})
}

func (h *house) source() backup.Source {
	return backup.Source{DB: sqldb.Config{Path: h.path()}, Data: h.dir, Ring: h.ring,
		Records: records, Clock: clock.Real{}, Release: "test"}
}

func (h *house) take(lock string) *backup.Taken {
	h.t.Helper()
	taken, err := h.source().Take(ctx(), backup.Options{Into: h.t.TempDir(), Lock: lock})
	h.must(err)
	return taken
}

func (h *house) target(taken *backup.Taken) backup.Target {
	return backup.Target{Archive: taken.Path, Data: filepath.Join(h.t.TempDir(), "data"),
		KeyFile: filepath.Join(h.dir, "keys.json"), IDs: h.ids, Clock: clock.Real{},
		Records: records}
}

func mustBeAbsent(t *testing.T, path string) {
	t.Helper()
	if list, err := os.ReadDir(path); !errors.Is(err, os.ErrNotExist) && len(list) > 0 {
		t.Fatalf("%s was left with %v", path, list)
	}
}

func TestBackupComesBackWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 20 {
		h.must(h.place())
	}
	taken := h.take(passphrase)
	if len(taken.Damaged) != 0 || !taken.Manifest.HasKeys() {
		t.Fatalf("damaged %v, keys %t", taken.Damaged, taken.Manifest.HasKeys())
	}
	to := h.target(taken)
	to.KeyFile, to.Lock = "", passphrase
	got, err := to.Restore(ctx())
	h.must(err)
	if got.Manifest.Rows["orders"] != 20 || got.StepsDue != 0 || len(got.Manifest.Lanes) != 1 ||
		got.Manifest.Lanes[0].N != 20 {
		t.Fatalf("restored %+v", got.Manifest)
	}
	for _, name := range []string{"foyer.db", "keys.json", "journal/journal-0-202610.jsonl.gz"} {
		if _, err := os.Stat(filepath.Join(to.Data, name)); err != nil {
			t.Fatal(err)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(to.Data, "files/*/*")); len(files) != 2 {
		t.Fatalf("restored the pictures %v, want 2", files)
	}
	ring, err := keyring.Open(filepath.Join(to.Data, "keys.json"), h.ids, clock.Real{})
	h.must(err)
	db, err := sqldb.Open(sqldb.Config{Path: filepath.Join(to.Data, "foyer.db")}, clock.Real{},
		slog.New(slog.DiscardHandler))
	h.must(err)
	defer db.Close()
	h.must(db.CheckSchema(ctx()))
	report, err := journal.Verify(ctx(), journaldb.New(db), ring)
	if err != nil || report.Rows != 20 || len(report.Problems) > 0 {
		t.Fatalf("the journal of the copy: %+v, %v", report, err)
	}
	list, err := os.ReadDir(to.Data)
	if err != nil || len(list) < 4 {
		t.Fatalf("restored %v (%v)", list, err)
	}
	if _, err := os.Stat(filepath.Join(to.Data, ".restoring")); err == nil {
		t.Fatal("the restore left its working folder")
	}
}

// An order and its journal entry are one transaction: a copy that has one without the
// other is a copy of two moments.
func TestBackupWhileOrdersArePlaced(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 300 {
		h.must(h.place())
	}
	running, stop := context.WithCancel(ctx())
	ended := make(chan error, 4)
	for range cap(ended) {
		go func() {
			for running.Err() == nil {
				if err := h.place(); err != nil {
					ended <- err
					return
				}
			}
			ended <- nil
		}()
	}
	source := h.source()
	var during int64
	before := h.db.Stats().Functions
	taken, err := source.Take(ctx(), backup.Options{Into: t.TempDir(), BytesPerSecond: 1 << 20,
		Progress: func(stage string, _, _ int64) {
			if stage == "database" {
				during = h.db.Stats().Functions - before
			}
		}})
	stop()
	for range cap(ended) {
		h.must(<-ended)
	}
	h.must(err)
	rows := taken.Manifest.Rows
	if rows["orders"] < 300 || rows["orders"] != rows["journal"] ||
		taken.Manifest.Lanes[0].N != rows["journal"] {
		t.Fatalf("%d orders, %d journal rows, lane at %d", rows["orders"], rows["journal"],
			taken.Manifest.Lanes[0].N)
	}
	if during == 0 {
		t.Fatal("nothing was written while the copy ran: the test proves nothing")
	}
	to := h.target(taken)
	if _, err := to.Restore(ctx()); err != nil {
		t.Fatal(err)
	}
	now, err := h.db.CountRows(ctx())
	h.must(err)
	if now["orders"] <= rows["orders"] {
		t.Fatalf("the source stands at %d orders, the copy at %d", now["orders"], rows["orders"])
	}
}

func TestKeysAreNotInABackupUnlessAsked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	taken := h.take("")
	if taken.Manifest.HasKeys() {
		t.Fatal("the keys are in the backup")
	}
	to := h.target(taken)
	to.KeyFile = ""
	if _, err := to.Restore(ctx()); !errors.Is(err, backup.ErrKeysNeeded) {
		t.Fatalf("a restore without keys: %v", err)
	}
	mustBeAbsent(t, to.Data)
	to.Lock = passphrase // a lock and nothing that it opens
	if _, err := to.Restore(ctx()); !errors.Is(err, backup.ErrKeysNeeded) {
		t.Fatalf("a restore without keys: %v", err)
	}
	_, err := h.source().Take(ctx(), backup.Options{Into: t.TempDir(), Lock: "short"})
	if !errors.Is(err, keyring.ErrWeakLock) {
		t.Fatalf("a weak lock: %v", err)
	}
}

func TestWrongLockAndWrongKeysAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	taken := h.take(passphrase)
	to := h.target(taken)
	to.KeyFile, to.Lock = "", passphrase+"?"
	if _, err := to.Restore(ctx()); !errors.Is(err, keyring.ErrWrongLock) {
		t.Fatalf("a wrong passphrase: %v", err)
	}
	mustBeAbsent(t, to.Data)
	to = h.target(taken)
	to.KeyFile = filepath.Join(newHouse(t).dir, "keys.json")
	if _, err := to.Restore(ctx()); !errors.Is(err, backup.ErrOtherKeys) {
		t.Fatalf("another installation's keys: %v", err)
	}
	mustBeAbsent(t, to.Data)
}

func TestKeysOlderThanTheBackupAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := filepath.Join(t.TempDir(), "old.json")
	text, err := os.ReadFile(filepath.Join(h.dir, "keys.json"))
	h.must(err)
	h.must(os.WriteFile(old, text, 0o600))
	_, err = h.ring.Rotate(keyring.Data)
	h.must(err)
	to := h.target(h.take(""))
	to.KeyFile = old
	if _, err := to.Restore(ctx()); !errors.Is(err, backup.ErrOtherKeys) {
		t.Fatalf("keys without the newest: %v", err)
	}
	// Two copies of one ring that were rotated apart have keys of the same number.
	fork, err := keyring.Open(old, h.ids, clock.Real{})
	h.must(err)
	_, err = fork.Rotate(keyring.Data)
	h.must(err)
	if _, err := to.Restore(ctx()); !errors.Is(err, backup.ErrOtherKeys) {
		t.Fatalf("a fork of the keys: %v", err)
	}
	mustBeAbsent(t, to.Data)
	to.KeyFile = filepath.Join(h.dir, "keys.json")
	if _, err := to.Restore(ctx()); err != nil {
		t.Fatal(err)
	}
}

func TestRestoreNeedsAnEmptyFolder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	to := h.target(h.take(""))
	h.must(os.MkdirAll(filepath.Join(to.Data, ".restoring", "files"), 0o700)) // a broken run
	h.must(os.WriteFile(filepath.Join(to.Data, "note"), nil, 0o600))
	if _, err := to.Restore(ctx()); !errors.Is(err, backup.ErrPlaceTaken) {
		t.Fatalf("a folder with something in it: %v", err)
	}
	h.must(os.Remove(filepath.Join(to.Data, "note")))
	if _, err := to.Restore(ctx()); err != nil {
		t.Fatal(err)
	}
	if _, err := to.Restore(ctx()); !errors.Is(err, backup.ErrPlaceTaken) {
		t.Fatalf("a second restore over the first: %v", err)
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	taken := h.take("")
	h.must(h.db.InTx(ctx(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO schema_step (file, step, digest, applied_at)
			VALUES ('9999_later.sql', 1, 'x', 0)`)
		return err
	}))
	into := t.TempDir()
	_, err := h.source().Take(ctx(), backup.Options{Into: into})
	if !errors.Is(err, sqldb.ErrNewerDatabase) {
		t.Fatalf("a database of a newer release was backed up: %v", err)
	}
	mustBeAbsent(t, into)
	// A newer release's backup differs from ours only by its steps and digests.
	later, err := sqldb.Open(sqldb.Config{Path: filepath.Join(taken.Path, "foyer.db"),
		Unsafe: true}, clock.Real{}, slog.New(slog.DiscardHandler))
	h.must(err)
	h.must(later.InTx(ctx(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO schema_step (file, step, digest, applied_at)
			VALUES ('9999_later.sql', 1, 'x', 0)`)
		return err
	}))
	h.must(later.Close())
	redigest(t, taken.Path)
	to := h.target(taken)
	if _, err := to.Restore(ctx()); !errors.Is(err, sqldb.ErrNewerDatabase) {
		t.Fatalf("a newer database was restored: %v", err)
	}
	mustBeAbsent(t, to.Data)
}

func TestRefusalsOfTake(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	into := t.TempDir()
	source := h.source()
	source.DB = sqldb.Config{DSN: "foyer@/foyer"}
	if _, err := source.Take(ctx(), backup.Options{Into: into}); !errors.Is(
		err, backup.ErrNotEmbedded) {
		t.Fatalf("MySQL: %v", err)
	}
	source = h.source()
	source.Ring = newHouse(t).ring
	if _, err := source.Take(ctx(), backup.Options{Into: into}); !errors.Is(
		err, backup.ErrOtherKeys) {
		t.Fatalf("another installation's keys: %v", err)
	}
	source = h.source()
	source.Clock = clock.NewFake(time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC))
	if _, err := source.Take(ctx(), backup.Options{Into: into}); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Take(ctx(), backup.Options{Into: into}); !errors.Is(
		err, backup.ErrPlaceTaken) {
		t.Fatalf("the same name again: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx())
	into = t.TempDir()
	_, err := h.source().Take(cancelled, backup.Options{Into: into,
		Progress: func(string, int64, int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled backup: %v", err)
	}
	mustBeAbsent(t, into)
}

func TestPictureThatIsNoLongerItsDigestIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	list, err := filepath.Glob(filepath.Join(h.dir, "files/*/????????????????????????????????*"))
	h.must(err)
	h.must(os.WriteFile(list[0], []byte("rotten"), 0o600))
	taken := h.take("")
	if len(taken.Damaged) != 1 || !strings.HasSuffix(list[0], filepath.Base(taken.Damaged[0])) {
		t.Fatalf("damaged: %v, want %s", taken.Damaged, list[0])
	}
	to := h.target(taken)
	if _, err := to.Restore(ctx()); err != nil {
		t.Fatal(err)
	}
}
