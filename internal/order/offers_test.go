package order_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/offer"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
)

// offerRule adds a discount by rule to the house.
func offerRule(t *testing.T, w *World, r offer.Rule) *catalog.Offer {
	t.Helper()
	return catalogtest.Must[*catalog.Offer](t)(w.Catalog.CreateOffer(context.Background(),
		actor.SystemActor, catalog.Offer{Meta: catalog.Meta{Organization: w.House.Org.ID},
			OfferInfo: catalog.OfferInfo{Rule: r}}))
}

func threeForTwo() offer.Rule {
	return offer.Rule{Name: "三人行", Kind: offer.EveryNth, Size: 3, Reduced: 1, Percent: 10_000}
}

// addType adds a ticket type with one price in zone A.
func addType(t *testing.T, w *World, info catalog.TicketTypeInfo, price money.Minor) int64 {
	t.Helper()
	ctx, meta := context.Background(), catalog.Meta{Organization: w.House.Org.ID}
	tt := catalogtest.Must[*catalog.TicketType](t)(w.Catalog.CreateTicketType(ctx,
		actor.SystemActor, catalog.TicketType{Meta: meta, TicketTypeInfo: info}))
	w.Prices.Cells = append(w.Prices.Cells,
		catalog.PriceCell{Zone: "A", TicketType: tt.ID, Amount: price})
	w.Prices = catalogtest.Must[*catalog.PriceList](t)(w.Catalog.UpdatePriceList(ctx,
		actor.SystemActor, *w.Prices))
	return tt.ID
}

func codesOf(t *testing.T, w *World, b catalog.CodeBatchInfo, n int, chosen string) []string {
	t.Helper()
	if b.Name == "" {
		b.Name = "码"
	}
	batch := catalogtest.Must[*catalog.CodeBatch](t)(w.Catalog.CreateBatch(context.Background(),
		actor.SystemActor, catalog.CodeBatch{Meta: catalog.Meta{Organization: w.House.Org.ID},
			CodeBatchInfo: b}))
	return catalogtest.Must[[]string](t)(w.Orders.MakeCodes(context.Background(),
		actor.SystemActor, w.House.Org.ID, batch.ID, n, chosen))
}

func wants(t *testing.T, err error, d *fault.Definition) {
	t.Helper()
	if !errors.Is(err, d) {
		t.Fatalf("got %v, want %s", err, d.Code)
	}
}

func said(o *order.Order) (list []offer.Said) {
	if o.Terms != nil {
		for _, s := range o.Terms.Said {
			list = append(list, s.Said)
		}
	}
	return list
}

// usedUp is a counter of the book.
func usedUp(t *testing.T, w *World, k order.Used) int64 {
	t.Helper()
	all, err := w.Orders.Store.UsedUp(context.Background(), w.House.Org.ID, w.Session.ID)
	if err != nil {
		t.Fatal(err)
	}
	return all[k]
}

func TestThreeForTwoIsRefundedToTheFen(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		defer healthy(t, w)
		rule := threeForTwo()
		rule.Most, rule.Budget = 10, 100_000
		of := offerRule(t, w, rule)
		times := order.Used{Kind: order.UseTimes, Subject: of.ID}
		spent := order.Used{Kind: order.UseMoney, Subject: of.ID}
		who := Member(1)
		two := w.Place(t, who, Seats(w.Types.Adult, 1, 2))
		if two.Total != 10_000 || len(said(two)) != 1 || two.Terms.Said[0].Missing != 1 {
			t.Fatalf("two: %d, %v", two.Total, two.Terms)
		}
		three := w.Buy(t, who, Seats(w.Types.Adult, 1, 2, 3))
		if three.Total != 10_000 || said(three)[0] != offer.SaidApplied {
			t.Fatalf("three: %d, %v", three.Total, three.Terms)
		}
		if usedUp(t, w, times) != 1 || usedUp(t, w, spent) != 5000 {
			t.Errorf("counted %d and %d", usedUp(t, w, times), usedUp(t, w, spent))
		}
		r, err := w.Return(who, three.ID, ref(1, 3))
		if err != nil || r.Quote.Refund != 3334 {
			t.Fatalf("one of three brings %d: %v", r.Quote.Refund, err)
		}
		if usedUp(t, w, times) != 1 || usedUp(t, w, spent) != 3334 {
			t.Errorf("after one: %d and %d", usedUp(t, w, times), usedUp(t, w, spent))
		}
		if r, err = w.Return(who, three.ID); err != nil || r.Quote.Refund != 6666 {
			t.Fatalf("the others bring %d: %v", r.Quote.Refund, err)
		}
		if usedUp(t, w, times) != 0 || usedUp(t, w, spent) != 0 {
			t.Errorf("after all: %d and %d", usedUp(t, w, times), usedUp(t, w, spent))
		}
	})
}

