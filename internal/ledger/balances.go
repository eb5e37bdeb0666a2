package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"foyer/internal/journal"
	"foyer/internal/money"
)

type accountKey struct {
	account  string
	currency money.Currency
}

// Balances are the sums of all accounts, sorted by account and currency. It refuses a sum
// that leaves the range of money.
func (l *Ledger) Balances(ctx context.Context) ([]Balance, error) {
	sums := map[accountKey]money.Minor{}
	err := l.Walk(ctx, func(p Posting) error {
		k := accountKey{p.Account, p.Currency}
		sum, err := money.Add(sums[k], p.Amount)
		if err != nil {
			return fmt.Errorf("account %s: %w", p.Account, err)
		}
		sums[k] = sum
		return nil
	})
	if err != nil {
		return nil, err
	}
	list := make([]Balance, 0, len(sums))
	for k, sum := range sums {
		list = append(list, Balance{k.account, k.currency, sum})
	}
	slices.SortFunc(list, func(a, b Balance) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Currency, b.Currency))
	})
	return list, nil
}

// Imbalance is a journal row whose postings of one order do not sum to zero.
type Imbalance struct {
	Order    int64
	Position journal.Position
	Currency money.Currency
	Sum      money.Minor
}

// Unbalanced finds rows whose postings do not sum to zero, at most limit of them: the
// doctor's question. There can be none unless the database was changed by hand.
func (l *Ledger) Unbalanced(ctx context.Context, limit int) ([]Imbalance, error) {
	var found []Imbalance
	var now Imbalance
	sums := map[money.Currency]money.Minor{}
	flush := func() {
		for cur, sum := range sums {
			if sum != 0 && len(found) < limit {
				found = append(found, Imbalance{now.Order, now.Position, cur, sum})
			}
		}
		clear(sums)
	}
	err := l.Walk(ctx, func(p Posting) error {
		if p.Order != now.Order || p.Position != now.Position {
			flush()
			now.Order, now.Position = p.Order, p.Position
		}
		sums[p.Currency] += p.Amount
		return nil
	})
	flush()
	return found, err
}
