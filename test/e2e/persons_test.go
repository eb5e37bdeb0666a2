package e2e_test

import (
	"strings"
	"testing"
	"time"

	"foyer/test/rig"
)

// changeable is a policy that lets tickets be changed until an hour before.
func changeable(house *rig.House) string {
	return house.Owner.Post(201, house.Path+"/refund-policies", map[string]any{"name": "实名可改签",
		"allowed": true, "ladder": []map[string]any{{"until_minutes_before": 60,
			"fee_basis_points": 1000}}, "change": map[string]any{"max_per_unit": 3,
			"ladder": []map[string]any{{"until_minutes_before": 60,
				"fee_basis_points": 0}}}}).S("id")
}

// A ticket with a name is changed for another evening: the name goes along, at once or when
// the difference is paid, and the document counts where its person goes.
func TestNamesMoveWithAChange(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	policy, film := changeable(house), house.Film()
	show := func(gold int64) string {
		return house.Session(rig.Showing{Room: house.Room(house.Cinema(), rig.Grid), Event: film,
			In: 30 * time.Hour, Prices: house.Prices(gold, gold-700), Policy: policy,
			More: map[string]any{"real_name": map[string]any{"mode": "every",
				"max_per_document": 1, "max_per_document_event": 1}}})
	}
	monday, tuesday := show(5200), show(6800)
	father := idCard(t, "19600101", 7)
	wish := func(session string, place int32) map[string]any {
		w := rig.Wish(session, house.Adult, place)
		w["lines"].([]map[string]any)[0]["visitors"] = people{person("王建国", father)}
		return w
	}
	me, other := s.Member(), s.Member()
	seats := me.Seats(monday).Pick(2, "gold")
	order := me.Buy(wish(monday, seats[0]))
	path := "/orders/" + order.S("id")
	better := me.Seats(tuesday).Pick(2, "gold")
	move := map[string]any{"session_id": tuesday, "units": []map[string]int{{"line": 1, "unit": 1}},
		"lines": []map[string]any{{"ticket_type_id": house.Adult, "places": better[:1]}}}
	masked(t, me.Post(200, path+"/change-quote", move), father)
	move["lines"].([]map[string]any)[0]["visitors"] = people{person("李四",
		idCard(t, "19900101", 8))}
	me.Ask("POST", path+"/changes", move, rig.Key("resold")...).Refused("visitor_named")
	delete(move["lines"].([]map[string]any)[0], "visitors")
	me.Post(201, path+"/changes", move, rig.Key("change")...)
	other.Ask("POST", "/orders", wish(tuesday, better[1]), rig.Key("1")...).
		Refused("document_limit")
	me.Cashier(me.OpenPayment(order.S("id"), "difference"), "pay").Want(200)
	s.Until("the change to be done", 20*time.Second, func() bool {
		return me.Get(path + "/changes").L("items")[0].S("state") == "done"
	})
	now := me.Get(path)
	masked(t, now, father)
	unmasked(t, house, me, now, father)
	for _, line := range now.L("lines") {
		named := strings.Contains(line.String(), "document_number")
		if named != (line.S("session_id") == tuesday) {
			t.Fatalf("the name is at the wrong ticket: %s", now)
		}
	}
	other.Ask("POST", "/orders", wish(monday, seats[1]), rig.Key("2")...).
		Refused("document_event_limit")
	me.Post(201, path+"/refunds", map[string]any{}, rig.Key("back")...)
	other.Buy(wish(monday, seats[1]))
	s.Finish(monday, tuesday)
}

// unmasked has staff look at the person who enters with the order's second line.
func unmasked(t *testing.T, house *rig.House, buyer *rig.Person, order rig.Doc, number string) {
	t.Helper()
	path := "/staff/orders/" + order.S("id") + "/visitors/unmask"
	ask := map[string]any{"line": 2, "unit": 1, "person": 1, "reason": "核对入场人身份"}
	full := house.Owner.Post(200, path, ask)
	if full.S("document_number") != number || full.S("name") != "王建国" ||
		full.S("erased_after") == "" {
		t.Fatal(full)
	}
	buyer.Ask("POST", path, ask).Refused("not_allowed")
	ask["line"] = 1 // nobody any more
	house.Owner.Ask("POST", path, ask).Refused("visitor_not_kept")
	ask["reason"] = "x"
	house.Owner.Ask("POST", path, ask).Refused("invalid_input")
	house.Owner.S.Until("the look to be found in the journal", 10*time.Second, func() bool {
		found := house.Owner.Get(house.Path + "/journal?object=" + order.S("id"))
		return strings.Contains(found.String(), "visitor.unmasked")
	})
}
