package catalog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/clock"
	"foyer/internal/sqldb/sqldbtest"
)

func TestSearchWords(t *testing.T) {
	t.Parallel()
	hit := [][2]string{{"哪吒", "哪吒之魔童降世"}, {"魔童", "哪吒之魔童降世"}, {"nezha", "哪吒之魔童降世"},
		{"nzzmt", "哪吒之魔童降世"}, {"nezh", "哪吒之魔童降世"}, {"motong", "哪吒之魔童降世"},
		{"changjinhu", "长津湖"}, {"cjh", "长津湖"}, {"chongqing", "重庆森林"}, {"cqsl", "重庆森林"},
		{"哪", "哪吒"}, {"NEZHA", "哪吒"}, {"ne zha", "Ne Zha"}, {"３Ｄ", "功夫 3D"},
		{"lvyanting", "吕艳婷"}, {"zzj", "至尊机"}, {"哪吒 魔童", "哪吒之魔童降世"}, {"WALL-E", "wall·e"}}
	for _, c := range hit {
		if catalog.Scores(c[0], c[1]) == 0 {
			t.Errorf("%q does not find %q", c[0], c[1])
		}
	}
	miss := [][2]string{{"吒哪", "哪吒"}, {"zhane", "哪吒"}, {"nezhax", "哪吒"}, {"x", "哪吒"},
		{"哪吒 长津湖", "哪吒之魔童降世"}, {"!!!", "哪吒"}, {"", "哪吒"}, {"zhangsan", "长津湖"}}
	for _, c := range miss {
		if n := catalog.Scores(c[0], c[1]); n != 0 {
			t.Errorf("%q finds %q with %d", c[0], c[1], n)
		}
	}
	if catalog.Scores("长津湖", "长津湖") <= catalog.Scores("长津湖", "长津湖之水门桥") {
		t.Error("the exact title does not come first")
	}
}

// A word of many equal letters over a title of many equal letters stays cheap.
func TestSearchIsBounded(t *testing.T) {
	t.Parallel()
	title := string(bytes.Repeat([]byte("啊"), 60))
	done := make(chan struct{})
	go func() {
		defer close(done)
		catalog.Scores(string(bytes.Repeat([]byte("a"), 59))+"z", title)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("the search does not end")
	}
}

type town struct {
	w    *catalogtest.World
	h    *catalogtest.House
	clk  *clock.Fake
	list []*catalog.Session
}

func newTown(t testing.TB, films int) *town {
	clk := clock.NewFake(start)
	w := catalogtest.New(t, sqldbtest.Open(t, clk), clk)
	town := &town{w: w, h: w.House(), clk: clk}
	ctx, sys := context.Background(), actor.SystemActor
	m := catalog.Meta{Organization: town.h.Org.ID}
	var halls []*catalog.Hall
	for i, city := range []string{"上海", "北京", "成都"} {
		info := catalogtest.CinemaInfo(city + "影城")
		info.City, info.CityEn = city, ""
		v := catalogtest.Must[*catalog.Venue](t)(w.Catalog.CreateVenue(ctx, sys,
			catalog.Venue{Meta: m, VenueInfo: info}))
		v = catalogtest.Must[*catalog.Venue](t)(w.Catalog.SetVenueState(ctx, sys, v.Meta,
			catalog.Published))
		halls = append(halls, catalogtest.Must[*catalog.Hall](t)(w.Catalog.CreateHall(ctx, sys,
			catalog.Hall{Meta: m, VenueID: v.ID, HallInfo: catalog.HallInfo{
				Name: fmt.Sprint(i), TimeSlots: true}})))
	}
	genres, languages := []string{"动画", "喜剧", "科幻", "爱情"}, []string{"国语", "英语", "粤语"}
	for i := range films {
		info := catalogtest.FilmInfo(fmt.Sprintf("影片%d号", i), fmt.Sprintf("t%d", i))
		info.Genres = []string{genres[i%4], genres[i/4%4] + "片"}
		info.Languages, info.Weight = languages[:1+i%3], i*7919%1000
		town.h.Event = town.h.Film(info)
		for j := range i % 4 {
			plan := town.h.Plan(start.Add(time.Duration(1+i%50+j*26) * time.Hour))
			plan.HallID, plan.Language = halls[(i+j)%3].ID, languages[(i+j)%3]
			plan.Version = []string{"2D", "IMAX 3D", "IMAX"}[(i*j)%3]
			town.list = append(town.list, town.h.Sell(plan))
		}
	}
	return town
}

