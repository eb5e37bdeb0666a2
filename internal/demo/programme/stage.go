package programme

import (
	"fmt"
	"time"

	"foyer/internal/demo/art"
)

const qiantang = "qiantang"

func (b *builder) grandTheatre() Venue {
	return Venue{
		Key: qiantang, Kind: Theatre,
		Name: Text{"钱塘大剧院", "Qiantang Grand Theatre"},
		About: Text{
			"1200座镜框式剧场，池座与两层楼座，六个包厢，三层各有轮椅通道。",
			"A proscenium house of 1,200 seats: stalls, two balconies and six boxes, " +
				"step-free on " +
				"all three floors.",
		},
		City: hangzhou(),
		Address: Text{"杭州市上城区之江路演示段88号",
			"88 Zhijiang Road (demo), Shangcheng District, Hangzhou"},
		Latitude: 30.2436, Longitude: 120.2105, Phone: "0571-00000102",
		TimeZone: "Asia/Shanghai", DayStartsMinute: 6 * hour,
		Hours: []Hours{{notMonday(), 10 * hour, 22 * hour}},
		Services: []Text{
			{"衣帽寄存", "Cloakroom"}, {"剧院酒廊", "Theatre bar"}, {"助听设备", "Hearing loop"},
			nursingRoom(), wheelchair(), parking(),
		},
		Licences: []Licence{
			{Text{"演出场所经营单位备案", "Venue registration for performances"},
				"浙演场备演示00102号", b.date(400)},
			{Text{"营业执照", "Business licence"}, "演示9133010000000102X", b.date(3650)},
		},
		Picture: Picture{art.Curtain, 0},
		Halls: []Hall{
			{Key: "main", Name: Text{"大剧场", "Main house"}, GrandStage: true},
		},
	}
}

// permit is a fictional approval of a performance.
func (b *builder) permit(n int) string {
	return fmt.Sprintf("浙演准演示〔%d〕%04d号", b.year, n)
}

func (b *builder) plays() []Event {
	list := append(b.spokenPlays(), b.musicPlays()...)
	for i := range list {
		list[i].Code = b.permit(i + 1)
		list[i].Country = china()
	}
	return list
}

func under() Text { return Text{"1.2米以下儿童谢绝入场", "No admission below 1.2 m"} }

func (b *builder) spokenPlays() []Event {
	return []Event{
		{
			Key: "qingping", Kind: Play, Title: Text{"新编越剧《青屏山记》",
				"The Qingping Mountain (Yue opera)"},
			OriginalTitle: "青屏山记", Aliases: []string{"青屏山", "Qingping"},
			Genres:   []Text{{"戏曲", "Chinese opera"}, {"越剧", "Yue opera"}},
			Director: Text{"柳拂堤", "Liu Fudi"},
			Cast:     []Text{{"宋清商", "Song Qingshang"}, {"梅问雪", "Mei Wenxue"}},
			Versions: []Version{{"", Text{"越剧方言（中文字幕）", "Yue dialect, Chinese surtitles"}}},
			Minutes:  150, AgeNote: under(), ReleaseOn: b.date(-1), EndsOn: b.date(14),
			Distributor: Text{"青屏越剧社（虚构）", "Qingping Opera Company (fictional)"},
			Synopsis: Text{
				"画师入山寻墨，与守山人对弈十年，一局未终，山下已换人间。",
				"A painter goes up the mountain for ink and plays ten years of chess with its " +
					"keeper. The game is not over when the world below has changed.",
			},
			Poster: Picture{art.InkHills, 0}, Stills: []Picture{{art.InkHills, 3},
				{art.Curtain, 0}},
		},
		{
			Key: "ferry", Kind: Play, Title: Text{"话剧《末班渡船》", "The Last Ferry (drama)"},
			OriginalTitle: "末班渡船", Aliases: []string{"渡船", "Last Ferry"},
			Genres:   []Text{{"话剧", "Drama"}, {"悬疑", "Mystery"}},
			Director: Text{"江未眠", "Jiang Weimian"},
			Cast:     []Text{{"许归棹", "Xu Guizhao"}, {"岑晚", "Cen Wan"}, {"老许", "Lao Xu"}},
			Versions: []Version{{"", mandarin()}},
			Minutes:  120, AgeNote: under(), ReleaseOn: b.date(0), EndsOn: b.date(21),
			Distributor: Text{"空椅子剧团（虚构）", "Empty Chair Company (fictional)"},
			Synopsis: Text{
				"大雾封江，末班渡船上只有一把椅子，七个乘客都说那是自己的。",
				"Fog closes the river. On the last ferry there is one chair, and seven " +
					"passengers " +
					"each say it is theirs.",
			},
			Poster: Picture{art.Curtain, 0}, Stills: []Picture{{art.Curtain, 3}, {art.Noir, 1}},
		},
	}
}

