package layout

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"foyer/internal/seating/seatmap"
)

// WriteText writes the map as a text grid. Labels, kinds, zones, pairs, blocks and aisles
// are kept exactly; positions are rounded to the grid, curves become straight, and GUIDs,
// decorations and the shapes of areas are left out. Inexpressible names what the grid has
// no way to say: labels with spaces or bars, more than 26 kinds of seat, rows that are too
// long.
func WriteText(m *seatmap.Map) ([]byte, error) {
	w := &textWriter{m: m, letters: map[letterOf]byte{}}
	w.pitchX, w.pitchY = w.pitch()
	w.head()
	for f := range m.Floors {
		w.floor(&m.Floors[f])
	}
	zones := w.zones()
	if err := w.p.As(Inexpressible); err != nil {
		return nil, err
	}
	return []byte(zones + w.b.String()), nil
}

// letterOf is what a letter of the grid must tell apart. Blocks that touch take turns.
type letterOf struct {
	zone string
	kind seatmap.Kind
	turn int
}

type textWriter struct {
	m              *seatmap.Map
	p              problems
	b              strings.Builder
	letters        map[letterOf]byte
	order          []letterOf
	pitchX, pitchY float64
	bottom         bool
}

// pitch is the usual distance between neighbours and between rows.
func (w *textWriter) pitch() (x, y float64) {
	var xs, ys []float64
	for f := range w.m.Floors {
		for _, sec := range w.m.Floors[f].Sections {
			for r, row := range sec.Rows {
				for i := 1; i < len(row.Seats); i++ {
					if !row.Seats[i].Gap {
						xs = append(xs, apart(row.Seats[i-1], row.Seats[i]))
					}
				}
				if r > 0 && len(row.Seats) > 0 && len(sec.Rows[r-1].Seats) > 0 {
					before := sec.Rows[r-1].Seats[0].Y
					ys = append(ys, math.Abs(float64(row.Seats[0].Y)-float64(before)))
				}
			}
		}
	}
	return usual(xs, 55), usual(ys, 100)
}

func usual(list []float64, other float64) float64 {
	if len(list) == 0 {
		return other
	}
	slices.Sort(list)
	return math.Round(min(max(list[len(list)/2], 20), 500))
}

func (w *textWriter) line(format string, args ...any) {
	fmt.Fprintf(&w.b, format+"\n", args...)
}

func (w *textWriter) head() {
	b := boundsOf(&seatmap.Map{Floors: w.m.Floors[:min(1, len(w.m.Floors))]})
	w.plain(w.m.Name)
	w.plain(w.m.Stage.Name)
	for _, e := range w.m.Entrances {
		w.plain(e.Name)
	}
	word, st := "screen", w.m.Stage
	if st.Kind != seatmap.Screen {
		word = "stage"
	}
	side := "top"
	if len(st.Shape) > 0 && st.Shape[0].Y > b.maxY {
		side, w.bottom = "bottom", true
	}
	w.line("%s: %s", word, strings.TrimSpace(side+" "+st.Name))
	if depth := float64(b.maxY - b.minY); depth > 0 && st.Kind == seatmap.Screen {
		share := (float64(st.Focal.Y) - float64(b.minY)) / depth
		if w.bottom {
			share = 1 - share
		}
		w.line("focal: %.1f%%", 100*min(max(share, 0), 1))
	}
	w.line("pitch: %.0f x %.0f", w.pitchX, w.pitchY)
}

// zones is written last and stands first: it depends on what the rows needed.
func (w *textWriter) zones() string {
	var b strings.Builder
	fmt.Fprintf(&b, "hall: %s\n", w.m.Name)
	for _, z := range w.m.Zones {
		for _, l := range w.order {
			if z.Key == l.zone {
				w.zone(&b, z, l)
			}
		}
	}
	return b.String()
}

func (w *textWriter) zone(b *strings.Builder, z seatmap.Zone, l letterOf) {
	w.plain(z.Name)
	w.plain(z.Key)
	if strings.ContainsRune(z.Key, ' ') {
		w.refuse(z.Key)
	}
	letter := string(w.letters[l])
	fmt.Fprintf(b, "zone %s = %s", letter, z.Name)
	if z.Color != "" {
		fmt.Fprintf(b, " %s", z.Color)
	}
	if z.Key != letter {
		fmt.Fprintf(b, " key=%s", z.Key)
	}
	if l.kind != seatmap.Standard {
		fmt.Fprintf(b, " kind=%s", l.kind)
	}
	b.WriteByte('\n')
}

