package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errCommit means that the transaction was not stored and must not be tried again blindly;
// errOutcome, that nobody knows whether it was.
var (
	errCommit  = errors.New("sqldb: not stored")
	errOutcome = errors.New("sqldb: the commit's outcome is unknown")
)

// waryFor is how many batches have savepoints after one in which something failed.
const waryFor = 32

// attempt runs the items and commits them. Most batches have nothing that fails, and a
// savepoint for each costs a copy of each page that it touches: so the first try goes
// without, and when anything fails, all of it is undone and done again with them. Where
// failures are frequent, savepoints stay.
func (w *writer) attempt(ctx context.Context, batch []*item) (
	answers []error, hooks []func(), err error,
) {
	if w.wary > 0 {
		w.wary--
		return w.try(ctx, batch, false)
	}
	answers, hooks, err = w.try(ctx, batch, true)
	if err == nil || errors.Is(err, errCommit) {
		return answers, hooks, err
	}
	w.wary = waryFor
	return w.try(ctx, batch, false)
}

// try runs the items in one transaction and commits it. An error means that nothing of
// it may be answered as done; a nil error that answers[i] is the item's own outcome.
func (w *writer) try(ctx context.Context, batch []*item, bare bool) (
	answers []error, hooks []func(), err error,
) {
	if err := w.begin(ctx); err != nil {
		return nil, nil, errors.Join(errCommit, err)
	}
	tx := &Tx{Now: w.db.clk.Now().UTC().Truncate(time.Millisecond), w: w,
		ctx: context.WithoutCancel(ctx), bare: bare}
	sealed := false
	answers, err = w.runItems(tx, batch)
	if err == nil && len(tx.appended) > 0 {
		sealed = w.sealer != nil
		err = w.seal(tx)
	}
	if err == nil {
		err = w.commit(ctx)
	}
	if err != nil {
		w.undo(ctx)
	}
	if sealed {
		w.sealer.Sealed(err == nil)
	}
	return answers, tx.hooks, err
}

// seal has the sealer write what was appended. What nobody would write must not be lost in
// silence, and a panic there must not take the writer down.
func (w *writer) seal(tx *Tx) error {
	if w.sealer == nil {
		return errors.New("sqldb: values were appended and no sealer is registered")
	}
	return tx.call(func() error { return w.sealer.Seal(tx, tx.appended) })
}

// begin takes the writer's connection if it has none and opens the transaction.
func (w *writer) begin(ctx context.Context) error {
	if w.conn == nil {
		c, err := w.db.write.Conn(context.WithoutCancel(ctx))
		if err != nil {
			return err
		}
		w.conn = c
		if err := w.prepareConn(ctx); err != nil {
			w.dropConn()
			return err
		}
	}
	begin := "BEGIN"
	if w.db.Engine == SQLite {
		begin = "BEGIN IMMEDIATE"
	}
	if _, err := w.conn.ExecContext(context.WithoutCancel(ctx), begin); err != nil {
		w.dropConn()
		return err
	}
	return nil
}

func (w *writer) prepareConn(ctx context.Context) error {
	if w.db.Engine != MySQL {
		return nil
	}
	_, err := w.conn.ExecContext(context.WithoutCancel(ctx),
		"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
	return err
}

func (w *writer) commit(ctx context.Context) error {
	_, err := w.conn.ExecContext(context.WithoutCancel(ctx), "COMMIT")
	if err == nil {
		if d := w.db.cfg.SyncDelay; d > 0 {
			c, _ := w.db.clk.After(d)
			<-c
		}
		return nil
	}
	if w.db.Engine == MySQL {
		return errors.Join(errCommit, errOutcome, err)
	}
	return errors.Join(errCommit, err)
}

// undo rolls back and, when even that fails, drops the connection: a new one starts clean.
func (w *writer) undo(ctx context.Context) {
	if w.conn == nil {
		return
	}
	if _, err := w.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
		w.dropConn()
	}
}

// runItems runs functions one by one and hands all values of the same door to it together:
// nobody in a batch waits for anybody else in it, so their order is free. It returns an
// error only when the transaction itself no longer stands.
func (w *writer) runItems(tx *Tx, batch []*item) ([]error, error) {
	answers := make([]error, len(batch))
	done := make([]bool, len(batch))
	for i, first := range batch {
		if done[i] {
			continue
		}
		at := []int{i}
		if first.door != nil {
			for j := i + 1; j < len(batch); j++ {
				if batch[j].door == first.door {
					at = append(at, j)
				}
			}
		}
		some, got := make([]*item, len(at)), make([]error, len(at))
		for n, j := range at {
			some[n], done[j] = batch[j], true
		}
		if err := w.runSome(tx, some, got); err != nil {
			return nil, err
		}
		for n, j := range at {
			answers[j] = got[n]
		}
	}
	return answers, nil
}

func (w *writer) runSome(tx *Tx, items []*item, answers []error) error {
	start, execs := w.db.clk.Now(), tx.execs
	if items[0].door == nil {
		answers[0] = tx.Try(func() error { return items[0].fn(tx) })
	} else if err := w.runDoor(tx, items, answers); err != nil {
		return err
	}
	if w.db.clk.Now().Sub(start) > 2*time.Millisecond*time.Duration(len(items)) ||
		tx.execs-execs > 50*len(items) {
		w.slow.Add(1)
	}
	if tx.failed {
		return errBroken
	}
	for _, err := range answers {
		if errors.Is(err, errBroken) {
			return err
		}
	}
	return nil
}

// runDoor gives the door its values. A door that panics or miscounts is undone whole and
// then given its values one at a time, so that one bad value cannot take the others along.
func (w *writer) runDoor(tx *Tx, items []*item, answers []error) error {
	values := make([]any, len(items))
	for i, it := range items {
		values[i] = it.value
	}
	var got []error
	err := tx.Try(func() error {
		got = items[0].door.apply(tx, values)
		if len(got) != len(values) {
			return fmt.Errorf("sqldb: door answered %d of %d values", len(got), len(values))
		}
		for _, err := range got {
			if errors.Is(err, errBroken) {
				return err
			}
		}
		return nil
	})
	if err == nil {
		copy(answers, got)
		return nil
	}
	if errors.Is(err, errBroken) {
		return err
	}
	if len(items) == 1 {
		answers[0] = err
		return nil
	}
	for i := range items {
		if err := w.runDoor(tx, items[i:i+1], answers[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}
