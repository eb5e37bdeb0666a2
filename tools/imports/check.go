package main

import (
	"fmt"
	"slices"
	"strings"

	"foyer/tools/source"
)

// check lists every import that the table does not allow, with the reason of its row.
func (t *table) check(tree *source.Tree) []string {
	var found []string
	unknown := map[string]bool{}
	for _, f := range tree.Files {
		if f.IsTest() {
			continue
		}
		from := t.rowOf(f.Dir)
		if from == nil {
			if !unknown[f.Dir] {
				found = append(found, fmt.Sprintf("%s: folder %s is in no row of %s: add it",
					f.Path, f.Dir, document))
			}
			unknown[f.Dir] = true
			continue
		}
		for _, spec := range f.AST.Imports {
			p := strings.Trim(spec.Path.Value, "`\"")
			why := t.bannedTech(f.Dir, p)
			if to, ours := strings.CutPrefix(p, source.Module+"/"); ours {
				why = t.bannedOurs(from, f.Dir, to)
			}
			if why != "" {
				found = append(found, fmt.Sprintf("%s:%d: imports %s: %s",
					f.Path, f.Line(spec.Pos()), p, why))
			}
		}
	}
	return found
}

// bannedOurs says why a package of ours may not import another, or nothing if it may.
func (t *table) bannedOurs(from *row, fromDir, toDir string) string {
	to := t.rowOf(toDir)
	if to == nil {
		return fmt.Sprintf("%s is in no row of the table: add it", toDir)
	}
	may := from.may
	if slices.Contains(may, below) {
		if core := t.rowOf(nounOf(fromDir)); core != nil {
			may = append(slices.Clone(may), core.may...)
		}
	}
	who := to.who
	if core := t.rowOf(nounOf(toDir)); who == parts && core != nil {
		who = core.who // whoever may import a noun may import its parts
	}
	switch {
	case slices.Contains(may, anything), slices.Contains(may, who):
		return ""
	case slices.Contains(may, own) && nounOf(fromDir) == nounOf(toDir) &&
		(toDir == nounOf(toDir) || to.who == parts):
		return ""
	case slices.Contains(to.may, anything) && strings.Contains(to.why, "only tests"):
		return fmt.Sprintf("%s is for tests: %s", to.who, to.why)
	}
	return fmt.Sprintf("%s may not import %s: %s", from.who, to.who, from.why)
}

// bannedTech says why a package may not import a technology, or nothing if it may.
func (t *table) bannedTech(dir, p string) string {
	if r := t.rowOf(dir); r != nil && slices.Contains(r.may, anything) && r.who != "app" {
		return "" // fixtures and proofs
	}
	for _, x := range t.techs {
		listed := slices.ContainsFunc(x.imports, func(banned string) bool {
			return p == banned || strings.HasPrefix(p, banned+"/")
		})
		if listed && !matchesAny(x.only, dir) {
			return fmt.Sprintf("only %s may: %s", strings.Join(x.only, ", "), x.why)
		}
	}
	return ""
}

// nounOf is internal/<noun> of a folder below it, else the folder itself.
func nounOf(dir string) string {
	parts := strings.SplitN(dir, "/", 3)
	if len(parts) < 3 || parts[0] != "internal" {
		return dir
	}
	return parts[0] + "/" + parts[1]
}
