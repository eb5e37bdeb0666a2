// Package catalogtest gives tests a catalogue on their database and the things in it.
package catalogtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogdb"
	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/journal/journaltest"
	"foyer/internal/sqldb"
)

// World is a catalogue and what it stands on.
type World struct {
	*journaltest.Bundle
	T       testing.TB
	Catalog *catalog.Catalog
	Gate    LateGate
	Codec   *idgen.Codec
	Stock   *Stock
	Files   *Files
	n       int
}

// New makes an empty catalogue on the database, with a stock that takes everything.
func New(t testing.TB, db *sqldb.DB, clk clock.Clock) *World {
	t.Helper()
	w := &World{Bundle: journaltest.New(t, db, clk), T: t, Stock: &Stock{}, Files: &Files{}}
	return w.with(w.Stock, w.Stock)
}

// NewWithStock is New on a real stock.
func NewWithStock(t testing.TB, b *journaltest.Bundle, stock catalog.Stock,
	maps catalog.SeatMaps) *World {
	t.Helper()
	return (&World{Bundle: b, T: t, Files: &Files{}}).with(stock, maps)
}

func (w *World) with(stock catalog.Stock, maps catalog.SeatMaps) *World {
	w.T.Helper()
	codec, err := idgen.NewCodec([]byte("0123456789abcdef"))
	if err != nil {
		w.T.Fatal(err)
	}
	w.Codec = codec
	w.Catalog = catalog.New(catalog.Config{DB: w.DB, Stores: catalogdb.Open(w.DB, w.Clock),
		Journal: w.Journal, Stock: stock, SeatMaps: maps, Files: w.Files, IDs: w.IDs,
		Clock: w.Clock, Log: slog.New(slog.DiscardHandler), Approvals: &w.Gate,
		Public: func(kind idgen.Kind, id int64) string {
			if id == 0 {
				return ""
			}
			return codec.Encode(kind, id)
		}})
	if err := w.Catalog.Load(context.Background()); err != nil {
		w.T.Fatal(err)
	}
	return w
}

// Stock is a stock of function fields that takes everything. Latest is the seat map of
// every hall, 0 being 1.
type Stock struct {
	mu     sync.Mutex
	Opened []catalog.Session
	Latest int64
	Claims map[int64]bool
	Refuse error
}

// Open notes the session.
func (s *Stock) Open(_ *sqldb.Tx, session catalog.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Opened = append(s.Opened, session)
	return s.Refuse
}

// Change takes everything unless told to refuse.
func (s *Stock) Change(*sqldb.Tx, catalog.Session, catalog.Session) error { return s.Refuse }

// HasClaims says what the test set.
func (s *Stock) HasClaims(_ *sqldb.Tx, session int64) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Claims[session], nil
}

// SetClaims makes a session sold.
func (s *Stock) SetClaims(session int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Claims = map[int64]bool{session: true}
}

// LatestVersion is the seat map of every hall.
func (s *Stock) LatestVersion(*sqldb.Tx, int64, int64) (int64, error) {
	if s.Latest < 0 {
		return 0, nil
	}
	return max(s.Latest, 1), nil
}

// Files keeps files in memory.
type Files struct{ m sync.Map }

// Put keeps the bytes.
func (f *Files) Put(_ context.Context, digest string, data []byte) error {
	f.m.Store(digest, data)
	return nil
}

// Get gives the bytes back.
func (f *Files) Get(_ context.Context, digest string) ([]byte, error) {
	if v, ok := f.m.Load(digest); ok {
		return v.([]byte), nil
	}
	return nil, errors.New("catalogtest: no such file")
}

// House is an organization with everything that a session needs.
type House struct {
	W      *World
	Org    *catalog.Organization
	Venue  *catalog.Venue
	Hall   *catalog.Hall
	Event  *catalog.Event
	Adult  *catalog.TicketType
	Child  *catalog.TicketType
	Prices *catalog.PriceList
	Policy *catalog.RefundPolicy
	Poster *catalog.Media
}

