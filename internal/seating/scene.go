package seating

import (
	"slices"
	"sort"
	"time"

	"foyer/internal/seating/choose"
	"foyer/internal/seating/seatmap"
)

// scene is the state of one session's seats and areas, without locks and without picks.
// A seat costs 21 bytes.
type scene struct {
	plan   *Plan
	states []byte  // 0 free, else the ClaimState
	owners []int64 // ids are unique over all kinds of owner
	seqs   []int64 // of the last change of the seat
	until  []uint32
	free   seatmap.Set
	open   int // free seats that anybody may buy
	kept   int // seats that only buyers online may buy
	areas  []areaState
	sum    Sum // of the seats; areas are added when asked for
	ended  [endedKept]tomb
	next   int
}

type areaState struct {
	AreaStock
	seq int64
}

// tomb remembers an owner that lost everything, so that its late beginning is not believed.
type tomb struct{ owner, seq int64 }

const endedKept = 32

// newScene draws what the book has. Claims of places that the map does not have are kept
// out of the picture: nobody can ask for them.
func newScene(plan *Plan, p Picture) *scene {
	n := plan.Index.Len()
	s := &scene{plan: plan, states: make([]byte, n), owners: make([]int64, n),
		seqs: make([]int64, n), until: make([]uint32, n), free: plan.Index.AllSeats(),
		open: plan.forSale}
	for _, e := range p.Claims {
		if i, ok := plan.Index.Ordinal(seatmap.Place(e.Place)); ok {
			s.set(i, e.Owner.ID, e.State, e.Until, 0)
		} else {
			s.sum.claimTerm(e.Place, e.Owner.ID, e.State, 1)
		}
	}
	for _, a := range p.Areas {
		s.areas = append(s.areas, areaState{AreaStock: a})
	}
	sort.Slice(s.areas, func(i, j int) bool { return s.areas[i].Area < s.areas[j].Area })
	return s
}

// set gives a seat a new state; state 0 frees it.
func (s *scene) set(i int, owner int64, state ClaimState, until time.Time, seq int64) {
	place := int32(s.plan.Index.Seat(i).Place)
	sale := s.plan.Index.Seat(i).Kind != seatmap.House
	if was := s.states[i]; was != 0 {
		s.sum.claimTerm(place, s.owners[i], ClaimState(was), -1)
		s.free.Add(i)
		s.tally(was == byte(Kept), sale, 1)
	}
	s.states[i], s.owners[i], s.seqs[i], s.until[i] = byte(state), owner, seq, seconds(until)
	if state != 0 {
		s.sum.claimTerm(place, owner, state, 1)
		s.free.Remove(i)
		s.tally(state == Kept, sale, -1)
	}
}

// tally counts a seat that becomes free (1) or not (-1). One that is kept for buyers
// online counts apart.
func (s *scene) tally(kept, sale bool, times int) {
	if sale {
		s.open += times
	}
	if kept {
		s.kept -= times
	}
}

// seconds is a time as kept for a seat: whole seconds since 1970, rounded up.
func seconds(t time.Time) uint32 {
	if t.IsZero() {
		return 0
	}
	return uint32((t.UnixMilli() + 999) / 1000)
}

// apply takes a change of the book over and names every seat that it changed.
func (s *scene) apply(d Delta, changed func(seat int), area func(index int)) {
	switch {
	case d.Kind == Begun && !s.isEnded(d):
		s.begin(d, changed)
	case d.Kind == Ended && d.Places != nil:
		for _, place := range d.Places {
			if i, ok := s.plan.Index.Ordinal(seatmap.Place(place)); ok {
				s.end(i, d, changed)
			}
		}
	case d.Kind == Ended:
		s.ended[s.next%endedKept], s.next = tomb{d.Owner.ID, d.Seq}, s.next+1
		s.each(d.Owner.ID, func(i int) { s.end(i, d, changed) })
	case d.Kind == Turned, d.Kind == Extended:
		s.each(d.Owner.ID, func(i int) { s.turn(i, d, changed) })
	}
	for _, a := range d.Areas {
		s.count(a, d.Seq, area)
	}
}

func (s *scene) isEnded(d Delta) bool {
	for _, t := range s.ended {
		if t.owner == d.Owner.ID && t.seq > d.Seq {
			return true
		}
	}
	return false
}

