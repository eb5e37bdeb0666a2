package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

// schemaOf is every table and index of a database, as the engine describes them.
func schemaOf(t *testing.T, db *sqldb.DB) string {
	t.Helper()
	query := `SELECT type, name, COALESCE(sql, '') FROM sqlite_master ORDER BY type, name`
	if db.Engine == sqldb.MySQL {
		query = `SELECT table_name, column_name, CONCAT(ordinal_position, ' ', column_type, ' ',
			is_nullable, ' ', column_key) FROM information_schema.columns
			WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position`
	}
	rows, err := db.Query(context.Background(), query)
	list, err := sqldb.Collect(rows, err, func(rows *sql.Rows) (string, error) {
		var a, b, c string
		err := rows.Scan(&a, &b, &c)
		return a + " " + b + " " + c, err
	})
	if err != nil || len(list) < 50 {
		t.Fatalf("%d lines (%v)", len(list), err)
	}
	return strings.Join(list, "\n")
}

func openEmpty(t *testing.T) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(sqldb.Config{Path: filepath.Join(t.TempDir(), "f.db"), Unsafe: true},
		clock.Real{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// A run that broke off anywhere, between a statement and its note or between two steps, is
// taken up where it stopped and ends in the schema of a fresh database.
func TestABrokenMigrationGoesOnToTheFreshSchema(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		fresh := schemaOf(t, db)
		steps, err := sqldb.Steps(db.Engine)
		if err != nil {
			t.Fatal(err)
		}
		for _, left := range []int{len(steps) - 1, len(steps) / 2, 3} {
			for _, s := range steps[left:] { // their statements ran, their notes are lost
				if err := db.InTx(ctx, func(tx *sqldb.Tx) error {
					_, err := tx.Exec(`DELETE FROM schema_step WHERE file = ? AND step = ?`,
						s.File, s.Number)
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			if err := db.CheckSchema(ctx); err == nil {
				t.Fatal("a half migrated schema passes")
			}
			var last, total int
			if err := db.Migrate(ctx, func(done, of int) { last, total = done, of }); err != nil {
				t.Fatal(err)
			}
			if last != len(steps) || total != len(steps) {
				t.Fatalf("progress ended at %d of %d", last, total)
			}
			if got := schemaOf(t, db); got != fresh {
				t.Fatalf("another schema:\n%s\nfresh:\n%s", got, fresh)
			}
		}
		if err := db.CheckSchema(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

// Applying the steps one at a time, with a restart between any two, is the same again.
func TestStepByStepIsTheFreshSchema(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	fresh := openEmpty(t)
	if err := fresh.Migrate(ctx, nil); err != nil {
		t.Fatal(err)
	}
	slow := openEmpty(t)
	steps, err := sqldb.Steps(sqldb.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps[:len(steps)/2] {
		if err := slow.InTx(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(s.SQL)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := slow.Migrate(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if a, b := schemaOf(t, slow), schemaOf(t, fresh); a != b {
		t.Fatalf("%s\n\n%s", a, b)
	}
}

func TestANewerOrEditedDatabaseIsRefusedUntouched(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		before := schemaOf(t, db)
		change := func(query string) {
			if err := db.InTx(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(query)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		change(`INSERT INTO schema_step (file, step, digest, applied_at)
			VALUES ('9999_later.sql', 1, 'x', 1)`)
		change(`DELETE FROM schema_step WHERE file = '0001_journal.sql' AND step = 2`)
		for what, err := range map[string]error{"Migrate": db.Migrate(ctx, nil),
			"CheckSchema": db.CheckSchema(ctx)} {
			if !errors.Is(err, sqldb.ErrNewerDatabase) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if schemaOf(t, db) != before {
			t.Error("the newer database was touched")
		}
		change(`DELETE FROM schema_step WHERE file = '9999_later.sql'`)
		if err := db.Migrate(ctx, nil); err != nil {
			t.Fatal(err)
		}
		change(`UPDATE schema_step SET digest = 'x' WHERE file = '0001_journal.sql' AND step = 1`)
		if err := db.Migrate(ctx, nil); err == nil || !strings.Contains(err.Error(), "edited") {
			t.Errorf("an edited step: %v", err)
		}
	})
}

// Every table says which module it belongs to and whose rows it holds; a tenant table has
// the column that every statement on it must name.
func TestEveryTableIsDeclared(t *testing.T) {
	t.Parallel()
	tables, err := sqldb.Tables()
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]sqldb.Tenancy{}
	for _, d := range tables {
		declared[d.Name] = d.Scope
	}
	steps, err := sqldb.Steps(sqldb.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		rest, ok := strings.CutPrefix(s.SQL, "CREATE TABLE IF NOT EXISTS ")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, " ")
		scope, ok := declared[name]
		if !ok {
			t.Errorf("%s: table %s is not declared", s.File, name)
		}
		if scope == sqldb.Tenant && !strings.Contains(s.SQL, "organization_id") {
			t.Errorf("%s: tenant table %s has no organization_id", s.File, name)
		}
		delete(declared, name)
	}
	if len(declared) > 0 {
		t.Errorf("declared and not there: %v", fmt.Sprint(declared))
	}
}
