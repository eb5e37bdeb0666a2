package main

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestEveryStatementOfTheTreeKeepsToItsTables(t *testing.T) {
	t.Parallel()
	r, err := run(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if r.statements < 200 || r.tables < 40 {
		t.Fatalf("read %d statements on %d tables: this is not the tree", r.statements, r.tables)
	}
	for _, f := range r.found {
		t.Error(f)
	}
}

const declaredTables = `
-- table orders: module order; scope tenant
CREATE TABLE orders (
  id BIGINT NOT NULL PRIMARY KEY,
  organization_id BIGINT NOT NULL,
  state VARCHAR(9) NOT NULL
);
-- table snapshot: module order; scope tenant
CREATE TABLE snapshot (
  id BIGINT NOT NULL PRIMARY KEY,
  organization_id BIGINT NOT NULL
);
-- table order_line: module order; scope child
CREATE TABLE order_line (order_id BIGINT NOT NULL);
-- table job: module journal; scope installation
CREATE TABLE job (id BIGINT NOT NULL);
-- table ticket: module ticket; scope tenant
CREATE TABLE ticket (
  id BIGINT NOT NULL PRIMARY KEY,
  organization_id BIGINT NOT NULL
);
`

// statements are fixtures in orderdb: a Go expression, and a piece of what is said of it,
// or nothing where it is sound.
var statements = []struct{ name, expr, want string }{
	{"bound", "`SELECT id FROM orders WHERE organization_id = ? AND id = ?`", ""},
	{"unbound", "`SELECT id FROM orders WHERE id = ?`", "table orders is a tenant's"},
	{"lower case", "`select id from orders where id = ?`", "table orders is a tenant's"},
	{"a list", "`SELECT id FROM orders WHERE organization_id IN (?, ?)`", ""},
	{"no condition", "`SELECT COUNT(*) FROM orders`", "a tenant's"},
	{"only read", "`SELECT organization_id FROM orders WHERE id = ?`", "a tenant's"},
	{"ordered by", "`SELECT id FROM orders WHERE id = ? ORDER BY organization_id`", "a tenant's"},
	{"literal", "`SELECT id FROM orders WHERE organization_id = 7`", "a tenant's"},
	{"by itself", "`SELECT id FROM orders WHERE organization_id = organization_id`",
		"a tenant's"},
	{"not", "`SELECT id FROM orders WHERE NOT organization_id = ?`", "a tenant's"},
	{"other than", "`SELECT id FROM orders WHERE organization_id <> ?`", "a tenant's"},
	{"or", "`SELECT id FROM orders WHERE organization_id = ? OR id = ?`", "a tenant's"},
	{"or in a group", "`SELECT id FROM orders WHERE organization_id = ? AND (id = ? OR id = 1)`",
		""},
	{"grouped", "`SELECT id FROM orders WHERE (organization_id = ? AND id = ?)`", ""},
	{"in a comment", "`SELECT id FROM orders WHERE id = ? /* organization_id = ? */`",
		"a tenant's"},
	{"in a text", "`SELECT id FROM orders WHERE state = 'organization_id = ?'`", "a tenant's"},
	{"with a reason", "`SELECT id FROM orders WHERE id = ? /* any organization: expiry */`", ""},
	{"with no reason", "`SELECT id FROM orders WHERE id = ? /* any organization: */`",
		"must read"},
	{"joined constants", "`SELECT ` + columns + ` FROM orders WHERE id = ?`", "a tenant's"},
	{"constant of constants", "selectAll + ` AND id = ?`", ""},
	{"constant without it", "selectBare + ` AND id = ?`", "a tenant's"},
	{"update", "`UPDATE orders SET state = ? WHERE organization_id = ? AND id = ?`", ""},
	{"update unbound", "`UPDATE orders SET state = ? WHERE id = ?`", "a tenant's"},
	{"update bound in SET", "`UPDATE orders SET organization_id = ? WHERE id = ?`",
		"given to another"},
	{"update that moves", "`UPDATE orders SET organization_id = ? WHERE organization_id = ?`",
		"given to another"},
	{"update of all", "`UPDATE orders SET state = 'x'`", "a tenant's"},
	{"delete", "`DELETE FROM orders WHERE organization_id = ? AND id = ?`", ""},
	{"delete unbound", "`DELETE FROM orders WHERE id = ?`", "a tenant's"},
	{"delete of all", "`DELETE FROM orders`", "a tenant's"},
	{"insert", "`INSERT INTO orders (id, organization_id) VALUES (?, ?)`", ""},
	{"insert without", "`INSERT INTO orders (id) VALUES (?)`", "come in without"},
	{"insert without, excused", "`INSERT INTO orders (id) VALUES (?) /* any organization: x */`",
		"come in without"},
	{"insert of no columns", "`INSERT INTO orders VALUES (?, ?)`", "come in without"},
	{"insert of rows", "`INSERT INTO orders (id, organization_id) VALUES ` + sqldb.Values(n, 2)",
		""},
	{"insert of a query", "`INSERT INTO orders (id, organization_id) SELECT id, ? FROM orders`",
		"a tenant's"},
	{"child", "`SELECT order_id FROM order_line WHERE order_id = ?`", ""},
	{"join by value", "`SELECT o.id FROM orders o JOIN order_line l ON l.order_id = o.id " +
		"WHERE o.organization_id = ?`", ""},
	{"join unbound", "`SELECT o.id FROM orders o JOIN order_line l ON l.order_id = o.id`",
		"table orders is a tenant's"},
	{"join, the other unbound", "`SELECT o.id FROM orders o JOIN snapshot s ON s.id = o.id " +
		"WHERE o.organization_id = ?`", "table snapshot is a tenant's"},
	{"join bound through", "`SELECT o.id FROM orders o LEFT JOIN snapshot AS s ON s.id = o.id " +
		"AND s.organization_id = o.organization_id WHERE o.organization_id = ?`", ""},
	{"joined in a circle", "`SELECT o.id FROM orders o JOIN snapshot s " +
		"ON s.organization_id = o.organization_id`", "table orders is a tenant's"},
	{"two without names", "`SELECT o.id FROM orders o, snapshot s WHERE organization_id = ?`",
		"table orders is a tenant's"},
	{"inner query", "`SELECT order_id FROM order_line WHERE order_id IN " +
		"(SELECT id FROM orders)`", "table orders is a tenant's"},
	{"inner query, bound outside", "`SELECT id FROM orders o WHERE o.organization_id = ? " +
		"AND EXISTS (SELECT 1 FROM snapshot s WHERE s.organization_id = o.organization_id)`", ""},
	{"inner query alone", "`SELECT id FROM orders WHERE organization_id = ? AND id IN " +
		"(SELECT id FROM snapshot WHERE id = ?)`", "table snapshot is a tenant's"},
	{"union", "`SELECT id FROM orders WHERE organization_id = ? UNION ALL " +
		"SELECT id FROM snapshot WHERE id = ?`", "table snapshot is a tenant's"},
	{"with", "`WITH a AS (SELECT id FROM orders WHERE organization_id = ?) SELECT id FROM a`",
		""},
	{"with unbound", "`WITH a AS (SELECT id FROM orders) SELECT id FROM a`", "a tenant's"},
	{"a list of marks", "`SELECT id FROM orders WHERE organization_id = ? AND id IN (` + m + `)`",
		""},
	{"a value joined", "`SELECT id FROM orders WHERE organization_id = ? AND ` + m",
		"cannot be read"},
	{"another's table", "`SELECT id FROM ticket WHERE organization_id = ?`",
		"belongs to module ticket"},
	{"another's table inside", "`SELECT order_id FROM order_line WHERE order_id IN " +
		"(SELECT id FROM job)`", "belongs to module journal"},
	{"no such table", "`SELECT id FROM basket`", "declared in no migration"},
	{"made here", "`CREATE TABLE basket (id BIGINT)`", "declared in no migration"},
	{"a second statement", "`SELECT order_id FROM order_line; DELETE FROM orders`",
		"table orders is a tenant's"},
	{"not a statement", "`with the order`", ""},
}

func TestEveryKindOfStatementIsJudged(t *testing.T) {
	t.Parallel()
	for _, c := range statements {
		src := "package orderdb\n\nimport \"foyer/internal/sqldb\"\n\n" +
			"const columns = `id, state`\n" +
			"const selectAll = `SELECT ` + columns + ` FROM orders WHERE organization_id = ?`\n" +
			"const selectMine = selectBare + ` WHERE organization_id = ?`\n" +
			"const selectBare = `SELECT id FROM orders`\n\n" +
			"func f(n int, m string) string { return " + c.expr + " }\n"
		found := look(t, "internal/order/orderdb/a.go", src, declaredTables)
		if (c.want == "") != (found == "") || !strings.Contains(found, c.want) {
			t.Errorf("%s: %q, want %q", c.name, found, c.want)
		}
	}
}

// places are fixtures of where SQL stands: a folder, a text, and what is said of it.
var places = []struct{ dir, sql, want string }{
	{"internal/order", "SELECT id FROM orders WHERE organization_id = ?", "outside a store"},
	{"internal/order", "delete from orders where id = ?", "outside a store"},
	{"internal/order", "Select a seat from the map", ""},
	{"internal/app", "INSERT INTO job (id) VALUES (?)", "outside a store"},
	{"internal/order/otherdb", "SELECT id FROM job WHERE id = 1", "outside a store"},
	{"internal/order/ordertest", "DELETE FROM orders", ""},
	{"test/crash", "DELETE FROM orders", ""},
	{"internal/doctor/doctordb", "SELECT id FROM job", ""},
	{"internal/doctor/doctordb", "SELECT id FROM ticket", "a tenant's"},
	{"internal/doctor/doctordb", "DELETE FROM job", "only reads"},
	{"internal/sqldb", "SELECT id FROM schema_step", ""},
	{"internal/sqldb", "SELECT id FROM job", "has tables of its own"},
	{"internal/sandboxbank/bankdb", "UPDATE bank_payment SET state = ?", ""},
	{"internal/sandboxbank/bankdb", "UPDATE orders SET state = ?", "has tables of its own"},
}

func TestSQLStandsInItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range places {
		src := "package p\n\nconst statement = `" + c.sql + "`\n"
		found := look(t, c.dir+"/a.go", src, declaredTables)
		if (c.want == "") != (found == "") || !strings.Contains(found, c.want) {
			t.Errorf("%s: %s: %q, want %q", c.dir, c.sql, found, c.want)
		}
	}
}

