package order_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/catalog"
	"foyer/internal/doctor"
	"foyer/internal/doctor/doctordb"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/payment"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// aMove is a day later in another hall, with a day to say something.
func aMove(w *World, hall int64) order.MoveAsk {
	return order.MoveAsk{Session: w.Session.ID, StartsAt: w.Session.StartsAt.Add(24 * time.Hour),
		Hall: hall, Notice: "放映设备故障", Deadline: w.Clock.Now().Add(24 * time.Hour),
		Default: order.ChoiceAccepted}
}

func moveNow(t *testing.T, w *World, session int64) *order.MoveTold {
	t.Helper()
	m, err := w.Orders.MoveOf(context.Background(), w.Clerk(), w.House.Org.ID, session)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// choice is what the order's buyer said to the last move of the world's session.
func choice(t *testing.T, w *World, id int64) order.BuyersMove {
	t.Helper()
	list, err := w.Orders.MovesOf(context.Background(), w.Find(t, id))
	if err != nil || len(list) != 1 {
		t.Fatalf("%d moves, %v", len(list), err)
	}
	return list[0]
}

// TestAHallIsSwapped: paid, half refunded, unpaid and changing orders, areas, a couple and a
// block go to another hall: parties stay together, nobody comes to a cheaper zone, the unpaid
// end, old codes are void, the process dies at each step, and the whole book is coherent
// all the time.
func TestAHallIsSwapped(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		y := w.Types
		w.Changeable(t, easy())
		other := second(t, w, 1000)
		up := w.Upstairs(t)
		keeps := w.Buy(t, Member(1), Seats(y.Adult, 1, 2)) // row 1, seats 1 and 2
		party := w.Buy(t, Member(2), Seats(y.Adult, 98, 99, 100), Units(y.Adult, Standing, 2))
		couple := w.Buy(t, Member(3), Seats(y.Adult, PairLeft, PairRight))
		half := w.Buy(t, Member(4), Seats(y.Adult, 11, 12))
		if _, err := w.Return(Member(4), half.ID, ref(1, 1)); err != nil {
			t.Fatal(err)
		}
		unpaid, paying := w.Place(t, Member(5), Seats(y.Adult, 21)),
			w.Place(t, Member(6), Seats(y.Adult, 22))
		late, err := w.OpenPayment(Member(6), paying.ID)
		if err != nil {
			t.Fatal(err)
		}
		coming := w.Buy(t, Member(7), Seats(y.Adult, 23))
		comes, err := w.Exchange(Member(7), coming.ID, To(other.ID, adult(w, 1), ref(1, 1)))
		if err != nil || comes.State != order.ChangePending {
			t.Fatal(comes, err)
		}
		var more []*order.Order
		for i := range int64(12) {
			more = append(more, w.Buy(t, Member(20+i), Seats(y.Adult, 31+int32(i))))
		}
		code := tickets(t, w, keeps.ID)[0]
		p, err := w.Move(w.Clerk(), aMove(w, up.ID))
		if err != nil {
			t.Fatal(err)
		}
		if n := p.Seats.Count(seating.FateNone); n > 0 || p.Paid != 17 ||
			p.Unpaid != 2 || p.Tickets != 22 || p.Buyers != 17 || len(p.Windows) == 0 {
			t.Fatalf("the preview says %+v", p)
		}
		healthy(t, w)
		if _, err := w.Move(w.Clerk(), aMove(w, up.ID)); !errors.Is(err, order.ErrMoveRunning) {
			t.Fatal(err)
		}
		carryOn(t, w, late)
		if a, b := w.Find(t, unpaid.ID), w.Find(t, paying.ID); a.State != order.Cancelled ||
			b.State != order.Cancelled {
			t.Errorf("the unpaid are %s and %s", a.State, b.State)
		}
		claimed(t, w, w.Find(t, keeps.ID), 1, 2)
		seatedWell(t, w, party, couple)
		now := tickets(t, w, keeps.ID)[0]
		if now.CodeVersion != code.CodeVersion+1 || now.Code == code.Code ||
			!now.Entitlements[0].ValidFrom.Equal(code.Entitlements[0].ValidFrom.Add(24*time.Hour)) {
			t.Errorf("the ticket was %+v and is %+v", code.Ticket, now.Ticket)
		}
		if len(w.Told) != 17 {
			t.Errorf("%d buyers were told", len(w.Told))
		}
		for _, o := range more {
			if c := choice(t, w, o.ID); !c.Open || c.Units[0].Was == "" {
				t.Errorf("the choice of %s is %+v", o.Number(), c)
			}
		}
		w.Settle(t)
		w.Silence(t, moveNow(t, w, w.Session.ID))
		if m := moveNow(t, w, w.Session.ID); m.State != order.MoveDone || m.Accepted != 17 {
			t.Errorf("in the end it is %+v", m)
		}
		healthy(t, w)
	})
}

