package layout_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"foyer/internal/fault"
	"foyer/internal/seating/halls"
	"foyer/internal/seating/layout"
	"foyer/internal/seating/seatmap"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func mustRead(t testing.TB, data []byte, want layout.Format) *seatmap.Map {
	t.Helper()
	m, format, err := layout.Read(data)
	if err != nil {
		t.Fatalf("read: %v\n%.2000s", err, data)
	}
	if format != want {
		t.Fatalf("format %s, want %s", format, want)
	}
	if err := seatmap.Assign(nil, m); err != nil {
		t.Fatal(err)
	}
	return m
}

// labels lists every seat as label, kind letter and zone, in document order.
func labels(m *seatmap.Map) []string {
	ix := seatmap.NewIndex(m)
	var list []string
	for i := range ix.Len() {
		s := ix.Seat(i)
		row := ix.Rows()[ix.RowOf(i)]
		list = append(list, row.Label+"-"+s.Label+" "+s.Kind.String()+" "+s.Zone)
	}
	return list
}

func rowLabels(row seatmap.Row) string {
	var list []string
	for _, s := range row.Seats {
		label := s.Label
		if s.Gap {
			label = "/" + label
		}
		list = append(list, label)
	}
	return strings.Join(list, " ")
}

func TestTextGrid(t *testing.T) {
	t.Parallel()
	m := mustRead(t, sample(t, "grid.txt"), layout.Text)
	front, back := m.Floors[0].Sections[0], m.Floors[0].Sections[1]
	for i, want := range []struct{ label, seats string }{
		{"A", "1 2 3 4 /5 6 7 8 9 10 /11 12 14 15"},
		{"B", "1 2 3 4 /5 6 7 8 9 10 /11 12 14 15"},
		{"C", "1 2 3 4 /5 6 7 8 9 10 /11 12 14 15"},
		{"D", "1 2 /3 4 /5 6 /7 8 /9 10"},
	} {
		if row := front.Rows[i]; row.Label != want.label || rowLabels(row) != want.seats {
			t.Errorf("row %d: %s: %s, want %+v", i, row.Label, rowLabels(row), want)
		}
	}
	for i, want := range []struct{ label, seats string }{
		{"1", "11 9 7 5 3 1"}, {"X", "a b c d /1 2"}, {"3", "15 13 11 9 7 5 /3 1"},
	} {
		if row := back.Rows[i]; row.Label != want.label || rowLabels(row) != want.seats {
			t.Errorf("back row %d: %s: %s, want %+v", i, row.Label, rowLabels(row), want)
		}
	}
	wheel, couple, family := front.Rows[1].Seats[0], front.Rows[3].Seats, back.Rows[2].Seats
	if wheel.Kind != seatmap.Wheelchair || wheel.Zone != "B" {
		t.Errorf("wheelchair %+v", wheel)
	}
	if couple[0].Group == 0 || couple[0].Group != couple[1].Group ||
		couple[2].Group == couple[0].Group {
		t.Errorf("pairs %+v", couple[:3])
	}
	if family[0].Group != family[2].Group || family[3].Group == family[0].Group ||
		family[3].Group != family[5].Group || family[6].Kind != seatmap.Recliner {
		t.Errorf("blocks %+v", family)
	}
	if gap := front.Rows[3].Seats[0].Y - front.Rows[2].Seats[0].Y; gap != 200 {
		t.Errorf("the empty line is %d cm, want 200", gap)
	}
	if a := m.Floors[0].Areas; len(a) != 1 || a[0].Capacity != 30 || a[0].Kind != seatmap.Standing {
		t.Errorf("areas %+v", a)
	}
}

func TestScreenAtTheBottomCountsUpwards(t *testing.T) {
	t.Parallel()
	grid := "screen: bottom\nzone A = 普通\nrow from A\nAAA\nAAA\nAAA\n"
	m := mustRead(t, []byte(grid), layout.Text)
	rows := m.Floors[0].Sections[0].Rows
	if rows[0].Label != "C" || rows[2].Label != "A" || rows[0].Seats[0].Rotation != 180 {
		t.Errorf("rows %s %s", rows[0].Label, rows[2].Label)
	}
	if m.Stage.Shape[0].Y <= rows[2].Seats[0].Y {
		t.Error("the screen is not below")
	}
}

