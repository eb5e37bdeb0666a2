package order_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/document"
	"foyer/internal/fault"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/pii"
	"foyer/internal/visitor"
)

// card is the n-th identity card of somebody born on the day.
func card(n int, born string) string {
	first := "110105" + born + fmt.Sprintf("%03d", n%1000)
	for _, last := range "0123456789X" {
		if _, err := document.Parse(document.IDCard, first+string(last)); err == nil {
			return first + string(last)
		}
	}
	panic("no check digit fits " + first)
}

// grown is the n-th grown-up.
func grown(n int) visitor.Person {
	return visitor.Person{Name: "张三", Kind: document.IDCard, Number: card(n, "19900101"),
		Field: fmt.Sprintf("visitor[%d]", n)}
}

// named is a line with the people who enter.
func named(l order.LineAsk, who ...visitor.Person) order.LineAsk {
	l.Visitors = who
	return l
}

// ruled is a session of the world with rules; it takes the place of the world's own.
func ruled(t *testing.T, w *World, names *catalog.RealName, limits *catalog.Limits) {
	t.Helper()
	w.Session = w.OnSale(t, func(s *catalog.Session) { s.RealName, s.Limits = names, limits })
}

func oneEach() *catalog.RealName {
	return &catalog.RealName{Mode: catalog.NamesEvery, PerDocument: 1}
}

// count is the sum of what is counted of a kind.
func count(t *testing.T, w *World, kind visitor.CounterKind) (n int) {
	t.Helper()
	if err := w.DB.QueryRow(context.Background(), `SELECT COALESCE(CAST(SUM(n) AS SIGNED), 0)
		FROM limit_counter WHERE kind = ?`, int(kind)).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func refused(t *testing.T, err error, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func fine(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOneTicketForEachDocument(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		ruled(t, w, oneEach(), nil)
		first := w.Buy(t, Member(1), named(Seats(w.Types.Adult, 1, 2), grown(1), grown(2)))
		_, _, err := w.Try(Member(2), w.Ask(named(Seats(w.Types.Adult, 3, 4), grown(3), grown(2))))
		refused(t, err, visitor.ErrDocument)
		f := fault.Of(err)
		if f.Details["left"] != 0 || f.Details["document"] != document.Mask(grown(2).Number) ||
			f.Fields[0].Field != "visitor[2].document_number" {
			t.Error(f)
		}
		claimed(t, w, first, 1, 2)
		if n := count(t, w, visitor.Document); n != 2 {
			t.Error("the refused order left counts behind:", n)
		}
		_, err = w.Return(Member(1), first.ID, ref(1, 2))
		fine(t, err)
		second := w.Buy(t, Member(2), named(Seats(w.Types.Adult, 3, 4), grown(3), grown(2)))
		fine(t, w.Orders.WhoEnters(context.Background(), second))
		if v := second.Visitors.Named; len(v) != 2 || v[0].Name != "张*" ||
			strings.Contains(fmt.Sprint(v), grown(2).Number) {
			t.Error("who enters", v)
		}
		healthy(t, w)
	})
}

func TestRefusalsOfNames(t *testing.T) {
	t.Parallel()
	w := Open(t)
	ruled(t, w, &catalog.RealName{Mode: catalog.NamesEvery, BuyerEnters: true,
		Documents: []document.Kind{document.IDCard, document.HouseholdRegister}}, nil)
	stranger, me := grown(3), grown(1)
	passport := visitor.Person{Name: "John", Kind: document.Passport, Number: "L898902C3"}
	broken, nameless := me, me
	broken.Number = strings.Replace(broken.Number, "1990", "1991", 1)
	nameless.Name = "12"
	two := Seats(w.Types.Adult, 1, 2)
	for name, c := range map[string]struct {
		buyer *visitor.Person
		line  order.LineAsk
		want  error
	}{
		"nobody":        {&me, two, visitor.ErrNames},
		"one of two":    {&me, named(two, me), visitor.ErrNames},
		"three of two":  {&me, named(two, me, grown(2), grown(3)), visitor.ErrTooMany},
		"no buyer":      {nil, named(two, me, grown(2)), visitor.ErrBuyer},
		"other buyer":   {&stranger, named(two, me, grown(2)), visitor.ErrBuyerStays},
		"passport":      {&me, named(two, me, passport), visitor.ErrDocumentKind},
		"check digit":   {&me, named(two, broken, me), document.ErrCheckDigit},
		"name":          {&me, named(two, nameless, grown(2)), pii.ErrName},
		"no companions": {&me, named(two, me, visitor.Person{Companion: 7}), visitor.ErrCompanion},
	} {
		ask := w.Ask(c.line)
		ask.Buyer = c.buyer
		_, _, err := w.Try(Member(1), ask)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), me.Number) {
			t.Error("the refusal repeats a number:", err)
		}
	}
	ask := w.Ask(named(two, me, grown(2)))
	ask.Buyer = &me
	o, _, err := w.Try(Member(1), ask)
	if err != nil || len(o.Visitors.Named) != 3 || o.Visitors.Missing != 0 {
		t.Fatal(o, err)
	}
	healthy(t, w)
}

