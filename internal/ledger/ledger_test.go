package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/journal/journaltest"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

func realClock() clock.Clock { return clock.Real{} }

func post(b *journaltest.Bundle, order int64, groups ...[]ledger.Move) error {
	return b.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		pos := b.Journal.Append(tx, journal.Entry{Action: "order.paid"})
		for _, moves := range groups {
			if err := b.Ledger.Post(tx, pos, order, money.CNY, moves...); err != nil {
				return err
			}
		}
		return nil
	})
}

func move(account string, amount money.Minor) ledger.Move { return ledger.Move{account, amount} }

func TestASaleAndItsRefundInTheBooks(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		b := journaltest.New(t, db, clock.Real{})
		bank := ledger.Clearing("sandbox")
		for _, moves := range [][]ledger.Move{
			{move(bank, 9600), move(ledger.Sales, -9600)},
			{move(bank, 9600), move(ledger.ToReturn, -9600)}, // paid twice
			{move(ledger.ToReturn, 9600), move(ledger.RefundPayable, -9600)},
			{move(ledger.RefundPayable, 9600), move(bank, -9600)},
			{move(ledger.Sales, 4800), move(ledger.RefundPayable, -4300),
				move(ledger.FeesKept, -500)},
			{move(ledger.RefundPayable, 4300), move(bank, -4300)},
		} {
			if err := post(b, 1, moves); err != nil {
				t.Fatal(err)
			}
		}
		if err := post(b, 2, []ledger.Move{move(bank, 100), move(ledger.Sales, -100)},
			[]ledger.Move{move(bank, 0), move(bank, 7), move(ledger.Sales, -7)}); err != nil {
			t.Fatalf("two postings of one command: %v", err)
		}
		of1, err := b.Ledger.OfOrder(ctx, 1)
		if want := "[{clearing:sandbox CNY 5300} {fees_kept CNY -500} {refund_payable CNY 0} " +
			"{sales CNY -4800} {to_return CNY 0}]"; err != nil || fmt.Sprint(of1) != want {
			t.Fatalf("%v %v", of1, err)
		}
		all, err := b.Ledger.Balances(ctx)
		if want := "[{clearing:sandbox CNY 5407} {fees_kept CNY -500} {refund_payable CNY 0} " +
			"{sales CNY -4907} {to_return CNY 0}]"; err != nil || fmt.Sprint(all) != want {
			t.Fatalf("%v %v", all, err)
		}
		b.Verify(t)
	})
}

func TestWhatDoesNotBalanceIsRefused(t *testing.T) {
	t.Parallel()
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{})
	for name, moves := range map[string][]ledger.Move{
		"sum":       {move(ledger.Sales, -1), move(ledger.FeesKept, 2)},
		"one side":  {move(ledger.Sales, -1)},
		"unknown":   {move("petty_cash", -1), move(ledger.Sales, 1)},
		"nameless":  {move("clearing:", -1), move(ledger.Sales, 1)},
		"overflow":  {move(ledger.Sales, math.MinInt64), move(ledger.FeesKept, math.MinInt64)},
		"too large": {move(ledger.Sales, money.Max+1), move(ledger.FeesKept, -money.Max-1)},
		"too many":  make([]ledger.Move, 65),
	} {
		if err := post(b, 1, moves); !errors.Is(err, ledger.ErrUnbalanced) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if report := b.Verify(t); report.Rows != 0 {
		t.Fatalf("%d commands were kept", report.Rows)
	}
}

func TestUnbalancedFindsAChangedPosting(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{})
	if err := b.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		for order := range int64(1500) { // more than a page
			pos := b.Journal.Append(tx, journal.Entry{Action: "order.paid"})
			if err := b.Ledger.Post(tx, pos, order+1, money.CNY, move(ledger.Sales, -5),
				move(ledger.Clearing("x"), 5)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b.Verify(t)
	if err := b.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`UPDATE posting SET amount_minor = 6 WHERE order_id = 700 AND seq = 1`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	wrong, err := b.Ledger.Unbalanced(ctx, 10)
	if err != nil || len(wrong) != 1 || wrong[0].Order != 700 || wrong[0].Sum != 1 {
		t.Fatalf("%+v %v", wrong, err)
	}
}

// Whatever balanced moves are posted, in whatever groups, the accounts sum to zero and to
// what was posted.
func TestAccountsSumToWhatWasPosted(t *testing.T) {
	t.Parallel()
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{})
	accounts := []string{ledger.Sales, ledger.FeesKept, ledger.RefundPayable, ledger.ToReturn,
		ledger.Clearing("a"), ledger.Clearing("b")}
	want := map[string]money.Minor{}
	order := int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		order++
		var moves []ledger.Move
		var sum money.Minor
		for range rapid.IntRange(1, 6).Draw(rt, "moves") {
			m := move(rapid.SampledFrom(accounts).Draw(rt, "account"),
				money.Minor(rapid.Int64Range(-1_000_000, 1_000_000).Draw(rt, "amount")))
			moves, sum = append(moves, m), sum+m.Amount
		}
		moves = append(moves, move(ledger.Sales, -sum))
		if err := post(b, order, moves); err != nil {
			rt.Fatal(err)
		}
		for _, m := range moves {
			want[m.Account] += m.Amount
		}
	})
	got, err := b.Ledger.Balances(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var total money.Minor
	for _, g := range got {
		total += g.Amount
		if want[g.Account] != g.Amount {
			t.Errorf("%s is %d, want %d", g.Account, g.Amount, want[g.Account])
		}
	}
	if total != 0 {
		t.Fatalf("the accounts sum to %d", total)
	}
}