// A rule that may be used twice is used twice, however many ask at once; the others pay the
// list's price, or are told when they said what they expect.
func TestARuleWithANumber(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		defer healthy(t, w)
		rule := threeForTwo()
		rule.Most = 2
		of := offerRule(t, w, rule)
		var cheap, dear, told int
		var mu sync.Mutex
		var all sync.WaitGroup
		for n := range 12 {
			all.Go(func() {
				first := int32(n*3 + 1)
				ask := w.Ask(Seats(w.Types.Adult, first, first+1, first+2))
				if n%2 == 0 {
					ask.ExpectTotal = 10_000
				}
				o, _, err := w.Try(Member(int64(n)), ask)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, order.ErrPriceChanged):
					told++
				case err != nil:
					t.Error(err)
				case o.Total == 10_000:
					cheap++
				case o.Total == 15_000:
					dear++
				}
			})
		}
		all.Wait()
		if cheap != 2 || cheap+dear+told != 12 {
			t.Errorf("%d paid less, %d the list's price, %d were told", cheap, dear, told)
		}
		if n := usedUp(t, w, order.Used{Kind: order.UseTimes, Subject: of.ID}); n != 2 {
			t.Errorf("counted %d", n)
		}
		w.Fake.Advance(11 * time.Minute)
		w.Orders.ExpireDue(context.Background())
		if n := usedUp(t, w, order.Used{Kind: order.UseTimes, Subject: of.ID}); n != 0 {
			t.Errorf("counted %d after all lapsed", n)
		}
		if o := w.Place(t, Member(99), Seats(w.Types.Adult, 91, 92, 93)); o.Total != 10_000 {
			t.Errorf("what lapsed is not there again: %d", o.Total)
		}
	})
}

func TestTiersAreReleased(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		defer healthy(t, w)
		rel := catalogtest.Must[*catalog.Release](t)(w.Catalog.CreateRelease(
			context.Background(), actor.SystemActor, catalog.Release{
				Meta: catalog.Meta{Organization: w.House.Org.ID},
				ReleaseInfo: catalog.ReleaseInfo{Name: "分批", TicketType: w.Types.Adult,
					Ladder: offer.Ladder{Ends: true, Tiers: []offer.Tier{
						{Key: 1, Name: "早鸟", Quantity: 3, Change: offer.Percent, Value: 8000},
						{Key: 2, Name: "第二轮", Quantity: 2, Change: offer.Add, Value: -100}}}}}))
		first := order.Used{Kind: order.UseTier, Subject: rel.ID, Item: 1}
		if o := w.Place(t, Member(1), Seats(w.Types.Adult, 1, 2)); o.Total != 8000 {
			t.Fatalf("two of the first tier: %d", o.Total)
		}
		o := w.Place(t, Member(2), Seats(w.Types.Adult, 3, 4))
		if o.Total != 8900 || o.Lines[0].Units[0].Tier != "早鸟" ||
			o.Lines[0].Units[1].Tier != "第二轮" {
			t.Fatalf("one of each: %d, %+v", o.Total, o.Lines)
		}
		_, _, err := w.Try(Member(3), w.Ask(Seats(w.Types.Adult, 5, 6)))
		wants(t, err, order.ErrTierOver)
		w.Pay(t, Member(2), o.ID)
		w.Fake.Advance(11 * time.Minute) // the first order lapses, and its tier opens again
		w.Orders.ExpireDue(context.Background())
		if n := usedUp(t, w, first); n != 1 {
			t.Errorf("%d of the first tier, want 1", n)
		}
		if o := w.Place(t, Member(3), Seats(w.Types.Adult, 5, 6)); o.Total != 8000 {
			t.Errorf("the first tier again: %d", o.Total)
		}
		// His own places count as free for himself.
		if o := w.Place(t, Member(3), Seats(w.Types.Adult, 6, 7)); o.Total != 8000 {
			t.Errorf("another seat of his tier: %d", o.Total)
		}
	})
}

