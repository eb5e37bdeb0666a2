package seatmap

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
)

// magic names the format and its version; a later format takes another last byte.
const magic = "FSM1"

// maxBody bounds the uncompressed form, in bytes, in both directions.
const maxBody = 64 << 20

// Canonical is the one uncompressed binary form of a map: equal maps give equal bytes on
// every machine and with every release, so its hash can identify a version. Columns (all
// x, all labels, …) follow each other, as differences to the seat before.
func Canonical(m *Map) []byte {
	e := &encoder{b: make([]byte, 0, 64<<10), texts: map[string]uint64{}}
	e.head(m)
	e.structure(m)
	e.columns(m)
	e.retired(m)
	return e.b
}

// Encode is the compressed form that is stored. OverLimit when Decode would refuse it.
func Encode(m *Map) ([]byte, error) {
	if err := m.withinLimits(); err != nil {
		return nil, err
	}
	body := Canonical(m)
	if len(body) > maxBody {
		return nil, OverLimit.At("map", "数据过大 / the map holds too much text")
	}
	var out bytes.Buffer
	out.WriteString(magic)
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// withinLimits checks only what bounds memory; Validate checks everything.
func (m *Map) withinLimits() error {
	c := &checker{m: m}
	for f := range m.Floors {
		c.areas += len(m.Floors[f].Areas)
		c.sections += len(m.Floors[f].Sections)
	}
	for row := range m.rows() {
		c.rows++
		c.seats += len(row.Seats)
	}
	c.totals()
	return c.p.As(OverLimit)
}

type encoder struct {
	b     []byte
	texts map[string]uint64
	last  string
}

func (e *encoder) uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) int(v int64)   { e.b = binary.AppendVarint(e.b, v) }
func (e *encoder) len(n int)     { e.uint(uint64(n)) }

func (e *encoder) text(s string) {
	e.len(len(s))
	e.b = append(e.b, s...)
}

// front writes s as what it shares with the text before it, and the rest.
func (e *encoder) front(s string) {
	n := 0
	for n < len(s) && n < len(e.last) && s[n] == e.last[n] {
		n++
	}
	e.len(n)
	e.text(s[n:])
	e.last = s
}

// word writes a text that repeats: its number, and the text itself the first time.
func (e *encoder) word(s string) {
	id, ok := e.texts[s]
	if ok {
		e.uint(id)
		return
	}
	id = uint64(len(e.texts))
	e.texts[s] = id
	e.uint(id)
	e.text(s)
}

func (e *encoder) points(pts []Point) {
	e.len(len(pts))
	for _, p := range pts {
		e.int(int64(p.X))
		e.int(int64(p.Y))
	}
}

func (e *encoder) head(m *Map) {
	e.text(m.Name)
	e.int(int64(m.NextPlace))
	e.uint(uint64(m.Stage.Kind))
	e.text(m.Stage.Name)
	e.points(m.Stage.Shape)
	e.points([]Point{m.Stage.Focal})
	e.len(len(m.Zones))
	for _, z := range m.Zones {
		e.text(z.Key)
		e.text(z.Name)
		e.text(z.Color)
	}
	e.len(len(m.Entrances))
	for _, d := range m.Entrances {
		e.text(d.Name)
		e.word(d.Floor)
		e.points([]Point{d.At})
	}
	e.len(len(m.Decor))
	for _, d := range m.Decor {
		e.word(d.Floor)
		e.text(d.Label)
		e.text(d.Color)
		e.points(d.Shape)
	}
}

func (e *encoder) structure(m *Map) {
	e.len(len(m.Floors))
	for f := range m.Floors {
		floor := &m.Floors[f]
		e.text(floor.Name)
		e.int(int64(floor.Height))
		e.len(len(floor.Sections))
		for s := range floor.Sections {
			sec := &floor.Sections[s]
			e.text(sec.Name)
			e.word(sec.Entrance)
			e.len(len(sec.Rows))
			for r := range sec.Rows {
				e.text(sec.Rows[r].Label)
				e.len(len(sec.Rows[r].Seats))
			}
		}
		e.len(len(floor.Areas))
		for a := range floor.Areas {
			e.area(&floor.Areas[a])
		}
	}
}

func (e *encoder) area(a *Area) {
	e.text(a.GUID)
	e.int(int64(a.Place))
	e.text(a.Name)
	e.uint(uint64(a.Kind))
	e.word(a.Zone)
	e.int(int64(a.Capacity))
	e.word(a.Entrance)
	e.points(a.Shape)
}

// columns writes one property of all seats after the other.
func (e *encoder) columns(m *Map) {
	var seats []*Seat
	for row := range m.rows() {
		for i := range row.Seats {
			seats = append(seats, &row.Seats[i])
		}
	}
	e.last = ""
	for _, s := range seats {
		e.front(s.GUID)
	}
	e.last = ""
	for _, s := range seats {
		e.front(s.Label)
	}
	e.deltas(seats, func(s *Seat) int64 { return int64(s.Place) })
	e.deltas(seats, func(s *Seat) int64 { return int64(s.X) })
	e.deltas(seats, func(s *Seat) int64 { return int64(s.Y) })
	e.deltas(seats, func(s *Seat) int64 { return int64(s.Group) })
	e.runs(seats, func(s *Seat) int64 { return int64(s.Rotation) })
	e.runs(seats, func(s *Seat) int64 { return int64(s.Kind) })
	e.runs(seats, func(s *Seat) int64 { return int64(b2u(s.Gap)) })
	e.words(seats, func(s *Seat) string { return s.Zone })
	e.words(seats, func(s *Seat) string { return s.Entrance })
}

func (e *encoder) deltas(seats []*Seat, of func(*Seat) int64) {
	last := int64(0)
	for _, s := range seats {
		v := of(s)
		e.int(v - last)
		last = v
	}
}

func (e *encoder) runs(seats []*Seat, of func(*Seat) int64) {
	for i := 0; i < len(seats); {
		n, v := 1, of(seats[i])
		for i+n < len(seats) && of(seats[i+n]) == v {
			n++
		}
		e.int(v)
		e.len(n)
		i += n
	}
}

func (e *encoder) words(seats []*Seat, of func(*Seat) string) {
	for i := 0; i < len(seats); {
		n, v := 1, of(seats[i])
		for i+n < len(seats) && of(seats[i+n]) == v {
			n++
		}
		e.word(v)
		e.len(n)
		i += n
	}
}

func (e *encoder) retired(m *Map) {
	e.len(len(m.Retired))
	e.last = ""
	for _, r := range m.Retired {
		e.front(r.GUID)
		e.int(int64(r.Place))
	}
}

func b2u(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}
