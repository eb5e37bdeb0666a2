package order_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
)

// TestUnpaidOrdersAreForgotten: seven days after an order ended that nobody began to pay it
// is gone, with its lines; one that is younger, one that is alive, one that was paid, and
// one for which a payment was ever opened stay. The journal verifies and says which went.
func TestUnpaidOrdersAreForgotten(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		ctx, y := context.Background(), w.Types
		lapsed := w.Place(t, Member(1), Seats(y.Adult, 1), Units(y.Adult, Standing, 2))
		opened := in(t, w, 2, order.Expired, order.EndedByTime)
		w.Lapse(t, lapsed)
		dropped := w.Place(t, Member(3), Seats(y.Adult, 3))
		if _, err := w.Orders.Cancel(ctx, Member(3), dropped.ID); err != nil {
			t.Fatal(err)
		}
		paid := w.Buy(t, Member(4), Seats(y.Adult, 4))
		w.Fake.Advance(7*24*time.Hour - time.Hour)
		if n, err := w.Orders.Purge(ctx); n != 0 || err != nil {
			t.Fatalf("an hour before its time: %d, %v", n, err)
		}
		w.Session = w.OnSale(t, nil)
		young := w.Place(t, Member(5), Seats(y.Adult, 1))
		w.Lapse(t, young)
		alive := w.Place(t, Member(6), Seats(y.Adult, 2))
		w.Fake.Advance(2 * time.Hour)
		if n, err := w.Orders.Purge(ctx); n != 0 || err != nil {
			t.Errorf("a walk within a day of the last: %d, %v", n, err)
		}
		again := w.NewOrders(w.DB)
		if n, err := again.Purge(ctx); n != 2 || err != nil {
			t.Errorf("%d orders were forgotten, %v", n, err)
		}
		for _, id := range []int64{lapsed.ID, dropped.ID} {
			if _, err := w.Orders.Store.Find(ctx, id); !errors.Is(err, order.ErrNotFound) {
				t.Errorf("order %d: %v", id, err)
			}
		}
		for _, id := range []int64{opened.o.ID, paid.ID, young.ID, alive.ID} {
			w.Find(t, id)
		}
		if n, err := again.Purge(ctx); n != 0 || err != nil {
			t.Errorf("once more: %d, %v", n, err)
		}
		healthy(t, w)
		never := w.NewOrdersOf(w.DB, order.Config{KeepUnpaidDays: -1})
		w.Fake.Advance(30 * 24 * time.Hour)
		if n, err := never.Purge(ctx); n != 0 || err != nil {
			t.Errorf("with orders kept for ever: %d, %v", n, err)
		}
	})
}
