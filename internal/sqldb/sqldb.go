// Package sqldb is the one door to SQL: a single writer that groups what waits into one
// durable transaction, and a pool of readers. It speaks SQLite (embedded) and the MySQL
// protocol (MariaDB, MySQL, TiDB) with one text for both; it knows no table of any module.
//
// The rules of the writer (ARCHITECTURE.md, "Writer"):
//   - statements run under the writer's context, never a caller's: a cancelled context
//     inside SQLite would roll back everybody in the batch;
//   - a function may run more than once, so it touches nothing but its Tx;
//   - boards, caches and streams change in AfterCommit hooks, which run in commit order;
//   - one function that fails takes back its own work and nobody else's: the batch is done
//     again, and then each function stands in a savepoint of its own;
//   - one fsync, and then everybody is answered.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
)

// Engine is a dialect that the product runs on.
type Engine uint8

const (
	SQLite Engine = iota
	MySQL
)

func (e Engine) String() string { return [...]string{"sqlite", "mysql"}[e] }

// Config says which database to open. The zero value is refused: one of Path and DSN must
// be given.
type Config struct {
	// Path is the SQLite file.
	Path string `help:"SQLite database file."`
	// DSN is a go-sql-driver/mysql data source; it wins over Path.
	DSN string `help:"MySQL data source name; empty uses the SQLite file."`
	// Readers is the number of read connections; 0 means 4.
	Readers int `help:"Read connections (0: 4)."`
	// MaxBatch is the largest number of functions in one transaction; 0 means 256.
	MaxBatch int `help:"Commands committed together at the most (0: 256)."`
	// Gather is the least time from one commit to the next while commands come together, at
	// most 50 ms; 0 means 6 ms, and less than 0 that each follows at once.
	Gather time.Duration `help:"Least time between commits under load (0: 6ms)."`
	// Unsafe turns fsync off. Only tests and throw-away demos may set it.
	Unsafe bool `hidden:""`
	// SyncDelay is slept after each commit, to see how a slow disk feels (bench only).
	SyncDelay time.Duration `hidden:""`
}

// Validate names what is wrong with the configuration.
func (c Config) Validate() error {
	if c.Path == "" && c.DSN == "" {
		return errors.New("sqldb: neither a file nor a data source is given")
	}
	if c.Readers < 0 || c.Readers > 256 {
		return fmt.Errorf("sqldb: readers %d is not within 0..256", c.Readers)
	}
	if c.Gather > 50*time.Millisecond {
		return fmt.Errorf("sqldb: gather %s is more than 50ms", c.Gather)
	}
	if c.MaxBatch < 0 || c.MaxBatch > 4096 {
		return fmt.Errorf("sqldb: max batch %d is not within 0..4096", c.MaxBatch)
	}
	return nil
}

// DB is an open database. Make one with Open.
type DB struct {
	Engine Engine

	cfg    Config
	clk    clock.Clock
	log    *slog.Logger
	writer *writer
	read   *sql.DB
	write  *sql.DB

	stmtMu sync.RWMutex
	stmts  map[string]*sql.Stmt
	mark   *os.File // of Exclusive

	stop func()
	done sync.WaitGroup
}

// Refusals of the store itself.
var (
	ErrBusy = fault.Define(fault.Unavailable, "storage_busy",
		"系统繁忙,请稍后再试", "More work waits for the store than it takes.",
		"Try again after the time that Retry-After names.")
	ErrStorage = fault.Define(fault.Unavailable, "storage_unavailable",
		"暂时无法保存,请稍后再试", "Nothing could be stored durably; nothing was changed.",
		"Try again later with the same idempotency key.")
	ErrUnknownOutcome = fault.Define(fault.Unavailable, "outcome_unknown",
		"结果待确认,请稍后查询", "The connection broke during the commit; it may have happened.",
		"Repeat with the same idempotency key: it answers what happened.")
	ErrClosed = fault.Define(fault.Unavailable, "shutting_down",
		"服务正在重启,请稍后再试", "The process is shutting down.",
		"Try again; another process answers.")
)

// Open opens the database and starts its writer. It does not migrate.
func Open(cfg Config, clk clock.Clock, log *slog.Logger) (*DB, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Readers == 0 {
		cfg.Readers = 4
	}
	if cfg.Gather == 0 {
		cfg.Gather = 6 * time.Millisecond
	}
	if cfg.MaxBatch == 0 {
		cfg.MaxBatch = 256
	}
	db := &DB{cfg: cfg, clk: clk, log: log, stmts: map[string]*sql.Stmt{}}
	open := db.openSQLite
	if cfg.DSN != "" {
		open = db.openMySQL
	}
	if err := open(); err != nil {
		return nil, err
	}
	//tidy:allow context the writer outlives every caller
	ctx, cancel := context.WithCancel(context.Background())
	db.stop = cancel
	db.writer = newWriter(db)
	db.done.Go(func() { db.writer.run(ctx) })
	if db.Engine == SQLite {
		db.done.Go(func() { db.checkpoint(ctx) })
	}
	return db, nil
}

