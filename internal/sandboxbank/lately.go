package sandboxbank

import (
	"context"
	"sync"

	"foyer/internal/sqldb"
)

// lately remembers the payments of the last moments as they were committed: the cashier and
// the notice ask for one right after it was made or paid. Two generations bound it. It is
// changed by hooks of commits alone, in their order, so it never says what the book did not.
type lately struct {
	mu       sync.Mutex
	now, old map[int64]Payment
}

const latelyKept = 2048

func (l *lately) get(id int64) (*Payment, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.now[id]
	if !ok {
		p, ok = l.old[id]
	}
	return &p, ok
}

func (l *lately) put(p Payment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.now) >= latelyKept {
		l.now, l.old = nil, l.now
	}
	if l.now == nil {
		l.now = map[int64]Payment{}
	}
	l.now[p.ID] = p
}

func (l *lately) drop(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.now, id)
	delete(l.old, id)
}

// became remembers what a payment is once the transaction is committed.
func (b *Bank) became(tx *sqldb.Tx, p Payment) { tx.AfterCommit(func() { b.lately.put(p) }) }

// changed forgets a payment that the transaction changes.
func (b *Bank) changed(tx *sqldb.Tx, id int64) { tx.AfterCommit(func() { b.lately.drop(id) }) }

func (b *Bank) find(ctx context.Context, id int64) (*Payment, error) {
	if p, ok := b.lately.get(id); ok {
		return p, nil
	}
	return b.store.FindPayment(ctx, id)
}
