package seatmap

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"foyer/internal/fault"
)

// The refusals of seat maps.
var (
	Invalid = fault.Define(fault.Invalid, "seat_map_invalid",
		"座位图有误", "The seat map breaks rules; the fields say where.",
		"Correct the named seats, rows or areas and send the map again.")
	Unreadable = fault.Define(fault.Malformed, "seat_map_unreadable",
		"座位图数据无法读取", "The stored seat map cannot be read.",
		"Restore the version from a backup or publish the map again.")
	OverLimit = fault.Define(fault.TooLarge, "seat_map_too_large",
		"座位图超出上限", "The seat map is over a limit.",
		"Split the hall, or leave out what the fields name.")
)

// overlapCm is the distance of two seat centres below which one sits on the other.
const overlapCm = 15

// Validate is nil for a map that can be published. Otherwise it is Invalid and names every
// problem with its place in the document: names missing or too long, limits exceeded, GUIDs
// or numbers used twice, labels used twice in a section, couple pairs that are not exactly
// two neighbours, family blocks of other than 3 to 6 neighbours, seats on top of each
// other, zones and entrances that do not exist, and zones without any seat or area.
func (m *Map) Validate() error {
	c := &checker{
		m: m, guids: map[string]string{}, places: map[Place]string{}, groups: map[int32]*group{},
		zones: map[string]int{}, doors: map[string]bool{}, floors: map[string]bool{},
	}
	c.head()
	for f := range m.Floors {
		c.floor(f)
	}
	c.decor()
	c.checkGroups()
	c.unusedZones()
	c.totals()
	return c.p.As(Invalid)
}

// checker carries what has been seen while it walks the map once.
type checker struct {
	m      *Map
	p      fault.Problems
	guids  map[string]string
	places map[Place]string
	groups map[int32]*group
	zones  map[string]int
	doors  map[string]bool
	floors map[string]bool

	seats, areas, sections, rows int
	grid                         map[[2]int32][]spot
}

// group is what was found of one couple pair or family block.
type group struct {
	field         string
	kind          Kind
	mixed, broken bool
	seats         int
	row, last     int
}

type spot struct {
	x, y  int32
	field string
}

// say notes a problem in both languages.
func (c *checker) say(field, zh, en string, args ...any) {
	c.p.Add(field, "%s / %s", fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...))
}

func (c *checker) head() {
	c.name("name", c.m.Name, true)
	c.point("stage.focal", c.m.Stage.Focal.X, c.m.Stage.Focal.Y)
	c.shape("stage.shape", c.m.Stage.Shape, 0)
	if c.m.Stage.Kind >= stageKinds {
		c.say("stage.kind", "未知类型", "unknown kind")
	}
	for i, z := range c.m.Zones {
		field := "zones[" + strconv.Itoa(i) + "]"
		c.name(field+".key", z.Key, true)
		c.name(field+".name", z.Name, true)
		c.color(field+".color", z.Color)
		if _, twice := c.zones[z.Key]; twice {
			c.say(field+".key", "票区编号重复: %s", "zone key %s is used twice", z.Key)
		}
		c.zones[z.Key] = 0
	}
	for i, e := range c.m.Entrances {
		field := "entrances[" + strconv.Itoa(i) + "]"
		c.name(field+".name", e.Name, true)
		c.point(field+".at", e.At.X, e.At.Y)
		if c.doors[e.Name] {
			c.say(field+".name", "入口重复: %s", "entrance %s is listed twice", e.Name)
		}
		c.doors[e.Name] = true
	}
}

func (c *checker) floor(f int) {
	floor := &c.m.Floors[f]
	field := "floors[" + strconv.Itoa(f) + "]"
	c.name(field+".name", floor.Name, len(c.m.Floors) > 1)
	if c.floors[floor.Name] {
		c.say(field+".name", "楼层重复: %s", "floor %s is listed twice", floor.Name)
	}
	if floor.Height < -MaxCoord || floor.Height > MaxCoord {
		c.say(field+".height", "高度超出范围", "height is out of range")
	}
	c.floors[floor.Name] = true
	c.grid = map[[2]int32][]spot{}
	named := map[string]bool{}
	for s := range floor.Sections {
		sec := &floor.Sections[s]
		path := field + ".sections[" + strconv.Itoa(s) + "]"
		if named[sec.Name] {
			c.say(path+".name", "分区重复: %s", "section %s is listed twice on its floor", sec.Name)
		}
		named[sec.Name] = true
		c.section(path, sec, len(floor.Sections) > 1)
	}
	for a := range floor.Areas {
		c.area(field+".areas["+strconv.Itoa(a)+"]", &floor.Areas[a])
	}
}

