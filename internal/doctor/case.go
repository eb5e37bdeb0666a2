package doctor

import (
	"foyer/internal/idgen"
	"foyer/internal/ledger"
	"foyer/internal/money"
)

// claim states and order states as stored; the doctor reads them as strangers' words, so
// that a mistake in a module's own constants cannot hide here.
const (
	held = 1
	sold = 2

	pending = "pending"
	closing = "closing"
	asked   = "requested"
	paid    = "paid"

	live = "live"
)

func (c *Case) name() string { return "order " + idgen.Number(c.Order.ID) }

func (c *Case) check(r *Report) {
	c.places(r)
	c.areas(r)
	c.tickets(r)
	c.admissions(r)
	c.balance(r)
	c.money(r)
	c.refunds(r)
}

// wanted is the state that the order's claims must have; 0 when it must have none.
func (c *Case) wanted() int {
	switch c.Order.State {
	case pending, closing, asked:
		return held
	case paid:
		return sold
	}
	return 0
}

// places compares each place of each unit with the claims, both ways (I1).
func (c *Case) places(r *Report) {
	type key struct {
		session int64
		place   int32
	}
	want := map[key]bool{}
	if c.wanted() != 0 {
		for _, u := range c.Units {
			for _, p := range u.Places {
				if !u.Returned {
					want[key{u.Session, p}] = true
				}
			}
		}
	}
	for _, cl := range c.Claims {
		k := key{cl.Session, cl.Place}
		switch {
		case !want[k]:
			r.Add(I1, c.name(), "place %d is claimed for it, but it is %s and has no such unit",
				cl.Place, c.Order.State)
		case cl.State != c.wanted():
			r.Add(I1, c.name(), "place %d has claim state %d, the order is %s", cl.Place, cl.State,
				c.Order.State)
		}
		delete(want, k)
	}
	for k := range want {
		r.Add(I1, c.name(), "place %d of a unit that it has is not claimed", k.place)
	}
}

// areas compares area units with the area claims, both ways (I8: they are counts).
func (c *Case) areas(r *Report) {
	type key struct {
		session int64
		area    int32
	}
	want := map[key]int{}
	if c.wanted() != 0 {
		for _, u := range c.Units {
			if u.Area != 0 && !u.Returned {
				want[key{u.Session, u.Area}] += u.Taken
			}
		}
	}
	for _, a := range c.Areas {
		k := key{a.Session, a.Area}
		if want[k] != a.N || a.State != c.wanted() {
			r.Add(I8, c.name(), "area %d: %d units claimed in state %d, %d in its lines", a.Area,
				a.N, a.State, want[k])
		}
		delete(want, k)
	}
	for k, n := range want {
		r.Add(I8, c.name(), "area %d: %d units in its lines, none claimed", k.area, n)
	}
}

// tickets compares units with tickets, both ways (I1, I5).
func (c *Case) tickets(r *Report) {
	type key struct{ line, unit int }
	have := map[key]int{}
	for _, t := range c.Tickets {
		if t.State == live {
			have[key{t.Line, t.Unit}]++
		}
		for _, e := range t.Entitlements {
			if e.State != t.State {
				r.Add(I1, c.name(), "ticket of unit %d.%d is %s, its entitlement %s", t.Line,
					t.Unit, t.State, e.State)
			}
		}
		if len(t.Entitlements) == 0 {
			r.Add(I1, c.name(), "ticket of unit %d.%d has no entitlement", t.Line, t.Unit)
		}
	}
	for _, u := range c.Units {
		want := 0
		if c.Order.State == paid && !u.Returned {
			want = 1
		}
		if n := have[key{u.Line, u.Unit}]; n != want {
			r.Add(I1, c.name(), "unit %d.%d has %d live tickets, want %d (order %s)", u.Line,
				u.Unit, n, want, c.Order.State)
		}
		delete(have, key{u.Line, u.Unit})
	}
	for k := range have {
		r.Add(I5, c.name(), "a live ticket for unit %d.%d, which it does not have", k.line, k.unit)
	}
}

// admissions compares what the gates wrote with what the entitlement counts (I6).
func (c *Case) admissions(r *Report) {
	for _, t := range c.Tickets {
		for _, e := range t.Entitlements {
			if e.Used > e.Allowed || e.Counted > e.Allowed {
				r.Add(I6, c.name(), "ticket of unit %d.%d: %d used, %d admissions, %d allowed",
					t.Line, t.Unit, e.Used, e.Counted, e.Allowed)
			}
			if e.Used != e.Counted || e.Inside != e.Here {
				r.Add(I6, c.name(),
					"ticket of unit %d.%d: used %d inside %d, check-ins say %d and %d",
					t.Line, t.Unit, e.Used, e.Inside, e.Counted, e.Here)
			}
		}
	}
}