func TestCodes(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		defer healthy(t, w)
		secret := addType(t, w, catalog.TicketTypeInfo{Kind: "adult", Code: "friends",
			Name: "亲友", SaleRules: catalog.SaleRules{Hidden: true}}, 1000)
		codes := codesOf(t, w, catalog.CodeBatchInfo{Prefix: "VIP", Types: []int64{secret},
			UnitsPerUse: 2}, 3, "")
		try := func(n int64, code string, places ...int32) (*order.Order, error) {
			ask := w.Ask(Seats(secret, places...))
			if code != "" {
				ask.Codes = []string{code}
			}
			o, _, err := w.Try(Member(n), ask)
			return o, err
		}
		_, err := try(1, "", 1)
		wants(t, err, order.ErrTicketType) // as if there were none
		_, err = try(1, "VIP-0000-0000-0000", 1)
		wants(t, err, order.ErrCode)
		_, err = try(1, codes[0], 1, 2, 3)
		wants(t, err, order.ErrCodeUnits)
		o, err := try(1, " "+codes[0]+" ", 1, 2)
		if err != nil || o.Total != 2000 {
			t.Fatal(o, err)
		}
		_, err = try(2, codes[0], 5)
		wants(t, err, order.ErrCode) // used, in the words of one that never was
		if o, err = try(1, codes[0], 1, 3); err != nil || o.Total != 2000 {
			t.Fatal("his own code, other seats:", err)
		}
		w.Lapse(t, o)
		if _, err = try(2, codes[0], 5); err != nil {
			t.Fatal("what lapsed gives its code back:", err)
		}
		_, err = w.Orders.Price(context.Background(), actor.Actor{Kind: actor.Anonymous},
			order.PlaceAsk{Session: w.Session.ID, Channel: order.ChannelH5, ExpectTotal: -1,
				Lines: []order.LineAsk{Seats(secret, 9)}, Codes: []string{codes[1]}})
		wants(t, err, fault.SignInFirst)
	})
}

// Guessing is slowed down by who guesses, and everybody else goes on.
func TestGuessingCodesIsSlow(t *testing.T) {
	t.Parallel()
	w := Open(t)
	code := codesOf(t, w, catalog.CodeBatchInfo{Uses: 5, Types: []int64{w.Types.Adult}}, 0,
		"summer26")[0]
	price := func(n int64, code string) error {
		ask := w.Ask(Seats(w.Types.Adult, 1))
		ask.Codes = []string{code}
		_, err := w.Orders.Price(context.Background(), Member(n), ask)
		return err
	}
	for range 10 {
		wants(t, price(1, "SUMMER25"), order.ErrCode)
	}
	wants(t, price(1, code), order.ErrCodeTries)
	if err := price(2, "SUMMER-26"); err != nil {
		t.Fatal("somebody else:", err)
	}
	w.Fake.Advance(10 * time.Minute)
	if err := price(1, code); err != nil {
		t.Fatal("after a while:", err)
	}
}

