package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"foyer/tools/source"
)

// pkg is the Go files of one folder.
type pkg struct {
	dir    string
	files  []*source.File
	consts map[string]ast.Expr // string constants and package variables, by name
	bare   map[string]bool     // names that are used by themselves
	part   map[string]bool     // names that a longer text is joined from
}

// text is one text as the program sees it: constants joined, values left out.
type text struct {
	file *source.File
	pos  token.Pos
	sql  string
	// loose is a value joined where no list of marks can stand.
	loose bool
}

func packages(tree *source.Tree) []*pkg {
	byDir := map[string]*pkg{}
	var list []*pkg
	for _, f := range tree.Files {
		if isProof(f) {
			continue
		}
		p := byDir[f.Dir]
		if p == nil {
			p = &pkg{dir: f.Dir, consts: map[string]ast.Expr{}, bare: map[string]bool{},
				part: map[string]bool{}}
			byDir[f.Dir] = p
			list = append(list, p)
		}
		p.files = append(p.files, f)
	}
	for _, p := range list {
		p.gather()
	}
	return list
}

// gather notes every constant, wherever it stands: two of one name in one package would be
// told apart by a compiler, but nobody writes them.
func (p *pkg) gather() {
	for _, f := range p.files {
		known := map[ast.Node]bool{}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if i < len(n.Values) {
						p.consts[name.Name] = n.Values[i]
					}
					known[name] = true
				}
			case *ast.BinaryExpr:
				for _, side := range []ast.Expr{n.X, n.Y} {
					if name, ok := side.(*ast.Ident); ok {
						known[name], p.part[name.Name] = true, true
					}
				}
			case *ast.KeyValueExpr:
				known[n.Key] = true
			case *ast.Ident:
				if !known[n] {
					p.bare[n.Name] = true
				}
			}
			return true
		})
	}
}

// texts are all texts of the package. A constant that only ever begins longer texts is
// read in those; one that is used by itself, or handed on, is read by itself.
func (p *pkg) texts() []text {
	var list []text
	for _, f := range p.files {
		taken := map[ast.Node]bool{}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			if n == nil || taken[n] {
				return n != nil
			}
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.ValueSpec:
				for i, v := range n.Values {
					name := n.Names[min(i, len(n.Names)-1)].Name
					if p.part[name] && !p.bare[name] && p.fixed(v) {
						mark(v, taken)
					}
				}
			case *ast.BinaryExpr, *ast.BasicLit:
				e := n.(ast.Expr)
				mark(e, taken)
				list = append(list, p.textOf(f, e))
			}
			return true
		})
	}
	return list
}

// mark takes an expression and what it is joined from.
func mark(e ast.Expr, taken map[ast.Node]bool) {
	taken[e] = true
	if b, ok := e.(*ast.BinaryExpr); ok {
		mark(b.X, taken)
		mark(b.Y, taken)
	}
}

// fixed says that a text is known when the program is compiled.
func (p *pkg) fixed(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.Ident:
		return p.consts[e.Name] != nil
	case *ast.BinaryExpr:
		return e.Op == token.ADD && p.fixed(e.X) && p.fixed(e.Y)
	}
	return false
}

// listOpen is where a list of marks may follow: `IN (`, `IN (?`, `VALUES `.
var listOpen = regexp.MustCompile(`(?is)(\bIN\s*\(\s*\??|\bVALUES\s*)$`)

func (p *pkg) textOf(f *source.File, e ast.Expr) text {
	t := text{file: f, pos: e.Pos()}
	p.join(&t, e, 0)
	return t
}

func (p *pkg) join(t *text, e ast.Expr, depth int) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			t.sql += s
			return
		}
	case *ast.ParenExpr:
		p.join(t, e.X, depth)
		return
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			p.join(t, e.X, depth)
			p.join(t, e.Y, depth)
			return
		}
	case *ast.Ident:
		if v := p.consts[e.Name]; v != nil && p.fixed(v) && depth < 8 {
			p.join(t, v, depth+1)
			return
		}
	}
	t.loose = t.loose || !listOpen.MatchString(t.sql)
	t.sql += "?"
}

// begins finds a statement. In a store every case counts; elsewhere, where sentences
// begin with Select and Update, only what is written as SQL is.
var (
	begins = regexp.MustCompile(`(?is)^\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|MERGE|` +
		`CREATE|DROP|ALTER|TRUNCATE)\s`)
	beginsAnywhere = regexp.MustCompile(`(?s)^\s*(SELECT\s|(?i:INSERT\s+(IGNORE\s+)?INTO\s)|` +
		`(?i:UPDATE\s+\w+\s+SET\s)|(?i:DELETE\s+FROM\s+\w+\s*(WHERE|$))|` +
		`(?i:REPLACE\s+INTO\s)|(?i:SELECT\s[\w\s.,*()]+\sFROM\s+\w+\s+WHERE\s)|` +
		`(CREATE|DROP|ALTER)\s+(UNIQUE\s+)?(TABLE|INDEX)\s)`)
)

// appended are the places where a text grows by +=, which nothing here can follow.
func (p *pkg) appended() []text {
	var list []text
	for _, f := range p.files {
		ast.Inspect(f.AST, func(n ast.Node) bool {
			a, ok := n.(*ast.AssignStmt)
			if !ok || a.Tok != token.ADD_ASSIGN {
				return true
			}
			t := p.textOf(f, a.Rhs[0])
			if slices.ContainsFunc([]string{"SELECT", "WHERE", "AND", "FROM", "JOIN", "SET",
				"ORDER", "UNION"}, func(w string) bool {
				return strings.HasPrefix(strings.ToUpper(strings.TrimSpace(t.sql)), w+" ")
			}) {
				list = append(list, t)
			}
			return true
		})
	}
	return list
}
