package doctor_test

import (
	"context"
	"errors"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/approval/approvaltest"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/doctor"
	"foyer/internal/offer"
	"foyer/internal/order"
	"foyer/internal/order/ordertest"
	"foyer/internal/ticket"
)

// offering leaves orders that used offers, a tier and a code: paid, partly given back,
// changed, pending and lapsed.
func offering(t *testing.T, w *ordertest.World) *house {
	t.Helper()
	ctx, h := context.Background(), &house{World: w}
	meta := catalog.Meta{Organization: w.House.Org.ID}
	catalogtest.Must[*catalog.Offer](t)(w.Catalog.CreateOffer(ctx, actor.SystemActor,
		catalog.Offer{Meta: meta, OfferInfo: catalog.OfferInfo{Rule: offer.Rule{Name: "半价",
			Kind: offer.EveryNth, Size: 2, Reduced: 1, Percent: 5000, Most: 20, Budget: 90_000}}}))
	catalogtest.Must[*catalog.Release](t)(w.Catalog.CreateRelease(ctx, actor.SystemActor,
		catalog.Release{Meta: meta, ReleaseInfo: catalog.ReleaseInfo{Name: "早鸟",
			TicketType: w.Types.Adult, Ladder: offer.Ladder{Tiers: []offer.Tier{{Key: 1,
				Name: "一期", Quantity: 30, Change: offer.Add, Value: -100}}}}}))
	batch := catalogtest.Must[*catalog.CodeBatch](t)(w.Catalog.CreateBatch(ctx, actor.SystemActor,
		catalog.CodeBatch{Meta: meta, CodeBatchInfo: catalog.CodeBatchInfo{Name: "团",
			Types: []int64{w.Types.Adult}, Uses: 9}}))
	w.Catalog.CatchUp()
	if _, err := w.Orders.MakeCodes(ctx, w.Clerk(), w.House.Org.ID, batch.ID, 0,
		"FRIENDS"); err != nil {
		t.Fatal(err)
	}
	w.Changeable(t, catalog.ChangeRules{MaxPerUnit: 5, OtherEvent: true,
		Ladder: []catalog.Rung{{UntilBefore: 60}}})
	buy := func(member int64, places ...int32) *order.Order {
		t.Helper()
		ask := w.Ask(ordertest.Seats(w.Types.Adult, places...))
		ask.Codes = []string{"FRIENDS"}
		o, _, err := w.Try(ordertest.Member(member), ask)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	pay := func(member int64, o *order.Order) *order.Order {
		t.Helper()
		p, err := w.OpenPayment(ordertest.Member(member), o.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.PayAt(t, p)
		return w.Find(t, o.ID)
	}
	h.paid = pay(1, buy(1, 1, 2))
	h.back = pay(2, buy(2, 11, 12))
	if _, err := w.Return(ordertest.Member(2), h.back.ID, ticket.UnitRef{Line: 1,
		Unit: 2}); err != nil {
		t.Fatal(err)
	}
	changed := pay(3, buy(3, 21))
	if _, err := w.Exchange(ordertest.Member(3), changed.ID, ordertest.To(w.Session.ID,
		[]order.LineAsk{ordertest.Seats(w.Types.Adult, 22)},
		ticket.UnitRef{Line: 1, Unit: 1})); err != nil {
		t.Fatal(err)
	}
	h.mixed = changed
	w.Lapse(t, buy(5, 41))
	h.pending = buy(4, 31, 32)
	return h
}

// TestWhatOffersUsedIsLookedAt spoils each thing that I8 says of what is used up.
func TestWhatOffersUsedIsLookedAt(t *testing.T) {
	t.Parallel()
	ordertest.Each(t, func(t *testing.T, w *ordertest.World) {
		h := offering(t, w)
		for _, f := range h.examine(t).Findings {
			t.Error(f)
		}
		// What is given back of a changed order gives its code back once, not twice.
		for member, o := range map[int64]*order.Order{1: h.paid, 3: h.mixed} {
			if _, err := h.Return(ordertest.Member(member), o.ID); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range h.examine(t).Findings {
			t.Error(f)
		}
	})
	for name, query := range map[string]string{
		"an application too many": `UPDATE use_counter SET n = n + 1 WHERE kind = 1
			/* any organization: a test */`,
		"money that nobody saved": `UPDATE use_counter SET n = n - 1 WHERE kind = 2
			/* any organization: a test */`,
		"a tier forgets": `DELETE FROM use_counter WHERE kind = 3
			/* any organization: a test */`,
		"a code used once more": `UPDATE offer_code SET used = used + 1
			/* any organization: a test */`,
		"a code used never": `UPDATE offer_code SET used = 0 /* any organization: a test */`,
		"an order ended by hand": `UPDATE orders SET state = 'expired' WHERE state = 'pending'
			/* any organization: a test */`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := offering(t, ordertest.Open(t))
			h.spoil(t, query)
			noticed(t, h, doctor.I8, "what is used up")
		})
	}
}

func noticed(t *testing.T, h *house, rule doctor.Rule, object string) {
	t.Helper()
	for _, f := range h.examine(t).Findings {
		if f.Rule == rule && f.Object == object {
			return
		}
	}
	t.Errorf("nobody noticed %s %q", rule, object)
}

// agreeing leaves an offer and a refund that two people agreed to, and one of each that one
// person might do alone.
func agreeing(t *testing.T, w *ordertest.World) *house {
	t.Helper()
	ctx, h := context.Background(), &house{World: w}
	gate, people := approvaltest.New(t, w.Bundle)
	gate.Register(approval.Spec{Kind: catalog.ApproveOffer, Permission: catalog.PermPrice,
		Sums: true, Carry: w.Catalog.CarryOffer})
	gate.Register(approval.Spec{Kind: order.ApproveRefund, Permission: order.PermRefund,
		Sums: true, Carry: w.Orders.CarryRefund})
	w.Programme.Gate.Port = gate
	w.Orders.Approvals = gate
	one := people.Hire(100, w.House.Org.ID, actor.Everything)
	two := people.Hire(200, w.House.Org.ID, actor.Everything)
	for _, k := range []approval.Kind{catalog.ApproveOffer, order.ApproveRefund} {
		if _, err := gate.SetRule(ctx, one, approval.Rule{Organization: w.House.Org.ID, Kind: k,
			Enabled: true, Over: 6000}); err != nil {
			t.Fatal(err)
		}
	}
	w.Fake.Advance(1_000_000) // rules count from the millisecond after they are set
	both := func(err error) {
		t.Helper()
		var asked *approval.Asked
		if !errors.As(err, &asked) {
			t.Fatalf("it was not asked for: %v", err)
		}
		if _, err := gate.Agree(ctx, two, actor.Scope{Organization: w.House.Org.ID},
			asked.Request.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	give := func(budget int64) error {
		_, err := w.Catalog.CreateOffer(ctx, one, catalog.Offer{
			Meta: catalog.Meta{Organization: w.House.Org.ID}, OfferInfo: catalog.OfferInfo{
				Rule: offer.Rule{Name: "减", Kind: offer.Reduction, Off: 1, Most: budget,
					NeedsCode: true}}})
		return err
	}
	if err := give(6000); err != nil {
		t.Fatal(err)
	}
	both(give(1))
	o := w.Buy(t, ordertest.Member(1), ordertest.Seats(w.Types.Adult, 1, 2))
	if _, err := w.Return(one, o.ID, ticket.UnitRef{Line: 1, Unit: 1}); err != nil {
		t.Fatal(err)
	}
	_, err := w.Return(one, o.ID, ticket.UnitRef{Line: 1, Unit: 2})
	both(err)
	return h
}

// TestTwoPeopleAreLookedFor spoils each thing that I5 says of the rule of two people.
func TestTwoPeopleAreLookedFor(t *testing.T) {
	t.Parallel()
	ordertest.Each(t, func(t *testing.T, w *ordertest.World) {
		for _, f := range agreeing(t, w).examine(t).Findings {
			t.Error(f)
		}
	})
	const anybody = ` /* any organization: a test */`
	for name, c := range map[string]struct{ query, says string }{
		"a request that was not agreed to": {`UPDATE approval_request SET state = 'refused'
			WHERE kind = 'order.refund'` + anybody,
			"carried out by a request that nobody agreed to (pass, request, there)"},
		"somebody agreed with himself": {`UPDATE approval_request SET decided_by = asked_by` +
			anybody, "carried out by a request that nobody agreed to (pass, request, there)"},
		"agreed to, and nothing came of it": {`DELETE FROM approval_pass WHERE request_id <> 0
			AND kind = 'order.refund'` + anybody,
			"a request that was carried out not once (request, 1, times)"},
		"more than one person may": {`UPDATE approval_pass SET amount_minor = 6001
			WHERE request_id = 0` + anybody, "more alone than one person may in a day (pass, may, did)"},
		"an offer changed by nobody": {`UPDATE offer_rule SET revision = revision + 1` + anybody,
			"a discount that nobody was asked for (offer, revision, 0)"},
		"an offer that nobody passed": {`DELETE FROM approval_pass WHERE kind = 'offer.change'
			AND request_id = 0` + anybody,
			"a discount that nobody was asked for (offer, revision, 0)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := agreeing(t, ordertest.Open(t))
			h.spoil(t, c.query)
			noticed(t, h, doctor.I5, c.says)
		})
	}
}
