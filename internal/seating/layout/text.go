package layout

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"foyer/internal/seating/seatmap"
)

// ReadText reads the text grid that the package comment describes. GUIDs are made of floor,
// section, row and seat label, so that a grid read again after an edit keeps those of
// seats that keep their label; seatmap.AdoptGUIDs joins it to a map with other GUIDs.
func ReadText(data []byte) (*seatmap.Map, error) {
	data, err := clean(data)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	if len(lines) > maxLines {
		return nil, TooLarge.At("file", fmt.Sprintf("超过%d行 / more than %d lines",
			maxLines, maxLines))
	}
	t := newTextReader()
	for i, line := range lines {
		t.line = i + 1
		t.read(strings.TrimRight(line, " \t\u3000"))
	}
	t.endSection()
	t.place()
	t.stage()
	t.zonesUsed()
	return finish(t.m, &t.p)
}

// cell is what a letter of the grid stands for.
type cell struct {
	zone string // its key
	kind seatmap.Kind
}

// scheme is a row or number line, valid until the next one.
type scheme struct {
	letters   bool
	from      string
	skip      string // letters
	skips     []int
	direction string
}

// gridRow is one typed row.
type gridRow struct {
	line   int
	y      int // lines from the start of its floor
	label  string
	labels []string
	cells  []gridSeat
	rows   *scheme
	seats  *scheme
}

type gridSeat struct {
	column int
	cell
	group int32
}

type gridSection struct {
	name, entrance string
	rows           []gridRow
}

type textReader struct {
	m     *seatmap.Map
	p     problems
	line  int
	cells map[rune]cell

	kind         seatmap.StageKind
	bottom       bool
	stageName    string
	focal        float64
	pitchX       int32
	pitchY       int32
	rows, seats  *scheme
	floor        int
	y, blank     int // lines of the floor so far; empty lines since the last row
	sec          gridSection
	sections     [][]gridSection // by floor
	group, total int32
	used         map[string]bool
}

func newTextReader() *textReader {
	return &textReader{
		m: &seatmap.Map{Name: "影厅", Floors: []seatmap.Floor{{}}}, cells: map[rune]cell{},
		kind: seatmap.Screen, focal: -1, pitchX: 55, pitchY: 100,
		rows: &scheme{from: "1"}, seats: &scheme{from: "1", direction: "left-to-right"},
		sections: [][]gridSection{nil}, used: map[string]bool{},
	}
}

// here names the line, and the column if there is one.
func (t *textReader) here(column ...int) string {
	s := "line " + strconv.Itoa(t.line)
	if len(column) > 0 {
		s += ", column " + strconv.Itoa(column[0])
	}
	return s
}

func (t *textReader) read(line string) {
	trimmed := strings.TrimSpace(line)
	if strings.HasPrefix(trimmed, "#") {
		return
	}
	word, rest := trimmed, ""
	if at := strings.IndexAny(trimmed, " :："); at >= 0 {
		word, rest = trimmed[:at], strings.TrimLeft(trimmed[at:], " :：")
	}
	handle := t.header(word)
	if handle == nil {
		t.grid(line)
		return
	}
	handle(strings.TrimSpace(rest))
}

// header is what reads a line that begins with the word; nil for a row of the grid.
func (t *textReader) header(word string) func(string) {
	switch word {
	case "hall":
		return func(s string) { t.m.Name = s }
	case "screen":
		return func(s string) { t.facing(s, seatmap.Screen) }
	case "stage":
		return func(s string) { t.facing(s, seatmap.Podium) }
	case "focal":
		return t.readFocal
	case "pitch":
		return t.readPitch
	case "zone":
		return t.readZone
	case "row":
		return t.readRow
	case "number":
		return t.readNumber
	case "floor":
		return t.readFloor
	case "section":
		return t.readSection
	case "entrance":
		return t.readEntrance
	case "area":
		return t.readArea
	}
	return nil
}

func (t *textReader) facing(s string, kind seatmap.StageKind) {
	side, name, _ := strings.Cut(s, " ")
	if side != "top" && side != "bottom" {
		t.p.say(t.here(), "须为top或bottom", "must say top or bottom, not %q", side)
	}
	t.kind, t.bottom, t.stageName = kind, side == "bottom", strings.TrimSpace(name)
}

func (t *textReader) readFocal(s string) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil || !(v >= 0 && v <= 100) {
		t.p.say(t.here(), "须为0%%至100%%", "must be 0%% to 100%%")
		return
	}
	t.focal = v / 100
}

func (t *textReader) readPitch(s string) {
	x, y, ok := strings.Cut(s, "x")
	a, errX := strconv.Atoi(strings.TrimSpace(x))
	b, errY := strconv.Atoi(strings.TrimSpace(y))
	if !ok || errX != nil || errY != nil || a < 20 || a > 500 || b < 20 || b > 500 {
		t.p.say(t.here(), "须写作55 x 100,每项20至500厘米",
			"is written 55 x 100, each from 20 to 500 centimetres")
		return
	}
	t.pitchX, t.pitchY = int32(a), int32(b)
}

