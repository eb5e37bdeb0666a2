package halls

import (
	"strconv"

	"foyer/internal/seating/seatmap"
)

// Theatre draws a house of 1,200 seats on three floors around a proscenium: stalls with two
// aisles and odd and even sides, two balconies of three sections each, boxes beside the
// stalls, wheelchair places in the last row of the stalls, house seats, and side seats with
// a restricted view on the third floor.
func Theatre(name string) *seatmap.Map {
	t := &theatre{}
	m := &seatmap.Map{
		Name: name,
		Stage: seatmap.Stage{
			Kind: seatmap.Podium, Name: "舞台", Focal: seatmap.Point{Y: 0},
			Shape: []seatmap.Point{{X: -900, Y: -700}, {X: 900, Y: -700}, {X: 900, Y: -60},
				{X: 500, Y: 0}, {X: 0, Y: 20}, {X: -500, Y: 0}, {X: -900, Y: -60}},
		},
		Zones: []seatmap.Zone{
			{Key: "vip", Name: "贵宾票", Color: "#c0392b"},
			{Key: "a", Name: "甲票", Color: "#e67e22"},
			{Key: "b", Name: "乙票", Color: "#f1c40f"},
			{Key: "c", Name: "丙票", Color: "#27ae60"},
			{Key: "d", Name: "丁票", Color: "#2980b9"},
			{Key: "box", Name: "包厢", Color: "#8e44ad"},
		},
		Entrances: []seatmap.Entrance{
			{Name: "单号门", Floor: "一层", At: seatmap.Point{X: -1500, Y: 1500}},
			{Name: "双号门", Floor: "一层", At: seatmap.Point{X: 1500, Y: 1500}},
			{Name: "二层西门", Floor: "二层", At: seatmap.Point{X: -1600, Y: 2700}},
			{Name: "二层东门", Floor: "二层", At: seatmap.Point{X: 1600, Y: 2700}},
			{Name: "三层西门", Floor: "三层", At: seatmap.Point{X: -1600, Y: 3200}},
			{Name: "三层东门", Floor: "三层", At: seatmap.Point{X: 1600, Y: 3200}},
		},
		Decor: []seatmap.Decor{{
			Floor: "一层", Label: "乐池", Color: "#7f8c8d", Shape: rectangle(-500, 60, 1000, 170),
		}, {
			Floor: "一层", Label: "调光调音台", Color: "#7f8c8d", Shape: rectangle(-250, 2700, 500, 130),
		}},
	}
	m.Floors = []seatmap.Floor{
		{Name: "一层", Sections: []seatmap.Section{t.stalls()}, Areas: t.boxes()},
		{Name: "二层", Height: 600, Sections: t.balcony("B2", 2050, 8, 10, 20, "b", "c")},
		{Name: "三层", Height: 1050, Sections: t.balcony("B3", 2450, 5, 9, 22, "c", "d")},
	}
	return number(m)
}

type theatre struct{ d drawer }

// stalls are 680 seats in 20 rows that widen towards the back.
func (t *theatre) stalls() seatmap.Section {
	widths := []int{24, 26, 28, 30, 30, 32, 32, 34, 34, 34,
		36, 36, 36, 38, 38, 38, 38, 38, 40, 38}
	sec := seatmap.Section{Name: "池座"}
	const radius, first, depth = 1900.0, 360.0, 112.0
	for r, n := range widths {
		side := (n - 16) / 2
		y := first + depth*float64(r)
		sec.Rows = append(sec.Rows, t.d.row(block{
			prefix: "S", label: strconv.Itoa(r + 1), labels: seatmap.OddEven(n/2, n-n/2),
			pitch: 55, aisles: map[int]float64{side: aisle, side + 16: aisle},
			at:   arc(0, y-radius-float64(r)*40, radius+float64(r)*40),
			zone: func(i int) string { return stallsZone(r, i-side) },
			kind: func(i int) seatmap.Kind { return stallsKind(r, i, n) },
		}))
	}
	return sec
}

func stallsZone(r, middle int) string {
	inMiddle := middle >= 0 && middle < 16
	switch {
	case r >= 3 && r < 10 && inMiddle:
		return "vip"
	case r < 14:
		return "a"
	}
	return "b"
}

func stallsKind(r, i, n int) seatmap.Kind {
	fromEnd := min(i, n-1-i)
	switch {
	case r == 19 && (fromEnd == 0 || fromEnd == 2):
		return seatmap.Wheelchair
	case r == 19 && (fromEnd == 1 || fromEnd == 3):
		return seatmap.Companion
	case r == 9 && fromEnd >= n/2-2:
		return seatmap.House
	}
	return seatmap.Standard
}

// balcony is a floor of three sections on arcs around the stage.
func (t *theatre) balcony(
	prefix string, radius float64, rows, side, middle int, centre, sides string,
) []seatmap.Section {
	sections := []seatmap.Section{{Name: "楼座左区"}, {Name: "楼座中区"}, {Name: "楼座右区"}}
	const pitch, depth = 55.0, 105.0
	offset := float64(middle)/2*pitch + float64(side)/2*pitch + aisle
	for r := range rows {
		at := arc(0, 300, radius+depth*float64(r))
		label := strconv.Itoa(r + 1)
		sections[0].Rows = append(sections[0].Rows, t.d.row(block{
			prefix: prefix + "L", label: label, labels: seatmap.RightLeft(side, 1),
			pitch: pitch, shift: -offset, at: at, zone: fixed(sides),
			kind: func(i int) seatmap.Kind { return sideKind(prefix, i) },
		}))
		sections[1].Rows = append(sections[1].Rows, t.d.row(block{
			prefix: prefix + "C", label: label, labels: seatmap.OddEven(middle/2, middle/2),
			pitch: pitch, at: at, zone: fixed(centre),
		}))
		sections[2].Rows = append(sections[2].Rows, t.d.row(block{
			prefix: prefix + "R", label: label, labels: seatmap.LeftRight(side, 1),
			pitch: pitch, shift: offset, at: at, zone: fixed(sides),
			kind: func(i int) seatmap.Kind { return sideKind(prefix, side-1-i) },
		}))
	}
	return sections
}

// sideKind restricts the view of the three outermost seats of the third floor.
func sideKind(prefix string, fromWall int) seatmap.Kind {
	if prefix == "B3" && fromWall < 3 {
		return seatmap.Restricted
	}
	return seatmap.Standard
}

// boxes stand along both walls of the stalls and are sold whole.
func (t *theatre) boxes() []seatmap.Area {
	var list []seatmap.Area
	for i := range 6 {
		x, name := int32(-1460), "左包厢"
		if i%2 == 1 {
			x, name = 1230, "右包厢"
		}
		n := strconv.Itoa(i/2 + 1)
		list = append(list, seatmap.Area{
			GUID: "box-" + strconv.Itoa(i), Name: n + "号" + name, Kind: seatmap.Box, Zone: "box",
			Capacity: 4, Shape: rectangle(x, 500+int32(i/2)*330, 230, 280),
		})
	}
	return list
}
