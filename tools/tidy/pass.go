package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"

	"foyer/tools/source"
)

// pass is one file on its way through the rules.
type pass struct {
	*source.File
	pkg     *pkg
	imports map[string]string
	rule    string
	found   []finding
}

// pkg is what the files of one folder declare and write together.
type pkg struct {
	consts  map[string]bool
	written map[string]string // package-level name → where something writes to it
}

func (p *pass) report(pos token.Pos, format string, args ...any) {
	p.reportLine(p.Line(pos), format, args...)
}

func (p *pass) reportLine(line int, format string, args ...any) {
	p.found = append(p.found, finding{p.Path, line, p.rule, fmt.Sprintf(format, args...)})
}

// isProof says whether the file only proves or measures: tests, fixtures, tools.
func (p *pass) isProof() bool {
	return p.IsTest() || p.Under("test", "tools") ||
		(p.Under("internal") && strings.HasSuffix(p.Dir, "test"))
}

// selector is the package path and name of `pkg.Name`, or empty.
func (p *pass) selector(n ast.Node) (pkgPath, name string) {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok || x.Obj != nil { // a variable of that name hides the package
		return "", ""
	}
	return p.imports[x.Name], sel.Sel.Name
}

// allowance is one `//tidy:allow` comment and the lines that it covers.
type allowance struct {
	rule     string
	line     int
	from, to int
	used     bool
}

// allowed is what was found less what the file allows, plus allowances that are no use.
func (p *pass) allowed() []finding {
	p.rule = "allow"
	list := p.allowances()
	var stands []finding
next:
	for _, f := range p.found {
		for i := range list {
			a := &list[i]
			if f.rule == a.rule && a.from <= f.line && f.line <= a.to {
				a.used = true
				continue next
			}
		}
		stands = append(stands, f)
	}
	for _, a := range list {
		if !a.used {
			stands = append(stands, finding{p.Path, a.line, "allow",
				"nothing here breaks " + a.rule + ": remove the allowance"})
		}
	}
	return stands
}

func (p *pass) allowances() []allowance {
	spans := p.commentSpans()
	var list []allowance
	for _, group := range p.AST.Comments {
		for _, c := range group.List {
			rest, ok := strings.CutPrefix(c.Text, "//tidy:allow")
			if !ok {
				continue
			}
			words := strings.Fields(rest)
			switch {
			case len(words) == 0 || !isRule(words[0]):
				p.report(c.Pos(), "name a rule: //tidy:allow <rule> <reason>")
				continue
			case len(words) < 3:
				p.report(c.Pos(), "say why in words: //tidy:allow %s <reason>", words[0])
				continue
			}
			a := allowance{rule: words[0], line: p.Line(c.Pos())}
			a.from, a.to = a.line, p.Line(group.End())+1
			if span, ok := spans[group]; ok {
				a.from, a.to = span[0], span[1]
			}
			list = append(list, a)
		}
	}
	return list
}

// commentSpans gives the lines of the declaration that a comment belongs to; the comment
// of the package clause belongs to the whole file.
func (p *pass) commentSpans() map[*ast.CommentGroup][2]int {
	spans := map[*ast.CommentGroup][2]int{}
	add := func(doc *ast.CommentGroup, n ast.Node) {
		if doc != nil {
			spans[doc] = [2]int{p.Line(doc.Pos()), p.Line(n.End())}
		}
	}
	add(p.AST.Doc, p.AST)
	for _, decl := range p.AST.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			add(d.Doc, d)
		case *ast.GenDecl:
			add(d.Doc, d)
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.ValueSpec:
					add(s.Doc, s)
				case *ast.TypeSpec:
					add(s.Doc, s)
				}
			}
		}
	}
	return spans
}

// gather notes what each folder declares as constant and what it writes to.
func gather(tree *source.Tree) map[string]*pkg {
	all := map[string]*pkg{}
	for _, f := range tree.Files {
		p := all[f.Dir]
		if p == nil {
			p = &pkg{consts: map[string]bool{}, written: map[string]string{}}
			all[f.Dir] = p
		}
		compared := map[ast.Expr]bool{}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GenDecl:
				if n.Tok == token.CONST {
					p.addConsts(n)
				}
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, to := range n.Lhs {
						p.addWrite(f, to)
					}
				}
			case *ast.IncDecStmt:
				p.addWrite(f, n.X)
			case *ast.BinaryExpr: // comparing an address writes nothing
				compared[n.X], compared[n.Y] = true, true
			case *ast.UnaryExpr:
				if n.Op == token.AND && !compared[n] {
					p.addWrite(f, n.X)
				}
			case *ast.CallExpr:
				name, ok := n.Fun.(*ast.Ident)
				if ok && (name.Name == "delete" || name.Name == "clear") && len(n.Args) > 0 {
					p.addWrite(f, n.Args[0])
				}
			}
			return true
		})
	}
	return all
}

func (p *pkg) addConsts(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		for _, name := range spec.(*ast.ValueSpec).Names {
			p.consts[name.Name] = true
		}
	}
}

// addWrite notes the variable below an assignment, unless it is a local one.
func (p *pkg) addWrite(f *source.File, to ast.Expr) {
	for {
		switch x := to.(type) {
		case *ast.IndexExpr:
			to = x.X
		case *ast.SelectorExpr:
			to = x.X
		case *ast.StarExpr:
			to = x.X
		case *ast.ParenExpr:
			to = x.X
		case *ast.Ident:
			if x.Obj == nil || f.AST.Scope.Lookup(x.Name) == x.Obj {
				p.written[x.Name] = fmt.Sprintf("%s:%d", f.Path, f.Line(x.Pos()))
			}
			return
		default:
			return
		}
	}
}
