package programme

import (
	"fmt"

	"foyer/internal/demo/art"
)

const (
	lakeside = "lakeside"
	teahill  = "teahill"
)

func (b *builder) park() Venue {
	return Venue{
		Key: lakeside, Kind: Park,
		Name: Text{"湖畔乐园", "Lakeside Park"},
		About: Text{
			"湖边的家庭乐园，日票入园，摩天轮、过山车与热气球另购并各有容量。",
			"A family park by the lake: a day ticket to enter; wheel, coaster and balloon are " +
				"booked on top and have their own capacity.",
		},
		City: hangzhou(),
		Address: Text{"杭州市萧山区湘湖路演示段66号",
			"66 Xianghu Road (demo), Xiaoshan District, Hangzhou"},
		Latitude: 30.1483, Longitude: 120.2214, Phone: "0571-00000104",
		TimeZone: "Asia/Shanghai", DayStartsMinute: 5 * hour,
		Hours: []Hours{{everyDay(), 9 * hour, 21 * hour}},
		Services: []Text{
			{"婴儿车租借", "Pushchair hire"}, {"儿童走失中心", "Lost children's office"},
			nursingRoom(), wheelchair(), parking(), {"餐饮", "Food"},
		},
		Licences: []Licence{
			{Text{"特种设备使用登记证", "Registration of special equipment"}, "游浙A演示00104", b.date(150)},
			{Text{"营业执照", "Business licence"}, "演示9133010000000104X", b.date(3650)},
		},
		Picture: Picture{art.Ferris, 1},
		Halls: []Hall{
			{Key: "grounds", Name: Text{"全园", "The grounds"}, Areas: general(8000)},
			{Key: "wheel", Name: Text{"云上摩天轮", "Cloud Wheel"}, Areas: general(1600)},
			{Key: "coaster", Name: Text{"飞湖过山车", "Lake Flyer"}, Areas: general(1200)},
			{Key: "balloon", Name: Text{"湖心热气球", "Lake Balloon"}, Areas: general(240)},
		},
	}
}

func (b *builder) teaMountain() Venue {
	return Venue{
		Key: teahill, Kind: ScenicSpot,
		Name: Text{"云栖茶岭景区", "Cloud Rest Tea Mountain"},
		About: Text{
			"万亩茶园间的步道与古亭，清晨看雾，午后喝茶。",
			"Paths and old pavilions among the tea: mist in the morning, a cup in the afternoon.",
		},
		City: hangzhou(),
		Address: Text{"杭州市西湖区茶岭路演示段9号",
			"9 Tea Ridge Road (demo), Xihu District, Hangzhou"},
		Latitude: 30.1867, Longitude: 120.0741, Phone: "0571-00000106",
		TimeZone: "Asia/Shanghai", DayStartsMinute: 5 * hour,
		Hours:    []Hours{{everyDay(), 7 * hour, 18 * hour}},
		Services: []Text{guides(), {"采茶体验", "Tea picking"}, {"接驳车", "Shuttle bus"}, parking()},
		Licences: []Licence{
			{Text{"营业执照", "Business licence"}, "演示9133010000000106X", b.date(3650)},
		},
		Picture: Picture{art.Terraces, 0},
		Halls: []Hall{
			{Key: "hill", Name: Text{"景区", "The mountain"}, Areas: general(3000)},
		},
	}
}