// Must fails the test on an error.
func Must[V any](t testing.TB) func(V, error) V {
	return func(v V, err error) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// House makes an organization with a published cinema, a hall, a published film, two
// ticket types at 50 and 25 yuan in zone A, and the cinema's refund policy.
func (w *World) House() *House {
	w.T.Helper()
	w.n++
	ctx, sys, c := context.Background(), actor.SystemActor, w.Catalog
	name := fmt.Sprintf("星光影院 %d", w.n)
	h := &House{W: w}
	h.Org = Must[*catalog.Organization](w.T)(c.CreateOrganization(ctx, sys,
		catalog.OrganizationInfo{Name: name, NameEn: "Starlight"}))
	m := catalog.Meta{Organization: h.Org.ID}
	h.Poster = Must[*catalog.Media](w.T)(c.AddMedia(ctx, sys, h.Org.ID, catalog.Picture{
		Digest: fmt.Sprintf("%064d", w.n), ContentType: "image/png", Data: []byte("png"),
		Width: 1, Height: 1}))
	v := Must[*catalog.Venue](w.T)(c.CreateVenue(ctx, sys, catalog.Venue{Meta: m,
		VenueInfo: CinemaInfo(name)}))
	h.Venue = Must[*catalog.Venue](w.T)(c.SetVenueState(ctx, sys, v.Meta, catalog.Published))
	h.Hall = Must[*catalog.Hall](w.T)(c.CreateHall(ctx, sys, catalog.Hall{Meta: m,
		VenueID: v.ID, HallInfo: catalog.HallInfo{Name: "1号厅", CleaningMinutes: 15}}))
	h.Event = h.Film(FilmInfo("哪吒之魔童降世", "001101"+fmt.Sprint(2000+w.n)))
	h.Adult = Must[*catalog.TicketType](w.T)(c.CreateTicketType(ctx, sys,
		catalog.TicketType{Meta: m, TicketTypeInfo: catalog.TicketTypeInfo{Kind: "adult",
			Code: "adult", Name: "成人票", NameEn: "Adult"}}))
	h.Child = Must[*catalog.TicketType](w.T)(c.CreateTicketType(ctx, sys,
		catalog.TicketType{Meta: m, TicketTypeInfo: catalog.TicketTypeInfo{Kind: "child",
			Code: "child", Name: "儿童票", NameEn: "Child"}}))
	h.Prices = Must[*catalog.PriceList](w.T)(c.CreatePriceList(ctx, sys,
		catalog.PriceList{Meta: m, PriceListInfo: catalog.PriceListInfo{Name: "标准价",
			Cells: []catalog.PriceCell{{Zone: "A", TicketType: h.Adult.ID, Amount: 5000},
				{Zone: "A", TicketType: h.Child.ID, Amount: 2500}}}}))
	h.Policy = Must[*catalog.RefundPolicy](w.T)(c.CreateRefundPolicy(ctx, sys,
		catalog.RefundPolicy{Meta: m,
			RefundPolicyInfo: catalog.PolicyPresets()[0].RefundPolicyInfo}))
	return h
}

// Film publishes a film with the house's poster.
func (h *House) Film(info catalog.EventInfo) *catalog.Event {
	h.W.T.Helper()
	ctx := context.Background()
	e := Must[*catalog.Event](h.W.T)(h.W.Catalog.CreateEvent(ctx, actor.SystemActor,
		catalog.Event{Meta: catalog.Meta{Organization: h.Org.ID}, EventInfo: info,
			Poster: h.Poster.ID}))
	return Must[*catalog.Event](h.W.T)(h.W.Catalog.SetEventState(ctx, actor.SystemActor,
		e.Meta, catalog.Published))
}

// Plan is a session of the house's film at a time, for two hours.
func (h *House) Plan(start time.Time) catalog.Session {
	return catalog.Session{Meta: catalog.Meta{Organization: h.Org.ID}, HallID: h.Hall.ID,
		EventID: h.Event.ID, PriceListID: h.Prices.ID, RefundPolicyID: h.Policy.ID,
		SessionInfo: catalog.SessionInfo{StartsAt: start, EndsAt: start.Add(2 * time.Hour),
			Version: "IMAX 3D", Language: "国语"}}
}

// OnSale plans a session and puts it on sale.
func (h *House) OnSale(start time.Time) *catalog.Session {
	h.W.T.Helper()
	return h.Sell(h.Plan(start))
}

// Sell plans the given session and puts it on sale.
func (h *House) Sell(plan catalog.Session) *catalog.Session {
	h.W.T.Helper()
	ctx := context.Background()
	s := Must[*catalog.Session](h.W.T)(h.W.Catalog.CreateSession(ctx, actor.SystemActor, plan))
	return Must[*catalog.Session](h.W.T)(h.W.Catalog.SetSessionState(ctx, actor.SystemActor,
		s.Meta, catalog.SessionOnSale))
}

// CinemaInfo is a cinema that may be published.
func CinemaInfo(name string) catalog.VenueInfo {
	lat, lon := 31.2304, 121.4737
	return catalog.VenueInfo{Kind: catalog.Cinema, Name: name, NameEn: "Starlight Cinema",
		City: "上海", CityEn: "Shanghai", Address: "南京西路 1 号", Latitude: &lat,
		Longitude: &lon, Phone: "021-60000000", Intro: "五个厅。",
		Hours: catalog.Hours{Weekly: []catalog.WeeklyHours{{Weekdays: []int{1, 2, 3, 4, 5, 6, 7},
			Open: "09:00", Close: "26:00"}}},
		Licences: []catalog.Licence{{Kind: catalog.LicenceFilm, Number: "沪影放 001"}},
		Codes:    catalog.VenueCodes{CinemaCode: "31010101"}}
}

// FilmInfo is a film that may be published.
func FilmInfo(title, code string) catalog.EventInfo {
	return catalog.EventInfo{Kind: catalog.Film, Title: title, TitleEn: "Ne Zha",
		PrintedTitle: title, FilmCode: code, Directors: []string{"饺子"},
		Cast:   []catalog.Credit{{Name: "吕艳婷"}, {Name: "囧森瑟夫"}},
		Genres: []string{"动画", "奇幻"}, Countries: []string{"中国"},
		Languages: []string{"国语"}, Versions: []string{"2D", "IMAX 3D"}, Minutes: 110,
		ReleaseDate: "2026-11-01", Synopsis: "我命由我不由天。", Distributor: "光线影业"}
}

// Staff is an operator of an organization with the given permissions.
func Staff(organization int64, permissions ...actor.Permission) actor.Actor {
	return actor.Actor{Kind: actor.Staff, ID: 77, Name: "小王", Grants: []actor.Grant{
		{Organization: organization, Permissions: permissions}}}
}
