package e2e_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"foyer/test/rig"
)

// A museum sells quantities of a time slot, not seats.
func TestTimeSlot(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	guest := s.Stranger()
	from := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	slot := guest.Get("/sessions?kind=exhibition&limit=100&from="+from).One("items",
		func(d rig.Doc) bool { return d.N("price_from_minor") > 0 && d.S("sale_state") == "open" })
	id := slot.S("id")
	full := guest.Get("/sessions/" + id)
	before := guest.Get("/sessions/" + id + "/seats")
	area := before.N("areas.0.area")
	price := full.L("prices")[0]
	wish := func(n int) map[string]any {
		return map[string]any{"session_id": id, "lines": []map[string]any{{
			"ticket_type_id": price.S("ticket_type_id"), "area": area, "quantity": n}}}
	}
	buyer := s.Member()
	quote := guest.Post(200, "/quotes", wish(3))
	order := buyer.Buy(wish(3))
	if order.N("total_minor") != quote.N("total_minor") ||
		order.N("total_minor") != 3*price.N("amount_minor") {
		t.Fatalf("quoted %s, ordered %s", quote, order)
	}
	after := guest.Get("/sessions/" + id + "/seats")
	if after.N("areas.0.free") != before.N("areas.0.free")-3 {
		t.Fatalf("before %s, after %s", before, after)
	}
	if got := len(buyer.Tickets(order.S("id"))); got != 3 {
		t.Fatalf("%d tickets", got)
	}
	buyer.Ask("POST", "/orders", wish(90), rig.Key("many")...).Refused("order_too_large")
	s.Finish(id)
}

// A theatre chooses three seats side by side, again and again, and never the same ones.
func TestBestAvailable(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	guest := s.Stranger()
	from := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	show := guest.Get("/sessions?kind=play&limit=100&from="+from).One("items",
		func(d rig.Doc) bool { return d.S("sale_state") == "open" })
	id := show.S("id")
	seats := guest.Seats(id)
	geo := guest.Get("/seat-maps/" + seats.Doc.S("seat_map_id"))
	adult := guest.Get("/sessions/"+id).One("ticket_types", func(d rig.Doc) bool {
		return d.S("kind") == "adult"
	}).S("id")
	taken := map[int32]bool{}
	for range 4 {
		buyer := s.Member()
		wish := map[string]any{"session_id": id, "best": map[string]any{},
			"lines": []map[string]any{{"ticket_type_id": adult, "quantity": 3}}}
		if quote := guest.Post(200, "/quotes", wish); len(quote.L("beside")) != 1 ||
			len(quote.L("beside.0.places")) != 3 {
			t.Fatalf("nothing is said of the seats beside the three: %s", quote)
		}
		order := buyer.Buy(wish)
		places := placesOf(order)
		together(t, seats, geo, places)
		for _, p := range places {
			if taken[p] {
				t.Fatalf("place %d was chosen twice", p)
			}
			taken[p] = true
		}
	}
	s.Member().Ask("POST", "/orders", map[string]any{"session_id": id,
		"best": map[string]any{"max_price_minor": 1}, "lines": []map[string]any{
			{"ticket_type_id": adult, "quantity": 1}}}, rig.Key("cheap")...).Refused("no_match")
	s.Finish(id)
}

func placesOf(order rig.Doc) []int32 {
	var out []int32
	for _, l := range order.L("lines") {
		for _, u := range l.L("units") {
			for _, p := range u.L("places") {
				out = append(out, int32(p.N("")))
			}
		}
	}
	return out
}

// together fails unless the places are neighbours in one row.
func together(t *testing.T, seats rig.Seats, geo rig.Doc, places []int32) {
	t.Helper()
	var at []int
	for _, p := range places {
		at = append(at, slices.Index(seats.Places, p))
	}
	slices.Sort(at)
	if len(at) != 3 || at[0] < 0 || at[2]-at[0] != 2 {
		t.Fatalf("places %v are the seats %v: not side by side", places, at)
	}
	from := 0
	for _, row := range geo.L("rows") {
		n := int(row.N("seats"))
		if at[0] >= from && at[0] < from+n && at[2] >= from+n {
			t.Fatalf("seats %v cross the end of row %s", at, row.S("label"))
		}
		from += n
	}
}

// What others do to the seats is seen at once by those who watch.
func TestSeatStream(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	house := s.House()
	session := house.Evening(3*time.Hour, nil)
	guest := s.Stranger()
	seats := guest.Seats(session)
	req, err := guest.Request("GET", "/sessions/"+session+"/seats/stream", nil,
		"Last-Event-ID", seats.Stamp, "Accept", "text/event-stream")
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Transport: s.HTTP.Transport}).Do(req.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	changes := make(chan [2]int, 100)
	go readStream(res, changes)

	buyer := s.Member()
	place := seats.Pick(1, "standard")[0]
	index := slices.Index(seats.Places, place)
	tell := func(state int) {
		t.Helper()
		select {
		case got := <-changes:
			if got != [2]int{index, state} {
				t.Fatalf("seat %d is %d, want seat %d to be %d", got[0], got[1], index, state)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("the stream does not tell that seat %d is %d", index, state)
		}
	}
	order := buyer.Order("watched", rig.Wish(session, house.Adult, place))
	tell(1)
	buyer.Cashier(buyer.OpenPayment(order.S("id"), "pay"), "pay").Want(200)
	tell(2)
	res.Body.Close()
	s.Finish(session)
}

// readStream sends each change of a seat that a stream tells.
func readStream(res *http.Response, changes chan<- [2]int) {
	lines := bufio.NewScanner(res.Body)
	name := ""
	for lines.Scan() {
		if event, ok := strings.CutPrefix(lines.Text(), "event:"); ok {
			name = strings.TrimSpace(event)
		}
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok || name != "seats" {
			continue
		}
		var body struct{ Seats []int }
		if json.Unmarshal([]byte(data), &body) != nil {
			continue
		}
		for i := 0; i+1 < len(body.Seats); i += 2 {
			changes <- [2]int{body.Seats[i], body.Seats[i+1]}
		}
	}
}
