package backup

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"foyer/internal/clock"
	"foyer/internal/keyring"
	"foyer/internal/sqldb"
)

// Take makes a backup while the installation sells, in this process or in another, and
// returns once it is on the disk, checked and under its name. A backup that failed leaves
// nothing. It refuses MySQL (ErrNotEmbedded), a taken place (ErrPlaceTaken), keys that are
// not those of the data (ErrOtherKeys), and a weak lock (keyring.ErrWeakLock).
func (s Source) Take(ctx context.Context, o Options) (_ *Taken, err error) {
	if s.DB.DSN != "" {
		return nil, ErrNotEmbedded
	}
	now := s.Clock.Now().UTC()
	name := fmt.Sprintf("foyer-%s-%s", s.Ring.Installation(), now.Format("20060102T150405Z"))
	t := &taking{Source: s, o: o, temp: filepath.Join(o.Into, "."+name+".part"),
		pace: newPace(s.Clock, o.BytesPerSecond)}
	t.out.Path = filepath.Join(o.Into, name)
	t.out.Manifest = &Manifest{Format: format, Installation: s.Ring.Installation(),
		Release: s.Release, CreatedAt: clock.FromMillis(clock.Millis(now)), Members: []Member{}}
	if _, err := os.Lstat(t.out.Path); !errors.Is(err, fs.ErrNotExist) {
		return nil, ErrPlaceTaken.With("path", t.out.Path)
	}
	if err := os.MkdirAll(o.Into, folderMode); err != nil {
		return nil, err
	}
	if err := os.Mkdir(t.temp, folderMode); err != nil {
		return nil, ErrPlaceTaken.With("path", t.temp).Wrap(err)
	}
	if err := t.all(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(t.temp))
	}
	return &t.out, nil
}

// taking is one backup in the making.
type taking struct {
	Source
	o    Options
	temp string
	pace *pace
	out  Taken
}