func (c *checker) section(field string, sec *Section, needName bool) {
	c.sections++
	c.name(field+".name", sec.Name, needName)
	c.door(field+".entrance", sec.Entrance)
	type label struct{ row, seat string }
	seen := make(map[label]bool)
	rows := map[string]bool{}
	for r := range sec.Rows {
		row := &sec.Rows[r]
		path := field + ".rows[" + strconv.Itoa(r) + "]"
		c.rows++
		c.name(path+".label", row.Label, true)
		if rows[row.Label] {
			c.say(path+".label", "排号重复: %s", "row %s is listed twice in its section", row.Label)
		}
		rows[row.Label] = true
		if len(row.Seats) == 0 || len(row.Seats) > MaxRowSeats {
			c.say(path+".seats", "每排须有1至%d个座位", "a row has 1 to %d seats", MaxRowSeats)
		}
		for i := range row.Seats {
			seat := &row.Seats[i]
			at := path + ".seats[" + strconv.Itoa(i) + "]"
			c.seat(at, seat, i)
			l := label{row.Label, seat.Label}
			if seen[l] {
				c.say(at+".label", "座位号重复: %s排%s座",
					"row %s seat %s is used twice in its section", l.row, l.seat)
			}
			seen[l] = true
		}
	}
}

func (c *checker) seat(field string, seat *Seat, index int) {
	c.seats++
	c.identity(field, seat.GUID, seat.Place)
	c.name(field+".label", seat.Label, true)
	c.point(field, seat.X, seat.Y)
	c.zone(field+".zone", seat.Zone)
	c.door(field+".entrance", seat.Entrance)
	if seat.Kind >= kinds {
		c.say(field+".kind", "未知类型", "unknown kind")
	}
	if seat.Rotation < 0 || seat.Rotation > 359 {
		c.say(field+".rotation", "角度须为0至359", "rotation is 0 to 359 degrees")
	}
	c.member(field, seat, index)
	c.overlap(field, seat)
}

// member adds the seat to its pair or block, and notes when it does not continue it.
func (c *checker) member(field string, seat *Seat, index int) {
	grouped := seat.Kind == Couple || seat.Kind == Family
	if seat.Group == 0 {
		if grouped {
			c.say(field+".group", "情侣座或家庭座须成组", "a couple or family seat needs a group")
		}
		return
	}
	if !grouped {
		c.say(field+".group", "只有情侣座和家庭座可以成组",
			"only couple and family seats form a group")
		return
	}
	g := c.groups[seat.Group]
	if g == nil {
		c.groups[seat.Group] = &group{
			field: field, kind: seat.Kind, seats: 1, row: c.rows, last: index,
		}
		return
	}
	g.seats++
	g.mixed = g.mixed || g.kind != seat.Kind
	g.broken = g.broken || g.row != c.rows || g.last != index-1 || seat.Gap
	g.last = index
}

func (c *checker) checkGroups() {
	for _, id := range slices.Sorted(maps.Keys(c.groups)) {
		g := c.groups[id]
		field := g.field + ".group"
		switch {
		case g.mixed:
			c.say(field, "第%d组混有不同类型", "group %d mixes kinds of seats", id)
		case g.kind == Couple && (g.seats != 2 || g.broken):
			c.say(field, "情侣座第%d组须为相邻的2座,现有%d座",
				"couple group %d must be exactly 2 neighbours, it has %d", id, g.seats)
		case g.kind == Family && (g.seats < 3 || g.seats > 6 || g.broken):
			c.say(field, "家庭座第%d组须为相邻的3至6座,现有%d座",
				"family group %d must be 3 to 6 neighbours, it has %d", id, g.seats)
		}
	}
}

func (c *checker) area(field string, a *Area) {
	c.areas++
	c.identity(field, a.GUID, a.Place)
	c.name(field+".name", a.Name, true)
	c.zone(field+".zone", a.Zone)
	c.door(field+".entrance", a.Entrance)
	c.shape(field+".shape", a.Shape, 0)
	if a.Kind >= areaKinds {
		c.say(field+".kind", "未知类型", "unknown kind")
	}
	if a.Capacity < 1 || a.Capacity > MaxCapacity {
		c.say(field+".capacity", "容量须为1至%d", "capacity is 1 to %d", MaxCapacity)
	}
}

func (c *checker) identity(field, guid string, place Place) {
	c.name(field+".guid", guid, true)
	if other, twice := c.guids[guid]; twice && guid != "" {
		c.say(field+".guid", "标识%s已用于%s", "GUID %s is already used at %s", guid, other)
	} else {
		c.guids[guid] = field
	}
	if place < 0 || place > MaxPlace || (c.m.NextPlace > 0 && place >= c.m.NextPlace) {
		c.say(field+".place", "编号%d超出范围", "number %d is out of range", place)
	}
	if place == 0 {
		return
	}
	if other, twice := c.places[place]; twice {
		c.say(field+".place", "编号%d已用于%s", "number %d is already used at %s", place, other)
	}
	c.places[place] = field
}

