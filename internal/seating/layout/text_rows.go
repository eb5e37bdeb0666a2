package layout

import (
	"slices"
	"strconv"
	"strings"

	"foyer/internal/seating/seatmap"
)

// grid reads one line of seats: cells, or label|cells, or label|cells|labels.
func (t *textReader) grid(line string) {
	row := gridRow{line: t.line, rows: t.rows, seats: t.seats}
	cells, offset := line, 0
	if parts := strings.SplitN(line, "|", 3); len(parts) > 1 {
		row.label, cells = strings.TrimSpace(parts[0]), parts[1]
		offset = len([]rune(parts[0])) + 1
		if len(parts) == 3 {
			row.labels = strings.Fields(parts[2])
		}
	}
	before := t.p.Len()
	row.cells = t.readCells(cells, offset)
	if t.p.Len() > before {
		return
	}
	if len(row.cells) == 0 {
		t.blank++
		return
	}
	if len(t.sec.rows) > 0 {
		t.y += min(t.blank, 3)
	}
	t.blank = 0
	row.y = t.y
	t.y++
	if row.labels != nil && len(row.labels) != len(row.cells) {
		t.p.say(t.here(), "有%d个座位,却有%d个座位号", "has %d seats but %d labels",
			len(row.cells), len(row.labels))
		return
	}
	if t.total += int32(len(row.cells)); t.total > seatmap.MaxSeats {
		if t.total-int32(len(row.cells)) <= seatmap.MaxSeats {
			t.p.say(t.here(), "座位超过%d个", "more than %d seats", seatmap.MaxSeats)
		}
		return
	}
	t.join(&row)
	t.sec.rows = append(t.sec.rows, row)
}

// readCells reads the characters of a row. offset is where they begin in the line.
func (t *textReader) readCells(s string, offset int) []gridSeat {
	var list []gridSeat
	column := 0
	for _, c := range s {
		column++
		if column > maxColumns {
			t.p.say(t.here(), "一行超过%d格", "the line is longer than %d", maxColumns)
			return nil
		}
		switch {
		case c == '.' || c == '_' || c == ' ' || c == '\u3000':
			continue
		case c >= 'A' && c <= 'Z':
			if known, ok := t.cells[c]; ok {
				list = append(list, gridSeat{column: column, cell: known, group: int32(c)})
				continue
			}
		}
		kind, ok := marker(c)
		if !ok {
			t.p.say(t.here(offset+column), "无法识别的字符%q", "%q is neither a declared zone "+
				"nor a kind of seat", c)
			continue
		}
		list = append(list, gridSeat{column: column, cell: cell{kind: kind}, group: int32(c)})
	}
	t.inherit(list)
	return list
}

func marker(c rune) (seatmap.Kind, bool) {
	switch c {
	case 'w':
		return seatmap.Wheelchair, true
	case 'c':
		return seatmap.Companion, true
	case 'r':
		return seatmap.Restricted, true
	case 'n':
		return seatmap.Recliner, true
	case 'h':
		return seatmap.House, true
	case 'l', 'L':
		return seatmap.Couple, true
	case 'f', 'g':
		return seatmap.Family, true
	}
	return 0, false
}

// inherit gives marked seats the zone to their left, else to their right, else the first.
func (t *textReader) inherit(list []gridSeat) {
	zone := ""
	fill := func(i int) {
		if list[i].zone == "" {
			list[i].zone = zone
		} else {
			zone = list[i].zone
		}
	}
	for i := range list {
		fill(i)
	}
	for i := len(list) - 1; i >= 0; i-- {
		fill(i)
	}
	for i := range list {
		if list[i].zone == "" {
			if len(t.m.Zones) == 0 {
				t.p.say(t.here(list[i].column), "没有声明任何票区", "no zone is declared")
				return
			}
			list[i].zone = t.m.Zones[0].Key
		}
	}
}

