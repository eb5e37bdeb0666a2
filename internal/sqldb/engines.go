package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
)

// openSQLite opens one writer connection and a pool of readers on the same file, in WAL
// mode with synchronous=FULL, and reads the setting back: with NORMAL a power cut loses
// acknowledged orders.
// writeCache is the writer's page cache: 16 MB. After a commit in which a tree was balanced
// SQLite looks at every page that it remembers (the balance borrows the number of the lock
// page, and what lies behind the end of the file is forgotten), so more costs each commit.
const writeCache = "cache_size(-16384)"

func (db *DB) openSQLite() error {
	db.Engine = SQLite
	sync := "FULL"
	if db.cfg.Unsafe {
		sync = "OFF"
	}
	base := "file:" + (&url.URL{Path: db.cfg.Path}).EscapedPath() + "?"
	pragmas := func(list ...string) string {
		v := url.Values{}
		for _, p := range list {
			v.Add("_pragma", p)
		}
		return v.Encode()
	}
	var err error
	db.write, err = sql.Open("sqlite", base+pragmas("journal_mode(WAL)",
		"synchronous("+sync+")", "busy_timeout(5000)", "wal_autocheckpoint(0)",
		writeCache, "temp_store(MEMORY)", "foreign_keys(OFF)"))
	if err != nil {
		return err
	}
	db.write.SetMaxOpenConns(2) // the writer's own and the checkpointer's
	if err := db.checkPragmas(); err != nil {
		db.write.Close()
		return err
	}
	db.read, err = sql.Open("sqlite", base+pragmas("query_only(1)", "busy_timeout(5000)",
		"cache_size(-16384)", "temp_store(MEMORY)"))
	if err != nil {
		return err
	}
	db.read.SetMaxOpenConns(db.cfg.Readers)
	db.read.SetMaxIdleConns(db.cfg.Readers)
	return nil
}

func (db *DB) checkPragmas() error {
	var mode string
	var sync int
	if err := db.write.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil {
		return fmt.Errorf("open %s: %w", db.cfg.Path, err)
	}
	if err := db.write.QueryRow("PRAGMA synchronous").Scan(&sync); err != nil {
		return err
	}
	if mode != "wal" || (sync != 2 && !db.cfg.Unsafe) {
		return fmt.Errorf("sqldb: %s runs journal_mode=%s synchronous=%d; need wal and 2 (FULL)",
			db.cfg.Path, mode, sync)
	}
	return nil
}

// openMySQL opens the same two sides over the MySQL protocol. Strict mode and UTC are part
// of every connection and READ COMMITTED of the writer's (see begin; the variable's name
// differs between MySQL and MariaDB), so that a server's defaults cannot change meaning;
// clientFoundRows makes rows affected mean rows matched, as on SQLite.
func (db *DB) openMySQL() error {
	db.Engine = MySQL
	cfg, err := mysql.ParseDSN(db.cfg.DSN)
	if err != nil {
		return fmt.Errorf("sqldb: data source: %w", err)
	}
	cfg.ClientFoundRows = true
	cfg.InterpolateParams = true
	cfg.Loc = time.UTC
	cfg.Collation = "utf8mb4_bin"
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["sql_mode"] = "'STRICT_ALL_TABLES,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO," +
		"NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY'"
	cfg.Params["time_zone"] = "'+00:00'"
	conn, err := mysql.NewConnector(cfg)
	if err != nil {
		return err
	}
	db.write, db.read = sql.OpenDB(conn), sql.OpenDB(conn)
	db.write.SetMaxOpenConns(2)
	db.read.SetMaxOpenConns(db.cfg.Readers)
	db.read.SetMaxIdleConns(db.cfg.Readers)
	return db.write.Ping()
}

// IsDuplicate says whether a statement failed because a unique key already stands.
func IsDuplicate(err error) bool {
	var s *sqlite.Error
	if errors.As(err, &s) {
		return s.Code() == 1555 || s.Code() == 2067 // PRIMARYKEY, UNIQUE
	}
	var m *mysql.MySQLError
	return errors.As(err, &m) && m.Number == 1062
}

// isUnpreparable says whether the server takes the statement as text only, as MySQL 8 does
// with savepoints.
func isUnpreparable(err error) bool {
	var m *mysql.MySQLError
	return errors.As(err, &m) && m.Number == 1295
}

// isTransient says whether the same work may succeed when it is simply done again.
func isTransient(err error) bool {
	var s *sqlite.Error
	if errors.As(err, &s) {
		return s.Code()&0xff == 5 || s.Code()&0xff == 6 // BUSY, LOCKED
	}
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1213 || m.Number == 1205
	}
	return errors.Is(err, mysql.ErrInvalidConn)
}

// isFailedSync says whether SQLite could not fsync: SQLITE_IOERR_FSYNC or _DIR_FSYNC.
func isFailedSync(err error) bool {
	var s *sqlite.Error
	return errors.As(err, &s) && (s.Code() == 1034 || s.Code() == 1290)
}

// checkpoint moves the write-ahead log into the file beside the writer, never inside a
// batch, every 250 ms once it has 1,000 pages. What was written meanwhile is left over, and
// the log begins anew only when nothing is: so beyond finishAt pages the writer moves the
// little that is left itself, between two batches. Once the file passes 64 MiB all the same,
// it is cut, which stops the writer for longer.
func (db *DB) checkpoint(ctx context.Context) {
	var truncated time.Time
	for {
		tick, stop := db.clk.After(250 * time.Millisecond)
		select {
		case <-ctx.Done():
			stop()
			return
		case <-tick:
		}
		size := db.walBytes()
		if size < 4<<20 {
			continue
		}
		pages, err := db.moveWAL(ctx)
		if err != nil && ctx.Err() == nil {
			db.log.Warn("checkpoint failed", "error", err)
		}
		if pages >= finishAt {
			db.writer.moveRest.Store(true)
		}
		if now := db.clk.Now(); size > 64<<20 && now.Sub(truncated) >= truncateEvery {
			truncated = now
			db.writer.truncate.Store(true)
		}
		if size > 256<<20 {
			db.log.Error("write-ahead log is too large", "bytes", size)
		}
	}
}

const (
	// finishAt is how many pages of the log are worth a moment of the writer.
	finishAt = 3000
	// truncateEvery spares the writer from trying again and again while a backup reads.
	truncateEvery = 5 * time.Second
	// truncateWait is the longest that the writer stands still for a reader to end.
	truncateWait = "PRAGMA busy_timeout(20)"
	usualWait    = "PRAGMA busy_timeout(5000)"
)

// truncateWAL empties the log between two batches. A reader that is still in it keeps it
// as it is: the next try comes later.
func (db *DB) truncateWAL(ctx context.Context) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, truncateWait); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	_, back := conn.ExecContext(context.WithoutCancel(ctx), usualWait)
	return errors.Join(err, back)
}

// moveWAL moves what it can of the log and says how many pages the log has.
func (db *DB) moveWAL(ctx context.Context) (pages int, err error) {
	var busy, moved int
	err = db.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &pages,
		&moved)
	return pages, err
}

// walBytes is the size of the write-ahead log; 0 when there is none.
func (db *DB) walBytes() int64 {
	st, err := os.Stat(strings.TrimPrefix(db.cfg.Path, "file:") + "-wal")
	if err != nil {
		return 0
	}
	return st.Size()
}

// WALBytes is the size of SQLite's write-ahead log, for the figures page.
func (db *DB) WALBytes() int64 {
	if db.Engine != SQLite {
		return 0
	}
	return db.walBytes()
}
