// Package ledger is double-entry: every movement of money is postings that sum to zero.
//
// Debit is positive, credit negative, seen from the installation. The chart is fixed:
//
//	clearing:<provider>  asset: money that a provider took for us. Capture +, refund arrived −
//	sales                income: what was sold. Settling −, refund of units +
//	fees_kept            income: the part of a refund that the policy keeps. −
//	refund_payable       debt: refunds asked for and not arrived. Request −, arrival +
//	sales_shared         income turned over to attractions: the other side of part:<code>
//	part:<code>          income of one attraction of combined tickets. Its share −
//	to_return            debt: money that bought nothing (late, doubled, wrong). Capture −,
//	                     refund asked for +
//
// An order that is paid and then refunded in full ends with zero on clearing,
// refund_payable and to_return; sales and fees_kept then cancel against each other down to
// the fee that was kept.
package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// The accounts without a provider.
const (
	Sales         = "sales"
	FeesKept      = "fees_kept"
	RefundPayable = "refund_payable"
	ToReturn      = "to_return"
	SalesShared   = "sales_shared"
)

const (
	clearing = "clearing:"
	part     = "part:"
	maxMoves = 64
)

// Clearing is the account of the money that a provider holds for us.
func Clearing(provider string) string { return clearing + provider }

// Part is the account of an attraction's share of combined tickets.
func Part(code string) string { return part + code }

// Shared says whether an account divides what was sold: such accounts sum to zero among
// themselves, and to nothing with those of money.
func Shared(account string) bool {
	return account == SalesShared || strings.HasPrefix(account, part)
}

// Move is one posting: debit positive, credit negative.
type Move struct {
	Account string
	Amount  money.Minor
}

// ErrUnbalanced refuses postings that do not sum to zero, name an unknown account or
// leave the range of money. It is a mistake of ours, and the command is undone.
var ErrUnbalanced = fault.Define(fault.Internal, "ledger_unbalanced",
	"账目不平,操作已撤销", "The postings do not balance; nothing was done.",
	"Report it with the request id; the books refused a wrong movement.")

// Posting is a stored move.
type Posting struct {
	Order    int64
	Position journal.Position
	Seq      int
	Account  string
	Amount   money.Minor
	Currency money.Currency
}

// Balance is the sum of an account in one currency.
type Balance struct {
	Account  string
	Currency money.Currency
	Amount   money.Minor
}

// Store keeps the postings; ledgerdb implements it.
type Store interface {
	Insert(tx *sqldb.Tx, list []Posting) error
	// LastSeq is the highest seq of an order at a position; −1 when there is none.
	LastSeq(tx *sqldb.Tx, order int64, pos journal.Position) (int, error)
	OfOrder(ctx context.Context, order int64) ([]Balance, error)
	// After lists postings by primary key.
	After(ctx context.Context, after Posting, limit int) ([]Posting, error)
}

// Ledger posts and sums.
type Ledger struct{ store Store }

// New makes a ledger.
func New(store Store) *Ledger { return &Ledger{store} }

// Post stores the moves of one command in its transaction. Moves of zero are left out. It
// refuses with ErrUnbalanced.
func (l *Ledger) Post(
	tx *sqldb.Tx, pos journal.Position, order int64, cur money.Currency, moves ...Move,
) error {
	if err := check(cur, moves); err != nil {
		return ErrUnbalanced.Wrap(err)
	}
	list := make([]Posting, 0, len(moves))
	for _, m := range moves {
		if m.Amount != 0 {
			list = append(list, Posting{order, pos, len(list), m.Account, m.Amount, cur})
		}
	}
	if len(list) == 0 {
		return nil
	}
	// A command posts once as a rule, so the insert goes first and the key finds a second.
	err := l.store.Insert(tx, list)
	if !sqldb.IsDuplicate(err) {
		return err
	}
	last, err := l.store.LastSeq(tx, order, pos)
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Seq += last + 1
	}
	return l.store.Insert(tx, list)
}

func check(cur money.Currency, moves []Move) error {
	if len(cur) != 3 {
		return fmt.Errorf("ledger: currency %q", cur)
	}
	if len(moves) > maxMoves {
		return fmt.Errorf("ledger: %d moves, at most %d", len(moves), maxMoves)
	}
	amounts := make([]money.Minor, len(moves))
	for i, m := range moves {
		if !known(m.Account) {
			return fmt.Errorf("ledger: account %q is not in the chart", m.Account)
		}
		amounts[i] = m.Amount
	}
	sum, err := money.Add(amounts...)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if sum != 0 {
		return fmt.Errorf("ledger: the moves sum to %d, not to zero", sum)
	}
	return nil
}

func known(account string) bool {
	provider, ok := strings.CutPrefix(account, clearing)
	if ok {
		return provider != "" && len(account) <= 40
	}
	if code, ok := strings.CutPrefix(account, part); ok {
		return code != "" && len(account) <= 40
	}
	return slices.Contains([]string{Sales, FeesKept, RefundPayable, ToReturn, SalesShared},
		account)
}

// OfOrder is the balances of one order, by account and currency. Balances of zero that
// come from movements are listed.
func (l *Ledger) OfOrder(ctx context.Context, order int64) ([]Balance, error) {
	return l.store.OfOrder(ctx, order)
}

// Walk hands every posting to fn, by order, in pages read by key. It holds no transaction
// open, so postings made while it walks may or may not be among them.
func (l *Ledger) Walk(ctx context.Context, fn func(Posting) error) error {
	var at Posting
	at.Seq = -1
	for {
		page, err := l.store.After(ctx, at, pageSize)
		if err != nil {
			return err
		}
		for _, p := range page {
			if err := fn(p); err != nil {
				return err
			}
		}
		if len(page) < pageSize {
			return nil
		}
		at = page[len(page)-1]
	}
}

const pageSize = 1000
