package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"foyer/internal/document"
	"foyer/test/rig"
)

// idCard is a number as an office gives it to somebody born on the day.
func idCard(t *testing.T, born string, n int) string {
	t.Helper()
	for _, last := range "0123456789X" {
		number := fmt.Sprintf("310101%s%03d%c", born, n, last)
		if _, err := document.Parse(document.IDCard, number); err == nil {
			return number
		}
	}
	t.Fatal("no check digit fits")
	return ""
}

type people = []map[string]string

func person(name, number string) map[string]string {
	return map[string]string{"name": name, "document_kind": "id_card", "document_number": number}
}

// premiere is a play of the demo's theatre with real names, one ticket for each document,
// and a child's ticket that needs an adult.
func premiere(t *testing.T, house *rig.House) (session, child string) {
	t.Helper()
	child = house.Owner.Post(201, house.Path+"/ticket-types", map[string]any{"kind": "child",
		"code": "under-14", "name": "儿童票", "eligibility": map[string]any{"age_under": 14,
			"per_adult": 2, "show": "户口簿"}}).S("id")
	prices := house.Owner.Post(201, house.Path+"/price-lists", map[string]any{"name": "首演",
		"cells": []map[string]any{
			{"zone": "gold", "ticket_type_id": house.Adult, "amount_minor": 38000},
			{"zone": "standard", "ticket_type_id": house.Adult, "amount_minor": 18000},
			{"zone": "gold", "ticket_type_id": child, "amount_minor": 9000}}}).S("id")
	venue := house.Owner.Get(house.Path+"/venues").One("items", func(d rig.Doc) bool {
		return d.S("kind") == "theatre"
	}).S("id")
	play := house.Owner.Get(house.Path+"/events?limit=100").One("items", func(d rig.Doc) bool {
		return d.S("kind") == "play" && d.S("state") == "published"
	}).S("id")
	session = house.Session(rig.Showing{Room: house.Room(venue, rig.Grid), Event: play,
		In: 40 * time.Minute, Prices: prices, Policy: house.Policy("Cinema ladder"),
		More: map[string]any{"max_per_member": 0, "real_name": map[string]any{"mode": "every",
			"documents": []string{"id_card", "household_register"}, "max_per_document": 1,
			"text": "一人一证,凭身份证入场", "text_en": "One ticket per identity card."},
			"limits": map[string]any{"max_per_device": 4}}})
	return session, child
}

// A real-name play: a mother and her child are named, nobody else gets a ticket with her
// document until she gives hers back, and what anybody sees of them is masked.
func TestRealNames(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	session, child := premiere(t, house)
	mother, kid := idCard(t, "19880501", 12), idCard(t, "20180601", 33)
	told := s.Stranger().Get("/sessions/" + session)
	if told.S("real_name.text") == "" || told.N("real_name.max_per_document") != 1 ||
		told.One("ticket_types", func(d rig.Doc) bool { return d.S("id") == child }).
			N("eligibility.per_adult") != 2 {
		t.Fatalf("the rule is not told: %s", told)
	}
	gold := s.Stranger().Seats(session).Pick(3, "gold")
	wish := func(lines ...map[string]any) map[string]any {
		return map[string]any{"session_id": session, "lines": lines}
	}
	line := func(tt string, place int32, who ...map[string]string) map[string]any {
		l := map[string]any{"ticket_type_id": tt, "places": []int32{place}}
		if len(who) > 0 {
			l["visitors"] = people(who)
		}
		return l
	}
	device := []string{"Foyer-Device", "device-of-the-mother-1"}
	buyer, other := s.Member(), s.Member()
	ask := func(p *rig.Person, key string, w map[string]any) rig.Answer {
		return p.Ask("POST", "/orders", w, append(rig.Key(key), device...)...)
	}
	ask(buyer, "1", wish(line(child, gold[0], person("李小明", kid)))).Refused("adult_needed")
	ask(buyer, "2", wish(line(house.Adult, gold[0]))).Refused("visitor_names_missing")
	wrong := mother[:17] + "X"
	if wrong == mother {
		wrong = mother[:17] + "0"
	}
	ask(buyer, "3", wish(line(house.Adult, gold[0], person("王芳", wrong)))).
		Refused("document_check_digit")
	family := wish(line(house.Adult, gold[0], person("王芳", mother)),
		line(child, gold[1], person("李小明", kid)))
	quote := buyer.Post(200, "/quotes", family, device...)
	if left := quote.One("limits", func(d rig.Doc) bool { return d.S("kind") == "device" }); left.
		N("left") != 4 || quote.S("real_name.text_en") == "" {
		t.Fatalf("the quote does not say what is left: %s", quote)
	}
	order := buyer.Post(201, "/orders", family, append(rig.Key("4"), device...)...)
	again := ask(buyer, "4", family).Want(201)
	if again.S("id") != order.S("id") {
		t.Fatal("the repeat is another order")
	}
	buyer.Cashier(buyer.OpenPayment(order.S("id"), "pay"), "pay").Want(200)
	buyer.Await("/orders/"+order.S("id"), 10*time.Second, "paid")
	masked(t, buyer.Get("/orders/"+order.S("id")), mother, kid)
	tickets := buyer.Tickets(order.S("id"))
	for _, ticket := range tickets {
		masked(t, ticket, mother, kid)
	}
	no := ask(other, "1", wish(line(house.Adult, gold[2], person("王芳", mother)))).
		Refused("document_limit")
	if no.N("details.left") != 0 || strings.Contains(no.String(), mother) {
		t.Fatal(no)
	}
	mothers, kids := tickets[0], tickets[1]
	if mothers.S("ticket_type") == "儿童票" {
		mothers, kids = kids, mothers
	}
	gate := house.Gate(kids.S("session.venue_id"))
	in := gate.Scan(kids.S("code"), "scan-1").Want(200)
	masked(t, in, mother, kid)
	buyer.Post(201, "/orders/"+order.S("id")+"/refunds", map[string]any{"units": []any{
		map[string]any{"line": mothers.N("line"), "unit": mothers.N("unit")}}}, rig.Key("back")...)
	free := ask(other, "2", wish(line(house.Adult, gold[2], person("王芳", mother)))).Want(201)
	masked(t, free, mother, kid)
	s.Finish(session)
}

