package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"sync/atomic"
	"time"

	"foyer/internal/bench/load"
	"foyer/internal/catalog"
)

// What events and venues are made of; browsing filters by the same words.
func cities() []string {
	return []string{"北京", "上海", "广州", "深圳", "杭州", "成都", "武汉", "南京", "西安", "重庆"}
}

func genres() []string {
	return []string{"剧情", "喜剧", "动作", "科幻", "动画", "悬疑", "爱情", "历史", "音乐", "家庭"}
}

func kinds() []string { return []string{"film", "play", "concert", "dance", "exhibition", "talk"} }

func languages() []string {
	return []string{"国语", "英语(中文字幕)", "粤语", "日语(中文字幕)"}
}

func formats() []string { return []string{"2D", "3D", "IMAX 2D", "IMAX 3D", "杜比"} }

func surnames() []string {
	return []string{"林", "周", "沈", "陆", "顾", "苏", "许", "叶", "江", "白", "夏", "秦"}
}

func names() []string {
	return []string{"一鸣", "清和", "望舒", "知远", "若水", "青山", "月白", "见微", "长安", "南星"}
}

func (w *world) buildVenue(ctx context.Context, i int) (int64, error) {
	lat, lng := 30+float64(i)/10, 110+float64(i)/10
	v, err := w.Catalog.CreateVenue(ctx, who, catalog.Venue{Meta: w.meta(),
		VenueInfo: catalog.VenueInfo{Kind: catalog.Cinema, Name: fmt.Sprintf("测量影城%d店", i+1),
			NameEn: fmt.Sprintf("Measured House %d", i+1), City: cities()[i%len(cities())],
			Address: fmt.Sprintf("人民路 %d 号", i+1), Latitude: &lat, Longitude: &lng,
			Phone: "010-88886666", Intro: "用来测量的影城。",
			Codes: catalog.VenueCodes{CinemaCode: "33019901"},
			Hours: catalog.Hours{Weekly: []catalog.WeeklyHours{{
				Weekdays: []int{1, 2, 3, 4, 5, 6, 7},
				Open:     "09:00", Close: "25:30"}}},
			Licences: []catalog.Licence{{Kind: catalog.LicenceFilm,
				Number: fmt.Sprint("证字第", i+1)}}}})
	if err != nil {
		return 0, err
	}
	_, err = w.Catalog.SetVenueState(ctx, who, v.Meta, catalog.Published)
	return v.ID, err
}

// buildEvents publishes the events, every one with a full card.
func (w *world) buildEvents(ctx context.Context) error {
	if err := w.buildPoster(ctx); err != nil {
		return err
	}
	w.events = make([]int64, w.sizes.events)
	infos := make([]catalog.EventInfo, len(w.events))
	for i := range infos {
		infos[i] = w.event(i)
	}
	var done atomic.Int64
	return inParallel(ctx, builders, len(infos), func(ctx context.Context, i int) error {
		defer func() { w.show("events", int(done.Add(1)), len(infos)) }()
		made, err := w.Catalog.CreateEvent(ctx, who, catalog.Event{Meta: w.meta(),
			EventInfo: infos[i], Poster: w.poster})
		if err != nil {
			return err
		}
		w.events[i] = made.ID
		_, err = w.Catalog.SetEventState(ctx, who, made.Meta, catalog.Published)
		return err
	})
}

// builders is how many goroutines build at a time: as many commands share a commit.
const builders = 128

