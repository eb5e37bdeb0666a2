package main

import (
	"go/ast"
	"slices"
	"strings"
)

// stateRule bans package-level variables that hold state. A variable may stand when it is
// fixed by the time main runs: a refusal, a compiled pattern, a text, a table of literals
// that nothing in its package writes to.
func stateRule(p *pass) {
	if p.IsTest() {
		return
	}
	for _, decl := range p.AST.Decls {
		d, ok := isVar(decl)
		if !ok {
			continue
		}
		for _, spec := range d.Specs {
			s := spec.(*ast.ValueSpec)
			if !embeds(d.Doc) && !embeds(s.Doc) {
				p.stateOf(s)
			}
		}
	}
}

func embeds(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

func (p *pass) stateOf(s *ast.ValueSpec) {
	for i, name := range s.Names {
		if name.Name == "_" {
			continue
		}
		if where := p.pkg.written[name.Name]; where != "" {
			p.report(name.Pos(), "package variable %s is written at %s: "+
				"make it a field of a struct", name.Name, where)
			continue
		}
		why := ""
		switch {
		case len(s.Values) == 0:
			why = "has no value of its own"
		case i < len(s.Values):
			why = p.mutable(s.Values[i])
		}
		if why != "" {
			p.report(name.Pos(), "package variable %s %s: make it a field of a struct",
				name.Name, why)
		}
	}
}

// mutable says why a value can hold state, or nothing when it cannot.
func (p *pass) mutable(value ast.Expr) string {
	switch v := value.(type) {
	case *ast.UnaryExpr:
		return "is a pointer"
	case *ast.CompositeLit:
		return p.mutableLiteral(v)
	case *ast.CallExpr:
		return p.mutableCall(v)
	}
	return ""
}

func (p *pass) mutableLiteral(v *ast.CompositeLit) string {
	switch t := v.Type.(type) {
	case *ast.MapType, *ast.ArrayType:
		if len(v.Elts) == 0 {
			return "is an empty table, to be filled later"
		}
	case *ast.SelectorExpr:
		if pkg, name := p.selector(t); pkg == "sync" || pkg == "sync/atomic" {
			return "is a " + name
		}
	}
	return ""
}

// mutableCall takes a constructor's result for state, unless it is known to be fixed.
func (p *pass) mutableCall(call *ast.CallExpr) string {
	if isBuiltin(call, "make") || isBuiltin(call, "new") {
		return "is made empty, to be filled later"
	}
	fixed := []string{"errors.New", "strings.NewReplacer", "encoding/base32.NewEncoding",
		"encoding/base64.NewEncoding", "math/big.NewInt"}
	pkg, name := p.selector(call.Fun)
	if id, ok := call.Fun.(*ast.Ident); ok {
		name = id.Name
	}
	if strings.HasPrefix(name, "New") && !slices.Contains(fixed, pkg+"."+name) {
		return "is built by " + name
	}
	return ""
}