func (b *builder) musicPlays() []Event {
	return []Event{
		{
			Key: "symphony", Kind: Concert, Title: Text{"星河交响之夜", "Galaxy Symphony Night"},
			OriginalTitle: "星河交响之夜", Aliases: []string{"交响之夜", "Symphony Night"},
			Genres:   []Text{{"音乐会", "Concert"}, {"古典", "Classical"}},
			Director: Text{"指挥：白羽声", "Conductor: Bai Yusheng"},
			Cast: []Text{{"星河爱乐乐团（虚构）", "Galaxy Philharmonic (fictional)"},
				{"小提琴：谷雨眠", "Violin: Gu Yumian"}},
			Versions: []Version{{"", Text{"无对白", "No dialogue"}}},
			Minutes:  110, AgeNote: under(), ReleaseOn: b.date(-1), EndsOn: b.date(10),
			Distributor: Text{"星河文化演艺（虚构）", "Galaxy Culture Stage (fictional)"},
			Synopsis: Text{
				"为小提琴与乐队而作的新作品首演，上半场群星，下半场大江。",
				"First performance of new work for violin and orchestra: the stars before the " +
					"interval, the great river after.",
			},
			Poster: Picture{art.Strings, 0}, Stills: []Picture{{art.Strings, 1}},
		},
		{
			Key: "deersong", Kind: Play, Title: Text{"亲子舞剧《鹿鸣林间》", "Deersong (family dance)"},
			OriginalTitle: "鹿鸣林间", Aliases: []string{"鹿鸣", "Deersong"},
			Genres:   []Text{{"舞剧", "Dance"}, {"亲子", "Family"}},
			Director: Text{"编舞：夏听蝉", "Choreography: Xia Tingchan"},
			Cast:     []Text{{"林间舞团（虚构）", "Woodland Dance (fictional)"}},
			Versions: []Version{{"", Text{"无对白", "No dialogue"}}},
			Minutes:  75, AgeNote: Text{"建议4周岁以上，一人一票", "From 4 years; one ticket each"},
			ReleaseOn: b.date(-1), EndsOn: b.date(20),
			Distributor: Text{"林间舞团（虚构）", "Woodland Dance (fictional)"},
			Synopsis: Text{
				"小鹿的角长成了树，鸟儿住进来，它便再也不能奔跑，直到秋天来临。",
				"A fawn's antlers grow into a tree and birds move in; it cannot run any more, " +
					"until autumn comes.",
			},
			Poster: Picture{art.Deer, 0}, Stills: []Picture{{art.Deer, 1}, {art.PaperCut, 0}},
		},
	}
}

// theatreDay: the house is dark on Mondays; a show every other evening at 19:30, the family
// dance on weekend afternoons.
func (b *builder) theatreDay(offset int) []Session {
	evening := map[time.Weekday][2]string{
		time.Tuesday: {"qingping", "stage-opera"}, time.Wednesday: {"qingping", "stage-opera"},
		time.Thursday: {"ferry", "stage-drama"}, time.Friday: {"ferry", "stage-drama"},
		time.Saturday: {"symphony", "stage-concert"}, time.Sunday: {"ferry", "stage-drama"},
	}
	show, open := evening[b.weekday(offset)]
	if !open {
		return nil
	}
	out := []Session{b.performance(offset, show[0], show[1], 19*hour+30)}
	if day := b.weekday(offset); day == time.Saturday || day == time.Sunday {
		out = append(out, b.performance(offset, "deersong", "stage-family", 14*hour+30))
	}
	return out
}

// performance is on sale for sixty days and takes longer to pay: theatre parties are larger.
func (b *builder) performance(offset int, event, prices string, from int) Session {
	play := find(b.plays(), event)
	s := b.session(slot{
		venue: qiantang, hall: "main", event: event, version: play.Versions[0],
		offset: offset, from: from, to: from + play.Minutes, prices: prices, policy: theatreLadder,
	})
	s.SaleFrom = b.at(offset-60, 10*hour)
	s.HoldSeconds = 900
	s.Orphans = OrphanWarn
	return s
}

// find is the event with the key, or an empty one.
func find(events []Event, key string) Event {
	for _, e := range events {
		if e.Key == key {
			return e
		}
	}
	return Event{}
}