func (t *taking) all(ctx context.Context) error {
	steps := []func(context.Context) error{
		t.keys, t.database, t.inspect, t.files, t.months, t.finish,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// keys comes first: a weak lock is refused before an hour of copying. Which keys there are
// is noted before the database is copied, and again after it (see inspect).
func (t *taking) keys(context.Context) error {
	if err := t.Ring.Reload(); err != nil {
		return err
	}
	if t.o.Lock == "" {
		return nil
	}
	var locked bytes.Buffer
	if err := t.Ring.Export(&locked, t.o.Lock); err != nil {
		return err
	}
	return writeFile(filepath.Join(t.temp, keyCopyName), locked.Bytes())
}

func (t *taking) database(ctx context.Context) error {
	return sqldb.Snapshot{Source: t.DB.Path, Target: t.path(databaseName), Clock: t.Clock,
		BytesPerSecond: t.o.BytesPerSecond, Progress: func(done, total int64) {
			t.o.Progress.tell("database", done, total)
		}}.Take(ctx)
}

func (t *taking) path(name string) string {
	return filepath.Join(t.temp, filepath.FromSlash(name))
}

// inspect refuses to keep a copy that could not be restored. Keys that were rotated while
// the database was copied may be in it: with an encrypted copy inside, that is refused.
func (t *taking) inspect(ctx context.Context) error {
	t.o.Progress.tell("check", 0, 0)
	got, err := inspect(ctx, t.path(databaseName), t.Records)
	if err != nil {
		return err
	}
	m := t.out.Manifest
	if got.installation != m.Installation {
		return ErrOtherKeys.With("installation", got.installation).With("keys_of", m.Installation)
	}
	m.Lanes, m.Rows = got.lanes, got.rows
	before := len(t.Ring.Keys())
	if err := t.Ring.Reload(); err != nil {
		return err
	}
	if t.o.Lock != "" && len(t.Ring.Keys()) != before {
		return errors.New("backup: the keys were rotated meanwhile; take the backup again")
	}
	for _, k := range t.Ring.Keys() {
		if k.State != keyring.Retired {
			m.Keys = append(m.Keys, KeyName{k.Kind, k.ID})
		}
	}
	m.Probe = t.Ring.Seal("backup", "probe", 0, []byte(probePlain))
	return nil
}

// files copies pictures, each to the name that its bytes have earned.
func (t *taking) files(ctx context.Context) error {
	root := filepath.Join(t.Data, filesFolder)
	done := int64(0)
	return eachFile(root, func(path, rel string) error {
		name := filesFolder + "/" + rel
		if !memberName.MatchString(name) {
			return nil // half written, or none of ours
		}
		sum, size, err := t.pace.copy(ctx, path, t.path(name))
		if err != nil {
			return err
		}
		if sum != filepath.Base(path) {
			t.out.Damaged = append(t.out.Damaged, name)
			return os.Remove(t.path(name))
		}
		done += size
		t.o.Progress.tell("files", done, 0)
		return t.add(Member{name, size, sum})
	})
}

// months copies the closed months of the journal.
func (t *taking) months(ctx context.Context) error {
	return eachFile(filepath.Join(t.Data, monthsFolder), func(path, rel string) error {
		name := monthsFolder + "/" + rel
		if !memberName.MatchString(name) {
			return nil
		}
		sum, size, err := t.pace.copy(ctx, path, t.path(name))
		if err != nil {
			return err
		}
		return t.add(Member{name, size, sum})
	})
}

func (t *taking) add(m Member) error {
	if len(t.out.Manifest.Members) >= maxMembers {
		return fmt.Errorf("backup: more than %d files", maxMembers)
	}
	t.out.Manifest.Members = append(t.out.Manifest.Members, m)
	return nil
}

// finish digests what was not copied by us, signs the manifest and gives the folder its
// name: from then on it is a backup.
func (t *taking) finish(ctx context.Context) error {
	names := []string{databaseName}
	if t.o.Lock != "" {
		names = append(names, keyCopyName)
	}
	for _, name := range names {
		sum, size, err := t.pace.digest(ctx, t.path(name))
		if err != nil {
			return err
		}
		if err := t.add(Member{name, size, sum}); err != nil {
			return err
		}
	}
	if err := t.out.Manifest.sign(t.Ring); err != nil {
		return err
	}
	text, err := t.out.Manifest.encode()
	if err != nil {
		return err
	}
	if len(text) > maxManifest {
		return fmt.Errorf("backup: the manifest has %d bytes, at most %d", len(text), maxManifest)
	}
	if err := writeFile(t.path(manifestName), text); err != nil {
		return err
	}
	if err := syncFolders(t.temp); err != nil {
		return err
	}
	if err := os.Rename(t.temp, t.out.Path); err != nil {
		return err
	}
	return syncFolder(t.o.Into)
}

// eachFile walks the plain files below root in order of name; a missing root has none.
func eachFile(root string, fn func(path, rel string) error) error {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return fn(path, filepath.ToSlash(rel))
	})
	if errors.Is(err, fs.ErrNotExist) {
		if _, rootErr := os.Stat(root); errors.Is(rootErr, fs.ErrNotExist) {
			return nil
		}
	}
	return err
}

// found is what a still copy of a database says about itself.
type found struct {
	installation string
	lanes        []LaneHead
	rows         map[string]int64
	due          int
}

// inspect walks the whole file. It refuses one that is broken, one of a newer release
// (sqldb.ErrNewerDatabase), and one that is no installation's.
func inspect(ctx context.Context, path string, records func(*sqldb.DB) Records,
) (f found, err error) {
	db, err := sqldb.OpenStill(path)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.QuickCheck(ctx); err != nil {
		return f, err
	}
	if f.due, err = db.SchemaAge(ctx); err != nil {
		return f, err
	}
	if f.rows, err = db.CountRows(ctx); err != nil {
		return f, err
	}
	name, ok, err := records(db).Setting(ctx, "installation")
	if err != nil || !ok {
		return f, errors.Join(err, errors.New("backup: the database belongs to no installation"))
	}
	f.installation = string(name)
	lanes, err := records(db).Lanes(ctx)
	for _, l := range lanes {
		f.lanes = append(f.lanes, LaneHead{l.ID, l.N, hex.EncodeToString(l.Head)})
	}
	return f, err
}
