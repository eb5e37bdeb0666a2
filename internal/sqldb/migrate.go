package sqldb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/go-sql-driver/mysql"

	"foyer/internal/fault"
	"foyer/internal/sqldb/migrations"
)

// ErrNewerDatabase is returned by Migrate and CheckSchema when the database was written by
// a newer release; nothing is touched then.
var ErrNewerDatabase = fault.Define(fault.Unavailable, "database_newer",
	"数据库由更新的版本创建", "The database was made by a newer release of Foyer.",
	"Start the release that made it, or restore a copy made by this one.")

// suffix is the one placeholder of a migration's text.
var suffix = map[Engine]string{
	SQLite: "WITHOUT ROWID",
	MySQL:  "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
}

// Step is one statement of one migration file.
type Step struct {
	File   string
	Number int
	SQL    string
	Digest string
}

// Steps are all steps of this release in order, with the engine's table suffix in place.
func Steps(e Engine) ([]Step, error) {
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return nil, err
	}
	var steps []Step
	for _, name := range names {
		text, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			return nil, err
		}
		for i, stmt := range statements(string(text)) {
			sum := sha256.Sum256([]byte(stmt))
			steps = append(steps, Step{File: name, Number: i + 1,
				SQL:    strings.ReplaceAll(stmt, "{{suffix}}", suffix[e]),
				Digest: hex.EncodeToString(sum[:8])})
		}
	}
	return steps, nil
}

// statements cuts a file at semicolons that end a line, leaving comments out.
func statements(text string) []string {
	var list []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "--") {
			continue
		}
		if end, ok := strings.CutSuffix(trimmed, ";"); ok {
			b.WriteString(end)
			list = append(list, b.String())
			b.Reset()
			continue
		}
		b.WriteString(trimmed + "\n")
	}
	return list
}

const schemaTable = `CREATE TABLE IF NOT EXISTS schema_step (
	file VARCHAR(100) NOT NULL,
	step INT NOT NULL,
	digest VARCHAR(16) NOT NULL,
	applied_at BIGINT NOT NULL,
	PRIMARY KEY (file, step)) `

// Migrate brings the schema to this release, one statement a step, each noted once done,
// so that a broken run goes on where it stopped. Refused with ErrNewerDatabase.
// progress may be nil.
func (db *DB) Migrate(ctx context.Context, progress func(done, total int)) error {
	if _, err := db.write.ExecContext(ctx, schemaTable+suffix[db.Engine]); err != nil {
		return err
	}
	todo, total, err := db.pending(ctx)
	if err != nil {
		return err
	}
	for i, s := range todo {
		if err := db.apply(ctx, s); err != nil {
			return fmt.Errorf("migration %s step %d: %w", s.File, s.Number, err)
		}
		if progress != nil {
			progress(total-len(todo)+i+1, total)
		}
	}
	return nil
}

func (db *DB) apply(ctx context.Context, s Step) error {
	if _, err := db.write.ExecContext(ctx, s.SQL); err != nil && !alreadyThere(err) {
		return err
	}
	_, err := db.write.ExecContext(ctx,
		`INSERT INTO schema_step (file, step, digest, applied_at) VALUES (?, ?, ?, ?)`,
		s.File, s.Number, s.Digest, db.clk.Now().UnixMilli())
	return err
}

// alreadyThere is the mark of a run that died between a statement and its note.
func alreadyThere(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1050 || m.Number == 1061 || m.Number == 1060
	}
	text := err.Error()
	return strings.Contains(text, "already exists") ||
		strings.Contains(text, "duplicate column name")
}

// CheckSchema refuses to run on a schema that is not exactly this release's.
func (db *DB) CheckSchema(ctx context.Context) error {
	todo, _, err := db.pending(ctx)
	if err != nil {
		return err
	}
	if len(todo) > 0 {
		return fmt.Errorf("sqldb: %d migration steps are due; run `foyer migrate`", len(todo))
	}
	return nil
}

func (db *DB) pending(ctx context.Context) (todo []Step, total int, err error) {
	steps, err := Steps(db.Engine)
	if err != nil {
		return nil, 0, err
	}
	applied, err := db.appliedSteps(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, s := range steps {
		key := fmt.Sprintf("%s/%d", s.File, s.Number)
		digest, ok := applied[key]
		if !ok {
			todo = append(todo, s)
			continue
		}
		if digest != s.Digest {
			return nil, 0, fmt.Errorf("sqldb: %s was edited after it was applied", key)
		}
		delete(applied, key)
	}
	if len(applied) > 0 {
		return nil, 0, ErrNewerDatabase.With("steps", len(applied))
	}
	return todo, len(steps), nil
}

func (db *DB) appliedSteps(ctx context.Context) (map[string]string, error) {
	rows, err := db.write.QueryContext(ctx, `SELECT file, step, digest FROM schema_step`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	applied := map[string]string{}
	for rows.Next() {
		var file, digest string
		var step int
		if err := rows.Scan(&file, &step, &digest); err != nil {
			return nil, err
		}
		applied[fmt.Sprintf("%s/%d", file, step)] = digest
	}
	return applied, rows.Err()
}

// Tenancy says whose rows a table holds.
type Tenancy string

const (
	// Tenant rows belong to one organization: every statement on the table names
	// organization_id.
	Tenant Tenancy = "tenant"
	// Child rows hang below one tenant row and are reached by its key alone, which was
	// checked when the row above was read (claims of a session, lines of an order).
	Child Tenancy = "child"
	// Installation rows belong to the whole installation (members, journal, jobs).
	Installation Tenancy = "installation"
	// Public rows may be read by anybody.
	Public Tenancy = "public"
)

// Table is the declaration that stands above each CREATE TABLE:
//
//	-- table claim: module seating; scope child
type Table struct {
	Name, Module string
	Scope        Tenancy
}

var declaration = regexp.MustCompile(`(?m)^-- table (\w+): module (\w+); scope (\w+)$`)

// Tables are the declarations of all migrations, for the tenancy check and the doctor.
func Tables() ([]Table, error) {
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return nil, err
	}
	var list []Table
	for _, name := range names {
		text, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			return nil, err
		}
		for _, m := range declaration.FindAllStringSubmatch(string(text), -1) {
			list = append(list, Table{Name: m[1], Module: m[2], Scope: Tenancy(m[3])})
		}
	}
	return list, nil
}
