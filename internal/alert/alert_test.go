package alert_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"foyer/internal/alert"
	"foyer/internal/alert/alertdb"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/notify"
	"foyer/internal/order"
	"foyer/internal/order/ordertest"
	"foyer/internal/seating"
)

// post keeps what was sent.
type post struct {
	mu   sync.Mutex
	sent []notify.Message
}

func (p *post) Send(_ context.Context, m notify.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, m)
	return nil
}

func open(t *testing.T, w *ordertest.World) (*alert.Alerts, *post) {
	t.Helper()
	p := &post{}
	plans := seating.NewPlanCache(w.Places)
	return alert.New(alert.Parts{DB: w.DB, Store: alertdb.New(w.DB), Sessions: w.Catalog,
		Left: seating.NewStock(w.Places, plans, w.Board), Sender: p, Jobs: w.Jobs,
		Journal: w.Journal, IDs: w.IDs, Clock: w.Clock,
		Contact: func(_ context.Context, member int64) (string, string, bool, error) {
			return "+86138", "zh-Hans", member != ordertest.Member(3).ID, nil
		}, Link: func(int64) string { return "https://x/s" }}), p
}

// run does the job of a session, and says when it comes again.
func run(t *testing.T, a *alert.Alerts, session int64) time.Duration {
	t.Helper()
	again, err := a.Tell(context.Background(), journal.Job{ObjectID: session})
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// TestToldWhenTheSaleBegins: nobody before it, everybody once at it, nobody twice, and not
// whoever withdrew or is gone.
func TestToldWhenTheSaleBegins(t *testing.T) {
	t.Parallel()
	ordertest.Each(t, func(t *testing.T, w *ordertest.World) {
		a, p := open(t, w)
		ctx := context.Background()
		begins := w.Clock.Now().Add(time.Hour)
		s := w.OnSale(t, func(s *catalog.Session) { s.SaleFrom = begins })
		first, err := a.Register(ctx, ordertest.Member(1), s.ID)
		if err != nil || first.Kind != alert.OnSale {
			t.Fatal(first, err)
		}
		again, err := a.Register(ctx, ordertest.Member(1), s.ID)
		if err != nil || again.ID != first.ID {
			t.Errorf("asked again: %+v %v", again, err)
		}
		gone, err := a.Register(ctx, ordertest.Member(2), s.ID)
		if err == nil {
			_, err = a.Register(ctx, ordertest.Member(3), s.ID)
		}
		if err == nil {
			err = a.Withdraw(ctx, ordertest.Member(2), gone.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Withdraw(ctx, ordertest.Member(1), gone.ID); !errors.Is(err, fault.Missing) {
			t.Errorf("another's alert: %v", err)
		}
		if wait := run(t, a, s.ID); wait != time.Hour || len(p.sent) != 0 {
			t.Errorf("before the sale: %d told, again in %v", len(p.sent), wait)
		}
		w.Fake.Set(begins)
		run(t, a, s.ID)
		if wait := run(t, a, s.ID); wait != 0 || len(p.sent) != 1 ||
			!strings.Contains(p.sent[0].Text.Body, "已开票") {
			t.Errorf("at the sale: %d told, again in %v", len(p.sent), wait)
		}
		w.Verify(t)
	})
}

// TestToldWhenPlacesComeBack: no more are told at a time than there are places, in the
// order in which they asked, and the next have to wait a while.
func TestToldWhenPlacesComeBack(t *testing.T) {
	t.Parallel()
	w := ordertest.Open(t)
	a, p := open(t, w)
	ctx := context.Background()
	if _, err := a.Register(ctx, ordertest.Member(1), w.Session.ID); !errors.Is(err,
		alert.ErrStillFree) {
		t.Fatalf("a session with places: %v", err)
	}
	var seats []order.LineAsk
	for i := range int32(10) {
		var row []int32
		for k := range int32(10) {
			row = append(row, i*10+k+1)
		}
		seats = append(seats, ordertest.Seats(w.Types.Adult, row...))
	}
	w.Place(t, ordertest.Member(50), seats...)
	rest := w.Ask(ordertest.Seats(w.Types.Adult, ordertest.PairLeft, ordertest.PairRight),
		ordertest.Units(w.Types.Adult, ordertest.Standing, 50),
		ordertest.Units(w.Types.Adult, ordertest.Table, 1))
	if _, _, err := w.Try(ordertest.Member(51), rest); err != nil {
		t.Fatal(err)
	}
	house := w.Ask(ordertest.Seats(w.Types.Adult, ordertest.HouseSeat))
	house.Channel = order.ChannelCounter
	last, _, err := w.Try(w.Clerk(), house)
	if err != nil {
		t.Fatal(err)
	}
	for n := range int64(3) {
		if _, err := a.Register(ctx, ordertest.Member(10+n), w.Session.ID); err != nil {
			t.Fatal(err)
		}
	}
	if wait := run(t, a, w.Session.ID); len(p.sent) != 0 || wait <= 0 {
		t.Errorf("sold out: %d told", len(p.sent))
	}
	if _, err := w.Orders.Cancel(ctx, w.Clerk(), last.ID); err != nil {
		t.Fatal(err)
	}
	wait := run(t, a, w.Session.ID)
	mine, err := a.Mine(ctx, ordertest.Member(10))
	if err != nil || len(p.sent) != 1 || wait < time.Minute || mine[0].ToldAt.IsZero() {
		t.Errorf("one place back: %d told, again in %v (%v)", len(p.sent), wait, err)
	}
	if other, _ := a.Mine(ctx, ordertest.Member(11)); !other[0].ToldAt.IsZero() {
		t.Error("the second was told of one place")
	}
}
