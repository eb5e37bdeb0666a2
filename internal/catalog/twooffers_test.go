package catalog_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/offer"
)

// rule switches a rule on, up to an amount.
func (o *office) rule(t *testing.T, k approval.Kind, over money.Minor) {
	t.Helper()
	owner := actor.Actor{Kind: actor.Staff, ID: 1, Grants: o.second.Grants}
	if _, err := o.gate.SetRule(context.Background(), owner, approval.Rule{
		Organization: o.Org.ID, Kind: k, Enabled: true, Over: over}); err != nil {
		t.Fatal(err)
	}
}

// halfPrice takes half off everything, up to a budget.
func (o *office) halfPrice(budget money.Minor) catalog.Offer {
	return catalog.Offer{Meta: catalog.Meta{Organization: o.Org.ID}, OfferInfo: catalog.OfferInfo{
		Rule: offer.Rule{Name: "半价", Kind: offer.Reduction, Percent: 5000, Budget: budget}}}
}

// sells are the names of the offers that a session is sold by.
func (o *office) sells(t *testing.T, s *catalog.Session) (names []string) {
	t.Helper()
	view, err := o.W.Catalog.Sellable(context.Background(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range view.Offers {
		names = append(names, of.Rule.Name)
	}
	return names
}

func said(r *approval.Request, what string) string {
	i := slices.IndexFunc(r.Doc.Changes, func(c approval.Change) bool { return c.What == what })
	if i < 0 {
		return ""
	}
	return r.Doc.Changes[i].Before + "→" + r.Doc.Changes[i].After
}

// TestOffersTakeTwo: an offer that two people must agree to sells nothing until they have,
// and what it may cost is told; stopping one and a new name are one person's.
func TestOffersTakeTwo(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		ctx, c := context.Background(), o.W.Catalog
		o.rule(t, catalog.ApproveOffer, 0)
		s := o.OnSale(o.W.Clock.Now().Add(48 * time.Hour))
		_, err := c.CreateOffer(ctx, o.clerk, o.halfPrice(90_000))
		r := o.asked(t, err)
		if said(r, "costs_at_most") != "→900.00" || said(r, "percent_off") != "→5000" ||
			r.Amount != 90_000 || len(o.sells(t, s)) != 0 {
			t.Fatalf("asked: %+v, sold by %v", r.Doc, o.sells(t, s))
		}
		_, err = c.CreateOffer(ctx, o.clerk, o.halfPrice(90_000))
		if again := o.asked(t, err); again.ID != r.ID {
			t.Error("the same wish is two requests")
		}
		done, err := o.gate.Agree(ctx, o.second, o.scope, r.ID, "")
		if err != nil || len(o.sells(t, s)) != 1 {
			t.Fatalf("agreed: %v, sold by %v", err, o.sells(t, s))
		}
		made, err := c.Stores().Offers.Get(ctx, o.scope, done.Made.ID)
		if err != nil {
			t.Fatal(err)
		}
		renamed := *made
		renamed.Rule.Name = "周年庆"
		if made, err = c.UpdateOffer(ctx, o.clerk, renamed); err != nil {
			t.Fatalf("a name alone: %v", err)
		}
		more := *made
		more.Rule.Budget = 0
		_, err = c.UpdateOffer(ctx, o.clerk, more)
		r = o.asked(t, err)
		if said(r, "budget") != "900.00→" || said(r, "costs_at_most") != "→no bound / 无上限" {
			t.Errorf("what changes: %+v", r.Doc.Changes)
		}
		retired := *made
		retired.Retired = true
		if _, err = c.UpdateOffer(ctx, o.clerk, retired); err != nil ||
			len(o.sells(t, s)) != 0 {
			t.Fatalf("stopping it: %v", err)
		}
		// What was asked for was made from another revision.
		if _, err := o.gate.Agree(ctx, o.second, o.scope, r.ID, ""); !errors.Is(err,
			approval.ErrStale) {
			t.Errorf("agreed to an offer that changed since: %v", err)
		}
	})
}

// TestNoWayAroundBySteps: a retired draft may be written by one person, and taking it up
// asks for all that it does; a change after two people agreed asks anew.
func TestNoWayAroundBySteps(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		ctx, c := context.Background(), o.W.Catalog
		o.rule(t, catalog.ApproveOffer, 0)
		s := o.OnSale(o.W.Clock.Now().Add(48 * time.Hour))
		draft := o.halfPrice(100)
		draft.Retired = true
		made, err := c.CreateOffer(ctx, o.clerk, draft)
		if err != nil {
			t.Fatalf("a draft: %v", err)
		}
		made.Rule.Percent = 9000
		if made, err = c.UpdateOffer(ctx, o.clerk, *made); err != nil {
			t.Fatalf("a draft that is changed: %v", err)
		}
		made.Retired = false
		_, err = c.UpdateOffer(ctx, o.clerk, *made)
		r := o.asked(t, err)
		if said(r, "percent_off") != "→9000" || len(o.sells(t, s)) != 0 {
			t.Errorf("taking it up: %+v", r.Doc.Changes)
		}
		if _, err := o.gate.Agree(ctx, o.second, o.scope, r.ID, ""); err != nil {
			t.Fatal(err)
		}
		now, err := c.Stores().Offers.Get(ctx, o.scope, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		now.Rule.Percent = 9001
		_, err = c.UpdateOffer(ctx, o.clerk, *now)
		if again := o.asked(t, err); again.ID == r.ID || said(again, "percent_off") != "9000→9001" {
			t.Errorf("a fen more: %+v", again.Doc.Changes)
		}
		if _, err := o.gate.Refuse(ctx, o.second, o.scope, o.asked(t, err).ID, "够了"); err != nil {
			t.Fatal(err)
		}
		if now, err = c.Stores().Offers.Get(ctx, o.scope, made.ID); err != nil ||
			now.Rule.Percent != 9000 {
			t.Errorf("after a no: %+v, %v", now, err)
		}
	})
}