func (s *scene) begin(d Delta, changed func(int)) {
	for _, place := range d.Places {
		i, ok := s.plan.Index.Ordinal(seatmap.Place(place))
		if !ok {
			s.sum.claimTerm(place, d.Owner.ID, d.State, 1)
			continue
		}
		if d.Seq < s.seqs[i] {
			continue // late: a newer claim has the seat, or has had it
		}
		s.set(i, d.Owner.ID, d.State, d.Until, d.Seq)
		changed(i)
	}
}

func (s *scene) end(i int, d Delta, changed func(int)) {
	if s.states[i] == 0 || s.owners[i] != d.Owner.ID || d.Seq < s.seqs[i] {
		return
	}
	s.set(i, 0, 0, time.Time{}, d.Seq)
	changed(i)
}

func (s *scene) turn(i int, d Delta, changed func(int)) {
	if s.states[i] != byte(Held) || d.Seq < s.seqs[i] {
		return
	}
	if d.Kind == Extended {
		s.until[i], s.seqs[i] = seconds(d.Until), d.Seq
		return
	}
	s.set(i, d.Owner.ID, Sold, time.Time{}, d.Seq)
	changed(i)
}

// each visits the seats of an owner: a walk over the owners, a microsecond in 2,000 seats.
func (s *scene) each(owner int64, visit func(i int)) {
	for i, o := range s.owners {
		if o == owner && s.states[i] != 0 {
			visit(i)
		}
	}
}

func (s *scene) count(a AreaStock, seq int64, changed func(int)) {
	i, ok := s.area(a.Area)
	if !ok || seq < s.areas[i].seq {
		return
	}
	s.areas[i] = areaState{a, seq}
	changed(i)
}

func (s *scene) area(number int32) (int, bool) {
	return slices.BinarySearchFunc(s.areas, number, func(a areaState, n int32) int {
		return int(a.Area) - int(n)
	})
}

// total is the digest of seats and areas.
func (s *scene) total() Sum {
	sum := s.sum
	for _, a := range s.areas {
		sum.areaTerm(a.AreaStock)
	}
	return sum
}

// left is how many seats and units of the session are free for sale.
func (s *scene) left() int {
	n := s.open
	for _, a := range s.areas {
		n += max(0, a.Capacity-a.Taken)
	}
	return n
}

// shown is how many seats and units a buyer online may hope for.
func (s *scene) shown() int {
	n := s.left() + s.kept
	for _, a := range s.areas {
		n += a.Kept
	}
	return n
}

// ours is how many places and units the ask may take of allotments.
func (s *scene) ours(ask PickAsk) int {
	n := 0
	for _, id := range ask.From {
		s.each(id, func(int) { n++ })
	}
	for _, a := range ask.Extra {
		n += a.N
	}
	return n
}

// refuse says why, and what is known of the whole session: what is left, and when nothing
// is, what is held and until when.
func (s *scene) refuse(ask PickAsk, r *PickResult, why Refusal) {
	r.Refusal, r.Open = why, s.left()+s.ours(ask)
	if r.Open > 0 {
		return
	}
	next := uint32(0)
	for i, state := range s.states {
		if state == byte(Held) {
			r.Held++
			if next == 0 || s.until[i] < next {
				next = s.until[i]
			}
		}
	}
	if next != 0 {
		r.Next = time.Unix(int64(next), 0).UTC()
	}
	r.Areas = s.total().Taken
}

// equal compares what buyers and digests can see of two pictures of one map.
func (s *scene) equal(o *scene) bool {
	return slices.Equal(s.states, o.states) && slices.Equal(s.owners, o.owners) &&
		s.total() == o.total()
}