func (t *textReader) readZone(s string) {
	letter, rest, ok := strings.Cut(s, "=")
	letter = strings.TrimSpace(letter)
	if !ok || len(letter) != 1 || letter[0] < 'A' || letter[0] > 'Z' {
		t.p.say(t.here(), "须写作zone A = 名称", "is written zone A = NAME")
		return
	}
	if _, twice := t.cells[rune(letter[0])]; twice {
		t.p.say(t.here(), "字母%s已声明", "the letter %s is declared already", letter)
	}
	name, opts := t.options(rest, "key", "kind", "#")
	z := seatmap.Zone{Key: letter, Name: name, Color: opts["#"]}
	if opts["key"] != "" {
		z.Key = opts["key"]
	}
	c := cell{zone: z.Key}
	if opts["kind"] != "" && c.kind.UnmarshalText([]byte(opts["kind"])) != nil {
		t.p.say(t.here(), "未知座位类型: %s", "unknown kind of seat: %s", opts["kind"])
	}
	if name == "" {
		t.p.say(t.here(), "票区没有名称", "the zone has no name")
	}
	t.cells[rune(letter[0])] = c
	for _, known := range t.m.Zones {
		if known.Key == z.Key {
			return
		}
	}
	t.m.Zones = append(t.m.Zones, z)
}

