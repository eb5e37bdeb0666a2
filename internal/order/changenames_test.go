package order_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/document"
	"foyer/internal/fault"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/ticket"
	"foyer/internal/visitor"
)

// premieres are two sessions of one event with real names; the second costs more.
func premieres(t *testing.T, w *World, limits *catalog.Limits, edit func(*catalog.Session),
) *catalog.Session {
	t.Helper()
	w.Changeable(t, easy())
	names := &catalog.RealName{Mode: catalog.NamesEvery, PerDocument: 1, PerDocumentEvent: 1}
	on := func(prices int64) *catalog.Session {
		return w.OnSale(t, func(s *catalog.Session) {
			s.RealName, s.Limits, s.PriceListID = names, limits, prices
			if edit != nil {
				edit(s)
			}
		})
	}
	w.Session = on(w.Prices.ID)
	list := catalog.PriceList{Meta: catalog.Meta{Organization: w.House.Org.ID},
		PriceListInfo: w.Prices.PriceListInfo}
	list.Cells = append(list.Cells[:0:0], list.Cells...)
	for i := range list.Cells {
		list.Cells[i].Amount += 1500
	}
	dear := catalogtest.Must[*catalog.PriceList](t)(w.Catalog.CreatePriceList(
		context.Background(), w.Clerk(), list))
	s := on(dear.ID)
	w.Catalog.CatchUp()
	return s
}

// entering are the masked names of an order by line and unit.
func entering(t *testing.T, w *World, id int64) string {
	t.Helper()
	o := w.Find(t, id)
	fine(t, w.Orders.WhoEnters(context.Background(), o))
	var list []string
	for _, n := range o.Visitors.Named {
		list = append(list, fmt.Sprintf("%d.%d:%s", n.Line, n.Unit, n.Number))
	}
	return strings.Join(list, " ")
}

func shown(at string, n int) string { return at + ":" + document.Mask(grown(n).Number) }

// Names wait with the new seats, go over when the difference is paid, and stay when it is not.
func TestNamesMoveWithTheSeat(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		dear := premieres(t, w, &catalog.Limits{PerPhone: 2, PerMemberEvent: 2}, nil)
		first, me, other := *w.Session, Member(2), Member(5)
		o := w.Buy(t, me, named(Seats(w.Types.Adult, 1, 2), grown(1), grown(2)))
		ask := To(dear.ID, adult(w, 7), ref(1, 2))
		q, err := w.Orders.QuoteChange(context.Background(), me, o.ID, ask)
		if err != nil || len(q.Visitors()) != 1 ||
			q.Visitors()[0].Number != document.Mask(grown(2).Number) {
			t.Fatalf("the quote names %+v, %v", q.Visitors(), err)
		}
		for _, end := range []string{"cancel", "lapse", "pay"} {
			c, err := w.Exchange(me, o.ID, ask)
			if err != nil || c.State != order.ChangePending {
				t.Fatalf("%+v, %v", c, err)
			}
			if got := entering(t, w, o.ID); got != shown("1.1", 1)+" "+shown("1.2", 2) {
				t.Fatalf("while it waits: %s", got)
			}
			healthy(t, w)
			for _, s := range []*catalog.Session{&first, dear} {
				w.Session = s
				_, _, err = w.Try(other, w.Ask(named(Seats(w.Types.Adult, 20), grown(2))))
				refused(t, err, visitor.ErrDocument)
			}
			_, err = w.Orders.NameVisitors(context.Background(), me, o.ID,
				[]order.NameAsk{{Line: 1, Unit: 2, Number: 1, Who: grown(9)}})
			if err == nil {
				t.Fatal("somebody was named while a change is under way")
			}
			switch end {
			case "cancel":
				_, err = w.Orders.CancelChange(context.Background(), me, o.ID)
				fine(t, err)
			case "lapse":
				w.Fake.Advance(time.Hour)
				w.EndChange(t, c)
			case "pay":
				w.Pay(t, me, o.ID)
			}
			healthy(t, w)
		}
		if got := entering(t, w, o.ID); got != shown("1.1", 1)+" "+shown("2.1", 2) {
			t.Fatalf("after it was paid: %s", got)
		}
		w.Session = dear
		_, _, err = w.Try(other, w.Ask(named(Seats(w.Types.Adult, 20), grown(2))))
		refused(t, err, visitor.ErrDocument)
		w.Session = &first
		_, _, err = w.Try(other, w.Ask(named(Seats(w.Types.Adult, 20), grown(2))))
		refused(t, err, visitor.ErrDocumentEvent) // free in the session, not in the event
		_, err = w.Return(me, o.ID, ref(2, 1))
		fine(t, err)
		healthy(t, w)
		w.Buy(t, other, named(Seats(w.Types.Adult, 20), grown(2)))
		if n := count(t, w, visitor.Document); n != 2 {
			t.Errorf("%d documents are counted", n)
		}
		if n := count(t, w, visitor.MemberEvent); n != 2 {
			t.Errorf("%d places of members are counted in the event", n)
		}
		healthy(t, w)
	})
}