// look answers an ask; busy says that somebody else has picked the seat a moment ago.
func (s *scene) look(ask PickAsk, busy func(seat int) bool) PickResult {
	r := PickResult{Index: s.plan.Index}
	if s.named(ask, busy, &r); r.Refusal != Chosen {
		return r
	}
	if s.enough(ask, &r); r.Refusal != Chosen {
		return r
	}
	if ask.Best == nil && !ask.Hints &&
		(ask.Orphans == choose.Off || len(ask.Places) == 0) {
		r.Places = ask.Places
		return r
	}
	free, hidden := s.visible(ask, busy)
	if ask.Orphans != choose.Off && len(ask.Places) > 0 {
		s.orphans(ask, free, &r)
	}
	if ask.Best != nil && r.Refusal == Chosen {
		s.best(ask, free, hidden, &r)
	} else {
		r.Places = ask.Places
		if ask.Hints {
			r.Hints = s.plan.hint(free, r.Places, choose.Choice{})
		}
	}
	return r
}

// named looks at the seats that were asked for by number. The caller has checked that the
// map has them.
func (s *scene) named(ask PickAsk, busy func(int) bool, r *PickResult) {
	for _, place := range ask.Places {
		i, ok := s.plan.Index.Ordinal(seatmap.Place(place))
		switch {
		case !ok, s.states[i] != 0 && !s.yields(i, ask):
			r.Taken = append(r.Taken, place)
		case busy != nil && busy(i):
			r.Refusal = InPick
		}
	}
	if len(r.Taken) > 0 {
		s.refuse(ask, r, Taken)
	}
}

// yields says whether a seat that is not free is free for the ask all the same: it is its
// own order's, or an allotment's that gives to it.
func (s *scene) yields(i int, ask PickAsk) bool {
	return ask.Own != 0 && s.owners[i] == ask.Own || slices.Contains(ask.From, s.owners[i])
}

// enough looks at the areas. Of an order that already has units the book alone knows what
// is left to it.
func (s *scene) enough(ask PickAsk, r *PickResult) {
	for _, want := range ask.Areas {
		free := 0
		if i, ok := s.area(want.Area); ok {
			free = s.areas[i].Capacity - s.areas[i].Taken
		}
		for _, more := range ask.Extra {
			if more.Area == want.Area {
				free += more.N
			}
		}
		if want.N > free && ask.Own == 0 {
			s.refuse(ask, r, AreaShort)
			r.Area = AreaQty{Area: want.Area, N: max(free, 0)}
			return
		}
	}
}

// visible is the set of seats that are free for the asker; hidden counts those that are
// only picked by others.
func (s *scene) visible(ask PickAsk, busy func(int) bool) (free seatmap.Set, hidden int) {
	free = s.free.Clone()
	for _, id := range ask.From {
		s.each(id, free.Add)
	}
	if busy != nil {
		for i := free.Next(0); i >= 0; i = free.Next(i + 1) {
			if busy(i) {
				free.Remove(i)
				hidden++
			}
		}
	}
	if ask.Own != 0 {
		s.each(ask.Own, free.Add)
	}
	return free, hidden
}

func (s *scene) orphans(ask PickAsk, free seatmap.Set, r *PickResult) {
	v := s.plan.Chooser.Check(free, placesOf(ask.Places), ask.Orphans)
	r.Orphans = numbersOf(v.Orphans)
	if v.Refused {
		r.Refusal = Orphaned
	}
}

func (s *scene) best(ask PickAsk, free seatmap.Set, hidden int, r *PickResult) {
	for _, place := range ask.Places {
		if i, ok := s.plan.Index.Ordinal(seatmap.Place(place)); ok {
			free.Remove(i)
		}
	}
	if free.Count() >= ask.Best.Party {
		found := s.plan.Chooser.Best(free, *ask.Best)
		if found.Step != choose.None {
			r.Step = found.Step
			r.Orphans = append(r.Orphans, numbersOf(found.Orphans)...)
			r.Places = append(slices.Clone(ask.Places), numbersOf(found.Places())...)
			if ask.Hints {
				r.Hints = s.plan.hint(free, r.Places, found)
			}
			return
		}
	}
	s.refuse(ask, r, NoneFit)
	if hidden > 0 {
		r.Refusal = InPick
	}
}

func placesOf(list []int32) []seatmap.Place {
	out := make([]seatmap.Place, len(list))
	for i, p := range list {
		out[i] = seatmap.Place(p)
	}
	return out
}

func numbersOf(list []seatmap.Place) []int32 {
	if len(list) == 0 {
		return nil
	}
	out := make([]int32, len(list))
	for i, p := range list {
		out[i] = int32(p)
	}
	return out
}
