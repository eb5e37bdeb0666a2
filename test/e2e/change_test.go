package e2e_test

import (
	"testing"
	"time"

	"foyer/test/rig"
)

// TestChangeAndCallOff buys two seats, changes one to a dearer session and back at the
// sandbox cashier, and has the house cancel the session: the difference is paid and comes
// back to the fen, old codes open nothing, and in the end everybody has everything.
func TestChangeAndCallOff(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	h := s.House()
	policy := h.Owner.Post(201, h.Path+"/refund-policies", map[string]any{"name": "可改签",
		"allowed": true, "ladder": []map[string]any{{"until_minutes_before": 60,
			"fee_basis_points": 1000}}, "change": map[string]any{"max_per_unit": 3,
			"other_event": true, "ladder": []map[string]any{{"until_minutes_before": 60,
				"fee_basis_points": 0}}}}).S("id")
	show := func(gold int64) string {
		return h.Session(rig.Showing{Room: h.Room(h.Cinema(), rig.Grid), Event: h.Film(),
			In: 30 * time.Hour, Prices: h.Prices(gold, gold-700), Policy: policy})
	}
	cheap, dear := show(5200), show(6800)
	buyer := s.Member()
	places := buyer.Seats(cheap).Pick(2, "gold")
	order := buyer.Buy(rig.Wish(cheap, h.Adult, places...))
	path := "/orders/" + order.S("id")
	first := buyer.Tickets(order.S("id"))
	wish := func(session string, line, unit int, place int32) map[string]any {
		return map[string]any{"session_id": session, "units": []map[string]int{
			{"line": line, "unit": unit}}, "lines": []map[string]any{
			{"ticket_type_id": h.Adult, "places": []int32{place}}}}
	}
	better := buyer.Seats(dear).Pick(1, "gold")[0]
	quote := buyer.Post(200, path+"/change-quote", wish(dear, 1, 1, better))
	if quote.N("due_minor") != 1600 || quote.N("back_minor") != 0 || quote.N("fee_minor") != 0 {
		t.Fatal(quote)
	}
	body := wish(dear, 1, 1, better)
	body["expect_difference_minor"] = 1500
	buyer.Ask("POST", path+"/changes", body, rig.Key("wrong")...).Refused("change_quote_changed")
	body["expect_difference_minor"] = 1600
	change := buyer.Post(201, path+"/changes", body, rig.Key("change")...)
	if change.S("state") != "pending" || len(live(buyer, order)) != 2 {
		t.Fatal(change)
	}
	if again := buyer.Post(201, path+"/changes", body, rig.Key("change")...); again.S("id") !=
		change.S("id") {
		t.Fatal("a repeat made another change")
	}
	pay := buyer.OpenPayment(order.S("id"), "difference")
	if pay.N("amount_minor") != 1600 {
		t.Fatal(pay)
	}
	buyer.Cashier(pay, "pay").Want(200)
	s.Until("the change to be done", 20*time.Second, func() bool {
		return buyer.Get(path + "/changes").L("items")[0].S("state") == "done"
	})
	if n := len(live(buyer, order)); n != 2 || buyer.Seats(cheap).Of(places[0]) != 0 {
		t.Fatalf("%d live tickets, or the old seat is not free", n)
	}
	gate := h.Gate(h.Cinema())
	code := ""
	for _, one := range first {
		if one.N("unit") == 1 {
			code = one.S("code")
		}
	}
	if a := gate.Scan(code, "old"); a.Status == 200 {
		t.Fatal("the code of a changed ticket opened the gate")
	}
	back := buyer.Post(201, path+"/changes", wish(cheap, 2, 1, places[0]), rig.Key("back")...)
	if back.S("state") != "done" || back.N("back_minor") != 1600 {
		t.Fatal(back)
	}
	arrived := func(n int, sum int64) func() bool {
		return func() bool {
			got, done := int64(0), 0
			for _, r := range h.Owner.Get("/staff" + path + "/payments").L("refunds") {
				if r.S("state") == "arrived" {
					got, done = got+r.N("amount_minor"), done+1
				}
			}
			return got == sum && done >= n
		}
	}
	s.Until("the difference to come back", 40*time.Second, arrived(1, 1600))
	other := s.Member()
	other.Post(201, "/orders", rig.Wish(cheap, h.Adult, other.Seats(cheap).Pick(1, "")...),
		rig.Key("unpaid")...)
	at := h.Path + "/sessions/" + cheap
	if p := h.Owner.Get(at + "/cancellation-preview"); p.N("paid_orders") != 1 ||
		p.N("unpaid_orders") != 1 || p.N("refund_minor") != 10400 {
		t.Fatal(p)
	}
	h.Owner.Post(200, at+"/state", map[string]any{"state": "cancelled",
		"revision": h.Owner.Get(at).N("revision")})
	s.Until("everything to come back", 60*time.Second, arrived(2, 12000))
	s.Until("the house to know", 20*time.Second, func() bool {
		g := h.Owner.Get(at + "/give-back")
		return g.S("state") == "done" && g.N("arrived_minor") == 10400 &&
			g.N("arrived") == g.N("refunds") && len(g.L("stuck")) == 0
	})
	if got := buyer.Get(path); got.S("state") != "refunded" || len(live(buyer, order)) != 0 {
		t.Fatal(got)
	}
	s.Finish(cheap, dear)
}

// live are the tickets of an order that still open something.
func live(p *rig.Person, order rig.Doc) (list []rig.Doc) {
	for _, one := range p.Tickets(order.S("id")) {
		if one.S("state") == "live" {
			list = append(list, one)
		}
	}
	return list
}
