package e2e_test

import (
	"bytes"
	"fmt"
	"image/png"
	"slices"
	"testing"
	"time"

	"foyer/internal/ticket/qr"
	"foyer/test/rig"
)

// One purchase from the programme to the turnstile and back, as a buyer, a gate and another
// buyer see it.
func TestPurchase(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	session := house.Evening(40*time.Minute, nil)
	guest := s.Stranger()
	browse(guest, house.Film(), session)
	seats := guest.Seats(session)
	pick := seats.Pick(2, "gold")
	guest.Ask("POST", "/orders", rig.Wish(session, house.Adult, pick...),
		"Idempotency-Key", "early").Refused("sign_in_required")

	buyer := s.Member()
	wish := rig.Wish(session, house.Adult, pick...)
	order := buyer.Order("first", wish)
	if order.S("state") != "pending" || order.N("total_minor") != 10400 {
		t.Fatal(order)
	}
	if again := buyer.Order("first", wish); again.String() != order.String() {
		t.Fatalf("the repeated key answered %s, not %s", again, order)
	}
	if got := guest.Seats(session); got.Of(pick[0]) != 1 || got.Free != seats.Free-2 {
		t.Fatal("the seats are not shown as held")
	}
	payment := buyer.OpenPayment(order.S("id"), "pay")
	buyer.Cashier(payment, "pay").Want(200)
	buyer.Await("/orders/"+order.S("id"), 10*time.Second, "paid")
	tickets := buyer.Tickets(order.S("id"))
	if len(tickets) != 2 {
		t.Fatalf("%d tickets", len(tickets))
	}
	for _, ticket := range tickets {
		drawn(t, buyer, ticket)
	}
	enter(t, house, tickets[0])
	giveBack(t, s, session, order, tickets, buyer)
	s.Finish(session)
}

// browse finds the event in the list and the session in the event's programme.
func browse(guest *rig.Person, event, session string) {
	guest.Get("/events?kind=film&limit=50").One("items", func(d rig.Doc) bool {
		return d.S("id") == event
	})
	guest.Get("/events/" + event)
	guest.Ask("GET", "/sessions?event="+event, nil).Refused("invalid_input") // misspelt
	guest.Get("/sessions?event_id="+event+"&limit=100").One("items", func(d rig.Doc) bool {
		return d.S("id") == session && d.S("sale_state") == "open"
	})
}

// drawn checks that the pictures of a ticket show the very text of its code.
func drawn(t *testing.T, buyer *rig.Person, ticket rig.Doc) {
	t.Helper()
	symbol, err := qr.New(ticket.S("code"))
	if err != nil {
		t.Fatal(err)
	}
	path := "/tickets/" + ticket.S("id")
	svg := buyer.Ask("GET", path+"/qr.svg", nil)
	if svg.Status != 200 || !bytes.Equal(svg.Raw, symbol.SVG()) {
		t.Errorf("the drawing of %s is not that of its code", ticket.S("number"))
	}
	picture := buyer.Ask("GET", path+"/qr.png", nil)
	img, err := png.Decode(bytes.NewReader(picture.Raw))
	if err != nil {
		t.Fatal(err)
	}
	want, err := symbol.PNG(img.Bounds().Dx())
	if err != nil || !bytes.Equal(want, picture.Raw) {
		t.Errorf("the picture of %s is not that of its code: %v", ticket.S("number"), err)
	}
	other, err := qr.New(ticket.S("code") + "A")
	if err != nil || bytes.Equal(svg.Raw, other.SVG()) {
		t.Error("any text draws the same")
	}
}

// enter goes in with a ticket, and not twice.
func enter(t *testing.T, house *rig.House, ticket rig.Doc) {
	t.Helper()
	gate := house.Gate(house.Cinema())
	in := gate.Scan(ticket.S("code"), "scan-1").Want(200)
	if in.N("admitted") != 1 || in.S("label") != ticket.S("label") {
		t.Fatal(in)
	}
	if again := gate.Scan(ticket.S("code"), "scan-1").Want(200); again.S("check_in_id") !=
		in.S("check_in_id") {
		t.Fatal("the repeated scan was counted anew")
	}
	no := gate.Scan(ticket.S("code"), "scan-2").Refused("already_used")
	if no.S("details.first.at") == "" || no.S("details.first.gate") == "" &&
		no.S("details.first.device") == "" {
		t.Fatalf("does not say when and where: %s", no)
	}
}

