package order_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/doctor"
	"foyer/internal/doctor/doctordb"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/ticket/ticketdb"
)

// TestChangeAgainstAllOthers races a change that is being paid with whatever else may happen
// to its unit: exactly one of them has it, and the money says which.
func TestChangeAgainstAllOthers(t *testing.T) {
	t.Parallel()
	w := Open(t)
	w.Changeable(t, easy())
	dear := second(t, w, 1000)
	for i := range int32(12) {
		me := Member(int64(i) + 1)
		o := w.Buy(t, me, Seats(w.Types.Adult, i+1))
		c, err := w.Exchange(me, o.ID, To(dear.ID, adult(w, i+1), ref(1, 1)))
		if err != nil {
			t.Fatal(err)
		}
		p, err := w.OpenPayment(me, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.Till.Take(p.Number(), p.Amount, p.Currency)
		var returned, entered, gone error
		var all sync.WaitGroup
		all.Go(func() { w.Look(t, p) })
		switch i % 3 {
		case 0:
			all.Go(func() { _, returned = w.Return(me, o.ID, ref(1, 1)) })
		case 1:
			all.Go(func() { entered = tryEnter(t, w, o.ID, ref(1, 1)) })
		case 2:
			all.Go(func() { _, gone = w.Orders.CancelChange(context.Background(), me, o.ID) })
		}
		all.Wait()
		if now := w.ChangeNow(t, c.ID); now.State.Open() {
			w.EndChange(t, c)
			w.Look(t, p)
		}
		done := w.ChangeNow(t, c.ID).State == order.ChangeDone
		switch i % 3 {
		case 0:
			changed := w.Find(t, o.ID).Unit(1, 1).Changed
			if done == (returned == nil) && changed == done {
				t.Errorf("the unit was changed (%v) and refunded (%v)", done, returned)
			}
		case 1:
			if done == (entered == nil) {
				t.Errorf("the unit was changed (%v) and used (%v)", done, entered)
			}
		case 2:
			if !done {
				t.Errorf("what was paid was not done (%v)", gone)
			}
		}
	}
	w.Settle(t)
	sound(t, w)
}

// tryEnter is enter that may be refused.
func tryEnter(t *testing.T, w *World, id int64, unit ticket.UnitRef) error {
	list, err := w.Tickets.OfOrder(context.Background(), actor.SystemActor, id)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(v *ticket.View) bool {
		return v.Line == unit.Line && v.Unit == unit.Unit
	})
	v := list[at]
	return w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		ok, err := ticketdb.New(w.DB).EnterIfAllowed(tx, ticket.Use{Organization: v.Organization,
			Ticket: v.ID, Number: v.Entitlements[0].Number, CodeVersion: v.CodeVersion, N: 1})
		if err == nil && !ok {
			err = ticket.ErrVoid
		}
		return err
	})
}

// findings are the contradictions in the book, but for gates: these tests let people in
// without a gate's own row.
func findings(t *testing.T, w *World) []doctor.Finding {
	t.Helper()
	d := &doctor.Doctor{Book: doctordb.New(w.DB), Lanes: lanes{w}}
	r, err := d.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(r.Findings, func(f doctor.Finding) bool { return f.Rule == doctor.I6 })
}

func sound(t *testing.T, w *World) {
	t.Helper()
	for _, f := range findings(t, w) {
		t.Error(f)
	}
}

// TestTheRaceWouldBeNoticed is the negative control: a unit that is both changed and used
// makes the doctor speak.
func TestTheRaceWouldBeNoticed(t *testing.T) {
	t.Parallel()
	w := Open(t)
	s := changeIn(t, w, order.ChangeDone)
	if err := w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`UPDATE ticket SET state = 'live' WHERE order_id = ? AND line = 1
			AND unit = 1`, s.o.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(findings(t, w)) == 0 {
		t.Error("a changed unit whose old ticket lives was not noticed")
	}
}

// TestChangesAndRefundsAgainstExactSums: whatever sequence of changes and refunds, each unit's
// money is accounted for to the fen, and all that was captured is live, kept or back.
func TestChangesAndRefundsAgainstExactSums(t *testing.T) {
	t.Parallel()
	w := Open(t)
	w.Changeable(t, easy())
	sessions := []*catalog.Session{w.Session, second(t, w, 1313), second(t, w, -1111)}
	n := int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		n++
		me := Member(n)
		w.Fake.Set(w.Session.StartsAt.Add(-time.Duration(
			rapid.IntRange(120, 3000).Draw(rt, "minutes before")) * time.Minute))
		a := order.LineAsk{TicketType: w.Types.Adult, Area: Standing, Quantity: 2}
		b := order.LineAsk{TicketType: w.Types.Child, Area: Standing, Quantity: 1}
		o := w.Buy(t, me, a, b)
		for range rapid.IntRange(0, 5).Draw(rt, "steps") {
			cur := w.Find(t, o.ID)
			left := whole(cur)
			if len(left) == 0 {
				break
			}
			unit := rapid.SampledFrom(left).Draw(rt, "unit")
			if rapid.IntRange(0, 3).Draw(rt, "refund") == 0 {
				if _, err := w.Return(me, o.ID, unit); err != nil {
					rt.Fatal(err)
				}
				continue
			}
			to := rapid.SampledFrom(sessions).Draw(rt, "to")
			kind := rapid.SampledFrom([]int64{w.Types.Adult, w.Types.Child}).Draw(rt, "type")
			c, err := w.Exchange(me, o.ID, To(to.ID, []order.LineAsk{{TicketType: kind,
				Area: Standing, Quantity: 1}}, unit))
			if err != nil {
				rt.Fatal(err)
			}
			if c.Value != c.Fee+c.Back+c.New-c.Due {
				rt.Fatalf("value %d, fee %d, back %d, new %d, due %d", c.Value, c.Fee, c.Back,
					c.New, c.Due)
			}
			if c.State == order.ChangePending && rapid.Bool().Draw(rt, "pay") {
				w.Pay(t, me, o.ID)
			} else if c.State == order.ChangePending {
				if _, err := w.Orders.CancelChange(context.Background(), me, o.ID); err != nil {
					rt.Fatal(err)
				}
			}
		}
		w.Settle(t)
		end := w.Find(t, o.ID)
		var live money.Minor
		for _, r := range whole(end) {
			live += end.Unit(r.Line, r.Unit).Amount
		}
		fees, clearing := -w.Balance(t, o.ID, ledger.FeesKept), w.Balance(t, o.ID,
			ledger.Clearing(ProviderName))
		if clearing != live+fees || end.Captured != live+fees+end.Refunded {
			rt.Fatalf("captured %d = live %d + fees %d + refunded %d; the provider holds %d",
				end.Captured, live, fees, end.Refunded, clearing)
		}
		if _, err := w.Return(me, o.ID); err != nil && len(whole(end)) > 0 {
			rt.Fatal(err)
		}
	})
	w.Settle(t)
	sound(t, w)
}
