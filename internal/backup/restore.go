package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"foyer/internal/clock"
	"foyer/internal/keyring"
	"foyer/internal/sqldb"
)

// staging is where a restore works within the data folder, until all has been checked.
const staging = ".restoring"

// Check reads a whole backup and refuses it (ErrDamaged) when a byte differs from what its
// manifest says. It needs no keys, so it proves no more than that: a restore also checks
// the signature.
func Check(ctx context.Context, archive string, clk clock.Clock, progress Progress) (
	*Manifest, error,
) {
	m, err := readManifest(archive)
	if err != nil {
		return nil, err
	}
	p, total, done := newPace(clk, 0), m.Size(), int64(0)
	for _, f := range m.Members {
		sum, size, err := p.digest(ctx, filepath.Join(archive, filepath.FromSlash(f.Name)))
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return nil, err
		}
		if err != nil || sum != f.SHA256 || size != f.Size {
			return nil, ErrDamaged.With("member", f.Name).Wrap(err)
		}
		done += size
		progress.tell("check", done, total)
	}
	return m, nil
}

// Restore brings a backup back into an empty folder. Nothing is touched before every byte
// of the backup was checked, and nothing is left when it is refused: a folder that is not
// empty (ErrPlaceTaken), a damaged backup (ErrDamaged), a newer schema
// (sqldb.ErrNewerDatabase), no keys (ErrKeysNeeded), a wrong lock (keyring.ErrWrongLock),
// or the keys of another installation (ErrOtherKeys).
func (t Target) Restore(ctx context.Context) (_ *Restored, err error) {
	if err := t.empty(); err != nil {
		return nil, err
	}
	m, err := Check(ctx, t.Archive, t.Clock, t.Progress)
	if err != nil {
		return nil, err
	}
	if err := t.schema(ctx); err != nil {
		return nil, err
	}
	if t.KeyFile == "" && t.Lock == "" || t.KeyFile == "" && t.KeyCopy == "" && !m.HasKeys() {
		return nil, ErrKeysNeeded
	}
	_, missing := os.Stat(t.Data)
	stage := filepath.Join(t.Data, staging)
	if err := os.MkdirAll(stage, folderMode); err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(stage))
		if err != nil && errors.Is(missing, fs.ErrNotExist) {
			os.Remove(t.Data) // refuses a folder with something in it
		}
	}()
	if err := t.keys(m, stage); err != nil {
		return nil, err
	}
	if err := t.members(ctx, m, stage); err != nil {
		return nil, err
	}
	due, err := t.compare(ctx, m, stage)
	if err != nil {
		return nil, err
	}
	return &Restored{m, due}, t.settle(stage)
}

// empty refuses a folder that holds anything but the leftover of a broken restore.
func (t Target) empty() error {
	list, err := os.ReadDir(t.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.Name() != staging {
			return ErrPlaceTaken.With("path", filepath.Join(t.Data, e.Name()))
		}
	}
	return os.RemoveAll(filepath.Join(t.Data, staging))
}

func (t Target) schema(ctx context.Context) (err error) {
	db, err := sqldb.OpenStill(filepath.Join(t.Archive, databaseName))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.SchemaAge(ctx)
	return err
}

// keys puts the ring into place and refuses one that is not the backup's.
func (t Target) keys(m *Manifest, stage string) error {
	path := filepath.Join(stage, keyFileName)
	if t.KeyFile != "" {
		text, err := os.ReadFile(t.KeyFile)
		if err != nil {
			return err
		}
		if _, err := keyring.Open(t.KeyFile, t.IDs, t.Clock); err != nil {
			return err
		}
		if err := writeFile(path, text); err != nil {
			return err
		}
		ring, err := keyring.Open(path, t.IDs, t.Clock)
		if err != nil {
			return err
		}
		return m.belongsTo(ring)
	}
	from := t.KeyCopy
	if from == "" {
		from = filepath.Join(t.Archive, keyCopyName)
	}
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	ring, err := keyring.Import(path, f, t.Lock, t.IDs, t.Clock)
	if err != nil {
		return err
	}
	return m.belongsTo(ring)
}

// members copies what was checked and checks it once more on the way.
func (t Target) members(ctx context.Context, m *Manifest, stage string) error {
	p, total, done := newPace(t.Clock, 0), m.Size(), int64(0)
	for _, f := range m.Members {
		if f.Name == keyCopyName {
			continue
		}
		name := filepath.FromSlash(f.Name)
		sum, size, err := p.copy(ctx, filepath.Join(t.Archive, name), filepath.Join(stage, name))
		if err != nil {
			return err
		}
		if sum != f.SHA256 || size != f.Size {
			return ErrDamaged.With("member", f.Name)
		}
		done += size
		t.Progress.tell("files", done, total)
	}
	return nil
}

// compare reads the database where it now lies and holds it against the manifest.
func (t Target) compare(ctx context.Context, m *Manifest, stage string) (due int, err error) {
	got, err := inspect(ctx, filepath.Join(stage, databaseName), t.Records)
	if err != nil {
		return 0, err
	}
	if got.installation != m.Installation {
		return 0, ErrOtherKeys.With("installation", got.installation)
	}
	if !reflect.DeepEqual(got.rows, m.Rows) || !reflect.DeepEqual(got.lanes, m.Lanes) {
		return 0, ErrDamaged.Wrap(errors.New("the database does not say what the manifest says"))
	}
	return got.due, nil
}

// settle moves everything to its place, the keys last: a start in between finds a database
// without its keys, and refuses.
func (t Target) settle(stage string) error {
	if err := syncFolders(stage); err != nil {
		return err
	}
	for _, name := range []string{filesFolder, monthsFolder, databaseName, keyFileName} {
		err := os.Rename(filepath.Join(stage, name), filepath.Join(t.Data, name))
		folder := name == filesFolder || name == monthsFolder
		if err != nil && !(folder && errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("backup: %w", err)
		}
	}
	return syncFolder(t.Data)
}