// TestTextProblems wants every problem of a file, each with its line and column.
func TestTextProblems(t *testing.T) {
	t.Parallel()
	_, err := layout.ReadText([]byte(`screen: left
focal: 140%
pitch: 5 x 5
zone ab = x
zone A = 甲
zone A = 乙 kind=throne
zone Q = 没用
row to A
number sideways
AA?AX
LLL
ff
5|AA|1 2 3
5|AA|1 1
5|AA
area: 站席 crowd 0 zone=Z
`))
	want := []string{
		"line 1", "line 2", "line 3", "line 4", "line 6", "line 6", "line 8", "line 9",
		"line 10, column 3", "line 10, column 5", "line 11, column 1", "line 12, column 1",
		"line 13", "line 16", "line 16", "line 16", "line 14, column 2", "line 15", "zones[1]",
	}
	var e *fault.Error
	if !errors.As(err, &e) || !errors.Is(err, layout.Unreadable) {
		t.Fatalf("%v", err)
	}
	var got []string
	for _, f := range e.Fields {
		got = append(got, f.Field)
		if !strings.Contains(f.Problem, " / ") {
			t.Errorf("%s is not in both languages: %s", f.Field, f.Problem)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems at\n%v, want\n%v\n%v", got, want, err)
	}
}

func TestTextRoundTrip(t *testing.T) {
	t.Parallel()
	first := mustRead(t, sample(t, "grid.txt"), layout.Text)
	text, err := layout.WriteText(first)
	if err != nil {
		t.Fatal(err)
	}
	second := mustRead(t, text, layout.Text)
	a, _ := json.Marshal(first)
	b, _ := json.Marshal(second)
	if !bytes.Equal(a, b) {
		t.Errorf("read again differs:\n%s\n%s\n%s", text, a, b)
	}
	again, err := layout.WriteText(second)
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("written again differs: %v", err)
	}
}

func drawn() map[string]*seatmap.Map {
	return map[string]*seatmap.Map{
		"cinema":  halls.Cinema(halls.CinemaSpec{Name: "1号厅", Rows: 9, Columns: 18, Couples: true}),
		"theatre": halls.Theatre("大剧院"),
		"arena":   halls.Arena("体育馆"),
	}
}

func TestHallsSurviveText(t *testing.T) {
	t.Parallel()
	for name, m := range drawn() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := layout.WriteText(m)
			if err != nil {
				t.Fatal(err)
			}
			back := mustRead(t, text, layout.Text)
			if !slices.Equal(labels(m), labels(back)) {
				t.Error("labels, kinds or zones differ")
			}
			a, b := seatmap.NewIndex(m), seatmap.NewIndex(back)
			for i := range a.Len() {
				if a.GroupAt(i) != b.GroupAt(i) || a.Seat(i).Gap != b.Seat(i).Gap {
					t.Fatalf("seat %s: groups or aisles differ", a.Label(i))
				}
			}
			// The grid has no GUIDs; they come back by label.
			seatmap.AdoptGUIDs(m, back)
			if err := seatmap.Assign(m, back); err != nil {
				t.Fatal(err)
			}
			if d := seatmap.Compare(m, back); len(d.Dropped) > 0 || len(d.Added) > 0 {
				t.Errorf("dropped %d, added %d", len(d.Dropped), len(d.Added))
			}
		})
	}
}

func TestHallsSurvivePretix(t *testing.T) {
	t.Parallel()
	for name, m := range drawn() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := layout.WritePretix(m)
			if err != nil {
				t.Fatal(err)
			}
			checkSchema(t, data)
			back := mustRead(t, data, layout.Pretix)
			zones := map[string]string{}
			for _, z := range m.Zones {
				zones[z.Key] = z.Name
			}
			a, b := seatmap.NewIndex(m), seatmap.NewIndex(back)
			if a.Len() != b.Len() {
				t.Fatalf("%d seats, want %d", b.Len(), a.Len())
			}
			// A plan says nothing of left and right: rows seen from behind come back turned.
			byGUID := map[string]int{}
			for i := range b.Len() {
				byGUID[b.Seat(i).GUID] = i
			}
			first := b.Seat(byGUID[a.Seat(0).GUID])
			dx, dy := a.Seat(0).X-first.X, a.Seat(0).Y-first.Y
			for i := range a.Len() {
				s, o := a.Seat(i), b.Seat(byGUID[a.Seat(i).GUID])
				if s.GUID != o.GUID || s.Label != o.Label || zones[s.Zone] != o.Zone {
					t.Fatalf("seat %d: %+v, want %+v", i, o, s)
				}
				if a.FloorOf(i) != a.FloorOf(0) {
					continue
				}
				if s.X-o.X != dx || s.Y-o.Y != dy {
					t.Fatalf("seat %d moved", i)
				}
				if name == "theatre" && s.Gap != o.Gap {
					t.Fatalf("%s: aisle %v, want %v", a.Label(i), o.Gap, s.Gap)
				}
			}
		})
	}
}

