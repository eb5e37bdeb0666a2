package layout

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"foyer/internal/seating/seatmap"
)

// pixelCm is what one unit of a pretix plan is here: its seats have a radius of 10 and
// stand about 25 apart, which makes 50 cm.
const pixelCm = 2

// The fields of seating-plan.schema.json that are read; editors add others, which are
// passed over. Plans of the first schema version (text as a string, width and height
// without a shape) are read too.
type (
	pretixPlan struct {
		Name       words            `json:"name"`
		Categories []pretixCategory `json:"categories"`
		Zones      []pretixZone     `json:"zones"`
	}
	pretixCategory struct {
		Name  words `json:"name"`
		Color words `json:"color"`
	}
	pretixPoint struct {
		X number `json:"x"`
		Y number `json:"y"`
	}
	pretixZone struct {
		Name     words        `json:"name"`
		ZoneID   words        `json:"zone_id"`
		Position pretixPoint  `json:"position"`
		Rows     []pretixRow  `json:"rows"`
		Areas    []pretixArea `json:"areas"`
	}
	pretixRow struct {
		Number   words        `json:"row_number"`
		Position pretixPoint  `json:"position"`
		Seats    []pretixSeat `json:"seats"`
	}
	pretixSeat struct {
		GUID     words       `json:"seat_guid"`
		Number   words       `json:"seat_number"`
		Position pretixPoint `json:"position"`
		Category words       `json:"category"`
	}
	pretixArea struct {
		Shape     words           `json:"shape"`
		Color     words           `json:"color"`
		Position  pretixPoint     `json:"position"`
		Rotation  number          `json:"rotation"`
		Text      json.RawMessage `json:"text"`
		Width     number          `json:"width"`
		Height    number          `json:"height"`
		Polygon   struct{ Points []pretixPoint }
		Rectangle struct{ Width, Height number }
		Circle    struct{ Radius number }
		Ellipse   struct{ Radius pretixPoint }
	}
)

// ReadPretix reads a pretix seating plan. Its zones become sections of one floor, its
// categories become zones, its areas decorations; an area whose text says stage or screen
// becomes the stage. The format has no kinds of seats: all are standard, but for those of a
// category whose name says wheelchair.
func ReadPretix(data []byte) (*seatmap.Map, error) {
	var plan pretixPlan
	if err := decodeJSON(data, &plan); err != nil {
		return nil, err
	}
	r := &pretixReader{kinds: map[string]seatmap.Kind{}, guids: map[string]string{}}
	r.m = &seatmap.Map{Name: plan.Name.s, Floors: []seatmap.Floor{{}}}
	if r.m.Name == "" {
		r.m.Name = "座位图"
	}
	r.categories(plan.Categories)
	for i := range plan.Zones {
		r.zone(i, &plan.Zones[i])
	}
	arrange(r.m)
	r.focus()
	r.dropUnused()
	return finish(r.m, &r.p)
}

type pretixReader struct {
	m     *seatmap.Map
	p     problems
	kinds map[string]seatmap.Kind
	guids map[string]string
	names map[string]bool
	seats int
}

func (r *pretixReader) categories(list []pretixCategory) {
	for i, c := range list {
		field := fmt.Sprintf("categories[%d].name", i)
		if _, twice := r.kinds[c.Name.s]; twice || c.Name.s == "" {
			r.p.say(field, "票区名称为空或重复: %s", "the name is empty or used twice: %q", c.Name.s)
			continue
		}
		r.kinds[c.Name.s] = seatmap.Standard
		if says(c.Name.s, "轮椅", "wheelchair", "rollstuhl", "fauteuil roulant") {
			r.kinds[c.Name.s] = seatmap.Wheelchair
		}
		r.m.Zones = append(r.m.Zones, seatmap.Zone{
			Key: c.Name.s, Name: c.Name.s, Color: color(c.Color.s),
		})
	}
}

