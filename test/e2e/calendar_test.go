package e2e_test

import (
	"strings"
	"testing"
	"time"

	"foyer/test/rig"
)

// Places kept for an agency cannot be bought online, until they fall back by themselves.
func TestAllotmentFallsBack(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	session := house.Evening(3*time.Hour, nil)
	guest, buyer := s.Stranger(), s.Member()
	places := guest.Seats(session).Pick(2, "gold")
	path := house.Path + "/sessions/" + session + "/allotments"
	kept := house.Owner.Post(201, path, map[string]any{"channel": "agency", "places": places,
		"reason": "旅行社", "falls_back_at": time.Now().Add(4 * time.Second)})
	if state := guest.Seats(session).Of(places[0]); state != 3 {
		t.Fatalf("a kept seat is %d to the public", state)
	}
	wish := rig.Wish(session, house.Adult, places...)
	buyer.Ask("POST", "/orders", wish, rig.Key("early")...).Refused("place_taken")
	s.Until("the allotment falls back", 30*time.Second, func() bool {
		return guest.Seats(session).Of(places[0]) == 0
	})
	if order := buyer.Buy(wish); order.S("state") != "paid" {
		t.Fatalf("after falling back: %s", order)
	}
	ended := house.Owner.Get(path).One("items", func(d rig.Doc) bool {
		return d.S("id") == kept.S("id")
	})
	if !ended.Has("released_at") {
		t.Fatalf("the allotment goes on: %s", ended)
	}
	s.Finish(session)
}

// A museum imports a holiday, looks at its month, makes the slots of a day from a template
// and has them on sale; a member who asked for it is told when another session opens.
func TestMuseumMonth(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house, guest := s.House(), s.Stranger()
	from := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	card := guest.Get("/sessions?kind=exhibition&limit=100&from="+from).One("items",
		func(d rig.Doc) bool { return d.S("sale_state") == "open" })
	slot := house.Owner.Get(house.Path + "/sessions/" + card.S("id"))
	zone, err := time.LoadLocation(card.S("time_zone"))
	if err != nil {
		t.Fatal(err)
	}
	day := time.Now().In(zone).AddDate(0, 0, 75)
	date := day.Format(time.DateOnly)
	house.Owner.Post(201, house.Path+"/holiday-lists", map[string]any{"year": day.Year(),
		"source": "国务院办公厅通知", "days": []map[string]any{{"from": date, "kind": "holiday",
			"name": "国庆节", "name_en": "National Day"}}})
	month := func() rig.Doc {
		return guest.Get("/venues/"+card.S("venue_id")+"/calendar?month="+date[:7]).One("days",
			func(d rig.Doc) bool { return d.S("date") == date })
	}
	if is := month(); is.S("day_kind") != "holiday" || is.S("holiday") != "国庆节" ||
		is.N("sessions") != 0 {
		t.Fatalf("the holiday is %s", is)
	}
	rule := map[string]any{"hall_id": slot.S("hall_id"), "event_id": slot.S("event_id"),
		"price_list_id": slot.S("price_list_id"), "refund_policy_id": slot.S("refund_policy_id"),
		"from": date, "until": date, "every_minutes": 60, "length_minutes": 60,
		"first": "10:00", "last": "12:00", "on_sale": true, "dry_run": true}
	dry := house.Owner.Post(200, house.Path+"/slots", rule)
	if dry.N("made") == 0 || dry.N("conflicts") != 0 || dry.L("slots")[0].Has("session_id") {
		t.Fatalf("a dry run: %s", dry)
	}
	rule["dry_run"] = false
	made := house.Owner.Post(200, house.Path+"/slots", rule)
	house.Owner.Ask("POST", house.Path+"/slots", rule).Refused("slot_conflict")
	s.Until("the month shows the slots", 20*time.Second, func() bool {
		is := month()
		return is.N("sessions") == dry.N("made") && is.N("free") > 0 &&
			is.N("free") == is.N("capacity")
	})
	first := made.L("slots")[0].S("session_id")
	reminded(t, s, house)
	s.Finish(first)
}

// reminded lets a member register for a session that opens in a moment.
func reminded(t *testing.T, s *rig.Server, house *rig.House) {
	t.Helper()
	soon := house.Evening(5*time.Hour, map[string]any{
		"sale_from": time.Now().Add(3 * time.Second)})
	member := s.Member()
	alert := member.Post(201, "/sessions/"+soon+"/alerts", nil)
	if alert.S("kind") != "on_sale" {
		t.Fatalf("registered: %s", alert)
	}
	s.Until("the member is told", 30*time.Second, func() bool {
		for _, m := range member.Ask("GET", s.URL+"/dev/inbox.json", nil).Want(200).L("items") {
			if strings.Contains(m.String(), soon) {
				return true
			}
		}
		return false
	})
	told := member.Get("/alerts").One("items", func(d rig.Doc) bool {
		return d.S("id") == alert.S("id")
	})
	if !told.Has("told_at") {
		t.Fatalf("told, but %s", told)
	}
}
