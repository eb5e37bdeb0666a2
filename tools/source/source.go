// Package source reads the Go files of a source tree for the checks in tools. It parses
// and never type-checks, so that a check over the whole tree takes well under a second.
package source

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Module is the path of the Go module whose tree is read.
const Module = "foyer"

// File is one parsed Go file.
type File struct {
	Path string // slash path below the root
	Dir  string // its folder below the root, "." for the root
	Text []byte
	AST  *ast.File
	Fset *token.FileSet
}

// Tree is every Go file below a root, sorted by path.
type Tree struct{ Files []*File }

// Load parses the tree. Folders that begin with a dot or underscore, testdata,
// node_modules, dist, bin and nested modules are left out, as the go command does or as
// nothing hand-written lives there. A file that does not parse is an error.
func Load(root fs.FS) (*Tree, error) {
	tree := &Tree{}
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != "." && (skipped(d.Name()) || isModule(root, p)) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasPrefix(d.Name(), "_") {
			return nil
		}
		f, err := parse(root, p)
		if err != nil {
			return err
		}
		tree.Files = append(tree.Files, f)
		return nil
	})
	return tree, err
}

func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") ||
		slices.Contains([]string{"testdata", "node_modules", "dist", "bin"}, name)
}

func isModule(root fs.FS, dir string) bool {
	_, err := fs.Stat(root, path.Join(dir, "go.mod"))
	return err == nil
}

func parse(root fs.FS, p string) (*File, error) {
	text, err := fs.ReadFile(root, p)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, p, text, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("%s does not parse: %w", p, err)
	}
	return &File{Path: p, Dir: path.Dir(p), Text: text, AST: tree, Fset: fset}, nil
}

// Line is the line of a position.
func (f *File) Line(pos token.Pos) int { return f.Fset.Position(pos).Line }

// IsTest says whether only tests compile the file.
func (f *File) IsTest() bool { return strings.HasSuffix(f.Path, "_test.go") }

// Under says whether the file lies in one of the folders or below it.
func (f *File) Under(dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool {
		return f.Dir == d || strings.HasPrefix(f.Dir, d+"/")
	})
}

// Imports maps the name by which the file calls a package to the package's path. A name
// that the file does not give is taken to be the last element that is not a version.
func (f *File) Imports() map[string]string {
	names := map[string]string{}
	for _, spec := range f.AST.Imports {
		p := strings.Trim(spec.Path.Value, "`\"")
		name := path.Base(p)
		if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
			name = path.Base(path.Dir(p))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	return names
}
