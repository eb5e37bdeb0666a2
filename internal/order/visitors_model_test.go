package order_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/fault"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/ticket"
	"foyer/internal/visitor"
)

// buyersModel is who may buy as a page of arithmetic: what each order has, and nothing else.
type buyersModel struct {
	orders map[int64]*modelOrder
}

type modelOrder struct {
	member int64
	people []int // document of each unit; 0 once it was given back
	paid   bool
}

const (
	perDocument = 2
	perPhone    = 4
	perEvent    = 5
)

// fits says whether an order of these documents may stand beside all but one.
func (m *buyersModel) fits(but int64, member int64, people []int) bool {
	documents, phone, event := map[int]int{}, len(people), len(people)
	for _, d := range people {
		documents[d]++
	}
	for id, o := range m.orders {
		if id == but {
			continue
		}
		for _, d := range o.people {
			if d == 0 {
				continue
			}
			documents[d]++
			if Member(o.member).ID/2 == Member(member).ID/2 {
				phone++
			}
			if o.member == member {
				event++
			}
		}
	}
	for _, d := range people {
		if documents[d] > perDocument {
			return false
		}
	}
	return phone <= perPhone && event <= perEvent
}

func (m *buyersModel) live(member int64) int64 {
	for id, o := range m.orders {
		if o.member == member && !o.paid {
			return id
		}
	}
	return 0
}

// TestBuyersCountersAgainstAModel places, replaces, pays, cancels, lapses and gives back at
// random: every refusal and every counter is the model's.
func TestBuyersCountersAgainstAModel(t *testing.T) {
	t.Parallel()
	w := Open(t)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		event := w.House.Film(catalogtest.FilmInfo("片", fmt.Sprint("film", runs)))
		w.Session = w.OnSale(t, func(s *catalog.Session) {
			s.RealName = &catalog.RealName{Mode: catalog.NamesEvery, PerDocument: perDocument}
			s.Limits = &catalog.Limits{PerPhone: perPhone, PerMemberEvent: perEvent}
			s.EventID = event.ID
		})
		r := &buyersRun{w: w, t: t, m: &buyersModel{orders: map[int64]*modelOrder{}}, free: 1}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			r.step(rt)
		}
		r.compare(rt)
	})
	healthy(t, w)
}

type buyersRun struct {
	w    *World
	t    *testing.T
	m    *buyersModel
	free int32 // the next seat that nobody had
}

func (r *buyersRun) step(rt *rapid.T) {
	member := rapid.Int64Range(2, 5).Draw(rt, "member")
	switch rapid.SampledFrom([]string{"place", "place", "pay", "cancel", "return"}).Draw(rt, "do") {
	case "place":
		r.place(rt, member, rapid.SliceOfN(rapid.IntRange(1, 4), 1, 3).Draw(rt, "people"))
	case "pay":
		if id := r.m.live(member); id != 0 {
			r.w.Pay(r.t, Member(member), id)
			r.m.orders[id].paid = true
		}
	case "cancel":
		if id := r.m.live(member); id != 0 {
			if _, err := r.w.Orders.Cancel(context.Background(), Member(member), id); err != nil {
				rt.Fatal(err)
			}
			delete(r.m.orders, id)
		}
	case "return":
		r.giveBack(rt, member)
	}
}

func (r *buyersRun) place(rt *rapid.T, member int64, people []int) {
	live := r.m.live(member)
	ask := order.LineAsk{TicketType: r.w.Types.Adult}
	if r.free+int32(len(people)) > 100 {
		return
	}
	for _, d := range people {
		ask.Places = append(ask.Places, r.free)
		ask.Visitors = append(ask.Visitors, grown(d))
		r.free++
	}
	o, _, err := r.w.Try(Member(member), r.w.Ask(ask))
	if want := r.m.fits(live, member, people); want != (err == nil) {
		rt.Fatalf("the model says %v: %v", want, err)
	}
	if err == nil {
		r.m.orders[o.ID] = &modelOrder{member: member, people: people}
		return
	}
	if !errors.Is(err, visitor.ErrDocument) && !errors.Is(err, visitor.ErrPhone) &&
		!errors.Is(err, visitor.ErrMemberEvent) {
		rt.Fatal(err)
	}
	if left, ok := fault.Of(err).Details["left"].(int); !ok || left < 0 {
		rt.Fatal("how many are left is not told", err)
	}
}

func (r *buyersRun) giveBack(rt *rapid.T, member int64) {
	for id, o := range r.m.orders {
		if o.member != member || !o.paid {
			continue
		}
		unit := rapid.IntRange(1, len(o.people)).Draw(rt, "unit")
		if o.people[unit-1] == 0 {
			return
		}
		ref := ticket.UnitRef{Line: 1, Unit: unit}
		if _, err := r.w.Return(Member(member), id, ref); err != nil {
			rt.Fatal(err)
		}
		o.people[unit-1] = 0
		return
	}
}

// compare reads the counters of the session and its event.
func (r *buyersRun) compare(rt *rapid.T) {
	want := 0
	for _, o := range r.m.orders {
		for _, d := range o.people {
			if d != 0 {
				want++
			}
		}
	}
	for kind, scope := range map[visitor.CounterKind]int64{visitor.Document: r.w.Session.ID,
		visitor.Phone: r.w.Session.ID, visitor.MemberEvent: r.w.Session.EventID} {
		var have int
		if err := r.w.DB.QueryRow(context.Background(), `SELECT
			COALESCE(CAST(SUM(n) AS SIGNED), 0) FROM limit_counter
			WHERE kind = ? AND session_id = ?`, int(kind), scope).Scan(&have); err != nil {
			rt.Fatal(err)
		}
		if have != want {
			rt.Fatalf("%s: counted %d, the orders have %d", kind, have, want)
		}
	}
}
