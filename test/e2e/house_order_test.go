package e2e_test

import (
	"strings"
	"testing"
	"time"

	"foyer/test/rig"
)

// A change of prices takes a second person; a school group's order is agreed to and then
// paid; an invoice is asked for and exported, and a refund after that flags it.
func TestHouseOrder(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	second := manager(s, house)
	prices := pricesTakeTwo(t, house, second)
	session := house.Session(rig.Showing{Room: house.Room(house.Cinema(), rig.Grid),
		Event: house.Film(), In: 30 * time.Hour, Prices: prices,
		Policy: house.Policy("Cinema ladder"), More: map[string]any{
			"agreement": map[string]any{"hours": 24, "pay_hours": 12}}})
	teacher := s.Member()
	order := schoolGroup(t, house, second, teacher, session)
	invoiceFlagged(t, house, teacher, order)
	s.Finish(session)
}

// manager is a second person of the house who may decide.
func manager(s *rig.Server, house *rig.House) *rig.Person {
	s.T.Helper()
	role := house.Owner.Get(house.Path+"/roles").One("items", func(d rig.Doc) bool {
		return d.S("preset") == "manager"
	}).S("id")
	const email, password = "second@demo.example", "erbashou-2026-wu"
	sent := house.Owner.Post(201, house.Path+"/invitations", map[string]any{"email": email,
		"role_id": role})
	_, token, _ := strings.Cut(sent.S("link"), "#")
	p := s.Stranger()
	joined := p.Post(200, "/staff/invitations/accept", map[string]any{"token": token,
		"name": "吴经理", "password": password})
	p.ConfirmStaff(email, password, joined.S("enrolment.totp_secret"))
	return p
}

// pricesTakeTwo gives a price list whose price was changed by two people.
func pricesTakeTwo(t *testing.T, house *rig.House, second *rig.Person) string {
	t.Helper()
	house.Owner.Ask("PUT", house.Path+"/approval-rules/price_list.change",
		map[string]any{"enabled": true, "days": 2}).Want(200)
	id := house.Prices(5200, 4500)
	path := house.Path + "/price-lists/" + id
	now := house.Owner.Get(path)
	asked := house.Owner.Ask("PUT", path, map[string]any{"revision": now.N("revision"),
		"name": now.S("name"), "cells": []map[string]any{
			{"zone": "gold", "ticket_type_id": house.Adult, "amount_minor": 6000},
			{"zone": "standard", "ticket_type_id": house.Adult, "amount_minor": 4500}}},
		"Approval-Reason", "%E6%98%A5%E8%8A%82%E6%A1%A3").Want(202)
	if asked.S("state") != "pending" || asked.S("reason") != "春节档" ||
		len(asked.L("changes")) != 1 || asked.L("changes")[0].S("after") != "6000" {
		t.Fatal(asked)
	}
	decide := house.Path + "/approvals/" + asked.S("id")
	if got := house.Owner.Get(path).L("cells")[0].N("amount_minor"); got != 5200 {
		t.Fatalf("the price is %d before anybody agreed", got)
	}
	house.Owner.Ask("POST", decide+"/agree", map[string]any{}).Refused("approval_own_request")
	if n := second.Get(house.Path + "/approvals/counts").N("waiting"); n != 1 {
		t.Fatalf("%d wait for the second person", n)
	}
	for range 2 { // a repeat changes nothing
		second.Post(200, decide+"/agree", map[string]any{"answer": "同意"})
	}
	if got := house.Owner.Get(path).L("cells")[0].N("amount_minor"); got != 6000 {
		t.Fatalf("the price is %d after two people agreed", got)
	}
	return id
}

// schoolGroup gives a paid order that the house agreed to.
func schoolGroup(t *testing.T, house *rig.House, second, teacher *rig.Person, session string,
) string {
	t.Helper()
	places := teacher.Seats(session).Pick(3, "gold")
	order := teacher.Order("school", rig.Wish(session, house.Adult, places...))
	id := order.S("id")
	if order.S("state") != "requested" || order.N("total_minor") != 18000 {
		t.Fatal(order)
	}
	teacher.Ask("POST", "/orders/"+id+"/payments", map[string]any{"channel": "sandbox"},
		"Idempotency-Key", "too-early").Refused("order_awaits_house")
	waiting := second.Get(house.Path + "/order-requests").L("items")
	if len(waiting) != 1 || waiting[0].S("id") != id {
		t.Fatalf("what waits: %v", waiting)
	}
	second.Post(200, "/staff/orders/"+id+"/agree", map[string]any{"words": "请走东门"})
	if word := teacher.Get("/orders/" + id + "/agreement"); word.S("state") != "agreed" ||
		word.S("words") != "请走东门" {
		t.Fatal(word)
	}
	pay := teacher.OpenPayment(id, "pay")
	teacher.Cashier(pay, "pay").Want(200)
	teacher.Await("/orders/"+id, 10*time.Second, "paid")
	if n := len(teacher.Tickets(id)); n != 3 {
		t.Fatalf("%d tickets", n)
	}
	return id
}

// invoiceFlagged asks for an invoice, exports it, and refunds a ticket.
func invoiceFlagged(t *testing.T, house *rig.House, teacher *rig.Person, id string) {
	t.Helper()
	path := "/orders/" + id + "/invoice"
	wish := map[string]any{"title_kind": "company", "title": "=白鹭小学",
		"tax_number": "91350100M000100Y44", "email": "teacher@school.example"}
	teacher.Ask("PUT", path, wish).Refused("invoice_tax_number")
	wish["tax_number"] = "91350100M000100Y43"
	if got := teacher.Ask("PUT", path, wish).Want(200); got.N("paid_minor") != 18000 {
		t.Fatal(got)
	}
	batch := house.Owner.Post(201, house.Path+"/invoice-batches", nil)
	file := house.Owner.Ask("POST", house.Path+"/invoice-batches/"+batch.S("id")+"/file",
		map[string]any{"format": "csv"})
	if text := string(file.Raw); file.Status != 200 || !strings.Contains(text, "180.00") ||
		!strings.Contains(text, "'=白鹭小学") {
		t.Fatalf("%d %s", file.Status, text)
	}
	teacher.Ask("PUT", path, wish).Refused("invoice_exported")
	teacher.Ask("POST", "/orders/"+id+"/refunds", map[string]any{
		"units": []map[string]any{{"line": 1, "unit": 1}}}, "Idempotency-Key", "back").Want(201)
	red := house.Owner.Get(house.Path + "/invoices?red=true").L("items")
	if len(red) != 1 || red[0].N("red_needed_minor") <= 0 ||
		strings.Contains(red[0].S("email"), "teacher@") {
		t.Fatalf("what needs a red letter: %v", red)
	}
}
