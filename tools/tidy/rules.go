package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

type rule struct {
	name  string
	check func(*pass)
}

// rules is every rule, by the name that an allowance uses.
func rules() []rule {
	return []rule{
		{"clock", clockRule},
		{"random", randomRule},
		{"print", printRule},
		{"log", logRule},
		{"exit", exitRule},
		{"panic", panicRule},
		{"init", initRule},
		{"state", stateRule},
		{"context", contextRule},
		{"sql", sqlRule},
		{"sqlplace", sqlPlaceRule},
		{"todo", todoRule},
		{"columns", columnsRule},
		{"names", namesRule},
		{"interface", interfaceRule},
	}
}

func isRule(name string) bool {
	return slices.ContainsFunc(rules(), func(r rule) bool { return r.name == name })
}

// clockRule keeps time injectable. Proofs may read the machine's clock, but wait by
// polling inside a loop with a deadline, never by a bare sleep.
func clockRule(p *pass) {
	if p.Under("internal/clock") {
		return
	}
	banned := []string{"Now", "Since", "Until", "After", "AfterFunc", "NewTimer",
		"NewTicker", "Tick"}
	var loops []ast.Node
	ast.Inspect(p.AST, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			loops = append(loops, n)
		}
		pkg, name := p.selector(n)
		if pkg != "time" {
			return true
		}
		inLoop := slices.ContainsFunc(loops, func(l ast.Node) bool {
			return l.Pos() <= n.Pos() && n.End() <= l.End()
		})
		switch {
		case name == "Sleep" && !p.isProof():
			p.report(n.Pos(), "time.Sleep: wait on clock.Clock.After or on a signal")
		case name == "Sleep" && p.IsTest() && !inLoop:
			p.report(n.Pos(), "time.Sleep in a test: wait on a signal, or poll with a deadline")
		case slices.Contains(banned, name) && !p.isProof():
			p.report(n.Pos(), "time.%s: use the clock.Clock that you were given", name)
		}
		return true
	})
}

func randomRule(p *pass) {
	if p.isProof() || p.Under("internal/idgen", "internal/keyring") {
		return
	}
	for _, spec := range p.AST.Imports {
		switch path := strings.Trim(spec.Path.Value, `"`); path {
		case "math/rand", "math/rand/v2", "crypto/rand", "github.com/google/uuid":
			p.report(spec.Pos(), "%s: use the idgen.Source that you were given", path)
		}
	}
}

func printRule(p *pass) {
	if p.isProof() || !p.Under("internal", "web", "api") {
		return
	}
	ast.Inspect(p.AST, func(n ast.Node) bool {
		pkg, name := p.selector(n)
		if pkg == "fmt" && strings.HasPrefix(name, "Print") {
			p.report(n.Pos(), "fmt.%s: write to the io.Writer that you were given", name)
		}
		if pkg == "os" && (name == "Stdout" || name == "Stderr") {
			p.report(n.Pos(), "os.%s: write to the io.Writer that you were given", name)
		}
		if call, ok := n.(*ast.CallExpr); ok && (isBuiltin(call, "println") ||
			isBuiltin(call, "print")) {
			p.report(n.Pos(), "println: log with the *slog.Logger that you were given")
		}
		return true
	})
}

// logRule keeps the logger an argument: neither package log nor slog's global logger.
func logRule(p *pass) {
	if p.isProof() {
		return
	}
	global := []string{"Debug", "DebugContext", "Info", "InfoContext", "Warn", "WarnContext",
		"Error", "ErrorContext", "Log", "LogAttrs", "Default", "SetDefault", "With"}
	for _, spec := range p.AST.Imports {
		if spec.Path.Value == `"log"` {
			p.report(spec.Pos(), "package log: use the *slog.Logger that you were given")
		}
	}
	ast.Inspect(p.AST, func(n ast.Node) bool {
		if pkg, name := p.selector(n); pkg == "log/slog" && slices.Contains(global, name) {
			p.report(n.Pos(), "slog.%s is the global logger: use the one that you were given", name)
		}
		return true
	})
}

