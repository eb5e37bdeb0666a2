// Package paymenttest is payments as they really run, for tests: a real bank over HTTP, the
// real client, the real agreement, and a door that takes notices. Only places and tickets
// are counters. It also holds the suite that every provider must pass.
package paymenttest

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/journal/journaltest"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/order/orderdb"
	"foyer/internal/payment"
	"foyer/internal/payment/paymentdb"
	"foyer/internal/payment/paymenthttp"
	"foyer/internal/payment/sandbox"
	"foyer/internal/sandboxbank"
	"foyer/internal/sandboxbank/banktest"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// World is a running whole.
type World struct {
	*journaltest.Bundle
	Bank     *banktest.Bank
	Client   *sandbox.Client
	Payments *payment.Payments
	Orders   *order.Orders
	Store    *paymentdb.Store
	Tickets  *Tickets
	Book     *Book
	API      *httpx.API
	URL      string
	snapshot int64
}

// Organization and Member own everything that the world makes.
const (
	Organization int64 = 11
	Member       int64 = 21
)

// New starts a world on a fresh database. provider, when given, stands between payments
// and the bank's client.
func New(t testing.TB, db *sqldb.DB, clk clock.Clock, bank func(*sandboxbank.Config),
	provider func(payment.Provider) payment.Provider,
) *World {
	t.Helper()
	w := &World{Bundle: journaltest.New(t, db, clk), Bank: banktest.Start(t, clk, bank),
		Tickets: &Tickets{Live: map[int64]int{}}, Book: &Book{}, Store: paymentdb.New(db)}
	server := httptest.NewUnstartedServer(nil)
	w.URL = "http://" + server.Listener.Addr().String()
	var err error
	w.Client, err = sandbox.New(sandbox.Config{BaseURL: w.Bank.URL,
		Merchant: banktest.MerchantID, NotifyURL: w.URL + "/api/v1/notify/sandbox"},
		func() (string, ed25519.PrivateKey) { return banktest.KeyID, w.Bank.Key }, clk, w.IDs)
	check(t, err)
	check(t, w.Client.SetKeys(BankKeys(t, w.Bank)))
	log := slog.New(slog.NewTextHandler(output(t), nil))
	w.Orders = order.New(order.Config{}, order.Parts{DB: db, Store: orderdb.New(db),
		Sessions: sessions{}, Book: w.Book, Tickets: w.Tickets, Journal: w.Journal,
		Ledger: w.Ledger, Jobs: w.Jobs, Buyers: buyers{}, Clock: clk, IDs: w.IDs, Log: log})
	var p payment.Provider = w.Client
	if provider != nil {
		p = provider(p)
	}
	w.Payments = payment.New(payment.Config{CallSeconds: 2}, payment.Parts{DB: db,
		Store: w.Store, Settler: w.Orders, Journal: w.Journal, Clock: clk, IDs: w.IDs, Log: log,
		MaySee: func(ctx context.Context, id int64, who actor.Actor) error {
			_, err := w.Orders.Get(ctx, id, who)
			return err
		}}, p)
	w.Orders.SetPayments(w.Payments)
	w.Jobs.Handle(order.JobClose, w.Orders.Close)
	w.serve(t, server, clk, log)
	w.agree(t)
	return w
}

func (w *World) serve(t testing.TB, server *httptest.Server, clk clock.Clock, log *slog.Logger) {
	codec, err := idgen.NewCodec(make([]byte, 16))
	check(t, err)
	w.API, err = httpx.New(httpx.Config{Title: "test", Version: "1", Logger: log, Clock: clk,
		IDs: w.IDs, Codec: codec, CursorSecret: make([]byte, 16), Auth: auth{}})
	check(t, err)
	paymenthttp.Mount(w.API, w.Payments, w.Keys, paymenthttp.Config{
		PublicURL: "http://shop.example", Providers: []string{sandbox.Name}})
	server.Config.Handler = w.API
	server.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	server.Start()
	t.Cleanup(func() {
		w.Client.CloseIdle()
		server.Close()
	})
}

// agree stores what all orders of the world agree to.
func (w *World) agree(t testing.TB) {
	doc, err := json.Marshal(order.Agreed{Event: "长安三万里", Venue: 41, TimeZone: "Asia/Shanghai",
		Starts: w.Clock.Now().Add(48 * time.Hour), Ends: w.Clock.Now().Add(50 * time.Hour)})
	check(t, err)
	w.snapshot = w.IDs.Next()
	check(t, w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		_, err := w.Orders.Store.SaveSnapshot(tx, Organization, w.snapshot, [32]byte{1}, doc)
		return err
	}))
}

