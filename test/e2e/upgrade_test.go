package e2e_test

import (
	"testing"
	"time"

	"foyer/test/rig"
)

// TestUpgradeAtTheGate: a ticket for one tower is refused at the garden's gate; staff find
// it, say what the day ticket costs on top, sell it at the sandbox cashier, and entry goes
// on with the new ticket. Another goes to a later slot for a fee.
func TestUpgradeAtTheGate(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	h := s.House()
	venue := h.Cinema()
	precinct := func(code string) map[string]any {
		p := h.Owner.Post(201, h.Path+"/venues/"+venue+"/precincts", map[string]any{
			"code": code, "name": code})
		return map[string]any{"precinct_id": p.S("id")}
	}
	tower, garden := precinct("tower"), precinct("garden")
	kind := func(code string, opens ...string) string {
		return h.Owner.Post(201, h.Path+"/ticket-types", map[string]any{"kind": "adult",
			"code": code, "name": code, "admission": map[string]any{"precincts": opens}}).S("id")
	}
	single, day := kind("tower-only", "tower"), kind("whole-day", "tower", "garden")
	cell := func(tt string, amount int) map[string]any {
		return map[string]any{"zone": "gold", "ticket_type_id": tt, "amount_minor": amount}
	}
	prices := h.Owner.Post(201, h.Path+"/price-lists", map[string]any{"name": "景区",
		"cells": []map[string]any{cell(single, 3000), cell(day, 8000)}}).S("id")
	policy := h.Owner.Post(201, h.Path+"/refund-policies", map[string]any{"name": "可补差",
		"allowed": false,
		"at_gate": map[string]any{"fee_minor": 100, "missed_within_minutes": 60,
			"missed_fee_minor": 500}}).S("id")
	show := func(in time.Duration) string {
		return h.Session(rig.Showing{Room: h.Room(venue, rig.Grid), Event: h.Film(), In: in,
			Prices: prices, Policy: policy})
	}
	session, later := show(40*time.Minute), show(5*time.Hour)
	east := stand(h, venue, "塔门", tower)
	west := stand(h, venue, "园门", garden)
	buyer := s.Member()
	order := buyer.Buy(rig.Wish(session, single, buyer.Seats(session).Pick(2, "gold")...))
	tickets := buyer.Tickets(order.S("id"))
	refused := west.Scan(tickets[0].S("code"), "w1").Refused("upgrade_needed")
	if refused.S("details.upgrade_to.0.name") != "whole-day" {
		t.Fatal(refused)
	}
	found := h.Owner.Get("/gate/tickets?venue_id="+venue+"&number="+order.S("number")).
		One("items", func(d rig.Doc) bool { return d.S("ticket_id") == tickets[0].S("id") })
	path := "/staff/orders/" + found.S("order_id")
	unit := []map[string]any{{"line": found.N("line"), "unit": found.N("unit")}}
	wish := map[string]any{"units": unit, "ticket_type_id": day}
	buyer.Ask("POST", path+"/upgrade-quote", wish).Refused("not_allowed")
	if q := h.Owner.Post(200, path+"/upgrade-quote", wish); q.N("due_minor") != 5100 {
		t.Fatal(q)
	}
	wish["expect_due_minor"] = 5100
	sold := h.Owner.Post(201, path+"/upgrades", wish, rig.Key("up")...)
	if sold.S("state") != "pending" {
		t.Fatal(sold)
	}
	pay := func(key string) {
		p := h.Owner.OpenPayment(order.S("id"), key)
		h.Owner.Cashier(p, "pay").Want(200)
		s.Until("the upgrade to be done", 20*time.Second, func() bool {
			return buyer.Get("/orders/" + order.S("id") + "/changes").L("items")[0].S("state") ==
				"done"
		})
	}
	pay("difference")
	west.Scan(tickets[0].S("code"), "w2").Refused("refunded")
	fresh := func(tt string) rig.Doc {
		for _, one := range live(buyer, order) {
			if one.S("ticket_type") == tt && one.S("id") != tickets[1].S("id") {
				return one
			}
		}
		t.Fatal("no new ticket of", tt)
		return rig.Doc{}
	}
	west.Scan(fresh("whole-day").S("code"), "w3").Want(200)
	other := []map[string]any{{"line": tickets[1].N("line"), "unit": tickets[1].N("unit")}}
	moved := h.Owner.Post(201, path+"/upgrades", map[string]any{"units": other,
		"session_id": later, "lines": []map[string]any{{"ticket_type_id": single,
			"places": buyer.Seats(later).Pick(1, "gold")}}}, rig.Key("missed")...)
	if moved.N("due_minor") != 500 || moved.S("state") != "pending" {
		t.Fatal(moved)
	}
	pay("fee")
	east.Scan(tickets[1].S("code"), "e1").Refused("refunded")
	east.Scan(fresh("tower-only").S("code"), "e2").Refused("too_early")
	s.Finish(session, later)
}
