package order_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// at is a line of a session.
func at(session *catalog.Session, l order.LineAsk) order.LineAsk {
	l.Session = session.ID
	return l
}

// nights puts n sessions on sale, a day apart.
func nights(t testing.TB, w *World, n int, change func(int, *catalog.Session)) []*catalog.Session {
	t.Helper()
	list := make([]*catalog.Session, n)
	for i := range list {
		list[i] = w.OnSale(t, func(s *catalog.Session) {
			if change != nil {
				change(i, s)
			}
		})
	}
	return list
}

// overAll asks for the same seats of all sessions.
func overAll(w *World, list []*catalog.Session, places ...int32) order.PlaceAsk {
	ask := order.PlaceAsk{Channel: order.ChannelH5, ExpectTotal: -1}
	for _, s := range list {
		ask.Lines = append(ask.Lines, at(s, Seats(w.Types.Adult, places...)))
	}
	return ask
}

func place(t testing.TB, w *World, who actor.Actor, ask order.PlaceAsk) *order.Order {
	t.Helper()
	o, _, err := w.Try(who, ask)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// has fails unless an order has exactly these seats of a session in the book.
func has(t *testing.T, w *World, o *order.Order, session int64, want ...int32) {
	t.Helper()
	view := *o
	view.Session = session
	claimed(t, w, &view, want...)
}

func refusedAs(t *testing.T, err error, want *fault.Definition) *fault.Error {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%v, want %s", err, want.Code)
	}
	return fault.Of(err)
}

// policy is one more refund policy of the house.
func policy(t testing.TB, w *World, ladder ...catalog.Rung) int64 {
	t.Helper()
	return catalogtest.Must[*catalog.RefundPolicy](t)(w.Catalog.CreateRefundPolicy(
		context.Background(), actor.SystemActor, catalog.RefundPolicy{
			Meta: catalog.Meta{Organization: w.House.Org.ID},
			RefundPolicyInfo: catalog.RefundPolicyInfo{Name: "另一种", Allowed: len(ladder) > 0,
				Ladder: ladder}})).ID
}

// TestOneOrderOverSeveralSessions: one payment buys places of three sessions; each ticket is
// of its own, each unit goes back by the policy and the clock of its own, and the journal
// names them all.
func TestOneOrderOverSeveralSessions(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		never := policy(t, w)
		half := policy(t, w, catalog.Rung{UntilBefore: 60, FeePercent: 5000})
		list := nights(t, w, 3, func(i int, s *catalog.Session) {
			switch i {
			case 1:
				s.RefundPolicyID, s.HoldSeconds = half, 120
			case 2:
				s.RefundPolicyID = never
			}
		})
		listen(w)
		me := Member(1)
		ask := overAll(w, list, 1, 2)
		ask.Lines = append(ask.Lines, at(list[1], Units(w.Types.Child, Standing, 1)))
		o := place(t, w, me, ask)
		if o.Total != 6*5000+1500 || o.Sessions != 3 || o.HoldSeconds != 120 ||
			o.Session != list[0].ID || len(o.Lines) != 4 {
			t.Fatalf("%+v", o)
		}
		for i, s := range list {
			has(t, w, o, s.ID, 1, 2)
			if w.Find(t, o.ID).Lines[i].Snapshot == 0 {
				t.Error("a line does not say what was agreed to")
			}
		}
		w.Pay(t, me, o.ID)
		var of []int64
		for _, v := range tickets(t, w, o.ID) {
			of = append(of, v.Ticket.Session)
			if v.Entitlements[0].Session != v.Ticket.Session {
				t.Error("an entitlement of another session")
			}
		}
		slices.Sort(of)
		if len(of) != 7 || len(slices.Compact(of)) != 3 {
			t.Errorf("tickets of %v", of)
		}
		q, err := w.Orders.Quote(context.Background(), me, o.ID, nil)
		if err != nil || len(q.Units) != 5 || q.Refund != 10_000+5_750 || q.Fee != 5_750 {
			t.Fatalf("what may go back: %+v, %v", q, err)
		}
		_, err = w.Return(me, o.ID, ref(4, 1))
		refusedAs(t, err, order.ErrNoRefund)
		if r, err := w.Return(me, o.ID, ref(1, 1), ref(2, 2)); err != nil ||
			r.Quote.Refund != 7500 || r.Quote.Fee != 2500 {
			t.Fatalf("%+v, %v", r.Quote, err)
		}
		has(t, w, o, list[0].ID, 2)
		has(t, w, o, list[1].ID, 1)
		has(t, w, o, list[2].ID, 1, 2)
		w.Settle(t)
		healthy(t, w)
		facts(t, w, o, "order.placed", list)
		facts(t, w, o, "order.paid", list)
	})
}

