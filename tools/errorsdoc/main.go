// Command errorsdoc writes docs/ERRORS.md from every fault.Define of the tree. It refuses
// a code that is defined twice, an argument that is not a literal, and a text that is
// missing, so that a client can rely on every line of the page.
//
//	go run ./tools/errorsdoc [-check] [-root dir]
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"foyer/tools/source"
)

const document = "docs/ERRORS.md"

func main() {
	root := flag.String("root", ".", "the top of the source tree")
	check := flag.Bool("check", false, "write nothing; fail when the page is not up to date")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "errorsdoc:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	tree, err := source.Load(os.DirFS(root))
	if err != nil {
		return err
	}
	list, err := refusals(tree)
	if err != nil {
		return err
	}
	page := render(list)
	path := filepath.Join(root, filepath.FromSlash(document))
	if !check {
		return os.WriteFile(path, page, 0o644)
	}
	have, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if !bytes.Equal(have, page) {
		return fmt.Errorf("%s is not what the code says: run make errors", document)
	}
	return nil
}
