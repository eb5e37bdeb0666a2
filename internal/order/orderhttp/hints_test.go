package orderhttp_test

import (
	"fmt"
	"testing"

	"foyer/internal/order/ordertest"
)

// TestHintsBesideAPick: a price says what is free beside the places, also of a pick in two
// parts; the best for two come with the couple pair; an order that names its places, and
// one that is read later, say nothing.
func TestHintsBesideAPick(t *testing.T) {
	t.Parallel()
	w := ordertest.Open(t)
	d := open(t, w)
	w.Place(t, ordertest.Member(9), ordertest.Seats(w.Types.Adult, 3))
	quote := d.Ask("", "POST", "/api/v1/quotes", d.wish(5, 6, 20)).JSON(200)
	want := "[map[left:1 places:[5 6] right:4] map[left:9 places:[20] right:0]]"
	if got := fmt.Sprint(quote["beside"]); got != want || quote["suggestions"] != nil {
		t.Errorf("beside is %s, want %s; suggestions %v", got, want, quote["suggestions"])
	}
	named := d.Ask("me", "POST", "/api/v1/orders", d.wish(5, 6), "Idempotency-Key", "a").JSON(201)
	if _, told := named["beside"]; told {
		t.Errorf("an order that names its places says %v", named["beside"])
	}
	best := map[string]any{"session_id": d.id("ses", w.Session.ID), "best": map[string]any{},
		"lines": []any{map[string]any{"ticket_type_id": d.id("tty", w.Types.Adult),
			"quantity": 2}}}
	placed := d.Ask("other", "POST", "/api/v1/orders", best, "Idempotency-Key", "b").JSON(201)
	pair := fmt.Sprintf("[map[kind:couple places:[%d %d]]]", ordertest.PairLeft,
		ordertest.PairRight)
	if got := fmt.Sprint(placed["suggestions"]); got != pair {
		t.Errorf("suggested %s, want %s", got, pair)
	}
	if beside, _ := placed["beside"].([]any); len(beside) != 1 {
		t.Errorf("beside is %v", placed["beside"])
	}
	read := d.Ask("other", "GET", "/api/v1/orders/"+placed["id"].(string), nil).JSON(200)
	if read["beside"] != nil || read["suggestions"] != nil {
		t.Errorf("read later it says %v %v", read["beside"], read["suggestions"])
	}
}
