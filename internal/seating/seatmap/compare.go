package seatmap

// Change is one seat or area that differs between two versions. Label is the old one, as a
// ticket shows it.
type Change struct {
	Place Place    `json:"place"`
	GUID  string   `json:"guid"`
	Label string   `json:"label"`
	What  []string `json:"what,omitempty"` // names of the fields that changed
}

// Diff is what a new version does to the old one. Whoever publishes refuses it while a seat
// or area of Dropped is sold, and shows the rest: a moved seat needs no new ticket, a
// changed one (label, zone, kind, pair, capacity) may.
type Diff struct {
	Added   []Place  `json:"added,omitempty"`
	Dropped []Change `json:"dropped,omitempty"`
	Moved   []Change `json:"moved,omitempty"`
	Changed []Change `json:"changed,omitempty"`
}

// place is what Compare looks at in a seat or an area.
type place struct {
	guid, label, zone, entrance string
	x, y                        int32
	rotation                    int16
	kind                        Kind
	area                        bool
	areaKind                    AreaKind
	capacity                    int32
	mates                       string
}

// Compare lists what next drops, moves, changes and adds, by GUID and in the order of the
// documents. Both must be numbered by Assign in one lineage.
func Compare(prev, next *Map) Diff {
	var d Diff
	before, order := places(prev)
	after, nextOrder := places(next)
	for _, p := range order {
		was := before[p]
		now, ok := after[p]
		if !ok {
			d.Dropped = append(d.Dropped, Change{Place: p, GUID: was.guid, Label: was.label})
			continue
		}
		if what := was.changed(now); what != nil {
			d.Changed = append(d.Changed, Change{p, was.guid, was.label, what})
		}
		if was.x != now.x || was.y != now.y || was.rotation != now.rotation {
			d.Moved = append(d.Moved, Change{Place: p, GUID: was.guid, Label: was.label})
		}
	}
	for _, p := range nextOrder {
		if _, ok := before[p]; !ok {
			d.Added = append(d.Added, p)
		}
	}
	return d
}

func (was place) changed(now place) []string {
	var what []string
	differ := func(name string, yes bool) {
		if yes {
			what = append(what, name)
		}
	}
	differ("label", was.label != now.label)
	differ("zone", was.zone != now.zone)
	differ("kind", was.kind != now.kind || was.area != now.area || was.areaKind != now.areaKind)
	differ("group", was.mates != now.mates)
	differ("entrance", was.entrance != now.entrance)
	differ("capacity", was.capacity != now.capacity)
	return what
}

// places collects what can be sold by its number, with the numbers in document order.
func places(m *Map) (map[Place]place, []Place) {
	ix := NewIndex(m)
	all := make(map[Place]place, ix.Len())
	order := make([]Place, 0, ix.Len())
	mates := map[int32]string{}
	for i := range ix.Len() {
		if g := ix.Seat(i).Group; g != 0 {
			mates[g] += ix.Seat(i).GUID + "\x00"
		}
	}
	for i := range ix.Len() {
		s := ix.Seat(i)
		all[s.Place] = place{
			guid: s.GUID, label: ix.Label(i), zone: s.Zone, entrance: ix.Entrance(i),
			x: s.X, y: s.Y, rotation: s.Rotation, kind: s.Kind, mates: mates[s.Group],
		}
		order = append(order, s.Place)
	}
	for a := range m.areas() {
		p := place{
			guid: a.GUID, label: a.Name, zone: a.Zone, entrance: a.Entrance,
			area: true, areaKind: a.Kind, capacity: a.Capacity,
		}
		if len(a.Shape) > 0 {
			p.x, p.y = a.Shape[0].X, a.Shape[0].Y
		}
		all[a.Place] = p
		order = append(order, a.Place)
	}
	return all, order
}