// spy listens to what is written into the journal, on the writer's goroutine.
type spy struct {
	order.Journal
	mu   *sync.Mutex
	list *[]journal.Entry
}

func (s spy) Append(tx *sqldb.Tx, e journal.Entry) journal.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.list = append(*s.list, e)
	return s.Journal.Append(tx, e)
}

func listen(w *World) {
	w.Orders.Journal = spy{w.Orders.Journal, &sync.Mutex{}, &[]journal.Entry{}}
}

func spied(w *World) []journal.Entry {
	s := w.Orders.Journal.(spy)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(*s.list)
}

// facts fails unless a command on the order names all these sessions.
func facts(t *testing.T, w *World, o *order.Order, action string, list []*catalog.Session) {
	t.Helper()
	for _, f := range spied(w) {
		if f.Action != action || f.Objects[0].ID != o.ID {
			continue
		}
		for _, s := range list {
			if !slices.ContainsFunc(f.Objects, func(x journal.Object) bool {
				return x.Kind == "ses" && x.ID == s.ID
			}) {
				t.Errorf("%s does not name session %d: %v", action, s.ID, f.Objects)
			}
		}
		return
	}
	t.Errorf("no %s", action)
}

// TestAllSessionsOrNone: what one session refuses is refused of all, with its lines named,
// and nothing of the others is kept.
func TestAllSessionsOrNone(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		list := nights(t, w, 3, func(i int, s *catalog.Session) {
			if i == 2 {
				s.MaxPerMember, s.OrphanRule = 2, catalog.OrphanRefuse
			}
		})
		place(t, w, Member(9), overAll(w, list[1:2], 5))
		me := Member(1)
		_, _, err := w.Try(me, overAll(w, list, 5))
		e := refusedAs(t, err, seating.ErrPlaceTaken)
		if e.Details["session_id"] != w.Public(catalog.KindSession, list[1].ID) ||
			e.Fields[0].Field != "lines[1].session_id" {
			t.Errorf("%+v", e)
		}
		_, _, err = w.Try(me, overAll(w, list, 11, 12, 13))
		refusedAs(t, err, order.ErrLimit)
		_, _, err = w.Try(me, overAll(w, list, 12))
		refusedAs(t, err, seating.ErrOrphan)
		bad := overAll(w, list, 21)
		bad.Lines[2].TicketType = 4711
		_, _, err = w.Try(me, bad)
		if e := refusedAs(t, err, order.ErrTicketType); e.Fields[0].Field !=
			"lines[2].ticket_type_id" {
			t.Errorf("%+v", e.Fields)
		}
		pause(t, w, list[2].ID)
		_, _, err = w.Try(me, overAll(w, list, 21))
		refusedAs(t, err, catalog.ErrNotOnSale)
		for _, s := range list {
			has(t, w, &order.Order{ID: 1}, s.ID)
			if n, _ := w.Orders.Store.Live(context.Background(), s.ID, me.ID); n != 0 {
				t.Error("a refused order lives")
			}
		}
		healthy(t, w)
	})
}

// TestSessionsThatDoNotGoTogether names why.
func TestSessionsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	w := Open(t)
	named := w.OnSale(t, func(s *catalog.Session) {
		s.RealName = &catalog.RealName{Mode: catalog.NamesBuyer}
	})
	asks := w.OnSale(t, func(s *catalog.Session) {
		s.Agreement = &catalog.Agreement{Hours: 24, PayHours: 24}
	})
	plain := w.OnSale(t, nil)
	for why, other := range map[string]*catalog.Session{"names": named, "house_word": asks} {
		_, _, err := w.Try(Member(1), overAll(w, []*catalog.Session{plain, other}, 1))
		if e := refusedAs(t, err, order.ErrSeveral); e.Details["reason"] != why {
			t.Errorf("%v, want %s", e.Details, why)
		}
	}
	coded := overAll(w, []*catalog.Session{plain, w.Session}, 1)
	coded.Codes = []string{"ABC"}
	_, _, err := w.Try(Member(1), coded)
	refusedAs(t, err, order.ErrSeveral)
	many := nights(t, w, order.MaxSessions+1, nil)
	_, _, err = w.Try(Member(1), overAll(w, many, 1))
	if e := refusedAs(t, err, order.ErrSeveral); e.Details["reason"] != "too_many" {
		t.Error(e.Details)
	}
	if o := place(t, w, Member(1), overAll(w, many[1:], 1)); o.Total != 16*5000 {
		t.Error(o.Total)
	}
}

