package choose_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"foyer/internal/seating/choose"
	"foyer/internal/seating/halls"
	"foyer/internal/seating/seatmap"
)

// smallHall draws halls small enough for the reference: two sections of up to four rows,
// aisles anywhere, every kind of seat, two zones. Rows run along x.
func smallHall(t *rapid.T) *seatmap.Map {
	m := &seatmap.Map{
		Name:  "hall",
		Stage: seatmap.Stage{Focal: seatmap.Point{X: rapid.Int32Range(0, 500).Draw(t, "focal")}},
		Zones: []seatmap.Zone{{Key: "a", Name: "a"}, {Key: "b", Name: "b"}},
	}
	floor := seatmap.Floor{Name: "1", Height: rapid.Int32Range(0, 300).Draw(t, "height")}
	group, y := int32(0), int32(0)
	for s := range rapid.IntRange(1, 2).Draw(t, "sections") {
		sec := seatmap.Section{Name: fmt.Sprint("s", s)}
		for r := range rapid.IntRange(1, 4).Draw(t, "rows") {
			y += 100
			row := seatmap.Row{Label: fmt.Sprint(r)}
			x := rapid.Int32Range(0, 2).Draw(t, "indent") * 50
			for n := rapid.IntRange(1, 7).Draw(t, "seats"); n > 0; {
				zone := rapid.SampledFrom([]string{"a", "a", "a", "b"}).Draw(t, "zone")
				kind, size := seatmap.Kind(0), 1
				switch rapid.IntRange(0, 11).Draw(t, "kind") {
				case 0, 1:
					kind, size = seatmap.Couple, 2
				case 2:
					kind, size = seatmap.Family, rapid.IntRange(3, 4).Draw(t, "block")
				case 3:
					kind = seatmap.Wheelchair
				case 4:
					kind = seatmap.Companion
				case 5:
					kind = seatmap.Restricted
				case 6:
					kind = seatmap.House
				}
				g := int32(0)
				if size > 1 {
					group++
					g = group
				}
				gap := rapid.IntRange(0, 5).Draw(t, "gap") == 0
				for k := range size {
					x += 50
					row.Seats = append(row.Seats, seatmap.Seat{
						GUID:  fmt.Sprint(s, "-", r, "-", len(row.Seats)),
						Label: fmt.Sprint(len(row.Seats)), X: x, Y: y, Kind: kind, Group: g,
						Zone: zone, Gap: gap && k == 0 && len(row.Seats) > 0,
					})
					n--
				}
			}
			sec.Rows = append(sec.Rows, row)
		}
		floor.Sections = append(floor.Sections, sec)
	}
	m.Floors = []seatmap.Floor{floor}
	if err := seatmap.Assign(nil, m); err != nil {
		t.Fatal(err)
	}
	return m
}

func drawRequest(t *rapid.T) choose.Request {
	rules := []choose.Rule{choose.Off, choose.Warn, choose.Refuse}
	r := choose.Request{
		Party:   rapid.IntRange(1, 7).Draw(t, "party"),
		Couple:  rapid.IntRange(0, 3).Draw(t, "couple") == 0,
		Orphans: rapid.SampledFrom(rules).Draw(t, "rule"),
	}
	if rapid.IntRange(0, 4).Draw(t, "zoned") == 0 {
		r.Zones = []string{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "only")}
	}
	if rapid.IntRange(0, 6).Draw(t, "sectioned") == 0 {
		r.Section = "s0"
	}
	if rapid.IntRange(0, 4).Draw(t, "chairs") == 0 {
		r.Wheelchairs = rapid.IntRange(1, min(2, r.Party)).Draw(t, "wheelchairs")
		r.Companions = rapid.IntRange(0, r.Party-r.Wheelchairs).Draw(t, "companions")
	}
	if rapid.IntRange(0, 5).Draw(t, "poor") == 0 {
		r.Affordable = func(p seatmap.Place) bool { return p%5 != 0 }
	}
	return r
}