func TestKindsOfTicket(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		defer healthy(t, w)
		counter := &catalog.Admission{EntryRule: catalog.EntryRule{Precincts: []string{"shop"}}}
		guide := addType(t, w, catalog.TicketTypeInfo{Kind: "companion", Code: "guide", Name: "领队",
			SaleRules: catalog.SaleRules{Requires: &catalog.Requires{Codes: []string{"tour"},
				Per: 10}}}, 0)
		tour := addType(t, w, catalog.TicketTypeInfo{Kind: "group", Code: "tour", Name: "团",
			MinPerOrder: 10, SaleRules: catalog.SaleRules{OneTicket: true}}, 1001)
		trio := addType(t, w, catalog.TicketTypeInfo{Kind: "combo", Code: "trio", Name: "三人",
			PlacesPerUnit: 3, SaleRules: catalog.SaleRules{TicketEach: true}}, 10_000)
		glasses := addType(t, w, catalog.TicketTypeInfo{Kind: "other", Code: "3d", Name: "眼镜",
			Admission: counter, SaleRules: catalog.SaleRules{AddOn: true, Stock: 3,
				Requires: &catalog.Requires{Codes: []string{"trio"}, Per: 1}}}, 500)
		gift := addType(t, w, catalog.TicketTypeInfo{Kind: "other", Code: "gift", Name: "捐赠",
			Admission: counter, SaleRules: catalog.SaleRules{AddOn: true,
				Pay: &catalog.PayRange{Least: 100, Most: 100_000, Suggested: 2000}}}, 0)

		group := append(Seats(tour, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10).Places, 11)
		_, _, err := w.Try(Member(1), w.Ask(Seats(guide, 12, 13), Seats(tour, group...)))
		wants(t, err, order.ErrRequires)
		o := w.Buy(t, Member(1), Seats(guide, 12), Seats(tour, group...))
		if got := tickets(t, w, o.ID); len(got) != 2 || o.Total != 11*1001 ||
			o.Lines[1].Units[0].People != 11 {
			t.Fatalf("a group: %d tickets, %d, %+v", len(got), o.Total, o.Lines[1])
		}

		pay := money.Minor(777)
		o = w.Buy(t, Member(2), Seats(trio, 21, 22, 23), order.LineAsk{TicketType: glasses,
			Quantity: 2}, order.LineAsk{TicketType: gift, Quantity: 1, Pay: &pay})
		if got := tickets(t, w, o.ID); len(got) != 6 || o.Total != 10_000+1000+777 ||
			o.Places() != 3 || o.Lines[0].Units[0].Amount != 3334 {
			t.Fatalf("%d tickets, %d, %d places, %+v", len(got), o.Total, o.Places(), o.Lines)
		}
		_, _, err = w.Try(Member(3), w.Ask(Seats(trio, 24, 25, 26),
			order.LineAsk{TicketType: glasses, Quantity: 2}))
		wants(t, err, order.ErrStock)
		_, _, err = w.Try(Member(3), w.Ask(order.LineAsk{TicketType: gift, Quantity: 1}))
		wants(t, err, order.ErrEmpty)
		low := money.Minor(99)
		_, _, err = w.Try(Member(3), w.Ask(Seats(w.Types.Adult, 31),
			order.LineAsk{TicketType: gift, Quantity: 1, Pay: &low}))
		wants(t, err, order.ErrPay)
		r, err := w.Return(Member(2), o.ID, ref(2, 1)) // a pair of glasses
		if err != nil || r.Quote.Refund != 500 {
			t.Fatal(r.Quote, err)
		}
		if n := usedUp(t, w, order.Used{Kind: order.UseStock, Subject: glasses}); n != 1 {
			t.Errorf("%d of the stock is used, want 1", n)
		}
		claimed(t, w, o, 21, 22, 23)
	})
}