// TestManySmallOffersAddUp: one person may up to an amount, and not up to it many times.
func TestManySmallOffersAddUp(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		ctx, c := context.Background(), o.W.Catalog
		o.rule(t, catalog.ApproveOffer, 10_000)
		for _, budget := range []money.Minor{6000, 4000} {
			if _, err := c.CreateOffer(ctx, o.clerk, o.halfPrice(budget)); err != nil {
				t.Fatalf("%d: %v", budget, err)
			}
		}
		_, err := c.CreateOffer(ctx, o.clerk, o.halfPrice(1))
		o.asked(t, err)
		if _, err := c.CreateOffer(ctx, o.second, o.halfPrice(10_000)); err != nil {
			t.Errorf("another person has a day of his own: %v", err)
		}
		_, err = c.CreateOffer(ctx, o.clerk, o.halfPrice(0))
		if r := o.asked(t, err); said(r, "costs_at_most") != "→no bound / 无上限" {
			t.Errorf("without a bound: %+v", r.Doc)
		}
		o.clk.Advance(24 * time.Hour)
		if _, err := c.CreateOffer(ctx, o.clerk, o.halfPrice(10_000)); err != nil {
			t.Errorf("a day later: %v", err)
		}
	})
}

// TestTiersAndCodesTakeTwo: releases and batches go the same way; ending a release changes
// what is asked for a ticket, so that two people end it too.
func TestTiersAndCodesTakeTwo(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		ctx, c := context.Background(), o.W.Catalog
		o.rule(t, catalog.ApproveRelease, 0)
		o.rule(t, catalog.ApproveBatch, 0)
		s := o.OnSale(o.W.Clock.Now().Add(48 * time.Hour))
		meta := catalog.Meta{Organization: o.Org.ID}
		early := catalog.Release{Meta: meta, ReleaseInfo: catalog.ReleaseInfo{Name: "早鸟",
			Scope: catalog.Scope{SessionID: s.ID}, TicketType: o.Prices.Cells[0].TicketType,
			Ladder: offer.Ladder{Tiers: []offer.Tier{{Key: 1, Name: "一期", Quantity: 20,
				Change: offer.Add, Value: -500}}}}}
		_, err := c.CreateRelease(ctx, o.clerk, early)
		r := o.asked(t, err)
		if said(r, "costs_at_most") != "→100.00" {
			t.Errorf("what it costs: %+v", r.Doc.Changes)
		}
		done, err := o.gate.Agree(ctx, o.second, o.scope, r.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		rel, err := c.Stores().Releases.Get(ctx, o.scope, done.Made.ID)
		if err != nil {
			t.Fatal(err)
		}
		rel.Retired = true
		_, err = c.UpdateRelease(ctx, o.clerk, *rel)
		if r := o.asked(t, err); said(r, "tier 1") == "" {
			t.Errorf("what ends: %+v", r.Doc.Changes)
		}
		batch := catalog.CodeBatch{Meta: meta, CodeBatchInfo: catalog.CodeBatchInfo{Name: "团购",
			Types: []int64{o.Prices.Cells[0].TicketType}, Uses: 1, MostCodes: 50}}
		_, err = c.CreateBatch(ctx, o.clerk, batch)
		if r = o.asked(t, err); said(r, "most_codes") != "→50" {
			t.Errorf("a batch: %+v", r.Doc.Changes)
		}
		if done, err = o.gate.Agree(ctx, o.second, o.scope, r.ID, ""); err != nil ||
			c.Batch(done.Made.ID) == nil {
			t.Fatalf("agreed: %v", err)
		}
		bad := batch
		bad.Types = []int64{4711}
		if _, err := c.CreateBatch(ctx, o.clerk, bad); fault.KindOf(err) != fault.Invalid {
			t.Errorf("what can never be made is asked for: %v", err)
		}
	})
}

// A rule that is switched on between the question and the command holds for it.
func TestARuleThatComesInBetween(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		late := &lateRule{Gate: o.gate, on: func() { o.rule(t, catalog.ApproveOffer, 0) }}
		o.W.Catalog.SetApprovals(late)
		_, err := o.W.Catalog.CreateOffer(context.Background(), o.clerk, o.halfPrice(1))
		if !errors.Is(err, approval.ErrAgain) {
			t.Errorf("made under a rule that it did not see: %v", err)
		}
		_, err = o.W.Catalog.CreateOffer(context.Background(), o.clerk, o.halfPrice(1))
		o.asked(t, err)
	})
}

// lateRule switches a rule on once the gate has let a command go on.
type lateRule struct {
	*approval.Gate
	on func()
}

func (l *lateRule) Pass(ctx context.Context, who actor.Actor, c approval.Case,
	make func() (approval.Ask, error),
) error {
	err := l.Gate.Pass(ctx, who, c, make)
	if l.on != nil {
		l.on()
		l.on = nil
	}
	return err
}