// options splits trailing NAME=VALUE words (and a colour, for "#") off a text.
func (t *textReader) options(s string, known ...string) (string, map[string]string) {
	opts := map[string]string{}
	fields := strings.Fields(s)
	for len(fields) > 0 {
		last := fields[len(fields)-1]
		name, value, ok := strings.Cut(last, "=")
		if strings.HasPrefix(last, "#") {
			name, value, ok = "#", last, true
		}
		if !ok || !contains(known, name) {
			break
		}
		opts[name] = value
		fields = fields[:len(fields)-1]
	}
	return strings.Join(fields, " "), opts
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func (t *textReader) readRow(s string) {
	fields := strings.Fields(s)
	if len(fields) < 2 || fields[0] != "from" {
		t.p.say(t.here(), "须写作row from A [skip I O]", "is written row from A [skip I O]")
		return
	}
	sc := &scheme{from: fields[1]}
	if _, err := strconv.ParseUint(sc.from, 10, 16); err != nil {
		sc.letters = true
		if len(seatmap.RowLetters(1, sc.from, "")) == 0 || len(sc.from) > 3 {
			t.p.say(t.here(), "排号须为大写字母或数字", "row labels are capital letters or numbers")
			return
		}
	}
	t.readSkips(sc, fields[2:])
	t.rows = sc
}

func (t *textReader) readSkips(sc *scheme, fields []string) {
	if len(fields) == 0 {
		return
	}
	if fields[0] != "skip" {
		t.p.say(t.here(), "未知内容: %s", "unknown word: %s", fields[0])
		return
	}
	for _, f := range fields[1:] {
		n, err := strconv.Atoi(f)
		switch {
		case err == nil && n >= 0 && n < 100_000:
			sc.skips = append(sc.skips, n)
		case sc.letters && len(f) == 1:
			sc.skip += f
		default:
			t.p.say(t.here(), "不能跳过: %s", "cannot skip %q", f)
		}
	}
	if len(sc.skip) > 20 || len(sc.skips) > 100 {
		t.p.say(t.here(), "跳过的太多", "skips too many")
		sc.skip, sc.skips = "", nil
	}
}

func (t *textReader) readNumber(s string) {
	fields := strings.Fields(s)
	sc := &scheme{from: "1"}
	known := []string{"left-to-right", "right-to-left", "odd-even", "even-odd"}
	if len(fields) == 0 || !contains(known, fields[0]) {
		t.p.say(t.here(), "须为%s之一", "must be one of %s", strings.Join(known, ", "))
		return
	}
	sc.direction, fields = fields[0], fields[1:]
	if len(fields) > 1 && fields[0] == "from" {
		if n, err := strconv.Atoi(fields[1]); err != nil || n < 0 || n > 10_000 {
			t.p.say(t.here(), "起始号须为数字", "must start from a number")
			return
		}
		sc.from, fields = fields[1], fields[2:]
	}
	t.readSkips(sc, fields)
	t.seats = sc
}

func (t *textReader) readFloor(s string) {
	t.endSection()
	name, opts := t.options(s, "height")
	floor := seatmap.Floor{Name: name}
	if h := opts["height"]; h != "" {
		v, err := strconv.ParseInt(h, 10, 32)
		if err != nil || v < -seatmap.MaxCoord || v > seatmap.MaxCoord {
			t.p.say(t.here(), "高度有误", "the height is wrong")
			v = 0
		}
		floor.Height = int32(v)
	}
	// The floor that was there before anything was said becomes this one.
	if len(t.m.Floors) == 1 && t.m.Floors[0].Name == "" && len(t.sections[0]) == 0 &&
		len(t.m.Floors[0].Areas) == 0 {
		t.m.Floors[0] = floor
		return
	}
	if len(t.m.Floors) >= seatmap.MaxFloors {
		t.p.say(t.here(), "楼层太多", "too many floors")
		return
	}
	t.m.Floors = append(t.m.Floors, floor)
	t.sections = append(t.sections, nil)
	t.floor, t.y = len(t.m.Floors)-1, 0
}

func (t *textReader) readSection(s string) {
	t.endSection()
	t.sec.name, t.sec.entrance = t.sectionHead(s)
}

func (t *textReader) sectionHead(s string) (name, entrance string) {
	name, opts := t.options(s, "entrance")
	return name, opts["entrance"]
}

// endSection puts the rows read so far into the floor.
func (t *textReader) endSection() {
	if len(t.sec.rows) > 0 {
		t.sections[t.floor] = append(t.sections[t.floor], t.sec)
		t.y += 2
	}
	t.sec, t.blank = gridSection{}, 0
}

func (t *textReader) readEntrance(s string) {
	name, at, ok := strings.Cut(s, " at ")
	e := seatmap.Entrance{Name: strings.TrimSpace(name)}
	if len(t.m.Floors) > 1 || t.m.Floors[0].Name != "" {
		e.Floor = t.m.Floors[t.floor].Name
	}
	if ok {
		x, y, _ := strings.Cut(at, ",")
		a, errX := strconv.ParseInt(strings.TrimSpace(x), 10, 32)
		b, errY := strconv.ParseInt(strings.TrimSpace(y), 10, 32)
		if errX != nil || errY != nil {
			t.p.say(t.here(), "位置须写作at X,Y(厘米)", "is written at X,Y in centimetres")
		}
		e.At = seatmap.Point{X: int32(a), Y: int32(b)}
	}
	t.m.Entrances = append(t.m.Entrances, e)
}

func (t *textReader) readArea(s string) {
	name, opts := t.options(s, "zone")
	fields := strings.Fields(name)
	if len(fields) < 3 || len(opts["zone"]) != 1 {
		t.p.say(t.here(), "须写作area: 名称 standing 300 zone=A",
			"is written area: NAME standing 300 zone=A")
		return
	}
	kind, capacity := fields[len(fields)-2], fields[len(fields)-1]
	a := seatmap.Area{Name: strings.Join(fields[:len(fields)-2], " ")}
	if a.Kind.UnmarshalText([]byte(kind)) != nil {
		t.p.say(t.here(), "未知区域类型: %s", "unknown kind of area: %s", kind)
	}
	n, err := strconv.ParseInt(capacity, 10, 32)
	if err != nil || n < 1 || n > seatmap.MaxCapacity {
		t.p.say(t.here(), "容量须为1至%d", "capacity is 1 to %d", seatmap.MaxCapacity)
	}
	a.Capacity = int32(n)
	c, ok := t.cells[rune(opts["zone"][0])]
	if !ok {
		t.p.say(t.here(), "票区%s未声明", "zone %s is not declared", opts["zone"])
	}
	a.Zone, t.used[c.zone] = c.zone, true
	a.GUID = guid("area", t.m.Floors[t.floor].Name, a.Name)
	t.m.Floors[t.floor].Areas = append(t.m.Floors[t.floor].Areas, a)
}

// guid joins what is not empty. Slashes in names cannot make two different paths equal.
func guid(parts ...string) string {
	var list []string
	for _, p := range parts {
		if p != "" {
			list = append(list, strings.ReplaceAll(p, "/", "//"))
		}
	}
	return strings.Join(list, "/")
}

// stage puts the stage at its side and the focal point in its depth.
func (t *textReader) stage() {
	b := boundsOf(&seatmap.Map{Floors: t.m.Floors[:1]})
	st := seatmap.Stage{Kind: t.kind, Name: t.stageName}
	share := t.focal
	if share < 0 {
		share = 0
		if t.kind == seatmap.Screen {
			share = 0.64
		}
	}
	if b.any {
		st.Shape = rectangle(b.minX, -60, b.maxX, 0)
		if t.bottom {
			st.Shape = rectangle(b.minX, b.maxY+300, b.maxX, b.maxY+360)
		}
	}
	st.Focal = inDepth(b, share, t.bottom)
	if share == 0 && t.kind == seatmap.Podium {
		st.Focal.Y = 0
		if t.bottom {
			st.Focal.Y = b.maxY + 300
		}
	}
	t.m.Stage = st
}

// zonesUsed leaves the unused zones to Validate, but for the kinds of one key.
func (t *textReader) zonesUsed() {
	for i, z := range t.m.Zones {
		if !t.used[z.Key] {
			t.p.say("zones["+strconv.Itoa(i)+"]", "票区%s没有座位", "zone %s has no seats", z.Name)
		}
	}
}

func scaled(n int, pitch int32) int32 {
	return int32(min(int64(n)*int64(pitch), math.MaxInt32/2))
}