// carryOn lets the job run to its end, each run in a process of its own; money comes late.
func carryOn(t *testing.T, w *World, late *payment.Payment) {
	t.Helper()
	for w.RunMove(t, w.NewOrders(w.DB), w.Session.ID) { // each run in a process of its own
		healthy(t, w)
		if moveNow(t, w, w.Session.ID).State != order.MoveRunning {
			break
		}
		w.Fake.Advance(5 * time.Second)
		if _, err := w.Payments.Round(context.Background()); err != nil {
			t.Fatal(err)
		}
		w.Till.Take(late.Number(), late.Amount, late.Currency)
		w.Look(t, late)
	}
}

// seatedWell: a party sits in one row, the standing stand, a couple sits together.
func seatedWell(t *testing.T, w *World, party, couple *order.Order) {
	t.Helper()
	seats := w.Find(t, party.ID).Lines[0].Units
	row := seats[0].Label[:len(seats[0].Label)-5]
	for _, u := range seats {
		if u.Label[:len(row)] != row {
			t.Errorf("a party of three was torn apart: %v", seats)
		}
	}
	if u := w.Find(t, party.ID).Lines[1].Units[0]; u.Label != "回廊" {
		t.Errorf("standing room is at %q", u.Label)
	}
	if u := w.Find(t, couple.ID).Lines[0].Units[0]; len(u.Places) != 2 || u.Label == "" {
		t.Errorf("a couple sits at %+v", u)
	}
}

// TestBuyersChoose: accept, refund of one of two seats whatever the policy says, a change free
// of its fee, and the default of whoever says nothing; a second choice is refused.
func TestBuyersChoose(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		ctx, y := context.Background(), w.Types
		second := w.OnSale(t, nil)
		w.Catalog.CatchUp()
		yes := w.Buy(t, Member(1), Seats(y.Adult, 1))
		part := w.Buy(t, Member(2), Seats(y.Adult, 3, 4))
		away := w.Buy(t, Member(3), Seats(y.Adult, 5))
		silent := w.Buy(t, Member(4), Seats(y.Adult, 6))
		ask := aMove(w, 0)
		ask.StartsAt, ask.Default = w.Session.StartsAt.Add(-time.Hour), order.ChoiceRefunded
		w.Fake.Advance(w.Session.StartsAt.Sub(w.Clock.Now()) - 3*time.Hour)
		ask.Deadline = w.Clock.Now().Add(time.Hour)
		if _, err := w.Move(w.Clerk(), ask); err != nil {
			t.Fatal(err)
		}
		w.TellMoved(t, w.Session.ID)
		if o, err := w.Orders.AcceptMove(ctx, Member(1), yes.ID, order.MoveAnswer{}); err != nil ||
			o.State != order.Paid {
			t.Fatal(err)
		}
		if _, err := w.BackByMove(Member(1), yes.ID); !errors.Is(err, order.ErrMoveDecided) {
			t.Errorf("after accepting: %v", err)
		}
		if _, err := w.BackByMove(Member(9), part.ID); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("somebody else's: %v", err)
		}
		r, err := w.BackByMove(Member(2), part.ID, ref(1, 2))
		if err != nil || r.Quote.Refund != 5000 || r.Quote.Fee != 0 {
			t.Fatal(r.Quote, err)
		}
		// The house allows no changes at all; this one it owes.
		c, err := w.Exchange(Member(3), away.ID, To(second.ID, adult(w, 7), ref(1, 1)))
		if err != nil || c.State != order.ChangeDone || c.Fee != 0 {
			t.Fatal(c, err)
		}
		w.Settle(t)
		w.Silence(t, moveNow(t, w, w.Session.ID))
		if _, err := w.BackByMove(Member(2), part.ID); !errors.Is(err, order.ErrMoveDecided) {
			t.Errorf("after the deadline: %v", err)
		}
		for id, want := range map[int64]order.Choice{yes.ID: order.ChoiceAccepted,
			part.ID: order.ChoiceRefunded, away.ID: order.ChoiceLeft,
			silent.ID: order.ChoiceRefunded} {
			list, err := w.Orders.Store.ChoicesOf(ctx, id)
			if err != nil || len(list) != 1 || list[0].State != want {
				t.Errorf("order %d: %+v, not %s, %v", id, list, want, err)
			}
		}
		if got := w.Find(t, silent.ID); got.Refunded != 5000 {
			t.Errorf("who said nothing got %d back", got.Refunded)
		}
		w.Settle(t)
		healthy(t, w)
	})
}

