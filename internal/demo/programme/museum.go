package programme

import (
	"fmt"
	"time"

	"foyer/internal/demo/art"
)

const (
	liangzhu = "liangzhu"
	canal    = "canal"
)

// general is the one area of a place without seats.
func general(capacity int) []Area {
	return []Area{{"general", Text{"全场", "General admission"}, "general", capacity}}
}

func (b *builder) museum() Venue {
	return Venue{
		Key: liangzhu, Kind: Museum,
		Name: Text{"良渚之光博物馆", "Light of Liangzhu Museum"},
		About: Text{
			"以玉与水为线索讲述五千年前的城。基本陈列免费，特展另购，每日九个入馆时段，周一闭馆。",
			"A city of five thousand years ago, told by jade and water. The collection is free, " +
				"special exhibitions are not; nine time slots a day, closed on Mondays.",
		},
		City: hangzhou(),
		Address: Text{"杭州市余杭区良渚街道演示路5000号",
			"5000 Demo Road, Liangzhu, Yuhang District, Hangzhou"},
		Latitude: 30.3792, Longitude: 120.0203, Phone: "0571-00000103",
		TimeZone: "Asia/Shanghai", DayStartsMinute: 5 * hour,
		Hours: []Hours{{notMonday(), 9 * hour, 17 * hour}},
		Services: []Text{
			guides(), {"多语种语音导览", "Audio guide in several languages"}, {"行李寄存", "Lockers"},
			nursingRoom(), wheelchair(), parking(),
		},
		Licences: []Licence{
			{Text{"博物馆备案", "Museum registration"}, "浙博备演示00103号", b.date(900)},
		},
		Picture: Picture{art.Portico, 0},
		Halls: []Hall{
			{Key: "permanent", Name: Text{"基本陈列厅", "Permanent collection"}, Areas: general(350)},
			{Key: "special", Name: Text{"特展厅", "Special exhibitions"}, Areas: general(180)},
			{Key: "tour", Name: Text{"导览集合点", "Meeting point for tours"}, Areas: general(25)},
		},
	}
}

func (b *builder) exhibitionHall() Venue {
	return Venue{
		Key: canal, Kind: Exhibition,
		Name: Text{"运河光影馆", "Canal Light Hall"},
		About: Text{
			"旧粮仓改建的展览馆，两千平方米无柱空间，专做光影与装置。",
			"A granary turned exhibition hall: 2,000 square metres without a pillar, for " +
				"light and " +
				"installations.",
		},
		City: hangzhou(),
		Address: Text{"杭州市拱墅区运河路演示段12号",
			"12 Canal Road (demo), Gongshu District, Hangzhou"},
		Latitude: 30.3189, Longitude: 120.1378, Phone: "0571-00000105",
		TimeZone: "Asia/Shanghai", DayStartsMinute: 5 * hour,
		Hours:    []Hours{{everyDay(), 10 * hour, 21 * hour}},
		Services: []Text{{"咖啡", "Café"}, {"行李寄存", "Lockers"}, nursingRoom(), wheelchair()},
		Licences: []Licence{
			{Text{"营业执照", "Business licence"}, "演示9133010000000105X", b.date(3650)},
		},
		Picture: Picture{art.Gallery, 1},
		Halls: []Hall{
			{Key: "granary", Name: Text{"大仓", "The Granary"}, Areas: general(160)},
		},
	}
}

