package e2e_test

import (
	"bytes"
	"testing"
	"time"

	"foyer/test/rig"
)

// stand makes a gate with an enrolled device.
func stand(house *rig.House, venue, name string, more map[string]any) *rig.Person {
	path := house.Path + "/venues/" + venue
	fields := map[string]any{"name": name}
	for k, v := range more {
		fields[k] = v
	}
	gate := house.Owner.Post(201, path+"/gates", fields)
	made := house.Owner.Post(201, path+"/devices", map[string]any{"name": name,
		"gate_id": gate.S("id")})
	device := house.Owner.S.Stranger()
	device.Token = device.Post(201, "/gate/enrol",
		map[string]any{"code": made.S("code")}).S("token")
	return device
}

// dayTicket is a session of its own that sells a day ticket: out and in again as one likes.
func dayTicket(house *rig.House, admission map[string]any) (session, ticketType string) {
	owner := house.Owner
	ticketType = owner.Post(201, house.Path+"/ticket-types", map[string]any{"kind": "pass",
		"code": "day", "name": "一日票", "admission": admission}).S("id")
	prices := owner.Post(201, house.Path+"/price-lists", map[string]any{"name": "一日票价",
		"cells": []map[string]any{
			{"zone": "gold", "ticket_type_id": ticketType, "amount_minor": 8800},
			{"zone": "standard", "ticket_type_id": ticketType, "amount_minor": 6600}}})
	return house.Session(rig.Showing{Room: house.Room(house.Cinema(), rig.Grid),
		Event: house.Film(), In: 40 * time.Minute, Prices: prices.S("id"),
		Policy: house.Policy("Cinema ladder")}), ticketType
}

func exit(p *rig.Person, code, nonce string) rig.Answer {
	return p.Ask("POST", "/gate/check-ins", map[string]any{"code": code, "direction": "exit",
		"nonce": nonce})
}

// A day ticket goes in, out and in again; who is still inside is not let in at another
// gate. Then a gate loses its network: it takes the list before, uploads after, and staff
// see what does not fit.
func TestDayTicketAndOfflineGate(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	venue := house.Cinema()
	session, day := dayTicket(house, map[string]any{"reentry": true, "attention": "blue",
		"staff_text": "核对手环", "precincts": []string{"garden"}})
	park := house.Owner.Post(201, house.Path+"/venues/"+venue+"/precincts", map[string]any{
		"code": "garden", "name": "花园", "capacity": 500})
	other := house.Owner.Post(201, house.Path+"/venues/"+venue+"/precincts", map[string]any{
		"code": "tower", "name": "塔"})
	east := stand(house, venue, "东门", map[string]any{"precinct_id": park.S("id")})
	west := stand(house, venue, "西门", map[string]any{"precinct_id": park.S("id")})
	tower := stand(house, venue, "塔门", map[string]any{"precinct_id": other.S("id")})
	if seen := s.Stranger().Get("/sessions/" + session); bytes.Contains(seen.Raw(),
		[]byte("核对手环")) || !seen.B("ticket_types.0.admission.reentry") {
		t.Fatalf("a buyer sees %s", seen)
	}
	buyer := s.Member()
	order := buyer.Buy(rig.Wish(session, day, buyer.Seats(session).Pick(2, "gold")...))
	tickets := buyer.Tickets(order.S("id"))
	first, second := tickets[0].S("code"), tickets[1].S("code")

	in := east.Scan(first, "in-1").Want(200)
	if in.S("attention") != "blue" || in.S("staff_text") != "核对手环" || in.N("used") != 1 {
		t.Fatal(in)
	}
	tower.Scan(first, "in-tower").Refused("other_precinct")
	still := west.Scan(first, "in-2").Refused("still_inside")
	if still.S("details.last.gate") != "东门" {
		t.Fatalf("does not say where: %s", still)
	}
	exit(west, first, "out-1").Want(200)
	back := west.Scan(first, "in-3").Want(200)
	if back.N("used") != 1 || back.N("returned") != 1 || back.N("inside") != 1 {
		t.Fatal(back)
	}
	counts := house.Owner.Get("/gate/precincts?venue_id=" + venue)
	if counts.N("items.0.inside") != 1 || counts.N("items.1.entered") != 2 ||
		counts.N("items.1.gone") != 1 || counts.N("items.1.capacity") != 500 {
		t.Fatal(counts)
	}
	offline(t, east, buyer, tickets)
	uploadAndSettle(t, house, venue, east, west, second)
	found := house.Owner.Get("/gate/tickets?venue_id=" + venue + "&number=" + order.S("number"))
	if len(found.L("items")) != 2 || found.S("items.0.ticket_id") != tickets[0].S("id") {
		t.Fatal(found)
	}
	s.Finish(session)
}

