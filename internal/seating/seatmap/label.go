package seatmap

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxQuery bounds what Find reads, in bytes.
const maxQuery = 200

// Label is how a ticket names the seat: 5排12座, with its section in front when the map has
// several, and with its floor when section names repeat over floors.
func (ix *Index) Label(i int) string {
	row := ix.rows[ix.rowOf[i]]
	seat := row.Label + "排" + ix.seats[i].Label + "座"
	if q := ix.qualifier(row.Section); q != "" {
		return q + " " + seat
	}
	return seat
}

// LabelEn is Label in English: Row 5 Seat 12.
func (ix *Index) LabelEn(i int) string {
	row := ix.rows[ix.rowOf[i]]
	seat := "Row " + row.Label + " Seat " + ix.seats[i].Label
	if q := ix.qualifier(row.Section); q != "" {
		return q + " " + seat
	}
	return seat
}

// qualifier is what a label needs in front to name one section of the map.
func (ix *Index) qualifier(section int) string {
	if len(ix.sections) < 2 {
		return ""
	}
	sec := ix.sections[section]
	for s, other := range ix.sections {
		if s != section && other.Name == sec.Name {
			return strings.TrimSpace(sec.Floor.Name + " " + sec.Name)
		}
	}
	return sec.Name
}

// Find is the seats that a typed label can mean, in document order: 5排12座, A排12号, A-12,
// A12, each with section or floor in front if wanted (池座5排12座, 池座 A-12, 二楼/池座/A-12).
// Several are found when the label is not qualified and the map has several such seats.
func (ix *Index) Find(label string) []Place {
	if len(label) > maxQuery {
		return nil
	}
	left, seat := splitLabel(label)
	if seat == "" {
		return nil
	}
	var found []Place
	for at := 0; at < len(left); {
		_, size := utf8.DecodeRuneInString(left[at:])
		qualifier, row := left[:at], left[at:]
		for _, i := range ix.names()[path(row, seat)] {
			if ix.qualifies(int(i), qualifier) {
				found = append(found, ix.seats[i].Place)
			}
		}
		if len(found) > 0 {
			return found
		}
		at += size
	}
	return nil
}

// splitLabel gives what stands before the seat number (section and row, squeezed), and the
// seat number.
func splitLabel(label string) (left, seat string) {
	s := squeeze(label)
	if before, after, ok := strings.Cut(s, "排"); ok {
		after = strings.TrimSuffix(strings.TrimSuffix(after, "座"), "号")
		return before, after
	}
	if at := strings.LastIndexByte(s, '-'); at > 0 {
		return s[:at], s[at+1:]
	}
	at := len(s)
	for at > 0 && s[at-1] >= '0' && s[at-1] <= '9' {
		at--
	}
	return s[:at], s[at:]
}

// squeeze makes labels comparable: no spaces or slashes, upper case.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '/' || r == ',' {
			return -1
		}
		return unicode.ToUpper(r)
	}, s)
}

func (ix *Index) qualifies(i int, qualifier string) bool {
	qualifier = strings.TrimSuffix(qualifier, "-")
	if qualifier == "" {
		return true
	}
	sec := ix.sections[ix.rows[ix.rowOf[i]].Section]
	floor, name := squeeze(sec.Floor.Name), squeeze(sec.Name)
	return qualifier == name || qualifier == floor || qualifier == floor+name ||
		qualifier == floor+"-"+name
}

// labels maps row and seat label to the seats that carry them.
func (ix *Index) labels() map[string][]int32 {
	all := make(map[string][]int32, len(ix.seats))
	for i, s := range ix.seats {
		key := path(squeeze(ix.rows[ix.rowOf[i]].Label), squeeze(s.Label))
		all[key] = append(all[key], int32(i))
	}
	return all
}
