package catalog

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/idgen"
)

// BigPicture is a catalogue of n films with three sessions each, in memory alone.
func BigPicture(t testing.TB, n int) *Catalog {
	t.Helper()
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	codec, err := idgen.NewCodec(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	c := New(Config{Clock: clock.NewFake(now), Log: slog.New(slog.DiscardHandler),
		Public: func(k idgen.Kind, id int64) string { return codec.Encode(k, id) }})
	m := func(id int) Meta { return Meta{ID: int64(id), Organization: 1, Revision: 1} }
	c.board.push(&Organization{m(1), OrganizationInfo{Name: "o", Currency: "CNY"}})
	c.board.push(&RefundPolicy{Meta: m(1)})
	c.board.push(&TicketType{m(1), TicketTypeInfo{Name: "成人"}})
	c.board.push(&PriceList{m(1), PriceListInfo{Currency: "CNY",
		Cells: []PriceCell{{Zone: "A", TicketType: 1, Amount: 5000},
			{Zone: "B", TicketType: 1, Amount: 8000}}}})
	for i, city := range []string{"上海", "北京", "成都", "广州"} {
		v, _ := Located(&Venue{Meta: m(i + 1), State: Published,
			VenueInfo: VenueInfo{Kind: Cinema, Name: city + "影城", City: city}})
		c.board.push(v)
		c.board.push(&Hall{m(i + 1), int64(i + 1), HallInfo{Name: "1"}})
	}
	for i := 1; i <= n; i++ {
		c.board.push(bigEvent(m(i), i))
		for j := range 3 {
			at := now.Add(time.Duration((i*7+j*31)%160) * time.Hour)
			v := int64(1 + (i+j)%4)
			c.board.push(&Session{Meta: m(i*3 + j), VenueID: v, HallID: v, EventID: int64(i),
				State: SessionOnSale, PriceListID: 1, RefundPolicyID: 1,
				BusinessDay: dayNumber(at), SessionInfo: SessionInfo{StartsAt: at,
					EndsAt: at.Add(2 * time.Hour), Version: []string{"2D", "IMAX"}[j%2]}})
		}
	}
	c.board.catchUp()
	return c
}

func bigEvent(m Meta, i int) *Event {
	return &Event{Meta: m, State: Published, Poster: 1, EventInfo: EventInfo{Kind: Film,
		Title: fmt.Sprintf("影片之魔童%d号", i), TitleEn: "A film of many words",
		Genres: []string{[]string{"动画", "喜剧", "科幻"}[i%3]}, Languages: []string{"国语"},
		Cast: []Credit{{Name: "吕艳婷"}, {Name: "囧森瑟夫"}}, Minutes: 100, Weight: i % 997}}
}

// BenchmarkChange is one more session among 10,000 events and 30,000 sessions.
func BenchmarkChange(b *testing.B) {
	c := BigPicture(b, 10_000)
	s := *c.board.view.Load().sessions.at(30).Session.clone()
	for b.Loop() {
		s.Revision++
		next := s
		c.board.push(&next)
		c.board.catchUp()
	}
}

func (s Session) clone() *Session { return &s }
