package e2e_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"foyer/test/rig"
)

// A new house: venue, hall, a seat map typed as text, an event, prices, a session, and the
// first ticket of it.
func TestStaffPublishAHall(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	venue := openVenue(t, house)
	room := house.Room(venue, rig.Grid)
	event := publishTalk(t, house)
	session := house.Session(rig.Showing{Room: room, Event: event, In: 26 * time.Hour,
		Prices: house.Prices(8800, 6600), Policy: house.Policy("Cinema ladder")})
	guest := s.Stranger()
	seats := guest.Seats(session)
	if len(seats.Places) != 32 || seats.Free != 32 {
		t.Fatalf("%d seats, %d free", len(seats.Places), seats.Free)
	}
	guest.Get("/search?q=夜航")
	order := s.Member().Buy(rig.Wish(session, house.Adult, seats.Pick(2, "gold")...))
	if order.N("total_minor") != 17600 || order.S("agreed.event") != "夜航讲座" {
		t.Fatal(order)
	}
	house.Owner.Ask("POST", house.Path+"/halls/"+room.Hall+"/seat-map/publish",
		map[string]any{"revision": 1}).Refused("stale")
	s.Finish(session)
}

func openVenue(t *testing.T, house *rig.House) string {
	t.Helper()
	body := map[string]any{"kind": "theatre", "name": "白鹭小剧场"}
	made := house.Owner.Post(201, house.Path+"/venues", body)
	path := house.Path + "/venues/" + made.S("id")
	no := house.Owner.Ask("POST", path+"/state", map[string]any{"state": "published",
		"revision": made.N("revision")}).Refused("incomplete")
	named := []string{}
	for _, e := range no.L("errors") {
		named = append(named, e.S("field"))
	}
	for _, field := range []string{"city", "address", "hours", "licences"} {
		if !slices.Contains(named, field) {
			t.Fatalf("%s is missing and not named in %v", field, named)
		}
	}
	for k, v := range map[string]any{"city": "杭州", "address": "湖滨路1号", "latitude": 30.25,
		"longitude": 120.16, "phone": "0571-00000000", "intro": "一百座的小剧场。",
		"time_zone": "Asia/Shanghai", "revision": made.N("revision"),
		"hours": map[string]any{"weekly": []any{map[string]any{
			"weekdays": []int{1, 2, 3, 4, 5, 6, 7}, "open": "10:00", "close": "23:00"}}},
		"licences": []any{map[string]any{"kind": "performance_venue", "number": "浙演-001"}}} {
		body[k] = v
	}
	full := house.Owner.Ask("PUT", path, body).Want(200)
	house.Owner.Post(200, path+"/state", map[string]any{"state": "published",
		"revision": full.N("revision")})
	return made.S("id")
}

func publishTalk(t *testing.T, house *rig.House) string {
	t.Helper()
	poster := house.Owner.Ask("POST", house.Path+"/media", rig.Picture(600, 800),
		"Content-Type", "image/png").Want(201)
	made := house.Owner.Post(201, house.Path+"/events", map[string]any{"kind": "talk",
		"title": "夜航讲座", "printed_title": "夜航讲座", "synopsis": "船长谈夜航。",
		"minutes": 90, "cast": []any{map[string]any{"name": "陈船长"}},
		"poster_id": poster.S("id")})
	house.Owner.Post(200, house.Path+"/events/"+made.S("id")+"/state", map[string]any{
		"state": "published", "revision": made.N("revision")})
	return made.S("id")
}

// A colleague is invited to the box office, joins with a second factor, sells at the counter
// to somebody without an account, and may do no more than that.
func TestBoxOffice(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	session := house.Evening(3*time.Hour, nil)
	colleague := invited(t, s, house)
	place := colleague.Seats(session).Pick(2, "standard")
	wish := rig.Wish(session, house.Adult, place...)
	wish["channel"] = "counter"
	order := colleague.Order("counter", wish)
	pay := colleague.OpenPayment(order.S("id"), "pay")
	colleague.Cashier(pay, "pay").Want(200)
	paid := colleague.Await("/orders/"+order.S("id"), 10*time.Second, "paid")
	if paid.S("channel") != "counter" {
		t.Fatal(paid)
	}
	tickets := colleague.Tickets(order.S("id"))
	if len(tickets) != 2 || tickets[0].S("code") == "" {
		t.Fatalf("nothing to print: %v", tickets)
	}
	colleague.Ask("POST", house.Path+"/venues", map[string]any{"kind": "cinema",
		"name": "x"}).Refused("not_allowed")
	colleague.Ask("POST", house.Path+"/invitations", map[string]any{"email": "a@demo.example",
		"role_id": "rol_x"}).Refused("not_allowed")
	s.Member().Ask("GET", "/orders/"+order.S("id"), nil).Refused("not_found")
	house.Owner.Ask("DELETE", house.Path+"/staff/"+colleague.Get("/staff/me").S("id"), nil).
		Want(204)
	if a := colleague.Ask("GET", "/orders/"+order.S("id"), nil); a.Status == 200 {
		t.Fatal("somebody who left still sees orders")
	}
	s.Finish(session)
}

// invited goes the way of a new colleague: link, password, second factor.
func invited(t *testing.T, s *rig.Server, house *rig.House) *rig.Person {
	t.Helper()
	role := house.Owner.Get(house.Path+"/roles").One("items", func(d rig.Doc) bool {
		return d.S("preset") == "box_office"
	}).S("id")
	const email, password = "ticket@demo.example", "piaofang-2026-lin"
	sent := house.Owner.Post(201, house.Path+"/invitations", map[string]any{"email": email,
		"role_id": role})
	_, token, _ := strings.Cut(sent.S("link"), "#")
	colleague := s.Stranger()
	joined := colleague.Post(200, "/staff/invitations/accept", map[string]any{"token": token,
		"name": "小票", "password": password})
	factor := joined.S("enrolment.totp_secret")
	colleague.ConfirmStaff(email, password, factor)
	colleague.Ask("POST", "/staff/invitations/accept", map[string]any{"token": token,
		"name": "又来", "password": password}).Refused("link_invalid")
	return colleague
}
