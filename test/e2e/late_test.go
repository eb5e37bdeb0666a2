package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"foyer/test/rig"
)

// late is a house whose power was cut for a while: what was sold by hand is entered after.
type late struct {
	*rig.Server
	house   *rig.House
	second  *rig.Person
	session string
	path    string
	buyer   *rig.Person
}

func powerCut(t *testing.T) *late {
	t.Helper()
	l := &late{Server: rig.Demo(t)}
	l.house = l.House()
	l.second = manager(l.Server, l.house)
	l.session = l.house.Evening(30*time.Minute, nil) // its gates are open
	l.path = l.house.Path + "/late-sheets"
	l.buyer = l.Member()
	return l
}

// stub is a sale of the last minutes.
func (l *late) stub(amount int64, paper string, places ...int32) map[string]any {
	return map[string]any{"session_id": l.session, "amount_minor": amount, "means": "cash",
		"sold_at": time.Now().Add(-3 * time.Minute), "papers": []string{paper},
		"lines": []map[string]any{{"ticket_type_id": l.house.Adult, "places": places}}}
}

func (l *late) write(key string, entries ...map[string]any) rig.Answer {
	return l.house.Owner.Ask("POST", l.path, map[string]any{"entries": entries}, rig.Key(key)...)
}

func (l *late) agree(sheet rig.Doc) rig.Answer {
	return l.second.Ask("POST", l.house.Path+"/approvals/"+sheet.S("approval_id")+"/agree",
		map[string]any{})
}

// Tickets that were sold on paper are entered by one and agreed to by another: they are
// orders then, with tickets, money of the till and people inside; the same stub is entered
// once. A refund of them is handed back by a person.
func TestLateEntry(t *testing.T) {
	t.Parallel()
	l := powerCut(t)
	places := l.buyer.Seats(l.session).Pick(4, "gold")
	inside := l.stub(10400, "No.0001", places[:2]...)
	inside["entered_at"] = time.Now().Add(-time.Minute)
	cheap := l.stub(5000, "No.0002", places[2]) // of another day: it can still be refunded
	cheap["session_id"] = l.house.Evening(30*time.Hour, nil)
	l.write("no reason", inside, cheap).Refused("late_entries")
	cheap["reason"] = "老顾客抹零"
	sheet := l.write("once", inside, cheap).Want(201)
	if again := l.write("once", inside, cheap).Want(201); again.S("id") != sheet.S("id") {
		t.Fatalf("a repeat: %v", again)
	}
	l.write("twice", l.stub(5200, "no.0002", places[3])).Refused("late_paper_used")
	if now := l.buyer.Seats(l.session); now.Of(places[0]) != now.Of(places[3]) {
		t.Fatal("what nobody agreed to took a place")
	}
	l.agree(sheet).Want(200)
	booked := l.house.Owner.Get(l.path + "/" + sheet.S("id"))
	if booked.S("state") != "booked" || booked.N("total_minor") != 15400 {
		t.Fatal(booked)
	}
	first, second := booked.S("entries.0.order_id"), booked.S("entries.1.order_id")
	if n := l.house.Owner.Get("/gate/tickets?venue_id=" + l.house.Cinema() + "&number=" +
		l.numberOf(first)).L("items"); len(n) != 2 {
		t.Fatal("staff do not find the tickets")
	}
	l.house.Owner.Ask("POST", "/orders/"+first+"/refunds", map[string]any{},
		rig.Key("used")...).Refused("ticket_used")
	l.handBack(second, 5000)
	l.books(first)
	l.Finish(l.session)
}

func (l *late) numberOf(order string) string {
	return l.house.Owner.Get("/orders/" + order).S("number")
}

// handBack refunds an order that was paid in cash: a person gives the money and says so.
func (l *late) handBack(order string, paid int64) {
	t := l.T
	t.Helper()
	l.house.Owner.Ask("POST", "/orders/"+order+"/refunds", map[string]any{},
		rig.Key("back")...).Want(201)
	var refund rig.Doc
	l.Until("the refund to wait for a person", 20*time.Second, func() bool {
		list := l.house.Owner.Get("/staff/orders/" + order + "/payments").L("refunds")
		if len(list) == 1 {
			refund = list[0]
		}
		return len(list) == 1 && refund.S("state") == "abnormal"
	})
	if refund.N("amount_minor") <= 0 || refund.N("amount_minor") > paid {
		t.Fatal(refund)
	}
	done := l.house.Owner.Post(200, "/staff/refunds/"+refund.S("id")+"/handed-back", nil)
	if done.S("state") != "arrived" {
		t.Fatal(done)
	}
}