// TestOnlyTheMovedSession: of an order over two sessions, one is moved: the tickets of the other
// stay as they are, and the choice is about the moved ones alone.
func TestOnlyTheMovedSession(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		other := w.OnSale(t, nil)
		w.Catalog.CatchUp()
		lines := []order.LineAsk{Seats(w.Types.Adult, 1, 2), Seats(w.Types.Adult, 1)}
		lines[0].Session, lines[1].Session = w.Session.ID, other.ID
		o := w.Buy(t, Member(1), lines...)
		if _, err := w.Move(w.Clerk(), aMove(w, w.Upstairs(t).ID)); err != nil {
			t.Fatal(err)
		}
		w.TellMoved(t, w.Session.ID)
		healthy(t, w)
		for _, v := range tickets(t, w, o.ID) {
			if moved := v.Session.Session.ID == w.Session.ID; moved != (v.CodeVersion == 2) {
				t.Errorf("a ticket of %d has version %d", v.Session.Session.ID, v.CodeVersion)
			}
		}
		stays := o.Lines[1].Number
		if o.Lines[0].Session != w.Session.ID {
			stays = o.Lines[0].Number
		}
		if _, err := w.BackByMove(Member(1), o.ID, ref(stays, 1)); !errors.Is(err, order.ErrUnit) {
			t.Errorf("a unit of the other session: %v", err)
		}
		if r, err := w.BackByMove(Member(1), o.ID); err != nil || r.Quote.Refund != 10000 {
			t.Errorf("%d came back, %v", r.Quote.Refund, err)
		}
		if left := tickets(t, w, o.ID); len(left) != 1 || left[0].Line != stays {
			t.Errorf("%d tickets are left", len(left))
		}
		w.Settle(t)
		healthy(t, w)
	})
}

// TestMovedAgainAndCancelled: a second move before the deadline of the first asks anew, and a
// cancelled session gives everything back, whatever was chosen.
func TestMovedAgainAndCancelled(t *testing.T) {
	t.Parallel()
	w := Open(t)
	ctx, up := context.Background(), w.Upstairs(t)
	o := w.Buy(t, Member(1), Seats(w.Types.Adult, 55, 56))
	if _, err := w.Move(w.Clerk(), aMove(w, up.ID)); err != nil {
		t.Fatal(err)
	}
	w.TellMoved(t, w.Session.ID)
	if _, err := w.Orders.AcceptMove(ctx, Member(1), o.ID, order.MoveAnswer{}); err != nil {
		t.Fatal(err)
	}
	first := tickets(t, w, o.ID)[0]
	back := aMove(w, w.House.Hall.ID)
	back.StartsAt = w.Session.StartsAt.Add(-24 * time.Hour)
	back.Deadline = w.Clock.Now().Add(time.Hour)
	if _, err := w.Move(w.Clerk(), back); err != nil {
		t.Fatal(err)
	}
	w.TellMoved(t, w.Session.ID)
	if c := choice(t, w, o.ID); !c.Open || c.Told.Doc.Now.Hall != w.House.Hall.ID {
		t.Errorf("the second move asks %+v", c)
	}
	if now := tickets(t, w, o.ID)[0]; now.CodeVersion != first.CodeVersion+1 {
		t.Errorf("the code has version %d", now.CodeVersion)
	}
	healthy(t, w)
	callOff(t, w)
	runGiveBack(t, w, w.Orders, w.Session.ID, 50)
	if _, err := w.Orders.AcceptMove(ctx, Member(1), o.ID, order.MoveAnswer{}); !errors.Is(err,
		order.ErrMoveDecided) {
		t.Error(err)
	}
	w.Silence(t, moveNow(t, w, w.Session.ID))
	if got := w.Find(t, o.ID); got.Refunded != got.Captured {
		t.Errorf("%d of %d came back", got.Refunded, got.Captured)
	}
	w.Settle(t)
	healthy(t, w)
}

