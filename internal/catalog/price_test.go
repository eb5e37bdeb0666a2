package catalog_test

import (
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/catalog"
	"foyer/internal/catalog/almanac"
	"foyer/internal/money"
)

func day(n int) *int { return &n }

func shanghai(t testing.TB) *catalog.Venue {
	t.Helper()
	v, err := catalog.Located(&catalog.Venue{
		VenueInfo: catalog.VenueInfo{TimeZone: "Asia/Shanghai"}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBusinessDay(t *testing.T) {
	t.Parallel()
	v := shanghai(t)
	for local, want := range map[string]int{"2026-11-22 06:00": 20261122,
		"2026-11-22 05:59": 20261121, "2026-11-22 00:00": 20261121,
		"2026-11-22 23:59": 20261122, "2026-12-01 02:00": 20261130, "2027-01-01 00:30": 20261231} {
		at, err := time.ParseInLocation("2006-01-02 15:04", local, v.Location())
		if err != nil {
			t.Fatal(err)
		}
		if got := v.BusinessDay(at.UTC()); got != want {
			t.Errorf("%s belongs to %d, want %d", local, got, want)
		}
	}
}

// Rules apply in order, each to the result of the one before; stop ends them.
func TestPriceRules(t *testing.T) {
	t.Parallel()
	v := shanghai(t)
	list := catalog.PriceListInfo{Name: "p", RoundTo: 100,
		Cells: []catalog.PriceCell{{Zone: "A", TicketType: 1, Amount: 10_000},
			{Zone: "B", TicketType: 1, Amount: 8_000}, {Zone: "A", TicketType: 2, Amount: 5_000}},
		Rules: []catalog.PriceRule{
			{Name: "国庆", Dates: []string{"2026-10-01"}, Change: "set", Value: 15_000, Stop: true},
			{Name: "周末", Weekdays: []int{6, 7}, Change: "add", Value: 1_000},
			{Name: "夜场", From: "22:00", Before: "30:00", Change: "percent", Value: 7_550},
			{Name: "早鸟", DaysBeforeLeast: day(7), Change: "percent", Value: 9_000},
			{Name: "当天", DaysBeforeMost: day(0), Zones: []string{"A"}, TicketTypes: []int64{1},
				Change: "add", Value: -500}}}
	cases := []struct {
		start, bought string
		want          [3]money.Minor // A1, B1, A2
		rules         []string       // of A1
	}{
		{"2026-11-25 15:00", "2026-11-23 10:00", [3]money.Minor{10_000, 8_000, 5_000}, nil},
		{"2026-11-28 15:00", "2026-11-23 10:00", [3]money.Minor{11_000, 9_000, 6_000},
			[]string{"周末"}},
		{"2026-11-29 00:30", "2026-11-23 10:00", [3]money.Minor{8_300, 6_800, 4_500},
			[]string{"周末", "夜场"}},
		{"2026-11-28 22:00", "2026-11-28 10:00", [3]money.Minor{7_800, 6_800, 4_500},
			[]string{"周末", "夜场", "当天"}},
		{"2026-11-25 15:00", "2026-11-18 10:00", [3]money.Minor{9_000, 7_200, 4_500},
			[]string{"早鸟"}},
		{"2026-11-25 15:00", "2026-11-19 05:59", [3]money.Minor{9_000, 7_200, 4_500},
			[]string{"早鸟"}},
		{"2026-11-25 15:00", "2026-11-19 06:00", [3]money.Minor{10_000, 8_000, 5_000}, nil},
		{"2026-10-01 23:00", "2026-10-01 10:00", [3]money.Minor{15_000, 15_000, 15_000},
			[]string{"国庆"}},
	}
	for _, c := range cases {
		at := func(s string) time.Time {
			out, err := time.ParseInLocation("2006-01-02 15:04", s, v.Location())
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		lines := list.Preview(v, []time.Time{at(c.start)}, at(c.bought),
			func(day int) almanac.Kind { return catalog.BuiltIn(day).Kind })
		got := [3]money.Minor{lines[0].Amount, lines[1].Amount, lines[2].Amount}
		if got != c.want || !slices.Equal(lines[0].Rules, c.rules) {
			t.Errorf("%s bought %s: %v by %v, want %v by %v", c.start, c.bought, got,
				lines[0].Rules, c.want, c.rules)
		}
	}
}

// What a session's table says is what the preview says, whenever it is bought: the spans
// of days before are cut in the right places.
func TestTableEqualsPreview(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v, err := catalog.Located(&catalog.Venue{VenueInfo: catalog.VenueInfo{
			TimeZone: rapid.SampledFrom([]string{"Asia/Shanghai", "Europe/Berlin"}).
				Draw(t, "zone")}})
		if err != nil {
			t.Fatal(err)
		}
		l := &catalog.PriceList{PriceListInfo: catalog.PriceListInfo{Name: "p",
			RoundTo: money.Minor(rapid.SampledFrom([]int{0, 1, 50, 100}).Draw(t, "round")),
			Cells: []catalog.PriceCell{{Zone: "A", TicketType: 1,
				Amount: money.Minor(rapid.Int64Range(0, int64(catalog.MaxPrice)).
					Draw(t, "base"))}}}}
		for range rapid.IntRange(0, 6).Draw(t, "rules") {
			r := catalog.PriceRule{Name: "r", Stop: rapid.Bool().Draw(t, "stop"),
				Change: rapid.SampledFrom([]catalog.PriceChange{"set", "add", "percent"}).
					Draw(t, "change")}
			low, high := int64(0), int64(100_000)
			if r.Change == "add" {
				low = -high
			}
			r.Value = rapid.Int64Range(low, high).Draw(t, "value")
			if rapid.Bool().Draw(t, "least") {
				r.DaysBeforeLeast = day(rapid.IntRange(0, 12).Draw(t, "l"))
			}
			if rapid.Bool().Draw(t, "most") {
				r.DaysBeforeMost = day(rapid.IntRange(0, 12).Draw(t, "m"))
			}
			l.Rules = append(l.Rules, r)
		}
		begins := start.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "h")) * time.Hour)
		before := rapid.IntRange(0, 20*24*60).Draw(t, "before")
		bought := begins.Add(-time.Duration(before) * time.Minute)
		s := &catalog.Session{BusinessDay: v.BusinessDay(begins),
			SessionInfo: catalog.SessionInfo{StartsAt: begins}}
		want := l.Preview(v, []time.Time{begins}, bought,
			func(day int) almanac.Kind { return catalog.BuiltIn(day).Kind })[0].Amount
		got, ok := catalog.TableOf(l, v, s).Price("A", 1, bought)
		if !ok || got != want {
			t.Fatalf("table %d, preview %d, starts %v, bought %v", got, want, begins, bought)
		}
		if got < 0 || got > catalog.MaxPrice {
			t.Fatalf("price %d", got)
		}
	})
}

