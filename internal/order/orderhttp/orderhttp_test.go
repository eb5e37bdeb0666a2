package orderhttp_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/order"
	"foyer/internal/order/orderhttp"
	"foyer/internal/order/ordertest"
	"foyer/internal/ticket/tickettest"
)

type door struct {
	*tickettest.Door
	w *ordertest.World
}

func open(t *testing.T, w *ordertest.World) *door {
	t.Helper()
	d := &door{&tickettest.Door{T: t}, w}
	codec, err := idgen.NewCodec(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	d.API, err = httpx.New(httpx.Config{Title: "test", Version: "0", Clock: w.Clock, IDs: w.IDs,
		Codec: codec, Auth: d, CursorSecret: make([]byte, 16),
		Logger: slog.New(slog.DiscardHandler), Rates: map[string]httpx.Rate{
			httpx.BuyRate.Name: {Count: 1000, Per: time.Second, Burst: 1000}}})
	if err != nil {
		t.Fatal(err)
	}
	orderhttp.Mount(d.API, w.Orders, w.Keys)
	d.Tokens = map[string]actor.Actor{"me": ordertest.Member(1), "other": ordertest.Member(2),
		"clerk":     w.Clerk(),
		"usher":     catalogtest.Staff(w.House.Org.ID, order.PermView),
		"elsewhere": catalogtest.Staff(w.House.Org.ID+1, actor.Everything)}
	return d
}

func (d *door) id(kind idgen.Kind, id int64) string { return d.Keys().Public(kind, id) }

func (d *door) wish(places ...int32) map[string]any {
	return map[string]any{"session_id": d.id("ses", d.w.Session.ID),
		"lines": []any{map[string]any{"ticket_type_id": d.id("tty", d.w.Types.Adult),
			"places": places}}}
}

// crowd sends one request a hundred times at once and gives the distinct answers.
func crowd(t *testing.T, ask func() tickettest.Answer) map[string]int {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	bodies := map[string]int{}
	for range 100 {
		wg.Go(func() {
			a := ask()
			mu.Lock()
			defer mu.Unlock()
			bodies[fmt.Sprint(a.Code, " ", a.Body.String())]++
		})
	}
	wg.Wait()
	return bodies
}

// TestPlacingAHundredTimesIsPlacingOnce: one key, a hundred requests at once, one order,
// equal bytes; and the same after a start that remembers nothing.
func TestPlacingAHundredTimesIsPlacingOnce(t *testing.T) {
	t.Parallel()
	ordertest.Each(t, func(t *testing.T, w *ordertest.World) {
		d := open(t, w)
		ask := func() tickettest.Answer {
			return d.Ask("me", "POST", "/api/v1/orders", d.wish(1, 2), "Idempotency-Key", "k-1")
		}
		answers := crowd(t, ask)
		if len(answers) != 1 {
			t.Fatalf("%d different answers: %v", len(answers), answers)
		}
		first := ask()
		first.JSON(201)
		if n := orders(t, w, 1); n != 1 {
			t.Fatalf("%d orders", n)
		}
		// The lines change by another key; the first key still answers what it did.
		d.Ask("me", "POST", "/api/v1/orders", d.wish(3), "Idempotency-Key", "k-2").JSON(200)
		w.Keys = journal.NewKeys(w.DB, w.Store, w.Clock)
		w.Orders = w.NewOrders(w.DB)
		d = open(t, w)
		if again := ask(); again.Code != 201 || !bytes.Equal(again.Body.Bytes(),
			first.Body.Bytes()) || again.Header().Get("Idempotency-Replayed") != "true" {
			t.Errorf("after a start: %d %s", again.Code, again.Body)
		}
		same := d.Ask("me", "POST", "/api/v1/orders", d.wish(3), "Idempotency-Key", "k-3")
		same.JSON(200)
		repeat := d.Ask("me", "POST", "/api/v1/orders", d.wish(3), "Idempotency-Key", "k-3")
		if !bytes.Equal(same.Body.Bytes(), repeat.Body.Bytes()) {
			t.Errorf("the same wish: %s, then %s", same.Body, repeat.Body)
		}
		d.Ask("me", "POST", "/api/v1/orders", d.wish(9), "Idempotency-Key", "k-1").
			Refused(journal.ErrKeyReused)
		w.Verify(t)
	})
}

// TestTheSameWishAfterAStartReplays: the repeat of a request whose order is still live gets
// the first answer, 201 and its bytes, also when no memory of the key is left.
func TestTheSameWishAfterAStartReplays(t *testing.T) {
	t.Parallel()
	ordertest.Each(t, func(t *testing.T, w *ordertest.World) {
		d := open(t, w)
		ask := func() tickettest.Answer {
			return d.Ask("me", "POST", "/api/v1/orders", d.wish(1), "Idempotency-Key", "k")
		}
		first := ask()
		w.Keys = journal.NewKeys(w.DB, w.Store, w.Clock)
		d = open(t, w)
		if again := ask(); again.Code != 201 || !bytes.Equal(first.Body.Bytes(),
			again.Body.Bytes()) {
			t.Errorf("%d %s, at first %d %s", again.Code, again.Body, first.Code, first.Body)
		}
	})
}

func orders(t *testing.T, w *ordertest.World, n int64) int {
	t.Helper()
	list, err := w.Orders.OfMember(context.Background(), ordertest.Member(n).ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestRefundingAHundredTimesIsRefundingOnce(t *testing.T) {
	t.Parallel()
	ordertest.Each(t, func(t *testing.T, w *ordertest.World) {
		d := open(t, w)
		o := w.Buy(t, ordertest.Member(1), ordertest.Seats(w.Types.Adult, 1, 2, 3))
		path := "/api/v1/orders/" + d.id("ord", o.ID) + "/refunds"
		body := map[string]any{"units": []any{map[string]any{"line": 1, "unit": 2}},
			"expect_refund_minor": 5000, "reason": "病了"}
		ask := func() tickettest.Answer {
			return d.Ask("me", "POST", path, body, "Idempotency-Key", "r-1")
		}
		if answers := crowd(t, ask); len(answers) != 1 {
			t.Fatalf("%d different answers: %v", len(answers), answers)
		}
		first := ask()
		got := first.JSON(201)
		if len(got["refund_ids"].([]any)) != 1 ||
			got["order"].(map[string]any)["state"] != "partly_refunded" {
			t.Errorf("%v", got)
		}
		w.Keys = journal.NewKeys(w.DB, w.Store, w.Clock)
		d = open(t, w)
		if again := ask(); !bytes.Equal(first.Body.Bytes(), again.Body.Bytes()) {
			t.Errorf("after a start: %s, at first %s", again.Body, first.Body)
		}
		w.Settle(t)
		if w.Till.Sent() != 5000 || w.Find(t, o.ID).Refunded != 5000 {
			t.Errorf("%d went back", w.Till.Sent())
		}
		d.Ask("me", "POST", path, body, "Idempotency-Key", "r-2").Refused(order.ErrUnitReturned)
		d.Ask("other", "POST", path, body, "Idempotency-Key", "r-3").Refused(fault.Missing)
		d.Ask("elsewhere", "POST", path, body, "Idempotency-Key", "r-4").Refused(fault.Missing)
		d.Ask("usher", "POST", path, body, "Idempotency-Key", "r-5").Refused(fault.NotAllowed)
		w.Verify(t)
	})
}

// TestOrderRoutes walks the routes of a buyer and of staff.
func TestOrderRoutes(t *testing.T) {
	t.Parallel()
	w := ordertest.Open(t)
	d := open(t, w)
	quote := d.Ask("", "POST", "/api/v1/quotes", d.wish(1, 2)).JSON(200)
	if quote["total_minor"] != 10000.0 || orders(t, w, 1) != 0 {
		t.Error(quote)
	}
	placed := d.Ask("me", "POST", "/api/v1/orders", d.wish(1, 2), "Idempotency-Key", "a").JSON(201)
	path := "/api/v1/orders/" + placed["id"].(string)
	got := d.Ask("me", "GET", path, nil).JSON(200)
	if got["state"] != "pending" || got["agreed"].(map[string]any)["event"] == "" ||
		got["expires_at"] != placed["expires_at"] {
		t.Error(got)
	}
	d.Ask("other", "GET", path, nil).Refused(fault.Missing)
	d.Ask("elsewhere", "GET", path, nil).Refused(fault.Missing)
	d.Ask("", "GET", path, nil).Refused(fault.SignInFirst)
	d.Ask("usher", "GET", path, nil).JSON(200)
	lines := map[string]any{"lines": d.wish(5)["lines"], "expect_total_minor": 5000}
	d.Ask("other", "PUT", path+"/lines", lines).Refused(fault.Missing)
	if next := d.Ask("me", "PUT", path+"/lines", lines).JSON(200); next["revision"] != 2.0 ||
		next["total_minor"] != 5000.0 {
		t.Error(next)
	}
	longer := d.Ask("clerk", "POST", "/api/v1/staff/orders/"+placed["id"].(string)+"/extend",
		map[string]any{"minutes": 30}).JSON(200)
	until, err := time.Parse(time.RFC3339, longer["expires_at"].(string))
	if err != nil || until.Sub(w.Clock.Now()) != 40*time.Minute {
		t.Error(longer["expires_at"], err)
	}
	d.Ask("usher", "POST", "/api/v1/staff/orders/"+placed["id"].(string)+"/extend",
		map[string]any{"minutes": 30}).Refused(fault.NotAllowed)
	d.Ask("usher", "POST", path+"/cancel", nil).Refused(fault.NotAllowed)
	if ended := d.Ask("me", "POST", path+"/cancel", nil).JSON(200); ended["state"] != "cancelled" ||
		ended["ended_by"] != "buyer" {
		t.Error(ended)
	}
	if again := d.Ask("me", "POST", path+"/cancel", nil).JSON(200); again["state"] != "cancelled" {
		t.Error(again)
	}
	d.Ask("me", "PUT", path+"/lines", lines).Refused(order.ErrNotPending)
	d.Ask("elsewhere", "POST", "/api/v1/orders", d.wish(1), "Idempotency-Key", "b").
		Refused(fault.NotAllowed)
	list := d.Ask("me", "GET", "/api/v1/orders", nil).JSON(200)
	if len(list["items"].([]any)) != 1 {
		t.Error(list)
	}
}

// TestLargeOrders: what an order may have at the most fits wherever it is written, and
// goes back in one command.
func TestLargeOrders(t *testing.T) {
	t.Parallel()
	ordertest.Each(t, func(t *testing.T, w *ordertest.World) {
		d := open(t, w)
		places := make([]int32, 100)
		for i := range places {
			places[i] = int32(i + 1)
		}
		placed := d.Ask("me", "POST", "/api/v1/orders", d.wish(places...), "Idempotency-Key",
			"a").JSON(201)
		id, err := d.Keys().Parse("ord", placed["id"].(string))
		if err != nil {
			t.Fatal(err)
		}
		w.Pay(t, ordertest.Member(1), id)
		w.Fake.Set(w.Session.StartsAt.Add(-3 * time.Hour))
		back := d.Ask("me", "POST", "/api/v1/orders/"+placed["id"].(string)+"/refunds",
			map[string]any{}, "Idempotency-Key", "b").JSON(201)
		if back["quote"].(map[string]any)["refund_minor"] != 450000.0 {
			t.Error(back["quote"])
		}
	})
}

// TestARefundUnderALongPolicyIsRepeatable: the texts of a policy do not push the answer of
// a refund over what is kept for repeats.
func TestARefundUnderALongPolicyIsRepeatable(t *testing.T) {
	t.Parallel()
	w := ordertest.Open(t)
	long := *w.Policy
	for range 100 {
		long.Text += "退票规则的文字"
		long.LegalSource += "依据条"
	}
	catalogtest.Must[*catalog.RefundPolicy](t)(w.Catalog.UpdateRefundPolicy(context.Background(),
		actor.SystemActor, long))
	d := open(t, w)
	o := w.Buy(t, ordertest.Member(1), ordertest.Seats(w.Types.Adult, 1, 2))
	ask := func() tickettest.Answer {
		return d.Ask("me", "POST", "/api/v1/orders/"+d.id("ord", o.ID)+"/refunds",
			map[string]any{}, "Idempotency-Key", "r")
	}
	first := ask()
	first.JSON(201)
	w.Keys = journal.NewKeys(w.DB, w.Store, w.Clock)
	d = open(t, w)
	if again := ask(); !bytes.Equal(first.Body.Bytes(), again.Body.Bytes()) {
		t.Errorf("%d %s", again.Code, again.Body)
	}
}
