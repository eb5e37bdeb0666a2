package e2e_test

import (
	"testing"
	"time"

	"foyer/test/rig"
)

// at is the header that asks for another moment.
func at(when time.Time) []string { return []string{"X-Foyer-Time", when.Format(time.RFC3339)} }

// Staff see a session as of another moment: when it sells, what a seat costs then, what a
// refund would bring. Buyers may not, commands never are, and nothing changes by looking.
func TestTimeMachine(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house, buyer := s.House(), s.Member()
	opens := time.Now().Add(24 * time.Hour)
	session := house.Evening(72*time.Hour, map[string]any{"sale_from": opens})
	path, then := "/sessions/"+session, opens.Add(time.Hour)
	if got := buyer.Get(path); got.S("sale_state") != "not_yet" {
		t.Fatal(got)
	}
	seen := house.Owner.Ask("GET", path, nil, at(then)...)
	if got := seen.Want(200); got.S("sale_state") != "open" ||
		seen.Header.Get("Cache-Control") != "no-store" || seen.Header.Get("X-Foyer-Time") == "" {
		t.Fatalf("%v %v", got, seen.Header)
	}
	if got := buyer.Get(path); got.S("sale_state") != "not_yet" {
		t.Fatalf("a look changed it for others: %v", got)
	}
	buyer.Ask("GET", path, nil, at(then)...).Refused("not_allowed")
	s.Stranger().Ask("GET", path, nil, at(then)...).Refused("sign_in_required")
	house.Owner.Ask("GET", path, nil, "X-Foyer-Time", "tomorrow").Refused("view_time_invalid")
	wish := rig.Wish(session, house.Adult, buyer.Seats(session).Pick(1, "gold")...)
	wish["channel"] = "counter"
	if got := house.Owner.Ask("POST", "/quotes", wish, at(then)...).Want(200); got.N(
		"total_minor") != 5200 {
		t.Fatal(got)
	}
	house.Owner.Ask("POST", "/orders", wish, append(at(then), rig.Key("then")...)...).
		Refused("not_at_another_time")
	refundThen(t, house, buyer)
	s.Finish(session)
}

// refundThen looks at what a ticket would bring shortly before the start.
func refundThen(t *testing.T, house *rig.House, buyer *rig.Person) {
	t.Helper()
	session := house.Evening(30*time.Hour, nil)
	order := buyer.Buy(rig.Wish(session, house.Adult, buyer.Seats(session).Pick(1, "gold")...))
	quote := "/orders/" + order.S("id") + "/refund-quote"
	now := house.Owner.Post(200, quote, map[string]any{})
	if now.N("refund_minor") != 5200 {
		t.Fatal(now)
	}
	house.Owner.Ask("POST", quote, map[string]any{}, at(time.Now().Add(30*time.Hour))...).
		Refused("refund_not_allowed")
	buyer.Ask("POST", quote, map[string]any{}, at(time.Now().Add(time.Hour))...).
		Refused("not_allowed")
}
