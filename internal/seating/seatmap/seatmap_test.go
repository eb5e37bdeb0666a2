package seatmap_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"foyer/internal/fault"
	"foyer/internal/seating/halls"
	"foyer/internal/seating/seatmap"
)

// small is a valid hall of two rows that tests break in one way each.
func small() *seatmap.Map {
	m := &seatmap.Map{
		Name:      "小厅",
		Zones:     []seatmap.Zone{{Key: "a", Name: "甲", Color: "#aabbcc"}},
		Entrances: []seatmap.Entrance{{Name: "东门", At: seatmap.Point{X: 900}}, {Name: "西门"}},
	}
	sec := seatmap.Section{Name: "池座"}
	for r := range 2 {
		row := seatmap.Row{Label: fmt.Sprint(r + 1)}
		for i := range 6 {
			row.Seats = append(row.Seats, seatmap.Seat{
				GUID: fmt.Sprint(r, i), Label: fmt.Sprint(i + 1), X: int32(i) * 55,
				Y: int32(r) * 100, Zone: "a", Gap: i == 3,
			})
		}
		sec.Rows = append(sec.Rows, row)
	}
	m.Floors = []seatmap.Floor{{Name: "一层", Sections: []seatmap.Section{sec},
		Areas: []seatmap.Area{{GUID: "pit", Name: "站席", Zone: "a", Capacity: 10}}}}
	if err := seatmap.Assign(nil, m); err != nil {
		panic(err)
	}
	return m
}

func TestValidateNamesEachProblem(t *testing.T) {
	t.Parallel()
	type hall = *seatmap.Map
	seat := func(m hall, i int) *seatmap.Seat {
		return &m.Floors[0].Sections[0].Rows[0].Seats[i]
	}
	one := func(m hall) *seatmap.Seat { return seat(m, 1) }
	pair := func(m hall, kind seatmap.Kind, seats ...int) {
		for _, i := range seats {
			seat(m, i).Kind, seat(m, i).Group = kind, 7
		}
	}
	at := "floors[0].sections[0].rows[0].seats"
	for name, tc := range map[string]struct {
		spoil func(hall)
		field string
	}{
		"fine":                {func(hall) {}, ""},
		"pair":                {func(m hall) { pair(m, seatmap.Couple, 1, 2) }, ""},
		"block":               {func(m hall) { pair(m, seatmap.Family, 3, 4, 5) }, ""},
		"no name":             {func(m hall) { m.Name = "" }, "name"},
		"long name":           {func(m hall) { m.Name = strings.Repeat("x", 201) }, "name"},
		"control character":   {func(m hall) { m.Name = "a\x00" }, "name"},
		"guid twice":          {func(m hall) { one(m).GUID = "0 0" }, at + "[1].guid"},
		"number twice":        {func(m hall) { one(m).Place = 1 }, at + "[1].place"},
		"number not given":    {func(m hall) { one(m).Place = 99 }, at + "[1].place"},
		"label twice":         {func(m hall) { one(m).Label = "1" }, at + "[1].label"},
		"on top":              {func(m hall) { one(m).X = 4 }, at + "[1]"},
		"on top, negative":    {func(m hall) { one(m).X, seat(m, 0).X = 4, -4 }, at + "[1]"},
		"no zone":             {func(m hall) { one(m).Zone = "x" }, at + "[1].zone"},
		"no door":             {func(m hall) { one(m).Entrance = "x" }, at + "[1].entrance"},
		"kind":                {func(m hall) { one(m).Kind = 99 }, at + "[1].kind"},
		"rotation":            {func(m hall) { one(m).Rotation = 360 }, at + "[1].rotation"},
		"far away":            {func(m hall) { one(m).X = seatmap.MaxCoord + 1 }, at + "[1]"},
		"half a pair":         {func(m hall) { pair(m, seatmap.Couple, 1) }, at + "[1].group"},
		"pair over the aisle": {func(m hall) { pair(m, seatmap.Couple, 2, 3) }, at + "[2].group"},
		"pair of three": {func(m hall) { pair(m, seatmap.Couple, 0, 1, 2) },
			at + "[0].group",
		},
		"block of two":       {func(m hall) { pair(m, seatmap.Family, 0, 1) }, at + "[0].group"},
		"pair without group": {func(m hall) { one(m).Kind = seatmap.Couple }, at + "[1].group"},
		"mixed group": {func(m hall) {
			pair(m, seatmap.Couple, 0, 1)
			one(m).Kind = seatmap.Family
		}, at + "[0].group"},
		"standard in a group": {func(m hall) { one(m).Group = 3 }, at + "[1].group"},
		"empty zone": {func(m hall) {
			m.Zones = append(m.Zones, seatmap.Zone{Key: "b", Name: "乙"})
		}, "zones[1]"},
		"colour":    {func(m hall) { m.Zones[0].Color = "red" }, "zones[0].color"},
		"empty row": {func(m hall) { m.Floors[0].Sections[0].Rows[0].Seats = nil }, at},
		"capacity": {
			func(m hall) { m.Floors[0].Areas[0].Capacity = 0 }, "floors[0].areas[0].capacity",
		},
		"areas": {func(m hall) {
			m.Floors[0].Areas = make([]seatmap.Area, seatmap.MaxAreas+1)
		}, "areas"},
		"nothing": {func(m hall) { m.Floors = nil }, "floors"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := small()
			tc.spoil(m)
			err := m.Validate()
			if tc.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var e *fault.Error
			if !errors.As(err, &e) || !errors.Is(err, seatmap.Invalid) {
				t.Fatalf("got %v", err)
			}
			if !slices.ContainsFunc(e.Fields, func(f fault.FieldProblem) bool {
				return f.Field == tc.field
			}) {
				t.Errorf("nothing about %s: %v", tc.field, err)
			}
		})
	}
}

