package layout

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"foyer/internal/seating/seatmap"
)

// The fields of a Vista seat layout that are read. Areas are rectangles in a picture of
// 100 × 100; each divides its rectangle into columns and rows. Areas of different price lie
// over one another with the same rectangle and grid and share physical rows.
type (
	vistaLayout struct {
		Data  *vistaData  `json:"SeatLayoutData"`
		Areas []vistaArea `json:"Areas"`
	}
	vistaData struct {
		Areas []vistaArea `json:"Areas"`
	}
	vistaArea struct {
		Category    words      `json:"AreaCategoryCode"`
		Description words      `json:"Description"`
		Alternative words      `json:"DescriptionAlt"`
		Number      number     `json:"Number"`
		Seats       number     `json:"NumberOfSeats"`
		Allocated   *bool      `json:"IsAllocatedSeating"`
		Columns     number     `json:"ColumnCount"`
		RowCount    number     `json:"RowCount"`
		Left        number     `json:"Left"`
		Top         number     `json:"Top"`
		Width       number     `json:"Width"`
		Height      number     `json:"Height"`
		Rows        []vistaRow `json:"Rows"`
	}
	vistaRow struct {
		Name  words       `json:"PhysicalName"`
		Seats []vistaSeat `json:"Seats"`
	}
	vistaSeat struct {
		ID       words           `json:"Id"`
		Original number          `json:"OriginalStatus"`
		Status   number          `json:"Status"`
		Position *vistaPosition  `json:"Position"`
		Group    json.RawMessage `json:"SeatsInGroup"`
	}
	vistaPosition struct {
		Area   number `json:"AreaNumber"`
		Column number `json:"ColumnIndex"`
		Row    number `json:"RowIndex"`
	}
)

// Statuses of a layout that say what a seat is. The others (0 free, 1 sold, 4 held) say
// only what had become of it when the layout was fetched.
const (
	vistaBroken     = 2
	vistaWheelchair = 3
	vistaBlocked    = 5
	vistaCompanion  = 7
)

// spotAt is the identity of a seat in a layout.
type spotAt struct{ area, row, column int }

// ReadVista reads a seat layout as cinema sites on Vista return it, alone or inside
// SeatLayoutData. What is assumed, from layouts of real sites:
//
//   - SeatsInGroup lists the positions of all seats that are sold together, the seat itself
//     included: two neighbours are a couple pair, three to six a family block;
//   - SeatStyle 1, 2 and 3 only say which piece of a sofa is drawn (right, middle, left), so
//     it is not read;
//   - OriginalStatus, else Status, is 3 for a wheelchair place and 7 for a companion's; seats
//     that share a group with a wheelchair place are companion places too; 2 and 5 (broken,
//     blocked) become house seats, which are never offered;
//   - each area category is a zone; areas without allocated seating are admission areas;
//   - row labels that count towards the lower edge put the screen at the top, others at the
//     bottom.
//
// A seat's GUID is area-row-column, which the cinema keeps between layouts.
func ReadVista(data []byte) (*seatmap.Map, error) {
	var in vistaLayout
	if err := decodeJSON(data, &in); err != nil {
		return nil, err
	}
	if in.Data != nil {
		in.Areas = in.Data.Areas
	}
	r := &vistaReader{at: map[spotAt]*vistaChair{}, zones: map[string]bool{}}
	r.m = &seatmap.Map{Name: "影厅", Floors: []seatmap.Floor{{}}}
	for i := range in.Areas {
		r.area(i, &in.Areas[i])
	}
	if r.p.Len() == 0 {
		r.scale()
		r.groups()
		r.sections()
		r.face()
	}
	return finish(r.m, &r.p)
}

// vistaChair is a seat on its way: x and y are in the picture, of 100 × 100.
type vistaChair struct {
	seatmap.Seat
	field, row string
	box        int // the rectangle it lies in
	x, y       float64
	at         spotAt
	mates      []spotAt
}

type vistaReader struct {
	m      *seatmap.Map
	p      problems
	chairs []*vistaChair
	at     map[spotAt]*vistaChair
	zones  map[string]bool
	boxes  []vistaBox
}

// vistaBox is one rectangle of the picture with the name of its first area.
type vistaBox struct {
	left, top, width, height float64
	columns, rows            int
	name                     string
}

