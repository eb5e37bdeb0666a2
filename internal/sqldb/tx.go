package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"foyer/internal/fault"
)

// Tx is the writer's transaction as one function sees it. It is an argument, never nil,
// never in a context, and valid only until the function returns.
type Tx struct {
	// Now is the time of the batch: every row of it carries the same.
	Now time.Time

	w        *writer
	ctx      context.Context
	depth    int
	hooks    []func()
	appended []any
	execs    int
	memo     map[any]any
	bare     bool // no savepoints: the first failure ends the attempt
	failed   bool // in a bare transaction
}

// errBroken means that the transaction itself is gone, not only the function's part.
var errBroken = errors.New("sqldb: the transaction no longer stands")

// IsBroken says that after this error nothing more can be done in the transaction: a door
// returns it for all its values.
func IsBroken(err error) bool { return errors.Is(err, errBroken) }

// Exec runs a statement and returns the rows it matched.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	s, err := tx.statement(query)
	if err != nil {
		return 0, err
	}
	var r sql.Result
	if s != nil {
		r, err = s.ExecContext(tx.ctx, args...)
	} else {
		r, err = tx.w.conn.ExecContext(tx.ctx, query, args...)
	}
	if err != nil {
		tx.failed = tx.failed || tx.bare
		return 0, err
	}
	return r.RowsAffected()
}

// statement prepares a text. Nothing more is run in a bare transaction that failed: the
// store may have ended it, and what followed would stand alone.
func (tx *Tx) statement(query string) (*sql.Stmt, error) {
	tx.execs++
	if tx.failed {
		return nil, errBroken
	}
	if s, ok := tx.w.stmts[query]; ok {
		return s, nil
	}
	if isControl(query) {
		return nil, errors.Join(errBroken, errors.New("sqldb: transactions are the writer's"))
	}
	return tx.w.prepared(query)
}

// isControl says that a statement begins or ends a transaction or a part of one.
func isControl(query string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch strings.ToUpper(strings.TrimRight(word, ";")) {
	case "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE":
		return true
	}
	return false
}

// Guard runs a statement that must match exactly one row, else it returns refused: the
// form of every guarded update.
func (tx *Tx) Guard(refused error, query string, args ...any) error {
	n, err := tx.Exec(query, args...)
	if err != nil {
		return err
	}
	if n != 1 {
		return refused
	}
	return nil
}

// Query reads inside the transaction. Close the rows before the next statement.
func (tx *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	s, err := tx.statement(query)
	if err != nil {
		return nil, err
	}
	if s != nil {
		return s.QueryContext(tx.ctx, args...)
	}
	return tx.w.conn.QueryContext(tx.ctx, query, args...)
}

// QueryRow reads one row inside the transaction.
func (tx *Tx) QueryRow(query string, args ...any) *sql.Row {
	if s, err := tx.statement(query); err == nil && s != nil {
		return s.QueryRowContext(tx.ctx, args...)
	}
	return tx.w.conn.QueryRowContext(tx.ctx, query, args...)
}

// AfterCommit registers what happens once the batch is durable: boards, caches, streams.
// Hooks run on the writer's goroutine in commit order, so they must be quick and must not
// write. A function that fails loses its hooks.
func (tx *Tx) AfterCommit(fn func()) { tx.hooks = append(tx.hooks, fn) }

// Append hands a value to the sealer, which writes it at the end of the batch, and returns
// the number of values before it. A function that fails loses its values.
func (tx *Tx) Append(v any) int {
	tx.appended = append(tx.appended, v)
	return len(tx.appended) - 1
}

// Memo remembers within one batch what a read found, e.g. that a session still has the
// revision that an order was priced with. key must be comparable and private to the caller.
func Memo[V any](tx *Tx, key any, load func() (V, error)) (V, error) {
	if v, ok := tx.memo[key]; ok {
		return v.(V), nil
	}
	v, err := load()
	if err == nil {
		tx.Remember(key, v)
	}
	return v, err
}

// Remember is what Memo will find under key.
func (tx *Tx) Remember(key, value any) {
	if tx.memo == nil {
		tx.memo = map[any]any{}
	}
	tx.memo[key] = value
}

// Forget drops what Memo remembered under key, for those who change what it was read from.
func (tx *Tx) Forget(key any) { delete(tx.memo, key) }

// savepoints are the names by depth. Each depth has its own: MySQL would forget the outer
// one of two that share a name.
var savepoints = [...]string{"s0", "s1", "s2", "s3", "s4"}

func savepoint(depth int) string {
	if depth < len(savepoints) {
		return savepoints[depth]
	}
	return "s" + strconv.Itoa(depth)
}

// Try runs fn in a savepoint: when it fails or panics, its statements, hooks and appended
// values are undone and the transaction goes on. A door's batch calls it per value. The
// first try of a batch has no savepoints: there the first failure ends it, whatever the
// caller makes of the error, and the batch is done again with them.
func (tx *Tx) Try(fn func() error) (err error) {
	if tx.bare {
		if err = tx.call(fn); err != nil {
			tx.failed = true
			err = errors.Join(errBroken, err)
		}
		return err
	}
	tx.depth++
	defer func() { tx.depth-- }()
	name := savepoint(tx.depth)
	if _, err := tx.plain("SAVEPOINT " + name); err != nil {
		return errors.Join(errBroken, err)
	}
	hooks, appended := len(tx.hooks), len(tx.appended)
	err = tx.call(fn)
	if errors.Is(err, errBroken) {
		return err
	}
	if err == nil {
		if _, relErr := tx.plain("RELEASE SAVEPOINT " + name); relErr != nil {
			return errors.Join(errBroken, relErr)
		}
		return nil
	}
	tx.hooks, tx.appended = tx.hooks[:hooks], tx.appended[:appended]
	tx.memo = nil
	if _, undoErr := tx.plain("ROLLBACK TO SAVEPOINT " + name); undoErr != nil {
		return errors.Join(errBroken, err, undoErr)
	}
	if _, relErr := tx.plain("RELEASE SAVEPOINT " + name); relErr != nil {
		return errors.Join(errBroken, err, relErr)
	}
	if isTransient(err) {
		return errors.Join(errBroken, err)
	}
	return err
}

func (tx *Tx) call(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Unexpected.Wrap(fmt.Errorf("panic in a transaction: %v\n%s",
				p, debug.Stack()))
		}
	}()
	return fn()
}

// plain runs a control statement; they are prepared like all others, being the hottest.
func (tx *Tx) plain(query string) (sql.Result, error) {
	s, err := tx.w.prepared(query)
	if err != nil || s == nil {
		return tx.w.conn.ExecContext(tx.ctx, query)
	}
	return s.ExecContext(tx.ctx)
}

// Engine is the dialect that the transaction runs on.
func (tx *Tx) Engine() Engine { return tx.w.db.Engine }