// Names may follow until a time, and a companion is named by id; who is named stays.
func TestNamesFollow(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	session := house.Evening(3*time.Hour, map[string]any{"real_name": map[string]any{
		"mode": "every", "max_per_document": 1, "name_until_minutes_before": 60}})
	buyer := s.Member()
	for _, text := range buyer.Get("/consent-texts").L("items") {
		buyer.Ask("PUT", "/me/consents/"+text.S("purpose"), map[string]any{"given": true,
			"version": text.N("version")}).Want(200)
	}
	father := idCard(t, "19600101", 7)
	companion := buyer.Post(201, "/me/companions", map[string]any{"relation": "parent",
		"name": "王建国", "document_kind": "id_card", "document_number": father}).S("id")
	order := buyer.Buy(rig.Wish(session, house.Adult, buyer.Seats(session).Pick(2, "gold")...))
	path := "/orders/" + order.S("id")
	if got := buyer.Get(path); got.N("visitors_missing") != 2 || got.S("visitors_until") == "" {
		t.Fatalf("it is not said who is missing: %s", got)
	}
	name := func(p *rig.Person, unit int, who map[string]any) rig.Answer {
		who["line"], who["unit"] = 1, unit
		return p.Ask("PUT", path+"/visitors", map[string]any{"visitors": []any{who}})
	}
	name(s.Member(), 1, map[string]any{"companion_id": companion}).Refused("not_found")
	got := name(buyer, 1, map[string]any{"companion_id": companion}).Want(200)
	masked(t, got, father)
	if got.N("visitors_missing") != 1 {
		t.Fatal(got)
	}
	friend := func() map[string]any {
		return map[string]any{"name": "李四", "document_kind": "passport",
			"document_number": "L898902C3"}
	}
	name(buyer, 1, friend()).Refused("visitor_named")
	name(buyer, 2, map[string]any{"companion_id": companion}).Refused("document_limit")
	name(buyer, 2, friend()).Want(200)
	s.Finish(session)
}

// masked fails unless a person is shown, and no document in full.
func masked(t *testing.T, d rig.Doc, numbers ...string) {
	t.Helper()
	text := d.String()
	if !strings.Contains(text, "****") || !strings.Contains(text, "document_number") {
		t.Fatalf("nobody is shown: %s", text)
	}
	for _, number := range numbers {
		if strings.Contains(text, number) {
			t.Fatalf("a document is shown in full: %s", text)
		}
	}
}