// Place stores a pending order of one seat.
func (w *World) Place(t testing.TB, total money.Minor, life time.Duration) *order.Order {
	t.Helper()
	now := w.Clock.Now()
	o := &order.Order{ID: w.IDs.Next(), Organization: Organization, Member: Member,
		Channel: order.ChannelH5, State: order.Pending, Currency: money.CNY,
		Total: total, ExpiresAt: now.Add(life).UTC().Truncate(time.Millisecond),
		HoldSeconds: int(life.Seconds()), Snapshot: w.snapshot, Revision: 1,
		Lines: []order.Line{{Number: 1, TicketType: 51, Name: "成人", Zone: "A",
			Amount: total, Units: []order.Unit{{Price: total, Amount: total, Places: []int32{1},
				Label: "1-1"}}}}}
	o.Session = w.IDs.Next() // one each: a member has one live order a session
	o.Lines[0].Session = o.Session
	err := w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		take := order.MemberTake{Session: o.Session, Member: Member, Order: o.ID, N: 1}
		if err := w.Orders.Store.TakeMember(tx, take); err != nil {
			return err
		}
		return w.Orders.Store.Insert(tx, o)
	})
	if err != nil {
		t.Error(err)
	}
	return o
}

// Buyer is the member who owns the world's orders.
func Buyer() actor.Actor { return actor.Actor{Kind: actor.Member, ID: Member} }

// Repairer is staff who may do everything in the organization.
func Repairer() actor.Actor {
	return actor.Actor{Kind: actor.Staff, ID: 61, Grants: []actor.Grant{{
		Organization: Organization, Permissions: []actor.Permission{actor.Everything}}}}
}

// Open opens a payment of an order and returns it as it stands.
func (w *World) Open(ctx context.Context, o *order.Order) (*payment.Payment, error) {
	var got *payment.Payment
	_, err := w.Payments.Open(ctx, Buyer(), payment.OpenAsk{Order: o.ID, Channel: sandbox.Name},
		nil, func(p *payment.Payment) (journal.Answer, error) {
			got = p
			return journal.Answer{Status: 201, Body: []byte("{}")}, nil
		})
	return got, err
}

// Expire ends an unpaid order as the expirer does.
func (w *World) Expire(t testing.TB, o *order.Order) {
	t.Helper()
	system := actor.SystemActor
	if _, err := w.Orders.Cancel(context.Background(), system, o.ID); err != nil {
		t.Error(err)
	}
}

// BankKeys are the bank's public keys as the client loads them.
func BankKeys(t testing.TB, b *banktest.Bank) []sandbox.BankKey {
	t.Helper()
	list, err := b.Keys.Public()
	check(t, err)
	doc, err := json.Marshal(list)
	check(t, err)
	keys, err := sandbox.ParseKeys(doc)
	check(t, err)
	return keys
}

// Tickets counts what was issued.
type Tickets struct {
	mu   sync.Mutex
	Live map[int64]int // by order
}

// Issue counts one ticket once it is committed.
func (k *Tickets) Issue(tx *sqldb.Tx, in ticket.Issue) ([]ticket.Ticket, error) {
	tx.AfterCommit(func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.Live[in.Order]++
	})
	return nil, nil
}

// Void counts it back.
func (k *Tickets) Void(tx *sqldb.Tx, _, order int64, _ []ticket.UnitRef) error {
	tx.AfterCommit(func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.Live[order]--
	})
	return nil
}

// VoidUsed is Void.
func (k *Tickets) VoidUsed(tx *sqldb.Tx, organization, order int64, units []ticket.UnitRef) (
	[]ticket.Ticket, error,
) {
	return nil, k.Void(tx, organization, order, units)
}

// OrderOf knows no ticket.
func (k *Tickets) OrderOf(context.Context, int64, int64) (int64, error) { return 0, nil }

// Used says that nobody has entered yet.
func (k *Tickets) Used(context.Context, int64, int64) ([]ticket.UnitRef, error) {
	return nil, nil
}

// Of is how many tickets of an order are live.
func (k *Tickets) Of(order int64) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.Live[order]
}