// Every filter of every page equals what a plain look at all sessions says.
func TestBrowseEqualsAPlainLook(t *testing.T) {
	t.Parallel()
	town := newTown(t, 60)
	c := town.w.Catalog
	r := rand.New(rand.NewSource(1))
	pick := func(list ...string) string { return list[r.Intn(len(list))] }
	for range 400 {
		f := catalog.Filter{City: pick("", "", "上海", "北京", "火星"), Genre: pick("", "", "动画", "科幻片"),
			Language: pick("", "", "国语", "粤语"), Version: pick("", "", "IMAX", "IMAX 3D", "2d"),
			Kind: pick("", "film", "play"), ByWeight: r.Intn(2) == 0}
		if r.Intn(3) == 0 {
			f.Day = 20261122 + r.Intn(4)
		}
		if r.Intn(4) == 0 {
			f.Query = pick("影片", "yingpian", "1号")
		}
		want := plain(t, town, f)
		var got []string
		var at *catalog.Mark
		for {
			p := c.Browse(f, at, 7)
			for _, b := range p.Bodies {
				var card catalog.Card
				if err := json.Unmarshal(b, &card); err != nil {
					t.Fatal(err)
				}
				got = append(got, card.Title)
			}
			if at = p.Next; at == nil {
				break
			}
		}
		sorted := slices.Clone(got)
		slices.Sort(sorted)
		if !slices.Equal(sorted, want) {
			t.Fatalf("%+v\ngot  %v\nwant %v", f, sorted, want)
		}
	}
}

// plain looks at every event and session without any index.
func plain(t *testing.T, town *town, f catalog.Filter) []string {
	t.Helper()
	all := town.w.Catalog.Browse(catalog.Filter{}, nil, 1000)
	var want []string
	for _, b := range all.Bodies {
		var card catalog.Card
		json.Unmarshal(b, &card)
		id, err := town.w.Codec.Decode("evt", card.ID)
		if err != nil {
			t.Fatal(err)
		}
		e, sessions, err := town.w.Catalog.PublicEvent(id)
		if err != nil {
			t.Fatal(err)
		}
		has := func(list []string, v string) bool { return v == "" || slices.Contains(list, v) }
		q := map[string]bool{"": true, "影片": bytes.Contains([]byte(e.Title), []byte("影片")),
			"yingpian": bytes.Contains([]byte(e.Title), []byte("影片")),
			"1号":       bytes.Contains([]byte(e.Title), []byte("1号"))}
		if f.Kind != "" && f.Kind != string(e.Kind) || !has(e.Genres, f.Genre) || !q[f.Query] {
			continue
		}
		version := func(v string) bool {
			return f.Version == "" || v == f.Version || f.Version == "2d" && v == "2D" ||
				f.Version == "IMAX" && v == "IMAX 3D"
		}
		ok := len(sessions) == 0 && f.City == "" && f.Day == 0 && has(e.Languages, f.Language) &&
			slices.ContainsFunc(e.Versions, version)
		for _, s := range sessions {
			ok = ok || (f.City == "" || s.Venue.City == f.City) &&
				(f.Day == 0 || s.BusinessDay == f.Day) &&
				(f.Language == "" || s.Language == f.Language) && version(s.Version)
		}
		if ok {
			want = append(want, e.Title)
		}
	}
	slices.Sort(want)
	return want
}

