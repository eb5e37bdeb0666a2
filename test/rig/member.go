package rig

import (
	"encoding/base64"
	"regexp"
	"strings"
	"time"
)

var sixDigits = regexp.MustCompile(`\d{6}`)

// Member signs a new member in with the code that comes to the inbox.
func (s *Server) Member() *Person {
	s.T.Helper()
	p := s.Stranger()
	p.SignIn()
	return p
}

// SignIn asks for a code, reads it in the development inbox and signs in.
func (p *Person) SignIn() {
	p.S.T.Helper()
	sent := p.Post(200, "/auth/codes", map[string]string{"phone": p.Phone})
	text := p.Ask("GET", p.S.URL+"/dev/inbox.json", nil).Want(200).One("items", func(d Doc) bool {
		return d.S("to") == "+86"+p.Phone
	}).S("text")
	in := p.Post(200, "/auth/sign-in", map[string]string{"phone": p.Phone,
		"code": sixDigits.FindString(text), "challenge": sent.S("challenge")})
	p.Token = in.S("token")
}

// Seats is what a seat plan shows: the places in the map's order and their states.
type Seats struct {
	Places []int32
	Zones  []string
	States []byte // 0 free, 1 held, 2 sold, 3 closed
	Free   int64
	Stamp  string
	Doc    Doc
}

// Seats reads the states of a session and the geometry of its map.
func (p *Person) Seats(session string) Seats {
	p.S.T.Helper()
	doc := p.Get("/sessions/" + session + "/seats")
	geo := p.Get("/seat-maps/" + doc.S("seat_map_id"))
	raw, err := base64.StdEncoding.DecodeString(doc.S("states"))
	if err != nil {
		p.S.T.Fatal(err)
	}
	out := Seats{Free: doc.N("free"), Stamp: doc.S("stamp"), Doc: doc}
	place := int32(0)
	for i := range int(doc.N("seats")) {
		out.States = append(out.States, raw[i/4]>>(2*(i%4))&3)
		place += int32(geo.N("seats.place." + itoa(i)))
		out.Places = append(out.Places, place)
	}
	runs := geo.L("seats.zone")
	for i := 0; i+1 < len(runs); i += 2 {
		zone := geo.S("zones." + itoa(int(runs[i].N(""))) + ".key")
		for range runs[i+1].N("") {
			out.Zones = append(out.Zones, zone)
		}
	}
	return out
}

// Of is the state of a place.
func (s Seats) Of(place int32) byte {
	for i, p := range s.Places {
		if p == place {
			return s.States[i]
		}
	}
	return 255
}

// Pick is n free places of a zone ("" for any), from the front.
func (s Seats) Pick(n int, zone string) []int32 {
	var out []int32
	for i, p := range s.Places {
		if len(out) < n && s.States[i] == 0 && (zone == "" || s.Zones[i] == zone) {
			out = append(out, p)
		}
	}
	return out
}

// Wish is the body of an order for places with one ticket type.
func Wish(session, ticketType string, places ...int32) map[string]any {
	return map[string]any{"session_id": session, "lines": []map[string]any{
		{"ticket_type_id": ticketType, "places": places}}}
}

// Order places an order under a key, and it must succeed.
func (p *Person) Order(key string, wish map[string]any) Doc {
	p.S.T.Helper()
	return p.Post(201, "/orders", wish, Key(key)...)
}

// OpenPayment opens a payment of an order at the sandbox bank.
func (p *Person) OpenPayment(order, key string) Doc {
	p.S.T.Helper()
	return p.Post(201, "/orders/"+order+"/payments", map[string]string{"channel": "sandbox"},
		Key(key)...)
}

// Cashier presses a button of the bank's page: pay or refuse.
func (p *Person) Cashier(payment Doc, button string) Answer {
	return p.Ask("POST", payment.S("redirect_url")+"/"+button, []byte("{}"))
}

// Await polls an object until its state is one of those named, and gives it.
func (p *Person) Await(path string, most time.Duration, states ...string) Doc {
	p.S.T.Helper()
	var last Doc
	p.S.Until(path+" to be "+strings.Join(states, " or "), most, func() bool {
		a := p.Ask("GET", path, nil)
		if a.Status != 200 {
			return false
		}
		last = a.Doc()
		for _, s := range states {
			if last.S("state") == s {
				return true
			}
		}
		return false
	})
	return last
}

// Buy takes places to paid: order, payment, the bank's page, the notice.
func (p *Person) Buy(wish map[string]any) Doc {
	p.S.T.Helper()
	p.bought++
	order := p.Order("buy-"+itoa(p.bought), wish)
	pay := p.OpenPayment(order.S("id"), "pay-"+itoa(p.bought))
	p.Cashier(pay, "pay").Want(200)
	return p.Await("/orders/"+order.S("id"), 10*time.Second, "paid")
}

// Tickets are the tickets of an order.
func (p *Person) Tickets(order string) []Doc {
	p.S.T.Helper()
	return p.Get("/orders/" + order + "/tickets").L("items")
}

// Gate makes a device at a venue and enrols it.
func (h *House) Gate(venue string) *Person {
	h.Owner.S.T.Helper()
	made := h.Owner.Post(201, h.Path+"/venues/"+venue+"/devices", map[string]string{
		"name": "检票机"})
	gate := h.Owner.S.Stranger()
	in := gate.Post(201, "/gate/enrol", map[string]string{"code": made.S("code"), "name": "东门"})
	gate.Token = in.S("token")
	return gate
}

// Scan shows a code to the gate.
func (p *Person) Scan(code, nonce string) Answer {
	return p.Ask("POST", "/gate/check-ins", map[string]string{"code": code, "direction": "entry",
		"nonce": nonce})
}