func drawFree(t *rapid.T, ix *seatmap.Index) (seatmap.Set, map[seatmap.Place]bool) {
	set, free := ix.NewSet(), map[seatmap.Place]bool{}
	share := rapid.IntRange(1, 6).Draw(t, "share")
	for i := range ix.Len() {
		// The seats of a group are free together, as the book keeps them.
		same := i > 0 && ix.Seat(i).Group != 0 && ix.Seat(i).Group == ix.Seat(i-1).Group
		if (same && set.Has(i-1)) || (!same && rapid.IntRange(0, 6).Draw(t, "free") < share) {
			set.Add(i)
			free[ix.Seat(i).Place] = true
		}
	}
	return set, free
}

func TestBestEqualsBruteForce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := smallHall(t)
		ix := seatmap.NewIndex(m)
		set, free := drawFree(t, ix)
		r := drawRequest(t)
		before := set.Clone()
		got := choose.New(ix).Best(set, r)
		ref := newReference(m, free, r)
		step, want := ref.best()
		if r.Wheelchairs > 0 && step == choose.Nearby {
			if got.Step != choose.Nearby && got.Step != choose.None {
				t.Fatalf("step %v, want nearby or none", got.Step)
			}
			checkChoice(t, ix, ref, got)
			return
		}
		if got.Step != step {
			t.Fatalf("step %v, the reference has %v", got.Step, step)
		}
		checkChoice(t, ix, ref, got)
		if have := scores(ref, got); !reflect.DeepEqual(have, want) {
			t.Fatalf("%v: scores %v, the reference has %v", step, have, want)
		}
		if !reflect.DeepEqual(set, before) {
			t.Fatal("the caller's set was changed")
		}
	})
}

// scores judges the answer with the reference's own ruler.
func scores(ref *reference, c choose.Choice) []score {
	var list []score
	for _, g := range c.Groups {
		list = append(list, ref.score(ref.chairs(g)))
	}
	if len(list) == 0 || c.Step == choose.Groups {
		return list
	}
	sum := list[0]
	for _, s := range list[1:] {
		sum = sum.plus(s)
	}
	return []score{sum}
}

func (ref *reference) chairs(group []seatmap.Place) []chair {
	var list []chair
	for _, p := range group {
		for _, c := range ref.seats {
			if c.Place == p {
				list = append(list, c)
			}
		}
	}
	return list
}

// checkChoice holds for every answer, whatever the step.
func checkChoice(t *rapid.T, ix *seatmap.Index, ref *reference, c choose.Choice) {
	places := c.Places()
	if c.Step == choose.None {
		if len(places) > 0 {
			t.Fatal("places without a step")
		}
		return
	}
	if len(places) != ref.r.Party {
		t.Fatalf("%d places for a party of %d", len(places), ref.r.Party)
	}
	if slices.Sort(places); len(slices.Compact(slices.Clone(places))) != len(places) {
		t.Fatal("a place twice")
	}
	wheelchairs := 0
	for _, g := range c.Groups {
		list := ref.chairs(g)
		for i, s := range list {
			if !ref.open(s) {
				t.Fatalf("place %d is not free for this request", s.Place)
			}
			if i > 0 && !beside(list[i-1], s) {
				t.Fatalf("places %d and %d are not neighbours", list[i-1].Place, s.Place)
			}
			if s.Kind == seatmap.Wheelchair {
				wheelchairs++
			}
		}
	}
	if wheelchairs != ref.r.Wheelchairs {
		t.Fatalf("%d wheelchair places, want %d", wheelchairs, ref.r.Wheelchairs)
	}
	if !ref.whole(ref.chairs(places)) {
		t.Fatal("a pair or block is broken")
	}
	if c.Step == choose.Together && ref.r.Orphans != choose.Off && len(c.Orphans) > 0 {
		t.Fatalf("orphans %v in the first step", c.Orphans)
	}
}

func TestOrphansEqualTheRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := smallHall(t)
		ix := seatmap.NewIndex(m)
		set, free := drawFree(t, ix)
		picked, mine := []seatmap.Place{}, map[seatmap.Place]bool{}
		for i := range ix.Len() {
			if set.Has(i) && rapid.IntRange(0, 2).Draw(t, "pick") == 0 {
				picked = append(picked, ix.Seat(i).Place)
				mine[ix.Seat(i).Place] = true
			}
		}
		p := choose.New(ix)
		ref := newReference(m, free, choose.Request{Party: len(picked), Orphans: choose.Refuse})
		want := ref.orphans(mine)
		if got := p.Orphans(set, picked); !slices.Equal(got, want) {
			t.Fatalf("orphans %v, the rule says %v", got, want)
		}
	})
}