func TestOneNameForTheOrder(t *testing.T) {
	t.Parallel()
	w := Open(t)
	ruled(t, w, &catalog.RealName{Mode: catalog.NamesBuyer, PerDocument: 3,
		PerDocumentEvent: 3}, nil)
	me := grown(1)
	place := func(n int64, places ...int32) (*order.Order, error) {
		ask := w.Ask(Seats(w.Types.Adult, places...))
		ask.Buyer = &me
		o, _, err := w.Try(Member(n), ask)
		return o, err
	}
	first, err := place(1, 1, 2)
	fine(t, err)
	w.Pay(t, Member(1), first.ID)
	if _, err := place(2, 3, 4); err == nil || fault.Of(err).Details["left"] != 1 {
		t.Fatal(err)
	}
	_, err = w.Return(Member(1), first.ID, ref(1, 1))
	fine(t, err)
	_, err = place(2, 3, 4)
	fine(t, err)
	// The same document in another session of the event.
	ruled(t, w, &catalog.RealName{Mode: catalog.NamesBuyer, PerDocumentEvent: 3}, nil)
	_, err = place(3, 9)
	refused(t, err, visitor.ErrDocumentEvent)
	healthy(t, w)
}

// kids gives the child type of the world a rule.
func kids(t *testing.T, w *World, e catalog.Eligibility) {
	t.Helper()
	ctx, scope := context.Background(), actor.Scope{Organization: w.House.Org.ID}
	tt := catalogtest.Must[*catalog.TicketType](t)(w.Catalog.Stores().TicketTypes.Get(ctx, scope,
		w.Types.Child))
	next := *tt
	next.Eligibility = &e
	catalogtest.Must[*catalog.TicketType](t)(w.Catalog.UpdateTicketType(ctx, actor.SystemActor,
		next))
}

