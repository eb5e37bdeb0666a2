package programme

import (
	"fmt"

	"foyer/internal/demo/art"
)

func china() Text    { return Text{"中国大陆", "China"} }
func allAges() Text  { return Text{"适合所有年龄观看", "Suitable for all ages"} }
func guarded() Text  { return Text{"12周岁以下建议家长陪同观看", "Under 12: with a parent"} }
func english() Text  { return Text{"英语", "English"} }
func japanese() Text { return Text{"日语", "Japanese"} }

// filmCode has the twelve places of a film code in China; the X in the fourth marks it as
// fictional, since real ones hold digits there.
func (b *builder) filmCode(n int) string { return fmt.Sprintf("001X%04d%04d", n, b.year) }

// films are ten: eight on show, one that opens in two days, one announced.
func (b *builder) films() []Event {
	var list []Event
	for _, part := range [][]Event{
		b.epicFilms(), b.newFilms(), b.quietFilms(), b.importedFilms(), b.familyFilms(),
	} {
		list = append(list, part...)
	}
	for i := range list {
		list[i].Kind = Film
		list[i].Code = b.filmCode(i + 1)
		list[i].Stills = []Picture{
			{list[i].Poster.Scene, list[i].Poster.Seed + 11},
			{list[i].Poster.Scene, list[i].Poster.Seed + 22},
		}
	}
	return list
}

func (b *builder) epicFilms() []Event {
	return []Event{
		{
			Key: "abyss", Title: Text{"星渊回声", "Echo of the Star Abyss"}, OriginalTitle: "星渊回声",
			Aliases:  []string{"星渊", "Star Abyss", "xingyuanhuisheng"},
			Genres:   []Text{{"科幻", "Science fiction"}, {"冒险", "Adventure"}},
			Director: Text{"顾临川", "Gu Linchuan"},
			Cast:     []Text{{"沈砚秋", "Shen Yanqiu"}, {"陆既明", "Lu Jiming"}, {"温若桥", "Wen Ruoqiao"}},
			Country:  china(), Minutes: 142, AgeNote: guarded(),
			Versions: []Version{{"IMAX 2D", mandarin()}, {"IMAX 3D", mandarin()},
				{"2D", mandarin()}},
			ReleaseOn: b.date(-6), EndsOn: b.date(32),
			Distributor: Text{"拾光影业（虚构）", "Shiguang Pictures (fictional)"},
			Synopsis: Text{
				"深空测绘员在一颗带环行星的轨道上收到自己二十年后的求救信号。要救下未来的自己，她必须先弄清是谁关掉了回家的灯。",
				"In orbit around a ringed planet a surveyor receives a call for help from " +
					"herself, " +
					"twenty years on. To save who she will be, she must learn who put out " +
					"the light home.",
			},
			Poster: Picture{art.Planet, 0},
		},
		{
			Key: "caravan", Title: Text{"沙海驼铃录", "Bells over the Sand Sea"}, OriginalTitle: "沙海驼铃录",
			Aliases:  []string{"驼铃录", "Sand Sea"},
			Genres:   []Text{{"冒险", "Adventure"}, {"历史", "History"}},
			Director: Text{"贺兰驰", "Helan Chi"},
			Cast:     []Text{{"裴远山", "Pei Yuanshan"}, {"阿依慕", "Ayim"}, {"祝三川", "Zhu Sanchuan"}},
			Country:  china(), Minutes: 128, AgeNote: guarded(),
			Versions:  []Version{{"IMAX 2D", mandarin()}, {"2D", mandarin()}},
			ReleaseOn: b.date(-13), EndsOn: b.date(20),
			Distributor: Text{"驿站电影发行（虚构）", "Post House Distribution (fictional)"},
			Synopsis: Text{
				"一支商队带着一口不会响的钟穿越沙海。走到第七口枯井时，所有人都听见了钟声。",
				"A caravan carries a bell that cannot ring across the sand sea. At the " +
					"seventh dry " +
					"well everybody hears it.",
			},
			Poster: Picture{art.Desert, 0},
		},
	}
}

