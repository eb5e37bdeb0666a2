package e2e_test

import (
	"testing"
	"time"

	"foyer/test/rig"
)

// A hold ends by itself: the seat is free for others, and the buyer is told why.
func TestHoldExpires(t *testing.T) {
	t.Parallel()
	s := unpaid(t, map[string]any{"hold_seconds": 60}, "--order-min-seconds-to-pay", "5")
	got := s.buyer.Await(s.path, 75*time.Second, "expired")
	if got.S("ended_by") != "time" || s.buyer.Seats(s.session).Of(s.place) != 0 {
		t.Fatal(got)
	}
	s.buyer.Ask("POST", s.path+"/payments", map[string]string{"channel": "sandbox"},
		rig.Key("late")...).Refused("order_not_pending")
	s.Member().Buy(rig.Wish(s.session, s.house.Adult, s.place))
	s.Finish(s.session)
}
