package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// sqlText finds a statement, or the beginning of one, in a text.
var sqlText = regexp.MustCompile(`(?s)^\s*(SELECT\s|INSERT\s+(IGNORE\s+)?INTO\s|UPDATE\s+\S+\s+` +
	`SET\b|DELETE\s+FROM\s|REPLACE\s+INTO\s|(CREATE|DROP|ALTER)\s+(UNIQUE\s+)?(TABLE|INDEX)\s|` +
	`WITH\s+\w+\s+AS\s*\(|PRAGMA\s)`)

// sqlAnyCase is for texts that are being built: there, lower case is no excuse.
var sqlAnyCase = regexp.MustCompile(`(?is)^\s*(select\s.*\sfrom\s|insert\s+into\s|` +
	`update\s+\S+\s+set\s|delete\s+from\s+\w+\s+where|replace\s+into\s)`)

// sqlRule bans statements that are built from values: what a statement says is fixed when
// it is compiled, so that the tenancy check can read it and nobody can inject into it.
// Constants may be joined and repeated; package sqldb may add text of its own.
func sqlRule(p *pass) {
	if p.isProof() {
		return
	}
	seen := map[ast.Node]bool{}
	ast.Inspect(p.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			pkg, name := p.selector(n.Fun)
			if pkg == "fmt" && strings.HasSuffix(name, "rintf") && startsSQL(n.Args) {
				p.report(n.Pos(), "SQL built by fmt.%s: pass values as arguments (?)", name)
			}
		case *ast.BinaryExpr:
			if n.Op != token.ADD || seen[n] {
				return true
			}
			parts := joined(n, seen)
			if part := p.variable(parts); startsSQL(parts) && part != nil {
				p.report(part.Pos(), "SQL joined with a value: pass it as an argument (?)")
			}
		}
		return true
	})
}

func startsSQL(parts []ast.Expr) bool {
	for _, part := range parts {
		if s, ok := text(part); ok && (sqlText.MatchString(s) || sqlAnyCase.MatchString(s)) {
			return true
		}
	}
	return false
}

// joined is the parts of a + b + c, left to right.
func joined(e ast.Expr, seen map[ast.Node]bool) []ast.Expr {
	switch b := e.(type) {
	case *ast.BinaryExpr:
		seen[b] = true
		return append(joined(b.X, seen), joined(b.Y, seen)...)
	case *ast.ParenExpr:
		return joined(b.X, seen)
	}
	return []ast.Expr{e}
}

// variable is the first part that is not fixed when the program is compiled.
func (p *pass) variable(parts []ast.Expr) ast.Expr {
	for _, part := range parts {
		switch e := part.(type) {
		case *ast.BasicLit:
			continue
		case *ast.Ident:
			if p.pkg.consts[e.Name] {
				continue
			}
		case *ast.CallExpr:
			pkg, name := p.selector(e.Fun)
			repeats := pkg == "strings" && name == "Repeat" && p.variable(e.Args[:1]) == nil
			if repeats || pkg == "foyer/internal/sqldb" {
				continue
			}
		}
		return part
	}
	return nil
}

func text(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// sqlPlaceRule keeps statements in the store of their module.
func sqlPlaceRule(p *pass) {
	if p.isProof() || p.Under("internal/sqldb") || strings.HasSuffix(p.Dir, "db") {
		return
	}
	ast.Inspect(p.AST, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			if s, ok := text(e); ok && sqlText.MatchString(s) {
				p.report(n.Pos(), "SQL outside a store: move it to the module's <noun>db")
			}
		}
		return true
	})
}