// join makes pairs of couple seats and blocks of family seats. Until then the group of a
// cell is the letter that was typed: a block ends where it changes.
func (t *textReader) join(row *gridRow) {
	for i := 0; i < len(row.cells); {
		end := i + 1
		for end < len(row.cells) && row.cells[end].column == row.cells[end-1].column+1 &&
			row.cells[end].cell == row.cells[i].cell &&
			row.cells[end].group == row.cells[i].group {
			end++
		}
		run := row.cells[i:end]
		switch run[0].kind {
		case seatmap.Couple:
			if len(run)%2 != 0 {
				t.p.say(t.here(run[0].column), "情侣座须成双,此处有%d座",
					"couple seats come in pairs, here are %d", len(run))
			}
			for k := range run {
				run[k].group = t.group + int32(k/2) + 1
			}
			t.group += int32(len(run)+1) / 2
		case seatmap.Family:
			if len(run) < 3 || len(run) > 6 {
				t.p.say(t.here(run[0].column), "家庭座须为3至6座,此处有%d座",
					"a family block has 3 to 6 seats, here are %d", len(run))
			}
			t.group++
			for k := range run {
				run[k].group = t.group
			}
		default:
			for k := range run {
				run[k].group = 0
			}
		}
		i = end
	}
}

// place turns the typed rows of all floors into seats with labels and coordinates.
func (t *textReader) place() {
	left, right := maxColumns+1, 0
	for _, floor := range t.sections {
		for _, sec := range floor {
			for _, row := range sec.rows {
				left = min(left, row.cells[0].column)
				right = max(right, row.cells[len(row.cells)-1].column)
			}
		}
	}
	for f, sections := range t.sections {
		for _, sec := range sections {
			t.label(&sec)
			out := seatmap.Section{Name: sec.name, Entrance: sec.entrance}
			seen := map[string]int{}
			for i := range sec.rows {
				row := &sec.rows[i]
				t.line = row.line
				if first, twice := seen[row.label]; twice {
					t.p.say(t.here(), "排号%s与第%d行重复", "row %s is also on line %d", row.label, first)
				}
				seen[row.label] = row.line
				out.Rows = append(out.Rows, t.seatsOf(f, &sec, row, left, right))
			}
			t.m.Floors[f].Sections = append(t.m.Floors[f].Sections, out)
		}
	}
}

// label names the rows that have no name, run by run of one scheme, from the stage on.
func (t *textReader) label(sec *gridSection) {
	for i := 0; i < len(sec.rows); {
		end := i + 1
		for end < len(sec.rows) && sec.rows[end].rows == sec.rows[i].rows {
			end++
		}
		run, sc := sec.rows[i:end], sec.rows[i].rows
		var labels []string
		if sc.letters {
			labels = seatmap.RowLetters(len(run), sc.from, sc.skip)
		} else {
			from, _ := strconv.Atoi(sc.from)
			labels = seatmap.RowNumbers(len(run), from, sc.skips...)
		}
		if t.bottom {
			slices.Reverse(labels)
		}
		for k := range run {
			switch {
			case run[k].label != "":
			case k < len(labels):
				run[k].label = labels[k]
			default:
				t.line = run[k].line
				t.p.say(t.here(), "排号不够用", "there are not enough row labels")
			}
		}
		i = end
	}
}

func (t *textReader) seatsOf(
	f int, sec *gridSection, row *gridRow, left, right int,
) seatmap.Row {
	labels := row.labels
	if labels == nil {
		labels = numbers(row, left, right)
	}
	out := seatmap.Row{Label: row.label}
	seen := map[string]bool{}
	for i, c := range row.cells {
		if seen[labels[i]] {
			t.p.say(t.here(c.column), "座位号%s重复", "seat %s is there twice", labels[i])
		}
		seen[labels[i]] = true
		s := seatmap.Seat{
			GUID:  guid(t.m.Floors[f].Name, sec.name, row.label, labels[i]),
			Label: labels[i], Kind: c.kind, Zone: c.zone, Group: c.group,
			X:   scaled(c.column-left, t.pitchX),
			Y:   300 + scaled(row.y, t.pitchY),
			Gap: i > 0 && c.column != row.cells[i-1].column+1,
		}
		if t.bottom {
			s.Rotation = 180
		}
		t.used[c.zone] = true
		out.Seats = append(out.Seats, s)
	}
	return out
}

// numbers labels the seats of a row by its scheme.
func numbers(row *gridRow, left, right int) []string {
	n, sc := len(row.cells), row.seats
	from, _ := strconv.Atoi(sc.from)
	middle := 0
	for _, c := range row.cells {
		if 2*c.column < left+right {
			middle++
		}
	}
	switch sc.direction {
	case "right-to-left":
		return seatmap.RightLeft(n, from, sc.skips...)
	case "odd-even":
		return seatmap.OddEven(middle, n-middle, sc.skips...)
	case "even-odd":
		return seatmap.EvenOdd(middle, n-middle, sc.skips...)
	}
	return seatmap.LeftRight(n, from, sc.skips...)
}
