package catalog_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/offer"
	"foyer/internal/sqldb/sqldbtest"
)

// A struck-through price was asked by this list within 30 days, or it is refused; after 30
// days it is shown no more.
func TestOriginalPricesWereReal(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(sqldbtest.Start)
	w := catalogtest.New(t, sqldbtest.Open(t, clk), clk)
	h, ctx := w.House(), context.Background()
	session := h.OnSale(clk.Now().AddDate(0, 0, 60))
	change := func(amount, original money.Minor) error {
		l := *h.Prices
		l.Cells = slices.Clone(l.Cells)
		l.Cells[0].Amount, l.Cells[0].Original = amount, original
		next, err := w.Catalog.UpdatePriceList(ctx, actor.SystemActor, l)
		if err == nil {
			h.Prices = next
		}
		return err
	}
	refused := func(err error) {
		t.Helper()
		if !slices.Equal(fieldsOf(err), []string{"cells[0].original_minor"}) {
			t.Fatal(err)
		}
	}
	shown := func() money.Minor {
		s, err := w.Catalog.Sellable(ctx, session.ID)
		if err != nil {
			t.Fatal(err)
		}
		m, _ := s.Original("A", h.Adult.ID, clk.Now())
		return m
	}
	refused(change(4000, 8000)) // never asked
	refused(change(5000, 5000)) // no more than the price
	if err := change(4000, 5000); err != nil || shown() != 5000 {
		t.Fatal(err, shown())
	}
	clk.Advance(20 * 24 * time.Hour)
	if err := change(3000, 5000); err != nil || shown() != 5000 {
		t.Fatal("20 days later:", err, shown())
	}
	clk.Advance(10*24*time.Hour + time.Hour)
	if shown() != 0 {
		t.Fatal("it is shown for more than 30 days")
	}
	refused(change(2000, 5000))
	if err := change(2000, 4000); err != nil || shown() != 4000 {
		t.Fatal("asked until ten days ago:", err, shown())
	}
	l := *h.Prices
	l.ID, l.Revision = 0, 0
	_, err := w.Catalog.CreatePriceList(ctx, actor.SystemActor, l)
	refused(err) // a new list has asked nothing yet
}

// Offers and releases reach the sessions that they are for, with a new revision, and name
// what they may not.
func TestOffersReachTheirSessions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, _ *clock.Fake) {
		h, ctx, sys := w.House(), context.Background(), actor.SystemActor
		mine, other := h.OnSale(start.AddDate(0, 0, 3)), h.OnSale(start.AddDate(0, 0, 4))
		meta := catalog.Meta{Organization: h.Org.ID}
		rule := offer.Rule{Name: "早鸟", Kind: offer.Reduction, Percent: 1000}
		made := catalogtest.Must[*catalog.Offer](t)(w.Catalog.CreateOffer(ctx, sys, catalog.Offer{
			Meta: meta, OfferInfo: catalog.OfferInfo{Scope: catalog.Scope{SessionID: mine.ID},
				Rule: rule}}))
		s := catalogtest.Must[*catalog.Sellable](t)(w.Catalog.Sellable(ctx, mine.ID))
		if len(s.Offers) != 1 || s.Offers[0].Rule.ID != made.ID || s.Revision != mine.Revision+1 {
			t.Fatalf("%+v at revision %d", s.Offers, s.Revision)
		}
		if err := guard(t, w, mine.ID, mine.Revision); fault.KindOf(err) != fault.Conflict {
			t.Fatal("an order that was priced before passes:", err)
		}
		s = catalogtest.Must[*catalog.Sellable](t)(w.Catalog.Sellable(ctx, other.ID))
		if len(s.Offers) != 0 || s.Revision != other.Revision {
			t.Fatal("it reached another session")
		}
		made.Retired = true
		if _, err := w.Catalog.UpdateOffer(ctx, sys, *made); err != nil {
			t.Fatal(err)
		}
		s = catalogtest.Must[*catalog.Sellable](t)(w.Catalog.Sellable(ctx, mine.ID))
		if len(s.Offers) != 0 {
			t.Fatal("it is retired and still there")
		}
		stranger := w.House()
		rule.Types = []int64{stranger.Adult.ID}
		_, err := w.Catalog.CreateOffer(ctx, sys, catalog.Offer{Meta: meta,
			OfferInfo: catalog.OfferInfo{Rule: rule}})
		if !slices.Equal(fieldsOf(err), []string{"ticket_type_ids[0]"}) {
			t.Fatal("a ticket type of somebody else:", err)
		}
		// Another process reads the same from the book.
		again := catalogtest.NewWithStock(t, w.Bundle, w.Stock, w.Stock)
		if err := again.Catalog.Load(ctx); err != nil {
			t.Fatal(err)
		}
		made.Retired = false
		made.Revision++
		back, err := w.Catalog.UpdateOffer(ctx, sys, *made)
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Catalog.OnFact(ctx, journal.Fact{Objects: []journal.Object{{
			Kind: string(catalog.KindOffer), ID: back.ID, Revision: back.Revision}}}); err != nil {
			t.Fatal(err)
		}
		there := catalogtest.Must[*catalog.Sellable](t)(again.Catalog.Sellable(ctx, mine.ID))
		here := catalogtest.Must[*catalog.Sellable](t)(w.Catalog.Sellable(ctx, mine.ID))
		if len(there.Offers) != 1 || there.Revision != here.Revision {
			t.Fatalf("another process has %d offers at revision %d", len(there.Offers),
				there.Revision)
		}
	})
}
