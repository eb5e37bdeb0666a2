// Command tidy holds the tree to the house style: it fails on banned calls and names what
// to use instead, and lists the outliers in size. `//tidy:allow <rule> <reason>` on the
// line, on the line above, or in the comment of a declaration lets one stand; an allowance
// that allows nothing fails too.
//
//	go run ./tools/tidy [root]
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"foyer/tools/source"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	tree, err := source.Load(os.DirFS(root))
	if err != nil {
		fmt.Fprintln(os.Stderr, "tidy:", err)
		os.Exit(1)
	}
	if !report(os.Stdout, tree) {
		os.Exit(1)
	}
}

// report prints what breaks a rule and what is unusually large; false if a rule is broken.
func report(w io.Writer, tree *source.Tree) bool {
	broken := check(tree)
	for _, f := range broken {
		fmt.Fprintln(w, f)
	}
	large := outliers(tree)
	if len(large) > 0 {
		fmt.Fprintf(w, "tidy: %d unusually large, which fails nothing:\n", len(large))
	}
	for _, f := range large {
		fmt.Fprintln(w, "  ", f)
	}
	fmt.Fprintf(w, "tidy: %d files, %d broken rules\n", len(tree.Files), len(broken))
	return len(broken) == 0
}

// finding is one place that breaks one rule.
type finding struct {
	path string
	line int
	rule string
	text string
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s (%s)", f.path, f.line, f.text, f.rule)
}

// check runs every rule over every file and takes away what is allowed with a reason.
func check(tree *source.Tree) []finding {
	var found []finding
	packages := gather(tree)
	for _, file := range tree.Files {
		p := &pass{File: file, pkg: packages[file.Dir], imports: file.Imports()}
		for _, r := range rules() {
			p.rule = r.name
			r.check(p)
		}
		found = append(found, p.allowed()...)
	}
	found = append(found, sharedNames(tree)...)
	slices.SortFunc(found, func(a, b finding) int {
		if c := strings.Compare(a.path, b.path); c != 0 {
			return c
		}
		return a.line - b.line
	})
	return found
}