// giveBack refunds the ticket that was not used; its seat goes to somebody else.
func giveBack(t *testing.T, s *rig.Server, session string, order rig.Doc, tickets []rig.Doc,
	buyer *rig.Person,
) {
	t.Helper()
	path := "/orders/" + order.S("id")
	unit := map[string]any{"line": tickets[1].N("line"), "unit": tickets[1].N("unit")}
	used := map[string]any{"line": tickets[0].N("line"), "unit": tickets[0].N("unit")}
	quote := buyer.Post(200, path+"/refund-quote", map[string]any{"units": []any{unit}})
	if quote.N("refund_minor") != 4160 || quote.N("fee_minor") != 1040 {
		t.Fatalf("40 minutes before the start 20 %% are kept: %s", quote)
	}
	buyer.Ask("POST", path+"/refunds", map[string]any{"units": []any{used}},
		rig.Key("back-0")...).Refused("ticket_used")
	buyer.Ask("POST", path+"/refunds", map[string]any{"units": []any{unit},
		"expect_refund_minor": 5200}, rig.Key("back-1")...).Refused("refund_quote_changed")
	back := buyer.Post(201, path+"/refunds", map[string]any{"units": []any{unit},
		"expect_refund_minor": 4160}, rig.Key("back-2")...)
	place := placeOf(order, tickets[1])
	if buyer.Seats(session).Of(place) != 0 {
		t.Fatal("the seat is not free again")
	}
	other := s.Member()
	taken := other.Buy(rig.Wish(session, s.House().Adult, place))
	if taken.N("captured_minor") != 5200 {
		t.Fatal(taken)
	}
	refund := "/refunds/" + back.S("refund_ids.0")
	if got := buyer.Await(refund, 30*time.Second, "arrived"); got.N("amount_minor") != 4160 {
		t.Fatal(got)
	}
	if got := buyer.Get(path); got.S("state") != "partly_refunded" {
		t.Fatal(got)
	}
	gate := s.House().Gate(s.House().Cinema())
	gate.Scan(tickets[1].S("code"), "scan-3").Refused("refunded")
}

func placeOf(order, ticket rig.Doc) int32 {
	unit := order.L(fmt.Sprintf("lines.%d.units", ticket.N("line")-1))[ticket.N("unit")-1]
	return int32(unit.N("places.0"))
}

// Two members want the same seat at the same moment: one has it, the other is told so.
func TestRace(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	session := house.Evening(3*time.Hour, nil)
	members := make([]*rig.Person, 6)
	for i := range members {
		members[i] = s.Member()
	}
	for round := range 5 {
		place := members[0].Seats(session).Pick(1, "")
		answers := make(chan rig.Answer, len(members))
		for i, m := range members {
			go func() {
				answers <- m.Ask("POST", "/orders", rig.Wish(session, house.Adult, place...),
					rig.Key(fmt.Sprintf("race-%d-%d", round, i))...)
			}()
		}
		var won []rig.Doc
		for range members {
			if a := <-answers; a.Status == 201 || a.Status == 200 {
				won = append(won, a.Doc())
			} else if !slices.Contains([]string{"place_taken"}, a.Doc().S("code")) {
				t.Fatalf("%d %s", a.Status, a.Raw)
			}
		}
		if len(won) != 1 {
			t.Fatalf("%d members have the seat", len(won))
		}
		for _, m := range members { // the winner frees nothing: his order stays
			if a := m.Ask("GET", "/orders/"+won[0].S("id"), nil); a.Status == 200 {
				m.Post(200, "/orders/"+won[0].S("id")+"/cancel", nil)
			}
		}
		members[0].Buy(rig.Wish(session, house.Adult, place...))
	}
	s.Finish(session)
}
