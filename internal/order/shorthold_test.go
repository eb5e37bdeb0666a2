package order_test

import (
	"errors"
	"testing"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
)

// TestTheShortestHoldCanBePaid: half of its life is always enough to begin.
func TestTheShortestHoldCanBePaid(t *testing.T) {
	t.Parallel()
	w := Open(t)
	w.Session = w.OnSale(t, func(s *catalog.Session) { s.HoldSeconds = 60 })
	early, late := Member(1), Member(2)
	first := w.Place(t, early, Seats(w.Types.Adult, 1))
	second := w.Place(t, late, Seats(w.Types.Adult, 2))
	w.Fake.Advance(29 * time.Second)
	w.Pay(t, early, first.ID)
	if now := w.Find(t, first.ID); now.State != order.Paid {
		t.Errorf("paid at half time, the order is %s", now.State)
	}
	w.Fake.Advance(2 * time.Second)
	if _, err := w.OpenPayment(late, second.ID); !errors.Is(err, order.ErrTooLateToPay) {
		t.Errorf("with 29 seconds left: %v", err)
	}
}