func (w *world) buildPoster(ctx context.Context) error {
	picture := image.NewNRGBA(image.Rect(0, 0, 300, 420))
	for i := range 300 * 420 {
		picture.Set(i%300, i/300, color.NRGBA{uint8(i % 300 / 2), uint8(i / 300 / 2), 90, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	m, err := w.Catalog.AddMedia(ctx, who, w.org, catalog.Picture{Width: 300, Height: 420,
		Digest: hex.EncodeToString(sum[:]), ContentType: "image/png", Data: b.Bytes()})
	if err != nil {
		return err
	}
	w.poster = m.ID
	return nil
}

func (w *world) event(i int) catalog.EventInfo {
	person := func() string { return w.rnd.pick(surnames()) + w.rnd.pick(names()) }
	title := fmt.Sprintf("%s与%s之%s %d", person(), person(), w.rnd.pick(genres()), i+1)
	day := func(days int) string { return w.now.AddDate(0, 0, days).Format("2006-01-02") }
	e := catalog.EventInfo{Kind: catalog.EventKind(kinds()[i%len(kinds())]),
		Code: fmt.Sprintf("B%06d", i), Title: title, TitleEn: fmt.Sprintf("Measured Title %d", i+1),
		OriginalTitle: title, PrintedTitle: fmt.Sprintf("测量 %d", i+1),
		Directors: []string{person()}, Genres: []string{w.rnd.pick(genres())},
		Countries: []string{"中国"}, Languages: []string{w.rnd.pick(languages())},
		Versions: []string{w.rnd.pick(formats())}, Minutes: 80 + w.rnd.below(80),
		AgeNote: "建议六岁以上观看", AgeNoteEn: "Suggested for six and above", ReleaseDate: day(-10),
		EndDate: day(40), FilmCode: fmt.Sprintf("00110%07d", i), Notice: "请提前十五分钟到场。",
		PermitNumber: fmt.Sprintf("京演字 %06d", i), Distributor: "测量发行有限公司",
		Synopsis: "一个用来测量的故事，讲两个人在一座城市里相遇、走散，又在开场前一分钟找到彼此。",
		Weight:   w.rnd.below(1000)}
	for range 5 {
		e.Cast = append(e.Cast, catalog.Credit{Name: person()})
	}
	return e
}

// buildSessions puts the sessions on sale: those that the orders go to, one of each other
// event so that every card is full, and the one whose seats `seatmap` reads.
func (w *world) buildSessions(ctx context.Context) error {
	orders, total := w.halls*w.sessions, w.halls*w.sessions+len(w.events)+1
	w.out.Sessions = make([]load.Session, orders)
	infos := make([]catalog.Session, total)
	for i := range infos {
		infos[i] = w.session(i, orders)
	}
	for from := 0; from < total; from += sessionSlice {
		part := infos[from:min(from+sessionSlice, total)]
		ids := make([]int64, len(part))
		if _, err := w.Catalog.InBulk(ctx, who, w.org, "programme", "bench", false,
			func(b *catalog.Bulk) error { return sellAll(b, part, ids) }); err != nil {
			return err
		}
		for i, id := range ids {
			w.opened(from+i, total, w.Codec.Encode(catalog.KindSession, id))
		}
		w.show("sessions", from+len(part), total)
	}
	return nil
}

// sessionSlice is how many sessions are planned in one transaction.
const sessionSlice = 50

func sellAll(b *catalog.Bulk, part []catalog.Session, ids []int64) error {
	for i, s := range part {
		made, err := b.PutSession(s)
		if err != nil {
			return err
		}
		if err := b.Sell(made); err != nil {
			return err
		}
		ids[i] = made.ID
	}
	return nil
}

// opened notes the sessions that the load needs to know.
func (w *world) opened(i, total int, id string) {
	switch {
	case i < len(w.out.Sessions):
		w.out.Sessions[i].ID = id
	case i == total-1:
		w.out.Big = load.Session{ID: id, Seats: w.places[w.halls].total}
	}
}

// session plans the i-th session. Those that orders go to come first, hall after hall
// within a round; the first two rounds start within the hour and so open their gates now.
func (w *world) session(i, orders int) catalog.Session {
	p, event := w.places[i%w.halls], w.events[i%len(w.events)]
	round := i / w.halls
	starts := w.now.Add(time.Duration(40+10*round) * time.Minute)
	if round >= 2 {
		starts = w.now.Add(time.Duration(3*round) * time.Hour)
	}
	switch {
	case i == orders+len(w.events):
		p = w.places[w.halls]
	case i >= orders:
		starts = w.now.Add(time.Duration(24+w.rnd.below(24*13)) * time.Hour)
	}
	return catalog.Session{Meta: w.meta(), VenueID: p.venue, HallID: p.hall, EventID: event,
		SeatMapVersionID: p.version, PriceListID: w.list, RefundPolicyID: w.policy,
		SessionInfo: catalog.SessionInfo{StartsAt: starts, EndsAt: starts.Add(2 * time.Hour),
			SaleFrom: w.now.Add(-time.Hour), HoldSeconds: 7200, MaxPerOrder: bulkOrder,
			MaxPerMember: 6, Version: w.rnd.pick(formats()), Language: w.rnd.pick(languages())}}
}

// filters are paths of the list of events: random ones, each with at least a page behind
// it. try says whether a path has.
func (w *world) filters(n int, try func(path string) (bool, error)) ([]string, error) {
	var list []string
	seen := map[string]bool{}
	for range 40 * n {
		if len(list) == n {
			return list, nil
		}
		path := "/api/v1/events?" + w.filter().Encode()
		if seen[path] {
			continue
		}
		seen[path] = true
		full, err := try(path)
		if err != nil {
			return nil, err
		}
		if full {
			list = append(list, path)
		}
	}
	return nil, fmt.Errorf("only %d of %d filters have a page of %d cards", len(list), n, pageCards)
}

// pageCards is how many cards a page has.
const pageCards = 20

func (w *world) filter() url.Values {
	q := url.Values{"limit": {fmt.Sprint(pageCards)}}
	for _, f := range []struct {
		name  string
		words []string
	}{{"city", cities()}, {"kind", kinds()}, {"genre", genres()}, {"language", languages()},
		{"version", formats()}, {"q", surnames()}} {
		if w.rnd.below(10) < 3 {
			q.Set(f.name, w.rnd.pick(f.words))
		}
	}
	if w.rnd.below(10) < 3 {
		day := w.now.AddDate(0, 0, 2+w.rnd.below(10))
		q.Set("day", day.Format("20060102"))
	}
	if w.rnd.below(2) == 0 {
		q.Set("sort", "popularity")
	}
	return q
}