// TestOneLiveOrderOverSessions: a member has one unpaid order in a session. A wish that names
// all sessions of it replaces its lines while its clock goes on; one that leaves some out, or
// touches two orders, is refused and takes nothing away.
func TestOneLiveOrderOverSessions(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		list := nights(t, w, 4, nil)
		me := Member(1)
		one := place(t, w, me, overAll(w, list[:1], 1))
		w.Fake.Advance(30 * time.Second)
		o := place(t, w, me, overAll(w, list[:3], 1, 2))
		if o.ID != one.ID || !o.ExpiresAt.Equal(one.ExpiresAt) || o.Sessions != 3 {
			t.Fatalf("%+v", o)
		}
		same, status, err := w.Try(me, overAll(w, list[:3], 1, 2))
		if err != nil || status != 200 || same.Revision != o.Revision {
			t.Fatal(same, status, err)
		}
		_, _, err = w.Try(me, overAll(w, list[1:2], 7))
		e := refusedAs(t, err, order.ErrOrderElsewhere)
		if e.Details["order_number"] != o.Number() {
			t.Error(e.Details)
		}
		_, _, err = w.Try(me, overAll(w, list[2:], 7))
		refusedAs(t, err, order.ErrOrderElsewhere)
		place(t, w, me, overAll(w, list[3:], 9))
		_, _, err = w.Try(me, overAll(w, list, 7))
		refusedAs(t, err, order.ErrOrderElsewhere)
		has(t, w, o, list[0].ID, 1, 2)
		var fewer *order.Order
		if _, err := w.Orders.Replace(context.Background(), me, o.ID,
			overAll(w, list[1:3], 2, 3), Rendered(&fewer)); err != nil {
			t.Fatal(err)
		}
		has(t, w, o, list[0].ID)
		has(t, w, o, list[1].ID, 2, 3)
		healthy(t, w)
		if free := place(t, w, me, overAll(w, list[:1], 1)); free.ID == o.ID {
			t.Error("a session that was given up still has the order")
		}
		if _, err := w.Orders.Replace(context.Background(), me, o.ID, overAll(w, list[2:3], 4),
			Rendered(&fewer)); err != nil {
			t.Fatal(err)
		}
		if now := w.Find(t, o.ID); now.Sessions != 1 || now.Session != list[2].ID {
			t.Errorf("%+v", now)
		}
		w.Pay(t, me, o.ID)
		healthy(t, w)
	})
}

// TestTimeIsOverForAllSessions: an order that lapses frees everything; late money takes all of
// it again, or none and goes back.
func TestTimeIsOverForAllSessions(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]bool{"free": false, "one is gone": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Each(t, func(t *testing.T, w *World) {
				list := nights(t, w, 3, nil)
				me := Member(1)
				o := place(t, w, me, overAll(w, list, 1, 2))
				p, err := w.OpenPayment(me, o.ID)
				if err != nil {
					t.Fatal(err)
				}
				w.Lapse(t, o)
				job := journal.Job{ObjectID: o.ID}
				if _, err := w.Orders.Close(context.Background(), job); err != nil {
					t.Fatal(err)
				}
				for _, s := range list {
					has(t, w, o, s.ID)
				}
				if gone {
					place(t, w, Member(2), overAll(w, list[2:], 2))
				}
				w.Till.Take(p.Number(), p.Amount, money.CNY)
				w.Look(t, p)
				now := w.Find(t, o.ID)
				want := map[bool]order.State{true: order.Expired, false: order.Paid}[gone]
				if now.State != want {
					t.Fatalf("it is %s, want %s", now.State, want)
				}
				w.Settle(t)
				if sent := w.Till.Sent(); gone != (sent == o.Total) {
					t.Errorf("%d went back", sent)
				}
				healthy(t, w)
			})
		})
	}
}

