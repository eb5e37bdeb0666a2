// Package sqldbtest gives each test a database of its own, on each engine.
package sqldbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"foyer/internal/clock"
	"foyer/internal/sqldb"
)

// MySQLEnv names the variable that holds the data source of a private MariaDB; `make test`
// starts one and sets it. Without it only SQLite runs, and Each says so.
const MySQLEnv = "FOYER_TEST_MYSQL"

// Start is where a test's fake clock stands at first: a Sunday noon in Shanghai.
var Start = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

// Open is a migrated SQLite database in the test's own folder, closed with the test.
func Open(t testing.TB, clk clock.Clock) *sqldb.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "foyer.db")
	return open(t, clk, sqldb.Config{Path: path, Unsafe: true})
}

// Each runs fn as a subtest on every engine at hand, each with a fresh migrated database.
func Each(t *testing.T, clk func() clock.Clock, fn func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	each(t, func(t *testing.T, open func(clock.Clock) *sqldb.DB) { fn(t, open(clk())) })
}

// EachFake is Each with a fake clock of its own for every database, standing at Start.
func EachFake(t *testing.T, fn func(t *testing.T, db *sqldb.DB, clk *clock.Fake)) {
	t.Helper()
	each(t, func(t *testing.T, open func(clock.Clock) *sqldb.DB) {
		clk := clock.NewFake(Start)
		fn(t, open(clk), clk)
	})
}

func each(t *testing.T, fn func(t *testing.T, open func(clock.Clock) *sqldb.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, func(clk clock.Clock) *sqldb.DB { return Open(t, clk) })
	})
	dsn := os.Getenv(MySQLEnv)
	if dsn == "" {
		t.Logf("%s is not set: SQLite only; `make test` runs both", MySQLEnv)
		return
	}
	t.Run("mysql", func(t *testing.T) {
		t.Parallel()
		fn(t, func(clk clock.Clock) *sqldb.DB {
			return open(t, clk, sqldb.Config{DSN: freshMySQL(t, dsn)})
		})
	})
}

func open(t testing.TB, clk clock.Clock, cfg sqldb.Config) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(cfg, clk, slog.New(slog.NewTextHandler(logTo(t), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	return db
}

// freshMySQL makes a database for the test and drops it afterwards.
func freshMySQL(t testing.TB, dsn string) string {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 6)
	rand.Read(b)
	name := "t_" + hex.EncodeToString(b)
	admin, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec("CREATE DATABASE " + name +
		" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin.Exec("DROP DATABASE " + name)
		admin.Close()
	})
	cfg.DBName = name
	return cfg.FormatDSN()
}

func logTo(t testing.TB) io.Writer {
	if testing.Verbose() {
		return t.Output()
	}
	return io.Discard
}

// Again opens the same database once more, as a second process would.
func Again(t testing.TB, db *sqldb.DB, clk clock.Clock) *sqldb.DB {
	t.Helper()
	again, err := sqldb.Open(db.Config(), clk, slog.New(slog.NewTextHandler(logTo(t), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	return again
}
