package e2e_test

import (
	"testing"
	"time"

	"foyer/test/rig"
)

// TestSeason sells a season of four nights at 20 % off to a buyer who takes another seat on
// one of them: a taken seat is refused with its night and the nearest free one, one payment
// buys all nights, one goes back by its own policy, and the house cancels one, whose part
// alone comes back. The money adds up to the fen.
func TestSeason(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	h := s.House()
	strict := h.Owner.Post(201, h.Path+"/refund-policies", map[string]any{"name": "收一成",
		"allowed": true, "ladder": []map[string]any{{"until_minutes_before": 60,
			"fee_basis_points": 1000}}}).S("id")
	room, film, list := h.Room(h.Cinema(), rig.Grid), h.Film(), h.Prices(3333, 2000)
	var nights []string
	for i := range 4 {
		show := rig.Showing{Room: room, Event: film, In: time.Duration(40+24*i) * time.Hour,
			Prices: list, Policy: h.Policy("Cinema ladder")}
		if i == 1 {
			show.Policy = strict
		}
		nights = append(nights, h.Session(show))
	}
	made := h.Owner.Post(201, h.Path+"/seasons", map[string]any{"name": "四夜连看",
		"session_ids": nights, "least_nights": 3, "prices": []map[string]any{
			{"ticket_type_id": h.Adult, "off_basis_points": 2000}}})
	path := "/seasons/" + made.S("id")
	buyer, rival := s.Member(), s.Member()
	buyer.Ask("GET", path, nil).Refused("not_found")
	h.Owner.Post(200, h.Path+path+"/state", map[string]any{"state": "on_sale",
		"revision": made.N("revision")})
	shown := buyer.Get(path)
	if p := shown.One("prices", func(d rig.Doc) bool { return d.S("zone") == "gold" }); len(
		shown.L("nights")) != 4 || p.N("single_minor") != 13332 || p.N("season_minor") != 10666 {
		t.Fatal(shown)
	}
	seats := buyer.Seats(nights[2]).Pick(2, "gold")
	rival.Buy(rig.Wish(nights[2], h.Adult, seats[0]))
	want := func(other ...map[string]any) map[string]any {
		return map[string]any{"seats": []map[string]any{{"place": seats[0],
			"ticket_type_id": h.Adult, "nights": other}}}
	}
	no := buyer.Ask("POST", path+"/orders", want(), rig.Key("taken")...).
		Refused("season_seat_taken")
	night := no.L("details.nights")[0]
	if night.S("session_id") != nights[2] || night.N("place") != int64(seats[0]) ||
		night.N("nearest_place") == 0 || len(no.L("details.nights")) != 1 {
		t.Fatal(no)
	}
	for _, one := range buyer.Get(path + "/seats").L("seats") {
		if one.N("place") == int64(seats[0]) {
			t.Fatal("a seat that is taken on a night is told as free on all")
		}
	}
	wish := want(map[string]any{"session_id": nights[2], "place": night.N("nearest_place")})
	if q := buyer.Post(200, path+"/quotes", wish); q.N("total_minor") != 10666 {
		t.Fatal(q)
	}
	order := buyer.Post(201, path+"/orders", wish, rig.Key("season")...)
	if again := buyer.Post(201, path+"/orders", wish, rig.Key("season")...); again.S("id") !=
		order.S("id") {
		t.Fatal("a repeat made another order")
	}
	if len(order.L("lines")) != 4 || order.S("season.id") != made.S("id") {
		t.Fatal(order)
	}
	at := "/orders/" + order.S("id")
	pay := buyer.OpenPayment(order.S("id"), "all")
	if pay.N("amount_minor") != 10666 {
		t.Fatal(pay)
	}
	buyer.Cashier(pay, "pay").Want(200)
	paid := buyer.Await(at, 10*time.Second, "paid")
	if len(paid.L("sessions")) != 4 || len(live(buyer, order)) != 4 {
		t.Fatal(paid)
	}
	cost, line := map[string]int64{}, map[string]int64{}
	sum := int64(0)
	for _, l := range paid.L("lines") {
		cost[l.S("session_id")], line[l.S("session_id")] = l.N("amount_minor"), l.N("line")
		sum += l.N("amount_minor")
	}
	if sum != 10666 {
		t.Fatal(cost)
	}
	fee := (cost[nights[1]] + 5) / 10
	back := buyer.Post(201, at+"/refunds", map[string]any{"units": []map[string]any{
		{"line": line[nights[1]], "unit": 1}}, "expect_refund_minor": cost[nights[1]] - fee},
		rig.Key("second night")...)
	if back.N("quote.fee_minor") != fee {
		t.Fatal(back)
	}
	session := h.Path + "/sessions/" + nights[2]
	h.Owner.Post(200, session+"/state", map[string]any{"state": "cancelled",
		"revision": h.Owner.Get(session).N("revision")})
	due := cost[nights[1]] - fee + cost[nights[2]]
	s.Until("both nights to come back", 60*time.Second, func() bool {
		got := int64(0)
		for _, r := range h.Owner.Get("/staff" + at + "/payments").L("refunds") {
			if r.S("state") == "arrived" {
				got += r.N("amount_minor")
			}
		}
		return got == due
	})
	if got := buyer.Get(at); got.S("state") != "partly_refunded" || got.N("refunded_minor") !=
		due || len(live(buyer, order)) != 2 {
		t.Fatal(got)
	}
	s.Finish(nights...)
}
