package seatmap

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// errDamaged is the cause of Unreadable when the bytes do not follow the format.
var errDamaged = errors.New("seatmap: damaged document")

// Decode reads what Encode wrote. Anything else is Unreadable; nothing in the bytes makes
// it allocate beyond the limits of a map.
func Decode(blob []byte) (*Map, error) {
	if len(blob) < len(magic) || string(blob[:len(magic)]) != magic {
		return nil, Unreadable.Wrap(errDamaged)
	}
	r := flate.NewReader(bytes.NewReader(blob[len(magic):]))
	// The buffer starts at a plausible size, so that it seldom grows.
	body := bytes.NewBuffer(make([]byte, 0, min(maxBody, 4*len(blob)+bytes.MinRead)))
	if _, err := body.ReadFrom(io.LimitReader(r, maxBody+1)); err != nil {
		return nil, Unreadable.Wrap(err)
	}
	d := &decoder{b: body.Bytes()}
	m := d.document()
	if d.bad || len(d.b) != 0 || body.Len() > maxBody {
		return nil, Unreadable.Wrap(errDamaged)
	}
	return m, nil
}

// decoder reads a body. After the first fault it only returns zero values.
type decoder struct {
	b     []byte
	bad   bool
	texts []string
	arena []byte
	last  [2]int // the last front-coded text, within arena
	seats int
	rows  int
}

func (d *decoder) document() *Map {
	m := &Map{}
	d.head(m)
	d.structure(m)
	if d.bad {
		return m
	}
	d.columns(m)
	d.retired(m)
	return m
}

func (d *decoder) fail() { d.bad, d.b = true, nil }

func (d *decoder) uint(limit uint64) uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > limit {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) int(low, high int64) int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 || v < low || v > high {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) int32() int32 { return int32(d.int(math.MinInt32, math.MaxInt32)) }

// count reads how many things follow. Each takes at least one byte, so what is left bounds
// what is allocated for them; reading them finds out whether they are there.
func (d *decoder) count(limit int) int {
	return int(d.uint(min(uint64(limit), uint64(len(d.b)))))
}

func (d *decoder) bytes() []byte {
	n := d.count(maxBody)
	if d.bad || n > len(d.b) {
		d.fail()
		return nil
	}
	s := d.b[:n]
	d.b = d.b[n:]
	return s
}

func (d *decoder) text() string { return string(d.bytes()) }

func (d *decoder) word() string {
	id := d.uint(uint64(len(d.texts)))
	if d.bad || id < uint64(len(d.texts)) {
		if d.bad {
			return ""
		}
		return d.texts[id]
	}
	s := d.text()
	d.texts = append(d.texts, s)
	return s
}

func (d *decoder) points() []Point {
	n := d.count(maxBody)
	if d.bad || n == 0 {
		return nil
	}
	pts := make([]Point, n)
	for i := range pts {
		pts[i] = Point{d.int32(), d.int32()}
	}
	return pts
}

func (d *decoder) point() Point {
	pts := d.points()
	if len(pts) != 1 {
		d.fail()
		return Point{}
	}
	return pts[0]
}

func (d *decoder) head(m *Map) {
	m.Name = d.text()
	m.NextPlace = Place(d.int32())
	m.Stage.Kind = StageKind(d.uint(math.MaxUint8))
	m.Stage.Name = d.text()
	m.Stage.Shape = d.points()
	m.Stage.Focal = d.point()
	for range d.count(MaxZones) {
		m.Zones = append(m.Zones, Zone{d.text(), d.text(), d.text()})
	}
	for range d.count(MaxEntrances) {
		m.Entrances = append(m.Entrances, Entrance{d.text(), d.word(), d.point()})
	}
	for range d.count(MaxDecor) {
		m.Decor = append(m.Decor, Decor{d.word(), d.text(), d.text(), d.points()})
	}
}

func (d *decoder) structure(m *Map) {
	areas, sections := 0, 0
	for range d.count(MaxFloors) {
		floor := Floor{Name: d.text(), Height: d.int32()}
		n := d.count(MaxSections - sections)
		sections += n
		for range n {
			floor.Sections = append(floor.Sections, d.section())
		}
		n = d.count(MaxAreas - areas)
		areas += n
		for range n {
			floor.Areas = append(floor.Areas, d.area())
		}
		m.Floors = append(m.Floors, floor)
	}
}

