package seating

import (
	"cmp"
	"slices"

	"foyer/internal/money"
	"foyer/internal/seating/choose"
	"foyer/internal/seating/seatmap"
)

// mover finds a seat of the new map for every seat that somebody has on the old one. It is
// pure. Whoever has the same row and number there keeps them; the others of his order come
// along where they can sit together. The house's own come last.
type mover struct {
	Relocation
	from, to *Plan
	worth    func(zone string) (money.Minor, bool)
	given    map[int32]int32
	free     seatmap.Set
	named    map[string]int // ordinal of a label of the new map
	rows     map[string]int // of row and number alone; -1: several have them
}

func newMover(from, to *Plan, ask RelocateAsk) *mover {
	m := &mover{Relocation: Relocation{To: to, Places: map[int32]int32{},
		Areas: map[int32]int32{}}, from: from, to: to, worth: ask.Worth, given: ask.Given,
		free: to.Index.AllSeats(), named: map[string]int{}, rows: map[string]int{}}
	for k := range to.Index.Len() {
		m.named[to.Index.Label(k)] = k
		short := rowAndSeat(to.Index, k)
		if _, twice := m.rows[short]; twice {
			m.rows[short] = -1
		} else {
			m.rows[short] = k
		}
	}
	return m
}

func rowAndSeat(ix *seatmap.Index, k int) string {
	return ix.Rows()[ix.RowOf(k)].Label + "\x00" + ix.Seat(k).Label
}

func (m *mover) sameHall() bool { return m.from.Hall == m.to.Hall }

// asGood says whether a zone costs at least as much as another.
func (m *mover) asGood(was, next string) bool {
	w, sold := m.worth(was)
	n, sells := m.worth(next)
	return sells && (!sold || n >= w) || !sells && was == next
}

// party is the seats of one owner.
type party struct {
	owner Owner
	seats []Reseated
}

