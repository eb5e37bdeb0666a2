package invoice_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/invoice"
	"foyer/internal/invoice/invoicedb"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// office is a world of orders whose invoices are asked for.
type office struct {
	*World
	v     *invoice.Invoices
	clerk actor.Actor
	scope actor.Scope
}

func each(t *testing.T, fn func(t *testing.T, o *office)) {
	t.Helper()
	Each(t, func(t *testing.T, w *World) {
		o := &office{World: w, clerk: w.Clerk(), scope: actor.Scope{Organization: w.House.Org.ID}}
		o.v = invoice.New(invoice.Parts{DB: w.DB, Store: invoicedb.New(w.DB), Orders: bills{w},
			Vault: clear{}, Journal: w.Journal, Clock: w.Clock, IDs: w.IDs})
		w.Orders.Invoices = o.v
		fn(t, o)
		w.Verify(t)
	})
}

// bills joins the real orders.
type bills struct{ w *World }

func (b bills) Bill(ctx context.Context, who actor.Actor, id int64) (invoice.Bill, error) {
	o, err := b.w.Orders.Get(ctx, id, who)
	if err != nil {
		return invoice.Bill{}, err
	}
	return billOf(o), nil
}

func (b bills) BillIn(tx *sqldb.Tx, _, id int64) (invoice.Bill, error) {
	o, err := b.w.Orders.Store.Get(tx, id)
	if err != nil {
		return invoice.Bill{}, err
	}
	return billOf(o), nil
}

func billOf(o *order.Order) invoice.Bill {
	return invoice.Bill{Order: o.ID, Organization: o.Organization, Member: o.Member,
		Currency: o.Currency, Left: o.Captured - o.Refunded, Paid: o.State == order.Paid}
}

// clear is a vault that only marks where a value belongs.
type clear struct{}

func (clear) Seal(_, _ string, _ int64, plain []byte) []byte {
	return append([]byte("sealed:"), plain...)
}

func (clear) Open(_, _ string, _ int64, sealed []byte) ([]byte, error) {
	return sealed[len("sealed:"):], nil
}

var company = invoice.Wish{TitleKind: invoice.Company, Details: invoice.Details{
	Title: "杭州白鹭小剧场有限公司", TaxNumber: "9135 0100 m000 100y43", Email: "Cai@Example.com"}}

func (o *office) buy(t *testing.T, n int64, places ...int32) *order.Order {
	t.Helper()
	return o.Buy(t, Member(n), Seats(o.Types.Adult, places...))
}

func (o *office) ask(t *testing.T, n int64, ord *order.Order) *invoice.Request {
	t.Helper()
	r, err := o.v.Ask(context.Background(), Member(n), ord.ID, company)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAskAndChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o *office) {
		ctx := context.Background()
		ord := o.buy(t, 1, 7, 8)
		unpaid := o.Place(t, Member(3), Seats(o.Types.Adult, 20))
		free := o.Buy(t, Member(4), Seats(o.Types.Guest, 21))
		o.Fake.Advance(200 * 24 * time.Hour) // months later is not too late
		r := o.ask(t, 1, ord)
		if r.TaxNumber != "91350100M000100Y43" || r.Email != "cai@example.com" ||
			r.Paid != 10000 || r.State != invoice.Requested {
			t.Errorf("asked: %+v", r)
		}
		changed, err := o.v.Ask(ctx, Member(1), ord.ID, invoice.Wish{TitleKind: invoice.Person,
			Details: invoice.Details{Title: "林一", Email: "a@b.cn"}})
		if err != nil || changed.ID != r.ID || changed.Revision <= r.Revision {
			t.Errorf("changed: %+v, %v", changed, err)
		}
		for name, c := range map[string]struct {
			who   actor.Actor
			order int64
			wish  invoice.Wish
			want  error
		}{
			"another buyer": {Member(2), ord.ID, company, fault.Missing},
			"unpaid":        {Member(3), unpaid.ID, company, invoice.ErrNotPaid},
			"free":          {Member(4), free.ID, company, invoice.ErrNothingLeft},
			"bad number": {Member(1), ord.ID, invoice.Wish{TitleKind: invoice.Company,
				Details: invoice.Details{Title: "公司", TaxNumber: "91350100M000100Y44",
					Email: "a@b.cn"}}, invoice.ErrTaxNumber},
			"all wrong": {Member(1), ord.ID, invoice.Wish{TitleKind: "club"}, fault.BadInput},
			"a person's number": {Member(1), ord.ID, invoice.Wish{TitleKind: invoice.Person,
				Details: invoice.Details{Title: "林一", TaxNumber: "91350100M000100Y43",
					Email: "a@b.cn"}}, fault.BadInput},
		} {
			if _, err := o.v.Ask(ctx, c.who, c.order, c.wish); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		if err := o.v.Withdraw(ctx, Member(1), ord.ID); err != nil {
			t.Error(err)
		}
		if r, err := o.v.OfOrder(ctx, Member(1), ord.ID); err != nil ||
			r.State != invoice.Withdrawn || r.Title != "林一" {
			t.Errorf("withdrawn: %+v, %v", r, err)
		}
		if r := o.ask(t, 1, ord); r.State != invoice.Requested {
			t.Errorf("asked anew: %+v", r)
		}
	})
}