// overlap compares the seat with those in the cells around it on the same floor.
func (c *checker) overlap(field string, seat *Seat) {
	cell := [2]int32{floorDiv(seat.X), floorDiv(seat.Y)}
	for dx := int32(-1); dx <= 1; dx++ {
		for dy := int32(-1); dy <= 1; dy++ {
			for _, o := range c.grid[[2]int32{cell[0] + dx, cell[1] + dy}] {
				x, y := int64(o.x)-int64(seat.X), int64(o.y)-int64(seat.Y)
				if x*x+y*y < overlapCm*overlapCm {
					c.say(field, "与%s重叠", "lies on top of %s", o.field)
					return
				}
			}
		}
	}
	c.grid[cell] = append(c.grid[cell], spot{seat.X, seat.Y, field})
}

func floorDiv(v int32) int32 {
	if v < 0 {
		return -((-v + overlapCm - 1) / overlapCm)
	}
	return v / overlapCm
}

func (c *checker) decor() {
	for i := range c.m.Decor {
		d := &c.m.Decor[i]
		field := "decor[" + strconv.Itoa(i) + "]"
		c.name(field+".label", d.Label, false)
		c.color(field+".color", d.Color)
		c.shape(field+".shape", d.Shape, 1)
		if d.Floor != "" && !c.floors[d.Floor] {
			c.say(field+".floor", "楼层不存在: %s", "there is no floor %s", d.Floor)
		}
	}
	for i, e := range c.m.Entrances {
		if e.Floor != "" && !c.floors[e.Floor] {
			c.say("entrances["+strconv.Itoa(i)+"].floor", "楼层不存在: %s",
				"there is no floor %s", e.Floor)
		}
	}
}

func (c *checker) unusedZones() {
	for i, z := range c.m.Zones {
		if c.zones[z.Key] == 0 {
			c.say("zones["+strconv.Itoa(i)+"]", "票区%s没有任何座位或区域",
				"zone %s has no seat and no area", z.Key)
		}
	}
	if c.seats == 0 && c.areas == 0 {
		c.say("floors", "座位图没有任何座位或区域", "the map has no seat and no area")
	}
}

func (c *checker) totals() {
	c.limit("zones", len(c.m.Zones), MaxZones)
	c.limit("floors", len(c.m.Floors), MaxFloors)
	c.limit("sections", c.sections, MaxSections)
	c.limit("rows", c.rows, MaxRows)
	c.limit("seats", c.seats, MaxSeats)
	c.limit("areas", c.areas, MaxAreas)
	c.limit("entrances", len(c.m.Entrances), MaxEntrances)
	c.limit("decor", len(c.m.Decor), MaxDecor)
	c.limit("retired", len(c.m.Retired), MaxRetired)
}

func (c *checker) limit(field string, n, most int) {
	if n > most {
		c.say(field, "共%d,上限%d", "%d is over the limit of %d", n, most)
	}
}

func (c *checker) name(field, s string, needed bool) {
	switch {
	case s == "" && needed:
		c.say(field, "不能为空", "must not be empty")
	case len(s) > MaxName:
		c.say(field, "超过%d字节", "is longer than %d bytes", MaxName)
	case !utf8.ValidString(s):
		c.say(field, "不是有效文字", "is not valid UTF-8")
	default:
		for _, r := range s {
			if r < ' ' || r == 0x7f {
				c.say(field, "含有控制字符", "contains a control character")
				return
			}
		}
	}
}

func (c *checker) zone(field, key string) {
	if _, ok := c.zones[key]; !ok {
		c.say(field, "票区不存在: %s", "there is no zone %q", key)
		return
	}
	c.zones[key]++
}

func (c *checker) door(field, name string) {
	if name != "" && !c.doors[name] {
		c.say(field, "入口不存在: %s", "there is no entrance %s", name)
	}
}

func (c *checker) color(field, s string) {
	if s == "" {
		return
	}
	if len(s) == 7 && s[0] == '#' {
		if _, err := strconv.ParseUint(s[1:], 16, 32); err == nil {
			return
		}
	}
	c.say(field, "颜色须写作#rrggbb", "a colour is written #rrggbb")
}

func (c *checker) point(field string, x, y int32) {
	if x < -MaxCoord || x > MaxCoord || y < -MaxCoord || y > MaxCoord {
		c.say(field, "坐标超出范围", "coordinates are out of range")
	}
}

func (c *checker) shape(field string, pts []Point, least int) {
	if len(pts) < least || len(pts) > MaxPoints {
		c.say(field, "须有%d至%d个点", "a shape has %d to %d points", least, MaxPoints)
	}
	for i, p := range pts {
		c.point(field+"["+strconv.Itoa(i)+"]", p.X, p.Y)
	}
}
