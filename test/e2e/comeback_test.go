package e2e_test

import (
	"testing"
	"time"

	"foyer/test/rig"
)

// What a buyer gives back of a session in demand waits: his friend cannot take it in the
// same second, staff see it wait, and it is on sale by the end of the window; or at once
// when the house says so.
func TestReturnedSeatsComeBackLater(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	quick := house.Evening(3*time.Hour, map[string]any{
		"returns": map[string]any{"within_seconds": 4}})
	slow := house.Evening(5*time.Hour, map[string]any{
		"returns": map[string]any{"within_seconds": 86400, "at_once_minutes": 30}})
	for _, session := range []string{quick, slow} {
		buyer, friend := s.Member(), s.Member()
		places := buyer.Seats(session).Pick(2, "gold")
		wish := rig.Wish(session, house.Adult, places...)
		order := buyer.Buy(wish)
		buyer.Post(201, "/orders/"+order.S("id")+"/refunds", map[string]any{},
			rig.Key("back")...)
		path := house.Path + "/sessions/" + session + "/returns"
		if session == slow {
			friend.Ask("POST", "/orders", wish, rig.Key("handed")...).Refused("place_taken")
			waits := house.Owner.Get(path).L("items")
			if len(waits) != 1 || len(waits[0].List("places")) != 2 {
				t.Fatalf("what waits: %v", waits)
			}
			if n := house.Owner.Post(200, path+"/release", nil).N("released"); n != 1 {
				t.Fatalf("%d were released", n)
			}
		}
		s.Until("the places are on sale again", 30*time.Second, func() bool {
			return friend.Seats(session).Of(places[0]) == 0
		})
		if got := friend.Buy(wish); got.S("state") != "paid" {
			t.Fatalf("bought after they came back: %s", got)
		}
		if left := house.Owner.Get(path).L("items"); len(left) != 0 {
			t.Fatalf("waits still: %v", left)
		}
	}
	s.Finish(quick, slow)
}

// A block ends by itself at its time; blocks are found by their reason and by a place, and
// ended together.
func TestBlocksEnd(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house, guest := s.House(), s.Stranger()
	session := house.Evening(3*time.Hour, nil)
	path := house.Path + "/sessions/" + session + "/blocks"
	gold := guest.Seats(session).Pick(4, "gold")
	block := func(reason string, until any, places ...int32) rig.Doc {
		body := map[string]any{"reason": reason, "places": places}
		if until != nil {
			body["releases_at"] = until
		}
		return house.Owner.Post(201, path, body)
	}
	timed := block("摄像机位", time.Now().Add(3*time.Second), gold[0])
	first, second := block("工作票 A", nil, gold[1]), block("工作票 B", nil, gold[2])
	block("留座", nil, gold[3])
	house.Owner.Ask("POST", path, map[string]any{"reason": "昨天", "places": gold[:1],
		"releases_at": time.Now().Add(-time.Hour)}).Refused("release_past")
	found := house.Owner.Get(path + "?standing=true&reason=" + "%E5%B7%A5%E4%BD%9C").L("items")
	if len(found) != 2 || found[0].S("id") != second.S("id") || found[1].S("id") != first.S("id") {
		t.Fatalf("by a part of the reason: %v", found)
	}
	s.Until("the block ends by itself", 30*time.Second, func() bool {
		return guest.Seats(session).Of(gold[0]) == 0
	})
	house.Owner.Get(path).One("items", func(d rig.Doc) bool {
		return d.S("id") == timed.S("id") && d.Has("released_at")
	})
	house.Owner.Ask("POST", path+"/release", map[string]any{}).Want(422)
	ended := house.Owner.Post(200, path+"/release", map[string]any{"reason": "工作票"})
	if len(ended.L("items")) != 2 {
		t.Fatalf("ended together: %s", ended)
	}
	now := guest.Seats(session)
	if now.Of(gold[1]) != 0 || now.Of(gold[2]) != 0 || now.Of(gold[3]) == 0 {
		t.Fatal("other places than asked for are on sale")
	}
	s.Finish(session)
}