func TestRefundLadder(t *testing.T) {
	t.Parallel()
	p := catalog.RefundPolicyInfo{Allowed: true, Ladder: []catalog.Rung{
		{UntilBefore: 1440, FeePercent: 0}, {UntilBefore: 120, FeePercent: 1000, MinFee: 200},
		{UntilBefore: 30, FeePercent: 2000}}}
	at := start.Add(100 * time.Hour)
	for _, c := range []struct {
		before time.Duration
		fee    money.Minor
		ok     bool
	}{{25 * time.Hour, 0, true}, {24 * time.Hour, 0, true},
		{24*time.Hour - time.Millisecond, 500, true},
		{2 * time.Hour, 500, true}, {time.Hour, 1000, true}, {30 * time.Minute, 1000, true},
		{30*time.Minute - time.Millisecond, 0, false}, {-time.Hour, 0, false}} {
		r, ok := p.RungAt(at, at.Add(-c.before))
		if ok != c.ok || r.Fee(5000) != c.fee && ok {
			t.Errorf("%v before: %d %v, want %d %v", c.before, r.Fee(5000), ok, c.fee, c.ok)
		}
	}
	if fee := (catalog.Rung{FeePercent: 1000, MinFee: 200}).Fee(150); fee != 150 {
		t.Errorf("a fee over the price: %d", fee)
	}
	if _, ok := (&catalog.RefundPolicyInfo{Ladder: p.Ladder}).RungAt(at, start); ok {
		t.Error("not allowed and yet a rung")
	}
}

// The fee is exact against big numbers, never negative and never over what was paid.
func TestFeeIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		paid := rapid.Int64Range(0, int64(money.Max)).Draw(t, "paid")
		bp := rapid.IntRange(0, 10_000).Draw(t, "bp")
		got := (catalog.Rung{FeePercent: bp}).Fee(money.Minor(paid))
		want := new(big.Int).Mul(big.NewInt(paid), big.NewInt(int64(bp)))
		want.Add(want, big.NewInt(5_000)).Quo(want, big.NewInt(10_000))
		if want.Int64() != int64(got) || got < 0 || int64(got) > paid {
			t.Fatalf("%d of %d bp: %d, want %d", paid, bp, got, want)
		}
	})
}

func TestPresetsNameTheirSource(t *testing.T) {
	t.Parallel()
	for _, p := range catalog.PolicyPresets() {
		if p.LegalSource == "" || p.LegalSourceEn == "" || p.Text == "" || p.TextEn == "" {
			t.Errorf("%s lacks words", p.Key)
		}
	}
}

func TestOpeningHours(t *testing.T) {
	t.Parallel()
	h := catalog.Hours{Weekly: []catalog.WeeklyHours{
		{Weekdays: []int{2, 3, 4, 5}, Open: "13:00", Close: "17:00"},
		{Weekdays: []int{2, 3, 4, 5}, Open: "09:00", Close: "12:00"},
		{Weekdays: []int{6, 7}, Open: "09:00", Close: "25:30"}},
		Exceptions: []catalog.DayHours{{Date: "2026-11-24", Closed: true},
			{Date: "2026-11-23", Open: "10:00", Close: "12:00"}}}
	for day, want := range map[int][]catalog.Opening{20261122: {{540, 1530, 1530}},
		20261124: nil, 20261123: {{600, 720, 720}},
		20261125: {{540, 720, 720}, {780, 1020, 1020}}, 20261130: nil} {
		if got := h.Plan(day, catalog.BuiltIn(day)).Openings; !slices.Equal(got, want) {
			t.Errorf("%d: %v, want %v", day, got, want)
		}
	}
}
