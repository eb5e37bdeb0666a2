package e2e_test

import (
	"strings"
	"testing"
	"time"

	"foyer/test/rig"
)

// smaller is a hall with three rows, all of the dear zone.
const smaller = `hall: 小厅
screen: top 银幕
zone A = 黄金区 #f6bd16 key=gold
row from 1
AAAA.AAAA
AAAA.AAAA
AAAA.AAAA
`

// TestSessionMoves sells six seats in three orders and moves the session to another hall and
// a day later: one buyer accepts, one takes the money for one of two seats back, one says
// nothing and gets the default. Old codes open nothing, new ones do, once it is time.
func TestSessionMoves(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	h := s.House()
	session := h.Evening(2*time.Hour, nil)
	buyers := []*rig.Person{s.Member(), s.Member(), s.Member()}
	var orders []rig.Doc
	var old []rig.Doc
	for i, b := range buyers {
		zone := "gold"
		if i == 1 {
			zone = "standard"
		}
		order := b.Buy(rig.Wish(session, h.Adult, b.Seats(session).Pick(2, zone)...))
		orders, old = append(orders, order), append(old, live(b, order)[0])
	}
	at := h.Path + "/sessions/" + session
	start, err := time.Parse(time.RFC3339, h.Owner.Get(at).S("starts_at"))
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"starts_at": start.Add(24 * time.Hour),
		"hall_id": h.Room(h.Cinema(), smaller).Hall}
	p := h.Owner.Post(200, at+"/move/preview", body)
	if p.N("paid_orders") != 3 || p.N("tickets") != 6 || p.N("buyers") != 3 ||
		p.N("places.none") != 0 || p.N("places.kept")+p.N("places.proposed") != 6 ||
		len(p.L("seats")) != 6 || len(p.L("refund_windows")) != 1 {
		t.Fatal(p)
	}
	body["digest"], body["notice"], body["default"] = "stale", "放映设备故障,敬请谅解", "accept"
	body["deadline"] = time.Now().Add(25 * time.Second)
	h.Owner.Ask("POST", at+"/move", body).Refused("session_move_stale")
	body["digest"] = p.S("digest")
	if m := h.Owner.Post(200, at+"/move", body); m.S("now.hall_id") != body["hall_id"] {
		t.Fatal(m)
	}
	told(s, h, at)
	gate := h.Gate(h.Cinema())
	for i, b := range buyers {
		got := b.Get("/orders/" + orders[i].S("id"))
		m := got.L("moves")[0]
		if m.S("state") != "open" || len(m.L("units")) != 2 ||
			!strings.HasPrefix(got.S("agreed.starts_at"), start.Add(24*time.Hour).UTC().
				Format("2006-01-02T15:04")) {
			t.Fatal(got)
		}
		gate.Scan(old[i].S("code"), "old").Refused("code_replaced")
		gate.Scan(live(b, orders[i])[0].S("code"), "new").Refused("too_early")
	}
	choose(t, s, buyers, orders)
	s.Until("the default to hold", 120*time.Second, func() bool {
		return h.Owner.Get(at+"/move").S("state") == "done"
	})
	if m := h.Owner.Get(at + "/move"); m.N("accepted") != 3 || m.N("open") != 0 {
		t.Fatal(m)
	}
	silent := buyers[2].Get("/orders/" + orders[2].S("id")).L("moves")[0]
	if silent.S("state") != "accepted" || !silent.B("by_default") {
		t.Fatal(silent)
	}
	backToday(s, h, at, gate, buyers[0], orders[0])
	s.Finish(session)
}

// backToday moves the session once more: the code that was good a moment ago is void, the next
// one opens the gate.
func backToday(s *rig.Server, h *rig.House, at string, gate, buyer *rig.Person, order rig.Doc) {
	soon := map[string]any{"starts_at": time.Now().Add(40 * time.Minute)}
	soon["digest"] = h.Owner.Post(200, at+"/move/preview", soon).S("digest")
	soon["notice"], soon["default"] = "设备已修复", "refund"
	soon["deadline"] = time.Now().Add(30 * time.Minute)
	last := live(buyer, order)[0].S("code")
	h.Owner.Post(200, at+"/move", soon)
	told(s, h, at)
	gate.Scan(last, "last").Refused("code_replaced")
	gate.Scan(live(buyer, order)[0].S("code"), "now").Want(200)
}

// told waits until every buyer was told of a move.
func told(s *rig.Server, h *rig.House, at string) {
	s.Until("everybody to be told", 60*time.Second, func() bool {
		return h.Owner.Get(at+"/move").S("state") == "open"
	})
}

// choose has the first buyer accept and the second take the money for one seat back.
func choose(t *testing.T, s *rig.Server, buyers []*rig.Person, orders []rig.Doc) {
	t.Helper()
	at := func(i int) string { return "/orders/" + orders[i].S("id") }
	found := false
	for _, m := range buyers[0].Ask("GET", s.URL+"/dev/inbox.json", nil).Want(200).L("items") {
		found = found || strings.Contains(m.String(), orders[0].S("id"))
	}
	if !found {
		t.Fatal("the buyer was not told where to choose")
	}
	got := buyers[0].Post(200, at(0)+"/move/accept", map[string]any{})
	if got.L("moves")[0].S("state") != "accepted" || len(got.L("moves")[0].L("choices")) != 0 {
		t.Fatal(got)
	}
	buyers[0].Ask("POST", at(0)+"/move/refund", map[string]any{}, rig.Key("late")...).
		Refused("move_decided")
	one := map[string]any{"units": []map[string]int{{"line": 1, "unit": 2}}}
	back := buyers[1].Post(201, at(1)+"/move/refund", one, rig.Key("one")...)
	if back.N("quote.refund_minor") != 4500 || back.N("quote.fee_minor") != 0 {
		t.Fatal(back)
	}
	again := buyers[1].Post(201, at(1)+"/move/refund", one, rig.Key("one")...)
	if again.S("refund_ids.0") != back.S("refund_ids.0") {
		t.Fatal("a repeat gave back again")
	}
	buyers[1].Await("/refunds/"+back.S("refund_ids.0"), 40*time.Second, "arrived")
}
