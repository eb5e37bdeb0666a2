// Command imports holds every package to the tables under "Imports" in
// docs/ARCHITECTURE.md: which of our packages it may import, and which technologies.
//
//	go run ./tools/imports [root]
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"foyer/tools/source"
)

const document = "docs/ARCHITECTURE.md"

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	found, err := run(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "imports:", err)
		os.Exit(1)
	}
	for _, f := range found {
		fmt.Println(f)
	}
	fmt.Printf("imports: %d against the table of %s\n", len(found), document)
	if len(found) > 0 {
		os.Exit(1)
	}
}

func run(root string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(document)))
	if err != nil {
		return nil, err
	}
	table, err := parseTable(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", document, err)
	}
	tree, err := source.Load(os.DirFS(root))
	if err != nil {
		return nil, err
	}
	return table.check(tree), nil
}