func TestChildrenHaveAnAge(t *testing.T) {
	t.Parallel()
	w := Open(t)
	kids(t, w, catalog.Eligibility{AgeUnder: 6})
	visit := w.Session.StartsAt.In(time.FixedZone("CST", 8*3600))
	seat := Seats(w.Types.Child, 1)
	declared := func(years, days int) order.LineAsk {
		born := time.Date(visit.Year()-years, visit.Month(), visit.Day()+days, 0, 0, 0, 0, time.UTC)
		return named(seat, visitor.Person{Birth: born, Field: "v"})
	}
	foreigner := visitor.Person{Name: "A", Kind: document.Passport, Number: "L898902C3", Field: "v"}
	for name, c := range map[string]struct {
		line order.LineAsk
		want error
	}{
		"no birth":        {seat, visitor.ErrBirth},
		"passport":        {named(seat, foreigner), visitor.ErrBirth},
		"sixth birthday":  {declared(6, 0), visitor.ErrAge},
		"not yet born":    {declared(0, 1), visitor.ErrAge},
		"by the document": {named(seat, grown(1)), visitor.ErrAge},
	} {
		if _, _, err := w.Try(Member(1), w.Ask(c.line)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := w.Place(t, Member(1), declared(6, 1)) // still five on the day of the visit
	if len(o.Visitors.Named) != 0 {
		t.Error("a declared birth date is kept", o.Visitors.Named)
	}
	healthy(t, w)
}

func TestChildrenNeedAdults(t *testing.T) {
	t.Parallel()
	w := Open(t)
	kids(t, w, catalog.Eligibility{PerAdult: 2})
	_, _, err := w.Try(Member(1), w.Ask(Seats(w.Types.Child, 1, 2)))
	refused(t, err, visitor.ErrAdult)
	if f := fault.Of(err); f.Details["needed"] != 1 || f.Details["adults"] != 0 {
		t.Error(f)
	}
	_, err = w.Orders.Price(context.Background(), Member(1), w.Ask(Seats(w.Types.Child, 1)))
	refused(t, err, visitor.ErrAdult)
	w.Place(t, Member(1), Seats(w.Types.Child, 1, 2), Seats(w.Types.Adult, 3))
	// A child takes a slot of the area like everybody else.
	w.Place(t, Member(2), Units(w.Types.Child, Standing, 2), Units(w.Types.Adult, Standing, 1))
	var n int
	fine(t, w.DB.QueryRow(context.Background(), `SELECT taken FROM area_stock
		WHERE session_id = ? AND area = ?`, w.Session.ID, Standing).Scan(&n))
	if n != 3 {
		t.Error("places of the slot", n)
	}
	healthy(t, w)
}

func TestLimitsByPhoneDeviceAndEvent(t *testing.T) {
	t.Parallel()
	w := Open(t)
	place := func(n int64, device string, places ...int32) error {
		ask := w.Ask(Seats(w.Types.Adult, places...))
		ask.Device = device
		_, _, err := w.Try(Member(n), ask)
		return err
	}
	const phone, tablet = "phone-phone-phone-1", "tablet-tablet-tablet"
	ruled(t, w, nil, &catalog.Limits{PerPhone: 3})
	fine(t, place(2, "", 1, 2))
	refused(t, place(3, "", 3, 4), visitor.ErrPhone) // shares the phone of member 2
	fine(t, place(3, "", 3))
	ruled(t, w, nil, &catalog.Limits{PerDevice: 2})
	refused(t, place(2, "", 1), visitor.ErrDevice)
	fine(t, place(2, phone, 1))
	refused(t, place(4, phone, 2, 3), visitor.ErrDeviceLimit)
	fine(t, place(4, tablet, 2, 3))
	ruled(t, w, nil, &catalog.Limits{PerMemberEvent: 3})
	fine(t, place(2, "", 1, 2))
	ruled(t, w, nil, &catalog.Limits{PerMemberEvent: 3})
	refused(t, place(2, "", 1, 2), visitor.ErrMemberEvent)
	fine(t, place(2, "", 1))
	// The counter sells without phone and device.
	ruled(t, w, nil, &catalog.Limits{PerPhone: 1, PerDevice: 1, PerMemberEvent: 1})
	ask := w.Ask(Seats(w.Types.Counter, 1, 2))
	ask.Channel = order.ChannelCounter
	_, _, err := w.Try(w.Clerk(), ask)
	fine(t, err)
	healthy(t, w)
}

// A repeat of a wish counts nothing; other people or places count anew.
func TestTheSameWishCountsOnce(t *testing.T) {
	t.Parallel()
	w := Open(t)
	ruled(t, w, oneEach(), &catalog.Limits{PerPhone: 2})
	wish := w.Ask(named(Seats(w.Types.Adult, 1, 2), grown(1), grown(2)))
	first, status, err := w.Try(Member(2), wish)
	if err != nil || status != 201 {
		t.Fatal(status, err)
	}
	again, status, err := w.Try(Member(2), wish)
	if err != nil || status != 200 || again.ID != first.ID || again.Revision != first.Revision {
		t.Fatal(status, err)
	}
	other, _, err := w.Try(Member(2), w.Ask(named(Seats(w.Types.Adult, 1, 2), grown(1), grown(3))))
	if err != nil || other.ID != first.ID || other.Revision == first.Revision {
		t.Fatal(other, err)
	}
	fine(t, w.Orders.WhoEnters(context.Background(), other))
	if v := other.Visitors.Named; len(v) != 2 || v[1].Number != document.Mask(grown(3).Number) {
		t.Error(v)
	}
	w.Place(t, Member(9), named(Seats(w.Types.Adult, 7), grown(2))) // free again
	if n := count(t, w, visitor.Document); n != 3 {
		t.Error("documents counted:", n)
	}
	healthy(t, w)
}

func TestThePriceTellsWhatIsLeft(t *testing.T) {
	t.Parallel()
	w := Open(t)
	w.Session = w.OnSale(t, func(s *catalog.Session) {
		s.MaxPerMember, s.Limits = 5, &catalog.Limits{PerPhone: 4, OneRefund: true}
		s.RealName = &catalog.RealName{Mode: catalog.NamesEvery, PerDocument: 2, Text: "一人一证"}
	})
	w.Buy(t, Member(2), named(Seats(w.Types.Adult, 1, 2), grown(1), grown(2)))
	told := func(lines ...order.LineAsk) *order.BuyersTold {
		t.Helper()
		o, err := w.Orders.Price(context.Background(), Member(2), w.Ask(lines...))
		fine(t, err)
		return o.Buyers
	}
	b := told(Seats(w.Types.Adult, 3))
	if b.RealName == nil || b.RealName.Text != "一人一证" || b.RefundsLeft != 1 || !b.OneRefund {
		t.Error(b)
	}
	want := []order.LimitLeft{{Kind: "member", Max: 5, Have: 2, Left: 3},
		{Kind: "phone", Max: 4, Have: 2, Left: 2}}
	if !slices.Equal(b.Limits, want) {
		t.Error(b.Limits)
	}
	b = told(named(Seats(w.Types.Adult, 3), grown(2)))
	if !slices.Contains(b.Limits, order.LimitLeft{Kind: "document", Max: 2, Have: 1, Left: 1,
		Document: document.Mask(grown(2).Number)}) {
		t.Error(b.Limits)
	}
	w.Session = w.OnSale(t, nil)
	if b := told(Seats(w.Types.Adult, 3)); b != nil {
		t.Error("a session without rules tells some", b)
	}
}

func TestGivingBackOnceAndNotBuyingAgainToday(t *testing.T) {
	t.Parallel()
	w := Open(t)
	ruled(t, w, nil, &catalog.Limits{OneRefund: true, NoRebooking: true})
	o := w.Buy(t, Member(1), Seats(w.Types.Adult, 1, 2, 3))
	_, err := w.Return(Member(1), o.ID, ref(1, 1))
	fine(t, err)
	_, err = w.Return(Member(1), o.ID, ref(1, 2))
	refused(t, err, visitor.ErrRefundRight)
	_, err = w.Orders.Quote(context.Background(), Member(1), o.ID, nil)
	refused(t, err, visitor.ErrRefundRight)
	_, err = w.Return(w.Clerk(), o.ID, ref(1, 2)) // the house always may
	fine(t, err)
	_, _, err = w.Try(Member(1), w.Ask(Seats(w.Types.Adult, 9)))
	refused(t, err, visitor.ErrRebooking)
	w.Place(t, Member(2), Seats(w.Types.Adult, 9))
	w.Fake.Advance(24 * time.Hour)
	w.Place(t, Member(1), Seats(w.Types.Adult, 10))
	healthy(t, w)
}

func TestNamesMayFollow(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		rule := oneEach()
		rule.NameUntil = 24 * 60
		ruled(t, w, rule, nil)
		o := w.Buy(t, Member(1), named(Seats(w.Types.Adult, 1, 2, 3), grown(1)))
		name := func(who actor.Actor, unit int, p visitor.Person) (*order.Order, error) {
			return w.Orders.NameVisitors(context.Background(), who, o.ID,
				[]order.NameAsk{{Line: 1, Unit: unit, Number: 1, Who: p}})
		}
		_, err := name(Member(2), 2, grown(2))
		refused(t, err, fault.Missing)
		_, err = name(Member(1), 1, grown(9))
		refused(t, err, visitor.ErrNamed)
		_, err = name(Member(1), 2, grown(1))
		refused(t, err, visitor.ErrDocument)
		_, err = name(Member(1), 4, grown(2))
		refused(t, err, order.ErrUnit)
		got, err := name(Member(1), 2, grown(2))
		if err != nil || got.Visitors.Missing != 1 || len(got.Visitors.Named) != 2 {
			t.Fatal(got, err)
		}
		healthy(t, w)
		w.Fake.Advance(w.Session.StartsAt.Add(-23 * time.Hour).Sub(w.Clock.Now()))
		_, err = name(Member(1), 3, grown(3))
		refused(t, err, visitor.ErrNameLate)
	})
}

