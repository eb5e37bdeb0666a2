package order

import (
	"fmt"
	"math/big"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/payment"
	"foyer/internal/ticket"
)

// till is what payments brought and what of it went back or was kept, exactly.
type till struct {
	paid       []payment.Refundable // the newest first, with what of each may still go back
	back, kept *big.Int
}

func (t *till) take(amount money.Minor) {
	if amount > 0 {
		t.paid = append([]payment.Refundable{{Payment: int64(len(t.paid) + 1), Left: amount}},
			t.paid...)
	}
}

// send spreads an amount over the payments: all of it, and of none more than is left.
func (t *till) send(amount money.Minor) error {
	parts, missing := spread(amount, t.paid)
	sent := new(big.Int)
	for _, p := range parts {
		i := len(t.paid) - int(p.Payment) // they are numbered from the oldest
		if t.paid[i].Left -= p.Left; p.Left <= 0 || t.paid[i].Left < 0 {
			return fmt.Errorf("%d goes back by payment %d, which then has %d", p.Left,
				p.Payment, t.paid[i].Left)
		}
		sent.Add(sent, big.NewInt(int64(p.Left)))
	}
	if missing != 0 || sent.Cmp(big.NewInt(int64(amount))) != 0 {
		return fmt.Errorf("%v went back of %d, %d is missing", sent, amount, missing)
	}
	t.back.Add(t.back, sent)
	return nil
}

// mostChanges bounds the changes of one random order; each may bring new units.
const mostChanges = 3

// live changes units for others and gives units back, in random pieces at random rungs,
// until nothing is left. All uses are then given back too.
func (g *gamble) live() error {
	g.uses, g.own = g.o.Uses(), map[int]lineNow{}
	g.till = till{back: new(big.Int), kept: new(big.Int)}
	g.till.take(g.o.Captured)
	g.base = &Agreed{Starts: time.Unix(1_000_000, 0),
		Policy: catalog.RefundPolicyInfo{Allowed: true}}
	changes := 0
	for left := remaining(g.o); len(left) > 0; left = remaining(g.o) {
		g.r.Shuffle(len(left), func(i, k int) { left[i], left[k] = left[k], left[i] })
		some := left[:1+g.r.IntN(len(left))]
		step := g.refund
		if changes < mostChanges && g.r.IntN(3) == 0 {
			changes, step = changes+1, g.change
		}
		if err := step(some); err != nil {
			return err
		}
		if err := g.balanced(); err != nil {
			return err
		}
	}
	for k, n := range g.uses {
		if n != 0 {
			return fmt.Errorf("%+v: %d were not given back", k, n)
		}
	}
	return nil
}

// balanced: what was paid is what went back, what was kept and what the units that are left
// cost; never more went back than came, and the payments have the rest.
func (g *gamble) balanced() error {
	paid, sent := big.NewInt(int64(g.o.Captured)), new(big.Int).Set(g.till.back)
	if g.till.back.Cmp(paid) > 0 || g.till.back.Cmp(big.NewInt(int64(g.o.Refunded))) != 0 {
		return fmt.Errorf("%v went back of %v, the order says %d", g.till.back, paid,
			g.o.Refunded)
	}
	live := sum(g.o.Lines, func(u *Unit) money.Minor {
		if u.Returned {
			return 0
		}
		return u.Amount
	})
	if live.Add(live, g.till.back).Add(live, g.till.kept).Cmp(paid) != 0 {
		return fmt.Errorf("%v went back, %v is kept, with the units that are left %v; paid %v",
			g.till.back, g.till.kept, live, paid)
	}
	for _, p := range g.till.paid {
		sent.Add(sent, big.NewInt(int64(p.Left)))
	}
	if sent.Cmp(paid) != 0 {
		return fmt.Errorf("went back and still there are %v of %v", sent, paid)
	}
	return nil
}

func (g *gamble) rung() catalog.Rung {
	return catalog.Rung{FeePercent: g.r.IntN(10_001), MinFee: money.Minor(g.r.IntN(2000))}
}

// refund gives some units back, each by the policy of its line.
func (g *gamble) refund(some []ticket.UnitRef) error {
	g.base.Policy.Ladder = []catalog.Rung{g.rung()}
	now := rungNow{at: time.Unix(0, 0), off: g.r.IntN(10) == 0}
	if len(g.own) > 0 {
		now.lines = g.own
	}
	q, err := quote(g.o, g.base, some, now)
	if err != nil {
		return err
	}
	if err := g.exact(q, now); err != nil {
		return err
	}
	if err := g.till.send(q.Refund); err != nil {
		return err
	}
	g.give(q, g.uses)
	g.o.Refunded += q.Refund
	g.till.kept.Add(g.till.kept, big.NewInt(int64(q.Fee)))
	return nil
}

// exact computes each fee again with whole numbers of any size.
func (g *gamble) exact(q Quote, now rungNow) error {
	refund, fee := new(big.Int), new(big.Int)
	for _, u := range q.Units {
		rung := catalog.Rung{}
		if !now.cancelled(u.Line) {
			rung = now.agreed(g.base, u.Line).Policy.Ladder[0]
		}
		if u.Fee != exactFee(rung, u.Amount) || u.Refund+u.Fee != u.Amount || u.Refund < 0 {
			return fmt.Errorf("unit %v: %d back and %d kept of %d at %+v", u.UnitRef, u.Refund,
				u.Fee, u.Amount, rung)
		}
		refund.Add(refund, big.NewInt(int64(u.Refund)))
		fee.Add(fee, big.NewInt(int64(u.Fee)))
	}
	if !refund.IsInt64() || refund.Int64() != int64(q.Refund) || fee.Int64() != int64(q.Fee) {
		return fmt.Errorf("the quote says %d and %d, its units %v and %v", q.Refund, q.Fee,
			refund, fee)
	}
	return nil
}