// What was exported stays as it is; a refund after it is flagged until the red letter is
// typed back, also when units go back one by one.
func TestExportAndRedLetter(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o *office) {
		ctx := context.Background()
		ord, gone := o.buy(t, 1, 7, 8, 9), o.buy(t, 2, 10)
		r := o.ask(t, 1, ord)
		o.ask(t, 2, gone)
		o.back(t, gone)
		o.back(t, ord, ticket.UnitRef{Line: 1, Unit: 1})
		b, n, err := o.v.Export(ctx, o.clerk, o.scope)
		if err != nil || n != 1 {
			t.Fatalf("exported %d: %v", n, err)
		}
		rows, err := o.v.Rows(ctx, o.clerk, o.scope, b.ID)
		if err != nil || len(rows) != 1 || rows[0].Amount != 10000 ||
			rows[0].Title != company.Title {
			t.Fatalf("the batch: %+v, %v", rows, err)
		}
		if _, err := o.v.Ask(ctx, Member(1), ord.ID, company); !errors.Is(err,
			invoice.ErrExported) {
			t.Errorf("changed after the export: %v", err)
		}
		if err := o.v.Withdraw(ctx, Member(1), ord.ID); !errors.Is(err, invoice.ErrExported) {
			t.Errorf("withdrawn after the export: %v", err)
		}
		if _, _, err := o.v.Export(ctx, o.clerk, o.scope); !errors.Is(err,
			invoice.ErrNoneWaiting) {
			t.Errorf("exported twice: %v", err)
		}
		r, err = o.v.SetNumber(ctx, o.clerk, o.scope, r.ID, "26332000000012345678",
			rows[0].Revision)
		if err != nil || r.State != invoice.Issued {
			t.Fatalf("numbered: %+v, %v", r, err)
		}
		if _, err := o.v.SetRed(ctx, o.clerk, o.scope, r.ID, "26332000000099", r.Revision); !errors.
			Is(err, invoice.ErrNoRed) {
			t.Errorf("a red letter for nothing: %v", err)
		}
		o.flagged(t, 0)
		o.back(t, ord, ticket.UnitRef{Line: 1, Unit: 2})
		r = o.flagged(t, 5000)
		if r, err = o.v.SetRed(ctx, o.clerk, o.scope, r.ID, "26332000000099",
			r.Revision); err != nil || r.RedNeeded() != 0 || r.Red != 5000 {
			t.Fatalf("red-lettered: %+v, %v", r, err)
		}
		o.flagged(t, 0)
		o.back(t, ord, ticket.UnitRef{Line: 1, Unit: 3})
		o.flagged(t, 5000)
	})
}

func (o *office) back(t *testing.T, ord *order.Order, units ...ticket.UnitRef) {
	t.Helper()
	if _, err := o.Return(Member(ord.Member-1_000_000), ord.ID, units...); err != nil {
		t.Fatal(err)
	}
}

// flagged fails unless exactly what is due needs a red letter.
func (o *office) flagged(t *testing.T, due int64) *invoice.Request {
	t.Helper()
	list, _, err := o.v.List(context.Background(), o.clerk, o.scope,
		invoice.Filter{Red: true, Limit: 10})
	switch {
	case err != nil:
		t.Fatal(err)
	case due == 0 && len(list) == 0:
		return nil
	case len(list) != 1 || int64(list[0].RedNeeded()) != due:
		t.Fatalf("flagged: %+v, want one of %d", list, due)
	}
	return list[0]
}

