package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"foyer/tools/source"
)

const faultDir = "internal/fault"

// refusal is one fault.Define as the page shows it.
type refusal struct {
	module, kind, status, code, zh, en, do string
	where                                  string
}

var (
	codeForm   = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	statusForm = regexp.MustCompile(`^\d{3}\b`)
)

// refusals reads every definition, sorted by code; the error names all that are unsound.
func refusals(tree *source.Tree) ([]refusal, error) {
	statuses, err := statusOfKinds(tree)
	if err != nil {
		return nil, err
	}
	var list []refusal
	var problems []error
	for _, f := range tree.Files {
		if f.IsTest() || !f.Under("internal", "cmd") {
			continue
		}
		for _, call := range defines(f) {
			where := fmt.Sprintf("%s:%d", f.Path, f.Line(call.Pos()))
			r, err := read(call, statuses)
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", where, err))
				continue
			}
			r.where, r.module = where, moduleOf(f.Dir)
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b refusal) int { return strings.Compare(a.code, b.code) })
	for i := 1; i < len(list); i++ {
		if list[i].code == list[i-1].code {
			problems = append(problems, fmt.Errorf("%s: %s is also defined at %s",
				list[i].where, list[i].code, list[i-1].where))
		}
	}
	return list, errors.Join(problems...)
}

// defines finds every call of fault.Define in the file; within package fault, of Define.
func defines(f *source.File) []*ast.CallExpr {
	imports := f.Imports()
	var calls []*ast.CallExpr
	ast.Inspect(f.AST, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch fn := call.Fun.(type) {
		case *ast.SelectorExpr:
			x, ok := fn.X.(*ast.Ident)
			if ok && fn.Sel.Name == "Define" &&
				imports[x.Name] == source.Module+"/"+faultDir {
				calls = append(calls, call)
			}
		case *ast.Ident:
			if fn.Name == "Define" && f.Dir == faultDir {
				calls = append(calls, call)
			}
		}
		return true
	})
	return calls
}

// statusOfKinds reads `Kind // 404: …` where the kinds are declared, the only place that
// says it.
func statusOfKinds(tree *source.Tree) (map[string]string, error) {
	statuses := map[string]string{}
	for _, f := range tree.Files {
		if f.Dir != faultDir || f.IsTest() {
			continue
		}
		for _, decl := range f.AST.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok || d.Tok != token.CONST {
				continue
			}
			for _, spec := range d.Specs {
				s := spec.(*ast.ValueSpec)
				if st := statusForm.FindString(s.Comment.Text()); st != "" {
					statuses[s.Names[0].Name] = st
				}
			}
		}
	}
	if len(statuses) == 0 {
		return nil, errors.New(faultDir + " declares no kind with its status in a comment")
	}
	return statuses, nil
}

func read(call *ast.CallExpr, statuses map[string]string) (refusal, error) {
	if len(call.Args) != 5 {
		return refusal{}, errors.New("a definition takes kind, code, zh, en, do")
	}
	var r refusal
	switch k := call.Args[0].(type) {
	case *ast.SelectorExpr:
		r.kind = k.Sel.Name
	case *ast.Ident:
		r.kind = k.Name
	}
	var known bool
	if r.status, known = statuses[r.kind]; !known {
		return r, errors.New("the kind is not one of the constants of " + faultDir)
	}
	for i, to := range []*string{&r.code, &r.zh, &r.en, &r.do} {
		s, ok := literal(call.Args[i+1])
		if !ok {
			return r, fmt.Errorf("argument %d is not a literal", i+2)
		}
		*to = s
	}
	return r, r.sound()
}

func (r refusal) sound() error {
	han := func(c rune) bool { return unicode.Is(unicode.Han, c) }
	switch {
	case !codeForm.MatchString(r.code):
		return fmt.Errorf("code %q is not snake_case", r.code)
	case !strings.ContainsFunc(r.zh, han):
		return fmt.Errorf("%s has no Chinese text", r.code)
	case r.en == "" || strings.ContainsFunc(r.en, han):
		return fmt.Errorf("%s has no English text", r.code)
	case r.do == "":
		return fmt.Errorf("%s does not say what to do", r.code)
	}
	return nil
}

// literal is the text of a literal or of literals joined by +.
func literal(e ast.Expr) (string, bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(x.Value)
		return s, err == nil && x.Kind == token.STRING
	case *ast.BinaryExpr:
		a, okA := literal(x.X)
		b, okB := literal(x.Y)
		return a + b, okA && okB && x.Op == token.ADD
	}
	return "", false
}

// moduleOf is the noun of a folder: internal/order/orderhttp belongs to order.
func moduleOf(dir string) string {
	parts := strings.Split(dir, "/")
	if len(parts) > 1 {
		return parts[1]
	}
	return path.Base(dir)
}