// balance sums the postings of each command (I2).
func (c *Case) balance(r *Report) {
	sums := map[string]money.Minor{}
	for _, p := range c.Postings {
		sums[p.Position.String()] += p.Amount
	}
	for pos, sum := range sums {
		if sum != 0 {
			r.Add(I2, c.name(), "postings of %s sum to %d", pos, sum)
		}
	}
}

// money compares the ledger with payments, refunds and units, term by term (I3).
func (c *Case) money(r *Report) {
	var captured, arrived, on, liveUnits, fees money.Minor
	for _, p := range c.Payments {
		captured += p.Captured
	}
	for _, f := range c.Refunds {
		if f.State == "arrived" {
			arrived += f.Amount
		} else {
			on += f.Amount
		}
	}
	for _, u := range c.Units {
		if c.Order.State == paid && !u.Returned {
			liveUnits += u.Amount
		}
		fees += u.Fee
	}
	var clearing, sales, kept, payable, toReturn money.Minor
	for _, p := range c.Postings {
		if ledger.Shared(p.Account) {
			continue // divides what was sold; balance has summed it
		}
		switch p.Account {
		case ledger.Sales:
			sales -= p.Amount
		case ledger.FeesKept:
			kept -= p.Amount
		case ledger.RefundPayable:
			payable -= p.Amount
		case ledger.ToReturn:
			toReturn -= p.Amount
		default:
			clearing += p.Amount
		}
	}
	same := func(what string, books, rows money.Minor) {
		if books != rows {
			r.Add(I3, c.name(), "%s: the books say %d, the rows say %d", what, books, rows)
		}
	}
	if c.Order.State == paid {
		same("what it captured (order row, total)", c.Order.Captured, c.Order.Total)
	}
	same("money at the providers", clearing, captured-arrived)
	same("live tickets", sales, liveUnits)
	same("fees kept", kept, fees)
	same("refunds on their way", payable, on)
	if captured != liveUnits+fees+arrived+on+toReturn {
		r.Add(I3, c.name(), "captured %d ≠ live %d + fees %d + refunded %d + pending %d + "+
			"to return %d",
			captured, liveUnits, fees, arrived, on, toReturn)
	}
}

// refunds looks for the cause of each refund (I5).
func (c *Case) refunds(r *Report) {
	var asked, back money.Minor
	perPayment := map[int64]money.Minor{}
	for _, f := range c.Refunds {
		if f.Cause == "request" || f.Cause == "session_cancelled" ||
			f.Cause == "session_moved" || f.Cause == "change" {
			asked += f.Amount
		}
		perPayment[f.Payment] += f.Amount
	}
	for _, u := range c.Units {
		back += u.Back
		switch {
		case u.Unknown:
			r.Add(I5, c.name(), "unit %d.%d went back, which it does not have", u.Line, u.Unit)
		case u.Returned && c.Order.State != paid:
			r.Add(I5, c.name(), "unit %d.%d went back, but it is %s", u.Line, u.Unit, c.Order.State)
		case u.Returned && u.Back+u.Fee+u.Moved != u.Amount:
			r.Add(I3, c.name(), "unit %d.%d cost %d; %d went back, %d was kept and %d pays others",
				u.Line, u.Unit, u.Amount, u.Back, u.Fee, u.Moved)
		}
	}
	if asked != back {
		r.Add(I5, c.name(), "refunds of %d asked for, units of %d went back", asked, back)
	}
	open := 0
	for _, p := range c.Payments {
		if perPayment[p.ID] > p.Captured {
			r.Add(I5, c.name(), "a payment of %d refunds %d", p.Captured, perPayment[p.ID])
		}
		delete(perPayment, p.ID)
		if p.State == "opening" || p.State == "open" || p.State == "unknown" {
			open++
		}
	}
	for id := range perPayment {
		r.Add(I5, c.name(), "a refund over payment %d, which it does not have", id)
	}
	if open != c.Order.Open {
		r.Add(I8, c.name(), "counts %d open payments, has %d", c.Order.Open, open)
	}
	if c.Order.State == paid && c.Order.Refunded != back {
		r.Add(I8, c.name(), "says %d refunded, its units %d", c.Order.Refunded, back)
	}
}
