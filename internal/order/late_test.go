package order_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/payment"
	"foyer/internal/sqldb"
)

// turnstile remembers which orders entered late.
type turnstile struct{ entered []int64 }

func (g *turnstile) EnterLate(_ *sqldb.Tx, _ actor.Actor, _, order int64, _ time.Time) error {
	g.entered = append(g.entered, order)
	return nil
}

func openLate(t *testing.T, w *World) (*desk, *turnstile) {
	t.Helper()
	d, gate := openDesk(t, w), &turnstile{}
	d.gate.Register(approval.Spec{Kind: order.ApproveLate, Permission: order.PermLate,
		Carry: w.Orders.CarryLate, Ended: w.Orders.EndLate})
	w.Orders.Late = order.Late{Gates: gate, Months: w.Journal, Sessions: w.Catalog,
		Namer: w.Chooser, Holders: w.Book}
	return d, gate
}

// stub is a sale that was written down a minute ago.
func (d *desk) stub(amount money.Minor, paper string, places ...int32) order.LateEntry {
	return order.LateEntry{Session: d.Session.ID, Amount: amount, Means: payment.Cash,
		SoldAt: d.Clock.Now().Add(-time.Minute), Papers: []string{paper},
		Lines: []order.LateLine{{TicketType: d.Types.Adult, Places: places}}}
}

func (d *desk) write(who actor.Actor, entries ...order.LateEntry) (s *order.LateSheet, err error) {
	_, err = d.Orders.WriteLate(context.Background(), who, d.House.Org.ID, entries, nil,
		func(got *order.LateSheet) (journal.Answer, error) {
			s = got
			return journal.Answer{Status: 201}, nil
		})
	return s, err
}

func (d *desk) sheet(t *testing.T, id int64) *order.LateSheet {
	t.Helper()
	s, err := d.Orders.GetLate(context.Background(), d.second, d.scope, id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A sale of the past becomes an order once another person agrees: the amount that was taken
// is what the books have, to the fen, on an account of its own.
func TestLateSaleTakesTwo(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		d, _ := openLate(t, w)
		short := d.stub(9999, "a-0001", 1, 2) // a fen less than the list
		if _, err := d.write(d.clerk, short); !errors.Is(err, order.ErrLateEntries) {
			t.Fatalf("another amount without a reason: %v", err)
		}
		short.Reason = "少收一分"
		s, err := d.write(d.clerk, short, d.stub(3000, "A-0002"))
		if err == nil || !strings.Contains(err.Error(), "entries[1].lines[0].places") {
			t.Fatalf("an entry without a place: %+v %v", s, err)
		}
		if s, err = d.write(d.clerk, short); err != nil || s.State != order.LateWaiting {
			t.Fatalf("%+v %v", s, err)
		}
		if _, err := d.gate.Agree(t.Context(), d.clerk, d.scope, s.Approval, ""); !errors.Is(err,
			approval.ErrOwn) {
			t.Errorf("agreed alone: %v", err)
		}
		for range 2 { // a repeat changes nothing
			if _, err := d.gate.Agree(t.Context(), d.second, d.scope, s.Approval, ""); err != nil {
				t.Fatal(err)
			}
		}
		got := d.sheet(t, s.ID)
		o := w.Find(t, got.Entries[0].Order)
		claimed(t, w, o, 1, 2)
		if got.State != order.LateBooked || got.DecidedBy != d.second.ID || o.Total != 9999 ||
			o.Captured != 9999 || o.Lines[0].Units[0].Amount+o.Lines[0].Units[1].Amount != 9999 {
			t.Errorf("sheet %+v, order %+v", got, o)
		}
		if cash := w.Balance(t, o.ID, ledger.Clearing("counter_cash")); cash != 9999 {
			t.Errorf("%d in the till", cash)
		}
		if len(tickets(t, w, o.ID)) != 2 {
			t.Error("no tickets")
		}
		healthy(t, w)
	})
}

// The same paper is entered once; a place that somebody has is named with who has it; a
// sheet whose places went away meanwhile stays, and is corrected.
func TestLateSaleMeetsOthers(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		d, _ := openLate(t, w)
		held := w.Place(t, Member(1), Seats(w.Types.Adult, 9))
		_, err := d.write(d.clerk, d.stub(10000, "B1", 8, 9))
		if !errors.Is(err, order.ErrLateTaken) {
			t.Fatalf("a taken place: %v", err)
		}
		taken := fault.Of(err).Details["taken"].([]order.LateTaken)
		if len(taken) != 1 || taken[0].Place != 9 || taken[0].Order != held.Number() {
			t.Errorf("who has it: %+v", taken)
		}
		s, err := d.write(d.clerk, d.stub(10000, "B1", 5, 6))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.write(d.second, d.stub(5000, " b1 ", 7)); !errors.Is(err,
			order.ErrLatePapers) {
			t.Errorf("a paper twice: %v", err)
		}
		w.Buy(t, Member(2), Seats(w.Types.Adult, 6))
		_, err = d.gate.Agree(t.Context(), d.second, d.scope, s.Approval, "")
		if !errors.Is(err, approval.ErrStale) {
			t.Fatalf("agreed though a place is gone: %v", err)
		}
		now := d.sheet(t, s.ID)
		if now.State != order.LateWaiting || now.Problem != order.ErrLateTaken.Code ||
			len(now.Taken) != 1 || now.Taken[0].State != "sold" {
			t.Fatalf("the sheet: %+v", now)
		}
		now, err = d.Orders.CorrectLate(t.Context(), d.clerk, d.scope, s.ID, now.Revision,
			[]order.LateEntry{d.stub(10000, "B1", 5, 7)})
		if err != nil || now.Approval == s.Approval {
			t.Fatalf("corrected: %+v %v", now, err)
		}
		if _, err := d.gate.Agree(t.Context(), d.second, d.scope, now.Approval, ""); err != nil {
			t.Fatal(err)
		}
		claimed(t, w, w.Find(t, d.sheet(t, s.ID).Entries[0].Order), 5, 7)
		healthy(t, w)
	})
}