// seat places everybody: first what the house said, then whoever keeps his seats, the paid
// before the unpaid; then those who cannot, the largest parties first; the house's own last.
func (m *mover) seat(claims []Entry) error {
	parties, err := m.parties(claims)
	if err != nil {
		return err
	}
	var rest []party
	for _, p := range parties {
		if !p.owner.house() && !m.keepAll(&p) {
			rest = append(rest, p)
			continue
		}
		if p.owner.house() {
			rest = append(rest, p)
			continue
		}
		m.Seats = append(m.Seats, p.seats...)
	}
	slices.SortStableFunc(rest, func(a, b party) int {
		house := func(p party) int {
			if p.owner.house() {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(house(a), house(b)),
			cmp.Compare(b.seats[0].State, a.seats[0].State),
			cmp.Compare(len(b.seats), len(a.seats)))
	})
	for _, p := range rest {
		if p.owner.house() {
			m.keepSome(&p)
		} else {
			m.reseat(&p)
		}
		m.Seats = append(m.Seats, p.seats...)
	}
	return nil
}

// parties sorts claims by owner, the paid first, and applies what the house said.
func (m *mover) parties(claims []Entry) ([]party, error) {
	by := map[Owner]*party{}
	var list []*party
	for _, c := range claims {
		p := by[c.Owner]
		if p == nil {
			p = &party{owner: c.Owner}
			by[c.Owner], list = p, append(list, p)
		}
		r := Reseated{Owner: c.Owner, State: c.State, Place: c.Place, Fate: FateNone}
		if k, ok := m.from.Index.Ordinal(seatmap.Place(c.Place)); ok {
			r.Label = m.from.Index.Label(k)
		}
		p.seats = append(p.seats, r)
	}
	out := make([]party, len(list))
	for i, p := range list {
		slices.SortFunc(p.seats, func(a, b Reseated) int { return cmp.Compare(a.Place, b.Place) })
		out[i] = *p
	}
	slices.SortFunc(out, func(a, b party) int {
		return cmp.Or(cmp.Compare(b.seats[0].State, a.seats[0].State),
			cmp.Compare(a.owner.Kind, b.owner.Kind), cmp.Compare(a.owner.ID, b.owner.ID))
	})
	return out, m.give(out)
}

// give applies what the house said itself.
func (m *mover) give(parties []party) error {
	left := len(m.given)
	for i := range parties {
		for j := range parties[i].seats {
			r := &parties[i].seats[j]
			to, ok := m.given[r.Place]
			if !ok {
				continue
			}
			k, known := m.to.Index.Ordinal(seatmap.Place(to))
			if !known || !m.free.Has(k) {
				return ErrGiven.At("mapping", "a place is no seat of the new map, or named twice")
			}
			m.take(r, k, FateGiven)
			left--
		}
	}
	if left > 0 {
		return ErrGiven.At("mapping", "a place of the old map is not claimed")
	}
	return nil
}

func (m *mover) take(r *Reseated, k int, f Fate) {
	m.free.Remove(k)
	r.To, r.NewLabel, r.Fate = int32(m.to.Index.Seat(k).Place), m.to.Index.Label(k), f
	m.Places[r.Place] = r.To
}

// same is the seat of the new map that is the same seat in people's eyes; -1 without one.
func (m *mover) same(place int32) int {
	ix := m.from.Index
	was, ok := ix.Ordinal(seatmap.Place(place))
	if !ok {
		return -1
	}
	k := -1
	if m.sameHall() {
		if n, ok := m.to.Index.Ordinal(seatmap.Place(place)); ok {
			k = n
		}
	}
	if k < 0 {
		n, ok := m.named[ix.Label(was)]
		if !ok {
			n, ok = m.rows[rowAndSeat(ix, was)]
		}
		if !ok {
			return -1
		}
		k = n
	}
	if k < 0 || !m.free.Has(k) || !sameKind(ix.Seat(was).Kind, m.to.Index.Seat(k).Kind) ||
		!m.asGood(ix.Seat(was).Zone, m.to.Index.Seat(k).Zone) {
		return -1
	}
	return k
}

// sameKind says whether somebody who has a seat of one kind is as well off with another.
func sameKind(was, next seatmap.Kind) bool {
	ordinary := func(k seatmap.Kind) bool { return k == seatmap.Standard || k == seatmap.Recliner }
	return was == next || ordinary(next) && was != seatmap.Wheelchair && was != seatmap.Couple
}

// keepAll keeps all seats of a party, or none of them: pairs and blocks stay whole.
func (m *mover) keepAll(p *party) bool {
	at := make([]int, len(p.seats))
	mine := m.to.Index.NewSet()
	for i, r := range p.seats {
		at[i] = -1
		if r.Fate == FateGiven {
			continue
		}
		if at[i] = m.same(r.Place); at[i] < 0 || mine.Has(at[i]) {
			return false
		}
		mine.Add(at[i])
	}
	if !m.whole(mine) {
		return false
	}
	for i, k := range at {
		if k >= 0 {
			m.take(&p.seats[i], k, FateKept)
		}
	}
	return true
}

// whole says whether a set has every seat of the pairs that it has one of.
func (m *mover) whole(set seatmap.Set) bool {
	ix := m.to.Index
	for k := set.Next(0); k >= 0; k = set.Next(k + 1) {
		if ix.Seat(k).Kind != seatmap.Couple {
			continue
		}
		for _, n := range []int{k - 1, k + 1} {
			if n >= 0 && n < ix.Len() && ix.Seat(n).Group == ix.Seat(k).Group && !set.Has(n) {
				return false
			}
		}
	}
	return true
}

// keepSome keeps what can be kept of the house's own; the rest is put on sale again.
func (m *mover) keepSome(p *party) {
	for i := range p.seats {
		if r := &p.seats[i]; r.Fate == FateNone {
			r.Fate = FateDropped
			if k := m.same(r.Place); k >= 0 {
				m.take(r, k, FateKept)
			}
		}
	}
}

// reseat finds other seats for a party: those of one zone together.
func (m *mover) reseat(p *party) {
	zones := map[string][]int{}
	var order []string
	for i, r := range p.seats {
		k, ok := m.from.Index.Ordinal(seatmap.Place(r.Place))
		if r.Fate != FateNone || !ok {
			continue
		}
		z := m.from.Index.Seat(k).Zone
		if zones[z] == nil {
			order = append(order, z)
		}
		zones[z] = append(zones[z], i)
	}
	slices.SortFunc(order, func(a, b string) int { // the dearest first: fewer zones will do
		x, _ := m.worth(a)
		y, _ := m.worth(b)
		return cmp.Or(cmp.Compare(y, x), cmp.Compare(a, b))
	})
	for _, z := range order {
		for part := range slices.Chunk(zones[z], choose.MaxParty) {
			m.propose(p, z, part)
		}
	}
}

// propose seats some of a party together, in the cheapest zones that will do; when no such
// seats are left for all, one by one.
func (m *mover) propose(p *party, zone string, part []int) {
	equal, better := m.zonesFor(zone)
	for _, zones := range [][]string{equal, better} {
		if len(zones) == 0 {
			continue
		}
		c := m.to.Chooser.Best(m.free, m.wish(p, zones, part))
		if found := c.Places(); c.Step != choose.None && len(found) == len(part) {
			m.settle(p, part, found)
			return
		}
	}
	if len(part) == 1 {
		return
	}
	for _, i := range part {
		m.propose(p, zone, []int{i})
	}
}

// zonesFor are the zones that cost the same as one, and all that cost as much or more.
func (m *mover) zonesFor(zone string) (equal, better []string) {
	was, _ := m.worth(zone)
	for _, z := range m.to.Index.Map().Zones {
		if !m.asGood(zone, z.Key) {
			continue
		}
		better = append(better, z.Key)
		if n, _ := m.worth(z.Key); n == was || z.Key == zone {
			equal = append(equal, z.Key)
		}
	}
	return equal, better
}

func (m *mover) wish(p *party, zones []string, part []int) choose.Request {
	r := choose.Request{Party: len(part), Zones: zones}
	couples := 0
	for _, i := range part {
		switch m.kindOf(p.seats[i].Place) {
		case seatmap.Wheelchair:
			r.Wheelchairs++
		case seatmap.Companion:
			r.Companions++
		case seatmap.Couple:
			couples++
		}
	}
	r.Couple = couples == len(part) && couples == 2
	return r
}

func (m *mover) kindOf(place int32) seatmap.Kind {
	if k, ok := m.from.Index.Ordinal(seatmap.Place(place)); ok {
		return m.from.Index.Seat(k).Kind
	}
	return seatmap.Standard
}

// settle gives chosen seats out: to wheelchairs theirs, to all others in order.
func (m *mover) settle(p *party, part []int, found []seatmap.Place) {
	var wide, rest []int
	for _, f := range found {
		k, _ := m.to.Index.Ordinal(f)
		if m.to.Index.Seat(k).Kind == seatmap.Wheelchair {
			wide = append(wide, k)
		} else {
			rest = append(rest, k)
		}
	}
	slices.Sort(rest)
	for _, i := range part {
		from := &rest
		if len(rest) == 0 || m.kindOf(p.seats[i].Place) == seatmap.Wheelchair && len(wide) > 0 {
			from = &wide
		}
		m.take(&p.seats[i], (*from)[0], FateProposed)
		*from = (*from)[1:]
	}
}
