package e2e_test

import (
	"testing"
	"time"

	"foyer/test/rig"
)

// TestRulesOfEntryOfASession: the same ticket type lets people in once everywhere, and out
// and in again where its session says so.
func TestRulesOfEntryOfASession(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	h := s.House()
	venue := h.Cinema()
	show := func(more map[string]any) string {
		return h.Session(rig.Showing{Room: h.Room(venue, rig.Grid), Event: h.Film(),
			In: 40 * time.Minute, Prices: h.Prices(5200, 4500),
			Policy: h.Policy("Cinema ladder"), More: more})
	}
	usual := show(nil)
	open := show(map[string]any{"entry": map[string]any{"reentry": true, "early_minutes": 45}})
	gate := h.Gate(venue)
	buyer := s.Member()
	goes := func(session, name string) rig.Answer {
		o := buyer.Buy(rig.Wish(session, h.Adult, buyer.Seats(session).Pick(1, "gold")...))
		code := buyer.Tickets(o.S("id"))[0].S("code")
		gate.Scan(code, name+" in").Want(200)
		exit(gate, code, name+" out").Want(200)
		return gate.Scan(code, name+" again")
	}
	goes(usual, "usual").Refused("already_used")
	if back := goes(open, "open").Want(200); back.N("returned") != 1 || back.N("used") != 1 {
		t.Fatal(back)
	}
	s.Finish(usual, open)
}
