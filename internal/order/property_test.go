package order

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/money"
	"foyer/internal/offer"
	"foyer/internal/ticket"
)

// orders is how many random orders TestMoneyOfRandomOrders makes; FOYER_PROPERTY_ORDERS
// names another number, 10,000,000 before a release.
const orders = 200_000

// Random orders with tiers, discounts, groups with one code, combined tickets, partial
// refunds and changes, each against exact arithmetic: they sum to the fen, nothing is
// negative, and never more goes back than was paid.
func TestMoneyOfRandomOrders(t *testing.T) {
	t.Parallel()
	n := orders
	if v := os.Getenv("FOYER_PROPERTY_ORDERS"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil {
			t.Fatal(err)
		}
	} else if testing.Short() {
		n = orders / 10
	}
	began, workers := time.Now(), runtime.GOMAXPROCS(0)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := w; i < n && !t.Failed(); i += workers {
				if err := newGamble(uint64(i)).play(); err != nil {
					t.Errorf("order %d: %v", i, err)
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d orders in %v", n, time.Since(began).Round(time.Millisecond))
}

// gamble is one random order; its seed is its number, so that a failure comes back.
type gamble struct {
	r *rand.Rand
	s *catalog.Sellable
	o *Order

	uses map[Used]int64 // what the units that are left use up
	till till
	base *Agreed         // the policy of the order
	own  map[int]lineNow // policies of lines that came by a change
}

func newGamble(seed uint64) *gamble {
	g := &gamble{r: rand.New(rand.NewPCG(seed, 7))}
	g.s = &catalog.Sellable{Venue: &catalog.Venue{VenueInfo: catalog.VenueInfo{
		TimeZone: "Asia/Shanghai"}}}
	g.s.StartsAt = time.Unix(1_800_000_000, 0)
	for id := range int64(4) {
		info := catalog.TicketTypeInfo{Code: strconv.Itoa(int(id)), PlacesPerUnit: 1}
		info.OneTicket = id == 3
		g.s.TicketTypes = append(g.s.TicketTypes, &catalog.TicketType{
			Meta: catalog.Meta{ID: id + 1}, TicketTypeInfo: info})
	}
	for i := range g.r.IntN(4) {
		g.s.Offers = append(g.s.Offers, &catalog.Offer{Meta: catalog.Meta{ID: int64(i + 1)},
			OfferInfo: catalog.OfferInfo{Rule: g.rule(int64(i + 1))}})
	}
	if g.r.IntN(3) == 0 {
		g.s.Releases = map[int64]*catalog.Release{1: {Meta: catalog.Meta{ID: 1},
			ReleaseInfo: catalog.ReleaseInfo{Ladder: offer.Ladder{Tiers: []offer.Tier{
				{Key: 1, Quantity: 1 + g.r.IntN(3), Change: offer.Percent,
					Value: money.Minor(g.r.IntN(10_001))},
				{Key: 2, Change: offer.Add, Value: -money.Minor(g.r.IntN(3000))}}}}}}
	}
	return g
}

func (g *gamble) rule(id int64) offer.Rule {
	r := offer.Rule{ID: id, Name: "r", Kind: offer.Kinds()[g.r.IntN(4)], Size: 1 + g.r.IntN(4),
		Percent: 1 + g.r.IntN(10_000), Combinable: g.r.IntN(4) == 0, MostPerOrder: g.r.IntN(3)}
	r.Reduced = 1 + g.r.IntN(r.Size)
	if g.r.IntN(2) == 0 {
		r.Percent, r.Off = 0, money.Minor(1+g.r.IntN(9000))
	}
	if g.r.IntN(3) == 0 {
		r.Most = int64(1 + g.r.IntN(3))
	}
	if g.r.IntN(3) == 0 {
		r.Budget = money.Minor(1 + g.r.IntN(30_000))
	}
	if r.Kind == offer.Combo {
		r.Percent, r.Off, r.Price = 0, 0, money.Minor(g.r.IntN(20_000))
		r.Needs = []offer.Need{{Types: []int64{1}, Count: 1 + g.r.IntN(2)},
			{Types: []int64{1, 2}, Count: 1}}
	}
	return r
}

// lines are one to nine units of up to four types, most of them at a price that is hard to
// divide.
func (g *gamble) lines() []Line {
	var lines []Line
	place := int32(0)
	for id := range int64(4) {
		n := g.r.IntN(4)
		if id == 0 {
			n++
		}
		if n == 0 {
			continue
		}
		price := money.Minor(g.r.IntN(20_000))
		l := Line{Number: len(lines) + 1, TicketType: id + 1, Zone: "A"}
		for range n {
			place++
			l.Units = append(l.Units, Unit{Price: price, Amount: price, Places: []int32{place},
				People: 1})
		}
		lines = append(lines, l)
	}
	return lines
}

func (g *gamble) play() error {
	lines := g.lines()
	list := sum(lines, func(u *Unit) money.Minor { return u.Price })
	d := &deal{s: g.s, now: time.Unix(1_700_000_000, 0), channel: ChannelH5, keys: &unlocked{},
		used: map[Used]int64{}}
	lines, total, terms, err := d.apply(lines)
	if err != nil {
		return err
	}
	g.o = &Order{ID: 1, State: Paid, Lines: lines, Total: total, Captured: total, Terms: terms}
	if err := g.sums(list); err != nil {
		return err
	}
	if err := g.bounds(); err != nil {
		return err
	}
	if err := g.shares(); err != nil {
		return err
	}
	return g.live()
}

// sum adds one figure of all units exactly.
func sum(lines []Line, figure func(*Unit) money.Minor) *big.Int {
	total := new(big.Int)
	for i := range lines {
		for k := range lines[i].Units {
			total.Add(total, big.NewInt(int64(figure(&lines[i].Units[k]))))
		}
	}
	return total
}

// sums checks the split: price less discount is the amount, unit by unit and in all, and
// the parts of the rules are the discount.
func (g *gamble) sums(list *big.Int) error {
	o := g.o
	amount := sum(o.Lines, func(u *Unit) money.Minor { return u.Amount })
	price := sum(o.Lines, func(u *Unit) money.Minor { return u.Price })
	off := sum(o.Lines, func(u *Unit) money.Minor { return u.Discount })
	if amount.Cmp(big.NewInt(int64(o.Total))) != 0 {
		return fmt.Errorf("units cost %v, the order %d", amount, o.Total)
	}
	if new(big.Int).Sub(price, off).Cmp(amount) != 0 {
		return fmt.Errorf("%v less %v is not %v", price, off, amount)
	}
	if g.s.Releases == nil && price.Cmp(list) != 0 {
		return fmt.Errorf("prices were %v and are %v", list, price)
	}
	for _, l := range o.Lines {
		line := money.Minor(0)
		for i, u := range l.Units {
			parts := money.Minor(0)
			for _, p := range u.Parts {
				parts += p.Off
			}
			if u.Amount < 0 || u.Discount < 0 || u.Price-u.Discount != u.Amount ||
				parts != u.Discount {
				return fmt.Errorf("unit %d.%d: %d − %d = %d by %v", l.Number, i+1, u.Price,
					u.Discount, u.Amount, u.Parts)
			}
			line += u.Amount
		}
		if line != l.Amount {
			return fmt.Errorf("line %d: %d, its units %d", l.Number, l.Amount, line)
		}
	}
	return nil
}

// shares checks what the attractions of a combined ticket earn: the parts of each unit's
// amount sum to it, and each is within one of its exact part.
func (g *gamble) shares() error {
	adm := &catalog.Admission{}
	weights := int64(0)
	for range 2 + g.r.IntN(3) {
		w := 1 + g.r.IntN(50)
		adm.Parts, weights = append(adm.Parts, catalog.AdmissionPart{Weight: w}), weights+int64(w)
	}
	for i := range g.o.Lines[0].Units {
		u := &g.o.Lines[0].Units[i]
		total, off, exact := new(big.Int), new(big.Int), new(big.Int)
		for n, share := range ticket.Shares(adm, u.Amount) {
			total.Add(total, exact.SetInt64(int64(share)))
			off.Mul(exact, off.SetInt64(weights))
			exact.SetInt64(int64(u.Amount)).Mul(exact, big.NewInt(int64(adm.Parts[n].Weight)))
			if share < 0 || off.Sub(off, exact).CmpAbs(exact.SetInt64(weights)) >= 0 {
				return fmt.Errorf("part %d of %d earns %d by %+v", n, u.Amount, share, adm.Parts)
			}
		}
		if total.Cmp(exact.SetInt64(int64(u.Amount))) != 0 {
			return fmt.Errorf("parts earn %v of %d", total, u.Amount)
		}
	}
	return nil
}

// bounds checks that no rule went over its number, its budget or its bound for an order.
func (g *gamble) bounds() error {
	for k, n := range g.o.Uses() {
		if most := bound(g.s, k); most > 0 && n > most {
			return fmt.Errorf("%+v: used %d of %d", k, n, most)
		}
	}
	return nil
}

// give takes the units' uses from what is used, as a refund does.
func (g *gamble) give(q Quote, uses map[Used]int64) {
	going := map[*Unit]bool{}
	for _, qu := range q.Units {
		going[g.o.Unit(qu.Line, qu.UnitRef.Unit)] = true
	}
	for k, n := range g.o.usesOf(func(u *Unit) bool { return going[u] },
		func(u *Unit) bool { return u.Returned }) {
		uses[k] -= n
	}
	for u := range going {
		u.Returned = true
	}
}