func (b *builder) exhibitions() []Event {
	anyone := Text{"14周岁以下须由成人陪同", "Under 14: with an adult"}
	list := []Event{
		{
			Key: "jade", Kind: Show, Title: Text{"玉与水：良渚之光", "Jade and Water"},
			Aliases: []string{"基本陈列", "Permanent collection"},
			Genres:  []Text{{"历史", "History"}, {"考古", "Archaeology"}},
			Minutes: 90, ReleaseOn: b.date(-720),
			Synopsis: Text{
				"玉琮、玉璧与水坝模型，讲一座城如何用水养活自己，用玉敬天。免费，需预约。",
				"Cong tubes, bi discs and a model of the dams: how a city fed itself by " +
					"water and " +
					"honoured heaven with jade. Free, with a booked slot.",
			},
			Poster: Picture{art.Jade, 0}, Stills: []Picture{{art.Jade, 1}, {art.Portico, 1}},
		},
		{
			Key: "bronze", Kind: Show, Title: Text{"铸鼎：青铜与纹样", "Casting the Ding"},
			Aliases: []string{"青铜特展", "Bronze"},
			Genres:  []Text{{"历史", "History"}, {"工艺", "Craft"}},
			Minutes: 60, ReleaseOn: b.date(-12), EndsOn: b.date(80),
			Synopsis: Text{
				"六十件复原铸造的青铜器与范块，观众可以亲手拼合一副陶范。特展收费。",
				"Sixty bronzes cast anew beside their moulds; visitors put a clay mould together " +
					"with their own hands. Paid entry.",
			},
			Poster: Picture{art.Bronze, 0}, Stills: []Picture{{art.Bronze, 1}, {art.Porcelain, 0}},
		},
		{
			Key: "spectrum", Kind: Show, Title: Text{"光谱之内", "Inside the Spectrum"},
			Aliases: []string{"光谱", "Spectrum"},
			Genres:  []Text{{"当代艺术", "Contemporary art"}, {"沉浸式", "Immersive"}},
			Minutes: 100, ReleaseOn: b.date(-25), EndsOn: b.date(45),
			Synopsis: Text{
				"走进被拆开的白光：七个房间，七种波长，最后一间只有影子。",
				"Walk into white light taken apart: seven rooms, seven wavelengths, and only " +
					"shadows in the last.",
			},
			Poster: Picture{art.Prism, 0}, Stills: []Picture{{art.Prism, 1}, {art.Gallery, 0}},
		},
		{
			Key: "nightwalk", Kind: Tour, Title: Text{"提灯夜游古城", "The Old City by Lantern"},
			Aliases: []string{"夜游导览", "Night walk"},
			Genres:  []Text{{"导览", "Guided tour"}},
			Minutes: 80, ReleaseOn: b.date(-60), EndsOn: b.date(60),
			Synopsis: Text{
				"闭馆之后，讲解员带二十五人提灯走过莫角山台地，听夯土里的声音。",
				"After closing time a guide leads twenty-five people by lantern over the palace " +
					"terrace, to listen to the rammed earth.",
			},
			Poster: Picture{art.Lanterns, 0}, Stills: []Picture{{art.Lanterns, 1}},
		},
	}
	for i := range list {
		list[i].Code = fmt.Sprintf("EXH-DEMO-%02d", i+1)
		list[i].OriginalTitle = list[i].Title.ZH
		list[i].Country, list[i].AgeNote = china(), anyone
		list[i].Versions = []Version{{"", mandarin()}}
		list[i].Distributor = Text{"星河文化展览部", "Galaxy Culture Exhibitions"}
	}
	return list
}

// window is a time slot with how many people it takes.
type window struct{ from, to, capacity int }

// museumWindows are nine: half-hours in the morning rush, hours after.
func museumWindows() []window {
	return []window{
		{9 * hour, 9*hour + 30, 200}, {9*hour + 30, 10 * hour, 200},
		{10 * hour, 10*hour + 30, 200}, {10*hour + 30, 11 * hour, 200},
		{11 * hour, 12 * hour, 350}, {13 * hour, 14 * hour, 350}, {14 * hour, 15 * hour, 350},
		{15 * hour, 16 * hour, 300}, {16 * hour, 17 * hour, 150},
	}
}

// museumDay: nine slots for the collection and for the special exhibition, a tour on three
// evenings; nothing on Mondays.
func (b *builder) museumDay(offset int) []Session {
	day := b.weekday(offset)
	if day == time.Monday {
		return nil
	}
	var out []Session
	for _, w := range museumWindows() {
		s := slot{
			venue: liangzhu, hall: "permanent", event: "jade", offset: offset, from: w.from,
			to:     w.to,
			prices: "museum-free", policy: museumFree,
		}
		out = append(out, b.entry(s, w.capacity))
		s.hall, s.event, s.prices = "special", "bronze", "museum-special"
		out = append(out, b.entry(s, w.capacity/2))
	}
	if day == time.Wednesday || day == time.Friday || day == time.Saturday {
		tour := b.entry(slot{
			venue: liangzhu, hall: "tour", event: "nightwalk", offset: offset,
			from: 18*hour + 30, to: 19*hour + 50, prices: "museum-tour", policy: noRefund,
		}, 25)
		tour.SaleUntil = tour.Start
		out = append(out, tour)
	}
	return out
}

// entry is a session of a place without seats: it is sold until fifteen minutes before the
// slot ends.
func (b *builder) entry(s slot, capacity int) Session {
	s.version = Version{"", mandarin()}
	e := b.session(s)
	e.SaleFrom = b.at(s.offset-10, 8*hour)
	e.SaleUntil = e.End.Add(-15 * time.Minute)
	e.AreaCapacity = map[string]int{"general": capacity}
	return e
}

// exhibitionDay has five two-hour slots.
func (b *builder) exhibitionDay(offset int) []Session {
	var out []Session
	for from := 10 * hour; from < 20*hour; from += 2 * hour {
		out = append(out, b.entry(slot{
			venue: canal, hall: "granary", event: "spectrum", offset: offset,
			from: from, to: from + 2*hour, prices: "light-show", policy: museumFree,
		}, 160))
	}
	return out
}
