package programme

import (
	"fmt"
	"time"

	"foyer/internal/demo/art"
	"foyer/internal/money"
)

const harbour = "harbour"

// seaside is the second tenant: a small theatre that shares nothing with the first but the
// installation.
func (b *builder) seaside() Organization {
	o := Organization{
		Key:  "seaside",
		Name: Text{"海上小剧场", "Little Theatre on the Sea"},
		About: Text{
			"上海滨江的一间小剧场，百来个座位，只演新戏。",
			"A small house by the river in Shanghai, a hundred seats or so, new plays only.",
		},
		Currency: money.CNY, Logo: art.SeaMoon,
		TicketTypes: ticketTypes(), Policies: []RefundPolicy{theatrePolicy(), noRefundPolicy()},
		PriceLists: []PriceList{{
			Key: "little", Name: Text{"小剧场", "Little theatre"},
			Prices: grid([]string{"front", "rear", "cushion"}, []money.Minor{18000, 12000, 8000},
				[4]int{100, 0, 80, 50}),
			Rules: []PriceRule{{
				Name: Text{"早鸟", "Early bird"}, DaysBefore: 4, BasisPoints: 10000, Add: -2000,
			}},
		}},
		Venues: []Venue{b.littleTheatre()},
		Events: b.littlePlays(),
	}
	for offset := FirstDay; offset <= LastDay; offset++ {
		o.Sessions = append(o.Sessions, b.littleDay(offset, o.Events)...)
	}
	return o
}

func (b *builder) littleTheatre() Venue {
	var rows []RowPlan
	for i, label := range []string{"A", "B", "C", "D", "E", "F", "G", "H"} {
		zone := "front"
		if i >= 4 {
			zone = "rear"
		}
		rows = append(rows, RowPlan{Label: label, Seats: 12 + i/4*2, Zone: zone})
	}
	return Venue{
		Key: harbour, Kind: Theatre,
		Name: Text{"海上小剧场（滨江）", "Little Theatre, Riverside"},
		About: Text{
			"旧仓库里的黑匣子，演员离第一排一米半。",
			"A black box in an old warehouse; the actors stand a metre and a half from the " +
				"first row.",
		},
		City: Text{"上海", "Shanghai"},
		Address: Text{"上海市虹口区滨江路演示段21号",
			"21 Riverside Road (demo), Hongkou District, Shanghai"},
		Latitude: 31.2514, Longitude: 121.5033, Phone: "021-00000201",
		TimeZone: "Asia/Shanghai", DayStartsMinute: 6 * hour,
		Hours: []Hours{{
			[]time.Weekday{time.Thursday, time.Friday, time.Saturday, time.Sunday},
			13 * hour, 22 * hour,
		}},
		Services: []Text{{"酒吧", "Bar"}, wheelchair()},
		Licences: []Licence{
			{Text{"演出场所经营单位备案", "Venue registration for performances"},
				"沪演场备演示00201号", b.date(320)},
		},
		Picture: Picture{art.Lighthouse, 1},
		Halls: []Hall{{
			Key: "box", Name: Text{"黑匣子", "Black box"}, Rows: rows,
			Areas: []Area{{"cushion", Text{"地垫区", "Floor cushions"}, "cushion", 16}},
		}},
	}
}

func (b *builder) littlePlays() []Event {
	list := []Event{
		{
			Key: "attic", Title: Text{"阁楼上的灯塔", "The Lighthouse in the Attic"},
			Aliases:  []string{"灯塔", "Lighthouse"},
			Director: Text{"舒屿", "Shu Yu"}, Cast: []Text{{"何岸", "He An"},
				{"邵小鸥", "Shao Xiao'ou"}}, Minutes: 95,
			Synopsis: Text{
				"姐妹俩在阁楼里养着一座灯塔，房东要来收走光。",
				"Two sisters keep a lighthouse in their attic, and the landlord is coming " +
					"for the light.",
			},
			Poster: Picture{art.Lighthouse, 0}, Stills: []Picture{{art.Lighthouse, 3}},
		},
		{
			Key: "rainlane", Title: Text{"雨巷默剧", "Mime in the Rain Lane"},
			Aliases:  []string{"雨巷", "Rain Lane"},
			Director: Text{"顾默", "Gu Mo"}, Cast: []Text{{"伞", "The Umbrella"}, {"阿默", "A Mo"}},
			Minutes: 70,
			Synopsis: Text{
				"没有一句台词：一百把伞，一条巷子，一个总在躲雨的人。",
				"Not one word: a hundred umbrellas, one lane and a man who always shelters.",
			},
			Poster: Picture{art.Umbrellas, 0}, Stills: []Picture{{art.Umbrellas, 1}},
		},
	}
	for i := range list {
		list[i].Kind = Play
		list[i].Code = fmt.Sprintf("沪演准演示〔%d〕%04d号", b.year, i+1)
		list[i].OriginalTitle = list[i].Title.ZH
		list[i].Genres = []Text{{"小剧场", "Fringe"}}
		list[i].Country = china()
		list[i].AgeNote = Text{"建议12周岁以上观看", "From 12 years"}
		list[i].ReleaseOn, list[i].EndsOn = b.date(-10), b.date(30)
		list[i].Versions = []Version{{"", mandarin()}}
		if list[i].Key == "rainlane" {
			list[i].Versions[0].Language = Text{"无对白", "No dialogue"}
		}
		list[i].Distributor = Text{"海上小剧场", "Little Theatre on the Sea"}
	}
	return list
}

// littleDay: Thursday to Sunday at 19:45, both plays on weekend days.
func (b *builder) littleDay(offset int, plays []Event) []Session {
	day := b.weekday(offset)
	show := func(play Event, from int, policy string) Session {
		return b.session(slot{
			venue: harbour, hall: "box", event: play.Key, version: play.Versions[0],
			offset: offset, from: from, to: from + play.Minutes, prices: "little", policy: policy,
		})
	}
	switch day {
	case time.Thursday, time.Friday:
		return []Session{show(plays[0], 19*hour+45, theatreLadder)}
	case time.Saturday, time.Sunday:
		return []Session{
			show(plays[1], 14*hour+30, noRefund), show(plays[0], 19*hour+45, theatreLadder),
		}
	}
	return nil
}
