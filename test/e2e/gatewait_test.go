package e2e_test

import (
	"testing"
	"time"

	"foyer/test/rig"
)

// TestRefundWaitsForAnOfflineGate: a gate took its list and says that it holds scans. Two
// buyers give their tickets back meanwhile: both wait. Then the gate tells that one of them
// went in: her refund is refused, the other's is booked, once.
func TestRefundWaitsForAnOfflineGate(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	h := s.House()
	venue := h.Cinema()
	policy := h.Owner.Post(201, h.Path+"/refund-policies", map[string]any{"name": "开场前可退",
		"allowed": true, "ladder": []map[string]any{{"until_minutes_before": 0,
			"fee_basis_points": 0}}}).S("id")
	session := h.Session(rig.Showing{Room: h.Room(venue, rig.Grid), Event: h.Film(),
		In: 40 * time.Minute, Prices: h.Prices(5200, 4500), Policy: policy})
	gate := h.Gate(venue)
	buy := func() (*rig.Person, rig.Doc) {
		p := s.Member()
		return p, p.Buy(rig.Wish(session, h.Adult, p.Seats(session).Pick(1, "gold")...))
	}
	inside, first := buy()
	away, second := buy()
	hasty, third := buy()
	gate.Get("/gate/list?unsent=1")
	ask := func(p *rig.Person, order rig.Doc) rig.Answer {
		return p.Ask("POST", "/orders/"+order.S("id")+"/refunds", map[string]any{},
			rig.Key("back")...)
	}
	for _, one := range []struct {
		p     *rig.Person
		order rig.Doc
	}{{inside, first}, {away, second}, {hasty, third}} {
		got := ask(one.p, one.order).Want(202)
		if got.S("waiting.state") != "waiting_for_gate" || len(got.L("refund_ids")) != 0 ||
			got.S("waiting.waits_until") == "" || len(live(one.p, one.order)) != 1 {
			t.Fatal(got)
		}
		if again := ask(one.p, one.order).Want(202); again.S("waiting.id") !=
			got.S("waiting.id") {
			t.Fatal("a repeat waits anew")
		}
	}
	staff := "/staff/orders/" + third.S("id") + "/gate-waits/book"
	hasty.Ask("POST", staff, map[string]any{"reason": "x"}).Refused("not_allowed")
	if b := h.Owner.Post(200, staff, map[string]any{"reason": "本人还在售票处"}); b.S("state") !=
		"booked" {
		t.Fatal(b)
	}
	now := time.Now()
	up := gate.Post(200, "/gate/scans", map[string]any{"device_time": now,
		"scans": []map[string]any{{"code": inside.Tickets(first.S("id"))[0].S("code"),
			"direction": "entry", "nonce": "off", "at": now.Add(-time.Second)}}})
	if up.S("items.0.result") != "accepted" {
		t.Fatal(up)
	}
	ended := func(p *rig.Person, order rig.Doc, state string) rig.Doc {
		var w rig.Doc
		s.Until("the refund to be "+state, 20*time.Second, func() bool {
			w = p.Get("/orders/" + order.S("id") + "/gate-waits").L("items")[0]
			return w.S("state") == state
		})
		return w
	}
	if w := ended(inside, first, "refused"); w.S("code") != "ticket_used" {
		t.Fatal(w)
	}
	back := ended(away, second, "booked")
	away.Await("/refunds/"+back.S("refund_ids.0"), 30*time.Second, "arrived")
	if len(live(inside, first)) != 1 || len(live(away, second)) != 0 {
		t.Fatal("the wrong ticket went back")
	}
	s.Finish(session)
}
