package catalog_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/approval/approvaltest"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

// office is a house that wants two people for prices and for calling a session off.
type office struct {
	*catalogtest.House
	gate          *approval.Gate
	clerk, second actor.Actor
	scope         actor.Scope
	clk           *clock.Fake
}

func eachOffice(t *testing.T, fn func(t *testing.T, o *office)) {
	t.Helper()
	sqldbtest.EachFake(t, func(t *testing.T, db *sqldb.DB, clk *clock.Fake) {
		w := catalogtest.New(t, db, clk)
		gate, people := approvaltest.New(t, w.Bundle)
		w.Catalog.SetApprovals(gate)
		for _, s := range []approval.Spec{
			{Kind: catalog.ApprovePrices, Permission: catalog.PermPrice,
				Carry: w.Catalog.CarryPrices},
			{Kind: catalog.ApproveReprice, Permission: catalog.PermSession,
				Carry: w.Catalog.CarryReprice},
			{Kind: catalog.ApproveCancel, Permission: catalog.PermSell,
				Carry: w.Catalog.CarryCancel},
			{Kind: catalog.ApproveOffer, Permission: catalog.PermPrice, Sums: true,
				Carry: w.Catalog.CarryOffer},
			{Kind: catalog.ApproveRelease, Permission: catalog.PermPrice, Sums: true,
				Carry: w.Catalog.CarryRelease},
			{Kind: catalog.ApproveBatch, Permission: catalog.PermPrice, Sums: true,
				Carry: w.Catalog.CarryBatch},
		} {
			gate.Register(s)
		}
		h := w.House()
		for _, k := range []approval.Kind{catalog.ApprovePrices, catalog.ApproveReprice,
			catalog.ApproveCancel} {
			approvaltest.Require(t, gate, h.Org.ID, k)
		}
		fn(t, &office{h, gate, people.Hire(100, h.Org.ID, actor.Everything),
			people.Hire(200, h.Org.ID, actor.Everything), actor.Scope{Organization: h.Org.ID},
			clk})
		w.Verify(t)
	})
}

func (o *office) asked(t *testing.T, err error) *approval.Request {
	t.Helper()
	var a *approval.Asked
	if !errors.As(err, &a) {
		t.Fatalf("it was not asked for: %v", err)
	}
	return a.Request
}

func (o *office) price(t *testing.T) money.Minor {
	t.Helper()
	l, err := o.W.Catalog.Stores().PriceLists.Get(context.Background(), o.scope, o.Prices.ID)
	if err != nil {
		t.Fatal(err)
	}
	return l.Cells[0].Amount
}

// dearer is the house's price list with another price for adults.
func (o *office) dearer(amount money.Minor) catalog.PriceList {
	l := *o.Prices
	l.Cells = append([]catalog.PriceCell(nil), l.Cells...)
	l.Cells[0].Amount = amount
	return l
}

func TestPricesTakeTwo(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		ctx, c := context.Background(), o.W.Catalog
		_, err := c.UpdatePriceList(ctx, o.clerk, o.dearer(6000))
		r := o.asked(t, err)
		want := approval.Change{What: "A · 成人票", Before: "5000", After: "6000"}
		if len(r.Doc.Changes) != 1 || r.Doc.Changes[0] != want || o.price(t) != 5000 {
			t.Errorf("asked: %+v, the price is %d", r.Doc, o.price(t))
		}
		bad := o.dearer(6000)
		bad.Cells[0].TicketType = 4711
		if _, err := c.UpdatePriceList(ctx, o.clerk, bad); fault.KindOf(err) != fault.Invalid {
			t.Errorf("what can never be done is asked for: %v", err)
		}
		renamed := *o.Prices
		renamed.Name = "新名字"
		if l, err := c.UpdatePriceList(ctx, o.clerk, renamed); err != nil {
			t.Errorf("a new name alone: %v", err)
		} else {
			o.Prices = l
		}
		// The name was changed since: the list is another revision than the one asked for.
		if _, err := o.gate.Agree(ctx, o.second, o.scope, r.ID, ""); !errors.Is(err,
			approval.ErrStale) {
			t.Errorf("agreed to a list that changed: %v", err)
		}
		_, err = c.UpdatePriceList(ctx, o.clerk, o.dearer(6100))
		r = o.asked(t, err)
		if _, err := o.gate.Agree(ctx, o.second, o.scope, r.ID, ""); err != nil ||
			o.price(t) != 6100 {
			t.Errorf("agreed: %v, the price is %d", err, o.price(t))
		}
	})
}

func TestCancellingTakesTwo(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		ctx, c := context.Background(), o.W.Catalog
		s := o.OnSale(o.W.Clock.Now().Add(48 * time.Hour))
		_, err := c.SetSessionState(ctx, o.clerk, s.Meta, catalog.SessionCancelled)
		r := o.asked(t, err)
		if _, err := o.gate.Agree(ctx, o.second, o.scope, r.ID, ""); err != nil {
			t.Fatal(err)
		}
		now, err := c.Stores().Sessions.Get(ctx, o.scope, s.ID)
		if err != nil || now.State != catalog.SessionCancelled {
			t.Errorf("the session: %+v, %v", now, err)
		}
		paused := o.OnSale(o.W.Clock.Now().Add(72 * time.Hour))
		if _, err := c.SetSessionState(ctx, o.clerk, paused.Meta,
			catalog.SessionPaused); err != nil {
			t.Errorf("pausing is one person's: %v", err)
		}
	})
}

// Pinning a session to a cheaper list is a change of prices by another door.
func TestRepricingASessionTakesTwo(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		ctx, c := context.Background(), o.W.Catalog
		s := o.OnSale(o.W.Clock.Now().Add(48 * time.Hour))
		cheap := o.dearer(100)
		cheap.Meta = catalog.Meta{Organization: o.Org.ID}
		other, err := c.CreatePriceList(ctx, o.clerk, cheap)
		if err != nil {
			t.Fatal(err)
		}
		next := *s
		next.Note = "带耳机"
		if s, err = c.UpdateSession(ctx, o.clerk, next); err != nil {
			t.Fatalf("a note is one person's: %v", err)
		}
		next = *s
		next.PriceListID = other.ID
		_, err = c.UpdateSession(ctx, o.clerk, next)
		r := o.asked(t, err)
		if len(r.Doc.Changes) != 2 {
			t.Errorf("what changes: %+v", r.Doc.Changes)
		}
		if _, err := o.gate.Agree(ctx, o.second, o.scope, r.ID, ""); err != nil {
			t.Fatal(err)
		}
		now, err := c.Stores().Sessions.Get(ctx, o.scope, s.ID)
		if err != nil || now.PriceListID != other.ID {
			t.Errorf("the session: %+v, %v", now, err)
		}
	})
}
