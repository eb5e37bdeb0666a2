package main

import (
	"fmt"
	"strings"
)

// check reads all texts of the package.
func (p *pkg) check(declared map[string]table, r *result) {
	kind, module := kindOf(p.dir)
	for _, t := range p.texts() {
		if kind == noStore {
			if beginsAnywhere.MatchString(t.sql) {
				r.add(t, "SQL outside a store: move it to the module's <noun>db")
			}
			continue
		}
		if !begins.MatchString(t.sql) {
			continue
		}
		r.statements++
		if t.loose && kind != apart {
			r.add(t, "a value is joined where only a list of marks may be: the statement "+
				"cannot be read")
		}
		checkText(t, kind, module, declared, r)
	}
	if kind == noStore || kind == apart {
		return
	}
	for _, t := range p.appended() {
		r.add(t, "a statement grows by +=: write each of its forms as one constant")
	}
}

func (r *result) add(t text, format string, args ...any) {
	r.found = append(r.found, fmt.Sprintf("%s:%d: %s", t.file.Path, t.file.Line(t.pos),
		fmt.Sprintf(format, args...)))
}

func checkText(t text, kind store, module string, declared map[string]table, r *result) {
	reader := reader{made: map[string]bool{}}
	tree := parse(t.sql)
	for _, one := range split(tree, ";") {
		reader.statement(one, nil)
	}
	if strings.Contains(t.sql, "any organization:") && !reason.MatchString(t.sql) {
		r.add(t, "the comment must read /* any organization: reason */")
	}
	for _, u := range reader.uses {
		d, known := declared[strings.ToLower(u.table)]
		switch {
		case reader.made[strings.ToLower(u.table)]:
		case kind == apart && known:
			r.add(t, "table %s belongs to module %s: %s has tables of its own", u.table,
				d.module, t.file.Dir)
		case kind == apart:
		case !known:
			r.add(t, "table %s is declared in no migration", u.table)
		case kind == ofAll && u.write:
			r.add(t, "%s only reads, and this changes table %s", t.file.Dir, u.table)
		case kind == ofModule && d.module != module:
			r.add(t, "table %s belongs to module %s: ask it through a port", u.table, d.module)
		case d.scope == "tenant" && u.moved:
			r.add(t, "rows of table %s are given to another organization", u.table)
		case d.scope == "tenant" && u.insert && !u.bound:
			// No reason excuses this one: a row without an owner is nobody's.
			r.add(t, "rows of table %s come in without organization_id", u.table)
		case d.scope == "tenant" && !u.bound && !reason.MatchString(t.sql):
			r.add(t, "table %s is a tenant's: name organization_id = ?, or say why not in "+
				"/* any organization: reason */", u.table)
		}
	}
}
