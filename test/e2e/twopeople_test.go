package e2e_test

import (
	"testing"
	"time"

	"foyer/test/rig"
)

// TestNoWayAroundTwoPeople: a discount, a tier and a batch of codes sell nothing until a
// second person agrees; what went back by the hand of one person adds up; used tickets of a
// cancelled session go back by two, once; the counter finds the order by a phone's end.
func TestNoWayAroundTwoPeople(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	h := s.House()
	second := manager(s, h)
	session := h.Session(rig.Showing{Room: h.Room(h.Cinema(), rig.Grid), Event: h.Film(),
		In: 40 * time.Minute, Prices: h.Prices(5200, 4500), Policy: h.Policy("Cinema ladder")})
	for _, kind := range []string{"offer.change", "release.change", "code_batch.change"} {
		h.Owner.Ask("PUT", h.Path+"/approval-rules/"+kind,
			map[string]any{"enabled": true, "days": 2}).Want(200)
	}
	discounts(t, h, second, session)
	h.Owner.Ask("PUT", h.Path+"/approval-rules/order.refund",
		map[string]any{"enabled": true, "days": 2, "over_minor": 6000}).Want(200)
	usedTickets(t, s, h, second, session)
	s.Finish(session)
}

// agreed has the second person carry out what was asked for, and gives what it made.
func agreed(t *testing.T, h *rig.House, second *rig.Person, asked rig.Doc) string {
	t.Helper()
	if asked.S("state") != "pending" {
		t.Fatal(asked)
	}
	path := h.Path + "/approvals/" + asked.S("id") + "/agree"
	h.Owner.Ask("POST", path, map[string]any{}).Refused("approval_own_request")
	done := second.Post(200, path, map[string]any{"answer": "同意"})
	return done.S("made_id")
}

func discounts(t *testing.T, h *rig.House, second *rig.Person, session string) {
	t.Helper()
	guest := h.Owner.S.Stranger()
	place := guest.Seats(session).Pick(1, "gold")[0]
	costs := func(want int64) {
		t.Helper()
		got := guest.Post(200, "/quotes", rig.Wish(session, h.Adult, place))
		if got.N("total_minor") != want {
			t.Fatalf("it costs %s, want %d", got, want)
		}
	}
	offer := map[string]any{"session_id": session, "name": "立减", "kind": "reduction",
		"off_minor": 1000, "most": 3}
	asked := h.Owner.Ask("POST", h.Path+"/offers", offer).Want(202)
	if most := asked.One("changes", func(d rig.Doc) bool {
		return d.S("what") == "costs_at_most"
	}); most.S("after") != "30.00" {
		t.Fatal(asked)
	}
	costs(5200)
	made := agreed(t, h, second, asked)
	costs(4200)
	offer["off_minor"], offer["revision"] = 4000, 1
	more := h.Owner.Ask("PUT", h.Path+"/offers/"+made, offer).Want(202)
	costs(4200)
	second.Post(200, h.Path+"/approvals/"+more.S("id")+"/refuse", map[string]any{"reason": "太多"})
	costs(4200)
	offer["off_minor"], offer["retired"] = 1000, true
	h.Owner.Ask("PUT", h.Path+"/offers/"+made, offer).Want(200)
	costs(5200)
	tiers := h.Owner.Ask("POST", h.Path+"/releases", map[string]any{"session_id": session,
		"name": "早鸟", "ticket_type_id": h.Adult, "tiers": []map[string]any{{"key": 1,
			"name": "早鸟", "quantity": 1, "change": "add", "value": -200}}}).Want(202)
	costs(5200)
	agreed(t, h, second, tiers)
	costs(5000)
	batch := h.Owner.Ask("POST", h.Path+"/code-batches", map[string]any{"name": "团购",
		"ticket_type_ids": []string{h.Adult}, "most_codes": 2}).Want(202)
	codes := h.Path + "/code-batches/" + agreed(t, h, second, batch) + "/codes"
	h.Owner.Ask("POST", codes, map[string]any{"count": 3}).Refused("code_batch_full")
	h.Owner.Ask("POST", codes, map[string]any{"count": 2}).Want(201)
}

func usedTickets(t *testing.T, s *rig.Server, h *rig.House, second *rig.Person, session string) {
	t.Helper()
	buyer := s.Member()
	order := buyer.Buy(rig.Wish(session, h.Adult, buyer.Seats(session).Pick(3, "standard")...))
	id := order.S("id")
	gate := h.Gate(h.Cinema())
	tickets := buyer.Tickets(id)
	for _, one := range tickets[:2] {
		gate.Scan(one.S("code"), one.S("id")[:8]+"-in").Want(200)
	}
	found := h.Owner.Get(h.Path + "/orders?phone_tail=" + buyer.Phone[7:]).L("items")
	if len(found) != 1 || found[0].S("id") != id {
		t.Fatalf("by the phone: %v", found)
	}
	at := h.Path + "/sessions/" + session
	ask := map[string]any{"order_id": id, "reason": "放映中断"}
	h.Owner.Ask("POST", at+"/used-refunds", ask, rig.Key("early")...).Refused(
		"session_not_cancelled")
	h.Owner.Post(200, at+"/state", map[string]any{"state": "cancelled",
		"revision": h.Owner.Get(at).N("revision")})
	s.Until("the unused ticket to go back", 30*time.Second, func() bool {
		g := h.Owner.Get(at + "/give-back")
		return g.S("state") == "done" && len(g.L("used")) == 1
	})
	asked := h.Owner.Ask("POST", at+"/used-refunds", ask, rig.Key("used")...).Want(202)
	agreed(t, h, second, asked)
	h.Owner.Ask("POST", at+"/used-refunds", ask, rig.Key("again")...).Refused(
		"unit_returned")
	if len(h.Owner.Get(at+"/give-back").L("used")) != 0 || len(live(buyer, order)) != 0 {
		t.Fatal("a used ticket is left")
	}
	s.Until("the money to come back", 40*time.Second, func() bool {
		return h.Owner.Get(at+"/give-back").N("arrived_minor") == order.N("total_minor")
	})
	if a := gate.Scan(tickets[0].S("code"), "after"); a.Status == 200 {
		t.Fatal("a ticket that went back opens the gate")
	}
}