// Config is what the database was opened with. It may hold a password: never log it.
func (db *DB) Config() Config { return db.cfg }

// Close lets the writer finish what it holds, refuses the rest and closes the connections.
func (db *DB) Close() error {
	db.writer.close()
	db.stop()
	db.done.Wait()
	db.stmtMu.Lock()
	for _, s := range db.stmts {
		s.Close()
	}
	db.stmts = map[string]*sql.Stmt{}
	mark := db.mark
	db.mark = nil
	db.stmtMu.Unlock()
	err := errors.Join(db.read.Close(), db.write.Close())
	if mark != nil {
		err = errors.Join(err, mark.Close())
	}
	return err
}

// InTx runs fn in the writer's next transaction and returns when it is durable. fn may run
// more than once and must touch nothing but tx. Whatever fn returns undoes its own work
// alone. Refused with ErrBusy when too much waits, ErrStorage when nothing could be
// stored; a caller whose ctx ends while waiting gets its error, and fn may still happen.
func (db *DB) InTx(ctx context.Context, fn func(tx *Tx) error) error {
	return db.writer.do(ctx, db.writer.high, &item{fn: fn})
}

// InTxLow is InTx for bulk work: it waits until no command waits. Keep each slice ≤ 5 ms.
func (db *DB) InTxLow(ctx context.Context, fn func(tx *Tx) error) error {
	return db.writer.do(ctx, db.writer.low, &item{fn: fn})
}

// Sweep deletes in pieces of bulk work what fn finds, at most limit in each, until a piece
// finds less or most pieces are done, and says how much is gone.
func (db *DB) Sweep(ctx context.Context, most, limit int, fn func(tx *Tx, limit int) (int, error),
) (gone int, err error) {
	for range most {
		n := 0
		err := db.InTxLow(ctx, func(tx *Tx) (err error) {
			n, err = fn(tx, limit)
			return err
		})
		gone += n
		if err != nil || n < limit {
			return gone, err
		}
	}
	return gone, nil
}

// Query reads outside any transaction, on a reader, with a cached prepared statement.
func (db *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := db.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return db.read.QueryContext(ctx, query, args...)
	}
	return s.QueryContext(ctx, args...)
}

// QueryRow is Query for one row. A caller who has left does not end it: to watch for that
// takes two goroutines a query, which cost as much as reading the row.
func (db *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	ctx = context.WithoutCancel(ctx)
	if s, err := db.prepared(ctx, query); err == nil && s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return db.read.QueryRowContext(ctx, query, args...)
}

// maxStatements bounds the prepared statements kept per side; queries with lists of
// varying length beyond it run unprepared.
const maxStatements = 512

func (db *DB) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	db.stmtMu.RLock()
	s, full := db.stmts[query], len(db.stmts) >= maxStatements
	db.stmtMu.RUnlock()
	if s != nil || full {
		return s, nil
	}
	s, err := db.read.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	db.stmtMu.Lock()
	defer db.stmtMu.Unlock()
	if old := db.stmts[query]; old != nil {
		s.Close()
		return old, nil
	}
	db.stmts[query] = s
	return s, nil
}

// Collect reads all rows of a query through scan and closes them. limit bounds the rows;
// it is an error of ours to meet it.
func Collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// Found turns sql.ErrNoRows into false.
func Found(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Ping says whether both sides answer.
func (db *DB) Ping(ctx context.Context) error {
	return errors.Join(db.read.PingContext(ctx), db.write.PingContext(ctx))
}

// OnSeal registers the one function that writes what Tx.Append collected, at the end of
// every batch that collected something. It may fail: then nobody in the batch is answered
// with success. committed is called after the commit, aborted when the batch is undone.
func (db *DB) OnSeal(s Sealer) { db.writer.sealer = s }

// Sealer is the journal's part in a batch.
type Sealer interface {
	// Seal writes the appended values in order, inside the transaction.
	Seal(tx *Tx, appended []any) error
	// Sealed tells the outcome of the transaction that Seal took part in.
	Sealed(committed bool)
}

// OnFailedSync registers what to do after a failed fsync: the process must start anew,
// since what the kernel dropped cannot be synced again.
func (db *DB) OnFailedSync(fn func(error)) { db.writer.failedSync = fn }

// Stats are the writer's figures since start.
type Stats struct {
	Batches, Functions, Failures, Reruns int64
	Waiting                              int
	LargestBatch                         int64
	SlowFunctions                        int64 // over 2 ms or 50 statements
}

// Stats reads the writer's figures.
func (db *DB) Stats() Stats { return db.writer.stats() }
