package main

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// row is one line of the first table: a group of packages and the groups it may import.
type row struct {
	who      string
	packages []string
	may      []string
	why      string
}

// tech is one line of the second table: imports that only some packages may have.
type tech struct {
	imports []string
	only    []string
	why     string
}

// table is both tables of the document.
type table struct {
	rows  []row
	techs []tech
}

// The words of "May import" that are not the name of a row.
const (
	own      = "own"      // the core of the same noun and its parts
	below    = "below"    // whatever the core of the same noun may import
	anything = "anything" // no limit

	parts = "parts" // the row of packages below a noun that hold a piece of its core
)

// parseTable reads the section "## Imports". It refuses a document in which a table is
// missing, a row has no reason, or a word of "May import" names no row.
func parseTable(doc string) (*table, error) {
	_, section, ok := strings.Cut(doc, "\n## Imports\n")
	if !ok {
		return nil, errors.New("there is no section ## Imports")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	t := &table{}
	var kind string
	for _, line := range strings.Split(section, "\n") {
		cells := cellsOf(line)
		switch {
		case cells == nil:
			kind = ""
		case kind == "":
			kind = cells[0] // the head of a table
		case strings.Trim(cells[0], "-: ") == "":
		case kind == "Who" && len(cells) == 4:
			t.rows = append(t.rows, row{cells[0], quoted(cells[1]), words(cells[2]), cells[3]})
		case kind == "Import" && len(cells) == 3:
			t.techs = append(t.techs, tech{quoted(cells[0]), quoted(cells[1]), cells[2]})
		default:
			return nil, fmt.Errorf("a row has the wrong number of cells: %s", line)
		}
	}
	return t, t.validate()
}

func cellsOf(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") || len(line) < 2 {
		return nil
	}
	cells := strings.Split(line[1:len(line)-1], "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

func quoted(cell string) []string {
	var list []string
	for i, part := range strings.Split(cell, "`") {
		if i%2 == 1 {
			list = append(list, part)
		}
	}
	return list
}

func words(cell string) []string {
	var list []string
	for _, w := range strings.Split(cell, ",") {
		list = append(list, strings.TrimSpace(w))
	}
	return list
}

func (t *table) validate() error {
	if len(t.rows) == 0 || len(t.techs) == 0 {
		return errors.New("the tables that begin with Who and with Import must both be there")
	}
	names := map[string]bool{own: true, below: true, anything: true}
	for _, r := range t.rows {
		if names[r.who] {
			return fmt.Errorf("the name %q is taken", r.who)
		}
		names[r.who] = true
	}
	for _, r := range t.rows {
		if len(r.packages) == 0 || r.why == "" {
			return fmt.Errorf("row %s needs packages in back quotes and a reason", r.who)
		}
		for _, w := range r.may {
			if !names[w] {
				return fmt.Errorf("row %s may import %q, which names no row", r.who, w)
			}
		}
	}
	for _, x := range t.techs {
		if len(x.imports) == 0 || len(x.only) == 0 || x.why == "" {
			return fmt.Errorf("row %v needs imports and packages in back quotes and a reason",
				x.imports)
		}
	}
	return nil
}

// rowOf is the row that a folder belongs to, nil when none names it.
func (t *table) rowOf(dir string) *row {
	for i, r := range t.rows {
		if slices.Contains(r.packages, dir) {
			return &t.rows[i]
		}
	}
	for i, r := range t.rows {
		if matchesAny(r.packages, dir) {
			return &t.rows[i]
		}
	}
	return nil
}

func matchesAny(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, dir) })
}

// matches fits a folder to a pattern; a trailing ** fits the folder itself only when the
// pattern has no other wildcard (`cmd/**` fits cmd, `internal/*/**` does not fit a noun).
func matches(pattern, dir string) bool {
	head, deep := strings.CutSuffix(pattern, "/**")
	if !deep {
		ok, err := path.Match(pattern, dir)
		return ok && err == nil
	}
	want, have := strings.Split(head, "/"), strings.Split(dir, "/")
	if len(have) < len(want) || (len(have) == len(want) && strings.Contains(head, "*")) {
		return false
	}
	ok, err := path.Match(head, strings.Join(have[:len(want)], "/"))
	return ok && err == nil
}
