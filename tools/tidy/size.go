package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"strings"

	"foyer/tools/source"
)

const (
	largeFile     = 500 // lines
	largeFunction = 70  // lines
)

// outliers lists what is unusually large, and tests that do not run beside others. They
// are a reason to look, not to fail.
func outliers(tree *source.Tree) []finding {
	var found []finding
	for _, f := range tree.Files {
		if ast.IsGenerated(f.AST) {
			continue
		}
		if n := bytes.Count(f.Text, []byte("\n")); n > largeFile {
			found = append(found, finding{f.Path, 1, "size", fmt.Sprintf("%d lines", n)})
		}
		for _, decl := range f.AST.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			line := f.Line(fn.Pos())
			if n := f.Line(fn.End()) - line + 1; n > largeFunction {
				found = append(found, finding{f.Path, line, "size",
					fmt.Sprintf("func %s has %d lines", fn.Name.Name, n)})
			}
			if f.IsTest() && isTest(fn) && !startsParallel(fn) {
				found = append(found, finding{f.Path, line, "parallel",
					fn.Name.Name + " does not begin with t.Parallel()"})
			}
		}
	}
	return found
}

func isTest(fn *ast.FuncDecl) bool {
	return fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") &&
		fn.Name.Name != "TestMain" && len(fn.Body.List) > 0
}

func startsParallel(fn *ast.FuncDecl) bool {
	s, ok := fn.Body.List[0].(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := s.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Parallel"
}
