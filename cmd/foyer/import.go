package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"foyer/internal/app"
	"foyer/internal/fault"
)

// maxImport bounds a file that is read into memory; each format has tighter limits.
const maxImport = 64 << 20 // bytes

type importCmd struct {
	Seats     importSeatsCmd     `cmd:"" help:"A seat map: pretix plan, Vista layout or text grid."`
	Events    importEventsCmd    `cmd:"" help:"Films and shows from .xlsx or .csv, keyed by code."`
	Programme importProgrammeCmd `cmd:"" help:"Sessions from .xlsx or .csv: event, hall, start, price list."`
}

// importing are the flags that all imports share. The server must not run meanwhile: an
// embedded database has one writing process.
type importing struct {
	settings
	File         string `arg:"" type:"existingfile" help:"file to read"`
	Organization string `help:"name or id (default: the only one)"`
	DryRun       bool   `help:"say what would happen and change nothing"`
}

func (c *importing) with(env *environment,
	fn func(a *app.App, org int64, data []byte) error,
) error {
	data, err := readFile(c.File)
	if err != nil {
		return err
	}
	a, err := c.open(env)
	if err != nil {
		return err
	}
	org, err := a.FindOrganization(env.ctx, c.Organization)
	if err == nil {
		err = fn(a, org.ID, data)
	}
	return errors.Join(explain(env.out, err), a.Close())
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxImport+1))
	if err == nil && len(data) > maxImport {
		err = fmt.Errorf("%s is larger than %d MiB", path, maxImport>>20)
	}
	return data, err
}

// explain lists every problem that a refusal names, one a line.
func explain(out io.Writer, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) == 0 {
		return err
	}
	for _, p := range f.Fields {
		fmt.Fprintf(out, "  %s: %s\n", p.Field, p.Problem)
	}
	return fmt.Errorf("%s: %d problems; nothing was changed", f.Def.Code, len(f.Fields))
}

type importSeatsCmd struct {
	importing
	Hall string `required:"" help:"id, or VENUE/HALL as they are named"`
}

// Run imports a seat map and publishes it.
func (c *importSeatsCmd) Run(env *environment) error {
	return c.with(env, func(a *app.App, org int64, data []byte) error {
		hall, err := a.FindHall(env.ctx, org, c.Hall)
		if err != nil {
			return err
		}
		done, err := a.ImportSeats(env.ctx, hall, data, c.DryRun)
		if err != nil {
			return err
		}
		word := "published"
		if c.DryRun {
			word = "would be published"
		}
		fmt.Fprintf(env.out, "%s: %d seats and %d areas %s\n", done.Format, done.Seats, done.Areas,
			word)
		fmt.Fprintf(env.out, "  %d added, %d dropped, %d moved, %d changed\n", done.Added,
			done.Dropped, done.Moved, done.Changed)
		return nil
	})
}

type importEventsCmd struct {
	importing
	Posters string `type:"existingfile" help:"zip of the posters that the table names"`
}

// Run imports films and shows.
func (c *importEventsCmd) Run(env *environment) error {
	return c.with(env, func(a *app.App, org int64, data []byte) error {
		var posters []byte
		if c.Posters != "" {
			var err error
			if posters, err = readFile(c.Posters); err != nil {
				return err
			}
		}
		bar := newBar(os.Stderr)
		report, err := a.ImportEvents(env.ctx, org, data, posters, c.DryRun, stage(bar, "events"))
		bar.done()
		return printReport(env.out, report, err)
	})
}

type importProgrammeCmd struct{ importing }

// Run imports sessions.
func (c *importProgrammeCmd) Run(env *environment) error {
	return c.with(env, func(a *app.App, org int64, data []byte) error {
		bar := newBar(os.Stderr)
		report, err := a.ImportProgramme(env.ctx, org, data, c.DryRun, stage(bar, "sessions"))
		bar.done()
		return printReport(env.out, report, err)
	})
}

func stage(b *bar, what string) func(done, total int) {
	return func(done, total int) { b.show(what, done, total) }
}

func printReport(out io.Writer, r app.SheetReport, err error) error {
	for _, p := range r.Problems {
		fmt.Fprintf(out, "  row %d, %s: %s\n", p.Row, p.Column, p.Problem)
	}
	if err != nil {
		return err
	}
	word := ""
	if r.DryRun {
		word = " (dry run: nothing was changed)"
	}
	fmt.Fprintf(out, "%d rows: %d created, %d updated, %d unchanged%s\n", r.Rows, r.Created,
		r.Updated, r.Unchanged, word)
	return nil
}
