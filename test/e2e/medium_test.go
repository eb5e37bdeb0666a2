package e2e_test

import (
	"testing"

	"foyer/test/rig"
)

// TestWristbandAtTheGate: a ticket is exchanged for a wristband at the gate. The code on the
// buyer's phone, old or new, no longer enters; the wristband does, and is replaced when it
// is lost and freed when it comes back.
func TestWristbandAtTheGate(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	h := s.House()
	session, day := dayTicket(h, map[string]any{"reentry": true})
	gate := h.Gate(h.Owner.Get(h.Path + "/sessions/" + session).S("venue_id"))
	buyer := s.Member()
	order := buyer.Buy(rig.Wish(session, day, buyer.Seats(session).Pick(1, "gold")...))
	code := func() string { return buyer.Tickets(order.S("id"))[0].S("code") }
	band := func(medium, direction, nonce string) rig.Answer {
		return gate.Ask("POST", "/gate/check-ins", map[string]any{"medium": medium,
			"direction": direction, "nonce": nonce})
	}
	paper := code()
	gate.Post(200, "/gate/media", map[string]any{"medium": "nfc:04a1b2c3d4", "code": paper})
	gate.Scan(paper, "paper").Refused("ticket_exchanged")
	gate.Scan(code(), "phone").Refused("ticket_exchanged")
	band("nfc:04A1B2C3D4", "entry", "in").Want(200)
	band("nfc:04A1B2C3D4", "entry", "twice").Refused("still_inside")
	band("nfc:04A1B2C3D4", "exit", "out").Want(200)
	ticket := buyer.Tickets(order.S("id"))[0].S("id")
	h.Owner.Post(200, "/gate/media", map[string]any{"medium": "bar:CARD-0001",
		"ticket_id": ticket, "replace": true})
	band("nfc:04A1B2C3D4", "entry", "lost").Refused("medium_unknown")
	band("bar:CARD-0001", "entry", "again").Want(200)
	if list := gate.Get("/gate/list"); list.S("media_key") == "" || list.One("tickets",
		func(d rig.Doc) bool { return d.S("id") == ticket }).S("medium") == "" {
		t.Fatal("the list does not know the card")
	}
	band("bar:CARD-0001", "exit", "home").Want(200)
	free := h.Owner.Post(200, "/gate/media/unbind", map[string]any{"medium": "bar:CARD-0001"})
	if free.S("state") != "free" {
		t.Fatal(free)
	}
	gate.Scan(code(), "code").Want(200)
	s.Finish(session)
}