// What is refused or taken back never happened, and its numbers are free again.
func TestLateSaleRefused(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		d, _ := openLate(t, w)
		for i, end := range []func(s *order.LateSheet) error{
			func(s *order.LateSheet) error {
				_, err := d.gate.Refuse(t.Context(), d.second, d.scope, s.Approval, "无凭据")
				return err
			},
			func(s *order.LateSheet) error {
				_, err := d.gate.Withdraw(t.Context(), d.clerk, d.scope, s.Approval)
				return err
			},
			func(s *order.LateSheet) error {
				_, err := d.Orders.WithdrawLate(t.Context(), d.clerk, d.scope, s.ID)
				return err
			},
		} {
			s, err := d.write(d.clerk, d.stub(5000, "C1", 3))
			if err != nil {
				t.Fatalf("round %d: %v", i, err)
			}
			if err := end(s); err != nil {
				t.Fatalf("round %d: %v", i, err)
			}
			now := d.sheet(t, s.ID)
			if now.State == order.LateWaiting || now.Entries[0].Order != 0 {
				t.Errorf("round %d: %+v", i, now)
			}
			if i == 2 { // its request outlived it
				if _, err := d.gate.Agree(t.Context(), d.second, d.scope, s.Approval,
					""); !errors.Is(err, approval.ErrStale) {
					t.Errorf("agreed to what was taken back: %v", err)
				}
			}
		}
		w.Place(t, Member(1), Seats(w.Types.Adult, 3)) // nobody has it
		healthy(t, w)
	})
}

// Every problem of every entry is named at once.
func TestLateProblems(t *testing.T) {
	t.Parallel()
	w := Open(t)
	d, _ := openLate(t, w)
	old, ahead, twice := d.stub(5000, "D1", 1), d.stub(5000, "D2", 2), d.stub(5000, "D3", 2)
	old.SoldAt = d.Clock.Now().AddDate(0, 0, -32)
	ahead.SoldAt = d.Clock.Now().Add(time.Hour)
	twice.Papers = append(twice.Papers, "D1", "no good")
	twice.Means = "shells"
	_, err := d.write(d.clerk, old, ahead, twice)
	if !errors.Is(err, order.ErrLateEntries) {
		t.Fatal(err)
	}
	var said []string
	for _, p := range fault.Of(err).Fields {
		said = append(said, p.Field)
	}
	for _, want := range []string{"entries[0].sold_at", "entries[1].sold_at", "entries[2].means",
		"entries[2].papers[1]", "entries[2].papers[2]", "entries[2].lines[0].places"} {
		if !slices.Contains(said, want) {
			t.Errorf("%s is not named among %v", want, said)
		}
	}
	guest := d.people.Hire(300, d.House.Org.ID, order.PermSell)
	if _, err := d.write(guest, d.stub(5000, "D9", 9)); !errors.Is(err, fault.NotAllowed) {
		t.Errorf("whoever may not: %v", err)
	}
	if n := len(d.many(t, order.MaxLateEntries+1)); n != 0 {
		t.Errorf("%d entries were taken", n)
	}
}

// many writes so many entries of one area unit each and gives what was kept.
func (d *desk) many(t *testing.T, n int) []order.LateEntry {
	t.Helper()
	list := make([]order.LateEntry, n)
	for i := range list {
		list[i] = d.stub(3000, fmt.Sprintf("M%d", i))
		list[i].Lines = []order.LateLine{{TicketType: d.Types.Adult, Area: Standing, Quantity: 1}}
	}
	s, err := d.write(d.clerk, list...)
	if err != nil {
		return nil
	}
	return s.Entries
}

// Whatever was taken for whichever places: the shares of the units sum to it, none is
// negative, and less than the price is a discount.
func TestLateSharesAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		prices := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000), 1, 40).Draw(t, "prices")
		taken := money.Minor(rapid.Int64Range(0, 50_000_000).Draw(t, "taken"))
		line := order.Line{Units: make([]order.Unit, len(prices))}
		for i, p := range prices {
			line.Units[i].Price = money.Minor(p)
		}
		lines := []order.Line{line}
		order.ShareTaken(lines, taken)
		var sum money.Minor
		for i, u := range lines[0].Units {
			sum += u.Amount
			if u.Amount < 0 || u.Discount < 0 || u.Price-u.Discount != u.Amount ||
				u.Price < money.Minor(prices[i]) {
				t.Fatalf("unit %+v of price %d", u, prices[i])
			}
		}
		if sum != taken || lines[0].Amount != taken {
			t.Fatalf("shares sum to %d of %d", sum, taken)
		}
	})
}