func (r *vistaReader) area(i int, a *vistaArea) {
	field := fmt.Sprintf("Areas[%d]", i)
	for name, n := range map[string]number{
		"Number": a.Number, "ColumnCount": a.Columns, "RowCount": a.RowCount, "Left": a.Left,
		"Top": a.Top, "Width": a.Width, "Height": a.Height,
	} {
		if n.bad || n.v < 0 || n.v > 100_000 {
			r.p.say(field+"."+name, "数值有误", "the number is wrong")
		}
	}
	key := r.zone(i, a)
	name := zoneName(a, i)
	if a.Allocated != nil && !*a.Allocated && a.Seats.int() > 0 {
		r.m.Floors[0].Areas = append(r.m.Floors[0].Areas, seatmap.Area{
			GUID: fmt.Sprintf("area-%d", a.Number.int()), Name: name, Kind: seatmap.Admission,
			Zone: key, Capacity: int32(min(a.Seats.int(), seatmap.MaxCapacity)),
		})
		r.zones[key] = true
		return
	}
	box := r.box(a, name)
	for k := range a.Rows {
		for s := range a.Rows[k].Seats {
			path := fmt.Sprintf("%s.Rows[%d].Seats[%d]", field, k, s)
			r.seat(path, a.Number.int(), box, key, k, &a.Rows[k], &a.Rows[k].Seats[s])
		}
	}
}

// zone declares the category of the area once.
func (r *vistaReader) zone(i int, a *vistaArea) string {
	key := a.Category.s
	if key == "" {
		key = strconv.Itoa(a.Number.int())
	}
	if slices.ContainsFunc(r.m.Zones, func(z seatmap.Zone) bool { return z.Key == key }) {
		return key
	}
	seats := 0
	for _, row := range a.Rows {
		seats += len(row.Seats)
	}
	if seats > 0 || (a.Allocated != nil && !*a.Allocated && a.Seats.int() > 0) {
		r.m.Zones = append(r.m.Zones, seatmap.Zone{Key: key, Name: zoneName(a, i)})
	}
	return key
}

func zoneName(a *vistaArea, i int) string {
	for _, s := range []string{a.Description.s, a.Alternative.s, a.Category.s} {
		if s = clip(s); s != "" {
			return s
		}
	}
	return fmt.Sprintf("%d区", i+1)
}

// box finds the rectangle of the area among those seen. An area without one gets its grid.
func (r *vistaReader) box(a *vistaArea, name string) int {
	b := vistaBox{a.Left.v, a.Top.v, a.Width.v, a.Height.v, a.Columns.int(), a.RowCount.int(), ""}
	for k := range a.Rows {
		b.rows = max(b.rows, k+1)
		for _, s := range a.Rows[k].Seats {
			if s.Position != nil {
				b.rows = max(b.rows, s.Position.Row.int()+1)
				b.columns = max(b.columns, s.Position.Column.int()+1)
			}
		}
	}
	if b.width == 0 || b.height == 0 {
		b.width, b.height = float64(b.columns), float64(b.rows)
	}
	for i, o := range r.boxes {
		if o.name = ""; o == b {
			return i
		}
	}
	b.name = name
	r.boxes = append(r.boxes, b)
	return len(r.boxes) - 1
}

func (r *vistaReader) seat(
	field string, area, box int, zone string, rowIndex int, row *vistaRow, s *vistaSeat,
) {
	if s.Position == nil || s.Position.Row.bad || s.Position.Column.bad ||
		s.Position.Row.v < 0 || s.Position.Column.v < 0 {
		r.p.say(field+".Position", "缺少位置或有误", "the position is missing or wrong")
		return
	}
	if len(r.chairs) > seatmap.MaxSeats {
		return // Validate says how many are too many
	}
	b := &r.boxes[box]
	c := &vistaChair{field: field, box: box, row: row.Name.s}
	c.at = spotAt{area, s.Position.Row.int(), s.Position.Column.int()}
	if c.row == "" {
		c.row = strconv.Itoa(rowIndex + 1)
	}
	if s.ID.s == "" {
		r.p.say(field+".Id", "缺少座位号", "the seat has no number")
	}
	if other := r.at[c.at]; other != nil {
		r.p.say(field+".Position", "与%s位置相同", "has the same position as %s", other.field)
		return
	}
	c.x = b.left + (float64(c.at.column)+0.5)*b.width/float64(b.columns)
	c.y = b.top + (float64(c.at.row)+0.5)*b.height/float64(b.rows)
	c.GUID = fmt.Sprintf("%d-%d-%d", area, c.at.row, c.at.column)
	c.Label, c.Zone = s.ID.s, zone
	status := s.Original
	if !status.set {
		status = s.Status
	}
	switch status.int() {
	case vistaWheelchair:
		c.Kind = seatmap.Wheelchair
	case vistaCompanion:
		c.Kind = seatmap.Companion
	case vistaBroken, vistaBlocked:
		c.Kind = seatmap.House
	}
	var mates []vistaPosition
	if json.Unmarshal(s.Group, &mates) == nil {
		for _, m := range mates[:min(len(mates), 10)] {
			c.mates = append(c.mates, spotAt{m.Area.int(), m.Row.int(), m.Column.int()})
		}
	}
	r.at[c.at] = c
	r.chairs = append(r.chairs, c)
}

