package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"foyer/internal/app"
	"foyer/internal/backup"
	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/keyring"
)

type backupCmd struct {
	settings
	Into string `arg:"" type:"path" help:"folder in which the backup's folder is made"`
	Keys string `help:"add an encrypted copy of the keys: a file with a passphrase, or an age recipient"`
	Rate int64  `default:"32" help:"read at most so many MiB a second (0: no bound)"`
}

// Run copies a running installation.
func (c *backupCmd) Run(env *environment) error {
	ring, err := c.ring()
	if err != nil {
		return err
	}
	lock := ""
	if c.Keys != "" {
		if lock, err = backup.ReadLock(c.Keys); err != nil {
			return err
		}
	}
	bar := newBar(os.Stderr)
	taken, err := backup.Source{DB: c.DB, Data: c.Data, Ring: ring, Clock: clock.Real{},
		Release: version, Records: app.Records}.Take(env.ctx, backup.Options{
		Into: c.Into, BytesPerSecond: c.Rate << 20, Lock: lock,
		Progress: func(stage string, done, total int64) { bar.show(stage, int(done), int(total)) }})
	bar.done()
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "%s (%d MiB)\n", taken.Path, taken.Manifest.Size()>>20)
	if lock == "" {
		fmt.Fprintf(env.out, "\nThe keys are NOT in it: without %s nothing personal in this "+
			"backup can be read and no ticket opens a gate.\nKeep a copy of that file elsewhere, "+
			"or add --keys.\n", c.KeyFile())
	}
	return nil
}

// ring opens the installation's keys without its database.
func (s *settings) ring() (*keyring.Ring, error) {
	ids, err := idgen.NewSource(clock.Real{}, 0, nil)
	if err != nil {
		return nil, err
	}
	return keyring.Open(s.KeyFile(), ids, clock.Real{})
}

type restoreCmd struct {
	Archive string `arg:"" type:"existingdir" help:"the backup's folder"`
	Data    string `default:"foyer-data" type:"path" help:"empty folder to restore into"`
	KeyFile string `type:"existingfile" help:"the installation's key file"`
	KeyCopy string `type:"existingfile" help:"an encrypted copy of the keys (default: the backup's own)"`
	Unlock  string `type:"existingfile" help:"file with the passphrase or identity of the copy"`
}

// Run brings a copy back.
func (c *restoreCmd) Run(env *environment) error {
	lock := ""
	if c.Unlock != "" {
		var err error
		if lock, err = backup.ReadLock(c.Unlock); err != nil {
			return err
		}
	}
	ids, err := idgen.NewSource(clock.Real{}, 0, nil)
	if err != nil {
		return err
	}
	bar := newBar(os.Stderr)
	done, err := backup.Target{Archive: c.Archive, Data: c.Data, KeyFile: c.KeyFile,
		KeyCopy: c.KeyCopy, Lock: lock, Clock: clock.Real{}, IDs: ids, Records: app.Records,
		Progress: func(stage string, n, total int64) { bar.show(stage, int(n), int(total)) },
	}.Restore(env.ctx)
	bar.done()
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "%s: restored as of %s\n", c.Data,
		done.Manifest.CreatedAt.Format("2006-01-02 15:04:05 MST"))
	return nil
}

type keysCmd struct {
	List   keysListCmd   `cmd:"" help:"List the keys, without their secrets."`
	Rotate keysRotateCmd `cmd:"" help:"Make a new key of a kind; the old one still reads."`
	Retire keysRetireCmd `cmd:"" help:"Stop using an old key for good."`
	Export keysExportCmd `cmd:"" help:"Write an encrypted copy of the keys."`
	Import keysImportCmd `cmd:"" help:"Bring an encrypted copy back."`
}

type keysListCmd struct{ settings }

// Run lists the keys, and of data and index keys how many rows still need each.
func (c *keysListCmd) Run(env *environment) error {
	k, done, err := app.OpenKeys(c.Settings, clock.Real{}, env.log)
	if err != nil {
		return err
	}
	list, err := k.List(env.ctx)
	for _, u := range list {
		fmt.Fprintf(env.out, "%-10s %3d  %-8s %s  %d rows\n", u.Kind, u.ID, u.State,
			u.CreatedAt.Format("2006-01-02"), u.Total())
	}
	return errors.Join(err, done())
}

type keysRotateCmd struct {
	settings
	Kind string `arg:"" help:"data, index, ticket, mac, journal or merchant"`
}

// Run rotates a key. A running server takes the new one within seconds and re-seals what
// the old one sealed; without one it is done here.
func (c *keysRotateCmd) Run(env *environment) error {
	ring, err := c.ring()
	if err != nil {
		return err
	}
	id, err := ring.Rotate(keyring.Kind(c.Kind))
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "%s key %d is active\n", c.Kind, id)
	k, done, err := app.OpenKeys(c.Settings, clock.Real{}, env.log)
	if err != nil {
		return err
	}
	bar := newBar(os.Stderr)
	alone, err := k.RunAlone(env.ctx, func(table string, read, _ int64) {
		bar.count(table, int(read))
	})
	bar.done()
	if err == nil && !alone {
		fmt.Fprintln(env.out, "the running server re-seals what the old key sealed")
	}
	return errors.Join(err, done())
}

type keysRetireCmd struct {
	settings
	Kind string `arg:"" help:"data, index, ticket, mac, journal or merchant"`
	ID   uint8  `arg:"" help:"number of the key, as listed"`
}

// Run retires a key that nothing needs any more.
func (c *keysRetireCmd) Run(env *environment) error {
	k, done, err := app.OpenKeys(c.Settings, clock.Real{}, env.log)
	if err != nil {
		return err
	}
	if err = k.Retire(env.ctx, keyring.Kind(c.Kind), c.ID); err == nil {
		fmt.Fprintf(env.out, "%s key %d is retired\n", c.Kind, c.ID)
	}
	return errors.Join(err, done())
}

type keysExportCmd struct {
	settings
	To   string `arg:"" type:"path" help:"file to write"`
	Lock string `required:"" help:"a file with a passphrase, or an age recipient"`
}

// Run writes an encrypted copy.
func (c *keysExportCmd) Run(env *environment) error {
	ring, err := c.ring()
	if err != nil {
		return err
	}
	lock, err := backup.ReadLock(c.Lock)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.To, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(ring.Export(f, lock), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(c.To))
	}
	fmt.Fprintln(env.out, c.To)
	return nil
}

type keysImportCmd struct {
	settings
	From   string `arg:"" type:"existingfile" help:"encrypted copy"`
	Unlock string `required:"" type:"existingfile" help:"file with its passphrase or identity"`
}

// Run brings an encrypted copy back; a key file that is there is never overwritten.
func (c *keysImportCmd) Run(env *environment) error {
	lock, err := backup.ReadLock(c.Unlock)
	if err != nil {
		return err
	}
	f, err := os.Open(c.From)
	if err != nil {
		return err
	}
	defer f.Close()
	ids, err := idgen.NewSource(clock.Real{}, 0, nil)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.KeyFile()), 0o700); err != nil {
		return err
	}
	if _, err := keyring.Import(c.KeyFile(), f, lock, ids, clock.Real{}); err != nil {
		return err
	}
	fmt.Fprintln(env.out, c.KeyFile())
	return nil
}