// outdoors are the two admissions and the three attractions of the park.
func (b *builder) outdoors() []Event {
	list := []Event{
		{
			Key: "park-admission", Title: Text{"湖畔乐园日票", "Lakeside Park, day ticket"},
			Aliases: []string{"乐园门票", "Park ticket"}, Genres: []Text{{"乐园", "Park"}}, Minutes: 720,
			Synopsis: Text{
				"全天入园，含旋转木马、水上步道与傍晚灯光秀；三项大型游乐另购。",
				"A whole day in the park with carousel, water walk and the evening lights; the " +
					"three large rides are booked on top.",
			},
			Poster: Picture{art.Ferris, 0}, Stills: []Picture{{art.Coaster, 0}, {art.Balloons, 1}},
		},
		{
			Key: "wheel", Title: Text{"云上摩天轮", "Cloud Wheel"},
			Aliases: []string{"摩天轮", "Ferris wheel"}, Genres: []Text{{"游乐", "Ride"}}, Minutes: 20,
			Synopsis: Text{
				"一圈二十分钟，最高处一百二十米，能望见江与湖。",
				"Twenty minutes a turn, 120 metres at the top, with a view of river and lake.",
			},
			Poster: Picture{art.Ferris, 3}, Stills: []Picture{{art.Ferris, 1}},
		},
		{
			Key: "coaster", Title: Text{"飞湖过山车", "Lake Flyer"},
			Aliases: []string{"过山车", "Roller coaster"}, Genres: []Text{{"游乐", "Ride"}}, Minutes: 4,
			Synopsis: Text{
				"从山脊俯冲到湖面，一个完整的立环，身高1.4米以上可乘。",
				"From the ridge down to the water with one full loop; from 1.4 m of height.",
			},
			Poster: Picture{art.Coaster, 0}, Stills: []Picture{{art.Coaster, 1}},
		},
		{
			Key: "balloon", Title: Text{"湖心热气球", "Lake Balloon"},
			Aliases: []string{"热气球", "Balloon"}, Genres: []Text{{"游乐", "Ride"}}, Minutes: 15,
			Synopsis: Text{
				"系留热气球升到八十米，无风的清晨与傍晚开放，遇大风全额退款。",
				"A tethered balloon up to 80 metres on calm mornings and evenings; refunded in " +
					"full when the wind forbids.",
			},
			Poster: Picture{art.Balloons, 0}, Stills: []Picture{{art.Balloons, 1}},
		},
		{
			Key: "tea-admission", Title: Text{"云栖茶岭门票", "Tea Mountain, day ticket"},
			Aliases: []string{"茶岭", "Tea mountain"}, Genres: []Text{{"景区", "Scenic spot"}},
			Minutes: 660,
			Synopsis: Text{
				"当日有效，含接驳车与一杯当季的茶。",
				"Valid for the day, with the shuttle bus and a cup of this season's tea.",
			},
			Poster: Picture{art.Terraces, 0}, Stills: []Picture{{art.Terraces, 1}},
		},
	}
	for i := range list {
		list[i].Kind = Attraction
		list[i].Code = fmt.Sprintf("ATT-DEMO-%02d", i+1)
		list[i].OriginalTitle = list[i].Title.ZH
		list[i].Country, list[i].ReleaseOn = china(), b.date(-400)
		list[i].AgeNote = Text{"14周岁以下须由成人陪同", "Under 14: with an adult"}
		list[i].Versions = []Version{{"", mandarin()}}
		list[i].Distributor = Text{"星河文化乐园部", "Galaxy Culture Parks"}
	}
	return list
}

// parkDay is one session a day for the grounds and each ride; the balloon flies only in the
// morning and at dusk.
func (b *builder) parkDay(offset int) []Session {
	day := func(hall, event, prices string, from, to, capacity int) Session {
		return b.entry(slot{
			venue: lakeside, hall: hall, event: event, offset: offset, from: from, to: to,
			prices: prices, policy: parkDay,
		}, capacity)
	}
	out := []Session{
		day("grounds", "park-admission", "park-day", 9*hour, 21*hour, 8000),
		day("wheel", "wheel", "ride-wheel", 10*hour, 21*hour, 1600),
		day("coaster", "coaster", "ride-coaster", 10*hour, 20*hour, 1200),
		day("balloon", "balloon", "ride-balloon", 9*hour, 11*hour, 120),
		day("balloon", "balloon", "ride-balloon", 16*hour, 18*hour, 120),
	}
	for i := range out {
		out[i].MaxPerOrder, out[i].MaxPerMember = 10, 20
	}
	return out
}

func (b *builder) teaDay(offset int) []Session {
	return []Session{b.entry(slot{
		venue: teahill, hall: "hill", event: "tea-admission", offset: offset,
		from: 7 * hour, to: 18 * hour, prices: "tea-day", policy: parkDay,
	}, 3000)}
}
