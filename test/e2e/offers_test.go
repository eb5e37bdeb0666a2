package e2e_test

import (
	"strings"
	"testing"
	"time"

	"foyer/test/rig"
)

// program is a session with a hidden ticket type, "three for two", and a tier of three
// tickets at 80 %.
func program(t *testing.T) (s *rig.Server, h *rig.House, session, friends string) {
	t.Helper()
	s = rig.Demo(t)
	h = s.House()
	own := h.Owner
	friends = own.Post(201, h.Path+"/ticket-types", map[string]any{"kind": "adult",
		"code": "friends", "name": "亲友票", "hidden": true}).S("id")
	prices := own.Post(201, h.Path+"/price-lists", map[string]any{"name": "分批价",
		"cells": []map[string]any{
			{"zone": "gold", "ticket_type_id": h.Adult, "amount_minor": 5200},
			{"zone": "gold", "ticket_type_id": friends, "amount_minor": 1000},
			{"zone": "standard", "ticket_type_id": h.Adult, "amount_minor": 4500}}}).S("id")
	session = h.Session(rig.Showing{Room: h.Room(h.Cinema(), rig.Grid), Event: h.Film(),
		In: 72 * time.Hour, Prices: prices, Policy: h.Policy("Cinema ladder")})
	own.Post(201, h.Path+"/offers", map[string]any{"session_id": session, "name": "三人行",
		"name_en": "3 for 2", "kind": "every_nth", "size": 3, "reduced": 1, "percent_off": 10000,
		"ticket_type_ids": []string{h.Adult}, "most": 5, "budget_minor": 100000})
	own.Post(201, h.Path+"/releases", map[string]any{"session_id": session, "name": "早鸟",
		"ticket_type_id": h.Adult, "tiers": []map[string]any{{"key": 1, "name": "早鸟",
			"quantity": 3, "change": "percent", "value": 8000}}})
	return s, h, session, friends
}

// A price says why: one more and the third is free; then it is, and one of three given
// back brings what it cost, to the fen. The tier of three opens again with it.
func TestThreeForTwoInTiers(t *testing.T) {
	t.Parallel()
	s, h, session, _ := program(t)
	guest := s.Stranger()
	seats := guest.Seats(session).Pick(5, "gold")
	wish := func(places ...int32) map[string]any { return rig.Wish(session, h.Adult, places...) }

	two := guest.Post(200, "/quotes", wish(seats[:2]...))
	if two.N("total_minor") != 2*4160 || two.S("offers.0.code") != "more_needed" ||
		two.N("offers.0.missing") != 1 || !strings.Contains(two.S("offers.0.words"), "再加1张") {
		t.Fatalf("two seats: %s", two)
	}
	three := guest.Post(200, "/quotes", wish(seats[:3]...))
	if three.N("total_minor") != 2*4160 || three.S("offers.0.code") != "applied" ||
		three.N("offers.0.saved_minor") != 4160 {
		t.Fatalf("three seats: %s", three)
	}
	preview := h.Owner.Post(200, h.Path+"/sessions/"+session+"/basket-preview", map[string]any{
		"lines": []map[string]any{{"ticket_type_id": h.Adult, "zone": "gold", "quantity": 3}}})
	if preview.N("total_minor") != 2*4160 || preview.S("units.0.tier") != "早鸟" {
		t.Fatalf("the house's preview: %s", preview)
	}

	buyer := s.Member()
	order := buyer.Buy(wish(seats[:3]...))
	if order.N("total_minor") != 2*4160 || order.S("offers.0.code") != "applied" ||
		order.N("lines.0.units.2.amount_minor") != 2774 {
		t.Fatalf("bought: %s", order)
	}
	if next := guest.Post(200, "/quotes", wish(seats[3])); next.N("total_minor") != 5200 {
		t.Fatalf("the tier is gone, and one costs %s", next)
	}
	path := "/orders/" + order.S("id")
	back := buyer.Post(201, path+"/refunds", map[string]any{
		"units": []map[string]int{{"line": 1, "unit": 1}}, "expect_refund_minor": 2773},
		rig.Key("one of three")...)
	if back.N("quote.refund_minor") != 2773 {
		t.Fatalf("one of three: %s", back)
	}
	if next := guest.Post(200, "/quotes", wish(seats[3])); next.N("total_minor") != 4160 {
		t.Fatalf("a place of the tier is there again, and one costs %s", next)
	}
	s.Finish(session)
}

// What is for those with a code does not exist for anybody else, and one code is one order.
func TestCodeOnlyTicket(t *testing.T) {
	t.Parallel()
	s, h, session, friends := program(t)
	guest := s.Stranger()
	seats := guest.Seats(session).Pick(3, "gold")
	shown := guest.Get("/sessions/" + session)
	for _, tt := range shown.L("ticket_types") {
		if tt.S("id") == friends {
			t.Fatalf("the hidden type is shown: %s", shown)
		}
	}
	batch := h.Owner.Post(201, h.Path+"/code-batches", map[string]any{"name": "亲友",
		"prefix": "QY", "ticket_type_ids": []string{friends}, "units_per_use": 1}).S("id")
	text := h.Owner.Post(201, h.Path+"/code-batches/"+batch+"/codes",
		map[string]any{"count": 2}).S("codes.0")
	listed := h.Owner.Get(h.Path + "/code-batches/" + batch + "/codes")
	if listed.Has("items.0.code") || len(listed.L("items")) != 2 {
		t.Fatalf("codes that are used once are kept in clear: %s", listed)
	}

	buyer, other := s.Member(), s.Member()
	wish := rig.Wish(session, friends, seats[0])
	buyer.Ask("POST", "/orders", wish, rig.Key("none")...).Refused("ticket_type_not_sold")
	wish["codes"] = []string{"QY-0000-0000-0000"}
	buyer.Ask("POST", "/orders", wish, rig.Key("guess")...).Refused("code_not_valid")
	wish["codes"] = []string{strings.ToLower(text)}
	open := buyer.Post(200, "/sessions/"+session+"/codes", map[string]any{
		"codes": []string{text}})
	if open.S("ticket_types.0.ticket_type_id") != friends ||
		open.N("ticket_types.0.prices.0.amount_minor") != 1000 {
		t.Fatalf("what the code unlocks: %s", open)
	}
	if order := buyer.Buy(wish); order.N("total_minor") != 1000 {
		t.Fatalf("with the code: %s", order)
	}
	again := rig.Wish(session, friends, seats[1])
	again["codes"] = []string{text}
	other.Ask("POST", "/orders", again, rig.Key("used")...).Refused("code_not_valid")
	s.Finish(session)
}