// Refunds race an export: whichever comes first, what was exported less what is flagged is
// what the order has left.
func TestRefundsRaceAnExport(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o *office) {
		ctx := context.Background()
		var orders []*order.Order
		for i := range int64(6) {
			ord := o.buy(t, 1+i, int32(7+2*i), int32(8+2*i))
			o.ask(t, 1+i, ord)
			orders = append(orders, ord)
		}
		var all sync.WaitGroup
		for _, ord := range orders {
			all.Go(func() { o.back(t, ord, ticket.UnitRef{Line: 1, Unit: 1}) })
		}
		var exported atomic.Int64
		for range 3 {
			all.Go(func() {
				_, n, err := o.v.Export(ctx, o.clerk, o.scope)
				if err != nil && !errors.Is(err, invoice.ErrNoneWaiting) {
					t.Error(err)
				}
				exported.Add(int64(n))
			})
		}
		all.Wait()
		list, _, err := o.v.List(ctx, o.clerk, o.scope, invoice.Filter{Limit: 20})
		if err != nil || len(list) != len(orders) {
			t.Fatal(len(list), err)
		}
		out := int64(0)
		for _, r := range list {
			if r.State != invoice.Exported {
				continue
			}
			out++
			if r.Paid != 5000 || r.Amount-r.RedNeeded() != r.Paid {
				t.Errorf("exported %d, left %d, flagged %d", r.Amount, r.Paid, r.RedNeeded())
			}
		}
		if out != exported.Load() {
			t.Errorf("%d rows are exported, the batches counted %d", out, exported.Load())
		}
	})
}

func TestWhoHandlesInvoices(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o *office) {
		ctx := context.Background()
		ord := o.buy(t, 1, 7)
		o.ask(t, 1, ord)
		grant := func(org int64, p ...actor.Permission) actor.Actor {
			return actor.Actor{Kind: actor.Staff, ID: 9, Grants: []actor.Grant{
				{Organization: org, Permissions: p}}}
		}
		for _, c := range []struct {
			who  actor.Actor
			want error
		}{{grant(o.House.Org.ID, order.PermView), fault.NotAllowed},
			{grant(o.House.Org.ID+1, actor.Everything), fault.Missing},
			{Member(1), fault.Missing}} {
			if _, _, err := o.v.List(ctx, c.who, o.scope, invoice.Filter{Limit: 5}); !errors.Is(err,
				c.want) {
				t.Errorf("list: %v, want %v", err, c.want)
			}
			if _, _, err := o.v.Export(ctx, c.who, o.scope); !errors.Is(err, c.want) {
				t.Errorf("export: %v, want %v", err, c.want)
			}
		}
		if _, err := o.v.Ask(ctx, grant(o.House.Org.ID, order.PermView), ord.ID, company); !errors.
			Is(err, fault.NotAllowed) {
			t.Errorf("asked by staff without the right: %v", err)
		}
	})
}

// Exactly one of the 31 characters completes 17 others, so that one wrong character, or two
// exchanged neighbours that differ, are always found.
func TestCreditCode(t *testing.T) {
	t.Parallel()
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	for _, good := range []string{"91350100M000100Y43", " 91350100m000100y43 ",
		"440300123456789", "12345678901234567X12"} {
		if _, ok := invoice.TaxNumber(good); !ok {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{"", "91350100M000100Y4", "91350100M000100Y4I",
		"91350100I000100Y43", "44030012345678-", "4403001234567890"} {
		if _, ok := invoice.TaxNumber(bad); ok {
			t.Errorf("%q passes", bad)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		body := []byte(rapid.StringMatching(`[0-9ABCDEFGHJKLMNPQRTUWXY]{17}`).Draw(t, "body"))
		check := func(b []byte) (found string) {
			for i := range alphabet {
				if _, ok := invoice.TaxNumber(string(b) + alphabet[i:i+1]); ok {
					found += alphabet[i : i+1]
				}
			}
			return found
		}
		last := check(body)
		if len(last) != 1 {
			t.Fatalf("%s is completed by %q", body, last)
		}
		i := rapid.IntRange(0, 16).Draw(t, "i")
		other := alphabet[rapid.IntRange(0, 30).Draw(t, "other")]
		if other != body[i] {
			wrong := append([]byte(nil), body...)
			wrong[i] = other
			if _, ok := invoice.TaxNumber(string(wrong) + last); ok {
				t.Fatalf("%s passes for %s", wrong, body)
			}
		}
	})
}

func TestHarmless(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"=1+1", "+86", "-2", "@SUM(A1)", "\t=1", " =1", "\u3000=1",
		"\uff1d1+1", "|calc", "\ufeff=1"} {
		if got := invoice.Harmless(bad); !strings.HasPrefix(got, "'") {
			t.Errorf("%q stays %q", bad, got)
		}
	}
	for _, good := range []string{"", "杭州公司", "a=b", "A-1"} {
		if got := invoice.Harmless(good); got != good {
			t.Errorf("%q becomes %q", good, got)
		}
	}
}
