package main

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"foyer/tools/source"
)

func TestTheTreeKeepsToTheTable(t *testing.T) {
	t.Parallel()
	found, err := run("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// imports are fixtures: a package, what it imports, and a piece of the reason given, or
// nothing where the import is allowed.
var imports = []struct{ from, to, why string }{
	{"internal/money", "foyer/internal/clock", ""},
	{"internal/catalog", "foyer/internal/offer", ""},
	{"internal/offer", "foyer/internal/catalog", "they know none"},
	{"internal/recent", "foyer/internal/payment", "they know none"},
	{"internal/sandboxbank", "foyer/internal/recent", ""},
	{"internal/money", "foyer/internal/sqldb", "they know none"},
	{"internal/sqldb", "foyer/internal/order", "knows no business"},
	{"internal/httpx", "foyer/internal/catalog", "no business"},
	{"internal/journal", "foyer/internal/order", "they know none"},
	{"internal/approval", "foyer/internal/catalog", "they know none"},
	{"internal/catalog", "foyer/internal/approval", ""},
	{"internal/alert", "foyer/internal/member", "does not know who buys"},
	{"internal/invoice", "foyer/internal/order", "how it was sold"},
	{"internal/catalog", "foyer/internal/seating", "lowest noun"},
	{"internal/seating", "foyer/internal/catalog", ""},
	{"internal/seating", "foyer/internal/seating/bestplace", ""},
	{"internal/order", "foyer/internal/seating/seatmap", ""},
	{"internal/ticket/code", "foyer/internal/seating/seatmap", ""},
	{"internal/catalog", "foyer/internal/seating/seatmap", "lowest noun"},
	{"internal/order", "foyer/internal/payment/sandbox", "may not import providers"},
	{"internal/seating", "foyer/internal/order", "does not depend on"},
	{"internal/seating", "foyer/internal/seating/seatingdb", "may not import stores"},
	{"internal/ticket", "foyer/internal/payment", "outlives"},
	{"internal/payment", "foyer/internal/order", "Settler"},
	{"internal/order", "foyer/internal/payment", ""},
	{"internal/order", "foyer/internal/checkin", "ports.go"},
	{"internal/order", "foyer/internal/visitor", ""},
	{"internal/visitor", "foyer/internal/order", "told of one"},
	{"internal/visitor", "foyer/internal/document", ""},
	{"internal/checkin", "foyer/internal/order", "without orders"},
	{"internal/member", "foyer/internal/order", "what it buys"},
	{"internal/member", "foyer/internal/signin", ""},
	{"internal/captcha", "foyer/internal/signin", "knows nobody"},
	{"internal/captcha/captchahttp", "foyer/internal/httpx", ""},
	{"internal/notify", "foyer/internal/order", "what they are about"},
	{"internal/order", "foyer/internal/keyring", "may not import machinery"},
	{"internal/order", "foyer/internal/app", "may not import app"},
	{"internal/order", "foyer/internal/order/ordertest", "for tests"},
	{"internal/order/orderdb", "foyer/internal/order", ""},
	{"internal/order/orderdb", "foyer/internal/seating", ""},
	{"internal/order/orderdb", "foyer/internal/sqldb", ""},
	{"internal/order/orderdb", "foyer/internal/seating/seatingdb", "no other's"},
	{"internal/order/orderdb", "foyer/internal/checkin", "no other's"},
	{"internal/order/orderhttp", "foyer/internal/httpx", ""},
	{"internal/order/orderhttp", "foyer/internal/order", ""},
	{"internal/order/orderhttp", "foyer/internal/journal/journalhttp", ""},
	{"internal/journal/journalhttp", "foyer/internal/order", "whatever it is about"},
	{"internal/order/orderhttp", "foyer/internal/order/orderdb", "routes call the core"},
	{"internal/payment/sandbox", "foyer/internal/payment", ""},
	{"internal/payment/sandbox", "foyer/internal/order", "port alone"},
	{"internal/seating/seatmap", "foyer/internal/order", "keeps to what its core"},
	{"internal/sandboxbank", "foyer/internal/payment", "the other side"},
	{"internal/order/ordertest", "foyer/internal/order/orderdb", ""},
	{"internal/app", "foyer/internal/order/orderhttp", ""},
	{"cmd/foyer", "foyer/internal/app", ""},
	{"cmd/foyer", "foyer/internal/order", "main is thin"},
	{"test/load", "foyer/internal/order/orderdb", ""},
	{"tools/tidy", "foyer/internal/order", "from outside"},
	{"internal/order", "foyer/internal/nowhere", "in no row"},
	{"internal/nowhere", "fmt", "in no row"},
	{"internal/order", "database/sql", "SQL lives in stores"},
	{"internal/order", "database/sql/driver", "SQL lives in stores"},
	{"internal/order/orderdb", "database/sql", ""},
	{"internal/app", "modernc.org/sqlite", "SQL lives in stores"},
	{"internal/order", "net/http", "every door"},
	{"internal/order/orderdb", "net/http", "every door"},
	{"internal/order/orderhttp", "net/http/pprof", ""},
	{"internal/payment/sandbox", "net/http", ""},
	{"internal/payment", "net/http", "every door"},
	{"internal/catalog", "github.com/danielgtaylor/huma/v2/sse", "every door"},
	{"cmd/foyer", "net/http", ""},
	{"internal/order/ordertest", "database/sql", ""},
	{"internal/order", "net/netip", ""},
}

func TestEveryBanFiresWithItsReason(t *testing.T) {
	t.Parallel()
	table := realTable(t)
	for _, c := range imports {
		tree := treeOf(t, c.from+"/a.go", c.to)
		found := strings.Join(table.check(tree), "\n")
		if (c.why == "") != (found == "") || !strings.Contains(found, c.why) {
			t.Errorf("%s → %s: %q, want %q", c.from, c.to, found, c.why)
		}
	}
}

func TestTestFilesAreFree(t *testing.T) {
	t.Parallel()
	tree := treeOf(t, "internal/money/a_test.go", "foyer/internal/app")
	if found := realTable(t).check(tree); len(found) > 0 {
		t.Fatal(found)
	}
}

func TestEveryRowIsShownToBan(t *testing.T) {
	t.Parallel()
	table := realTable(t)
	banned := map[string]bool{}
	for _, c := range imports {
		if r := table.rowOf(c.from); r != nil && c.why != "" {
			banned[r.who] = true
		}
	}
	free := []string{"app", "bench", "fixtures", "proofs", "staff", "signin", "operators",
		"pages"}
	for _, r := range table.rows {
		if !banned[r.who] && !slices.Contains(free, r.who) {
			t.Errorf("no fixture shows what %s may not import", r.who)
		}
	}
}

func TestASpoiledTableIsRefused(t *testing.T) {
	t.Parallel()
	const techs = "\n| Import | Only in | Why |\n|---|---|---|\n| `net/http` | `a` | r |\n"
	const head = "\n## Imports\n\n| Who | Packages | May import | Why |\n|---|---|---|---|\n"
	for name, doc := range map[string]string{
		"no section":    "# x\n",
		"no tables":     "\n## Imports\n\ntext\n",
		"one table":     head + "| a | `a` | own | r |\n",
		"no reason":     head + "| a | `a` | own |  |\n" + techs,
		"no packages":   head + "| a | a | own | r |\n" + techs,
		"unknown group": head + "| a | `a` | b | r |\n" + techs,
		"taken name":    head + "| a | `a` | own | r |\n| a | `b` | own | r |\n" + techs,
		"missing cell":  head + "| a | `a` | own |\n" + techs,
		"tech reason":   head + "| a | `a` | own | r |\n" + techs[:len(techs)-4] + " |\n",
	} {
		if _, err := parseTable(doc); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := parseTable(head + "| a | `a` | own | r |\n" + techs); err != nil {
		t.Errorf("a sound table was refused: %v", err)
	}
}

func realTable(t *testing.T) *table {
	t.Helper()
	text, err := os.ReadFile("../../" + document)
	if err != nil {
		t.Fatal(err)
	}
	table, err := parseTable(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func treeOf(t *testing.T, file, imported string) *source.Tree {
	t.Helper()
	text := "package " + path.Base(path.Dir(file)) + "\n\nimport _ \"" + imported + "\"\n"
	tree, err := source.Load(fstest.MapFS{file: {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