// The rules are those of the session that is changed to; what is refused leaves nothing.
func TestNamesAreHeldToTheNewSession(t *testing.T) {
	t.Parallel()
	w := Open(t)
	kids(t, w, catalog.Eligibility{AgeUnder: 6})
	dear := premieres(t, w, nil, nil) // a day later
	first, me := *w.Session, Member(2)
	visit := first.StartsAt.In(time.FixedZone("CST", 8*3600))
	child := visitor.Person{Name: "李小明", Kind: document.Passport, Number: "E11111111", Field: "v",
		Birth: time.Date(visit.Year()-6, visit.Month(), visit.Day()+1, 0, 0, 0, 0, time.UTC)}
	o := w.Buy(t, me, named(Seats(w.Types.Adult, 1), grown(1)),
		named(Seats(w.Types.Child, 2), child))
	line := order.ChangeAsk{Units: []ticket.UnitRef{ref(2, 1)},
		To: order.PlaceAsk{Session: dear.ID, Lines: []order.LineAsk{Seats(w.Types.Child, 8)}}}
	_, err := w.Exchange(me, o.ID, line) // six on that day
	refused(t, err, visitor.ErrAge)
	line.To.Lines[0] = Seats(w.Types.Adult, 8)
	line.To.Lines[0].Visitors = []visitor.Person{grown(5)}
	_, err = w.Exchange(me, o.ID, line)
	refused(t, err, visitor.ErrNamed)
	w.Session = dear
	theirs := w.Buy(t, Member(5), named(Seats(w.Types.Adult, 9), grown(3)))
	w.Session = &first
	mine := w.Buy(t, Member(7), named(Seats(w.Types.Adult, 5), grown(4)))
	_, err = w.Exchange(Member(5), theirs.ID, To(first.ID, adult(w, 5), ref(1, 1)))
	if fault.KindOf(err) != fault.Conflict {
		t.Fatalf("a place that is taken: %v", err)
	}
	healthy(t, w)
	// Within the session nothing is counted anew.
	_, err = w.Exchange(Member(7), mine.ID, To(first.ID, adult(w, 6), ref(1, 1)))
	fine(t, err)
	if got := entering(t, w, mine.ID); got != shown("2.1", 4) {
		t.Fatal(got)
	}
	if n := count(t, w, visitor.Document); n != 4 {
		t.Errorf("%d documents are counted", n)
	}
	healthy(t, w)
}

// From a session that asks for names to one that does not, and back.
func TestNamesComeAndGo(t *testing.T) {
	t.Parallel()
	w := Open(t)
	plain := *w.Session
	premieres(t, w, nil, nil)
	me := Member(2)
	o := w.Buy(t, me, named(Seats(w.Types.Adult, 1), grown(1)))
	_, err := w.Exchange(me, o.ID, To(plain.ID, adult(w, 3), ref(1, 1)))
	fine(t, err)
	if n := count(t, w, visitor.Document); n != 0 {
		t.Errorf("%d documents are counted where nobody asks", n)
	}
	if got := entering(t, w, o.ID); got != "" {
		t.Errorf("still named: %s", got)
	}
	healthy(t, w)
	back := To(w.Session.ID, adult(w, 4), ref(2, 1))
	_, err = w.Exchange(me, o.ID, back)
	refused(t, err, visitor.ErrNames)
	back.To.Lines[0].Visitors = []visitor.Person{grown(2)}
	_, err = w.Exchange(me, o.ID, back)
	fine(t, err)
	if got := entering(t, w, o.ID); got != shown("3.1", 2) {
		t.Errorf("named anew: %s", got)
	}
	healthy(t, w)
	_, err = w.Return(me, o.ID)
	fine(t, err)
	healthy(t, w)
}

// TestNamesMoveAtRandom changes, pays, gives up and gives back at random: after each step
// the counters are what the names say.
func TestNamesMoveAtRandom(t *testing.T) {
	t.Parallel()
	w := Open(t)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		event := w.House.Film(catalogtest.FilmInfo("片", fmt.Sprint("moves", runs)))
		far := premieres(t, w, &catalog.Limits{PerPhone: 3, PerMemberEvent: 3},
			func(s *catalog.Session) { s.EventID = event.ID })
		sessions := []*catalog.Session{w.Session, far}
		me, seat := Member(2), int32(10)
		o := w.Buy(t, me, named(Seats(w.Types.Adult, 1, 2, 3), grown(1), grown(2), grown(3)))
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"change", "change", "pay", "cancel", "return"}).
				Draw(rt, "do") {
			case "change":
				now := w.Find(t, o.ID)
				refs := liveUnits(now)
				if len(refs) == 0 {
					continue
				}
				one := rapid.SampledFrom(refs).Draw(rt, "unit")
				seat++
				to := rapid.SampledFrom(sessions).Draw(rt, "to")
				_, err := w.Exchange(me, o.ID, To(to.ID, adult(w, seat), one))
				if k := fault.KindOf(err); err != nil && k == fault.Internal {
					rt.Fatal(err)
				}
			case "pay":
				if w.Find(t, o.ID).Change != 0 {
					w.Pay(t, me, o.ID)
				}
			case "cancel":
				_, _ = w.Orders.CancelChange(context.Background(), me, o.ID)
			case "return":
				if refs := liveUnits(w.Find(t, o.ID)); len(refs) > 0 {
					_, err := w.Return(me, o.ID, refs[0])
					if k := fault.KindOf(err); err != nil && k == fault.Internal {
						rt.Fatal(err)
					}
				}
			}
		}
		sum := len(liveUnits(w.Find(t, o.ID)))
		if _, err := w.Orders.CancelChange(context.Background(), me, o.ID); err != nil &&
			fault.KindOf(err) == fault.Internal {
			rt.Fatal(err)
		}
		o = w.Find(t, o.ID)
		fine(t, w.Orders.WhoEnters(context.Background(), o))
		if len(o.Visitors.Named) != sum || o.Visitors.Missing != 0 {
			rt.Fatalf("%d units, %d names", sum, len(o.Visitors.Named))
		}
	})
	healthy(t, w)
}

// liveUnits are the units of an order that were not given back.
func liveUnits(o *order.Order) (list []ticket.UnitRef) {
	for _, l := range o.Lines {
		for i, u := range l.Units {
			if !u.Returned {
				list = append(list, ref(l.Number, i+1))
			}
		}
	}
	return list
}
