// Command tenancy reads every SQL text that is written in the Go sources and holds it to
// what the migrations declare of each table: whose rows it keeps, and which module it
// belongs to. A statement on a tenant's table names organization_id, or says in the comment
// `/* any organization: reason */` why it serves all.
//
//	go run ./tools/tenancy [root]
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"foyer/tools/source"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	r, err := run(os.DirFS(root))
	if err != nil {
		fmt.Fprintln(os.Stderr, "tenancy:", err)
		os.Exit(1)
	}
	for _, f := range r.found {
		fmt.Println(f)
	}
	fmt.Printf("tenancy: %d findings in %d statements on %d tables\n",
		len(r.found), r.statements, r.tables)
	if len(r.found) > 0 {
		os.Exit(1)
	}
}

// result is what one look at a tree found, and how much it looked at.
type result struct {
	found              []string
	statements, tables int
}

// run looks at the tree below root.
func run(root fs.FS) (*result, error) {
	declared, spoiled, err := declarations(root)
	if err != nil {
		return nil, err
	}
	tree, err := source.Load(root)
	if err != nil {
		return nil, err
	}
	r := &result{found: spoiled, tables: len(declared)}
	for _, p := range packages(tree) {
		p.check(declared, r)
	}
	slices.Sort(r.found)
	return r, nil
}

// store says how freely a package may use SQL.
type store uint8

const (
	noStore  store = iota
	ofModule       // the tables of its own module
	ofAll          // every table, but only to read them
	apart          // only tables that no migration declares: a database or a table of its own
)

// readsAll is the one store that looks across modules; it changes nothing.
const readsAll = "internal/doctor/doctordb"

// kindOf says what a folder may do, and the module that its tables must belong to.
func kindOf(dir string) (store, string) {
	switch {
	case dir == readsAll:
		return ofAll, ""
	case dir == "internal/sqldb", dir == "internal/sandboxbank/bankdb":
		return apart, ""
	}
	noun, below, ok := strings.Cut(strings.TrimPrefix(dir, "internal/"), "/")
	if strings.HasPrefix(dir, "internal/") && ok && below == noun+"db" {
		return ofModule, noun
	}
	return noStore, ""
}

// isProof says that a file is a test, a fixture or a tool, which set scenes and look at
// results in ways that the product must not.
func isProof(f *source.File) bool {
	return f.IsTest() || f.Under("test", "tools") || strings.HasSuffix(path.Base(f.Dir), "test")
}
