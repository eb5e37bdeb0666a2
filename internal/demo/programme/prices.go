package programme

import (
	"time"

	"foyer/internal/money"
)

// The keys of the ticket types.
const (
	adult   = "adult"
	child   = "child"
	senior  = "senior"
	student = "student"
)

func ticketTypes() []TicketType {
	return []TicketType{
		{adult, Text{"成人票", "Adult"}, Text{"不限", "For everybody"}},
		{child, Text{"儿童票", "Child"}, Text{
			"6至14周岁（含）；6周岁以下或身高1.2米以下免费且不占座", "Aged 6 to 14; under 6 or below " +
				"1.2 m free without a seat of their own"}},
		{senior, Text{"老人票", "Senior"}, Text{
			"60周岁及以上，入场时出示身份证件", "Aged 60 or older; show a document at the entrance"}},
		{student, Text{"学生票", "Student"}, Text{
			"全日制在校学生，入场时出示学生证", "Full-time students; show the student card at the entrance"}},
	}
}

// grid spreads zone prices over the ticket types: of the adult price in percent, rounded to
// whole yuan. A type with share 0 is not sold.
func grid(zones []string, adults []money.Minor, shares [4]int) []Price {
	var out []Price
	for i, zone := range zones {
		for j, kind := range []string{adult, child, senior, student} {
			if shares[j] == 0 {
				continue
			}
			yuan := (adults[i]*money.Minor(shares[j]) + 5000) / 10000
			out = append(out, Price{Zone: zone, TicketType: kind, Amount: yuan * 100})
		}
	}
	return out
}

func galaxyPrices() []PriceList {
	lists := cinemaPrices()
	lists = append(lists, theatrePrices()...)
	lists = append(lists, museumPrices()...)
	return append(lists, parkPrices()...)
}

// cinemaPrices: each format has its list; the rules are the same everywhere.
func cinemaPrices() []PriceList {
	zones := []string{"standard", "gold", "couple"}
	shares := [4]int{100, 60, 60, 80}
	list := func(key string, name Text, zones []string, adults ...money.Minor) PriceList {
		return PriceList{
			Key: key, Name: name, Prices: grid(zones, adults, shares), Rules: cinemaRules(),
		}
	}
	return []PriceList{
		list("cinema-2d", Text{"影城 2D", "Cinema 2D"}, zones, 4500, 5200, 6000),
		list("cinema-3d", Text{"影城 3D", "Cinema 3D"}, zones, 5500, 6200, 7000),
		list("cinema-imax", Text{"影城 IMAX", "Cinema IMAX"}, zones[:2], 8000, 9500),
		list("cinema-vip", Text{"影城 VIP厅", "Cinema VIP"}, zones[:2], 12800, 14800),
	}
}

func cinemaRules() []PriceRule {
	return []PriceRule{
		{Name: Text{"周二半价日", "Half-price Tuesday"}, Weekdays: []time.Weekday{time.Tuesday},
			TicketTypes: []string{adult}, BasisPoints: 5000},
		{Name: Text{"早场优惠", "Morning price"}, FromMinute: 9 * hour, UntilMinute: 12 * hour,
			TicketTypes: []string{adult, student}, BasisPoints: 8000},
		{Name: Text{"零点场优惠", "Late-night price"}, FromMinute: 22*hour + 30, UntilMinute: 6 * hour,
			TicketTypes: []string{adult, student}, BasisPoints: 8500},
		{Name: Text{"周末黄金时段", "Weekend prime time"},
			Weekdays:   []time.Weekday{time.Friday, time.Saturday, time.Sunday},
			FromMinute: 18 * hour, UntilMinute: 22*hour + 30, BasisPoints: 10000, Add: 500},
		{Name: Text{"提前三天购", "Bought three days ahead"},
			DaysBefore: 3, BasisPoints: 10000, Add: -300},
	}
}