// exactFee is amount × percent ÷ 10,000, half up: (2·a·p + 10,000) ÷ 20,000, within its
// bounds.
func exactFee(rung catalog.Rung, amount money.Minor) money.Minor {
	fee, factor := big.NewInt(int64(amount)), big.NewInt(2*int64(rung.FeePercent))
	fee.Mul(fee, factor).Add(fee, factor.SetInt64(10_000)).Quo(fee, factor.SetInt64(20_000))
	return min(max(money.Minor(fee.Int64()), rung.MinFee), amount)
}

// change gives some units for one or two lines of as many others, dearer or cheaper.
func (g *gamble) change(some []ticket.UnitRef) error {
	c := &Change{ID: int64(len(g.o.Lines)), Order: g.o.ID, State: ChangeDone}
	for _, ref := range some {
		c.Old = append(c.Old, ChangedUnit{UnitRef: ref, Amount: g.o.Unit(ref.Line,
			ref.Unit).Amount})
	}
	g.wanted(c, len(some))
	rung, keep := g.rung(), g.r.IntN(3) == 0
	kept := settleUp(c, rung, keep)
	if err := exactChange(c, rung, keep, kept); err != nil {
		return err
	}
	if err := g.till.send(c.Back); err != nil {
		return err
	}
	g.give(c.quote(), g.uses)
	g.o.changed(c)
	g.till.take(c.Due)
	g.till.kept.Add(g.till.kept, big.NewInt(int64(c.Fee)))
	return nil
}

// wanted are n new units at random prices, each line with a policy of its own.
func (g *gamble) wanted(c *Change, n int) {
	price := 1 + g.r.IntN(20_000)
	for number := len(g.o.Lines) + 1; n > 0; number++ {
		l := Line{Number: number, TicketType: 1, Zone: "B", Snapshot: int64(number), Changes: 1}
		for range 1 + g.r.IntN(n) {
			each := money.Minor(g.r.IntN(price))
			l.Units = append(l.Units, Unit{Price: each, Amount: each, Area: 1, People: 1})
			l.Amount, c.New = l.Amount+each, c.New+each
		}
		n -= len(l.Units)
		c.Lines = append(c.Lines, l)
		g.own[number] = lineNow{off: g.r.IntN(10) == 0, agreed: &Agreed{Starts: g.base.Starts,
			Policy: catalog.RefundPolicyInfo{Allowed: true, Ladder: []catalog.Rung{g.rung()}}}}
	}
}

// exactChange computes the split of a change again with whole numbers of any size: each old
// unit is its fee, what comes back and what pays new units; the parts of what is over are
// fair to less than one; the postings sum to nothing.
func exactChange(c *Change, rung catalog.Rung, keep bool, kept money.Minor) error {
	credit, over := new(big.Int), new(big.Int)
	for _, u := range c.Old {
		credit.Add(credit, big.NewInt(int64(u.Amount-exactFee(rung, u.Amount))))
	}
	over.Sub(credit, big.NewInt(int64(c.New)))
	due := max(-over.Int64(), 0)
	if over.Sign() < 0 {
		over.SetInt64(0)
	}
	back, rest := over.Int64(), int64(0)
	if keep {
		back, rest = 0, back
	}
	if int64(c.Due) != due || int64(c.Back) != back || int64(kept) != rest {
		return fmt.Errorf("to pay %d, back %d, kept %d; exactly %d, %d, %d", c.Due, c.Back, kept,
			due, back, rest)
	}
	var value, fee, returned, moved money.Minor
	for _, u := range c.Old {
		plain := exactFee(rung, u.Amount)
		part := u.Back + u.Fee - plain // of what is over
		off := big.NewInt(int64(part))
		off.Mul(off, credit).Sub(off, new(big.Int).Mul(over,
			big.NewInt(int64(u.Amount-plain))))
		if u.Fee+u.Back+u.Moved != u.Amount || u.Fee < plain || u.Back < 0 || u.Moved < 0 ||
			off.CmpAbs(credit) >= 0 && off.Sign() != 0 {
			return fmt.Errorf("unit %+v at %+v: its part of %v is %d", u, rung, over, part)
		}
		value, fee = value+u.Amount, fee+u.Fee
		returned, moved = returned+u.Back, moved+u.Moved
	}
	if value != c.Value || fee != c.Fee || returned != c.Back || moved+c.Due != c.New {
		return fmt.Errorf("units sum to %d, %d, %d, %d in %+v", value, fee, returned, moved, c)
	}
	return posted(c)
}

// posted checks the postings of a change: with what came they sum to nothing.
func posted(c *Change) error {
	var paid *payment.Capture
	if c.Due > 0 {
		paid = &payment.Capture{Provider: "bank", Amount: c.Due}
	}
	sum := new(big.Int)
	for _, m := range c.moves(paid) {
		sum.Add(sum, big.NewInt(int64(m.Amount)))
		if m.Account == ledger.FeesKept && m.Amount > 0 {
			return fmt.Errorf("a fee of %d", -m.Amount)
		}
	}
	if sum.Sign() != 0 {
		return fmt.Errorf("postings sum to %v", sum)
	}
	return nil
}
