package journal

import (
	"context"
	"time"

	"foyer/internal/sqldb"
)

const (
	keyPage   = 2000
	keySlice  = 200 // keys dropped in one low-priority transaction: under 5 ms
	sweepLook = time.Hour
)

// Maintain reads the keys of the book, so that fresh keys are known as fresh without SQL
// where no other process writes keys, and drops whole days of keys that are older than 48
// hours, until ctx ends. Without it Keys is correct, and slower for those it refuses.
func (k *Keys) Maintain(ctx context.Context) error {
	alone, err := k.db.Exclusive()
	if err != nil {
		return err
	}
	if alone {
		if err := k.walk(ctx, func(page []KeyRow) error {
			for _, r := range page {
				k.seen.add(r.Day, r.KeyID)
			}
			return nil
		}); err != nil {
			return err
		}
		k.seen.complete.Store(true)
	}
	for {
		if _, err := k.Sweep(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		tick, stop := k.clk.After(sweepLook)
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-tick:
		}
	}
}

// Sweep drops the keys whose day ended more than 48 hours ago and says how many. There is
// no index by day, which every command would pay for: the walk by key is off the writer,
// and only what is dropped is written, in slices at low priority.
func (k *Keys) Sweep(ctx context.Context) (dropped int, err error) {
	oldest := dayOf(k.clk.Now().Add(-KeyLife)) // a key of this day may be just 48 h old
	err = k.walk(ctx, func(page []KeyRow) error {
		var old []KeyRow
		for _, r := range page {
			if r.Day < oldest {
				old = append(old, r)
			}
		}
		for len(old) > 0 {
			slice := old[:min(keySlice, len(old))]
			old = old[len(slice):]
			if err := k.db.InTxLow(ctx, func(tx *sqldb.Tx) error {
				return k.store.DeleteKeys(tx, slice)
			}); err != nil {
				return err
			}
			dropped += len(slice)
		}
		return nil
	})
	if dropped > 0 {
		k.mu.Lock()
		k.recent.drop() // it may hold answers whose keys are free again
		k.mu.Unlock()
	}
	return dropped, err
}

func (k *Keys) walk(ctx context.Context, fn func(page []KeyRow) error) error {
	var at KeyID
	for {
		page, err := k.store.KeysAfter(ctx, at, keyPage)
		if err != nil {
			return err
		}
		if err := fn(page); err != nil {
			return err
		}
		if len(page) < keyPage {
			return nil
		}
		at = page[len(page)-1].KeyID
	}
}

// Complete says whether the keys of the book were read: from then on a key that was never
// used costs no look-up, also when its command is refused.
func (k *Keys) Complete() bool { return k.seen.complete.Load() }
