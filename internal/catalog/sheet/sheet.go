// Package sheet reads what people keep in spreadsheets into the catalogue: a programme
// (event, hall, start, price list …) and information of films and shows with their
// posters. Every row is checked before any is kept: all problems of all rows are told at
// once, and either everything is stored, in one transaction, or nothing.
package sheet

import (
	"errors"
	"fmt"
	"strings"

	"foyer/internal/catalog"
	"foyer/internal/catalog/picture"
	"foyer/internal/clock"
	"foyer/internal/fault"
)

// Refusals of an import.
var (
	ErrUnreadable = fault.Define(fault.Invalid, "sheet_unreadable",
		"表格无法读取,请使用 .xlsx 或 .csv", "This is not an .xlsx or .csv table.",
		"Save the table as .xlsx or .csv and try again.")
	ErrTooLarge = fault.Define(fault.TooLarge, "sheet_too_large",
		"表格或压缩包过大", "The table or archive is over a limit.",
		"`details.limit` names the limit; import in parts.")
	ErrProblems = fault.Define(fault.Invalid, "sheet_problems",
		"表格内容有误,未导入任何内容", "Rows have problems; nothing was imported.",
		"Correct the rows that the report names and import again.")
)

// Limits of one import.
const (
	MaxFile     = 16 << 20  // bytes of the table
	maxUnzipped = 128 << 20 // bytes of all parts of an .xlsx
	maxPart     = 64 << 20  // bytes of one part of an .xlsx
	MaxRows     = 5_000
	maxColumns  = 64
	maxCell     = 20_000 // bytes
	maxEntries  = 5_000  // files in an archive
	maxProblems = 1_000  // told of one import
)

// Importer reads sheets into a catalogue.
type Importer struct {
	catalog  *catalog.Catalog
	pictures *picture.Reader
	clk      clock.Clock
}

// New makes an importer.
func New(c *catalog.Catalog, pictures *picture.Reader, clk clock.Clock) *Importer {
	return &Importer{c, pictures, clk}
}

// Options of an import.
type Options struct {
	// DryRun does everything, tells what would happen, and undoes it.
	DryRun bool
	// Progress hears of rows done; it may hear of them again when the store runs the import
	// a second time. May be nil.
	Progress func(done, total int)
}

func (o Options) progress(done, total int) {
	if o.Progress != nil && (done%100 == 0 || done == total) {
		o.Progress(done, total)
	}
}

// Problem is what is wrong with one cell. Row counts from 1 as people see it, the header
// being row 1; column is the header as it was written, or the field.
type Problem struct {
	Row     int    `json:"row"`
	Column  string `json:"column"`
	Problem string `json:"problem"`
}

// Report says what an import did, would do, or why it did nothing.
type Report struct {
	Rows      int       `json:"rows"`
	Created   int       `json:"created"`
	Updated   int       `json:"updated"`
	Unchanged int       `json:"unchanged"`
	DryRun    bool      `json:"dry_run"`
	Problems  []Problem `json:"problems,omitempty"`
}

// findings collects problems, and says when there are too many to tell.
type findings struct {
	grid *grid
	list []Problem
}

func (f *findings) add(row int, field, format string, args ...any) {
	if len(f.list) < maxProblems {
		f.list = append(f.list, Problem{row, f.grid.label(field), fmt.Sprintf(format, args...)})
	}
}

// refused notes what a rule of the catalogue refused in a row. It gives back what is no
// refusal: a failure of ours stops the import.
func (f *findings) refused(row int, field string, err error) error {
	if err == nil {
		return nil
	}
	e := fault.Of(err)
	switch e.Def.Kind {
	case fault.Internal, fault.Unavailable, fault.Forbidden, fault.Unauthorized:
		return err
	}
	if len(e.Fields) == 0 {
		text := e.Def.Zh + " / " + e.Def.En
		for _, key := range []string{"session", "starts_at", "state", "sessions"} {
			if v, ok := e.Details[key]; ok {
				text += fmt.Sprintf(" (%s: %v)", key, v)
			}
		}
		f.add(row, field, "%s", text)
	}
	for _, p := range e.Fields {
		f.add(row, strings.TrimSuffix(p.Field, "_id"), "%s", p.Problem)
	}
	return nil
}

// finish makes the report and the refusal of an import that had problems.
func (f *findings) finish(r Report, b *catalog.Bulk, err error) (Report, error) {
	if len(f.list) > 0 && (err == nil || errors.Is(err, ErrProblems)) {
		r.Problems = f.list
		return r, ErrProblems.With("problems", f.list)
	}
	if err != nil {
		return r, err
	}
	r.Created, r.Updated, r.Unchanged = b.Created, b.Updated, b.Unchanged
	return r, nil
}