func TestAssignKeepsNumbersForEver(t *testing.T) {
	t.Parallel()
	first := small()
	second := small()
	row := &second.Floors[0].Sections[0].Rows[0]
	row.Seats = append(row.Seats[:2], seatmap.Seat{GUID: "new", Label: "9", X: 400, Zone: "a"})
	if err := seatmap.Assign(first, second); err != nil {
		t.Fatal(err)
	}
	if p := row.Seats[2].Place; p != first.NextPlace {
		t.Errorf("the new seat has %d, want %d", p, first.NextPlace)
	}
	if len(second.Retired) != 4 || second.NextPlace != first.NextPlace+1 {
		t.Errorf("retired %v, next %d", second.Retired, second.NextPlace)
	}
	third := small() // the dropped seats come back
	if err := seatmap.Assign(second, third); err != nil {
		t.Fatal(err)
	}
	for i, s := range third.Floors[0].Sections[0].Rows[0].Seats {
		if want := first.Floors[0].Sections[0].Rows[0].Seats[i].Place; s.Place != want {
			t.Errorf("seat %d came back as %d, was %d", i, s.Place, want)
		}
	}
	if third.NextPlace != second.NextPlace || len(third.Retired) != 1 {
		t.Errorf("next %d, retired %v", third.NextPlace, third.Retired)
	}
	d := seatmap.Compare(first, second)
	if len(d.Dropped) != 4 || d.Dropped[0].Label != "1排3座" || len(d.Added) != 1 {
		t.Errorf("diff %+v", d)
	}
}

