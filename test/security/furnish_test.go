package security_test

import (
	"fmt"
	"strings"
	"time"
)

const plan = "hall: 小厅\nstage: top\nzone A = adults\nAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAA\n" +
	"AAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAA\n"

// bodies of objects as staff write them.
func venueBody(name string) fields {
	return fields{"kind": "theatre", "name": name, "city": "上海", "address": "外滩 1 号",
		"latitude": 31.2, "longitude": 121.5, "phone": "021-60000000", "intro": "一座剧场。",
		"licences": []fields{{"kind": "performance_venue", "number": "沪-1"},
			{"kind": "business", "number": "9131"}},
		"hours": fields{"weekly": []fields{{"weekdays": []int{1, 2, 3, 4, 5, 6, 7},
			"open": "08:00", "close": "24:00"}}}}
}

func eventBody(title string) fields {
	return fields{"kind": "film", "title": title, "film_code": "001102021",
		"printed_title": title, "synopsis": "故事。", "directors": []string{"陈凯歌"},
		"cast": []fields{{"name": "吴京"}}, "genres": []string{"战争"},
		"countries": []string{"中国"}, "languages": []string{"国语"}, "versions": []string{"2D"},
		"minutes": 176, "release_date": "2026-11-20", "distributor": "博纳"}
}

func typeBody(code string) fields {
	return fields{"kind": "adult", "code": code, "name": "成人票"}
}

func policyBody() fields {
	return fields{"name": "随时退", "allowed": true, "text": "开演前随时可退。",
		"ladder": []fields{{"until_minutes_before": 0, "fee_basis_points": 0}}}
}

// holidayBody is a list of holidays of a year.
func holidayBody(year int) fields {
	return fields{"year": year, "source": "通知", "days": []fields{{
		"from": fmt.Sprintf("%d-10-01", year), "kind": "holiday", "name": "国庆节"}}}
}

// slotsBody asks what slots of a day would be made.
func (h *house) slotsBody() fields {
	return fields{"event_id": h.ids["event"], "hall_id": h.ids["hall"], "dry_run": true,
		"price_list_id": h.ids["price_list"], "refund_policy_id": h.ids["policy"],
		"from": "2031-01-06", "until": "2031-01-06", "every_minutes": 120,
		"length_minutes": 60}
}

func (h *house) priceBody() fields {
	return fields{"name": "平价", "cells": []fields{{"zone": "A",
		"ticket_type_id": h.ids["ticket_type"], "amount_minor": 5000}}}
}

func (h *house) sessionBody(start time.Time) fields {
	return fields{"event_id": h.ids["event"], "hall_id": h.ids["hall"],
		"seat_map_version_id": h.ids["map"], "price_list_id": h.ids["price_list"],
		"refund_policy_id": h.ids["policy"], "starts_at": start, "max_per_order": 6,
		"ends_at": start.Add(2 * time.Hour)}
}

// furnish makes one object of every kind, the way staff and a buyer do.
func (w *world) furnish(h *house, buyer string) {
	w.t.Helper()
	make := func(kind, path string, body any) {
		h.ids[kind] = w.must(h.own, "POST", h.path(path), body).text("id")
	}
	make("venue", "/venues", venueBody(h.name+"剧场"))
	make("venue2", "/venues", venueBody(h.name+"二馆"))
	make("media", "/media", picture(w.t))
	poster := eventBody("长夜")
	poster["poster_id"] = h.ids["media"]
	make("event", "/events", poster)
	draft := eventBody("草稿")
	draft["film_code"] = "001102022"
	make("event2", "/events", draft)
	make("hall", "/halls", fields{"venue_id": h.ids["venue"], "name": "一厅", "time_slots": true})
	make("ticket_type", "/ticket-types", typeBody("adult"))
	make("price_list", "/price-lists", h.priceBody())
	make("policy", "/refund-policies", policyBody())
	make("holidays", "/holiday-lists", holidayBody(2030))
	w.must(h.own, "POST", h.path("/venues/"+h.ids["venue"]+"/state"),
		fields{"state": "published", "revision": 1})
	w.must(h.own, "POST", h.path("/events/"+h.ids["event"]+"/state"),
		fields{"state": "published", "revision": 1})
	seats := h.path("/halls/" + h.ids["hall"] + "/seat-map")
	drawn := w.must(h.own, "POST", seats+"/import?revision=0", []byte(plan))
	h.ids["map"] = w.must(h.own, "POST", seats+"/publish",
		fields{"revision": drawn.body["revision"]}).text("id")
	make("draft_session", "/sessions", h.sessionBody(time.Now().Add(50*time.Hour)))
	make("session", "/sessions", h.sessionBody(time.Now().Add(30*time.Minute)))
	w.must(h.own, "POST", h.path("/sessions/"+h.ids["session"]+"/state"),
		fields{"state": "on_sale", "revision": 1})
	make("block", "/sessions/"+h.ids["session"]+"/blocks",
		fields{"places": w.places(h)[60:62], "reason": "工作票"})
	make("allotment", "/sessions/"+h.ids["session"]+"/allotments",
		fields{"channel": "agency", "places": w.places(h)[62:64], "reason": "旅行社"})
	make("price_list2", "/price-lists", h.priceBody())
	w.must(h.own, "PUT", h.path("/approval-rules/price_list.change"), fields{"enabled": true})
	w.askPrices(h, 6000)
	w.discounts(h)
	w.season(h)
	w.gates(h)
	w.people(h)
	w.purchase(h, buyer)
	asked := w.must(buyer, "PUT", "/api/v1/orders/"+h.ids["order"]+"/invoice", fields{
		"title_kind": "person", "title": h.name + "的客人", "email": "guest@" + h.ids["org"][4:] +
			".example"})
	h.ids["invoice"] = asked.text("id")
	make("batch", "/invoice-batches", nil)
	h.ids["late"] = w.must(h.own, "POST", h.path("/late-sheets"), w.lateBody(h, "T-1"),
		"Idempotency-Key", "late").text("id")
}

