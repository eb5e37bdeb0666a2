package httpx

import (
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"foyer/internal/fault"
)

// installHooks sets huma's two error hooks. They are package variables of huma, so they
// are set once for the process; ours keep no state of their own: everything goes to the
// exchange of the request. Without them huma would answer with its own error model.
var installHooks = sync.OnceFunc(func() {
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError {
		return &Problem{Status: status}
	}
	huma.NewErrorWithContext = func(c huma.Context, status int, msg string,
		errs ...error) huma.StatusError {
		r, _ := humago.Unwrap(c)
		if x := exchangeOf(r.Context()); x != nil {
			x.refusal = fromHuma(status, msg, errs, x.problems)
		}
		return &Problem{Status: status}
	}
})

// fromHuma is the fault for what huma's validation found, joined with what the strict
// reading found before; a field that both name is told once.
func fromHuma(status int, msg string, errs []error, before []fault.FieldProblem) error {
	if status == http.StatusBadRequest || status == http.StatusRequestTimeout {
		return Malformed.With("problem", msg)
	}
	if status == http.StatusUnsupportedMediaType {
		return WrongContentType
	}
	if status >= http.StatusInternalServerError {
		f := fault.Unexpected.Wrap(nil)
		if len(errs) > 0 {
			f.Cause = errs[0]
		}
		return f
	}
	fields := before
	known := map[string]bool{}
	for _, f := range before {
		known[f.Field] = true
	}
	for _, err := range errs {
		f := fieldProblem(err)
		if !known[f.Field] {
			fields = append(fields, f)
		}
	}
	return &fault.Error{Def: fault.BadInput, Fields: fields[:min(len(fields), maxProblems)]}
}

func fieldProblem(err error) fault.FieldProblem {
	d, ok := err.(huma.ErrorDetailer)
	if !ok {
		return fault.FieldProblem{Field: "body", Problem: "breaks a rule"}
	}
	e := d.ErrorDetail()
	field, problem := e.Location, e.Message
	for _, prefix := range []string{"body", "path", "query", "header", "cookie", "form"} {
		rest, ok := strings.CutPrefix(field, prefix)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			field = strings.TrimPrefix(rest, ".")
			break
		}
	}
	// A missing key is told of its parent; people look for the key.
	if name, ok := strings.CutPrefix(problem, "expected required property "); ok {
		name = strings.TrimSuffix(name, " to be present")
		field, problem = string(appendKey([]byte(field), name)), "is missing"
	}
	if field == "" {
		field = "body"
	}
	return fault.FieldProblem{Field: field, Problem: problem}
}
