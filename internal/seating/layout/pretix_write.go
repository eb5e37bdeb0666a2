package layout

import (
	"encoding/json"
	"strings"

	"foyer/internal/seating/seatmap"
)

// The plan as it is written, every field as the schema has it.
type (
	planOut struct {
		Name       string        `json:"name"`
		Categories []categoryOut `json:"categories"`
		Zones      []zoneOut     `json:"zones"`
		Size       sizeOut       `json:"size"`
	}
	categoryOut struct {
		Name  string `json:"name"`
		Color string `json:"color,omitempty"`
	}
	sizeOut struct {
		Width  int `json:"width"`
		Height int `json:"height"`
	}
	pointOut struct {
		X float64 `json:"x"`
		Y float64 `json:"y"`
	}
	zoneOut struct {
		Name     string    `json:"name"`
		ZoneID   string    `json:"zone_id"`
		Position pointOut  `json:"position"`
		Rows     []rowOut  `json:"rows"`
		Areas    []areaOut `json:"areas"`
	}
	rowOut struct {
		Number   string    `json:"row_number"`
		Label    string    `json:"row_label"`
		Show     string    `json:"row_number_position"`
		Position pointOut  `json:"position"`
		Seats    []seatOut `json:"seats"`
	}
	seatOut struct {
		GUID     string   `json:"seat_guid"`
		Number   string   `json:"seat_number"`
		Radius   int      `json:"radius"`
		Position pointOut `json:"position"`
		Category string   `json:"category"`
	}
	areaOut struct {
		Shape    string     `json:"shape"`
		Color    string     `json:"color"`
		Border   string     `json:"border_color"`
		Rotation int        `json:"rotation"`
		Position pointOut   `json:"position"`
		Polygon  polygonOut `json:"polygon"`
		Text     textOut    `json:"text"`
	}
	polygonOut struct {
		Points []pointOut `json:"points"`
	}
	textOut struct {
		Text     string   `json:"text"`
		Color    string   `json:"color"`
		Position pointOut `json:"position"`
	}
)

// WritePretix writes the map as a pretix seating plan: a zone per section, floors one below
// the other. The format has no kinds of seats, no entrances, and no areas that are sold:
// areas are written as drawings and the rest is left out. Zones of equal name are told
// apart by their key.
func WritePretix(m *seatmap.Map) ([]byte, error) {
	w := &pretixWriter{m: m, names: categoryNames(m.Zones)}
	plan := planOut{Name: m.Name, Zones: []zoneOut{}, Categories: []categoryOut{}}
	for i, z := range m.Zones {
		plan.Categories = append(plan.Categories, categoryOut{w.names[m.Zones[i].Key], z.Color})
	}
	for f := range m.Floors {
		plan.Zones = append(plan.Zones, w.floor(&m.Floors[f], f == 0)...)
	}
	plan.Size = sizeOut{int(w.width/pixelCm) + 1, int(w.below/pixelCm) + 1}
	return json.Marshal(plan)
}

// margin is left free around the plan, in centimetres.
const margin = 100

type pretixWriter struct {
	m            *seatmap.Map
	names        map[string]string
	below, width int32 // what is written so far
	from         seatmap.Point
}

func categoryNames(zones []seatmap.Zone) map[string]string {
	count := map[string]int{}
	for _, z := range zones {
		count[z.Name]++
	}
	names := map[string]string{}
	for _, z := range zones {
		names[z.Key] = z.Name
		if count[z.Name] > 1 {
			names[z.Key] = z.Name + " (" + z.Key + ")"
		}
	}
	return names
}

// floor writes one storey below what is written so far.
func (w *pretixWriter) floor(floor *seatmap.Floor, withStage bool) []zoneOut {
	b := w.extent(floor, withStage)
	w.from = seatmap.Point{X: b.minX - margin, Y: b.minY - margin - w.below}
	w.below += b.maxY - b.minY + 2*margin
	w.width = max(w.width, b.maxX-b.minX+2*margin)
	var zones []zoneOut
	for s := range floor.Sections {
		sec := &floor.Sections[s]
		zone := zoneOut{Name: sec.Name, Rows: []rowOut{}, Areas: []areaOut{}}
		if len(w.m.Floors) > 1 {
			zone.Name = strings.TrimSpace(floor.Name + " " + sec.Name)
		}
		if zone.Name == "" {
			zone.Name = w.m.Name
		}
		zone.ZoneID = zone.Name
		for r := range sec.Rows {
			zone.Rows = append(zone.Rows, w.row(&sec.Rows[r]))
		}
		zones = append(zones, zone)
	}
	if areas := w.areas(floor, withStage); len(areas) > 0 {
		if len(zones) == 0 {
			zones = []zoneOut{{Name: floor.Name, ZoneID: floor.Name, Rows: []rowOut{}}}
		}
		zones[0].Areas = areas
	}
	return zones
}

func (w *pretixWriter) extent(floor *seatmap.Floor, withStage bool) bounds {
	b := boundsOf(&seatmap.Map{Floors: []seatmap.Floor{*floor}})
	grow := func(shape []seatmap.Point) {
		for _, p := range shape {
			b.add(p.X, p.Y)
		}
	}
	for _, a := range floor.Areas {
		grow(a.Shape)
	}
	if withStage {
		grow(w.m.Stage.Shape)
	}
	for _, d := range w.m.Decor {
		if d.Floor == floor.Name || (d.Floor == "" && withStage) {
			grow(d.Shape)
		}
	}
	return b
}

func (w *pretixWriter) row(row *seatmap.Row) rowOut {
	out := rowOut{
		Number: row.Label, Label: row.Label + "排", Show: "both", Seats: []seatOut{},
	}
	for i := range row.Seats {
		s := &row.Seats[i]
		out.Seats = append(out.Seats, seatOut{
			GUID: s.GUID, Number: s.Label, Radius: 10, Category: w.names[s.Zone],
			Position: w.point(seatmap.Point{X: s.X, Y: s.Y}),
		})
	}
	return out
}

func (w *pretixWriter) point(p seatmap.Point) pointOut {
	return pointOut{
		float64(p.X-w.from.X) / pixelCm, float64(p.Y-w.from.Y) / pixelCm,
	}
}

func (w *pretixWriter) areas(floor *seatmap.Floor, withStage bool) []areaOut {
	var list []areaOut
	add := func(shape []seatmap.Point, label, fill string) {
		if len(shape) == 0 {
			return
		}
		if fill == "" {
			fill = "#dddddd"
		}
		at := w.point(shape[0])
		out := areaOut{Shape: "polygon", Color: fill, Border: "#888888", Position: at}
		var b bounds
		for _, p := range shape {
			q := w.point(p)
			out.Polygon.Points = append(out.Polygon.Points, pointOut{q.X - at.X, q.Y - at.Y})
			b.add(p.X, p.Y)
		}
		mid := w.point(seatmap.Point{X: b.middleX(), Y: b.minY + (b.maxY-b.minY)/2})
		out.Text = textOut{label, "#333333", pointOut{mid.X - at.X, mid.Y - at.Y}}
		list = append(list, out)
	}
	if withStage {
		name := w.m.Stage.Name
		if name == "" {
			name = w.m.Stage.Kind.String()
		}
		add(w.m.Stage.Shape, name, "#444444")
	}
	for _, a := range floor.Areas {
		add(a.Shape, a.Name, "")
	}
	for _, d := range w.m.Decor {
		if d.Floor == floor.Name || (d.Floor == "" && withStage) {
			add(d.Shape, d.Label, d.Color)
		}
	}
	return list
}
