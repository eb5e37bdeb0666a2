package main

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
)

// migrations is where the tables are declared.
const migrations = "internal/sqldb/migrations"

// table is one declaration: `-- table claim: module seating; scope child`.
type table struct{ module, scope string }

var (
	declaration = regexp.MustCompile(`(?m)^-- table (\w+): module (\w+); scope (\w+)$`)
	creation    = regexp.MustCompile(`(?im)^\s*CREATE TABLE (?:IF NOT EXISTS )?(\w+)([^;]*);`)
	owned       = regexp.MustCompile(`(?m)^\s*organization_id\s`)
	scopes      = []string{"tenant", "child", "installation", "public"}
)

// declarations reads the tables of all migrations, and lists those that are created without
// a declaration, declared without being created, or declared a tenant's without the column.
func declarations(root fs.FS) (map[string]table, []string, error) {
	names, err := fs.Glob(root, migrations+"/*.sql")
	if err != nil {
		return nil, nil, err
	}
	declared, created := map[string]table{}, map[string]bool{}
	var found []string
	for _, name := range names {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return nil, nil, err
		}
		file := path.Base(name)
		for _, m := range declaration.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(scopes, m[3]) {
				found = append(found, fmt.Sprintf("%s: table %s: there is no scope %s",
					file, m[1], m[3]))
			}
			declared[m[1]] = table{module: m[2], scope: m[3]}
		}
		for _, m := range creation.FindAllStringSubmatch(string(text), -1) {
			created[m[1]] = true
			t, ok := declared[m[1]]
			switch {
			case !ok:
				found = append(found, fmt.Sprintf("%s: table %s has no declaration above it",
					file, m[1]))
			case t.scope == "tenant" && !owned.MatchString(m[2]):
				found = append(found, fmt.Sprintf("%s: table %s is a tenant's and has no "+
					"organization_id", file, m[1]))
			}
		}
	}
	for name := range declared {
		if !created[name] {
			found = append(found, fmt.Sprintf("table %s is declared and never created", name))
		}
	}
	return declared, found, nil
}
