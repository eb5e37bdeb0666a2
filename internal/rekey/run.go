package rekey

import (
	"context"
	"time"

	"foyer/internal/keyring"
	"foyer/internal/sqldb"
)

const (
	pageRows   = 500 // read at once
	writeRows  = 16  // written in one piece of bulk work: well under 5 ms
	maxPasses  = 3   // over a table, while others write
	watchEvery = 5 * time.Second
)

// Progress is told after each page: how many rows of the table were read and brought under
// the present keys. It may be nil.
type Progress func(table string, read, changed int64)

// Report is what a run did.
type Report struct {
	Read, Changed int64
	Unreadable    int64 // rows that no key of the ring opens
}

// Run brings every row under the present keys, in slices at low priority, and returns when
// none is left. It may be run again at any time and after any crash. It refuses with
// ErrLeft when some row opens with no key; all others are done then.
func (k *Keys) Run(ctx context.Context, progress Progress) (Report, error) {
	var sum Report
	for _, t := range k.tables {
		r, err := k.runTable(ctx, t, progress)
		sum.Read, sum.Changed = sum.Read+r.Read, sum.Changed+r.Changed
		sum.Unreadable += r.Unreadable
		if err != nil {
			return sum, err
		}
	}
	if sum.Unreadable > 0 {
		return sum, ErrLeft.With("rows", sum.Unreadable)
	}
	return sum, nil
}

// runTable passes over the table until a pass changes nothing: a row that somebody wrote at
// the same moment is found by the next.
func (k *Keys) runTable(ctx context.Context, t table, progress Progress) (Report, error) {
	var sum Report
	for range maxPasses {
		pass, err := t.pass(ctx, func(r Report) {
			if progress != nil {
				progress(t.name(), sum.Read+r.Read, sum.Changed+r.Changed)
			}
		})
		sum.Read, sum.Changed = sum.Read+pass.Read, sum.Changed+pass.Changed
		sum.Unreadable = pass.Unreadable
		if err != nil || pass.Changed == 0 {
			return sum, err
		}
	}
	return sum, nil
}

// Watch takes over what another process changed in the key file and runs the re-keying
// that follows, until ctx ends. Serving processes call it; of several, each does its part
// and none harms another.
func (k *Keys) Watch(ctx context.Context) error {
	var done keysInUse // what all rows were last seen under
	for {
		if err := k.Ring.Reload(); err != nil {
			k.Log.Error("the key file cannot be read; the keys in memory stay", "error", err)
		}
		if now := k.active(); now != done && k.rotating() {
			if k.follow(ctx) {
				done = now
			}
		}
		tick, stop := k.Clock.After(watchEvery)
		select {
		case <-tick:
		case <-ctx.Done():
			stop()
			return nil
		}
	}
}

// follow runs the re-keying and says whether it is over: an error is tried again.
func (k *Keys) follow(ctx context.Context) bool {
	start := k.Clock.Now()
	r, err := k.Run(ctx, nil)
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		k.Log.Error("re-keying did not end", "changed", r.Changed, "unreadable", r.Unreadable,
			"error", err)
		return r.Unreadable > 0 // another try would find the same
	}
	if r.Changed > 0 {
		k.Log.Info("every row is under the present keys", "changed", r.Changed, "read", r.Read,
			"took", k.Clock.Now().Sub(start).Round(time.Millisecond))
	}
	return true
}

// keysInUse are the numbers of the keys that rows should be under.
type keysInUse struct{ data, index uint8 }

func (k *Keys) active() (now keysInUse) {
	for _, key := range k.Ring.Keys() {
		switch {
		case key.State != keyring.Active:
		case key.Kind == keyring.Data:
			now.data = key.ID
		case key.Kind == keyring.Index:
			now.index = key.ID
		}
	}
	return now
}

// rotating is true while an old key of rows is not retired: only then rows may need work.
func (k *Keys) rotating() bool {
	for _, key := range k.Ring.Keys() {
		if key.State == keyring.Old && (key.Kind == keyring.Data || key.Kind == keyring.Index) {
			return true
		}
	}
	return false
}

type keyName struct {
	kind keyring.Kind
	id   uint8
}

// table is one table of sealed rows.
type table interface {
	name() string
	pass(ctx context.Context, page func(Report)) (Report, error)
	uses(ctx context.Context) (map[keyName]int64, error)
}

// sealed is a table of rows R; its functions come from the row's module.
type sealed[R any] struct {
	of      string
	db      *sqldb.DB
	first   R // stands before all rows
	after   func(ctx context.Context, last R, limit int) ([]R, error)
	again   func(ctx context.Context, row R) (now R, changed bool, err error)
	store   func(tx *sqldb.Tx, old, now R) error
	stored  func(old R)
	seals   func(R) [][]byte
	indexes func(R) [][]byte
}

func (s *sealed[R]) name() string { return s.of }

// each calls fn with every page of the table.
func (s *sealed[R]) each(ctx context.Context, fn func(rows []R) error) error {
	for last := s.first; ; {
		rows, err := s.after(ctx, last, pageRows)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		if err := fn(rows); err != nil {
			return err
		}
		last = rows[len(rows)-1]
	}
}

func (s *sealed[R]) pass(ctx context.Context, page func(Report)) (sum Report, err error) {
	err = s.each(ctx, func(rows []R) error {
		var todo [][2]R
		for _, old := range rows {
			now, changed, err := s.again(ctx, old)
			switch {
			case err != nil && ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				sum.Unreadable++
			case changed:
				todo = append(todo, [2]R{old, now})
			}
		}
		sum.Read += int64(len(rows))
		if err := s.write(ctx, todo); err != nil {
			return err
		}
		sum.Changed += int64(len(todo))
		page(sum)
		return nil
	})
	return sum, err
}

func (s *sealed[R]) write(ctx context.Context, todo [][2]R) error {
	for len(todo) > 0 {
		slice := todo[:min(len(todo), writeRows)]
		todo = todo[len(slice):]
		err := s.db.InTxLow(ctx, func(tx *sqldb.Tx) error {
			for _, pair := range slice {
				if err := s.store(tx, pair[0], pair[1]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, pair := range slice {
			s.stored(pair[0])
		}
	}
	return nil
}

func (s *sealed[R]) uses(ctx context.Context) (map[keyName]int64, error) {
	used := map[keyName]int64{}
	err := s.each(ctx, func(rows []R) error {
		for _, row := range rows {
			seen := map[keyName]bool{} // a row counts once for each key
			for _, v := range s.seals(row) {
				if id, ok := keyring.SealedBy(v); ok {
					seen[keyName{keyring.Data, id}] = true
				}
			}
			for _, v := range s.indexes(row) {
				if id, ok := keyring.IndexedBy(v); ok {
					seen[keyName{keyring.Index, id}] = true
				}
			}
			for name := range seen {
				used[name]++
			}
		}
		return nil
	})
	return used, err
}