func (b *builder) newFilms() []Event {
	return []Event{
		{
			Key: "snowline", Title: Text{"雪线以北", "North of the Snowline"}, OriginalTitle: "雪线以北",
			Aliases:  []string{"雪线", "Snowline"},
			Genres:   []Text{{"剧情", "Drama"}, {"登山", "Mountaineering"}},
			Director: Text{"尼玛措", "Nima Tso"},
			Cast:     []Text{{"丹增洛", "Tenzin Lo"}, {"程雪岸", "Cheng Xue'an"}},
			Country:  china(), Minutes: 116, AgeNote: allAges(),
			Versions:  []Version{{"IMAX 3D", mandarin()}, {"2D", mandarin()}},
			ReleaseOn: b.date(-4), EndsOn: b.date(36),
			Distributor: Text{"高原红影业（虚构）", "Highland Red Films (fictional)"},
			Synopsis: Text{
				"退役高山协作带着盲人女儿重走一条废弃的登山路线，他描述山，她描述风。",
				"A retired mountain guide walks an abandoned route with his blind daughter. He " +
					"describes the mountain, she the wind.",
			},
			Poster: Picture{art.Mountains, 0},
		},
		{
			Key: "neon", Title: Text{"霓虹降落之前", "Before the Neon Falls"}, OriginalTitle: "霓虹降落之前",
			Aliases:  []string{"霓虹", "Neon"},
			Genres:   []Text{{"动作", "Action"}, {"科幻", "Science fiction"}},
			Director: Text{"郁北辰", "Yu Beichen"},
			Cast:     []Text{{"简舟", "Jian Zhou"}, {"纪晚棠", "Ji Wantang"}, {"罗小满", "Luo Xiaoman"}},
			Country:  china(), Minutes: 109, AgeNote: guarded(),
			Versions:  []Version{{"2D", mandarin()}},
			ReleaseOn: b.date(2), EndsOn: b.date(40),
			Distributor: Text{"拾光影业（虚构）", "Shiguang Pictures (fictional)"},
			Synopsis: Text{
				"城市的灯光按秒出售。快递员捡到一整夜未登记的光，四方人马天亮前都要找到她。",
				"In a city that sells light by the second, a courier finds a whole unregistered " +
					"night of it. Four parties want her before dawn.",
			},
			Poster: Picture{art.Skyline, 0},
		},
	}
}

func (b *builder) quietFilms() []Event {
	return []Event{
		{
			Key: "lamp", Title: Text{"第七盏街灯", "The Seventh Street Lamp"}, OriginalTitle: "第七盏街灯",
			Aliases:  []string{"街灯", "Seventh Lamp"},
			Genres:   []Text{{"悬疑", "Mystery"}, {"犯罪", "Crime"}},
			Director: Text{"闻夜白", "Wen Yebai"},
			Cast:     []Text{{"秦暮云", "Qin Muyun"}, {"方知许", "Fang Zhixu"}},
			Country:  china(), Minutes: 121, AgeNote: guarded(),
			Versions:  []Version{{"2D", mandarin()}},
			ReleaseOn: b.date(-20), EndsOn: b.date(12),
			Distributor: Text{"长弄电影（虚构）", "Long Lane Film (fictional)"},
			Synopsis: Text{
				"雨夜，一名侦探在第七盏街灯下等人。等的人三年前就死了，而灯每晚都多亮一分钟。",
				"On a wet night a detective waits under the seventh lamp for a man who died " +
					"three " +
					"years ago. Every night the lamp stays lit a minute longer.",
			},
			Poster: Picture{art.Noir, 0},
		},
		{
			Key: "rivermoon", Title: Text{"江月知我意", "The River Moon Knows"}, OriginalTitle: "江月知我意",
			Aliases:  []string{"江月", "River Moon"},
			Genres:   []Text{{"爱情", "Romance"}, {"古装", "Costume drama"}},
			Director: Text{"苏汀兰", "Su Tinglan"},
			Cast:     []Text{{"叶照水", "Ye Zhaoshui"}, {"谢停云", "Xie Tingyun"}},
			Country:  china(), Minutes: 104, AgeNote: allAges(),
			Versions:  []Version{{"2D", mandarin()}},
			ReleaseOn: b.date(-9), EndsOn: b.date(24),
			Distributor: Text{"兰舟影业（虚构）", "Orchid Boat Pictures (fictional)"},
			Synopsis: Text{
				"船家女与抄书人以江水为邮，一页诗漂三十里。某个月夜，漂来的纸上写着她的名字。",
				"A boatman's daughter and a copyist use the river as their post: one page drifts " +
					"thirty li. One moonlit night a page arrives with her name on it.",
			},
			Poster: Picture{art.MoonRiver, 0},
		},
	}
}

