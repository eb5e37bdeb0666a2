package load

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

// scene is where a job's requests go and what they are.
type scene struct {
	addr, bank string
	do         step
}

func (g *generator) scene(name string) (scene, error) {
	switch name {
	case "noop":
		return scene{addr: g.Noop, do: g.noop}, nil
	case "place":
		return scene{addr: g.API, do: g.place}, nil
	case "refuse":
		return scene{addr: g.API, do: g.refuse}, nil
	case "seatmap":
		return scene{addr: g.API, do: g.seatmap}, nil
	case "seatmap_304":
		return scene{addr: g.API, do: g.seatmap304}, nil
	case "browse":
		return scene{addr: g.API, do: g.browse}, nil
	case "purchase":
		return scene{g.API, g.Bank, g.purchase}, nil
	case "checkin":
		return scene{addr: g.API, do: g.checkin}, nil
	}
	return scene{}, fmt.Errorf("load: there is no scene %q", name)
}

// spread makes the members of one session's orders differ: it is prime and divides no
// sensible number of members.
const spread = 7919

// want is one order of two seats: nobody else has the seats, and no member orders twice in
// one session.
type want struct {
	session *Session
	token   string
	a, b    int32
}

// pair hands out the next two free seats. It walks over all sessions before it returns to
// one, so that the load is spread over the halls.
func (g *generator) pair() (want, error) {
	i := atomic.AddInt64(&g.pairs, 1) - 1
	n := int64(len(g.Sessions))
	s := &g.Sessions[i%n]
	round := i / n
	if round >= int64(s.pairsOf()) {
		return want{}, errDrained
	}
	member := (round*spread + i%n) % int64(len(g.Members))
	return want{s, g.Members[member], s.Free[2*round], s.Free[2*round+1]}, nil
}

// key is a header line with an idempotency key that was never used before.
func (g *generator) key() string {
	return "Idempotency-Key: " + g.run + "-" +
		fmt.Sprintf("%019d", atomic.AddInt64(&g.calls, 1))
}

// orderBody writes the body of an order into the worker's buffer.
func (g *generator) orderBody(w *worker, session string, places ...int32) []byte {
	b := append(w.body[:0], `{"session_id":"`...)
	b = append(b, session...)
	b = append(b, `","lines":[{"ticket_type_id":"`...)
	b = append(b, g.TicketType...)
	b = append(b, `","places":[`...)
	for i, p := range places {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(p), 10)
	}
	w.body = append(b, `]}]}`...)
	return w.body
}

const ordersPath = "/api/v1/orders"

// noop sends what place sends, to the floor. The seats are not handed out by it.
func (g *generator) noop(w *worker, i int64) error {
	s := &g.Sessions[i%int64(len(g.Sessions))]
	body := g.orderBody(w, s.ID, s.Free[0], s.Free[1])
	w.buf = Request(w.buf[:0], "POST", "/noop", g.Noop, g.Members[i%int64(len(g.Members))],
		[]string{g.key()}, body)
	return w.expect(200, nil)
}

func (g *generator) place(w *worker, _ int64) error {
	p, err := g.pair()
	if err != nil {
		return err
	}
	_, err = g.order(w, p)
	return err
}

// order places an order and keeps its id among the acknowledged ones.
func (g *generator) order(w *worker, p want) (string, error) {
	body := g.orderBody(w, p.session.ID, p.a, p.b)
	w.buf = Request(w.buf[:0], "POST", ordersPath, g.API, p.token, []string{g.key()}, body)
	var id string
	err := w.expect(201, func(a Answer) error {
		found, ok := field(a.Body, "id")
		if !ok {
			return errors.New("an order without id")
		}
		id = string(found)
		w.acked = append(w.acked, id)
		return nil
	})
	return id, err
}

// refuse asks for two seats that others have, in one session of each hall.
func (g *generator) refuse(w *worker, i int64) error {
	s := &g.Sessions[i%int64(g.Halls)]
	k := int(i/int64(g.Halls)) % (len(s.Taken) / 2)
	body := g.orderBody(w, s.ID, s.Taken[2*k], s.Taken[2*k+1])
	w.buf = Request(w.buf[:0], "POST", ordersPath, g.API, g.Members[i%int64(len(g.Members))],
		[]string{g.key()}, body)
	return w.expect(409, func(a Answer) error {
		if code, _ := field(a.Body, "code"); string(code) != "place_taken" {
			return fmt.Errorf("refused with %q", code)
		}
		return nil
	})
}

func (g *generator) browse(w *worker, i int64) error {
	w.buf = Request(w.buf[:0], "GET", g.Browse[i%int64(len(g.Browse))], g.API, "", nil, nil)
	return w.expect(200, func(a Answer) error {
		if len(a.Body) < pageBytes {
			return fmt.Errorf("a page of %d bytes", len(a.Body))
		}
		return nil
	})
}