// What an order that ended unpaid had counted is counted again when money comes late, and
// not when somebody else has taken the document meanwhile.
func TestLateMoneyCountsAgain(t *testing.T) {
	t.Parallel()
	for _, taken := range []bool{false, true} {
		w := Open(t)
		ruled(t, w, oneEach(), &catalog.Limits{PerPhone: 2})
		o := w.Place(t, Member(2), named(Seats(w.Types.Adult, 1), grown(1)))
		p, err := w.OpenPayment(Member(2), o.ID)
		fine(t, err)
		w.Lapse(t, o)
		closeOut(t, &stage{w: w, o: o})
		if s := w.Find(t, o.ID).State; s != order.Expired || count(t, w, visitor.Document) != 0 {
			t.Fatal(s)
		}
		if taken {
			w.Buy(t, Member(8), named(Seats(w.Types.Adult, 50), grown(1)))
		}
		w.Till.Take(p.Number(), p.Amount, p.Currency)
		w.Look(t, p)
		want := order.Paid
		if taken {
			want = order.Expired
		}
		if s := w.Find(t, o.ID).State; s != want {
			t.Errorf("taken %v: %s", taken, s)
		}
		if n := count(t, w, visitor.Document); n != 1 {
			t.Error("documents counted:", n)
		}
		healthy(t, w)
	}
}

