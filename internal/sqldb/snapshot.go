package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"modernc.org/sqlite"

	"foyer/internal/clock"
)

// Snapshot is one picture of a SQLite file, copied page by page while another connection
// or another process writes. The source is read in one transaction that stays open until
// the last page, so writers neither wait for the copy nor make it start again.
//
// While it runs, the write-ahead log of the source cannot be cut and grows by what is
// written; the file takes over all that stood in the log when the copy began. Where the log
// passes HurryWAL the copy goes on at full speed, since its end is what frees the log.
type Snapshot struct {
	Source string // path of the SQLite file
	Target string // path of the copy; must not exist
	Clock  clock.Clock
	// BytesPerSecond bounds the speed; 0 means no bound.
	BytesPerSecond int64
	// HurryWAL is the size of the source's log in bytes beyond which the bound is lifted; 0
	// means 128 MiB, half of where the server raises its alarm.
	HurryWAL int64
	// Progress is told after each step; it may be nil.
	Progress func(done, total int64)
}

const (
	snapshotStep  = 64       // pages copied without looking up: some 0.3 ms
	snapshotSync  = 16 << 20 // bytes between two fsyncs: the disk is never flooded at once
	hurryWAL      = 128 << 20
	longestBreath = 250 * time.Millisecond
)

// Take makes the copy and returns once it is on the disk. A copy that failed or was
// cancelled is removed. It is never a picture of two moments.
func (s Snapshot) Take(ctx context.Context) (err error) {
	if _, err := os.Lstat(s.Target); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("sqldb: the copy's place %s is taken: %w", s.Target, os.ErrExist)
	}
	db, err := sql.Open("sqlite", fileURI(s.Source, "rw", "query_only(1)",
		"busy_timeout(5000)", "wal_autocheckpoint(0)", "cache_size(-4096)"))
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("sqldb: open %s: %w", s.Source, err)
	}
	defer conn.Close()
	defer func() {
		if err != nil {
			err = errors.Join(err, removeCopy(s.Target))
		}
	}()
	if err := s.copy(ctx, conn); err != nil {
		return fmt.Errorf("sqldb: copy %s: %w", s.Source, err)
	}
	return syncFile(s.Target)
}

// copy pins the picture with a read transaction and lets the pages follow.
func (s Snapshot) copy(ctx context.Context, conn *sql.Conn) error {
	page, err := pinSnapshot(ctx, conn)
	if err != nil {
		return err
	}
	return conn.Raw(func(driver any) (err error) {
		source, ok := driver.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		})
		if !ok {
			return fmt.Errorf("the driver %T cannot copy", driver)
		}
		// The copy is worthless until it is whole and synced: it needs no journal of its own.
		b, err := source.NewBackup(fileURI(s.Target, "rwc", "journal_mode(OFF)",
			"synchronous(OFF)", "cache_size(-4096)"))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, b.Finish()) }()
		return s.pages(ctx, b, page)
	})
}

func pinSnapshot(ctx context.Context, conn *sql.Conn) (page int64, err error) {
	if err := conn.QueryRowContext(ctx, "PRAGMA page_size").Scan(&page); err != nil {
		return 0, err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return 0, err
	}
	var tables int // the first read pins the picture
	row := conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master")
	return page, row.Scan(&tables)
}

func (s Snapshot) pages(ctx context.Context, b *sqlite.Backup, page int64) error {
	start, synced := s.Clock.Now(), int64(0)
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if more, err = b.Step(snapshotStep); err != nil {
			return err
		}
		total := int64(b.PageCount()) * page
		done := total - int64(b.Remaining())*page
		if s.Progress != nil {
			s.Progress(done, total)
		}
		if done-synced >= snapshotSync {
			synced = done
			if err := syncFile(s.Target); err != nil {
				return err
			}
		}
		if more {
			s.breathe(ctx, start, done)
		}
	}
	return nil
}

// breathe waits until done bytes are not too many for the time since start.
func (s Snapshot) breathe(ctx context.Context, start time.Time, done int64) {
	hurry := s.HurryWAL
	if hurry == 0 {
		hurry = hurryWAL
	}
	for s.BytesPerSecond > 0 && sizeOf(s.Source+"-wal") <= hurry {
		due := time.Duration(float64(done) / float64(s.BytesPerSecond) * float64(time.Second))
		wait := due - s.Clock.Now().Sub(start)
		if wait < time.Millisecond {
			return
		}
		c, stop := s.Clock.After(min(wait, longestBreath))
		select {
		case <-c:
		case <-ctx.Done():
			stop()
			return
		}
	}
}

func fileURI(path, mode string, pragmas ...string) string {
	v := url.Values{"mode": {mode}, "_pragma": pragmas}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + v.Encode()
}

func sizeOf(path string) int64 {
	st, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return st.Size()
}

func removeCopy(path string) error {
	err := os.Remove(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// syncFile makes a file and its name durable.
func syncFile(path string) error {
	names := []string{path, filepath.Dir(path)}
	if runtime.GOOS == "windows" { // folders cannot be synced there
		names = names[:1]
	}
	for _, p := range names {
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// OpenStill opens a SQLite file that nobody writes, such as a backup, for reading alone:
// it makes no file beside it and takes no lock. Whatever would write is refused with
// ErrClosed. A file that is being written shows garbage; it is not for those.
func OpenStill(path string) (*DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	uri := fileURI(path, "ro", "query_only(1)", "cache_size(-65536)") + "&immutable=1"
	read, err := sql.Open("sqlite", uri)
	if err != nil {
		return nil, err
	}
	read.SetMaxOpenConns(4)
	db := &DB{Engine: SQLite, cfg: Config{Path: path}, read: read, write: read,
		stmts: map[string]*sql.Stmt{}, stop: func() {}}
	db.writer = newWriter(db)
	db.writer.close()
	return db, nil
}

// QuickCheck has SQLite walk the whole file and refuses it with what is broken.
func (db *DB) QuickCheck(ctx context.Context) error {
	rows, err := db.read.QueryContext(ctx, "PRAGMA quick_check(10)")
	list, err := Collect(rows, err, func(r *sql.Rows) (s string, err error) {
		return s, r.Scan(&s)
	})
	if err != nil {
		return err
	}
	if len(list) != 1 || list[0] != "ok" {
		return fmt.Errorf("sqldb: the file is damaged: %q", list)
	}
	return nil
}

// SchemaAge is the number of steps that this release would still apply. It refuses a
// database of a newer release (ErrNewerDatabase), and one that is none of ours.
func (db *DB) SchemaAge(ctx context.Context) (due int, err error) {
	todo, _, err := db.pending(ctx)
	return len(todo), err
}

// CountRows counts the rows of every table that the file has. It walks them all.
func (db *DB) CountRows(ctx context.Context) (map[string]int64, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT name FROM sqlite_master
		WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	names, err := Collect(rows, err, func(r *sql.Rows) (s string, err error) {
		return s, r.Scan(&s)
	})
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	for _, name := range names {
		var n int64
		//tidy:allow sql the name is the file's own and quoted; no placeholder takes a table
		row := db.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+quoteName(name))
		if err := row.Scan(&n); err != nil {
			return nil, err
		}
		counts[name] = n
	}
	return counts, nil
}

// quoteName makes a table's name safe within a statement.
func quoteName(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