// TestAMoveIsRefused: what the preview did not show, a hall that is too small or busy, a
// mapping that means nothing, a stranger, and a house that wants two people.
func TestAMoveIsRefused(t *testing.T) {
	t.Parallel()
	w := Open(t)
	ctx, up := context.Background(), w.Upstairs(t)
	o := w.Buy(t, Member(1), Seats(w.Types.Adult, 1), Units(w.Types.Adult, Standing, 21))
	refuse := func(ask order.MoveAsk, who actor.Actor, want *fault.Definition) {
		t.Helper()
		if _, err := w.Move(who, ask); !errors.Is(err, want) {
			t.Errorf("%v, not %s", err, want.Code)
		}
	}
	refuse(aMove(w, up.ID), w.Clerk(), order.ErrMoveUnfit) // standing room for 20
	refuse(order.MoveAsk{Session: w.Session.ID, StartsAt: w.Session.StartsAt}, w.Clerk(),
		catalog.ErrMoveNowhere)
	refuse(aMove(w, 0), Member(1), fault.Missing)
	given := aMove(w, up.ID)
	given.Mapping = map[int32]int32{2: 3}
	refuse(given, w.Clerk(), seating.ErrGiven)
	past := aMove(w, 0)
	past.Deadline = w.Clock.Now()
	refuse(past, w.Clerk(), fault.BadInput)
	busy := w.OnSale(t, nil)
	w.Catalog.CatchUp()
	clash := aMove(w, 0)
	clash.StartsAt = busy.StartsAt
	refuse(clash, w.Clerk(), catalog.ErrHallBusy)
	if _, err := w.Return(Member(1), o.ID, ref(2, 1)); err != nil {
		t.Fatal(err)
	}
	ask := aMove(w, up.ID)
	ask.Organization = w.House.Org.ID
	p, err := w.Orders.PreviewMove(ctx, w.Clerk(), ask)
	if err != nil {
		t.Fatal(err)
	}
	w.Buy(t, Member(2), Seats(w.Types.Adult, 9))
	ask.Digest = p.Digest
	if _, err := w.Orders.MoveSession(ctx, w.Clerk(), ask); !errors.Is(err, order.ErrMoveStale) {
		t.Errorf("somebody bought since the preview: %v", err)
	}
	d := openDesk(t, w)
	d.gate.Register(approval.Spec{Kind: order.ApproveMove, Permission: catalog.PermSell,
		Carry: w.Orders.CarryMove})
	d.require(t, order.ApproveMove, 0)
	_, err = w.Move(d.clerk, aMove(w, up.ID))
	r := askedOf(t, err)
	if _, err := d.gate.Agree(ctx, d.second, d.scope, r.ID, ""); err != nil {
		t.Fatal(err)
	}
	w.TellMoved(t, w.Session.ID)
	if c := choice(t, w, o.ID); !c.Open {
		t.Errorf("two people agreed, and it is %+v", c)
	}
	healthy(t, w)
	// The check can fail: a ticket that was left behind is found.
	if err := w.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`UPDATE entitlement SET valid_from = valid_from + 1
			WHERE session_id = ? AND state = 'live'`, w.Session.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	found, err := (&doctor.Doctor{Book: doctordb.New(w.DB), Lanes: lanes{w}}).Check(ctx)
	if err != nil || found.Healthy() {
		t.Errorf("a ticket that opens at another time is healthy: %v, %v", found, err)
	}
}

// TestRefundWindowNeverShrinks: for any two starts and any moment after a move, giving a ticket
// back costs what the better of both starts asks, and is refused only where both refuse.
func TestRefundWindowNeverShrinks(t *testing.T) {
	t.Parallel()
	w := Open(t)
	ctx, n, fees := context.Background(), int64(100), 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		minutes := func(from, to int, name string) time.Duration {
			return time.Duration(rapid.IntRange(from, to).Draw(r, name)) * time.Minute
		}
		now, hall, who := w.Clock.Now(), w.Upstairs(t), Member(n)
		session := w.OnSale(t, func(s *catalog.Session) {
			s.HallID, s.StartsAt = hall.ID, now.Add(minutes(20, 3000, "start"))
			s.EndsAt, s.SaleUntil = s.StartsAt.Add(time.Hour), s.StartsAt
		})
		w.Catalog.CatchUp()
		got, _, err := w.Try(who, order.PlaceAsk{Session: session.ID, Channel: order.ChannelH5,
			ExpectTotal: -1, Lines: adult(w, 1)})
		if err != nil {
			r.Fatal(err)
		}
		w.Pay(t, who, got.ID)
		ask := order.MoveAsk{Session: session.ID, StartsAt: now.Add(minutes(20, 3000, "moved")),
			Notice: "x", Default: order.ChoiceAccepted, Deadline: now.Add(time.Minute)}
		if _, err := w.Move(w.Clerk(), ask); errors.Is(err, catalog.ErrMoveNowhere) {
			return
		} else if err != nil {
			r.Fatal(err)
		}
		w.TellMoved(t, session.ID)
		w.Fake.Advance(minutes(1, 3000, "later"))
		q, err := w.Orders.Quote(ctx, who, got.ID, nil)
		least, allowed := money.Minor(0), false
		for _, start := range []time.Time{session.StartsAt, ask.StartsAt} {
			if rung, ok := w.Policy.RungAt(start, w.Clock.Now()); ok {
				if fee := rung.Fee(5000); !allowed || fee < least {
					least, allowed = fee, true
				}
			}
		}
		switch {
		case allowed != (err == nil):
			r.Fatalf("refunds allowed by one of both starts: %v; the quote says %v", allowed, err)
		case allowed && q.Fee != least:
			r.Fatalf("it costs %d, the better start asks %d", q.Fee, least)
		case allowed && least > 0:
			fees++
		}
	})
	if fees == 0 {
		t.Error("no case ever had a fee")
	}
}
