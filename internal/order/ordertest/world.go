// Package ordertest is the agreement as it really runs, for tests: real catalogue, places,
// tickets, payments, ledger and journal over one database; only the other side of the
// payment provider is played by the test.
package ordertest

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/journal/journaltest"
	"foyer/internal/keyring"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/order/orderdb"
	"foyer/internal/payment"
	"foyer/internal/payment/paymentdb"
	"foyer/internal/seating"
	"foyer/internal/seating/seatingdb"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/ticket"
	"foyer/internal/ticket/ticketdb"
	"foyer/internal/ticket/tickettest"
	"foyer/internal/visitor"
)

// World is a running whole with one session on sale.
type World struct {
	*journaltest.Bundle
	Fake      *clock.Fake // nil with another clock
	Programme *catalogtest.World
	Catalog   *catalog.Catalog
	House     *catalogtest.House
	Types     Types
	Prices    *catalog.PriceList
	Policy    *catalog.RefundPolicy
	Places    *seatingdb.Store
	Board     *seating.MemBoard
	Chooser   *seating.Chooser
	Book      *seatingdb.Book
	Tickets   *ticket.Tickets
	Till      *Till
	Payments  *payment.Payments
	Visitors  *visitor.Visitors
	Ring      *keyring.Ring
	Orders    *order.Orders
	Session   *catalog.Session

	// Told is who was told that a session was moved.
	Told []order.MovedNews

	log      *slog.Logger
	stock    *seating.Stock
	sessions int
}

// Each runs fn on every engine with a world of its own and a clock that the test holds.
func Each(t *testing.T, fn func(t *testing.T, w *World)) {
	t.Helper()
	sqldbtest.EachFake(t, func(t *testing.T, db *sqldb.DB, clk *clock.Fake) {
		fn(t, New(t, db, clk))
	})
}

// Open is a world on a SQLite database of its own.
func Open(t testing.TB) *World {
	t.Helper()
	clk := clock.NewFake(sqldbtest.Start)
	return New(t, sqldbtest.Open(t, clk), clk)
}

// New joins the modules over a fresh database.
func New(t testing.TB, db *sqldb.DB, clk clock.Clock) *World {
	t.Helper()
	w := &World{Bundle: journaltest.New(t, db, clk), Places: seatingdb.New(db), Till: newTill(),
		log: slog.New(slog.NewTextHandler(output(t), nil))}
	w.Fake, _ = clk.(*clock.Fake)
	plans := seating.NewPlanCache(w.Places)
	w.Board = seating.NewMemBoard(seating.BoardConfig{Truth: w.Places, Plans: plans, Clock: clk,
		IDs: w.IDs, Log: w.log, Frame: func(_, _ string, data []byte) []byte { return data }})
	w.Book = seatingdb.NewBook(w.Board)
	w.Chooser = seating.NewChooser(w.Board, w.Places, plans, clk).UseAllotments(w.Places)
	w.stock = seating.NewStock(w.Places, plans, w.Board)
	w.Programme = catalogtest.NewWithStock(t, w.Bundle, w.stock, w.stock)
	w.Catalog = w.Programme.Catalog
	w.Tickets = ticket.New(ticket.Config{DB: db, Store: ticketdb.New(db), IDs: w.IDs,
		Keys: tickettest.Pair(1), Sessions: w.Catalog, Orders: visible{w}, Journal: w.Journal})
	w.Visitors = w.newVisitors(t)
	w.Orders = w.NewOrders(db)
	w.Payments = payment.New(payment.Config{}, payment.Parts{DB: db, Store: paymentdb.New(db),
		Settler: w.Orders, Journal: w.Journal, MaySee: visible{w}.MaySee, Clock: clk, IDs: w.IDs,
		Log: w.log}, w.Till)
	w.Orders.SetPayments(w.Payments)
	w.Jobs.Handle(order.JobClose, w.Orders.Close)
	w.Jobs.Handle(order.JobChange, w.Orders.EndDueChange)
	w.Jobs.Handle(order.JobGiveBack, w.Orders.RunGiveBack)
	w.Catalog.OnCalledOff(w.Orders.CalledOff)
	w.furnish(t)
	w.Session = w.OnSale(t, nil)
	return w
}

// NewOrders is the agreement of another start of the process: it knows no holds yet.
func (w *World) NewOrders(db *sqldb.DB) *order.Orders {
	return w.NewOrdersOf(db, order.Config{})
}

// NewOrdersOf is NewOrders with a configuration of its own.
func (w *World) NewOrdersOf(db *sqldb.DB, cfg order.Config) *order.Orders {
	o := order.New(cfg, order.Parts{DB: db, Store: orderdb.New(db),
		Sessions: w.Catalog, Chooser: w.Chooser, Book: w.Book, Tickets: w.Tickets,
		Journal: w.Journal, Ledger: w.Ledger, Jobs: w.Jobs, Buyers: buyers{},
		Visitors: w.Visitors, Clock: w.Clock, IDs: w.IDs, Log: w.log, Public: w.Public})
	o.SetPayments(w.Payments)
	o.SetMoves(w.moveParts())
	return o
}

// Member is the n-th buyer.
func Member(n int64) actor.Actor { return actor.Actor{Kind: actor.Member, ID: 1_000_000 + n} }