// TestAssignProperty walks a random lineage and wants every number to name one GUID only.
func TestAssignProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		owner := map[seatmap.Place]string{}
		var prev *seatmap.Map
		for range rapid.IntRange(1, 6).Draw(t, "versions") {
			next := &seatmap.Map{Floors: []seatmap.Floor{{Sections: []seatmap.Section{{}}}}}
			row := seatmap.Row{Label: "1"}
			ids := rapid.SliceOfDistinct(rapid.IntRange(0, 12), rapid.ID[int])
			for _, id := range ids.Draw(t, "ids") {
				row.Seats = append(row.Seats, seatmap.Seat{GUID: fmt.Sprint(id)})
			}
			next.Floors[0].Sections[0].Rows = []seatmap.Row{row}
			if err := seatmap.Assign(prev, next); err != nil {
				t.Fatal(err)
			}
			for _, s := range row.Seats {
				if was, ok := owner[s.Place]; ok && was != s.GUID {
					t.Fatalf("number %d was %s's and is %s's", s.Place, was, s.GUID)
				}
				if s.Place < 1 || s.Place >= next.NextPlace {
					t.Fatalf("number %d is out of range", s.Place)
				}
				owner[s.Place] = s.GUID
			}
			prev = next
		}
	})
}

func TestCompareNamesWhatChanged(t *testing.T) {
	t.Parallel()
	prev, next := small(), small()
	seats := next.Floors[0].Sections[0].Rows[1].Seats
	seats[0].X -= 10
	seats[1].Zone, seats[1].Label = "b", "2A"
	seats[2].Kind = seatmap.House
	next.Floors[0].Areas[0].Capacity = 5
	if err := seatmap.Assign(prev, next); err != nil {
		t.Fatal(err)
	}
	d := seatmap.Compare(prev, next)
	if len(d.Moved) != 1 || d.Moved[0].Label != "2排1座" || len(d.Dropped)+len(d.Added) != 0 {
		t.Errorf("diff %+v", d)
	}
	want := [][]string{{"label", "zone"}, {"kind"}, {"capacity"}}
	for i, c := range d.Changed {
		if !slices.Equal(c.What, want[i]) {
			t.Errorf("change %d: %+v, want %v", i, c, want[i])
		}
	}
	if d := seatmap.Compare(prev, prev); !reflect.DeepEqual(d, seatmap.Diff{}) {
		t.Errorf("the same map differs: %+v", d)
	}
}

func allHalls() map[string]*seatmap.Map {
	return map[string]*seatmap.Map{
		"small":   small(),
		"cinema":  halls.Cinema(halls.CinemaSpec{Name: "1号厅", Rows: 9, Columns: 18, Couples: true}),
		"theatre": halls.Theatre("大剧院"),
		"arena":   halls.Arena("体育馆"),
	}
}

func TestEncodingRoundTrip(t *testing.T) {
	t.Parallel()
	for name, m := range allHalls() {
		blob, err := seatmap.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		back, err := seatmap.Decode(blob)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(m, back) {
			t.Errorf("%s: decoded differs", name)
		}
		if !bytes.Equal(seatmap.Canonical(m), seatmap.Canonical(back)) {
			t.Errorf("%s: the canonical form differs", name)
		}
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var parsed seatmap.Map
		if err := json.Unmarshal(text, &parsed); err != nil || !reflect.DeepEqual(*m, parsed) {
			t.Errorf("%s: JSON differs: %v", name, err)
		}
		geometry, _ := json.Marshal(seatmap.NewGeometry(seatmap.NewIndex(m)))
		t.Logf("%s: %d seats, blob %d bytes, JSON %d, geometry %d", name, m.SeatCount(),
			len(blob), len(text), len(geometry))
	}
}