func TestRefuseRelaxesWhenNothingElseIsLeft(t *testing.T) {
	t.Parallel()
	ix := seatmap.NewIndex(rowOf("SSS"))
	p := choose.New(ix)
	free := ix.AllSeats()
	// Two of three: every choice leaves one, so the rule gives way.
	if v := p.Check(free, []seatmap.Place{1, 2}, choose.Refuse); v.Refused || len(v.Orphans) != 1 {
		t.Errorf("3 free: %+v", v)
	}
	ix = seatmap.NewIndex(rowOf("SSSS"))
	p, free = choose.New(ix), ix.AllSeats()
	if v := p.Check(free, []seatmap.Place{1, 2, 3}, choose.Refuse); v.Refused {
		t.Errorf("3 of 4 always leave one: %+v", v)
	}
	if v := p.Check(free, []seatmap.Place{2, 3}, choose.Refuse); !v.Refused || len(v.Orphans) != 2 {
		t.Errorf("the middle two of 4 leave two: %+v", v)
	}
	if v := p.Check(free, []seatmap.Place{2, 3}, choose.Warn); v.Refused || len(v.Orphans) != 2 {
		t.Errorf("warn: %+v", v)
	}
	if v := p.Check(free, []seatmap.Place{2, 3}, choose.Off); v.Refused || v.Orphans != nil {
		t.Errorf("off: %+v", v)
	}
}

// rowOf makes a hall of one row: S standard, L half of a pair, W wheelchair, C companion,
// F family, H house, a space is an aisle.
func rowOf(cells string) *seatmap.Map {
	kind := map[rune]seatmap.Kind{'S': seatmap.Standard, 'L': seatmap.Couple,
		'W': seatmap.Wheelchair, 'C': seatmap.Companion, 'F': seatmap.Family, 'H': seatmap.House}
	row, gap, pair := seatmap.Row{Label: "1"}, false, int32(0)
	for x, c := range cells {
		if c == ' ' {
			gap = true
			continue
		}
		n := len(row.Seats)
		s := seatmap.Seat{GUID: fmt.Sprint(n), Label: fmt.Sprint(n + 1), X: int32(x) * 50,
			Zone: "a", Kind: kind[c], Gap: gap && n > 0}
		switch {
		case c == 'L':
			pair++
			s.Group = (pair + 1) / 2
		case c == 'F':
			s.Group = 1000
		}
		row.Seats, gap = append(row.Seats, s), false
	}
	m := &seatmap.Map{Name: "row", Zones: []seatmap.Zone{{Key: "a", Name: "a"}},
		Floors: []seatmap.Floor{{Sections: []seatmap.Section{{Rows: []seatmap.Row{row}}}}}}
	if err := seatmap.Assign(nil, m); err != nil {
		panic(err)
	}
	return m
}

func TestKinds(t *testing.T) {
	t.Parallel()
	type request = choose.Request
	for name, tc := range map[string]struct {
		row  string
		r    choose.Request
		step choose.Step
		want []seatmap.Place
	}{
		"a pair is not split":    {"LLSLL", request{Party: 1}, choose.Together, pl(3)},
		"three in pair and seat": {"LLSLL", request{Party: 3}, choose.Together, pl(1, 2, 3)},
		"seats before a pair":    {"LL SSS", request{Party: 2}, choose.Together, pl(3, 4)},
		"a pair for a couple": {
			"SSSSLL", request{Party: 2, Couple: true}, choose.Together, pl(5, 6),
		},
		"a block for exactly four": {"FFFF", request{Party: 4}, choose.Together, pl(1, 2, 3, 4)},
		"no part of a block":       {"FFFF", request{Party: 3}, choose.None, nil},
		"house seats stay":         {"HHH", request{Party: 1}, choose.None, nil},
		"wheelchair places stay":   {"WCWC", request{Party: 2}, choose.None, nil},
		"released at the end": {
			"WCWC", request{Party: 2, Release: true}, choose.Together, pl(1, 2),
		},
		"a wheelchair and companion": {
			"SSWC", request{Party: 2, Wheelchairs: 1, Companions: 1}, choose.Together, pl(3, 4),
		},
		"a wheelchair apart": {
			"WC SSSS", request{Party: 4, Wheelchairs: 1, Companions: 1}, choose.Nearby,
			pl(1, 2, 3, 4),
		},
		"pairs sum up": {"LL LL", request{Party: 4}, choose.Groups, pl(1, 2, 3, 4)},
		"odd out":      {"LL LL", request{Party: 3}, choose.None, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ix := seatmap.NewIndex(rowOf(tc.row))
			got := choose.New(ix).Best(ix.AllSeats(), tc.r)
			if got.Step != tc.step || !slices.Equal(got.Places(), tc.want) {
				t.Errorf("%v %v, want %v %v", got.Step, got.Places(), tc.step, tc.want)
			}
		})
	}
}