// Clerk is staff of the house who may do everything in it.
func (w *World) Clerk() actor.Actor {
	return catalogtest.Staff(w.House.Org.ID, actor.Everything)
}

// Ask is a wish for lines of the world's session.
func (w *World) Ask(lines ...order.LineAsk) order.PlaceAsk {
	return order.PlaceAsk{Session: w.Session.ID, Channel: order.ChannelH5, Lines: lines,
		ExpectTotal: -1}
}

// Try places an order and gives it with the status of the answer.
func (w *World) Try(who actor.Actor, ask order.PlaceAsk) (*order.Order, int, error) {
	var got *order.Order
	answer, err := w.Orders.Place(context.Background(), who, ask, nil, Rendered(&got))
	return got, answer.Status, err
}

// Rendered is a render that leaves the order where the test finds it.
func Rendered(into **order.Order) order.Render {
	return func(o *order.Order) (journal.Answer, error) {
		c := *o
		*into = &c
		return journal.Answer{Status: 201, Body: []byte("{}")}, nil
	}
}

// Place is Try that must succeed.
func (w *World) Place(t testing.TB, who actor.Actor, lines ...order.LineAsk) *order.Order {
	t.Helper()
	o, _, err := w.Try(who, w.Ask(lines...))
	check(t, err)
	return o
}

// Find is an order as it stands.
func (w *World) Find(t testing.TB, id int64) *order.Order {
	t.Helper()
	o, err := w.Orders.Store.Find(context.Background(), id)
	check(t, err)
	return o
}

// OpenPayment opens a payment of an order.
func (w *World) OpenPayment(who actor.Actor, id int64) (*payment.Payment, error) {
	var got *payment.Payment
	_, err := w.Payments.Open(context.Background(), who,
		payment.OpenAsk{Order: id, Channel: ProviderName}, nil,
		func(p *payment.Payment) (journal.Answer, error) {
			got = p
			return journal.Answer{Status: 201, Body: []byte("{}")}, nil
		})
	return got, err
}

// Look asks the provider about a payment, as a notice makes it be asked.
func (w *World) Look(t testing.TB, p *payment.Payment) *payment.Payment {
	t.Helper()
	now, err := w.Payments.Query(context.Background(), actor.SystemActor, p.ID)
	check(t, err)
	return now
}

// Pay opens a payment, has the buyer pay it and lets the answer be known.
func (w *World) Pay(t testing.TB, who actor.Actor, id int64) *payment.Payment {
	t.Helper()
	p, err := w.OpenPayment(who, id)
	check(t, err)
	w.Till.Take(p.Number(), p.Amount, p.Currency)
	return w.Look(t, p)
}

// Buy places and pays.
func (w *World) Buy(t testing.TB, who actor.Actor, lines ...order.LineAsk) *order.Order {
	t.Helper()
	o := w.Place(t, who, lines...)
	if o.State == order.Pending {
		w.Pay(t, who, o.ID)
	}
	o = w.Find(t, o.ID)
	if o.State != order.Paid {
		t.Fatalf("a bought order is %s", o.State)
	}
	return o
}

// Return gives units back; none means all.
func (w *World) Return(who actor.Actor, id int64, units ...ticket.UnitRef) (
	r order.Returned, err error,
) {
	_, err = w.Orders.Refund(context.Background(), who, id,
		order.RefundAsk{Units: units, Expect: -1}, nil,
		func(got order.Returned) (journal.Answer, error) {
			r = got
			return journal.Answer{Status: 201, Body: []byte("{}")}, nil
		})
	return r, err
}

// Settle lets every refund on its way arrive.
func (w *World) Settle(t testing.TB) {
	t.Helper()
	_, err := w.Payments.Round(context.Background())
	check(t, err)
}

// Lapse lets an order's time pass and ends it as the expirer does.
func (w *World) Lapse(t testing.TB, o *order.Order) {
	t.Helper()
	w.Fake.Advance(time.Duration(o.HoldSeconds)*time.Second + time.Millisecond)
	w.Orders.ExpireDue(context.Background())
}

// Balance is the ledger's account of an order.
func (w *World) Balance(t testing.TB, id int64, account string) (sum money.Minor) {
	t.Helper()
	list, err := w.Ledger.OfOrder(context.Background(), id)
	check(t, err)
	for _, b := range list {
		if b.Account == account {
			sum += b.Amount
		}
	}
	return sum
}

type visible struct{ w *World }

func (v visible) MaySee(ctx context.Context, id int64, who actor.Actor) error {
	_, err := v.w.Orders.Get(ctx, id, who)
	return err
}

func (v visible) IsUnpaid(id int64, who actor.Actor) bool { return v.w.Orders.IsUnpaid(id, who) }

// buyers knows phones that end in the member's own number.
type buyers struct{}

func (buyers) RememberTail(*sqldb.Tx, int64, int64) error { return nil }

func (buyers) FindByTail(_ context.Context, _ actor.Scope, digits string) ([]int64, error) {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(digits) != 4 {
		return nil, fault.BadInput.At("phone_tail", "must be the last four digits")
	}
	return []int64{Member(n).ID}, nil
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func output(t testing.TB) io.Writer {
	if testing.Verbose() {
		return t.Output()
	}
	return io.Discard
}