func (d *decoder) section() Section {
	sec := Section{Name: d.text(), Entrance: d.word()}
	n := d.count(MaxRows - d.rows)
	d.rows += n
	for range n {
		label := d.text()
		seats := int(d.uint(uint64(MaxSeats - d.seats)))
		// A seat takes several bytes further on, so what is left bounds what may follow.
		if d.bad || d.seats+seats > len(d.b) {
			d.fail()
			break
		}
		d.seats += seats
		row := Row{Label: label}
		if seats > 0 {
			row.Seats = make([]Seat, seats)
		}
		sec.Rows = append(sec.Rows, row)
	}
	return sec
}

func (d *decoder) area() Area {
	return Area{
		GUID: d.text(), Place: Place(d.int32()), Name: d.text(),
		Kind: AreaKind(d.uint(math.MaxUint8)), Zone: d.word(), Capacity: d.int32(),
		Entrance: d.word(), Shape: d.points(),
	}
}

func (d *decoder) columns(m *Map) {
	seats := make([]*Seat, 0, d.seats)
	for row := range m.rows() {
		for i := range row.Seats {
			seats = append(seats, &row.Seats[i])
		}
	}
	d.fronts(len(seats), func(i int, s string) { seats[i].GUID = s })
	d.fronts(len(seats), func(i int, s string) { seats[i].Label = s })
	d.deltas(seats, func(s *Seat, v int32) { s.Place = Place(v) })
	d.deltas(seats, func(s *Seat, v int32) { s.X = v })
	d.deltas(seats, func(s *Seat, v int32) { s.Y = v })
	d.deltas(seats, func(s *Seat, v int32) { s.Group = v })
	d.runs(seats, math.MinInt16, math.MaxInt16, func(s *Seat, v int64) { s.Rotation = int16(v) })
	d.runs(seats, 0, math.MaxUint8, func(s *Seat, v int64) { s.Kind = Kind(v) })
	d.runs(seats, 0, 1, func(s *Seat, v int64) { s.Gap = v == 1 })
	d.words(seats, func(s *Seat, v string) { s.Zone = v })
	d.words(seats, func(s *Seat, v string) { s.Entrance = v })
}

// fronts reads n front-coded texts. They share one string, made when all are known.
func (d *decoder) fronts(n int, set func(i int, s string)) {
	d.arena, d.last = d.arena[:0], [2]int{}
	ends := make([]int, 0, min(n, len(d.b)))
	for range n {
		keep := int(d.uint(uint64(d.last[1] - d.last[0])))
		rest := d.bytes()
		if d.bad || len(d.arena)+keep+len(rest) > maxBody {
			d.fail()
			return
		}
		from := len(d.arena)
		d.arena = append(d.arena, d.arena[d.last[0]:d.last[0]+keep]...)
		d.arena = append(d.arena, rest...)
		d.last = [2]int{from, len(d.arena)}
		ends = append(ends, len(d.arena))
	}
	all, from := string(d.arena), 0
	for i, to := range ends {
		set(i, all[from:to])
		from = to
	}
}

func (d *decoder) deltas(seats []*Seat, set func(*Seat, int32)) {
	last := int64(0)
	for _, s := range seats {
		last += d.int(-1<<33, 1<<33)
		if d.bad || last < math.MinInt32 || last > math.MaxInt32 {
			d.fail()
			return
		}
		set(s, int32(last))
	}
}

func (d *decoder) runs(seats []*Seat, low, high int64, set func(*Seat, int64)) {
	for i := 0; i < len(seats); {
		v := d.int(low, high)
		n := int(d.uint(uint64(len(seats) - i)))
		if d.bad || n == 0 {
			d.fail()
			return
		}
		for range n {
			set(seats[i], v)
			i++
		}
	}
}

func (d *decoder) words(seats []*Seat, set func(*Seat, string)) {
	for i := 0; i < len(seats); {
		v := d.word()
		n := int(d.uint(uint64(len(seats) - i)))
		if d.bad || n == 0 {
			d.fail()
			return
		}
		for range n {
			set(seats[i], v)
			i++
		}
	}
}

func (d *decoder) retired(m *Map) {
	n := d.count(MaxRetired)
	if d.bad || n == 0 {
		return
	}
	m.Retired = make([]Retired, n)
	last := ""
	for i := range m.Retired {
		keep := int(d.uint(uint64(len(last))))
		rest := d.bytes()
		if d.bad {
			return
		}
		last = last[:keep] + string(rest)
		m.Retired[i] = Retired{last, Place(d.int32())}
	}
}