// TestDraftsSurviveEncoding stores maps that Validate would refuse: drafts are kept too.
func TestDraftsSurviveEncoding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 8, 40)
		num := rapid.Int32()
		m := &seatmap.Map{Name: text.Draw(t, "name"), NextPlace: seatmap.Place(num.Draw(t, "next"))}
		row := seatmap.Row{Label: text.Draw(t, "row")}
		for range rapid.IntRange(1, 20).Draw(t, "seats") {
			row.Seats = append(row.Seats, seatmap.Seat{
				GUID: text.Draw(t, "guid"), Label: text.Draw(t, "label"),
				Zone: text.Draw(t, "zone"), X: num.Draw(t, "x"), Y: num.Draw(t, "y"),
				Place: seatmap.Place(num.Draw(t, "place")),
				Kind:  seatmap.Kind(rapid.Uint8().Draw(t, "kind")), Group: num.Draw(t, "group"),
				Rotation: rapid.Int16().Draw(t, "rotation"), Gap: rapid.Bool().Draw(t, "gap"),
				Entrance: text.Draw(t, "entrance"),
			})
		}
		sections := []seatmap.Section{{Rows: []seatmap.Row{row}}}
		m.Floors = []seatmap.Floor{{Name: "f", Sections: sections}}
		m.Retired = []seatmap.Retired{{GUID: text.Draw(t, "gone"), Place: 3}}
		blob, err := seatmap.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		back, err := seatmap.Decode(blob)
		if err != nil || !reflect.DeepEqual(m, back) {
			t.Fatalf("differs: %v", err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, m := range []*seatmap.Map{small(), halls.Cinema(halls.CinemaSpec{Name: "x"})} {
		blob, err := seatmap.Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(blob)
	}
	f.Add([]byte("FSM1"))
	f.Fuzz(func(t *testing.T, blob []byte) {
		m, err := seatmap.Decode(blob)
		if err != nil {
			if !errors.Is(err, seatmap.Unreadable) {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		again, err := seatmap.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		back, err := seatmap.Decode(again)
		if err != nil || !reflect.DeepEqual(m, back) {
			t.Fatalf("differs: %v", err)
		}
		_ = m.Validate()
		seatmap.NewGeometry(seatmap.NewIndex(m))
	})
}

func TestGeometryAddsUp(t *testing.T) {
	t.Parallel()
	ix := seatmap.NewIndex(halls.Theatre("大剧院"))
	g := seatmap.NewGeometry(ix)
	var place, x, y int32
	runs := func(col []int32, i int) int32 {
		for at := 0; at < len(col); at += 2 {
			if i -= int(col[at+1]); i < 0 {
				return col[at]
			}
		}
		return 0
	}
	for i := range ix.Len() {
		place, x, y = place+g.Seats.Place[i], x+g.Seats.X[i], y+g.Seats.Y[i]
		s := ix.Seat(i)
		if place != int32(s.Place) || x != s.X || y != s.Y || g.Seats.Label[i] != s.Label {
			t.Fatalf("seat %d: %d %d %d, want %+v", i, place, x, y, s)
		}
		if g.Zones[runs(g.Seats.Zone, i)].Key != s.Zone || runs(g.Seats.Kind, i) != int32(s.Kind) ||
			runs(g.Seats.Rotation, i) != int32(s.Rotation) {
			t.Fatalf("seat %d: zone, kind or rotation", i)
		}
	}
}

func TestIndex(t *testing.T) {
	t.Parallel()
	m := small()
	ix := seatmap.NewIndex(m)
	i, ok := ix.Ordinal(3)
	if !ok || ix.Seat(i).Label != "3" {
		t.Fatalf("place 3 is %d %v", i, ok)
	}
	if _, ok := ix.Right(i); ok {
		t.Error("seat 3 has the aisle on its right")
	}
	if left, ok := ix.Left(i); !ok || ix.Seat(left).Label != "2" {
		t.Error("seat 2 is left of seat 3")
	}
	if _, ok := ix.Left(6); ok {
		t.Error("the second row does not continue the first")
	}
	if ix.Entrance(0) != "西门" || ix.Entrance(5) != "西门" {
		t.Errorf("entrances %s %s", ix.Entrance(0), ix.Entrance(5))
	}
	if a, ok := ix.Area(13); !ok || a.Name != "站席" {
		t.Errorf("area %+v", a)
	}
	for _, p := range []seatmap.Place{-1, 0, 13, 14, seatmap.MaxPlace} {
		if _, ok := ix.Ordinal(p); ok {
			t.Errorf("place %d is no seat", p)
		}
	}
	if n := ix.Zone("a").Count(); n != 12 {
		t.Errorf("%d seats in the zone", n)
	}
	m.Floors[0].Sections[0].Rows[0].Seats[0].Place = 9_999_999 // far apart numbers
	if i, ok := seatmap.NewIndex(m).Ordinal(9_999_999); !ok || i != 0 {
		t.Error("a far number is not found")
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	ix := seatmap.NewIndex(halls.Theatre("大剧院"))
	one := func(label string) string {
		found := ix.Find(label)
		if len(found) != 1 {
			return fmt.Sprint(len(found), " found")
		}
		i, _ := ix.Ordinal(found[0])
		return ix.Label(i)
	}
	for label, want := range map[string]string{
		"池座5排12座":     "池座 5排12座",
		"池座 5 排 12 号": "池座 5排12座",
		"一层/池座/5-12":  "池座 5排12座",
		"20排1座":       "池座 20排1座",
		"二层楼座左区 3-4":  "二层 楼座左区 3排4座",
		"楼座左区3排4座":    "2 found",
		"5排99座":       "0 found",
		"乱写":          "0 found",
		"":            "0 found",
	} {
		if got := one(label); got != want {
			t.Errorf("%q: %s, want %s", label, got, want)
		}
	}
	if found := ix.Find("3-4"); len(found) != 7 {
		t.Errorf("3-4 without a section: %d", len(found))
	}
	arena := seatmap.NewIndex(halls.Arena("体育馆"))
	i, _ := arena.Ordinal(arena.Find("101 A12")[0])
	if arena.Label(i) != "101 A排12座" || arena.LabelEn(i) != "101 Row A Seat 12" {
		t.Errorf("arena: %s, %s", arena.Label(i), arena.LabelEn(i))
	}
	for i := range ix.Len() {
		if found := ix.Find(ix.Label(i)); !slices.Equal(found, []seatmap.Place{ix.Seat(i).Place}) {
			t.Fatalf("%s finds %v", ix.Label(i), found)
		}
	}
}

func TestNumbering(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		got  []string
		want string
	}{
		"left":          {seatmap.LeftRight(4, 11, 13), "11 12 14 15"},
		"right":         {seatmap.RightLeft(4, 11, 13), "15 14 12 11"},
		"odd even":      {seatmap.OddEven(3, 4), "5 3 1 2 4 6 8"},
		"even odd":      {seatmap.EvenOdd(2, 3, 3), "4 2 1 5 7"},
		"rows":          {seatmap.RowNumbers(3, 3, 4), "3 5 6"},
		"letters":       {seatmap.RowLetters(4, "G", "IO"), "G H J K"},
		"beyond Z":      {seatmap.RowLetters(4, "Y", ""), "Y Z AA AB"},
		"no letter":     {seatmap.RowLetters(4, "7", ""), ""},
		"nothing left":  {seatmap.RowLetters(1, "A", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), ""},
		"none":          {seatmap.LeftRight(0, 1), ""},
		"beyond double": {seatmap.RowLetters(2, "ZZ", ""), "ZZ AAA"},
	} {
		if got := strings.Join(tc.got, " "); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func BenchmarkEncode20000(b *testing.B) {
	m := halls.Arena("体育馆")
	for b.Loop() {
		if _, err := seatmap.Encode(m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode20000(b *testing.B) {
	blob, err := seatmap.Encode(halls.Arena("体育馆"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := seatmap.Decode(blob); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndex20000(b *testing.B) {
	m := halls.Arena("体育馆")
	for b.Loop() {
		seatmap.NewIndex(m)
	}
}

func BenchmarkValidate20000(b *testing.B) {
	m := halls.Arena("体育馆")
	for b.Loop() {
		if err := m.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}