// theatrePrices: boxes are priced whole, for up to four people.
func theatrePrices() []PriceList {
	zones := []string{"vip", "a", "b", "c", "d"}
	early := PriceRule{
		Name:       Text{"早鸟九折", "Early bird, 10 % off"},
		DaysBefore: 5, Zones: []string{"a", "b", "c", "d"}, BasisPoints: 9000,
	}
	matinee := PriceRule{
		Name: Text{"下午场优惠", "Matinee price"}, FromMinute: 12 * hour, UntilMinute: 17 * hour,
		BasisPoints: 8500,
	}
	list := func(key string, name Text, shares [4]int, box money.Minor,
		adults ...money.Minor) PriceList {
		prices := grid(zones, adults, shares)
		prices = append(prices, Price{Zone: "box", TicketType: adult, Amount: box})
		return PriceList{Key: key, Name: name, Prices: prices, Rules: []PriceRule{early, matinee}}
	}
	return []PriceList{
		list("stage-opera", Text{"大剧院 戏曲", "Grand theatre, opera"}, [4]int{100, 0, 80, 50},
			268000, 68000, 48000, 32000, 18000, 8000),
		list("stage-drama", Text{"大剧院 话剧", "Grand theatre, drama"}, [4]int{100, 0, 90, 60},
			232000, 58000, 42000, 28000, 16000, 8000),
		list("stage-concert", Text{"大剧院 音乐会", "Grand theatre, concert"}, [4]int{100, 60, 80, 50},
			352000, 88000, 68000, 48000, 28000, 12000),
		list("stage-family", Text{"大剧院 亲子舞剧", "Grand theatre, family dance"},
			[4]int{100, 50, 80, 80},
			152000, 38000, 28000, 20000, 12000, 6000),
	}
}

func museumPrices() []PriceList {
	general := []string{"general"}
	return []PriceList{
		{Key: "museum-free", Name: Text{"基本陈列（免费）", "Permanent collection (free)"}, Free: true,
			Prices: grid(general, []money.Minor{0}, [4]int{100, 100, 100, 100})},
		{Key: "museum-special", Name: Text{"特展", "Special exhibition"},
			Prices: grid(general, []money.Minor{6000}, [4]int{100, 50, 50, 50}),
			Rules: []PriceRule{{Name: Text{"工作日早间", "Weekday mornings"},
				Weekdays: []time.Weekday{time.Tuesday, time.Wednesday, time.Thursday,
					time.Friday},
				FromMinute:  9 * hour,
				UntilMinute: 11 * hour, TicketTypes: []string{adult}, BasisPoints: 8000}}},
		{Key: "museum-tour", Name: Text{"导览", "Guided tour"},
			Prices: grid(general, []money.Minor{8000}, [4]int{100, 50, 75, 75})},
		{Key: "light-show", Name: Text{"光影展", "Light exhibition"},
			Prices: grid(general, []money.Minor{8800}, [4]int{100, 66, 66, 75}),
			Rules: []PriceRule{
				{Name: Text{"周末", "Weekend"}, Weekdays: weekend(), BasisPoints: 10000, Add: 1000},
				{Name: Text{"夜场", "Evening"}, FromMinute: 18 * hour, UntilMinute: 22 * hour,
					BasisPoints: 9000},
			}},
	}
}

func parkPrices() []PriceList {
	general := []string{"general"}
	busy := PriceRule{Name: Text{"周末", "Weekend"},
		Weekdays: weekend(), BasisPoints: 10000, Add: 3000}
	ahead := PriceRule{
		Name:       Text{"提前三天购", "Bought three days ahead"},
		DaysBefore: 3, BasisPoints: 10000, Add: -2000,
	}
	ride := func(key string, name Text, amount money.Minor) PriceList {
		return PriceList{
			Key: key, Name: name,
			Prices: grid(general, []money.Minor{amount}, [4]int{100, 60, 60, 80}),
		}
	}
	return []PriceList{
		{Key: "park-day", Name: Text{"乐园日票", "Park day ticket"},
			Prices: grid(general, []money.Minor{18000}, [4]int{100, 67, 67, 83}),
			Rules:  []PriceRule{busy, ahead}},
		ride("ride-wheel", Text{"摩天轮", "Ferris wheel"}, 5000),
		ride("ride-coaster", Text{"过山车", "Roller coaster"}, 6000),
		ride("ride-balloon", Text{"热气球", "Balloon"}, 12000),
		{Key: "tea-day", Name: Text{"茶山门票", "Tea mountain"},
			Prices: grid(general, []money.Minor{4500}, [4]int{100, 50, 50, 50})},
	}
}