// TestOneOfSeveralSessionsIsCancelled: its units go back whole, the others stay; who has not
// paid has nothing left.
func TestOneOfSeveralSessionsIsCancelled(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		list := nights(t, w, 3, nil)
		me := Member(1)
		o := place(t, w, me, overAll(w, list, 1, 2))
		w.Pay(t, me, o.ID)
		unpaid := place(t, w, Member(2), overAll(w, list, 5))
		if _, err := w.Return(me, o.ID, ref(2, 1)); err != nil {
			t.Fatal(err)
		}
		giveNightBack(t, w, list[1])
		now := w.Find(t, o.ID)
		if order.ViewOf(now) != order.ViewPartlyRefunded || now.Refunded != 10_000 {
			t.Fatalf("%s, %d back", order.ViewOf(now), now.Refunded)
		}
		has(t, w, o, list[0].ID, 1, 2)
		has(t, w, o, list[1].ID)
		has(t, w, o, list[2].ID, 1, 2)
		if s := w.Find(t, unpaid.ID).State; s != order.Cancelled {
			t.Errorf("the unpaid order is %s", s)
		}
		w.Settle(t)
		if w.Till.Sent() != 10_000 {
			t.Errorf("%d went back", w.Till.Sent())
		}
		if n := len(tickets(t, w, o.ID)); n != 4 {
			t.Errorf("%d tickets", n)
		}
		healthy(t, w)
	})
}

// giveNightBack cancels a session and runs its give-back to the end.
func giveNightBack(t testing.TB, w *World, s *catalog.Session) {
	t.Helper()
	now, err := w.Catalog.Sellable(context.Background(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	catalogtest.Must[*catalog.Session](t)(w.Catalog.SetSessionState(context.Background(),
		actor.SystemActor, now.Session.Meta, catalog.SessionCancelled))
	w.Catalog.CatchUp()
	for range 20 {
		if again, err := w.Orders.RunGiveBack(context.Background(),
			journal.Job{ObjectID: s.ID}); err != nil {
			t.Fatal(err)
		} else if again == 0 {
			return
		}
	}
	t.Fatal("the give-back does not end")
}

// TestALineOfSeveralIsChanged: a unit goes to another night of the same order.
func TestALineOfSeveralIsChanged(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		w.Changeable(t, catalog.ChangeRules{MaxPerUnit: 3,
			Ladder: []catalog.Rung{{UntilBefore: 60}}})
		list := nights(t, w, 2, nil)
		me := Member(1)
		o := place(t, w, me, overAll(w, list, 1, 2))
		w.Pay(t, me, o.ID)
		c, err := w.Exchange(me, o.ID, To(list[1].ID, []order.LineAsk{Seats(w.Types.Adult, 3)},
			ticket.UnitRef{Line: 1, Unit: 1}))
		if err != nil || c.State != order.ChangeDone {
			t.Fatal(c, err)
		}
		has(t, w, o, list[0].ID, 2)
		has(t, w, o, list[1].ID, 1, 2, 3)
		giveNightBack(t, w, list[1])
		if now := w.Find(t, o.ID); now.Refunded != 15_000 {
			t.Errorf("%d back", now.Refunded)
		}
		w.Settle(t)
		healthy(t, w)
	})
}

// TestRulesCountOverSessions: a discount with a number is counted once for each of its
// applications, whatever the session, and comes back with the units.
func TestRulesCountOverSessions(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		three := threeForTwo()
		three.Most = 3
		rule := order.Used{Kind: order.UseTimes, Subject: offerRule(t, w, three).ID}
		list := nights(t, w, 2, nil)
		me := Member(1)
		o := place(t, w, me, overAll(w, list, 1, 2, 3))
		if o.Total != 20_000 || usedUp(t, w, rule) != 2 {
			t.Fatalf("total %d, %d counted", o.Total, usedUp(t, w, rule))
		}
		other := place(t, w, Member(2), overAll(w, list, 11, 12, 13))
		if other.Total != 25_000 || usedUp(t, w, rule) != 3 {
			t.Fatalf("total %d, %d counted: only one was left", other.Total, usedUp(t, w, rule))
		}
		w.Pay(t, me, o.ID)
		if _, err := w.Return(me, o.ID, ref(1, 1), ref(1, 2), ref(1, 3)); err != nil {
			t.Fatal(err)
		}
		if n := usedUp(t, w, rule); n != 2 {
			t.Errorf("%d counted after a night went back", n)
		}
		w.Lapse(t, other)
		if n := usedUp(t, w, rule); n != 1 {
			t.Errorf("%d counted after the other lapsed", n)
		}
		w.Settle(t)
		healthy(t, w)
	})
}
