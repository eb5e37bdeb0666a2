package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"foyer/tools/source"
)

// namesRule bans packages that are drawers: what a package is called says what belongs in
// it, and these names say nothing.
func namesRule(p *pass) {
	drawers := []string{"util", "utils", "common", "helper", "helpers", "model", "models",
		"types", "service", "shared", "misc", "base", "lib"}
	name := strings.TrimSuffix(p.AST.Name.Name, "_test")
	if slices.Contains(drawers, name) {
		p.report(p.AST.Name.Pos(), "package %s says nothing: name it after its subject", name)
	}
}

// sharedNames finds two packages of one name: then every importer needs an alias.
func sharedNames(tree *source.Tree) []finding {
	var found []finding
	first := map[string]string{}
	said := map[string]bool{}
	for _, f := range tree.Files {
		name := f.AST.Name.Name
		if name == "main" || f.IsTest() || said[f.Dir] {
			continue
		}
		if dir, ok := first[name]; ok && dir != f.Dir {
			found = append(found, finding{f.Path, f.Line(f.AST.Name.Pos()), "names",
				fmt.Sprintf("package %s is also the name of %s", name, dir)})
		}
		said[f.Dir] = true
		if first[name] == "" {
			first[name] = f.Dir
		}
		if base := path.Base(f.Dir); base != name && f.Dir != "." {
			found = append(found, finding{f.Path, f.Line(f.AST.Name.Pos()), "names",
				fmt.Sprintf("package %s lies in folder %s", name, base)})
		}
	}
	return found
}