func (b *builder) importedFilms() []Event {
	return []Event{
		{
			Key: "tide", Title: Text{"潮汐钢琴", "The Tidal Piano"}, OriginalTitle: "潮のピアノ",
			Aliases:  []string{"潮之钢琴", "Tide Piano", "Shio no Piano"},
			Genres:   []Text{{"剧情", "Drama"}, {"音乐", "Music"}},
			Director: Text{"汐见凪（虚构）", "Nagi Shiomi (fictional)"},
			Cast:     []Text{{"水无濑灯", "Akari Minase"}, {"波止场透", "Toru Hatoba"}},
			Country:  Text{"日本", "Japan"}, Minutes: 98, AgeNote: allAges(),
			Versions:  []Version{{"2D", japanese()}},
			ReleaseOn: b.date(-2), EndsOn: b.date(26),
			Distributor: Text{"长弄电影（虚构）", "Long Lane Film (fictional)"},
			Synopsis: Text{
				"小岛上的调音师每天退潮后去礁石上修一架被海水泡坏的钢琴，直到听见有人在涨潮时弹奏。",
				"Every low tide an island's tuner mends a drowned piano on the reef, until he " +
					"hears it played at high tide.",
			},
			Poster: Picture{art.Waves, 0},
		},
		{
			Key: "thirteen", Title: Text{"第十三声钟", "The Thirteenth Chime"},
			OriginalTitle: "The Thirteenth Chime",
			Aliases:       []string{"十三声", "Thirteen Chimes"},
			Genres:        []Text{{"奇幻", "Fantasy"}, {"悬疑", "Mystery"}},
			Director:      Text{"奥蒂莉·瓦恩（虚构）", "Ottilie Vane (fictional)"},
			Cast:          []Text{{"珀西·艾德韦尔", "Percy Aldwell"}, {"朱诺·哈特", "Juno Hartt"}},
			Country:       Text{"英国", "United Kingdom"}, Minutes: 113, AgeNote: guarded(),
			Versions:  []Version{{"2D", english()}, {"3D", mandarin()}},
			ReleaseOn: b.date(-11), EndsOn: b.date(18),
			Distributor: Text{"驿站电影发行（虚构）", "Post House Distribution (fictional)"},
			Synopsis: Text{
				"钟楼每逢闰日会多敲一下，多出来的那一小时只有修钟人的学徒能走进去。",
				"On leap days the tower strikes once too often, and only the clockmaker's " +
					"apprentice can walk into the extra hour.",
			},
			Poster: Picture{art.Clock, 0},
		},
	}
}

func (b *builder) familyFilms() []Event {
	return []Event{
		{
			Key: "whale", Title: Text{"波波鲸的蓝房间", "Bobo's Blue Room"}, OriginalTitle: "波波鲸的蓝房间",
			Aliases:  []string{"波波鲸", "Bobo the Whale"},
			Genres:   []Text{{"动画", "Animation"}, {"家庭", "Family"}},
			Director: Text{"米小团", "Mi Xiaotuan"},
			Cast:     []Text{{"豆豆（配音）", "Doudou (voice)"}, {"老海（配音）", "Laohai (voice)"}},
			Country:  china(), Minutes: 88, AgeNote: allAges(),
			Versions:  []Version{{"3D", mandarin()}, {"2D", mandarin()}},
			ReleaseOn: b.date(-8), EndsOn: b.date(30),
			Distributor: Text{"圆圆动画（虚构）", "Round Round Animation (fictional)"},
			Synopsis: Text{
				"小鲸鱼波波不敢离开自己的蓝色房间，直到一条迷路的小橙鱼敲了门。",
				"Little whale Bobo dares not leave his blue room, until a small orange fish that " +
					"lost its way knocks.",
			},
			Poster: Picture{art.Whale, 0},
		},
		{
			Key: "kite", Title: Text{"纸鸢与风的约定", "The Kite's Promise"}, OriginalTitle: "纸鸢与风的约定",
			Aliases:  []string{"纸鸢", "Kite"},
			Genres:   []Text{{"家庭", "Family"}, {"剧情", "Drama"}},
			Director: Text{"陶禾", "Tao He"},
			Cast:     []Text{{"林小夏", "Lin Xiaoxia"}, {"乔阿公", "Grandpa Qiao"}},
			Country:  china(), Minutes: 95, AgeNote: allAges(),
			Versions:  []Version{{"2D", mandarin()}},
			ReleaseOn: b.date(16), EndsOn: b.date(55),
			Distributor: Text{"圆圆动画（虚构）", "Round Round Animation (fictional)"},
			Synopsis: Text{
				"外公说风筝线那头牵着的是风。外公走后，小夏想把线再放长一点。",
				"Grandfather said the wind holds the other end of the string. When he is gone, " +
					"Xiaoxia lets out a little more.",
			},
			Poster: Picture{art.Kite, 0},
		},
	}
}
