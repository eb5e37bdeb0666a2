// Package layout reads and writes seat maps in formats that other systems and people use:
//
//   - pretix seating plans (ReadPretix, WritePretix), as in its public JSON schema;
//   - seat layouts as cinema sites on Vista return them (ReadVista);
//   - a grid of text that a person can type (ReadText, WriteText).
//
// Every reader is bounded (bytes, depth, rows, seats), never panics, reports all problems of
// the input at once with where they are, and returns only maps that pass Validate. Places
// are not numbered: the caller knows the hall's lineage and calls seatmap.Assign.
//
// # The text grid
//
// One line is one row of the hall, one character one seat. An example:
//
//	hall: 1号厅
//	screen: top 银幕
//	zone A = 黄金区 #f6bd16
//	zone B = 普通区 #5b8ff9
//	zone L = 情侣座 #ff7fa0 kind=couple
//	row from A skip I O
//	number left-to-right from 1 skip 13
//
//	BBBB..BBBBBB..BBBB
//	wcBB..AAAAAA..BBcw
//	BBBB..AAAAAA..BBBB
//
//	..LL.LL.LL.LL.LL..
//	area: 站席 standing 30 zone=B
//
// Lines that are not rows, in any order, each valid for the rows below it:
//
//	hall: NAME
//	screen: top|bottom [NAME]      what the rows face; or stage: top|bottom [NAME]
//	focal: 64%                     where the best seats are, as a share of the hall's depth
//	pitch: 55 x 100                centimetres between seats and between rows
//	zone X = NAME [#rrggbb] [key=KEY] [kind=KIND]
//	                               the letter X stands for a seat of this zone; two letters
//	                               with one key are one zone with two kinds of seat
//	row from A [skip I O]          row labels, letters or numbers, counted from the stage
//	number left-to-right|right-to-left|odd-even|even-odd [from N] [skip 4 13]
//	                               seat labels; odd-even counts outwards from the middle
//	floor: NAME [height=600]       a new storey, centimetres above the stage
//	section: NAME [entrance=NAME]  a block with labels of its own
//	entrance: NAME [at X,Y]        a door, in centimetres
//	area: NAME standing|table|box|admission CAPACITY zone=X
//	# anything                     a remark
//
// In a row, capital letters are seats of their zone, and . _ or a space is a gap that
// nobody sits in: an aisle, or a place left out. Gaps have no number. Small letters are
// special seats of the zone to their left in the row, else to their right, else of the
// first zone: w wheelchair, c companion, r restricted view, n recliner, h house, l half of a
// couple pair, f part of a family block (use g for a block that stands right beside one).
// L is a couple seat too unless it is declared as a zone. Couple seats are paired two by
// two from the left, a run of 3 to 6 f is one block. An empty line is an aisle across.
//
// A row may name its label and its seats: `5|AAA.AAA|6 4 2 1 3 5`; either may be empty.
package layout

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"foyer/internal/fault"
	"foyer/internal/seating/seatmap"
)

// Limits of the input.
const (
	MaxBytes   = 16 << 20
	maxDepth   = 32    // of JSON
	maxLines   = 5_000 // of text
	maxColumns = 1_000 // of a line of text
)

// The refusals of readers and writers.
var (
	Unreadable = fault.Define(fault.Invalid, "layout_invalid",
		"座位布局文件有误", "The seat layout has problems; the fields say where.",
		"Correct the named places and send the file again.")
	NotALayout = fault.Define(fault.Malformed, "layout_unknown",
		"无法识别的座位布局文件", "This is not a seat layout in a known format.",
		"Send a pretix seating plan, a Vista seat layout, or a text grid.")
	TooLarge = fault.Define(fault.TooLarge, "layout_too_large",
		"座位布局文件过大", "The seat layout is over a limit.",
		"Split the file, or leave out what it does not need.")
	Inexpressible = fault.Define(fault.Invalid, "layout_inexpressible",
		"该格式无法表示此座位图", "The format cannot express this seat map.",
		"Use the JSON form of the map instead, or rename what the fields name.")
)

// Format names what Read found.
type Format string

const (
	Pretix Format = "pretix"
	Vista  Format = "vista"
	Text   Format = "text"
)

// Read reads a layout in whichever format it is.
func Read(data []byte) (*seatmap.Map, Format, error) {
	head := bytes.TrimSpace(bytes.TrimPrefix(data, bom()))
	if len(head) == 0 || head[0] != '{' {
		m, err := ReadText(data)
		return m, Text, err
	}
	if bytes.Contains(data, []byte(`"Areas"`)) {
		m, err := ReadVista(data)
		return m, Vista, err
	}
	m, err := ReadPretix(data)
	return m, Pretix, err
}

func bom() []byte { return []byte("\xef\xbb\xbf") }

// clean checks size and encoding, and takes a byte order mark away.
func clean(data []byte) ([]byte, error) {
	if len(data) > MaxBytes {
		return nil, TooLarge.At("file", fmt.Sprintf("上限%d MB / at most %d MB",
			MaxBytes>>20, MaxBytes>>20))
	}
	data = bytes.TrimPrefix(data, bom())
	if !utf8.Valid(data) {
		return nil, NotALayout.At("file", "文件须为UTF-8编码 / the file must be UTF-8")
	}
	return data, nil
}

// problems collects what is wrong, in both languages.
type problems struct{ fault.Problems }

func (p *problems) say(field, zh, en string, args ...any) {
	if p.Full() {
		p.Add(field, "") // counted
		return
	}
	p.Add(field, "%s / %s", fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...))
}

// finish validates what was read without problems.
func finish(m *seatmap.Map, p *problems) (*seatmap.Map, error) {
	if err := p.As(Unreadable); err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m, nil
}

// bounds is the box around seats.
type bounds struct {
	minX, minY, maxX, maxY int32
	any                    bool
}

func (b *bounds) add(x, y int32) {
	if !b.any {
		*b = bounds{x, y, x, y, true}
		return
	}
	b.minX, b.maxX = min(b.minX, x), max(b.maxX, x)
	b.minY, b.maxY = min(b.minY, y), max(b.maxY, y)
}

func (b *bounds) middleX() int32 { return b.minX + (b.maxX-b.minX)/2 }

// seatsOf walks all seats of a map with their floor, section and row.
func seatsOf(m *seatmap.Map) func(yield func(*seatmap.Seat) bool) {
	return func(yield func(*seatmap.Seat) bool) {
		for f := range m.Floors {
			for s := range m.Floors[f].Sections {
				for r := range m.Floors[f].Sections[s].Rows {
					seats := m.Floors[f].Sections[s].Rows[r].Seats
					for i := range seats {
						if !yield(&seats[i]) {
							return
						}
					}
				}
			}
		}
	}
}

func boundsOf(m *seatmap.Map) bounds {
	var b bounds
	for s := range seatsOf(m) {
		b.add(s.X, s.Y)
	}
	return b
}

func rectangle(x0, y0, x1, y1 int32) []seatmap.Point {
	return []seatmap.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}