// Names go when their time is over, all of an order at once; what was sold stays.
func TestNamesAreForgotten(t *testing.T) {
	t.Parallel()
	w := Open(t)
	ctx := context.Background()
	rule := oneEach()
	rule.KeepDays = 10
	ruled(t, w, rule, nil)
	paid := w.Buy(t, Member(1), named(Seats(w.Types.Adult, 1, 2), grown(1), grown(2)))
	w.Lapse(t, w.Place(t, Member(2), named(Seats(w.Types.Adult, 3), grown(3))))
	rows := func() (n int) {
		fine(t, w.DB.QueryRow(ctx, `SELECT COUNT(*) FROM visitor`).Scan(&n))
		return n
	}
	for _, c := range []struct {
		to   time.Time
		left int
	}{{w.Clock.Now(), 3}, {w.Clock.Now().Add(7*24*time.Hour + time.Minute), 2},
		{w.Session.EndsAt.AddDate(0, 0, 10).Add(-time.Minute), 2},
		{w.Session.EndsAt.AddDate(0, 0, 10).Add(time.Minute), 0}} {
		w.Fake.Advance(c.to.Sub(w.Clock.Now()))
		_, err := w.Visitors.Sweep(ctx)
		fine(t, err)
		if n := rows(); n != c.left {
			t.Fatalf("%d are kept at %s, want %d", n, c.to, c.left)
		}
	}
	if got := w.Find(t, paid.ID); got.State != order.Paid {
		t.Error(got.State)
	}
	healthy(t, w)
}