// Book has every place, unless Full says that the places of an expired order are gone.
type Book struct {
	Full func(order int64) bool
}

// Claim takes places again for late money.
func (b *Book) Claim(_ *sqldb.Tx, c seating.Claim) error {
	if b.Full != nil && b.Full(c.Owner.ID) {
		return seating.ErrPlaceTaken
	}
	return nil
}

// ClaimAll is Claim for each.
func (b *Book) ClaimAll(tx *sqldb.Tx, list []seating.Claim) error {
	for _, c := range list {
		if err := b.Claim(tx, c); err != nil {
			return err
		}
	}
	return nil
}

func (b *Book) Sell(*sqldb.Tx, int64, seating.Owner, int) error { return nil }

func (b *Book) Release(*sqldb.Tx, int64, seating.Owner, []int32, []seating.AreaQty) error {
	return nil
}

func (b *Book) Park(*sqldb.Tx, seating.Return, seating.Owner, []int32, []seating.AreaQty) (
	bool, error,
) {
	return false, nil
}

func (b *Book) Unpark(*sqldb.Tx, int64, []int32, []seating.AreaQty) error { return nil }

func (b *Book) StandingIn(*sqldb.Tx, int64) ([]seating.Allotment, error) { return nil, nil }

func (b *Book) Extend(*sqldb.Tx, int64, seating.Owner, time.Time) error { return nil }

// Owners finds nobody: no session of these tests is cancelled.
func (b *Book) Owners(*sqldb.Tx, int64, seating.OwnerKind, int64, int) ([]int64, error) {
	return nil, nil
}

type sessions struct{}

func (sessions) Sellable(_ context.Context, id int64) (*catalog.Sellable, error) {
	return &catalog.Sellable{Session: catalog.Session{Meta: catalog.Meta{ID: id}}}, nil
}

func (sessions) GuardSession(*sqldb.Tx, int64, int64) error { return nil }

func (sessions) Batch(int64) *catalog.CodeBatch     { return nil }
func (sessions) ReadGates(*sqldb.Tx, []int64) error { return nil }

type buyers struct{}

func (buyers) RememberTail(*sqldb.Tx, int64, int64) error { return nil }

func (buyers) FindByTail(context.Context, actor.Scope, string) ([]int64, error) { return nil, nil }

// auth knows three tokens: the buyer's, another member's and staff's.
type auth struct{}

func (auth) Authenticate(_ context.Context, token string, _ httpx.RequestInfo) (
	actor.Actor, error,
) {
	switch token {
	case "buyer":
		return Buyer(), nil
	case "stranger":
		return actor.Actor{Kind: actor.Member, ID: Member + 1}, nil
	case "staff":
		return Repairer(), nil
	case "elsewhere":
		who := Repairer()
		who.ID, who.Grants[0].Organization = 62, Organization+1
		return who, nil
	}
	return actor.Actor{}, fault.SignInFirst
}

// Balance is the ledger's account of an order.
func (w *World) Balance(t testing.TB, order int64, account string) money.Minor {
	t.Helper()
	list, err := w.Ledger.OfOrder(context.Background(), order)
	check(t, err)
	var sum money.Minor
	for _, b := range list {
		if b.Account == account {
			sum += b.Amount
		}
	}
	return sum
}

// Settled fails unless money and tickets of an order agree: paid with one ticket, or all
// money back and none.
func (w *World) Settled(t testing.TB, o *order.Order) {
	t.Helper()
	// Tickets are counted after the commit; the next one comes after that.
	check(t, w.DB.InTx(context.Background(), func(*sqldb.Tx) error { return nil }))
	now, err := w.Orders.Store.Find(context.Background(), o.ID)
	check(t, err)
	clearing := w.Balance(t, o.ID, ledger.Clearing(sandbox.Name))
	want, tickets := money.Minor(0), 0
	if now.State == order.Paid {
		want, tickets = o.Total, 1
	}
	if clearing != want || w.Tickets.Of(o.ID) != tickets || now.OpenPayments != 0 ||
		w.Balance(t, o.ID, ledger.RefundPayable) != 0 || w.Balance(t, o.ID, ledger.ToReturn) != 0 {
		t.Errorf("order %d is %s: the provider holds %d of %d, %d tickets, %d open payments",
			o.ID, now.State, clearing, want, w.Tickets.Of(o.ID), now.OpenPayments)
	}
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