// offline takes the list of the day and looks at what it says.
func offline(t *testing.T, gate, buyer *rig.Person, tickets []rig.Doc) {
	t.Helper()
	list := gate.Get("/gate/list")
	for list.S("next") != "" {
		list = gate.Get("/gate/list?since=" + list.S("next"))
	}
	entry := list.One("tickets", func(d rig.Doc) bool { return d.S("id") == tickets[0].S("id") })
	if !list.B("full") || entry.N("code_version") != 1 || entry.N("entitlements.0.inside") != 1 ||
		!list.B("rules."+entry.S("rule")+".reentry") || list.S("gate.precinct") != "garden" {
		t.Fatal(list)
	}
	me := buyer.Get("/me").S("phone_masked")
	if me != "" && bytes.Contains(list.Raw(), []byte(me)) {
		t.Fatal("the list names people")
	}
	gate.Get("/gate/list?since=" + list.S("position"))
	gate.Ask("GET", "/gate/list?since=forged", nil).Refused("gate_list_mark")
}

// uploadAndSettle sends what two gates answered by themselves, twice, and settles what does
// not fit.
func uploadAndSettle(t *testing.T, house *rig.House, venue string, east, west *rig.Person,
	code string,
) {
	t.Helper()
	now := time.Now()
	scan := func(nonce string, ago time.Duration) map[string]any {
		return map[string]any{"device_time": now, "scans": []map[string]any{{"code": code,
			"direction": "entry", "nonce": nonce, "at": now.Add(-ago)}}}
	}
	got := east.Post(200, "/gate/scans", scan("off-1", 2*time.Minute))
	if got.S("items.0.result") != "accepted" {
		t.Fatal(got)
	}
	once := west.Post(200, "/gate/scans", scan("off-2", time.Minute))
	again := west.Post(200, "/gate/scans", scan("off-2", time.Minute))
	if once.S("items.0.result") != "conflict" || once.S("items.0.code") != "still_inside" ||
		again.S("items.0.check_in_id") != once.S("items.0.check_in_id") {
		t.Fatal(once, again)
	}
	path := house.Path + "/venues/" + venue + "/conflicts"
	list := house.Owner.Get(path)
	if len(list.L("items")) != 1 || list.S("items.0.scan.gate") != "西门" ||
		list.S("items.0.against.gate") != "东门" {
		t.Fatal(list)
	}
	id := list.S("items.0.id")
	house.Owner.Post(200, house.Path+"/conflicts/"+id+"/settle", map[string]any{"note": "已核实"})
	if left := house.Owner.Get(path); len(left.L("items")) != 0 {
		t.Fatal(left)
	}
}

// A combined ticket has a counter for each attraction, and its shares go back with it: the
// check at the end sums every movement.
func TestCombinedTicketAndItsShares(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	venue := house.Cinema()
	part := func(code string, weight int) map[string]any {
		return map[string]any{"code": code, "name": code, "weight": weight,
			"precincts": []string{code}}
	}
	bad := house.Owner.Ask("POST", house.Path+"/ticket-types", map[string]any{"kind": "combo",
		"code": "bad", "name": "x", "admission": map[string]any{"reentry": true, "no_exits": true,
			"parts": []any{part("zoo", 1), part("zoo", 0)}}}).Refused("invalid_input")
	if len(bad.L("errors")) < 3 {
		t.Fatalf("not all problems at once: %s", bad)
	}
	session, combo := dayTicket(house, map[string]any{
		"parts": []any{part("zoo", 2), part("sea", 1)}})
	gates := map[string]*rig.Person{}
	for _, code := range []string{"zoo", "sea"} {
		p := house.Owner.Post(201, house.Path+"/venues/"+venue+"/precincts",
			map[string]any{"code": code, "name": code})
		gates[code] = stand(house, venue, code, map[string]any{"precinct_id": p.S("id")})
	}
	buyer := s.Member()
	order := buyer.Buy(rig.Wish(session, combo, buyer.Seats(session).Pick(2, "gold")...))
	tickets := buyer.Tickets(order.S("id"))
	if tickets[0].N("parts.0.share_minor") != 5867 || tickets[0].N("parts.1.share_minor") != 2933 {
		t.Fatalf("88.00 in parts of 2 and 1: %s", tickets[0])
	}
	for _, code := range []string{"zoo", "sea"} {
		if in := gates[code].Scan(tickets[0].S("code"), code).Want(200); in.S("part") != code {
			t.Fatal(in)
		}
		gates[code].Scan(tickets[0].S("code"), code+" again").Refused("still_inside")
	}
	unit := map[string]any{"line": tickets[1].N("line"), "unit": tickets[1].N("unit")}
	back := buyer.Post(201, "/orders/"+order.S("id")+"/refunds",
		map[string]any{"units": []any{unit}}, rig.Key("back")...)
	buyer.Await("/refunds/"+back.S("refund_ids.0"), 30*time.Second, "arrived")
	gates["zoo"].Scan(tickets[1].S("code"), "gone").Refused("refunded")
	s.Finish(session)
}