// pageBytes is the least size of a page of 20 full cards.
const pageBytes = 8 << 10

// checkin scans a ticket that was not scanned yet, at the gate that it came to.
func (g *generator) checkin(w *worker, _ int64) error {
	gate := &g.Gates[w.number%len(g.Gates)]
	i := gate.next.Add(1) - 1
	if i >= int64(len(gate.Codes)) {
		return errDrained
	}
	b := append(w.body[:0], `{"code":"`...)
	b = append(b, gate.Codes[i]...)
	b = append(b, `","direction":"entry","n":1,"nonce":"`...)
	b = append(b, g.run...)
	b = strconv.AppendInt(append(b, '-'), i, 10)
	w.body = append(b, `"}`...)
	w.buf = Request(w.buf[:0], "POST", "/api/v1/gate/check-ins", g.API, gate.Token, nil, w.body)
	return w.expect(200, nil)
}

// change claims a seat of the big session, or gives back the one claimed before.
func (g *generator) change(w *worker, held *string) error {
	token := g.Members[w.number]
	if *held != "" {
		w.buf = Request(w.buf[:0], "POST", ordersPath+"/"+*held+"/cancel", g.API, token, nil, nil)
		*held = ""
		return w.expect(200, nil)
	}
	body := g.orderBody(w, g.Big.ID, g.Big.Free[w.number])
	w.buf = Request(w.buf[:0], "POST", ordersPath, g.API, token, []string{g.key()}, body)
	return w.expect(201, func(a Answer) error {
		id, ok := field(a.Body, "id")
		if !ok {
			return errors.New("an order without id")
		}
		*held = string(id)
		return nil
	})
}

// purchase is the whole way from seats to a ticket: order, payment, the bank's cashier, and
// asking for the tickets until the bank's notice has made them.
func (g *generator) purchase(w *worker, _ int64) error {
	p, err := g.pair()
	if err != nil {
		return err
	}
	id, err := g.order(w, p)
	if err != nil {
		return err
	}
	cashier, err := g.openPayment(w, p.token, id)
	if err != nil {
		return err
	}
	w.buf = Request(w.buf[:0], "POST", cashier+"/pay", g.Bank, "", nil, []byte("{}"))
	a, err := w.bank.Do(w.buf)
	if err != nil {
		return err
	}
	if a.Status != 200 {
		return fmt.Errorf("the bank answered %d", a.Status)
	}
	return g.awaitTickets(w, p.token, id)
}

// openPayment opens a payment and gives the path of the bank's cashier.
func (g *generator) openPayment(w *worker, token, order string) (string, error) {
	w.body = append(append(append(w.body[:0], `{"channel":"`...), g.Channel...), `"}`...)
	w.buf = Request(w.buf[:0], "POST", ordersPath+"/"+order+"/payments", g.API, token,
		[]string{g.key()}, w.body)
	var path string
	err := w.expect(201, func(a Answer) error {
		link, _ := field(a.Body, "redirect_url")
		i := bytes.Index(link, []byte("/cashier/"))
		if i < 0 {
			return fmt.Errorf("a payment without a cashier: %.80q", a.Body)
		}
		path = string(link[i:])
		return nil
	})
	return path, err
}

// ticketWait is how long a buyer's page waits for its tickets, asking anew when the server
// has kept it waiting for waitSeconds in vain.
const (
	ticketWait  = 20 * time.Second
	waitSeconds = 10
)

func (g *generator) awaitTickets(w *worker, token, order string) error {
	start := w.clk.Now()
	path := ordersPath + "/" + order + "/tickets?wait=" + strconv.Itoa(waitSeconds)
	for w.clk.Now().Sub(start) < ticketWait {
		w.buf = Request(w.buf[:0], "GET", path, g.API, token, nil, nil)
		found := false
		err := w.expect(200, func(a Answer) error {
			found = bytes.Contains(a.Body, []byte(`"tck_`))
			return nil
		})
		if found || err != nil {
			return err
		}
	}
	return errors.New("no ticket in time")
}

// expect sends the worker's buffer and refuses every other status than the one expected.
func (w *worker) expect(status int, check func(Answer) error) error {
	a, err := w.conn.Do(w.buf)
	if err != nil {
		return err
	}
	w.bytes += int64(a.Wire)
	if a.Status != status {
		code, _ := field(a.Body, "code")
		return fmt.Errorf("status %d %s", a.Status, code)
	}
	if check == nil {
		return nil
	}
	return check(a)
}

// field is the value of the first string member of a name; the answers that it is used on
// have what is looked for first, and no escapes in it.
func field(body []byte, name string) ([]byte, bool) {
	key := append(append([]byte{'"'}, name...), `":"`...)
	i := bytes.Index(body, key)
	if i < 0 {
		return nil, false
	}
	rest := body[i+len(key):]
	j := bytes.IndexByte(rest, '"')
	if j < 0 {
		return nil, false
	}
	return rest[:j], true
}