// places are the numbers of a house's seats.
func (w *world) places(h *house) []int {
	w.t.Helper()
	shape := w.must("", "GET", "/api/v1/seat-maps/"+h.ids["map"], nil)
	column := shape.body["seats"].(map[string]any)["place"].([]any)
	list, at := []int{}, 0
	for _, step := range column {
		at += int(step.(float64))
		list = append(list, at)
	}
	return list
}

func (w *world) gates(h *house) {
	w.t.Helper()
	at := h.path("/venues/" + h.ids["venue"])
	h.ids["gate"] = w.must(h.own, "POST", at+"/gates", fields{"name": "东门"}).text("id")
	h.ids["precinct"] = w.must(h.own, "POST", at+"/precincts",
		fields{"code": "garden", "name": "花园"}).text("id")
	made := w.must(h.own, "POST", at+"/devices", fields{"name": "手持机"})
	h.ids["device"] = made.body["device"].(map[string]any)["id"].(string)
	name := "device"
	if h == w.b {
		name = "other device"
	}
	w.tokens[name] = w.must("", "POST", "/api/v1/gate/enrol",
		fields{"code": made.text("code")}).text("token")
}

func (w *world) people(h *house) {
	w.t.Helper()
	r := w.must(h.own, "POST", h.path("/invitations"),
		fields{"email": "open@" + h.ids["org"][4:] + ".example", "role_id": h.ids["role:usher"]})
	h.ids["invitation"] = r.text("id")
	h.ids["role"] = w.must(h.own, "POST", h.path("/roles"),
		fields{"name": "夜班", "permissions": []string{"checkin.view"}}).text("id")
}

// purchase is three seats bought: one given back, one used, one live; then an order that
// waits for its money.
func (w *world) purchase(h *house, buyer string) {
	w.t.Helper()
	seats := w.places(h)
	order := w.must(buyer, "POST", "/api/v1/orders", h.orderBody(seats[0:3]...),
		"Idempotency-Key", unique(1))
	h.ids["order"] = order.text("id")
	at := "/api/v1/orders/" + h.ids["order"]
	paying := w.must(buyer, "POST", at+"/payments", fields{"channel": "sandbox"},
		"Idempotency-Key", unique(2))
	h.ids["payment"] = paying.text("id")
	w.must("", "POST", paying.text("redirect_url")+"/pay", nil)
	w.until("the payment of "+h.name, func() bool {
		return w.must(buyer, "GET", at, nil).text("state") == "paid"
	})
	tickets := w.must(buyer, "GET", at+"/tickets", nil).body["items"].([]any)
	used, live := tickets[1].(map[string]any), tickets[2].(map[string]any)
	h.ids["ticket"], h.code = live["id"].(string), live["code"].(string)
	device := "device"
	if h == w.b {
		device = "other device"
	}
	h.ids["check_in"] = w.must(device, "POST", "/api/v1/gate/check-ins", fields{
		"code": used["code"], "direction": "entry", "nonce": unique(3)}).text("check_in_id")
	now := time.Now().UTC()
	forced := w.must(device, "POST", "/api/v1/gate/scans", fields{"device_time": now,
		"scans": []fields{{"code": used["code"], "direction": "entry", "nonce": unique(33),
			"at": now}}})
	h.ids["conflict"] = forced.body["items"].([]any)[0].(map[string]any)["check_in_id"].(string)
	back := w.must(buyer, "POST", at+"/refunds", fields{"reason": "不去了",
		"units": []fields{{"line": tickets[0].(map[string]any)["line"],
			"unit": tickets[0].(map[string]any)["unit"]}}}, "Idempotency-Key", unique(4))
	h.ids["refund"] = back.body["refund_ids"].([]any)[0].(string)
	w.until("the refund of "+h.name, func() bool { // so that nothing moves by itself later
		return w.must(buyer, "GET", "/api/v1/refunds/"+h.ids["refund"], nil).
			text("state") == "arrived"
	})
	waiting := w.must(buyer, "POST", "/api/v1/orders", h.orderBody(seats[10:12]...),
		"Idempotency-Key", unique(5))
	h.ids["pending"] = waiting.text("id")
	h.ids["sign_in"] = w.must(buyer, "GET", "/api/v1/me/sign-ins", nil).
		body["items"].([]any)[0].(map[string]any)["id"].(string)
	h.ids["staff_sign_in"] = w.must(h.own, "GET", "/api/v1/staff/me/sign-ins", nil).
		body["items"].([]any)[0].(map[string]any)["id"].(string)
}

func (h *house) orderBody(places ...int) fields {
	return fields{"session_id": h.ids["session"], "lines": []fields{
		{"ticket_type_id": h.ids["ticket_type"], "places": places}}}
}

// fill puts a house's ids where a path names them: {order}, {venue} …
func (h *house) fill(path string) string {
	for kind, id := range h.ids {
		path = strings.ReplaceAll(path, "{"+kind+"}", id)
	}
	return path
}

// companion is one more person whom the member buys for.
func (w *world) companion() {
	w.t.Helper()
	for _, purpose := range []string{"privacy_notice", "companions"} {
		w.must("member", "PUT", "/api/v1/me/consents/"+purpose, fields{"given": true, "version": 1})
	}
	w.companions++
	made := w.must("member", "POST", "/api/v1/me/companions", fields{"relation": "other",
		"name": "张三", "document_kind": "passport",
		"document_number": fmt.Sprintf("E%08d", w.companions)})
	w.a.ids["companion"] = made.body["id"].(string)
}