func exitRule(p *pass) {
	if p.isProof() || p.Under("cmd") {
		return
	}
	ast.Inspect(p.AST, func(n ast.Node) bool {
		pkg, name := p.selector(n)
		if (pkg == "os" || pkg == "syscall") && name == "Exit" {
			p.report(n.Pos(), "%s.Exit outside cmd: return an error", pkg)
		}
		return true
	})
}

// panicRule asks for a sentence that says why nothing better can be done: beside the
// call, above it, or in the comment of the function.
func panicRule(p *pass) {
	if p.isProof() {
		return
	}
	explained := map[int]bool{}
	for _, g := range p.AST.Comments {
		explained[p.Line(g.Pos())] = true
		explained[p.Line(g.End())+1] = true
	}
	for _, decl := range p.AST.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if ok && strings.Contains(strings.ToLower(fn.Doc.Text()), "panic") {
			continue
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if ok && isBuiltin(call, "panic") && !explained[p.Line(n.Pos())] {
				p.report(n.Pos(), "panic without a comment: return an error, or say why not")
			}
			return true
		})
	}
}

func isBuiltin(call *ast.CallExpr, name string) bool {
	id, ok := call.Fun.(*ast.Ident)
	return ok && id.Name == name && id.Obj == nil
}

func initRule(p *pass) {
	for _, decl := range p.AST.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if ok && fn.Recv == nil && fn.Name.Name == "init" {
			p.report(fn.Pos(), "init(): do it in a constructor that main calls")
		}
	}
}

// contextRule: a caller's context carries its deadline; only the outermost has none.
func contextRule(p *pass) {
	if p.isProof() || p.AST.Name.Name == "main" {
		return
	}
	ast.Inspect(p.AST, func(n ast.Node) bool {
		pkg, name := p.selector(n)
		if pkg == "context" && (name == "Background" || name == "TODO") {
			p.report(n.Pos(), "context.%s: use the caller's context", name)
		}
		return true
	})
}

var (
	todoNamed = regexp.MustCompile(`^TODO\(#\d+\)`)
	todoWord  = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b.{0,8}`)
)

func todoRule(p *pass) {
	for _, group := range p.AST.Comments {
		for _, c := range group.List {
			for _, word := range todoWord.FindAllString(c.Text, -1) {
				if !todoNamed.MatchString(word) {
					p.report(c.Pos(), "%.5s…: finish it, or name the issue: TODO(#n)", word)
				}
			}
		}
	}
}

const (
	maxColumns = 100
	tabColumns = 4
)

// columnsRule counts a tab as 4 and any letter as 1. Texts between back quotes in tests
// are left alone: they are documents of another kind. So are fields with a tag, which Go
// gives no way to break.
func columnsRule(p *pass) {
	if ast.IsGenerated(p.AST) {
		return
	}
	quoted := map[int]bool{}
	if p.IsTest() {
		ast.Inspect(p.AST, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && strings.HasPrefix(l.Value, "`") {
				for i := p.Line(l.Pos()); i <= p.Line(l.End()); i++ {
					quoted[i] = true
				}
			}
			return true
		})
	}
	ast.Inspect(p.AST, func(n ast.Node) bool {
		if f, ok := n.(*ast.Field); ok && f.Tag != nil {
			quoted[p.Line(f.Tag.Pos())] = true
		}
		return true
	})
	for i, line := range strings.Split(string(p.Text), "\n") {
		n := len([]rune(line)) + strings.Count(line, "\t")*(tabColumns-1)
		if n > maxColumns && !quoted[i+1] && !strings.HasPrefix(line, "//go:") {
			p.reportLine(i+1, "%d columns, at most %d", n, maxColumns)
		}
	}
}

// maxMethods is where an interface stops being one consumer's need.
const maxMethods = 7

func interfaceRule(p *pass) {
	ast.Inspect(p.AST, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if i, ok := spec.Type.(*ast.InterfaceType); ok && i.Methods.NumFields() > maxMethods {
			p.report(spec.Pos(), "interface %s has %d methods, at most %d: "+
				"declare what each consumer needs beside it",
				spec.Name.Name, i.Methods.NumFields(), maxMethods)
		}
		return true
	})
}

// isVar gives a declaration of variables.
func isVar(decl ast.Decl) (*ast.GenDecl, bool) {
	d, ok := decl.(*ast.GenDecl)
	return d, ok && d.Tok == token.VAR
}