// checkSchema holds what is written against the fields of seating-plan.schema.json, in
// which no object may have others.
func checkSchema(t *testing.T, data []byte) {
	t.Helper()
	type point struct {
		X, Y *float64
	}
	var plan struct {
		Name       *string
		Categories []struct{ Name, Color *string }
		Size       struct{ Width, Height *int }
		Zones      []struct {
			Name     *string
			ZoneID   *string `json:"zone_id"`
			Position point
			Rows     []struct {
				Number *string `json:"row_number"`
				Label  *string `json:"row_label"`
				Show   *string `json:"row_number_position"`
				At     point   `json:"position"`
				Seats  []struct {
					GUID     *string `json:"seat_guid"`
					Number   *string `json:"seat_number"`
					Radius   *int
					Position point
					Category *string
				}
			}
			Areas []struct {
				Shape, Color *string
				Border       *string `json:"border_color"`
				Rotation     *float64
				Position     point
				Polygon      struct{ Points []point }
				Text         struct {
					Text, Color *string
					Position    point
				}
			}
		}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&plan); err != nil {
		t.Fatalf("not by the schema: %v", err)
	}
	if plan.Name == nil || plan.Size.Width == nil || len(plan.Zones) == 0 {
		t.Error("required fields are missing")
	}
}

func TestPretixSample(t *testing.T) {
	t.Parallel()
	m := mustRead(t, sample(t, "pretix.json"), layout.Pretix)
	want := []string{
		"1-3 standard Parkett", "1-2 standard Parkett", "1-1 standard Parkett",
		"2-4 standard Parkett", "2-3 standard Parkett", "2-2 wheelchair Rollstuhl",
		"2-1 standard Parkett", "1-1 standard Rang", "1-2 standard Rang",
	}
	if got := labels(m); !slices.Equal(got, want) {
		t.Errorf("seats %q", got)
	}
	if row := m.Floors[0].Sections[0].Rows[0]; rowLabels(row) != "3 2 /1" {
		t.Errorf("aisle: %s", rowLabels(row))
	}
	if m.Stage.Kind != seatmap.Podium || m.Stage.Name != "Bühne" ||
		m.Stage.Focal != (seatmap.Point{X: 300, Y: 120}) {
		t.Errorf("stage %+v", m.Stage)
	}
	if len(m.Decor) != 2 || len(m.Decor[0].Shape) != 24 || m.Decor[0].Color != "#aabbcc" {
		t.Errorf("decor %+v", m.Decor)
	}
	first := mustRead(t, sample(t, "pretix_first.json"), layout.Pretix)
	if first.Stage.Kind != seatmap.Podium || first.SeatCount() != 2 {
		t.Errorf("first schema: %+v", first)
	}
}

func TestPretixProblems(t *testing.T) {
	t.Parallel()
	_, err := layout.ReadPretix([]byte(`{"name":"x","categories":[{"name":"A"},{"name":"A"}],
"zones":[{"position":{"x":0,"y":0},"rows":[{"row_number":"","seats":[
{"seat_guid":"a","seat_number":"1","position":{"x":0,"y":0},"category":"B"},
{"seat_guid":"a","seat_number":"1","position":{"x":"far","y":1e300},"category":"A"},
{"seat_number":{},"category":"A"}]}]}]}`))
	var e *fault.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	seats := "zones[0].rows[0].seats"
	for _, field := range []string{
		"categories[1].name", "zones[0].rows[0].row_number", seats + "[0].category",
		seats + "[1].seat_guid", seats + "[1].position", seats + "[1].seat_number",
		seats + "[2].seat_guid", seats + "[2].seat_number", seats + "[2].position",
	} {
		if !slices.ContainsFunc(e.Fields, func(f fault.FieldProblem) bool {
			return f.Field == field
		}) {
			t.Errorf("nothing said about %s: %v", field, err)
		}
	}
}