func TestTimeMovesTheLists(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(start)
	w := catalogtest.New(t, sqldbtest.Open(t, clk), clk)
	h := w.House()
	h.OnSale(start.Add(3 * time.Hour))
	h.OnSale(start.Add(30 * time.Hour))
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Catalog.Run(ctx) }()
	next := func() string {
		var card catalog.Card
		p := w.Catalog.Browse(catalog.Filter{}, nil, 10)
		if err := json.Unmarshal(p.Bodies[0], &card); err != nil {
			t.Fatal(err)
		}
		if card.NextSessionAt == nil {
			return "none"
		}
		return fmt.Sprint(card.NextSessionAt.Sub(start), " of ", card.SessionCount)
	}
	for _, step := range []struct {
		to   time.Duration
		want string
	}{{0, "3h0m0s of 2"}, {4 * time.Hour, "30h0m0s of 2"}, {6 * time.Hour, "30h0m0s of 1"},
		{40 * time.Hour, "none"}} {
		clk.Set(start.Add(step.to))
		for deadline := time.Now().Add(5 * time.Second); next() != step.want; {
			if time.Now().After(deadline) {
				t.Fatalf("at %v: %s, want %s", step.to, next(), step.want)
			}
			clk.Advance(20 * time.Second)
			time.Sleep(time.Millisecond)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// What began stays in the list of what is to come while it is sold, as a day ticket is.
func TestWhatIsStillSoldIsListed(t *testing.T) {
	t.Parallel()
	town := newTown(t, 1)
	sell := func(in, until time.Duration) *catalog.Session {
		plan := town.h.Plan(start.Add(in))
		plan.EndsAt, plan.SaleUntil = plan.StartsAt.Add(9*time.Hour), start.Add(until)
		return town.h.Sell(plan)
	}
	first, closed, later := sell(30*time.Hour, 38*time.Hour), sell(40*time.Hour, 41*time.Hour),
		sell(50*time.Hour, 55*time.Hour)
	now := start.Add(42 * time.Hour)
	ids := func(open time.Time) (list []int64) {
		page, _ := town.w.Catalog.Sessions(catalog.SessionQuery{Event: first.EventID, Open: open,
			Limit: 100})
		for _, s := range page {
			list = append(list, s.ID)
		}
		return list
	}
	for _, tc := range []struct {
		at   time.Time
		want []int64
	}{
		{start.Add(29 * time.Hour), []int64{first.ID, closed.ID, later.ID}},
		{start.Add(37 * time.Hour), []int64{first.ID, closed.ID, later.ID}},
		{start.Add(38 * time.Hour), []int64{closed.ID, later.ID}},
		{now, []int64{later.ID}},
		{start.Add(51 * time.Hour), []int64{later.ID}},
		{start.Add(56 * time.Hour), nil},
	} {
		if got := ids(tc.at); !slices.Equal(got, tc.want) {
			t.Errorf("at %v: %v, want %v", tc.at.Sub(start), got, tc.want)
		}
	}
}

func TestSessionsByFilter(t *testing.T) {
	t.Parallel()
	town := newTown(t, 30)
	for _, q := range []catalog.SessionQuery{{}, {City: "上海"}, {Day: 20261123},
		{Venue: town.list[3].VenueID}, {Event: town.list[5].EventID},
		{From: start.Add(24 * time.Hour), To: start.Add(48 * time.Hour)}} {
		want := 0
		for _, s := range town.list {
			full, err := town.w.Catalog.Sellable(context.Background(), s.ID)
			if err != nil {
				t.Fatal(err)
			}
			if (q.City == "" || full.Venue.City == q.City) &&
				(q.Day == 0 || s.BusinessDay == q.Day) &&
				(q.Venue == 0 || s.VenueID == q.Venue) && (q.Event == 0 || s.EventID == q.Event) &&
				!s.StartsAt.Before(q.From) && (q.To.IsZero() || s.StartsAt.Before(q.To)) {
				want++
			}
		}
		got, last := 0, time.Time{}
		q.Limit = 4
		for {
			page, next := town.w.Catalog.Sessions(q)
			for _, s := range page {
				if s.StartsAt.Before(last) {
					t.Errorf("%+v is out of order", q)
				}
				last = s.StartsAt
			}
			got += len(page)
			if q.After = next; next == nil {
				break
			}
		}
		if got != want {
			t.Errorf("%+v: %d sessions, want %d", q, got, want)
		}
	}
}

// BenchmarkBrowse is a page of 20 of 10,000 events under random filters.
func BenchmarkBrowse(b *testing.B) {
	c := catalog.BigPicture(b, 10_000)
	filters := make([]catalog.Filter, 500)
	r := rand.New(rand.NewSource(2))
	pick := func(list ...string) string { return list[r.Intn(len(list))] }
	for i := range filters {
		filters[i] = catalog.Filter{City: pick("", "上海", "北京"), Genre: pick("", "动画", "喜剧"),
			Kind: pick("", "film"), ByWeight: r.Intn(2) == 0, Query: pick("", "", "", "影片", "yp")}
		if r.Intn(2) == 0 {
			filters[i].Day = 20261122 + r.Intn(7)
		}
	}
	size := 0
	for i := 0; b.Loop(); i++ {
		size = 0
		for _, body := range c.Browse(filters[i%500], nil, 20).Bodies {
			size += len(body)
		}
	}
	b.ReportMetric(float64(size), "bytes/page")
}