func TestAGrowingStatementIsRefused(t *testing.T) {
	t.Parallel()
	src := "package orderdb\n\nfunc f(all bool) string {\n" +
		"\tq := `SELECT order_id FROM order_line`\n\tif !all {\n\t\tq += ` WHERE order_id = ?`\n" +
		"\t}\n\treturn q\n}\n"
	found := look(t, "internal/order/orderdb/a.go", src, declaredTables)
	if !strings.Contains(found, "a.go:6: a statement grows by +=") {
		t.Errorf("found %q", found)
	}
}

func TestAConstantThatOnlyBeginsStatementsIsReadInThem(t *testing.T) {
	t.Parallel()
	src := "package orderdb\n\nconst all = `SELECT id FROM orders`\n" +
		"const mine = all + ` WHERE organization_id = ?`\n"
	if found := look(t, "internal/order/orderdb/a.go", src, declaredTables); found != "" {
		t.Errorf("found %q", found)
	}
	src += "\nfunc f() string { return all }\n"
	if found := look(t, "internal/order/orderdb/a.go", src, declaredTables); found == "" {
		t.Error("the same constant used by itself passed")
	}
}

func TestDeclarationsAreHeldToTheTables(t *testing.T) {
	t.Parallel()
	for want, sql := range map[string]string{
		"has no declaration":     "CREATE TABLE a (id INT);",
		"there is no scope mine": "-- table a: module a; scope mine\nCREATE TABLE a (id INT);",
		"has no organization_id": "-- table a: module a; scope tenant\nCREATE TABLE a (id INT);",
		"never created":          "-- table a: module a; scope child\n",
	} {
		if found := look(t, "internal/a/a.go", "package a\n", sql); !strings.Contains(found, want) {
			t.Errorf("%q, want %q", found, want)
		}
	}
}

func look(t *testing.T, file, src, sql string) string {
	t.Helper()
	r, err := run(fstest.MapFS{
		file:                       {Data: []byte(src)},
		migrations + "/0001_a.sql": {Data: []byte(sql)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(r.found, "\n")
}
