package programme

import "foyer/internal/demo/art"

const xihu = "xihu"

// Minutes around a film.
const (
	trailerMinutes  = 10
	cleaningMinutes = 15 // the hall is empty for at least so long
)

const lastStart = 24*60 + 40 // the last film begins at 00:40 at the latest

func (b *builder) cinema() Venue {
	return Venue{
		Key: xihu, Kind: Cinema,
		Name: Text{"星河影城（西湖店）", "Galaxy Cinema, West Lake"},
		About: Text{
			"五个影厅，含IMAX激光厅与真皮躺椅VIP厅，全厅激光放映。",
			"Five halls with laser projection, among them an IMAX hall and a VIP hall of " +
				"recliners.",
		},
		City: hangzhou(),
		Address: Text{"杭州市西湖区文三路演示段1号星河中心5层",
			"5F Galaxy Centre, 1 Wensan Road (demo), Xihu District, Hangzhou"},
		Latitude: 30.2771, Longitude: 120.1265, Phone: "0571-00000101",
		TimeZone: "Asia/Shanghai", DayStartsMinute: 6 * hour,
		Hours: []Hours{{everyDay(), 9*hour + 30, 27 * hour}},
		Services: []Text{
			{"IMAX", "IMAX"}, {"激光放映", "Laser projection"}, {"VIP躺椅厅", "VIP recliners"},
			{"情侣座", "Couple seats"}, {"3D眼镜免费", "3D glasses free"},
			nursingRoom(), wheelchair(), parking(),
		},
		Licences: []Licence{
			{Text{"电影放映经营许可证", "Film exhibition licence"}, "证放字第演示00101号", b.date(210)},
			{Text{"营业执照", "Business licence"}, "演示9133010000000101X", b.date(3650)},
			{Text{"公共场所卫生许可证", "Public hygiene licence"}, "浙卫公证字演示第00101号", b.date(75)},
		},
		Picture: Picture{art.Auditorium, 1},
		Halls: []Hall{
			{Key: "imax", Name: Text{"1号IMAX激光厅", "Hall 1 IMAX Laser"},
				Cinema: &CinemaPlan{Rows: 16, Columns: 26}},
			{Key: "laser", Name: Text{"2号激光厅", "Hall 2 Laser"},
				Cinema: &CinemaPlan{Rows: 12, Columns: 20}},
			{Key: "couple", Name: Text{"3号情侣厅", "Hall 3 with couple seats"},
				Cinema: &CinemaPlan{Rows: 10, Columns: 16, Couples: true}},
			{Key: "family", Name: Text{"4号亲子厅", "Hall 4 Family"},
				Cinema: &CinemaPlan{Rows: 8, Columns: 14}},
			{Key: "vip", Name: Text{"5号VIP躺椅厅", "Hall 5 VIP recliners"},
				Cinema: &CinemaPlan{Rows: 6, Columns: 8, Recliner: true}},
		},
	}
}

// turnIn is one entry of a hall's rotation: a film and which of its versions is shown.
type turnIn struct {
	film    string
	version int
	family  bool // not shown from 20:30 on
}

// rotation is the order of films in a hall; the day decides where it begins.
type rotation struct {
	hall, prices string
	opens        int // minute of the first start
	turns        []turnIn
}

func rotations() []rotation {
	return []rotation{
		{"imax", "cinema-imax", 10 * hour, []turnIn{
			{"abyss", 0, false}, {"snowline", 0, false}, {"abyss", 1, false},
			{"caravan", 0, false}}},
		{"laser", "cinema-2d", 10*hour + 10, []turnIn{
			{"neon", 0, false}, {"lamp", 0, false}, {"caravan", 1, false}, {"thirteen", 0, false},
			{"snowline", 1, false}}},
		{"couple", "cinema-2d", 10*hour + 25, []turnIn{
			{"rivermoon", 0, false}, {"tide", 0, false}, {"rivermoon", 0, false},
			{"neon", 0, false},
			{"lamp", 0, false}}},
		{"family", "cinema-3d", 10*hour + 5, []turnIn{
			{"whale", 0, true}, {"kite", 0, true}, {"whale", 1, true}, {"thirteen", 1, false}}},
		{"vip", "cinema-vip", 10*hour + 40, []turnIn{
			{"tide", 0, false}, {"thirteen", 0, false}, {"abyss", 2, false},
			{"rivermoon", 0, false}}},
	}
}

// cinemaDay fills the five halls of one business day, from ten until past midnight. Films
// not yet released that day are left out.
func (b *builder) cinemaDay(offset int, events []Event) []Session {
	films := map[string]Event{}
	for _, e := range events {
		if e.Kind == Film && e.ReleaseOn <= b.date(offset) {
			films[e.Key] = e
		}
	}
	var out []Session
	for i, r := range rotations() {
		start, next := r.opens, b.turn(offset)+i
		for start <= lastStart {
			at, ok := r.pick(next, start, films)
			if !ok {
				break
			}
			t := r.turns[at]
			film := films[t.film]
			end := start + trailerMinutes + film.Minutes
			out = append(out, b.screening(r, t, film, offset, start, end))
			start = (end + cleaningMinutes + 4) / 5 * 5
			next = at + 1
		}
	}
	return out
}

// pick is the place of the first film from the given one on that may run at that minute.
func (r rotation) pick(next, start int, films map[string]Event) (int, bool) {
	for i := range r.turns {
		at := (next + i) % len(r.turns)
		t := r.turns[at]
		if _, shown := films[t.film]; shown && (!t.family || start < 20*hour+30) {
			return at, true
		}
	}
	return 0, false
}

// screening is sold until ten minutes after its start, while the trailers run.
func (b *builder) screening(r rotation, t turnIn, film Event, offset, start, end int) Session {
	version := film.Versions[t.version]
	prices := r.prices
	if version.Format == "2D" && prices == "cinema-3d" {
		prices = "cinema-2d"
	}
	s := b.session(slot{
		venue: xihu, hall: r.hall, event: film.Key, version: version,
		offset: offset, from: start, to: end, prices: prices, policy: cinemaLadder,
	})
	s.SaleUntil = b.at(offset, start+trailerMinutes)
	s.Orphans = OrphanWarn
	return s
}