func TestVistaSample(t *testing.T) {
	t.Parallel()
	m := mustRead(t, sample(t, "vista.json"), layout.Vista)
	rows := m.Floors[0].Sections[0].Rows
	if len(m.Floors[0].Sections) != 1 || len(rows) != 7 {
		t.Fatalf("%d sections, %d rows", len(m.Floors[0].Sections), len(rows))
	}
	// Row D is of two areas: its seats are neighbours across them.
	d := rows[3]
	if d.Label != "D" || rowLabels(d) != "9 8 7 6 5 4 3 2 1" || d.Seats[2].Zone != "0000000001" {
		t.Errorf("row D: %s %+v", rowLabels(d), d)
	}
	if rowLabels(rows[1]) != "9 8 7 6 /4 3 2 1" {
		t.Errorf("row F: %s", rowLabels(rows[1]))
	}
	couples := rows[0].Seats
	if rows[0].Label != "G" || rowLabels(rows[0]) != "8 7 6 5 /4 3 2 1" ||
		couples[0].Kind != seatmap.Couple || couples[0].Group != couples[1].Group {
		t.Errorf("couples %s: %+v", rowLabels(rows[0]), couples)
	}
	a := rows[6].Seats
	if a[0].Kind != seatmap.Wheelchair || a[1].Kind != seatmap.Companion {
		t.Errorf("row A: %+v", a[:2])
	}
	if rows[5].Seats[8].Kind != seatmap.House {
		t.Errorf("broken seat: %+v", rows[5].Seats[8])
	}
	if m.Stage.Shape[0].Y < a[0].Y {
		t.Error("row A is in front, so the screen is below it")
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	deep := []byte(`{"zones":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}")
	for name, data := range map[string][]byte{
		"bytes":   make([]byte, layout.MaxBytes+1),
		"depth":   deep,
		"lines":   bytes.Repeat([]byte("\n"), 6000),
		"columns": []byte("zone A = x\n" + strings.Repeat("A", 2000)),
		"seats":   []byte("zone A = x\n" + strings.Repeat(strings.Repeat("A", 999)+"\n", 101)),
		"utf8":    []byte("hall: \xff\n"),
		"empty":   nil,
		"broken":  []byte(`{"zones":[`),
		"type":    []byte(`{"zones":{}}`),
	} {
		if _, _, err := layout.Read(data); err == nil || fault.KindOf(err) == fault.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTwentyThousandSeatsAreRead: the largest halls are; BenchmarkRead says how fast.
func TestTwentyThousandSeatsAreRead(t *testing.T) {
	t.Parallel()
	arena := halls.Arena("体育馆")
	text, _ := layout.WriteText(arena)
	plan, _ := layout.WritePretix(arena)
	for name, data := range map[string][]byte{"text": text, "pretix": plan} {
		if m, _, err := layout.Read(data); err != nil || m.SeatCount() != 20_000 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	arena := halls.Arena("体育馆")
	text, _ := layout.WriteText(arena)
	plan, _ := layout.WritePretix(arena)
	for name, data := range map[string][]byte{"text": text, "pretix": plan} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := layout.Read(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzRead wants no panic, only refusals that are safe to show, and maps that are valid and
// survive being written.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"grid.txt", "pretix.json", "pretix_first.json", "vista.json"} {
		f.Add(sample(f, name))
	}
	f.Add([]byte("zone A = x\nL|A.A|1 2"))
	f.Add([]byte("zone A = x key=y kind=family\nAAA\nfloor: 2 height=3\nAAAAAA"))
	f.Add([]byte(`{"Areas":[{"Rows":[{"Seats":[{"Id":1,"Position":{"RowIndex":1e9}}]}]}]}`))
	f.Add([]byte(`{"zones":[{"areas":[{"text":"Stage"}]}],"categories":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, _, err := layout.Read(data)
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		if err := m.Validate(); err != nil {
			t.Fatalf("read but not valid: %v", err)
		}
		if _, err := layout.WritePretix(m); err != nil {
			t.Fatal(err)
		}
		text, err := layout.WriteText(m)
		if err != nil {
			return
		}
		back, err := layout.ReadText(text)
		if err != nil {
			t.Fatalf("written but not read: %v\n%s", err, text)
		}
		if !slices.Equal(labels(m), labels(back)) {
			t.Fatalf("labels differ\n%s\n%q\n%q", text, labels(m), labels(back))
		}
	})
}
