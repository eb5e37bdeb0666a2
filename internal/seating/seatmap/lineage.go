package seatmap

import (
	"slices"
	"strings"
)

// Assign numbers the seats and areas of next, which follows prev in a hall's lineage; prev
// is nil for the first version. A GUID that any earlier version had keeps its number, every
// other gets the next one, and numbers of GUIDs that are gone stay retired for ever. Numbers
// that next brings along are ignored. OverLimit when the lineage has used up its numbers.
//
// GUIDs must be unique (Validate says so); of two equal ones only the first is numbered.
func Assign(prev, next *Map) error {
	known, free := lineage(prev)
	used := make(map[string]bool, len(known))
	give := func(guid string) Place {
		if used[guid] {
			return 0
		}
		used[guid] = true
		p, ok := known[guid]
		if !ok {
			p = free
			free++
		}
		return p
	}
	for row := range next.rows() {
		for i := range row.Seats {
			row.Seats[i].Place = give(row.Seats[i].GUID)
		}
	}
	for a := range next.areas() {
		a.Place = give(a.GUID)
	}
	next.NextPlace, next.Retired = free, retire(known, used)
	if free > MaxPlace || len(next.Retired) > MaxRetired {
		return OverLimit.At("floors", "编号已用尽 / this hall has used up its numbers")
	}
	return nil
}

// lineage collects every number ever given up to prev, and the first free one.
func lineage(prev *Map) (map[string]Place, Place) {
	known := map[string]Place{}
	free := Place(1)
	if prev == nil {
		return known, free
	}
	note := func(guid string, p Place) {
		if p > 0 {
			known[guid] = p
			free = max(free, p+1)
		}
	}
	for _, r := range prev.Retired {
		note(r.GUID, r.Place)
	}
	for row := range prev.rows() {
		for i := range row.Seats {
			note(row.Seats[i].GUID, row.Seats[i].Place)
		}
	}
	for a := range prev.areas() {
		note(a.GUID, a.Place)
	}
	return known, max(free, prev.NextPlace)
}

func retire(known map[string]Place, used map[string]bool) []Retired {
	var list []Retired
	for guid, p := range known {
		if !used[guid] {
			list = append(list, Retired{guid, p})
		}
	}
	slices.SortFunc(list, func(a, b Retired) int { return int(a.Place - b.Place) })
	return list
}

// AdoptGUIDs gives each seat of next the GUID of the seat that has the same floor, section,
// row and seat label in prev, and each area the GUID of its namesake. It is for maps read
// from a format that carries no GUIDs, before Assign.
func AdoptGUIDs(prev, next *Map) {
	old := map[string]string{}
	walkNamed(prev, func(name string, guid *string) { old[name] = *guid })
	taken := map[string]bool{}
	var others []*string
	walkNamed(next, func(name string, guid *string) {
		if g, ok := old[name]; ok && !taken[g] {
			*guid, taken[g] = g, true
		} else {
			others = append(others, guid)
		}
	})
	for _, guid := range others {
		// A seat without a namesake must not share a GUID that was just given away.
		for taken[*guid] {
			*guid += "'"
		}
		taken[*guid] = true
	}
}

func walkNamed(m *Map, visit func(name string, guid *string)) {
	for f := range m.Floors {
		floor := &m.Floors[f]
		for s := range floor.Sections {
			sec := &floor.Sections[s]
			for r := range sec.Rows {
				row := &sec.Rows[r]
				for i := range row.Seats {
					seat := &row.Seats[i]
					visit(path(floor.Name, sec.Name, row.Label, seat.Label), &seat.GUID)
				}
			}
		}
		for a := range floor.Areas {
			visit(path(floor.Name, "", "", floor.Areas[a].Name), &floor.Areas[a].GUID)
		}
	}
}

func path(parts ...string) string { return strings.Join(parts, "\x00") }
