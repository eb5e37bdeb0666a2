package order_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/payment"
)

// runGiveBack does what the job of a cancelled session does, in as many runs as it may take,
// and lets refunds be sent between them; it says how many runs it took.
func runGiveBack(t *testing.T, w *World, o *order.Orders, session int64, most int) int {
	t.Helper()
	for n := 1; n <= most; n++ {
		again, err := o.RunGiveBack(context.Background(), journal.Job{ObjectID: session, Tries: n})
		if err != nil {
			t.Fatal(err)
		}
		if again == 0 {
			return n
		}
		w.Fake.Advance(again)
		w.Settle(t)
	}
	return most
}

// TestEverybodyGetsEverythingBack: paid, half refunded, free, unpaid and changing orders of a
// cancelled session; each refund is sent once although half of the provider's answers are
// lost and the process dies in the middle, and used tickets wait for a person.
func TestEverybodyGetsEverythingBack(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		ctx := context.Background()
		w.Changeable(t, easy())
		dear := second(t, w, 1000)
		y := w.Types
		for i := range int64(23) {
			w.Buy(t, Member(i+1), Seats(y.Adult, int32(i)+1), Units(y.Adult, Standing, 1))
		}
		half := w.Buy(t, Member(40), Seats(y.Adult, 41, 42))
		if _, err := w.Return(Member(40), half.ID, ref(1, 1)); err != nil {
			t.Fatal(err)
		}
		w.Buy(t, Member(41), Seats(y.Guest, 43))
		w.Place(t, Member(42), Seats(y.Adult, 44))
		paying := w.Place(t, Member(43), Seats(y.Adult, 45))
		if _, err := w.OpenPayment(Member(43), paying.ID); err != nil {
			t.Fatal(err)
		}
		// One comes from elsewhere, one was to leave, one was to come.
		away := w.Buy(t, Member(44), Seats(y.Adult, 46))
		if _, err := w.Exchange(Member(44), away.ID, To(dear.ID, adult(w, 1),
			ref(1, 1))); err != nil {
			t.Fatal(err)
		}
		used := w.Buy(t, Member(45), Seats(y.Adult, 47))
		enter(t, w, used.ID, ref(1, 1))
		w.Settle(t)
		sent, refunds := w.Till.Sent(), w.Till.Refunds()
		p, err := w.Orders.PreviewCallOff(ctx, w.Clerk(), w.House.Org.ID, w.Session.ID)
		want := 23*8000 + 5000 + 5000
		if err != nil || p.Paid != 27 || p.Unpaid != 2 || int(p.Refund) != want || p.Used != 1 {
			t.Fatalf("the preview says %+v, %v", p, err)
		}
		w.Till.Flaky(2)
		callOff(t, w)
		runGiveBack(t, w, w.Orders, w.Session.ID, 2) // and the process dies
		again := w.NewOrders(w.DB)
		runGiveBack(t, w, again, w.Session.ID, 3)
		w.Till.Flaky(0)
		if _, err := w.Orders.Close(ctx, journal.Job{ObjectID: paying.ID}); err != nil {
			t.Fatal(err)
		}
		runGiveBack(t, w, again, w.Session.ID, 200)
		for range 12 {
			w.Fake.Advance(time.Minute)
			w.Settle(t)
		}
		told, err := w.Orders.GiveBackOf(ctx, w.Clerk(), w.House.Org.ID, w.Session.ID)
		if err != nil || told.State != order.GiveBackDone || told.Orders != 26 ||
			told.Arrived != told.Refunds || int(told.Asked) != want ||
			told.ArrivedMinor != told.Asked || len(told.Used) != 1 || told.Used[0] != used.ID {
			t.Errorf("the staff are told %+v, %v", told, err)
		}
		if got := int(w.Till.Sent() - sent); got != want {
			t.Errorf("%d went back, want %d", got, want)
		}
		if got := w.Till.Refunds() - refunds; got != 25 {
			t.Errorf("%d refunds were sent, want 25", got)
		}
		for _, id := range []int64{paying.ID, away.ID, half.ID} {
			claimed(t, w, w.Find(t, id))
		}
		sound(t, w)
	})
}

// TestAFullProviderIsGivenTime: no more refunds are asked of a provider that does not answer
// than may wait, and what it declines is shown to staff.
func TestAFullProviderIsGivenTime(t *testing.T) {
	t.Parallel()
	w := Open(t)
	for i := range int64(30) {
		w.Buy(t, Member(i+1), Seats(w.Types.Adult, int32(i)+1))
	}
	w.Till.Silence(true)
	callOff(t, w)
	slow := w.NewOrdersOf(w.DB, order.Config{RefundsWaiting: 7})
	runGiveBack(t, w, slow, w.Session.ID, 12)
	told, err := slow.GiveBackOf(context.Background(), w.Clerk(), w.House.Org.ID, w.Session.ID)
	if err != nil || told.State != order.GiveBackRunning || told.Refunds != 7 || told.Arrived != 0 {
		t.Fatalf("with a silent provider: %+v, %v", told, err)
	}
	w.Till.Silence(false)
	for range 20 {
		w.Fake.Advance(time.Minute)
		w.Settle(t)
		runGiveBack(t, w, slow, w.Session.ID, 10)
	}
	if sent := w.Till.Refunds(); sent != 30 {
		t.Errorf("%d refunds were sent, want 30", sent)
	}
	for name, who := range map[string]actor.Actor{"elsewhere": catalogtest.Staff(
		w.House.Org.ID+1, actor.Everything), "member": Member(1)} {
		_, err := slow.GiveBackOf(context.Background(), who, w.House.Org.ID, w.Session.ID)
		if !errors.Is(err, fault.Missing) {
			t.Errorf("%s is told %v", name, err)
		}
	}
	healthy(t, w)
}

// TestWhatAProviderDeclinesIsShown: the refund of a provider that says no waits for a person.
func TestWhatAProviderDeclinesIsShown(t *testing.T) {
	t.Parallel()
	w := Open(t)
	o := w.Buy(t, Member(1), Seats(w.Types.Adult, 1))
	callOff(t, w)
	pays, err := w.Payments.OfOrder(context.Background(), actor.SystemActor, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.Till.Take(pays[0].Number(), 1, pays[0].Currency) // the till knows of less
	runGiveBack(t, w, w.Orders, w.Session.ID, 5)
	w.Settle(t)
	told, err := w.Orders.GiveBackOf(context.Background(), w.Clerk(), w.House.Org.ID, w.Session.ID)
	if err != nil || len(told.Stuck) != 1 || told.Stuck[0].State != payment.Abnormal {
		t.Errorf("the staff are told %+v, %v", told, err)
	}
}
