package rekey

import (
	"context"

	"foyer/internal/visitor"
)

func (k *Keys) visitors() table {
	return &sealed[visitor.Row]{of: "visitor", db: k.DB,
		after: func(ctx context.Context, last visitor.Row, n int) ([]visitor.Row, error) {
			return k.Visitors.RowsAfter(ctx, last.ID, n)
		},
		again: func(_ context.Context, r visitor.Row) (visitor.Row, bool, error) {
			return visitor.Rekeyed(k.Ring, r)
		},
		store:   k.Visitors.RekeyRowIfSame,
		stored:  func(visitor.Row) {},
		seals:   func(r visitor.Row) [][]byte { return [][]byte{r.Sealed} },
		indexes: func(visitor.Row) [][]byte { return nil },
	}
}

func (k *Keys) visitorKeys() table {
	return &sealed[visitor.EventKey]{of: "visitor_key", db: k.DB,
		after: func(ctx context.Context, last visitor.EventKey, n int) ([]visitor.EventKey, error) {
			return k.Visitors.KeysAfter(ctx, last.Event, n)
		},
		again: func(_ context.Context, e visitor.EventKey) (visitor.EventKey, bool, error) {
			return visitor.RekeyedEvent(k.Ring, e)
		},
		store:   k.Visitors.RekeyEventIfSame,
		stored:  func(visitor.EventKey) {},
		seals:   func(e visitor.EventKey) [][]byte { return [][]byte{e.Sealed} },
		indexes: func(visitor.EventKey) [][]byte { return nil },
	}
}