func says(text string, any ...string) bool {
	text = strings.ToLower(text)
	for _, w := range any {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// color gives colours that maps know; the others (names, rgba) are left out.
func color(s string) string {
	if len(s) == 4 && s[0] == '#' {
		s = string([]byte{'#', s[1], s[1], s[2], s[2], s[3], s[3]})
	}
	if len(s) != 7 || s[0] != '#' || strings.Trim(s[1:], "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return s
}

func (r *pretixReader) zone(i int, z *pretixZone) {
	field := fmt.Sprintf("zones[%d]", i)
	if r.names == nil {
		r.names = map[string]bool{}
	}
	name := z.Name.s
	if name == "" {
		name = z.ZoneID.s
	}
	if name == "" {
		name = fmt.Sprintf("%d区", i+1)
	}
	for base, n := name, 2; r.names[name]; n++ {
		name = fmt.Sprintf("%s %d", base, n)
	}
	r.names[name] = true
	sec := seatmap.Section{Name: name}
	origin := r.point(field+".position", z.Position, seatmap.Point{})
	for k := range z.Rows {
		if row, ok := r.row(fmt.Sprintf("%s.rows[%d]", field, k), &z.Rows[k], origin); ok {
			sec.Rows = append(sec.Rows, row)
		}
	}
	if len(sec.Rows) > 0 {
		r.m.Floors[0].Sections = append(r.m.Floors[0].Sections, sec)
	}
	for k := range z.Areas {
		r.area(fmt.Sprintf("%s.areas[%d]", field, k), &z.Areas[k], origin)
	}
}

func (r *pretixReader) row(field string, row *pretixRow, origin seatmap.Point) (
	seatmap.Row, bool,
) {
	label := row.Number.s
	out := seatmap.Row{Label: label}
	if len(row.Seats) == 0 {
		return out, false
	}
	if label == "" || row.Number.bad {
		r.p.say(field+".row_number", "缺少排号", "the row has no number")
	}
	at := r.point(field+".position", row.Position, origin)
	seen := map[string]bool{}
	for i := range row.Seats {
		path := fmt.Sprintf("%s.seats[%d]", field, i)
		seat := r.seat(path, &row.Seats[i], at)
		if seen[seat.Label] {
			r.p.say(path+".seat_number", "%s排座位号重复: %s",
				"row %s has seat %s twice", label, seat.Label)
		}
		seen[seat.Label] = true
		out.Seats = append(out.Seats, seat)
	}
	return out, true
}

func (r *pretixReader) seat(field string, s *pretixSeat, at seatmap.Point) seatmap.Seat {
	if r.seats++; r.seats == seatmap.MaxSeats+1 {
		r.p.say(field, "座位超过%d个", "more than %d seats", seatmap.MaxSeats)
	}
	guid := s.GUID.s
	switch other, twice := r.guids[guid]; {
	case guid == "":
		r.p.say(field+".seat_guid", "缺少标识", "the seat has no GUID")
	case twice:
		r.p.say(field+".seat_guid", "标识%s已用于%s", "GUID %s is already used at %s", guid, other)
	default:
		r.guids[guid] = field
	}
	if s.Number.s == "" {
		r.p.say(field+".seat_number", "缺少座位号", "the seat has no number")
	}
	kind, known := r.kinds[s.Category.s]
	if !known {
		r.p.say(field+".category", "票区不存在: %s", "there is no category %q", s.Category.s)
	}
	if !s.Position.X.set || !s.Position.Y.set {
		r.p.say(field+".position", "缺少坐标", "the seat has no position")
	}
	p := r.point(field+".position", s.Position, at)
	return seatmap.Seat{
		GUID: guid, Label: s.Number.s, X: p.X, Y: p.Y, Zone: s.Category.s, Kind: kind,
	}
}

// point is a position of the plan relative to what it lies in, in centimetres.
func (r *pretixReader) point(field string, p pretixPoint, from seatmap.Point) seatmap.Point {
	const most = seatmap.MaxCoord / pixelCm / 4
	if p.X.bad || p.Y.bad || math.Abs(p.X.v) > most || math.Abs(p.Y.v) > most {
		r.p.say(field, "坐标有误或超出范围", "the position is wrong or out of range")
		return from
	}
	return seatmap.Point{
		X: from.X + int32(math.Round(p.X.v*pixelCm)), Y: from.Y + int32(math.Round(p.Y.v*pixelCm)),
	}
}

func (r *pretixReader) area(field string, a *pretixArea, origin seatmap.Point) {
	if len(r.m.Decor) >= seatmap.MaxDecor {
		return // a drawing with more detail than that loses the rest
	}
	at := r.point(field+".position", a.Position, origin)
	shape := r.outline(field, a, at)
	if len(shape) == 0 {
		return
	}
	label := areaText(a.Text)
	if r.m.Stage.Kind == seatmap.NoStage {
		switch {
		case says(label, "screen", "银幕", "屏幕", "leinwand", "écran"):
			r.m.Stage = seatmap.Stage{Kind: seatmap.Screen, Name: label, Shape: shape}
			return
		case says(label, "stage", "舞台", "bühne", "scène", "escenario"):
			r.m.Stage = seatmap.Stage{Kind: seatmap.Podium, Name: label, Shape: shape}
			return
		}
	}
	r.m.Decor = append(r.m.Decor, seatmap.Decor{
		Label: label, Color: color(a.Color.s), Shape: shape,
	})
}

// areaText reads the text of both schema versions.
func areaText(raw json.RawMessage) string {
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		return clip(plain)
	}
	var full struct{ Text words }
	if json.Unmarshal(raw, &full) == nil {
		return clip(full.Text.s)
	}
	return ""
}

func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	for len(s) > seatmap.MaxName {
		s = strings.ToValidUTF8(s[:seatmap.MaxName-2], "")
	}
	return s
}

// outline is the corners of an area, turned as drawn. Circles have 24.
func (r *pretixReader) outline(field string, a *pretixArea, at seatmap.Point) []seatmap.Point {
	var pts []pretixPoint
	switch {
	case len(a.Polygon.Points) > 0:
		pts = a.Polygon.Points[:min(len(a.Polygon.Points), seatmap.MaxPoints)]
	case a.Circle.Radius.v > 0:
		pts = ring(a.Circle.Radius, a.Circle.Radius)
	case a.Ellipse.Radius.X.v > 0:
		pts = ring(a.Ellipse.Radius.X, a.Ellipse.Radius.Y)
	case a.Rectangle.Width.v > 0:
		pts = box(a.Rectangle.Width, a.Rectangle.Height)
	case a.Width.v > 0:
		pts = box(a.Width, a.Height)
	case len(a.Text) > 0:
		pts = []pretixPoint{{}}
	}
	sin, cos := math.Sincos(a.Rotation.v * math.Pi / 180)
	out := make([]seatmap.Point, len(pts))
	for i, p := range pts {
		x, y := p.X.v*cos-p.Y.v*sin, p.X.v*sin+p.Y.v*cos
		out[i] = r.point(field, pretixPoint{
			number{v: x, bad: p.X.bad}, number{v: y, bad: p.Y.bad},
		}, at)
	}
	return out
}

func box(w, h number) []pretixPoint {
	return []pretixPoint{{}, {X: w}, {w, h}, {Y: h}}
}

func ring(rx, ry number) []pretixPoint {
	pts := make([]pretixPoint, 24)
	for i := range pts {
		sin, cos := math.Sincos(float64(i) * math.Pi / 12)
		pts[i] = pretixPoint{number{v: rx.v * cos}, number{v: ry.v * sin}}
	}
	return pts
}

// focus puts the focal point: at the middle of a stage, two thirds back from a screen, and
// at the top of the plan where neither is drawn.
func (r *pretixReader) focus() {
	b := boundsOf(r.m)
	switch r.m.Stage.Kind {
	case seatmap.Podium:
		var s bounds
		for _, p := range r.m.Stage.Shape {
			s.add(p.X, p.Y)
		}
		r.m.Stage.Focal = seatmap.Point{X: s.middleX(), Y: s.minY + (s.maxY-s.minY)/2}
	case seatmap.Screen:
		below := r.m.Stage.Shape[0].Y > b.minY+(b.maxY-b.minY)/2
		r.m.Stage.Focal = inDepth(b, 0.64, below)
	default:
		r.m.Stage.Focal = seatmap.Point{X: b.middleX(), Y: b.minY}
	}
}

// dropUnused leaves out categories that no seat has: plans often list more than they use.
func (r *pretixReader) dropUnused() {
	used := map[string]bool{}
	for s := range seatsOf(r.m) {
		used[s.Zone] = true
	}
	zones := r.m.Zones[:0]
	for _, z := range r.m.Zones {
		if used[z.Key] {
			zones = append(zones, z)
		}
	}
	r.m.Zones = zones
}