func pl(p ...seatmap.Place) []seatmap.Place { return p }

func TestSuggestsAPairAndABlock(t *testing.T) {
	t.Parallel()
	ix := seatmap.NewIndex(rowOf("SSSS LL FFF"))
	p := choose.New(ix)
	two := p.Best(ix.AllSeats(), choose.Request{Party: 2})
	if len(two.Suggestions) != 1 || two.Suggestions[0].Kind != seatmap.Couple {
		t.Errorf("for two: %+v", two.Suggestions)
	}
	three := p.Best(ix.AllSeats(), choose.Request{Party: 3})
	if len(three.Suggestions) != 1 || three.Suggestions[0].Kind != seatmap.Family {
		t.Errorf("for three: %+v", three.Suggestions)
	}
}

func TestIncompleteAndBeside(t *testing.T) {
	t.Parallel()
	ix := seatmap.NewIndex(rowOf("SSSS LLLL"))
	p := choose.New(ix)
	if got := p.Incomplete(pl(5, 7, 8)); !slices.Equal(got, pl(6)) {
		t.Errorf("incomplete %v", got)
	}
	if l, r := p.Beside(ix.AllSeats(), pl(2, 3), 2); l != 1 || r != 1 {
		t.Errorf("beside %d %d", l, r)
	}
}

func TestRequestsOutOfRange(t *testing.T) {
	t.Parallel()
	for _, r := range []choose.Request{
		{}, {Party: choose.MaxParty + 1}, {Party: 1, Wheelchairs: 2}, {Party: 1, Orphans: 9},
		{Party: 2, Companions: -1},
	} {
		if r.Validate() == nil {
			t.Errorf("%+v passes", r)
		}
		ix := seatmap.NewIndex(rowOf("SS"))
		if c := choose.New(ix).Best(ix.AllSeats(), r); c.Step != choose.None {
			t.Errorf("%+v gets %v", r, c.Step)
		}
	}
}

// bench runs one request on a hall of which the named share is free.
func bench(b *testing.B, m *seatmap.Map, everyTaken int, r choose.Request) {
	b.Helper()
	ix := seatmap.NewIndex(m)
	p := choose.New(ix)
	free := ix.AllSeats()
	for i := 0; i < ix.Len() && everyTaken > 0; i += everyTaken {
		free.Remove(i)
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Best(free, r)
	}
}

func BenchmarkBest(b *testing.B) {
	big := halls.Cinema(halls.CinemaSpec{Name: "2000", Rows: 40, Columns: 50, Couples: true})
	arena := halls.Arena("arena")
	affordable := func(p seatmap.Place) bool { return p%97 != 0 }
	party := func(n int) choose.Request { return choose.Request{Party: n, Orphans: choose.Refuse} }
	priced := party(4)
	priced.Affordable = affordable
	for name, tc := range map[string]struct {
		m     *seatmap.Map
		taken int
		r     choose.Request
	}{
		"2000/together":      {big, 0, party(4)},
		"2000/affordable":    {big, 9, priced},
		"2000/two_rows":      {big, 5, party(8)},
		"2000/scattered":     {big, 2, party(8)},
		"2000/groups":        {big, 3, party(40)},
		"20000/together":     {arena, 0, party(4)},
		"20000/affordable":   {arena, 9, priced},
		"20000/two_rows":     {arena, 5, party(8)},
		"20000/groups":       {arena, 3, party(40)},
		"20000/scattered":    {arena, 2, party(8)},
		"20000/scattered_50": {arena, 2, party(50)},
	} {
		b.Run(name, func(b *testing.B) { bench(b, tc.m, tc.taken, tc.r) })
	}
}