func (w *textWriter) floor(floor *seatmap.Floor) {
	w.plain(floor.Name)
	if len(w.m.Floors) > 1 || floor.Name != "" {
		if floor.Height != 0 {
			w.line("\nfloor: %s height=%d", floor.Name, floor.Height)
		} else {
			w.line("\nfloor: %s", floor.Name)
		}
	}
	for _, e := range w.m.Entrances {
		if e.Floor == floor.Name || (e.Floor == "" && floor == &w.m.Floors[0]) {
			w.line("entrance: %s at %d,%d", e.Name, e.At.X, e.At.Y)
		}
	}
	left := boundsOf(&seatmap.Map{Floors: []seatmap.Floor{*floor}}).minX
	for s := range floor.Sections {
		sec := &floor.Sections[s]
		w.plain(sec.Name)
		w.plain(sec.Entrance)
		if len(floor.Sections) > 1 || sec.Name != "" || sec.Entrance != "" {
			head := "section: " + sec.Name
			if sec.Entrance != "" {
				head += " entrance=" + sec.Entrance
			}
			w.line("\n%s", head)
		}
		w.section(sec, left)
	}
	for i := range floor.Areas {
		a := &floor.Areas[i]
		w.plain(a.Name)
		w.line("area: %s %s %d zone=%c", a.Name, a.Kind, a.Capacity,
			w.letter(letterOf{zone: a.Zone}))
	}
}

func (w *textWriter) section(sec *seatmap.Section, left int32) {
	scheme := ""
	for r := range sec.Rows {
		row := &sec.Rows[r]
		if len(row.Seats) == 0 {
			continue
		}
		if r > 0 && len(sec.Rows[r-1].Seats) > 0 {
			dy := math.Abs(float64(row.Seats[0].Y) - float64(sec.Rows[r-1].Seats[0].Y))
			for range min(int(math.Round(dy/w.pitchY))-1, 3) {
				w.line("")
			}
		}
		direction, labels := w.labels(row)
		if direction != "" && direction != scheme {
			w.line("number %s", direction)
			scheme = direction
		}
		w.say(row.Label)
		w.line("%s|%s%s", row.Label, w.cells(row, left), labels)
	}
}

// labels is the numbering that the row follows, or its labels spelled out.
func (w *textWriter) labels(row *seatmap.Row) (direction, explicit string) {
	list := make([]string, len(row.Seats))
	for i := range row.Seats {
		list[i] = row.Seats[i].Label
		w.say(list[i])
	}
	switch {
	case slices.Equal(list, seatmap.LeftRight(len(list), 1)):
		return "left-to-right", ""
	case slices.Equal(list, seatmap.RightLeft(len(list), 1)):
		return "right-to-left", ""
	}
	return "", "|" + strings.Join(list, " ")
}

// say refuses a label that a grid cannot hold.
func (w *textWriter) say(label string) {
	if label == "" || strings.ContainsAny(label, "|#:： \t\n\u3000") {
		w.refuse(label)
	}
}

// plain refuses a name that would read as something else.
func (w *textWriter) plain(name string) {
	if strings.Join(strings.Fields(name), " ") != name || strings.ContainsAny(name, "=#|") {
		w.refuse(name)
	}
}

func (w *textWriter) refuse(name string) {
	w.p.say("name", "无法写入文本布局: %q", "a text grid cannot hold the name %q", name)
}

func (w *textWriter) cells(row *seatmap.Row, left int32) string {
	var b strings.Builder
	at, last, turn := 0, letterOf{}, 0
	for i := range row.Seats {
		s := &row.Seats[i]
		column := int(math.Round((float64(s.X) - float64(left)) / w.pitchX))
		switch {
		case i == 0:
			column = max(column, 0)
		case s.Gap:
			column = max(column, at+1)
		default:
			column = at
		}
		if column >= maxColumns {
			w.p.say("row "+row.Label, "一排太宽", "the row is too wide for a text grid")
			return ""
		}
		b.WriteString(strings.Repeat(".", column-at))
		l := letterOf{zone: s.Zone, kind: s.Kind}
		if s.Kind == seatmap.Family && i > 0 && row.Seats[i-1].Group != s.Group &&
			!s.Gap && last.zone == s.Zone && last.kind == s.Kind {
			turn = 1 - turn
		}
		if s.Kind == seatmap.Family {
			l.turn = turn
		}
		b.WriteByte(w.letter(l))
		at, last = column+1, l
	}
	return b.String()
}

// letter gives each zone and kind a letter, in the order in which they turn up.
func (w *textWriter) letter(l letterOf) byte {
	if c, ok := w.letters[l]; ok {
		return c
	}
	if len(w.order) == 26 {
		w.p.say("zones", "票区与座位类型的组合超过26种", "more than 26 zones and kinds of seat")
		return '?'
	}
	c := byte('A' + len(w.order))
	w.letters[l] = c
	w.order = append(w.order, l)
	return c
}
