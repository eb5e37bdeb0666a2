package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"foyer/tools/source"
)

func TestThePageIsWhatTheCodeSays(t *testing.T) {
	t.Parallel()
	if err := run("../..", true); err != nil {
		t.Error(err)
	}
}

const kinds = `package fault
type Kind uint8
const (
	Internal Kind = iota // 500: ours
	Conflict             // 409: no longer
)
var Unexpected = Define(Internal, "internal", "出了问题", "Wrong.", "Try again.")
`

func list(t *testing.T, order string) ([]refusal, error) {
	t.Helper()
	tree, err := source.Load(fstest.MapFS{
		"internal/fault/fault.go":            {Data: []byte(kinds)},
		"internal/order/orderhttp/orders.go": {Data: []byte(order)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return refusals(tree)
}

const head = `package orderhttp
import "foyer/internal/fault"
`

func TestDefinitionsBecomeRows(t *testing.T) {
	t.Parallel()
	got, err := list(t, head+`var (
	Taken = fault.Define(fault.Conflict, "seat_taken", "被选走了", "Taken | gone.",
		"Choose " + "another.")
)
`)
	if err != nil {
		t.Fatal(err)
	}
	page := string(render(got))
	for _, want := range []string{
		"| `internal` | 500 | 出了问题 | Wrong. | Try again. | fault |\n",
		"| `seat_taken` | 409 | 被选走了 | Taken \\| gone. | Choose another. | order |\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no row %s in\n%s", want, page)
		}
	}
	if strings.Index(page, "`internal`") > strings.Index(page, "`seat_taken`") {
		t.Error("rows are not sorted by code")
	}
}

func TestUnsoundDefinitionsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"twice":      {`fault.Conflict, "internal", "没有", "No.", "Wait."`, "also defined at"},
		"a variable": {`fault.Conflict, code, "没有", "No.", "Wait."`, "argument 2 is not"},
		"a number":   {`fault.Conflict, "a", 3, "No.", "Wait."`, "argument 3 is not"},
		"camel case": {`fault.Conflict, "seatTaken", "没有", "No.", "Wait."`, "snake_case"},
		"no Chinese": {`fault.Conflict, "a", "none", "No.", "Wait."`, "no Chinese"},
		"no English": {`fault.Conflict, "a", "没有", "没有", "Wait."`, "no English"},
		"no advice":  {`fault.Conflict, "a", "没有", "No.", ""`, "what to do"},
		"odd kind":   {`fault.Odd, "a", "没有", "No.", "Wait."`, "kind is not"},
		"short":      {`fault.Conflict, "a", "没有", "No."`, "a definition takes"},
	} {
		_, err := list(t, head+"var X = fault.Define("+c.text+")\n")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestAStalePageIsRefused(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, dir := range []string{"docs", "internal/fault"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	code := filepath.Join(root, "internal/fault/fault.go")
	if err := os.WriteFile(code, []byte(kinds), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(root, true); err == nil {
		t.Error("a missing page was accepted")
	}
	if err := run(root, false); err != nil {
		t.Fatal(err)
	}
	if err := run(root, true); err != nil {
		t.Errorf("a fresh page was refused: %v", err)
	}
	changed := strings.Replace(kinds, "Wrong.", "Very wrong.", 1)
	if err := os.WriteFile(code, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(root, true); err == nil || !strings.Contains(err.Error(), "make errors") {
		t.Errorf("a stale page: %v", err)
	}
}