// books looks at what the bookkeeper and the journal say of an order.
func (l *late) books(order string) {
	t := l.T
	t.Helper()
	list := l.house.Owner.Get(l.house.Path + "/late-sales")
	sale := list.One("items", func(d rig.Doc) bool { return d.S("order_id") == order })
	if sale.S("asked_by_id") == sale.S("agreed_by_id") || sale.S("business_day") == "" ||
		sale.L("papers") == nil && !sale.Has("papers.0") || sale.N("list_minor") != 10400 {
		t.Fatal(sale)
	}
	if sum := list.L("sums"); len(sum) != 1 || sum[0].N("amount_minor") != 15400 ||
		sum[0].S("means") != "cash" {
		t.Fatalf("the sums: %v", sum)
	}
	l.Until("the journal to be indexed", 20*time.Second, func() bool {
		rows := l.house.Owner.Get(l.house.Path + "/journal?object=" + order).L("items")
		for _, r := range rows {
			if r.S("action") == "order.entered_late" {
				return strings.Contains(r.String(), sale.S("agreed_by_id"))
			}
		}
		return false
	})
}

// A place that a buyer took meanwhile is named with its order, and the sheet stays: it is
// corrected and booked. Sheets come as JSON lines too, with all their problems told at once.
func TestLateEntryMeetsABuyer(t *testing.T) {
	t.Parallel()
	l := powerCut(t)
	places := l.buyer.Seats(l.session).Pick(3, "gold")
	sheet := l.write("a", l.stub(5200, "P-1", places[0])).Want(201)
	order := l.buyer.Buy(rig.Wish(l.session, l.house.Adult, places[0]))
	l.agree(sheet).Refused("approval_stale")
	stays := l.house.Owner.Get(l.path + "/" + sheet.S("id"))
	taken := stays.L("taken")
	if stays.S("state") != "waiting" || len(taken) != 1 ||
		taken[0].N("place") != int64(places[0]) || taken[0].S("order_number") != order.S("number") {
		t.Fatal(stays)
	}
	l.write("b", l.stub(5200, "P-2", places[0])).Refused("late_place_taken")
	fixed := l.house.Owner.Ask("PUT", l.path+"/"+sheet.S("id")+"?revision="+
		l.revision(stays), map[string]any{"entries": []map[string]any{
		l.stub(5200, "P-1", places[1])}}).Want(200)
	l.agree(fixed).Want(200)
	l.lines(places[2], places[1])
	l.Finish(l.session)
}

func (l *late) revision(d rig.Doc) string {
	raw, err := json.Marshal(d.N("revision"))
	if err != nil {
		l.T.Fatal(err)
	}
	return string(raw)
}

// lines sends JSON lines: two that are wrong, named at once, and then one that is right.
func (l *late) lines(free, sold int32) {
	t := l.T
	t.Helper()
	line := func(e map[string]any) string {
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw) + "\n"
	}
	old, shells := l.stub(5200, "P-3", free), l.stub(5200, "P-4", sold)
	old["sold_at"] = time.Now().AddDate(0, -2, 0)
	shells["means"] = "shells"
	send := func(key, body string) rig.Answer {
		return l.house.Owner.Ask("POST", l.path, []byte(body), "Content-Type",
			"application/x-ndjson", "Idempotency-Key", key)
	}
	no := send("lines-1", line(old)+line(shells))
	no.Refused("late_entries")
	for _, field := range []string{"entries[0].sold_at", "entries[1].means"} {
		if !strings.Contains(string(no.Raw), field) {
			t.Errorf("%s is not named: %s", field, no.Raw)
		}
	}
	sheet := send("lines-2", line(l.stub(5200, "P-3", free))).Want(201)
	l.second.Post(200, l.house.Path+"/approvals/"+sheet.S("approval_id")+"/refuse",
		map[string]any{"reason": "没有票根"})
	if got := l.house.Owner.Get(l.path + "/" + sheet.S("id")); got.S("state") != "refused" {
		t.Fatal(got)
	}
}