// scale turns the picture into centimetres: columns are 55 apart, rows 100.
func (r *vistaReader) scale() {
	w, h := math.MaxFloat64, math.MaxFloat64
	for _, b := range r.boxes {
		if b.columns > 0 && b.rows > 0 {
			w, h = min(w, b.width/float64(b.columns)), min(h, b.height/float64(b.rows))
		}
	}
	for _, c := range r.chairs {
		x, y := c.x/w*55, c.y/h*100
		if !(math.Abs(x) <= seatmap.MaxCoord && math.Abs(y) <= seatmap.MaxCoord) {
			r.p.say(c.field, "坐标超出范围", "coordinates are out of range")
			return
		}
		c.X, c.Y = int32(math.Round(x)), int32(math.Round(y))
	}
}

// groups makes pairs and blocks, and companions of whoever shares with a wheelchair.
func (r *vistaReader) groups() {
	next := int32(0)
	for _, c := range r.chairs {
		if len(c.mates) < 2 || c.Group != 0 {
			continue
		}
		var all []*vistaChair
		wheelchair := false
		for _, m := range c.mates {
			mate := r.at[m]
			if mate == nil {
				r.p.say(c.field+".SeatsInGroup", "组内座位不存在", "lists a seat that does not exist")
				return
			}
			wheelchair = wheelchair || mate.Kind == seatmap.Wheelchair
			all = append(all, mate)
		}
		if wheelchair {
			for _, mate := range all {
				if mate.Kind == seatmap.Standard {
					mate.Kind = seatmap.Companion
				}
			}
			continue
		}
		next++
		for _, mate := range all {
			mate.Group, mate.Kind = next, seatmap.Couple
			if len(all) > 2 {
				mate.Kind = seatmap.Family
			}
		}
	}
}

// sections joins the chairs to rows. A row is all chairs of one name at one height, across
// areas. Names that stand at several heights make a section of each rectangle.
func (r *vistaReader) sections() {
	height := map[string]int32{}
	split := false
	for _, c := range r.chairs {
		if y, seen := height[c.row]; seen && y != c.Y {
			split = true
		}
		height[c.row] = c.Y
	}
	type rowKey struct {
		box  int
		name string
	}
	rows := map[rowKey]*seatmap.Row{}
	var order []rowKey
	for _, c := range r.chairs {
		key := rowKey{-1, c.row}
		if split {
			key.box = c.box
		}
		if rows[key] == nil {
			rows[key] = &seatmap.Row{Label: c.row}
			order = append(order, key)
		}
		rows[key].Seats = append(rows[key].Seats, c.Seat)
	}
	slices.SortStableFunc(order, func(a, b rowKey) int {
		if a.box != b.box {
			return a.box - b.box
		}
		return int(rows[a].Seats[0].Y - rows[b].Seats[0].Y)
	})
	floor, last := &r.m.Floors[0], -2
	for _, key := range order {
		if key.box != last {
			floor.Sections = append(floor.Sections, seatmap.Section{Name: r.sectionName(key.box)})
			last = key.box
		}
		sec := &floor.Sections[len(floor.Sections)-1]
		sec.Rows = append(sec.Rows, *rows[key])
	}
	arrange(r.m)
	for s := range seatsOf(r.m) {
		if s.Kind != seatmap.Couple && s.Kind != seatmap.Family {
			s.Group = 0
		}
	}
}

func (r *vistaReader) sectionName(box int) string {
	if box < 0 {
		return ""
	}
	for i, b := range r.boxes {
		if i != box && b.name == r.boxes[box].name {
			return fmt.Sprintf("%s %d", b.name, box+1)
		}
	}
	return r.boxes[box].name
}

// face puts the screen where the rows begin to count.
func (r *vistaReader) face() {
	down, up := 0, 0
	for _, sec := range r.m.Floors[0].Sections {
		for i := 1; i < len(sec.Rows); i++ {
			if labelLess(sec.Rows[i-1].Label, sec.Rows[i].Label) {
				down++
			} else {
				up++
			}
		}
	}
	b := boundsOf(r.m)
	bottom := up > down
	r.m.Stage = seatmap.Stage{Kind: seatmap.Screen, Name: "银幕", Focal: inDepth(b, 0.64, bottom)}
	r.m.Stage.Shape = rectangle(b.minX, b.minY-330, b.maxX, b.minY-300)
	if bottom {
		r.m.Stage.Shape = rectangle(b.minX, b.maxY+300, b.maxX, b.maxY+330)
		for s := range seatsOf(r.m) {
			s.Rotation = 180
		}
	}
}

// labelLess compares row labels as people count: 2 before 10, Z before AA.
func labelLess(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return strings.Compare(a, b) < 0
}
